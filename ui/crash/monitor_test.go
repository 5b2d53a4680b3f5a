package crash

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/uitest"
)

// What nobody can catch ends as well as what is caught.
func TestUncaught(t *testing.T) {
	t.Parallel()
	program := uitest.BuildPackage(t, "github.com/tagdiff/tagdiff/ui/uitest/internal/faulty")
	for key, says := range map[string]string{"l": "in a library", "o": "stack overflow"} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			state := t.TempDir()
			term := uitest.Start(t, uitest.Options{Program: program, Width: 400, Env: []string{"XDG_STATE_HOME=" + state}})
			term.WaitFor("press a key")
			term.Type(key)
			if code := term.Wait(); code != 2 {
				t.Errorf("exit code %d", code)
			}
			term.CheckRestored()
			said := told.FindStringSubmatch(strings.ReplaceAll(term.Screen(), "\n", ""))
			if said == nil || !strings.Contains(said[1], says) || strings.Contains(said[1], "goroutine 1") {
				t.Fatalf("the terminal says %q", term.Screen())
			}
			if strings.Contains(term.Screen(), "hunter2") || term.Title() != "" {
				t.Errorf("a secret or a title gets out: %q, %q", term.Screen(), term.Title())
			}
			checkText(t, said[2], says)
		})
	}
}

// Who kills the program in a shell finds a terminal that can be used, and needs no
// report.
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

// TestAlone: who stands by may be killed, and then the program ends well by itself.
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

// TestFewFiles: where there can be no screen for want of descriptors, the terminal
// stays as it is.
func TestFewFiles(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell")
	}
	program := uitest.BuildPackage(t, "github.com/tagdiff/tagdiff/ui/uitest/internal/faulty")
	for n := 5; n < 13; n++ {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			t.Parallel()
			term := uitest.Start(t, uitest.Options{Program: shell}, "-c", fmt.Sprintf("ulimit -n %d; %s; echo it has ended", n, program))
			f := term.WaitUntil("the screen or its end", func(f uitest.Frame) bool { return f.Contains("press a key") || f.Contains("it has ended") })
			if f.Contains("press a key") {
				term.Type("q")
			}
			term.Wait()
			term.CheckRestored()
		})
	}
}

const account = `panic: runtime error: index out of range [3] with length 3
	panic: A_TOKEN=hunter2 ` + "\x1b[2J" + ` [recovered]

goroutine 7 [running]:
example.com/library.decode(...)
	/src/decode.go:7

goroutine 1 [select]:
main.main()
	/src/main.go:3 +0x1d
`

func TestFollow(t *testing.T) {
	var out bytes.Buffer
	restored := 0
	restore := func() { restored++ }
	dir := filepath.Join(t.TempDir(), "state")
	for _, end := range []string{"a library says\nsomething" + markEnded + "more", markLent, "a" + markLent + "b" + markTaken + markLent, markLent + markEnded} {
		monitorProcess(strings.NewReader(end), &out, restore, dir, "1.2.3")
		if _, err := os.Stat(dir); out.Len() > 0 || restored > 0 || !errors.Is(err, os.ErrNotExist) {
			t.Fatalf("after %q it says %q, %v", end, out.String(), err)
		}
	}
	for _, end := range []string{"", "a library says", markLent + markTaken, markLent + "a" + markTaken + "b"} {
		monitorProcess(strings.NewReader(end), &out, restore, dir, "1.2.3")
		if out.String() != resetTerminal || restored != 1 {
			t.Errorf("after %q it says %q", end, out.String())
		}
		out.Reset()
		restored = 0
	}
	monitorProcess(strings.NewReader("noise\n"+account), &out, restore, dir, "1.2.3")
	line, found := strings.CutPrefix(out.String(), resetTerminal)
	said := told.FindStringSubmatch(line)
	if !found || restored != 1 || said == nil {
		t.Fatalf("%q", out.String())
	}
	if want := "runtime error: index out of range [3] with length 3 panic: A_TOKEN="; !strings.HasPrefix(said[1], want) || strings.Contains(said[1], "hunter2") {
		t.Errorf("it says %q", said[1])
	}
	checkText(t, said[2], "example.com/library.decode", "goroutine 1 [select]", "size unknown")
	out.Reset()
	monitorProcess(strings.NewReader("noise\nruntime/cgo: no thread\nSIGABRT: abort"), &out, restore, "", "")
	if got := out.String(); !strings.Contains(got, "a fault of its own: runtime/cgo: no thread SIGABRT: abort; no report could be written (there is no place for it)") {
		t.Errorf("%q", got)
	}
}

func FuzzFollow(f *testing.F) {
	f.Add([]byte(account))
	f.Add([]byte(markEnded + "x"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, account []byte) {
		var out bytes.Buffer
		monitorProcess(bytes.NewReader(account), &out, func() {}, "", "")
		line := strings.TrimSuffix(strings.TrimPrefix(out.String(), resetTerminal), "\n")
		if safe.Clean(line).String() != line {
			t.Errorf("%q", line)
		}
	})
}
