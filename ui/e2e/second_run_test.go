package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tagdiff/tagdiff/registry/demo"
	"github.com/tagdiff/tagdiff/ui/uitest"
)

// recordingRegistry is the demo's registry and records requests.
type recordingRegistry struct {
	host     string
	mu       sync.Mutex
	requests []string
	deleted  string // the tag that answers 404
}

func startRecordingRegistry(t *testing.T) *recordingRegistry {
	t.Helper()
	c := &recordingRegistry{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c.record(r) {
			refuses(http.StatusNotFound, "MANIFEST_UNKNOWN")(w, r)
			return
		}
		demo.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	c.host = strings.TrimPrefix(s.URL, "http://")
	return c
}

// record records a request and reports whether its tag is deleted.
func (c *recordingRegistry) record(r *http.Request) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests = append(c.requests, r.Method+" "+r.URL.Path)
	return c.deleted != "" && strings.HasSuffix(r.URL.Path, "/manifests/"+c.deleted)
}

// deleteTag makes a tag answer 404.
func (c *recordingRegistry) deleteTag(tag string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deleted = tag
}

// takeRequests returns the requests since the last call, sorted.
func (c *recordingRegistry) takeRequests() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	log := c.requests
	c.requests = nil
	slices.Sort(log)
	return log
}

// runWithCache runs the program with home for state and cache, which runs can share.
func runWithCache(t *testing.T, home string, args ...string) runResult {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), commandTimeout)
	defer cancel()
	cmd := cleanCommand(ctx, t, uitest.Build(t), args...)
	cmd.Env = append(cmd.Env, "XDG_STATE_HOME="+home, "XDG_CACHE_HOME="+home)
	return runCommand(ctx, t, cmd)
}

// TestReport_secondRun: a second run only sends a HEAD request for each tag.
func TestReport_secondRun(t *testing.T) {
	t.Parallel()
	c, home := startRecordingRegistry(t), t.TempDir()
	args := []string{"-o", "json", c.host + "/library/python:2.7.16", ":2.7.17"}
	first := runWithCache(t, home, args...)
	if n := len(c.takeRequests()); first.code != 1 || n < 10 {
		t.Fatalf("exit code %d after %d requests: %s", first.code, n, first.errors)
	}
	second := runWithCache(t, home, args...)
	want := []string{"HEAD /v2/library/python/manifests/2.7.16", "HEAD /v2/library/python/manifests/2.7.17"}
	if got := c.takeRequests(); !slices.Equal(got, want) {
		t.Errorf("requests %q", got)
	}
	if second.out != first.out || second.code != first.code || second.errors != "" {
		t.Errorf("exit code %d, the report differs: %s", second.code, second.errors)
	}
	if third := runWithCache(t, home, append(args, "--no-cache")...); third.out != first.out || len(c.takeRequests()) < 10 {
		t.Errorf("--no-cache used the cache: exit code %d", third.code)
	}
}

// TestDigests: --digests groups tags by digest with HEAD requests.
func TestDigests(t *testing.T) {
	t.Parallel()
	c := startRecordingRegistry(t)
	repo := c.host + "/library/python"
	got := cli(t, "--digests", "--match", `^2\.7(\.17)?$`, repo)
	line := strings.TrimSuffix(got.out, "\n")
	if got.code != 0 || got.errors != "" || !strings.HasPrefix(line, "sha256:") || !strings.HasSuffix(line, "  2.7.17 2.7") {
		t.Errorf("exit code %d: %q %s", got.code, got.out, got.errors)
	}
	for _, r := range c.takeRequests() {
		if r != "GET /v2/library/python/tags/list" && !strings.HasPrefix(r, "HEAD ") {
			t.Errorf("request %s", r)
		}
	}

	c.deleteTag("2.7.17")
	got = cli(t, "--digests", "--match", `^2\.7(\.17)?$`, "--parallel", "1", repo)
	if got.code != 2 || !strings.HasSuffix(got.out, "  2.7\n") || !strings.Contains(got.errors, repo+":2.7.17: ") || !strings.Contains(got.errors, "1 of 2 tags") {
		t.Errorf("exit code %d: %q %s", got.code, got.out, got.errors)
	}

	for want, args := range map[string][]string{
		repo + ":2.7 is an image; write " + repo: {"--digests", repo + ":2.7"}, "use -o text": {"--digests", "-o", "tui", repo},
		"--match needs": {"--match", "x", repo}, "missing closing": {"--digests", "--match", "(", repo}, "must be from 1 to 512": {"--parallel", "0", repo},
	} {
		cli(t, args...).oneLine(t, want)
	}
}

// TestShortDigest: the first digits of a digest are completed from the other image, or from the tags.
func TestShortDigest(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(demo.Handler())
	t.Cleanup(server.Close)
	prod := strings.TrimPrefix(server.URL, "http://") + "/shop/image-name:prod"
	repo := strings.TrimSuffix(prod, ":prod")
	for _, args := range [][]string{{prod, "@019ebd473986"}, {repo + "@sha256:019ebd473986", ":prod"}} {
		if got := cli(t, args...); got.code != 0 || !strings.HasPrefix(got.out, "Identical") {
			t.Errorf("%q: exit code %d: %s%s", args, got.code, got.out, got.errors)
		}
	}
	cli(t, prod, "@8b87a27a518f").oneLine(t, "is the image ID of :prod, which is A: the same image; compare A with a tag or with the digest of a manifest")
	cli(t, prod, "@sha256:a3ed95caeb02").oneLine(t, "sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4 is the layer of step 8 of :prod")
	cli(t, repo+"@sha256:019ebd47398").oneLine(t, "a digest needs all 64 digits; run tagdiff "+repo+" and press / to find one by its first 12")
	for _, args := range [][]string{{prod, "000000000000"}, {repo + "@000000000000"}} {
		cli(t, args...).oneLine(t, "no manifest of "+repo+" begins with 000000000000: looked at the digests of")
	}
	cli(t, repo+"@8b87a27a518f").oneLine(t, "an image ID or a layer may begin with it: run tagdiff "+repo) // too many images to read them
	worker := strings.TrimSuffix(repo, "image-name") + "worker"
	var report struct {
		Platforms []struct{ A struct{ Config string } }
	}
	if err := json.Unmarshal([]byte(cli(t, "-o", "json", worker+":build-311", ":build-312").out), &report); err != nil {
		t.Fatal(err)
	}
	id := strings.TrimPrefix(report.Platforms[0].A.Config, "sha256:")[:12]
	cli(t, worker+"@"+id).oneLine(t, "is the image ID of :build-311")
	if got := cli(t, repo+"@019ebd473986"); got.code != 0 || !strings.Contains(got.out, "@sha256:019ebd473986") {
		t.Errorf("exit code %d: %s%s", got.code, got.out, got.errors)
	}
}
