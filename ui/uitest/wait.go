package uitest

import (
	"fmt"
	"strings"
	"time"
)

// Patience is how long a wait lasts before the test fails. It is generous:
// only failing tests wait that long.
const Patience = time.Minute

// WaitFor waits until all the texts stand on the screen at once, each within
// one row.
func (t *Term) WaitFor(texts ...string) Frame {
	t.tb.Helper()
	return t.WaitUntil(fmt.Sprintf("%q shown", texts), func(f Frame) bool {
		for _, text := range texts {
			if !f.Contains(text) {
				return false
			}
		}
		return true
	})
}

// WaitGone waits until text is nowhere on the screen.
func (t *Term) WaitGone(text string) Frame {
	t.tb.Helper()
	return t.WaitUntil(fmt.Sprintf("%q gone", text), func(f Frame) bool { return !f.Contains(text) })
}

// WaitUntil waits until ok is content with the screen, which it is asked on
// every change. what names that in the message of a failure.
func (t *Term) WaitUntil(what string, ok func(Frame) bool) Frame {
	t.tb.Helper()
	frame, err := t.await(ok, Patience)
	if err != nil {
		t.tb.Fatalf("waiting for %s: %v", what, err)
	}
	return frame
}

// WaitClipboard waits until the program has copied text.
func (t *Term) WaitClipboard(text string) {
	t.tb.Helper()
	t.WaitUntil(fmt.Sprintf("%q on the clipboard", text), func(Frame) bool { return t.Clipboard() == text })
}

// Wait waits for the end of the program and returns its exit code.
func (t *Term) Wait() int {
	t.tb.Helper()
	select {
	case <-t.ended:
	case <-time.After(Patience):
		t.tb.Fatalf("the program still runs after %v", Patience)
	}
	return t.exitCode
}

// await looks at the screen on every change, until ok, the end of the program,
// or a silence or a whole duration that are too long.
func (t *Term) await(ok func(Frame) bool, silence time.Duration) (Frame, error) {
	deadline := time.After(Patience)
	for {
		changed, ended := t.changes()
		frame := t.Frame()
		if ok(frame) {
			return frame, nil
		}
		if ended {
			return frame, fmt.Errorf("the program ended with code %d", t.exitCode)
		}
		select {
		case <-changed:
		case <-t.ended:
		case <-time.After(silence):
			return frame, fmt.Errorf("nothing new in %v", silence)
		case <-deadline:
			return frame, fmt.Errorf("not within %v", Patience)
		}
	}
}

// changes is a channel that closes on the next output, and whether there can
// be none. Taken before looking at the screen, it misses no change.
func (t *Term) changes() (<-chan struct{}, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case <-t.ended:
		return t.changed, true
	default:
		return t.changed, false
	}
}

// settle waits until nothing has been painted for as long as quiet. It is for
// the few places where what is to come is not known: making golden files, and
// comparing what was painted with a repaint.
func (t *Term) settle(quiet time.Duration) Frame {
	t.tb.Helper()
	deadline := time.After(Patience)
	for {
		changed, ended := t.changes()
		if ended {
			return t.Frame()
		}
		select {
		case <-changed:
		case <-t.ended:
		case <-time.After(quiet):
			return t.Frame()
		case <-deadline:
			t.tb.Fatalf("the screen still changes after %v", Patience)
		}
	}
}

// Screen is the text on the screen, without trailing blanks in its rows.
func (t *Term) Screen() string { return t.Frame().Text() }

// Frame is the screen as it is now.
func (t *Term) Frame() Frame {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := snapshot(t.emu)
	f.Cursor.Visible = !t.hidden
	return f
}

// Cell is what column x of row y shows now, both from 0.
func (t *Term) Cell(x, y int) Cell { return t.Frame().Cell(x, y) }

// Cursor is where the cursor is now.
func (t *Term) Cursor() Cursor { return t.Frame().Cursor }

// Title is the title that the program gave the window.
func (t *Term) Title() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.title
}

// AltScreen reports whether the program has left the shell's screen alone.
func (t *Term) AltScreen() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.emu.IsAltScreen()
}

// Clipboard is what the program last copied, decoded.
func (t *Term) Clipboard() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.copied) == 0 {
		return ""
	}
	return t.copied[len(t.copied)-1]
}

// Bytes counts what the program has written so far: what a slow line carries.
func (t *Term) Bytes() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.bytes
}

// lines is text as lines, for comparisons that name the line.
func lines(text string) []string { return strings.Split(text, "\n") }
