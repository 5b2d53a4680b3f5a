package e2e

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tagdiff/tagdiff/registry/demo"
	"github.com/tagdiff/tagdiff/ui/uitest"
)

// counted is the demo's registry that notes what it is asked.
type counted struct {
	host string
	mu   sync.Mutex
	log  []string
	gone string // a tag whose manifest is gone
}

func count(t *testing.T) *counted {
	t.Helper()
	c := &counted{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c.note(r) {
			refuses(http.StatusNotFound, "MANIFEST_UNKNOWN")(w, r)
			return
		}
		demo.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	c.host = strings.TrimPrefix(s.URL, "http://")
	return c
}

// note writes a request down and reports whether what it asks for is gone.
func (c *counted) note(r *http.Request) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.log = append(c.log, r.Method+" "+r.URL.Path)
	return c.gone != "" && strings.HasSuffix(r.URL.Path, "/manifests/"+c.gone)
}

// lose takes the manifest of a tag away.
func (c *counted) lose(tag string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone = tag
}

// asked is what it was asked since it was last looked at, sorted.
func (c *counted) asked() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	log := c.log
	c.log = nil
	slices.Sort(log)
	return log
}

// again runs the program with what earlier runs have left.
func again(t *testing.T, home string, args ...string) said {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), long)
	defer cancel()
	cmd := cleanCommand(ctx, t, uitest.Build(t), args...)
	cmd.Env = append(cmd.Env, "XDG_STATE_HOME="+home, "XDG_CACHE_HOME="+home)
	return ended(ctx, t, cmd)
}

// TestASecondRunAsksOnlyWhetherTagsMoved.
func TestASecondRunAsksOnlyWhetherTagsMoved(t *testing.T) {
	t.Parallel()
	c, home := count(t), t.TempDir()
	args := []string{"-o", "json", c.host + "/library/python:2.7.16", ":2.7.17"}
	first := again(t, home, args...)
	if n := len(c.asked()); first.code != 1 || n < 10 {
		t.Fatalf("exit code %d after %d requests: %s", first.code, n, first.errors)
	}
	second := again(t, home, args...)
	want := []string{"HEAD /v2/library/python/manifests/2.7.16", "HEAD /v2/library/python/manifests/2.7.17"}
	if got := c.asked(); !slices.Equal(got, want) {
		t.Errorf("asked %q", got)
	}
	if second.out != first.out || second.code != first.code || second.errors != "" {
		t.Errorf("exit code %d, and another report: %s", second.code, second.errors)
	}
	if third := again(t, home, append(args, "--no-cache")...); third.out != first.out || len(c.asked()) < 10 {
		t.Errorf("--no-cache used the cache: exit code %d", third.code)
	}
}

// TestDigests: tags by where they point, from the command line.
func TestDigests(t *testing.T) {
	t.Parallel()
	c := count(t)
	repo := c.host + "/library/python"
	got := cli(t, "--digests", "--match", `^2\.7(\.17)?$`, repo)
	line := strings.TrimSuffix(got.out, "\n")
	if got.code != 0 || got.errors != "" || !strings.HasPrefix(line, "sha256:") || !strings.HasSuffix(line, "  2.7.17 2.7") {
		t.Errorf("exit code %d: %q %s", got.code, got.out, got.errors)
	}
	for _, r := range c.asked() {
		if r != "GET /v2/library/python/tags/list" && !strings.HasPrefix(r, "HEAD ") {
			t.Errorf("asked %s", r)
		}
	}

	c.lose("2.7.17")
	got = cli(t, "--digests", "--match", `^2\.7(\.17)?$`, "--parallel", "1", repo)
	if got.code != 2 || !strings.HasSuffix(got.out, "  2.7\n") || !strings.Contains(got.errors, repo+":2.7.17: ") || !strings.Contains(got.errors, "1 of 2 tags") {
		t.Errorf("exit code %d: %q %s", got.code, got.out, got.errors)
	}

	for say, args := range map[string][]string{
		"name it without a tag": {"--digests", repo + ":2.7"}, "use -o text": {"--digests", "-o", "tui", repo},
		"--match needs": {"--match", "x", repo}, "missing closing": {"--digests", "--match", "(", repo}, "must be from 1 to 512": {"--parallel", "0", repo},
	} {
		cli(t, args...).oneLine(t, say)
	}
}
