package widget

import (
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/ui/page"
)

// Mouse handles a click on a line and the wheel. handled is false for other messages.
func (w Window) Mouse(msg tea.Msg) (_ Window, handled bool) {
	switch msg := msg.(type) {
	case page.SelectMsg:
		return w.moveTo(msg.Row), true
	case page.ScrollMsg:
		return w.scrolled(msg.Lines), true
	}
	return w, false
}

// scrolled moves the view. The cursor stays on its line while that is in view.
func (w Window) scrolled(lines int) Window {
	w.top = max(min(w.top+lines, w.lines-w.height), 0)
	return w.moveTo(max(min(w.Cursor, w.top+w.height-1), w.top))
}

// Mouse handles a click on a row and the wheel. handled is false for other messages.
func (s Sheet) Mouse(msg tea.Msg) (_ Sheet, handled bool) {
	switch msg := msg.(type) {
	case page.SelectMsg:
		if msg.Row < len(s.rows) && !s.rows[msg.Row].Header {
			s = s.moveTo(msg.Row, 1)
		}
		return s, true
	case page.ScrollMsg:
		return s.scrolled(msg.Lines), true
	}
	return s, false
}

// scrolled moves the view. The cursor stays on its row while all of that is in view.
func (s Sheet) scrolled(lines int) Sheet {
	if len(s.rows) == 0 {
		return s
	}
	dir := 1
	if lines < 0 {
		dir = -1
	}
	target := max(min(s.top+lines, s.starts[len(s.rows)]-s.height), 0)
	out := s
	out.top = target
	out = out.scrollToCursor()
	for (target-out.top)*dir > 0 { // the cursor is outside the view and holds it back
		next := s.nearestSelectable(out.Cursor+dir, dir)
		if (next-out.Cursor)*dir <= 0 { // no row is left
			break
		}
		out.Cursor, out.top = next, target
		out = out.scrollToCursor()
	}
	if (out.top-s.top)*dir <= 0 {
		return s
	}
	return out
}

// Mouse handles a click on a row and the wheel. handled is false for other messages.
func (d Document) Mouse(msg tea.Msg) (_ Document, handled bool) {
	d.Sheet, handled = d.Sheet.Mouse(msg)
	return d, handled
}
