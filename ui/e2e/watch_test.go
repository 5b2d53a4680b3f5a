package e2e

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tagdiff/tagdiff/ui/uitest"
)

// watchProcess is a running tagdiff watch.
type watchProcess struct {
	t      *testing.T
	cmd    *exec.Cmd
	lines  chan string // of standard output
	errors chan string // of standard error
	stdout io.Closer
}

// startWatch starts tagdiff watch with short intervals. home is its state folder; "" is a
// new one.
func startWatch(t *testing.T, home string, args ...string) *watchProcess {
	t.Helper()
	if home == "" {
		return startWatchWith(t, nil, args...)
	}
	return startWatchWith(t, []string{"XDG_STATE_HOME=" + home}, args...)
}

// startWatchWith is startWatch with variables.
func startWatchWith(t *testing.T, env []string, args ...string) *watchProcess {
	t.Helper()
	w := &watchProcess{t: t, lines: make(chan string, 100), errors: make(chan string, 100)}
	w.cmd = cleanCommand(t.Context(), t, uitest.Build(t), append([]string{"watch", "--least", "1ms", "--every", "20ms"}, args...)...)
	w.cmd.Env = append(w.cmd.Env, env...)
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	problems, err := w.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	w.stdout = out
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.cmd.Process.Kill(); w.cmd.Wait() }) //nolint:errcheck // it may have ended
	read := func(r io.Reader, to chan<- string) {
		for s := bufio.NewScanner(r); s.Scan(); {
			to <- s.Text()
		}
		close(to)
	}
	go read(out, w.lines)
	go read(problems, w.errors)
	return w
}

// nextLine waits for a line and returns it.
func (w *watchProcess) nextLine(from chan string) string {
	w.t.Helper()
	select {
	case line, ok := <-from:
		if !ok {
			w.t.Fatal("there are no more lines: the program closed its output")
		}
		return line
	case <-time.After(uitest.WaitTimeout):
		w.t.Fatal("timeout: no line")
	}
	return ""
}

// expectLine waits for a line and compares it without its time.
func (w *watchProcess) expectLine(want string) {
	w.t.Helper()
	line := w.nextLine(w.lines)
	stamp, rest, _ := strings.Cut(line, " ")
	at, err := time.Parse(time.RFC3339, stamp)
	if err != nil || time.Since(at).Abs() > time.Hour || rest != want {
		w.t.Fatalf("%q, not %q", line, want)
	}
}

// wait waits for the end of the program. It fails on further lines.
func (w *watchProcess) wait() (code int) {
	w.t.Helper()
	for _, from := range []chan string{w.lines, w.errors} {
		for line := range from {
			w.t.Errorf("unexpected line %q", line)
		}
	}
	w.cmd.Wait() //nolint:errcheck // the exit code is what counts
	return w.cmd.ProcessState.ExitCode()
}

func TestWatch(t *testing.T) {
	t.Parallel()
	s := startTagRegistry(t, map[string]string{"prod": "2.7.16", "next": ""})
	old, new, third := s.digest(t, "2.7.16").String(), s.digest(t, "2.7.17").String(), s.digest(t, "3.8").String()
	prod, next := s.ref("prod"), s.ref("next")
	w := startWatch(t, "", "--moves", "4", prod)
	w.expectLine(prod + " is " + old)
	s.setTag("prod", "2.7.17")
	w.expectLine(prod + " moved " + old + " " + new)
	s.setTag("prod", "")
	w.expectLine(prod + " gone " + new)
	s.setTag("prod", "3.8")
	w.expectLine(prod + " appeared " + third + "; before it was " + new)
	s.setTag("prod", "")
	w.expectLine(prod + " gone " + third)
	s.setTag("prod", "3.8")
	w.expectLine(prod + " appeared " + third + "; it is what it was before")
	s.setTag("prod", "2.7.16")
	w.expectLine(prod + " moved " + third + " " + old)
	if code := w.wait(); code != 0 {
		t.Errorf("after 4 moves the exit code is %d", code)
	}
	wait := startWatch(t, "", "--moves", "1", next)
	wait.expectLine(next + " does not exist")
	s.setTag("next", "3.8")
	wait.expectLine(next + " appeared " + third)
	if code := wait.wait(); code != 0 {
		t.Errorf("when it appeared the exit code is %d", code)
	}
}

// TestWatch_severalTags: tags of several registries have one line each at the start.
func TestWatch_severalTags(t *testing.T) {
	t.Parallel()
	a, b := startTagRegistry(t, map[string]string{"prod": "2.7.16"}), startTagRegistry(t, map[string]string{"prod": "2.7.17"})
	w := startWatch(t, "", "-o", "json", a.ref("prod"), ":3.8", b.ref("prod"), a.ref("prod"))
	type event struct{ At, Ref, Event, From, To string }
	read := func() event {
		var e event
		if line := w.nextLine(w.lines); json.Unmarshal([]byte(line), &e) != nil {
			t.Fatalf("%q is not an event", line)
		}
		if _, err := time.Parse(time.RFC3339, e.At); err != nil {
			t.Error(err)
		}
		e.At = ""
		return e
	}
	want := map[event]bool{
		{Ref: a.ref("prod"), Event: "is", To: a.digest(t, "2.7.16").String()}: true,
		{Ref: a.ref("3.8"), Event: "is", To: a.digest(t, "3.8").String()}:     true,
		{Ref: b.ref("prod"), Event: "is", To: a.digest(t, "2.7.17").String()}: true,
	}
	for range len(want) {
		e := read()
		if !want[e] {
			t.Errorf("unexpected event %+v", e)
		}
		delete(want, e)
	}
	b.setTag("prod", "2.7.16")
	if e, want := read(), (event{Ref: b.ref("prod"), Event: "moved", From: a.digest(t, "2.7.17").String(), To: a.digest(t, "2.7.16").String()}); e != want {
		t.Errorf("%+v, not %+v", e, want)
	}
	if err := w.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := w.wait(); code != 0 {
		t.Errorf("after ctrl-c the exit code is %d", code)
	}
}

// TestWatch_journal: watch prints the digest of the last sighting, and records sightings.
func TestWatch_journal(t *testing.T) {
	t.Parallel()
	s, home := startTagRegistry(t, map[string]string{"prod": "2.7.17", "gone": ""}), t.TempDir()
	old, now := s.digest(t, "2.7.16"), s.digest(t, "2.7.17")
	seen := time.Date(2026, 11, 18, 14, 2, 0, 0, time.UTC)
	s.recordSighting(t, home, "prod", old, seen)
	s.recordSighting(t, home, "gone", old, seen)
	w := startWatch(t, home, "--moves", "1", s.ref("prod"))
	w.expectLine(s.ref("prod") + " is " + now.String() + "; when last seen, 2026-11-18T14:02:00Z, it was " + old.String())
	s.setTag("prod", "3.8")
	then := s.digest(t, "3.8")
	w.expectLine(s.ref("prod") + " moved " + now.String() + " " + then.String())
	if code := w.wait(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	again := startWatch(t, home, "--moves", "1", s.ref("prod"))
	again.expectLine(s.ref("prod") + " is " + then.String())
	without := startWatch(t, home, "--moves", "1", "--no-journal", s.ref("gone"))
	without.expectLine(s.ref("gone") + " does not exist")
	gone := startWatch(t, home, "--moves", "1", s.ref("gone"))
	gone.expectLine(s.ref("gone") + " does not exist; when last seen, 2026-11-18T14:02:00Z, it was " + old.String())
}

// TestWatch_outage: an outage of a registry prints one line at its start and one at its end,
// for all tags.
func TestWatch_outage(t *testing.T) {
	t.Parallel()
	s := startTagRegistry(t, map[string]string{"prod": "2.7.16"})
	w := startWatch(t, "", "--moves", "1", s.ref("prod"), ":3.8")
	for range 2 {
		w.nextLine(w.lines)
	}
	s.setDown(true)
	if line := w.nextLine(w.errors); !strings.HasPrefix(line, "tagdiff: "+s.host+" failed (503") || !strings.HasSuffix(line, "(still watching)") {
		t.Errorf("%q", line)
	}
	s.setTag("prod", "2.7.17")
	s.setDown(false)
	w.expectLine(s.ref("prod") + " moved " + s.digest(t, "2.7.16").String() + " " + s.digest(t, "2.7.17").String())
	for line := range w.errors {
		if line != "tagdiff: "+s.host+" answers again" {
			t.Errorf("%q", line)
		}
	}
	if code := w.wait(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestWatch_push: watch reports if the new digest is an image of the old index.
func TestWatch_push(t *testing.T) {
	t.Parallel()
	s := startTagRegistry(t, map[string]string{"prod": "3.8"})
	got := runWithState(t, t.TempDir(), "-o", "json", "--no-journal", s.ref("3.8"))
	member := regexp.MustCompile(`"manifest": "(sha256:[0-9a-f]{64})"`).FindStringSubmatch(got.out)
	if member == nil {
		t.Fatalf("no image in %.300s", got.out)
	}
	w := startWatch(t, "", "--moves", "1", s.ref("prod"))
	w.nextLine(w.lines)
	s.setTag("prod", member[1])
	w.expectLine(s.ref("prod") + " moved " + s.digest(t, "3.8").String() + " " + member[1] + "; the new one is an image that the old one lists: a push may be under way")
}

// TestWatch_noStateFolder: if the journal cannot be written, watch prints a warning and
// continues.
func TestWatch_noStateFolder(t *testing.T) {
	t.Parallel()
	s, home := startTagRegistry(t, map[string]string{"prod": "2.7.16"}), filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(home, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w := startWatch(t, home, "--moves", "1", s.ref("prod"))
	w.expectLine(s.ref("prod") + " is " + s.digest(t, "2.7.16").String())
	if line := w.nextLine(w.errors); !strings.Contains(line, "cannot be written: ") {
		t.Errorf("line %q", line)
	}
	s.setTag("prod", "2.7.17")
	w.expectLine(s.ref("prod") + " moved " + s.digest(t, "2.7.16").String() + " " + s.digest(t, "2.7.17").String())
	if code := w.wait(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestWatch_cancelled: a watch for a move ends with an error if it is cancelled before.
func TestWatch_cancelled(t *testing.T) {
	t.Parallel()
	s := startTagRegistry(t, map[string]string{"prod": "2.7.16"})
	w := startWatch(t, "", "--moves", "1", s.ref("prod"))
	w.nextLine(w.lines)
	if err := w.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if line := w.nextLine(w.errors); line != "tagdiff: stopped by a signal, moves so far: 0 of 1; start watch again" {
		t.Errorf("line %q", line)
	}
	if code := w.wait(); code != 2 {
		t.Errorf("exit code %d", code)
	}
}

// TestWatch_brokenPipe: a closed standard output ends watch without a message.
func TestWatch_brokenPipe(t *testing.T) {
	t.Parallel()
	s := startTagRegistry(t, map[string]string{"prod": "2.7.16"})
	w := startWatch(t, "", s.ref("prod"))
	w.nextLine(w.lines)
	w.stdout.Close()
	s.setTag("prod", "2.7.17")
	for line := range w.errors {
		t.Errorf("line %q", line)
	}
	w.cmd.Wait() //nolint:errcheck // the exit code is what counts
	if code := w.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestWatch_usage: wrong arguments are an error of one line.
func TestWatch_usage(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args []string
		want string
	}{
		{nil, "watch needs one tag or more"},
		{[]string{"h.example/a@sha256:" + strings.Repeat("0", 64)}, "never moves"},
		{[]string{"h.example/a:b@2026-11-18"}, "names a tag in the past: leave out @2026-11-18"},
		{[]string{"h.example"}, "is a registry, not an image"},
		{[]string{":prod"}, "needs a repository before it"},
		{[]string{"--every", "10ms", "h.example/a:b"}, "--every 10ms must be at least 1s"},
		{[]string{"--every", "often", "h.example/a:b"}, `--every "often" is not a duration`},
		{[]string{"--moves", "-1", "h.example/a:b"}, "--moves must be at least 1"},
		{[]string{"-o", "markdown", "h.example/a:b"}, `watch prints text or json, not "markdown"`},
		{[]string{"--platform", "linux/amd64", "h.example/a:b"}, "watch does not take --platform"},
		{[]string{"--parallel", "0", "h.example/a:b"}, "--parallel 0"},
		{[]string{"--log", filepath.Join("none", "log"), "h.example/a:b"}, "the log file"},
	} {
		got := cli(t, append([]string{"watch"}, tt.args...)...)
		if got.code != 2 || got.out != "" || strings.Count(got.errors, "\n") != 1 || !strings.Contains(got.errors, tt.want) {
			t.Errorf("%q: exit code %d: %s%s", tt.args, got.code, got.out, got.errors)
		}
	}
}
