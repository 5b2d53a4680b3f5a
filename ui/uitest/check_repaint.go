package uitest

import (
	"time"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/google/go-cmp/cmp"
)

// filler stands on the screen where nothing has been painted since.
const filler = "▒"

// CheckRepaint compares what was painted bit by bit with the same screen
// painted at once, which the program does when the size changes. Call it when
// the screen shows what the last key leads to and nothing on it moves but what is
// masked.
func (t *Term) CheckRepaint() {
	t.tb.Helper()
	painted := t.masked(t.settle(150 * time.Millisecond))
	t.fill(painted.Width+1, painted.Height)
	t.WaitUntil("a repaint after a change of size", func(f Frame) bool { return !f.Contains(filler) })
	t.settle(50 * time.Millisecond)
	t.fill(painted.Width, painted.Height)
	again, err := t.await(func(f Frame) bool { return painted.Equal(t.masked(f)) }, silence)
	if err != nil {
		t.tb.Errorf("what was painted bit by bit differs from a repaint (-bits +repaint):\n%s",
			cmp.Diff(lines(painted.Golden()), lines(t.masked(again).Golden())))
	}
}

// fill changes the size and fills the screen, so that no cell can pass for
// repainted that is not.
func (t *Term) fill(width, height int) {
	t.tb.Helper()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.resize(width, height)
	for y := range height {
		for x := range width {
			t.emu.SetCell(x, y, &uv.Cell{Content: filler, Width: 1})
		}
	}
}
