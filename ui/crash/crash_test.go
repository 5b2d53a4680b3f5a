package crash

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tagdiff/tagdiff/model/panics"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/uitest"
)

var summaryLine = regexp.MustCompile(`tagdiff: internal error: (.*); report in (\S+); please file an issue with it`)

// TestPanics: after a panic that can be recovered, the terminal is restored, the report
// has no secrets, and a line names it.
func TestPanics(t *testing.T) {
	t.Parallel()
	program := uitest.BuildPackage(t, "github.com/tagdiff/tagdiff/ui/uitest/internal/faulty")
	for key, where := range map[string]string{"u": "in Update", "v": "in View", "c": "in a command", "b": "in a batch", "g": "in a goroutine", "e": "runtime error", "": "in Init"} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			state := t.TempDir()
			opts := uitest.Options{Program: program, Width: 400, Env: []string{"XDG_STATE_HOME=" + state}}
			var term *uitest.Term
			if key == "" {
				term = uitest.Start(t, opts, "init")
			} else {
				term = uitest.Start(t, opts)
				term.WaitFor("press a key")
				term.Type(key)
			}
			if code := term.Wait(); code != 2 {
				t.Errorf("exit code %d", code)
			}
			term.CheckRestored()
			match := summaryLine.FindStringSubmatch(strings.ReplaceAll(term.Screen(), "\n", "")) // the line wraps
			if match == nil || !strings.Contains(match[1], where) {
				t.Fatalf("the terminal shows %q", term.Screen())
			}
			if strings.Contains(term.Screen(), "hunter2") || term.Title() == "owned" {
				t.Errorf("the terminal has a secret or a title: %q, %q", term.Screen(), term.Title())
			}
			checkReport(t, match[2], where, key)
		})
	}
}

func checkReport(t *testing.T, path, where, key string) {
	t.Helper()
	raw := checkText(t, path, "panic: "+where, "faulty/main.go", "goroutine ")
	if key != "" && !strings.Contains(raw, "400×24\nopen: first \\x1b[2J\nopen: second\n") {
		t.Errorf("the open pages are missing: %.300s", raw)
	}
}

// checkText returns the text of a report. It checks that only the owner can read it,
// and that it has no secrets and no control sequences.
func checkText(t *testing.T, path string, texts ...string) string {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v: %v", info, err)
	}
	raw := readComplete(t, path)
	for _, want := range append(texts, "tagdiff 1.2.3", "go1.") {
		if !strings.Contains(raw, want) {
			t.Errorf("no %q in %s", want, raw)
		}
	}
	if strings.Contains(raw, "hunter2") {
		t.Error("a secret is in it")
	}
	for _, l := range strings.Split(raw, "\n") {
		if safe.Clean(l).String() != l {
			t.Errorf("it contains %q", l)
		}
	}
	return raw
}

// readComplete waits until a report is complete: the monitor may still write it after
// the end of the program.
func readComplete(t *testing.T, path string) string {
	t.Helper()
	for timeout := time.After(uitest.WaitTimeout); ; {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(string(raw), reportTrailer) {
			return string(raw)
		}
		select {
		case <-timeout:
			t.Fatalf("%s is not complete: %s", path, raw)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// TestSave: five reports are kept, and the line contains the error of a failed write.
func TestSave(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	last := ""
	for i := range 8 {
		line := New(&panics.PanicError{Value: fmt.Errorf("number %d %s", i, strings.Repeat("長", 1000)), Stack: "stack"}).Save(dir, "").String()
		match := summaryLine.FindStringSubmatch(line)
		if match == nil || len(line) > 600 {
			t.Fatalf("%q", line)
		}
		last = match[2]
	}
	reports, err := os.ReadDir(dir)
	if err != nil || len(reports) != keptReports || filepath.Join(dir, reports[keptReports-1].Name()) != last {
		t.Errorf("%v, %v, the last one being %s", reports, err, last)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := New(&panics.PanicError{Value: "x"}).Save(file, "").String(); !strings.Contains(got, "internal error: x; no report could be written (") {
		t.Errorf("%q", got)
	}
}
