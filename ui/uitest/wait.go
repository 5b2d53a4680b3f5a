package uitest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// WaitTimeout is the timeout of a wait. Only failing tests wait that long, and those on a machine with too much to do: a
// program with the race detector takes many times its time there.
const WaitTimeout = 3 * time.Minute

var errTimeout = fmt.Errorf("not within %v", WaitTimeout)

// WaitFor waits until the screen contains all texts, each within one row.
func (t *Term) WaitFor(texts ...string) Frame {
	t.tb.Helper()
	return t.WaitUntil(fmt.Sprintf("%q shown", texts), func(f Frame) bool {
		return !slices.ContainsFunc(texts, func(text string) bool { return !f.Contains(text) })
	})
}

// WaitGone waits until the screen does not contain text.
func (t *Term) WaitGone(text string) Frame {
	t.tb.Helper()
	return t.WaitUntil(fmt.Sprintf("%q gone", text), func(f Frame) bool { return !f.Contains(text) })
}

// WaitUntil waits until ok returns true. It calls ok on every change of the screen. what
// describes the expected screen in the failure message.
func (t *Term) WaitUntil(what string, ok func(Frame) bool) Frame {
	t.tb.Helper()
	frame, err := t.await(ok, WaitTimeout)
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
	case <-time.After(WaitTimeout):
		t.tb.Fatalf("the program still runs after %v", WaitTimeout)
	}
	return t.exitCode
}

// await calls ok on every change of the screen. It gives up when the program ends,
// after silence without output, or after WaitTimeout in total.
func (t *Term) await(ok func(Frame) bool, silence time.Duration) (Frame, error) {
	deadline := time.After(WaitTimeout)
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
			return frame, errTimeout
		}
	}
}

// changes returns a channel that closes on the next output, and whether the program has
// ended. A caller that takes it before the screen misses no change.
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

// settle waits until there was no output for the duration quiet. It is only for cases
// where the expected screen is unknown: writing golden files, and CheckRepaint.
func (t *Term) settle(quiet time.Duration) Frame {
	t.tb.Helper()
	frame, err := t.await(func(Frame) bool { return false }, quiet)
	if errors.Is(err, errTimeout) {
		t.tb.Fatal("the screen still changes: ", err)
	}
	return frame
}

// Screen returns the text on the screen, without trailing blanks in its rows.
func (t *Term) Screen() string { return t.Frame().Text() }

// Frame returns the current screen.
func (t *Term) Frame() Frame {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := snapshot(t.emu)
	f.Cursor.Visible = !t.hidden
	return f
}

// Title returns the window title that the program has set.
func (t *Term) Title() string { return locked(t, func() string { return t.title }) }

// AltScreen reports whether the alternate screen is active.
func (t *Term) AltScreen() bool { return locked(t, t.emu.IsAltScreen) }

// Clipboard returns the text that the program copied last.
func (t *Term) Clipboard() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.copied) == 0 {
		return ""
	}
	return t.copied[len(t.copied)-1]
}

// Bytes returns the number of bytes that the program has written.
func (t *Term) Bytes() int { return locked(t, func() int { return t.bytes }) }

// locked returns what get reads of the terminal.
func locked[T any](t *Term, get func() T) T {
	t.mu.Lock()
	defer t.mu.Unlock()
	return get()
}

// lines splits text for comparisons by line.
func lines(text string) []string { return strings.Split(text, "\n") }
