package uitest

import (
	"encoding/base64"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
)

// Term is a program that runs on an emulated terminal. Its methods fail the test on
// an error.
type Term struct {
	tb    testing.TB
	opts  Options
	cmd   *exec.Cmd
	tty   tty
	races string // folder for the reports of the race detector

	ended    chan struct{} // closed when all output is read and the program has ended
	exitCode int           // valid once ended is closed

	mu       sync.Mutex // the emulator is not safe for concurrent use
	emu      *vt.Emulator
	changed  chan struct{} // closed and replaced on every output
	bytes    int
	title    string
	copied   []string
	hidden   bool               // the cursor is hidden
	modes    map[ansi.Mode]bool // set ones
	keyboard int                // keyboard protocols pushed minus popped
	keys     int                // value of modifyOtherKeys
}

// Start starts the program and stops it when the test ends. It does not wait for
// output.
func Start(t testing.TB, opts Options, args ...string) *Term {
	t.Helper()
	term := &Term{tb: t, opts: opts.withDefaults(t), ended: make(chan struct{}), changed: make(chan struct{})}
	term.newEmulator()
	term.start(args)
	t.Cleanup(term.close)
	return term
}

func (t *Term) newEmulator() {
	t.emu = vt.NewEmulator(t.opts.Width, t.opts.Height)
	t.modes = map[ansi.Mode]bool{}
	if t.opts.Light {
		t.emu.SetDefaultForegroundColor(black)
		t.emu.SetDefaultBackgroundColor(white)
	}
	t.emu.SetCallbacks(vt.Callbacks{
		Title:            func(s string) { t.title = s },
		CursorVisibility: func(visible bool) { t.hidden = !visible },
		EnableMode:       func(m ansi.Mode) { t.modes[m] = true },
		DisableMode:      func(m ansi.Mode) { delete(t.modes, m) },
	})
	t.emu.RegisterOscHandler(52, t.copyHandler)
	if t.opts.Silent {
		t.emu.RegisterOscHandler(11, func([]byte) bool { return true })
	}
	t.emu.RegisterCsiHandler('r', t.clamp)
	for sign, step := range map[byte]int{'>': 1, '<': -1} {
		t.emu.RegisterCsiHandler(ansi.Command(sign, 0, 'u'), func(ansi.Params) bool { t.keyboard += step; return true })
	}
	t.emu.RegisterCsiHandler(ansi.Command('>', 0, 'm'), t.otherKeys)
}

// clamp limits margins (DECSTBM) to the last line, as terminals do. A program may set
// them for the size before a resize; the emulator does not check them and panics.
func (t *Term) clamp(params ansi.Params) bool {
	if bottom, _, _ := params.Param(1, 0); bottom > t.emu.Height() {
		params[1] = ansi.Param(t.emu.Height())
	}
	return false // continue with the emulator's handler
}

// otherKeys records the value of modifyOtherKeys. No value resets it.
func (t *Term) otherKeys(params ansi.Params) bool {
	mode, _, _ := params.Param(1, 0)
	t.keys = mode
	return true
}

func (t *Term) start(args []string) {
	t.tb.Helper()
	home := t.tb.TempDir()
	t.races = t.raceFolder()
	t.cmd = exec.Command(t.opts.Program, args...)
	t.cmd.Dir = t.opts.Dir
	if t.cmd.Dir == "" {
		t.cmd.Dir = home
	}
	t.cmd.Env = t.opts.environment(home, t.races)
	if err := os.Mkdir(filepath.Join(home, "tmp"), 0o700); err != nil {
		t.tb.Fatal(err)
	}
	tty, err := startOn(t.cmd, t.opts.Width, t.opts.Height)
	if errors.Is(err, errors.ErrUnsupported) {
		t.tb.Skip("no terminal to run on")
	}
	if err != nil {
		t.tb.Fatalf("starting %s: %v", t.opts.Program, err)
	}
	t.tty = tty
	go t.forwardAnswers()
	go t.read()
}

// forwardAnswers passes the emulator's answers to the program. It continues when the
// program has stopped reading, because the emulator blocks until its answers are read.
func (t *Term) forwardAnswers() {
	buf := make([]byte, 4<<10)
	for {
		n, err := t.emu.Read(buf)
		if err != nil {
			return
		}
		t.tty.Write(buf[:n]) //nolint:errcheck // see above
	}
}

// read feeds the emulator until the program ends.
func (t *Term) read() {
	buf := make([]byte, 64<<10)
	for {
		n, err := t.tty.Read(buf)
		if n > 0 {
			t.write(buf[:n])
		}
		if err != nil {
			break
		}
	}
	t.cmd.Wait() //nolint:errcheck // the exit code is what counts
	t.exitCode = t.cmd.ProcessState.ExitCode()
	close(t.ended)
}

func (t *Term) write(p []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.emu.Write(p) //nolint:errcheck // it cannot fail while open
	t.bytes += len(p)
	close(t.changed)
	t.changed = make(chan struct{})
}

// close kills the program if it still runs. If the test failed, it logs the last screen.
func (t *Term) close() {
	if t.tb.Failed() {
		t.tb.Logf("the last screen:\n%s", t.Frame().boxed())
	}
	t.cmd.Process.Kill() //nolint:errcheck // it may have ended
	t.tty.Close()        // ends read too
	<-t.ended
	closeInput(t.emu)
	if report := t.raceReport(); report != "" {
		t.tb.Errorf("the program has a data race:\n%s", report)
	}
}

// raceReport returns the reports of the race detector. It writes them to files,
// because standard error is the screen.
func (t *Term) raceReport() string {
	var all strings.Builder
	reports, _ := filepath.Glob(filepath.Join(t.races, "*"))
	for _, path := range reports {
		text, _ := os.ReadFile(path)
		all.Write(text)
	}
	return all.String()
}

// raceFolder creates a folder without the name of the test, unlike t.TempDir: in GORACE
// a comma or a blank ends the name.
func (t *Term) raceFolder() string {
	t.tb.Helper()
	dir, err := os.MkdirTemp("", "races")
	if err != nil {
		t.tb.Fatal(err)
	}
	t.tb.Cleanup(func() { os.RemoveAll(dir) }) //nolint:errcheck // it is in a folder for temporary files
	return dir
}

// copyHandler records what the program copies to the clipboard: "52;c;base64".
func (t *Term) copyHandler(data []byte) bool {
	_, payload, ok := strings.Cut(strings.TrimPrefix(string(data), "52;"), ";")
	if text, err := base64.StdEncoding.DecodeString(payload); ok && err == nil {
		t.copied = append(t.copied, string(text))
	}
	return true
}
