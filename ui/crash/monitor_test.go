package crash

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/uitest"
)

// TestUncaught: after a crash that Go cannot recover, the terminal is restored and a report is
// written, as after a panic.
func TestUncaught(t *testing.T) {
	t.Parallel()
	program := uitest.BuildPackage(t, "github.com/tagdiff/tagdiff/ui/uitest/internal/faulty")
	for key, message := range map[string]string{"l": "in a library", "o": "stack overflow"} {
		t.Run(message, func(t *testing.T) {
			t.Parallel()
			state := t.TempDir()
			term := uitest.Start(t, uitest.Options{Program: program, Width: 400, Env: []string{"XDG_STATE_HOME=" + state}})
			term.WaitFor("press a key")
			term.Type(key)
			if code := term.Wait(); code != 2 {
				t.Errorf("exit code %d", code)
			}
			term.CheckRestored()
			match := summaryLine.FindStringSubmatch(strings.ReplaceAll(term.Screen(), "\n", ""))
			if match == nil || !strings.Contains(match[1], message) || strings.Contains(match[1], "goroutine 1") {
				t.Fatalf("the terminal shows %q", term.Screen())
			}
			if strings.Contains(term.Screen(), "hunter2") || term.Title() != "" {
				t.Errorf("the terminal has a secret or a title: %q, %q", term.Screen(), term.Title())
			}
			checkText(t, match[2], message)
		})
	}
}

// TestKilled: after a kill of the program in a shell, the terminal works and there is no report.
func TestKilled(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell")
	}
	program := uitest.BuildPackage(t, "github.com/tagdiff/tagdiff/ui/uitest/internal/faulty")
	state := t.TempDir()
	term := uitest.Start(t, uitest.Options{Program: shell, Env: []string{"XDG_STATE_HOME=" + state}}, "-c", program+"; read line; exit 7")
	term.WaitFor("press a key")
	term.Type("k")
	term.WaitUntil("the shell's screen", func(uitest.Frame) bool { return !term.AltScreen() })
	term.Type("enter")
	if code := term.Wait(); code != 7 {
		t.Errorf("exit code %d", code)
	}
	term.CheckRestored()
	if files, _ := os.ReadDir(state); len(files) > 0 {
		t.Errorf("it leaves %v", files)
	}
}

// TestAlone: when the monitor is killed, the program continues and restores the
// terminal itself.
func TestAlone(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("ps"); err != nil {
		t.Skip("no ps")
	}
	program := uitest.BuildPackage(t, "github.com/tagdiff/tagdiff/ui/uitest/internal/faulty")
	term := uitest.Start(t, uitest.Options{Program: program})
	term.WaitFor("press a key")
	term.Type("s", "q")
	if code := term.Wait(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	term.CheckRestored()
}

// TestMonitor_outputLikeACrash: output on standard error that looks like a crash
// changes nothing. It is not part of the message of a later crash either.
func TestMonitor_outputLikeACrash(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no shell")
	}
	program := uitest.BuildPackage(t, "github.com/tagdiff/tagdiff/ui/uitest/internal/faulty")
	start := func(t *testing.T) (term *uitest.Term, state string) {
		t.Helper()
		state = t.TempDir()
		term = uitest.Start(t, uitest.Options{Program: program, Width: 400, Env: []string{"XDG_STATE_HOME=" + state}})
		term.WaitFor("press a key")
		term.Type("n")
		term.WaitFor("printed")
		return term, state
	}
	t.Run("then quit", func(t *testing.T) {
		t.Parallel()
		term, state := start(t)
		time.Sleep(100 * time.Millisecond) // for a monitor that would leave the screen
		if !term.AltScreen() || !term.Frame().Contains("printed") {
			t.Error("the screen is left")
		}
		term.Type("q")
		if code := term.Wait(); code != 0 || strings.Contains(term.Screen(), "tagdiff:") {
			t.Errorf("exit code %d, the terminal shows %q", code, term.Screen())
		}
		term.CheckRestored()
		if files, _ := os.ReadDir(state); len(files) > 0 {
			t.Errorf("it leaves %v", files)
		}
	})
	for key, message := range map[string]string{"l": "in a library", "o": "runtime: goroutine stack exceeds"} {
		t.Run("then "+message, func(t *testing.T) {
			t.Parallel()
			term, _ := start(t)
			term.Type(key)
			if code := term.Wait(); code != 2 {
				t.Errorf("exit code %d", code)
			}
			term.CheckRestored()
			match := summaryLine.FindStringSubmatch(strings.ReplaceAll(term.Screen(), "\n", ""))
			if match == nil || !strings.HasPrefix(match[1], message) {
				t.Fatalf("the terminal shows %q", term.Screen())
			}
			if raw := checkText(t, match[2], "goroutine "); strings.Contains(raw, "not really") {
				t.Errorf("the report contains other output: %.300s", raw)
			}
		})
	}
}

// TestFewFiles: if too few descriptors are left for a screen, the terminal is
// unchanged.
func TestFewFiles(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell")
	}
	program := uitest.BuildPackage(t, "github.com/tagdiff/tagdiff/ui/uitest/internal/faulty")
	for n := 5; n < 20; n++ {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			t.Parallel()
			term := uitest.Start(t, uitest.Options{Program: shell}, "-c", fmt.Sprintf("ulimit -n %d; %s; echo program ended", n, program))
			f := term.WaitUntil("the screen or its end", func(f uitest.Frame) bool { return f.Contains("press a key") || f.Contains("program ended") })
			if f.Contains("press a key") {
				term.Type("q")
			}
			term.Wait()
			term.CheckRestored()
		})
	}
}

const panicTrace = `panic: runtime error: index out of range [3] with length 3
	panic: A_TOKEN=hunter2 ` + "\x1b[2J" + ` [recovered]

goroutine 7 [running]:
example.com/library.decode(...)
	/src/decode.go:7

goroutine 1 [select]:
main.main()
	/src/main.go:3 +0x1d
`

// fatalTrace is the crash output of a fatal error, fatalText is on standard error before it.
const (
	fatalText  = "runtime: goroutine stack exceeds 1048576-byte limit\nfatal error: stack overflow\n"
	fatalTrace = "\nruntime stack:\nruntime.throw({0x4ae065?, 0x200000008?})\n\ngoroutine 18 [running]:\nmain.overflow(0x7)\n"
)

func TestMonitorProcess(t *testing.T) {
	const ended, lent, taken = string(rune(markEnded)), string(rune(markLent)), string(rune(markTaken))
	const noise = "panic: not really\n\ngoroutine 1 [running]:\n"
	dir := filepath.Join(t.TempDir(), "state")
	for name, tt := range map[string]struct {
		control, stderr string
		nothing         bool
		message         string // in the summary; no summary if empty
		inReport        string
	}{
		"closed":                   {control: ended + "more", stderr: noise, nothing: true},
		"killed while suspended":   {control: lent, nothing: true},
		"killed in a second stop":  {control: lent + taken + lent, nothing: true},
		"closed while suspended":   {control: lent + ended, nothing: true},
		"killed":                   {stderr: noise},
		"killed after suspension":  {control: lent + taken},
		"panic":                    {panicTrace, noise + "fatal error: not really\n" + panicTrace, false, "runtime error: index out of range [3] with length 3 panic: A_TOKEN=", "goroutine 1 [select]"},
		"panic while suspended":    {lent + panicTrace, panicTrace, false, "runtime error: index out of range", "example.com/library.decode"},
		"fatal error":              {fatalTrace, noise + fatalText + fatalTrace, false, "runtime: goroutine stack exceeds 1048576-byte limit fatal error: stack overflow;", "main.overflow"},
		"fatal error without text": {fatalTrace, noise + fatalTrace, false, "fatal error;", "runtime.throw"},
		"much other output":        {fatalTrace, strings.Repeat(noise, 10_000) + fatalText + fatalTrace, false, "runtime: goroutine stack exceeds", "main.overflow"},
		"signal":                   {"SIGABRT: abort\nPC=0x1\n\ngoroutine 1 [idle]:\n", "runtime/cgo: no thread\nSIGABRT: abort\nPC=0x1\n\ngoroutine 1 [idle]:\n", false, "runtime/cgo: no thread SIGABRT: abort PC=0x1;", "goroutine 1 [idle]"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			restored := 0
			monitorProcess(strings.NewReader(tt.control), strings.NewReader(tt.stderr), &out, func() { restored++ }, dir, "1.2.3")
			if tt.nothing {
				if out.Len() > 0 || restored > 0 {
					t.Errorf("it prints %q", out.String())
				}
				return
			}
			summary, found := strings.CutPrefix(out.String(), resetTerminal)
			if !found || restored != 1 {
				t.Fatalf("it prints %q, restores %d times", out.String(), restored)
			}
			if tt.message == "" {
				if summary != "" {
					t.Errorf("it prints %q", summary)
				}
				return
			}
			match := summaryLine.FindStringSubmatch(summary)
			if match == nil || !strings.HasPrefix(match[1]+";", tt.message) || strings.Contains(match[1], "hunter2") {
				t.Fatalf("it prints %q", summary)
			}
			if raw := checkText(t, match[2], tt.inReport, "size unknown"); strings.Contains(raw, "not really") {
				t.Errorf("the report contains other output: %s", raw)
			}
		})
	}
	var out bytes.Buffer
	monitorProcess(strings.NewReader(panicTrace), strings.NewReader(""), &out, func() {}, "", "")
	if got := out.String(); !strings.Contains(got, "no report could be written (there is no state folder)") {
		t.Errorf("%q", got)
	}
}

func FuzzMonitorProcess(f *testing.F) {
	f.Add([]byte(panicTrace), []byte(panicTrace))
	f.Add([]byte(fatalTrace), []byte(fatalText+fatalTrace))
	f.Add([]byte{markEnded, 'x'}, []byte{})
	f.Add([]byte{}, []byte{})
	f.Fuzz(func(t *testing.T, control, stderr []byte) {
		var out bytes.Buffer
		monitorProcess(bytes.NewReader(control), bytes.NewReader(stderr), &out, func() {}, "", "")
		line := strings.TrimSuffix(strings.TrimPrefix(out.String(), resetTerminal), "\n")
		if safe.Clean(line).String() != line {
			t.Errorf("%q", line)
		}
	})
}
