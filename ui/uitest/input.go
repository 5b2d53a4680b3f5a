package uitest

import (
	"io"
	"os"

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
