package ui

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/ui/look"
)

// window is a cursor over n lines of which height are seen. It knows nothing
// of what the lines hold, so its work does not grow with them.
type window struct {
	n, height   int
	cursor, top int
}

// sized is w for n lines in height, with the cursor kept inside and in view.
func (w window) sized(n, height int) window {
	w.n, w.height = n, max(height, 1)
	return w.to(w.cursor)
}

// to moves the cursor to line i and scrolls no more than needed.
func (w window) to(i int) window {
	w.cursor = max(min(i, w.n-1), 0)
	w.top = max(min(w.top, w.cursor), w.cursor-w.height+1, 0)
	w.top = min(w.top, max(w.n-w.height, 0))
	return w
}

// move is w after a key, if it was one that moves.
func (w window) move(msg tea.KeyPressMsg) (window, bool) {
	switch {
	case key.Matches(msg, keys.Up):
		return w.to(w.cursor - 1), true
	case key.Matches(msg, keys.Down):
		return w.to(w.cursor + 1), true
	case key.Matches(msg, keys.PageUp):
		return w.to(w.cursor - w.height), true
	case key.Matches(msg, keys.PageDown):
		return w.to(w.cursor + w.height), true
	case key.Matches(msg, keys.HalfUp):
		return w.to(w.cursor - w.height/2), true
	case key.Matches(msg, keys.HalfDown):
		return w.to(w.cursor + w.height/2), true
	case key.Matches(msg, keys.Top):
		return w.to(0), true
	case key.Matches(msg, keys.Bottom):
		return w.to(w.n - 1), true
	}
	return w, false
}

// seen is the range of lines in view.
func (w window) seen() (from, to int) { return w.top, min(w.top+w.height, w.n) }

// draw gives the lines in view, the one under the cursor marked by a glyph and
// not by colour alone.
func (w window) draw(g look.Glyphs, line func(i int) look.Line) []look.Line {
	from, to := w.seen()
	lines := make([]look.Line, 0, to-from)
	for i := from; i < to; i++ {
		lines = append(lines, cursorLine(g, line(i), i == w.cursor))
	}
	return lines
}

// cursorLine puts the cursor column before a line.
func cursorLine(g look.Glyphs, l look.Line, here bool) look.Line {
	mark := look.Gap(1)
	if here {
		mark = look.S(look.Strong, g.Cursor)
	}
	return look.Line{Spans: append([]look.Span{mark}, l.Spans...), Selected: here}
}
