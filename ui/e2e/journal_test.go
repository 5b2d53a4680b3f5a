package e2e

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry/demo"
	"github.com/tagdiff/tagdiff/ui/journal"
	"github.com/tagdiff/tagdiff/ui/places"
	"github.com/tagdiff/tagdiff/ui/uitest"
)

// tagRegistry is the demo's registry with additional tags in library/python. Each points
// to the same manifest as a tag of the demo.
type tagRegistry struct {
	host string

	mu      sync.Mutex
	tags    map[string]string // additional tag to tag of the demo; "" if deleted
	down    bool
	deleted map[string]bool // digests
}

var manifestPath = regexp.MustCompile(`^/v2/library/python/manifests/(.+)$`)

func startTagRegistry(t *testing.T, tags map[string]string) *tagRegistry {
	t.Helper()
	s := &tagRegistry{tags: tags, deleted: map[string]bool{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.host = strings.TrimPrefix(server.URL, "http://")
	return s
}

func (s *tagRegistry) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	path, down := r.URL.Path, s.down
	missing := false
	if m := manifestPath.FindStringSubmatch(path); m != nil {
		to, ours := s.tags[m[1]]
		missing = ours && to == "" || s.deleted[m[1]]
		if ours {
			path = strings.TrimSuffix(path, m[1]) + to
		}
	}
	s.mu.Unlock()
	if down {
		refuses(http.StatusServiceUnavailable, "UNAVAILABLE", "Retry-After", "3600")(w, r)
		return
	}
	if missing {
		refuses(http.StatusNotFound, "MANIFEST_UNKNOWN")(w, r)
		return
	}
	r.URL.Path = path
	demo.Handler().ServeHTTP(w, r)
}

// setTag points a tag to the manifest of a tag of the demo; "" deletes it.
func (s *tagRegistry) setTag(tag, to string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tags[tag] = to
}

// setDown makes every request fail, or ends that.
func (s *tagRegistry) setDown(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

// deleteManifest deletes a manifest.
func (s *tagRegistry) deleteManifest(d digest.Digest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deleted[d.String()] = true
}

func (s *tagRegistry) ref(tag string) string { return s.host + "/library/python:" + tag }

// digest returns the digest of a tag of library/python in the demo.
func (s *tagRegistry) digest(t *testing.T, tag string) digest.Digest {
	t.Helper()
	answer := httptest.NewRecorder()
	demo.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodHead, "/v2/library/python/manifests/"+tag, nil))
	d, err := digest.Parse(answer.Header().Get("Docker-Content-Digest"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// recordSighting adds a sighting of a tag to the journal in the folder home.
func (s *tagRegistry) recordSighting(t *testing.T, home, tag string, d digest.Digest, at time.Time) {
	t.Helper()
	j := journal.Open(filepath.Join(home, "tagdiff", "journal"), func(s string) { t.Error(s) })
	j.Record(model.Ref{Registry: s.host, Repository: "library/python"}, []journal.Record{{Tag: tag, Digest: d, At: at}})
	j.Close()
}

// runWithState runs the program with home as its state folder, which runs can share.
func runWithState(t *testing.T, home string, args ...string) runResult {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), commandTimeout)
	defer cancel()
	cmd := cleanCommand(ctx, t, uitest.Build(t), args...)
	cmd.Env = append(cmd.Env, "XDG_STATE_HOME="+home)
	return runCommand(ctx, t, cmd)
}

// TestJournal_report: a report records a sighting of the tag, and a later run can use it.
func TestJournal_report(t *testing.T) {
	t.Parallel()
	s, home := startTagRegistry(t, map[string]string{"prod": "2.7.16"}), t.TempDir()
	if got := runWithState(t, home, s.ref("prod")); got.code != 0 || got.errors != "" {
		t.Fatalf("exit code %d: %s%s", got.code, got.out, got.errors)
	}
	today := time.Now().UTC().Format(time.DateOnly)
	s.setTag("prod", "2.7.17")
	got := runWithState(t, home, "-o", "json", s.ref("prod")+"@"+today, "@"+today)
	if got.code != 0 || got.errors != "" || strings.Count(got.out, `"digest": "`+s.digest(t, "2.7.16").String()) < 2 {
		t.Errorf("today: exit code %d: %.600s%s", got.code, got.out, got.errors)
	}
	then := runWithState(t, home, "-o", "json", s.ref("prod")+"@"+today, ":prod")
	if then.code != 1 || then.errors != "" || !strings.Contains(then.out, s.digest(t, "2.7.17").String()) {
		t.Errorf("today and now: exit code %d: %.600s%s", then.code, then.out, then.errors)
	}
	files, _ := filepath.Glob(filepath.Join(home, "tagdiff", "journal", "*.jsonl"))
	if len(files) != 1 || !strings.Contains(files[0], "library%2fpython") {
		t.Errorf("the journal is %q", files)
	}
}

// TestJournal_moment: tags with a moment resolve to the digest in the journal.
func TestJournal_moment(t *testing.T) {
	t.Parallel()
	s, home := startTagRegistry(t, map[string]string{"prod": "2.7.17"}), t.TempDir()
	day := time.Date(2026, 11, 18, 14, 2, 0, 0, time.UTC)
	s.recordSighting(t, home, "prod", s.digest(t, "3.7"), day)
	s.recordSighting(t, home, "prod", s.digest(t, "2.7.16"), day.AddDate(0, 0, 1))
	s.deleteManifest(s.digest(t, "3.7"))
	prod := s.ref("prod")
	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{prod + "@2026-11-19", ":2.7.16"}, 0, "dentical"},
		{[]string{prod + "@2026-11-19T14:02", "@2026-11-19T14:02:00Z"}, 0, "dentical"},
		{[]string{prod + "@2026-11-18"}, 2, "the registry no longer has " + s.digest(t, "3.7").String()[:19] + ", which prod was on 18 Nov 2026 14:02 UTC; "},
		{[]string{prod + "@2026-11-17"}, 2, "prod was first recorded on 18 Nov 2026 14:02 UTC; give this time or a later one"},
		{[]string{s.ref("other") + "@2026-11-17"}, 2, "this machine has no record of " + s.ref("other") + "; leave out @2026-11-17"},
		{[]string{"--no-journal", prod + "@2026-11-19"}, 2, "which is off; run without --no-journal"},
		{[]string{prod + "@2026-13-19"}, 2, "is not a date: month out of range"},
	} {
		got := runWithState(t, home, append([]string{"-o", "text"}, tt.args...)...)
		if got.code != tt.code || !strings.Contains(got.out+got.errors, tt.want) || tt.code == 2 && (got.out != "" || strings.Count(got.errors, "\n") != 1) {
			t.Errorf("%q: exit code %d: %s%s", tt.args, got.code, got.out, got.errors)
		}
	}
}

// TestJournal_disabled: --no-journal writes no journal.
func TestJournal_disabled(t *testing.T) {
	t.Parallel()
	s, home := startTagRegistry(t, map[string]string{"prod": "2.7.16"}), t.TempDir()
	if got := runWithState(t, home, "--no-journal", s.ref("prod")); got.code != 0 {
		t.Fatalf("exit code %d: %s%s", got.code, got.out, got.errors)
	}
	if _, err := os.Stat(filepath.Join(home, "tagdiff", "journal")); err == nil {
		t.Error("--no-journal leaves a journal")
	}
}

// TestRun_noHome: without HOME, as in some services, the program works and writes nothing
// to the root folder.
func TestRun_noHome(t *testing.T) {
	t.Parallel()
	s := startTagRegistry(t, map[string]string{"prod": "2.7.16"})
	cmd := cleanCommand(t.Context(), t, uitest.Build(t), "-o", "text", "--log", "log", s.ref("prod"))
	cmd.Env = slices.DeleteFunc(cmd.Env, func(v string) bool { return strings.HasPrefix(v, "HOME=") || strings.HasPrefix(v, "XDG_") })
	if got := runCommand(t.Context(), t, cmd); got.code != 0 || got.errors != "" || got.out == "" {
		t.Errorf("exit code %d: %s", got.code, got.errors)
	}
	for _, dir := range []string{"/.local/state/tagdiff", "/.cache/tagdiff"} {
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%s exists", dir)
		}
	}
}

// TestJournal_damaged: a damaged journal is one warning, and the report is the same.
func TestJournal_damaged(t *testing.T) {
	t.Parallel()
	s, home := startTagRegistry(t, map[string]string{"prod": "2.7.16"}), t.TempDir()
	s.recordSighting(t, home, "prod", s.digest(t, "2.7.16"), time.Now())
	files, _ := filepath.Glob(filepath.Join(home, "tagdiff", "journal", "*.jsonl"))
	raw, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(files[0], append([]byte("\x1b]0;boo\a\n"), raw...), 0o600); err != nil {
		t.Fatal(err)
	}
	got := runWithState(t, home, s.ref("prod"))
	if got.code != 0 || strings.Count(got.errors, "\n") != 1 || !strings.Contains(got.errors, "was damaged (unreadable lines: 1): the damaged file is now "+files[0]+".damaged-") {
		t.Errorf("exit code %d: %s", got.code, got.errors)
	}
	if again := runWithState(t, home, s.ref("prod")); again.errors != "" {
		t.Errorf("again: %s", again.errors)
	}
}

// TestJournal_momentOnScreen: the screen compares a tag with an earlier digest, also from
// the list of recent places.
func TestJournal_momentOnScreen(t *testing.T) {
	t.Parallel()
	s, home := startTagRegistry(t, map[string]string{"prod": "2.7.17"}), t.TempDir()
	s.recordSighting(t, home, "prod", s.digest(t, "2.7.16"), time.Date(2026, 11, 18, 14, 2, 0, 0, time.UTC))
	o := wide
	o.Env = []string{"XDG_STATE_HOME=" + home}
	term := uitest.Start(t, o, s.ref("prod")+"@2026-11-18", ":prod")
	term.WaitFor("prod@2026-11-18", "PYTHON_VERSION")
	term.Type("q")
	if code := term.Wait(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	places.At(filepath.Join(home, "tagdiff", "places.json")).Remember(s.ref("prod") + "@2026-11-18 " + s.ref("prod"))
	again := uitest.Start(t, o)
	again.WaitFor("host/app:tag", "prod@2026-11-18")
	again.Type("down", "enter")
	again.WaitFor("PYTHON_VERSION")
}
