//go:build !windows

package e2e

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/tagdiff/tagdiff/ui/uitest"
)

// TestExit_restored: signals and q restore the terminal.
func TestExit_restored(t *testing.T) {
	t.Parallel()
	host := demoHost(t)
	for _, sig := range []os.Signal{syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			if signal.Ignored(sig) {
				t.Skip("the tests and the program ignore this signal (nohup)")
			}
			term := uitest.Start(t, small, host+"/shop/image-name:prod", ":20231001.155532z")
			term.WaitFor("packed differently")
			term.Signal(sig)
			if code := term.Wait(); code != exitTrouble {
				t.Errorf("exit code %d", code)
			}
			term.CheckRestored()
			if !strings.Contains(term.Screen(), "tagdiff: cancelled") {
				t.Errorf("the terminal shows %q", term.Screen())
			}
		})
	}
	t.Run("q", func(t *testing.T) {
		t.Parallel()
		term := uitest.Start(t, small, host+"/shop/image-name")
		term.WaitFor("tag  ", "? help")
		term.Type("q")
		if code := term.Wait(); code != 0 || term.Screen() != strings.Repeat("\n", 23) {
			t.Errorf("exit code %d, left on the terminal: %q", code, term.Screen())
		}
		term.CheckRestored()
	})
}

// startOnPTY runs the program on a terminal. The test holds the other end, control.
func startOnPTY(t *testing.T, attr *syscall.SysProcAttr, args ...string) (*os.File, *exec.Cmd, <-chan struct{}) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), commandTimeout)
	t.Cleanup(cancel)
	cmd := cleanCommand(ctx, t, uitest.Build(t), args...)
	cmd.Env = append(cmd.Env, "TERM=xterm-256color")
	control, err := pty.StartWithAttrs(cmd, &pty.Winsize{Rows: 24, Cols: 80}, attr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { control.Close() })
	ended := make(chan struct{})
	go func() {
		cmd.Wait() //nolint:errcheck // ProcessState has the result
		close(ended)
	}()
	return control, cmd, ended
}

// TestExit_lostTerminal: the program ends when its terminal is closed, with and without
// SIGHUP.
func TestExit_lostTerminal(t *testing.T) {
	t.Parallel()
	host := demoHost(t)
	for name, attr := range map[string]*syscall.SysProcAttr{
		"hung up": {Setsid: true, Setctty: true},
		"closed":  {Setsid: true}, // not the controlling terminal: no SIGHUP
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			control, cmd, ended := startOnPTY(t, attr, host+"/shop/image-name:prod", ":20231001.155532z")
			var output bytes.Buffer
			buf := make([]byte, 4096)
			for !strings.Contains(output.String(), "differently") {
				n, err := control.Read(buf)
				if err != nil {
					t.Fatal(err)
				}
				output.Write(buf[:n])
			}
			control.Close()
			select {
			case <-ended:
				if code := cmd.ProcessState.ExitCode(); code != exitTrouble {
					t.Errorf("it ended with %v", cmd.ProcessState)
				}
			case <-time.After(uitest.WaitTimeout):
				t.Error("the program still runs without a terminal")
			}
		})
	}
}

// TestSuspend: ctrl-z restores the terminal for the shell. fg shows the screen again at the
// current size.
func TestSuspend(t *testing.T) {
	t.Parallel()
	requireInstalled(t, "bash")
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip(err)
	}
	const script = `set -m; "$@"; stty -a | grep -o " -\?icanon"; echo "in the shell"; read -r key; fg >/dev/null; echo "code $?"`
	opts := small
	opts.Program = bash
	term := uitest.Start(t, opts, "-c", script, "bash", uitest.Build(t), demoHost(t)+"/shop/image-name:prod", ":20231001.155532z")
	term.WaitFor("packed differently")
	term.Type("3", "ctrl+z")
	term.WaitFor("in the shell")
	term.CheckRestored()
	term.Resize(100, 30)
	term.Type("enter")
	term.WaitUntil("the screen at its new size", func(f uitest.Frame) bool {
		return f.Contains("WORKDIR /app") && configsCompared.MatchString(f.Text()) && strings.Contains(f.Row(29), "? help")
	})
	term.CheckRepaint()
	term.Type("q")
	if code := term.Wait(); code != 0 || !strings.Contains(term.Screen(), "code 0") {
		t.Errorf("exit code %d: %q", code, term.Screen())
	}
	term.CheckRestored()
}

// TestSuspend_killed: a kill of the suspended program does not change the terminal, which
// the shell uses.
func TestSuspend_killed(t *testing.T) {
	t.Parallel()
	requireInstalled(t, "bash", "ps")
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip(err)
	}
	const script = `set -m; "$@"; group=$(jobs -p); kill -9 "$group"
while ps -A -o pgid= -o stat= | grep -q "^ *$group [^Z]"; do sleep 0.1; done
echo "all gone"`
	opts := small
	opts.Program = bash
	term := uitest.Start(t, opts, "-c", script, "bash", uitest.Build(t), demoHost(t)+"/shop/image-name:prod")
	term.WaitFor("sha256:")
	term.Type("ctrl+z")
	term.WaitFor("all gone")
	term.CheckRestored()
	if code := term.Wait(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestSuspend_noShell: without a shell that could continue the program, as in
// ssh -t host tagdiff or in a container, ctrl-z has no effect.
func TestSuspend_noShell(t *testing.T) {
	t.Parallel()
	term := uitest.Start(t, small, demoHost(t)+"/shop/image-name:prod", ":20231001.155532z")
	term.WaitFor("packed differently")
	term.Type("ctrl+z", "3")
	term.WaitFor("WORKDIR /app")
	term.Type("q")
	if code := term.Wait(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	term.CheckRestored()
}

// TestReport_brokenPipe: a closed standard output ends the program without a message about
// it.
func TestReport_brokenPipe(t *testing.T) {
	t.Parallel()
	host := demoHost(t)
	for name, args := range map[string][]string{
		"comparison": {"-o", "json", host + "/library/python:2.7", ":2.7.16"},
		"list":       {host + "/many/tags"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), commandTimeout)
			defer cancel()
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			r.Close()
			cmd := cleanCommand(ctx, t, uitest.Build(t), args...)
			var problems bytes.Buffer
			cmd.Stdout, cmd.Stderr = w, &problems
			err = cmd.Run()
			w.Close()
			if err == nil || strings.Contains(problems.String(), "panic") || strings.Count(problems.String(), "\n") > 1 {
				t.Errorf("%v: %q", cmd.ProcessState, problems.String())
			}
		})
	}
}

// TestOutput_noTerminal: without a terminal the output is a report or an error of one line,
// never a screen.
func TestOutput_noTerminal(t *testing.T) {
	t.Parallel()
	host := demoHost(t)
	pair := []string{host + "/shop/image-name:prod", ":20231001.155532z"}
	for name, tt := range map[string]struct {
		args []string
		code int
		want string
	}{
		"report":        {pair, 0, "Same image, packed differently"},
		"screen wanted": {append([]string{"-o", "tui"}, pair...), 2, "standard output is not a terminal"},
		"nothing named": {nil, 2, "name a registry"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := cli(t, tt.args...)
			if got.code != tt.code || !strings.Contains(got.out+got.errors, tt.want) || strings.Contains(got.out, "\x1b") {
				t.Errorf("%+v", got)
			}
		})
	}
	for _, set := range []string{"TERM=dumb", "TERM="} {
		t.Run(set, func(t *testing.T) {
			t.Parallel()
			term := uitest.Start(t, uitest.Options{Width: 120, Height: 40, Env: []string{set}}, pair...)
			code := term.Wait()
			if code != 0 || !strings.Contains(term.Screen(), "Same image, packed differently") {
				t.Errorf("exit code %d: %s", code, term.Screen())
			}
		})
	}
	// Bubble Tea opens the controlling terminal for keys, and there is none.
	t.Run("no standard input", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(t.Context(), commandTimeout)
		defer cancel()
		cmd := cleanCommand(ctx, t, uitest.Build(t), pair...)
		cmd.Env = append(cmd.Env, "TERM=xterm-256color")
		control, screen, err := pty.Open()
		if err != nil {
			t.Fatal(err)
		}
		defer control.Close()
		cmd.Stdout, cmd.SysProcAttr = screen, &syscall.SysProcAttr{Setsid: true}
		var problems bytes.Buffer
		cmd.Stderr = &problems
		go io.Copy(io.Discard, control) //nolint:errcheck // ends with the terminal
		err = cmd.Run()
		screen.Close()
		if err == nil || strings.Count(problems.String(), "\n") != 1 || !strings.Contains(problems.String(), "tagdiff: ") {
			t.Errorf("%v: %q", err, problems.String())
		}
	})
}

// TestASCII_locale: the locale selects Unicode or ASCII. Without a locale the program assumes
// that the terminal supports UTF-8.
func TestASCII_locale(t *testing.T) {
	t.Parallel()
	host := demoHost(t)
	for _, tt := range []struct {
		env   []string
		ascii bool
	}{
		{[]string{"LANG=C"}, true}, {[]string{"LANG=POSIX"}, true}, {[]string{"LANG=en_US.ISO-8859-1"}, true},
		{[]string{"LANG=en_US.UTF-8", "LC_ALL=C"}, true}, {[]string{"LANG=C", "LC_CTYPE=C.UTF-8"}, false}, {[]string{"LANG="}, false}, {[]string{"LANG=", "TERM=vt100"}, true}, {[]string{"LANG=", "TERM=linux"}, false},
	} {
		t.Run(strings.Join(tt.env, " "), func(t *testing.T) {
			t.Parallel()
			term := uitest.Start(t, uitest.Options{Env: tt.env}, host+"/edge/hostile:escape", ":calm")
			term.WaitFor("more steps differ")
			for _, view := range []string{"3", "4", "6", "7", "8", "?"} {
				term.Type(view)
				f := term.WaitFor("tagdiff")
				if beyond := strings.ContainsFunc(f.Text(), func(r rune) bool { return r > 0x7e }); tt.ascii && beyond {
					t.Fatalf("characters beyond ASCII:\n%s", f.Text())
				}
			}
			term.WaitFor(map[bool]string{true: "up/k", false: "↑/k"}[tt.ascii])
		})
	}
}

// TestOpenFiles: closed pages leave no file and no connection open.
func TestOpenFiles(t *testing.T) {
	t.Parallel()
	host := demoHost(t)
	term := uitest.Start(t, small, "--parallel", "2", host)
	term.WaitFor("shop/image-name")
	if _, ok := term.Files(); !ok {
		t.Skip("the system does not report open files")
	}
	round := func() {
		term.Type("o", host+"/shop/image-name:prod :20231001.155532z", "enter")
		term.WaitFor("packed differently")
		term.Type("esc")
		term.WaitFor("shop/image-name")
		term.Type("o", host+"/library/python", "enter")
		term.WaitFor("2.7.16", "? help")
		term.Type("esc")
		term.WaitFor("edge/broken")
	}
	round()
	before, _ := term.Files()
	for range 10 {
		round()
	}
	if after, _ := term.Files(); after > before+4 { // idle connections
		t.Errorf("%d files are open, %d after the first round", after, before)
	}
}

// TestTerminalInput_garbage: unexpected and invalid answers of the terminal neither end the
// program nor make it use all memory.
func TestTerminalInput_garbage(t *testing.T) {
	t.Parallel()
	term := uitest.Start(t, small)
	term.WaitFor("Are these two tags the same image")
	for _, garbage := range []string{
		"\x1b[" + strings.Repeat("1;", 5000) + "m", "\x1b[8;65535;65535t", "\x1b[8;0;0t", "\x1b[<99999;99999;99999M", "\x1b[M\xff\xff\xff",
		"\x1b]52;c;" + strings.Repeat("A", 100_000) + "\x07", "\x1bP" + strings.Repeat(":", 1000) + "q\x1b\\", "\x1b[?1u\x1b[I\x1b[O\x1b[99999;99999R", "\xff\xfe\x00",
	} {
		term.Type(garbage)
	}
	term.Type("\x1b[8;24;80t", "ctrl+u", "Shop//image:x", "enter")
	waitForWords(t, term, `"Shop//image:x" is not a reference`)
	term.Type("ctrl+c")
	if code := term.Wait(); code != 0 {
		t.Errorf("ctrl+c ended the program with %d", code)
	}
	term.CheckRestored()
}
