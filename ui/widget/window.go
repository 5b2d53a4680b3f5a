// Package widget contains the parts of pages: windows and sheets of rows with a cursor,
// lists of names, the filter, the input, and the detail of a row. It does not know about
// images and tags.
package widget

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
)

// Window is a cursor over n lines, of which height are visible. It does not hold the
// lines, so its work does not grow with their number.
type Window struct {
	lines, height int
	Cursor, top   int
}

// Sized sets the number of lines and the height. The cursor stays inside and visible.
func (w Window) Sized(n, height int) Window {
	w.lines, w.height = n, max(height, 1)
	return w.moveTo(w.Cursor)
}

// moveTo moves the cursor to line i and scrolls no more than needed.
func (w Window) moveTo(i int) Window {
	w.Cursor = max(min(i, w.lines-1), 0)
	w.top = max(min(w.top, w.Cursor), w.Cursor-w.height+1, 0)
	w.top = min(w.top, max(w.lines-w.height, 0))
	return w
}

// Move handles a key that moves the cursor. A page is the height of the window.
func (w Window) Move(msg tea.KeyPressMsg) (Window, bool) { return w.MoveByPages(msg, w.height) }

// MoveByPages is Move with another height of a page.
func (w Window) MoveByPages(msg tea.KeyPressMsg, height int) (Window, bool) {
	for _, move := range []struct {
		key key.Binding
		to  int
	}{
		{page.Keys.Up, w.Cursor - 1}, {page.Keys.Down, w.Cursor + 1},
		{page.Keys.PageUp, w.Cursor - height}, {page.Keys.PageDown, w.Cursor + height},
		{page.Keys.HalfUp, w.Cursor - height/2}, {page.Keys.HalfDown, w.Cursor + height/2},
		{page.Keys.Top, 0}, {page.Keys.Bottom, w.lines - 1},
	} {
		if key.Matches(msg, move.key) {
			return w.moveTo(move.to), true
		}
	}
	return w, false
}

// Visible returns the range of visible lines.
func (w Window) Visible() (from, to int) { return w.top, min(w.top+w.height, w.lines) }

// draw returns the visible lines. The cursor has a glyph, so that it is visible without
// color.
func (w Window) draw(g look.Glyphs, line func(i int) look.Line) []look.Line {
	from, to := w.Visible()
	lines := make([]look.Line, 0, to-from)
	for i := from; i < to; i++ {
		l := cursorLine(g, line(i), i == w.Cursor)
		l.Row = i + 1
		lines = append(lines, l)
	}
	return lines
}

// cursorLine returns l with the cursor column before it.
func cursorLine(g look.Glyphs, l look.Line, here bool) look.Line {
	mark := look.Gap(1)
	if here {
		mark = look.S(look.Strong, g.Cursor)
	}
	return look.Line{Spans: append([]look.Span{mark}, l.Spans...), Selected: here}
}
