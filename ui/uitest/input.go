package uitest

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Type presses keys one after the other. A key is a name such as enter, esc, tab,
// shift+tab, up, pgdn, f1, ctrl+l or alt+x. Any other string is sent unchanged.
func (t *Term) Type(keys ...string) {
	t.tb.Helper()
	for _, key := range keys {
		t.send(encode(key))
	}
}

// Click clicks on the first cell of a text on the screen, with the left button. It fails if the program
// has not asked for clicks: the terminal would not send them.
func (t *Term) Click(text string) {
	t.tb.Helper()
	x, y, ok := t.Frame().Find(text)
	if !ok {
		t.tb.Fatalf("%q is not on the screen", text)
	}
	t.needMouse()
	t.send(mouse(0, x, y, 'M') + mouse(0, x, y, 'm'))
}

// Wheel turns the wheel by steps, down for positive ones.
func (t *Term) Wheel(steps int) {
	t.tb.Helper()
	t.needMouse()
	button := 65
	if steps < 0 {
		button, steps = 64, -steps
	}
	t.send(strings.Repeat(mouse(button, 0, 0, 'M'), steps))
}

// Mouse reports whether the program has asked for clicks and the wheel.
func (t *Term) Mouse() bool {
	return locked(t, func() bool { return t.modes[ansi.ModeMouseButtonEvent] && t.modes[ansi.ModeMouseExtSgr] })
}

func (t *Term) needMouse() {
	t.tb.Helper()
	if !t.Mouse() {
		t.tb.Fatal("the program has not turned the mouse on")
	}
}

// mouse returns what a terminal sends for a button at a cell, in the form that ModeMouseExtSgr selects.
func mouse(button, x, y int, end byte) string {
	return fmt.Sprintf("\x1b[<%d;%d;%d%c", button, x+1, y+1, end)
}

// Paste sends text as a terminal with bracketed paste does.
func (t *Term) Paste(text string) {
	t.tb.Helper()
	t.send(ansi.BracketedPasteStart + text + ansi.BracketedPasteEnd)
}

func (t *Term) send(s string) {
	t.tb.Helper()
	if _, err := io.WriteString(t.tty, s); err != nil {
		t.tb.Fatalf("typing %q: %v", s, err)
	}
}

// Resize changes the size of the terminal.
func (t *Term) Resize(width, height int) {
	t.tb.Helper()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.resize(width, height)
}

// ResizeBefore changes the size of the terminal before it receives painted, which the
// program has painted for the old size.
func (t *Term) ResizeBefore(painted string, width, height int) {
	t.tb.Helper()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.emu.Resize(width, height)
	t.emu.WriteString(painted) //nolint:errcheck // it cannot fail while open
	t.sendSize(width, height)
}

// resize needs the lock, so that the emulator has the new size before it receives output
// for it.
func (t *Term) resize(width, height int) {
	t.tb.Helper()
	t.emu.Resize(width, height)
	t.sendSize(width, height)
}

// sendSize sends the new size to the program.
func (t *Term) sendSize(width, height int) {
	t.tb.Helper()
	if err := t.tty.resize(width, height); err != nil {
		t.tb.Fatalf("resizing to %d×%d: %v", width, height, err)
	}
}

// Signal sends the program a signal.
func (t *Term) Signal(sig os.Signal) {
	t.tb.Helper()
	if err := t.cmd.Process.Signal(sig); err != nil {
		t.tb.Fatalf("sending %v: %v", sig, err)
	}
}

// named maps the names of keys to the sequences that xterm sends.
var named = map[string]string{
	"enter": "\r", "tab": "\t", "shift+tab": "\x1b[Z", "space": " ", "backspace": "\x7f",
	// A single escape byte is esc or the start of another key; a program decides by
	// time. This form is unambiguous and needs no pause.
	"esc": "\x1b[27u",
	"up":  "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D",
	"shift+up": "\x1b[1;2A", "shift+down": "\x1b[1;2B",
	"home": "\x1b[H", "end": "\x1b[F", "insert": "\x1b[2~", "delete": "\x1b[3~",
	"pgup": "\x1b[5~", "pgdn": "\x1b[6~", "pgdown": "\x1b[6~",
	"f1": "\x1bOP", "f2": "\x1bOQ", "f3": "\x1bOR", "f4": "\x1bOS", "f5": "\x1b[15~", "f6": "\x1b[17~",
	"f7": "\x1b[18~", "f8": "\x1b[19~", "f9": "\x1b[20~", "f10": "\x1b[21~", "f11": "\x1b[23~", "f12": "\x1b[24~",
}

// encode returns the sequence of a key: a name, ctrl+x or alt+x. It returns other text
// unchanged.
func encode(key string) string {
	if seq, ok := named[key]; ok {
		return seq
	}
	if c, ok := strings.CutPrefix(key, "ctrl+"); ok && len(c) == 1 {
		return string(c[0] & 0x1f)
	}
	if c, ok := strings.CutPrefix(key, "alt+"); ok && len([]rune(c)) == 1 {
		return "\x1b" + c
	}
	return key
}
