package ui

import (
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
)

// TestResize_staleMessage: the size of the terminal counts, in whatever order the
// messages of two resizes arrive.
func TestResize_staleMessage(t *testing.T) {
	calls, real := 0, tea.WindowSizeMsg{Width: 120, Height: 40}
	a := New(t.Context(), Options{Registry: fakereg.Retag(t), Size: func() (int, int) { calls++; return real.Width, real.Height }})
	take := func(width, height int) (more tea.Msg) {
		var cmd tea.Cmd
		if a, cmd = a.resize(tea.WindowSizeMsg{Width: width, Height: height}); cmd != nil {
			more = cmd()
		}
		return more
	}
	if more := take(120, 40); more != nil || calls != 1 {
		t.Errorf("with the true size: %d calls, next message %v", calls, more)
	}
	if more := take(80, 24); more != real {
		t.Errorf("after a stale size the next message is %v", more)
	}
	if more := take(120, 40); more != nil || a.width != 120 || a.height != 40 {
		t.Errorf("%v, and %d×%d", more, a.width, a.height)
	}
	if take(120, 40); calls != 3 {
		t.Errorf("a known size is requested: %d calls", calls)
	}
	real = tea.WindowSizeMsg{} // the size is unknown
	if more := take(10, 10); more != nil || a.width != 10 {
		t.Errorf("%v, and %d", more, a.width)
	}
}
