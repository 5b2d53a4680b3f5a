package widget

import (
	"slices"
	"sort"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
)

// lineCount returns the number of lines of r.
func (r Row) lineCount() int {
	if r.Draw != nil {
		return r.Height
	}
	return len(r.Lines)
}

// DrawnLines returns the lines of r.
func (r Row) DrawnLines() []look.Line {
	if r.Draw != nil {
		return r.Draw()
	}
	return r.Lines
}

// WithLines returns r with more lines under it.
func (r Row) WithLines(more []look.Line) Row {
	if r.Draw == nil {
		r.Lines = append(slices.Clone(r.Lines), more...)
		return r
	}
	draw := r.Draw
	r.Height += len(more)
	r.Draw = func() []look.Line { return append(slices.Clone(draw()), more...) }
	return r
}

// Sheet is a scrolling column of rows of different heights with a cursor.
type Sheet struct {
	rows   []Row
	starts []int // first line of each row, and at the end the number of lines
	height int
	Cursor int
	top    int // first visible line
}

// With replaces the rows. The cursor stays on the row with its ID, otherwise at its
// position. A cursor on the first row stays first, because new rows above it should be
// read first.
func (s Sheet) With(rows []Row, height int) Sheet {
	at, offset := s.cursorAmong(rows), s.offset()
	if at == 0 {
		offset = 0
	}
	s.rows, s.height = rows, max(height, 1)
	s.starts = make([]int, len(rows)+1)
	for i, r := range rows {
		s.starts[i+1] = s.starts[i] + r.lineCount()
	}
	s.Cursor = s.nearestSelectable(at, 1)
	if len(rows) > 0 { // the row of the cursor keeps its place on the screen
		s.top = s.starts[s.Cursor] - offset
	}
	return s.scrollToCursor()
}

// Sized returns s with another height.
func (s Sheet) Sized(height int) Sheet {
	s.height = max(height, 1)
	return s.scrollToCursor()
}

// cursorAmong returns the index among rows of the row under the cursor.
func (s Sheet) cursorAmong(rows []Row) int {
	switch {
	case s.Cursor >= len(s.rows) || s.AtFirst():
		return 0
	case s.Cursor < len(rows) && rows[s.Cursor].ID == s.rows[s.Cursor].ID:
		return s.Cursor
	}
	id := s.rows[s.Cursor].ID
	if i := slices.IndexFunc(rows, func(r Row) bool { return r.ID == id }); i >= 0 && id != "" {
		return i
	}
	return s.Cursor
}

// offset returns the distance of the cursor's row from the first visible line.
func (s Sheet) offset() int {
	if s.Cursor >= len(s.rows) {
		return 0
	}
	return s.starts[s.Cursor] - s.top
}

// nearestSelectable returns the row nearest to i that can take the cursor. It searches
// in direction dir first.
func (s Sheet) nearestSelectable(i, dir int) int {
	if len(s.rows) == 0 {
		return 0
	}
	i = max(min(i, len(s.rows)-1), 0)
	for _, d := range []int{dir, -dir} {
		for j := i; j >= 0 && j < len(s.rows); j += d {
			if !s.rows[j].Header {
				return j
			}
		}
	}
	return i
}

// AtFirst reports whether the cursor is on the first row that can take it.
func (s Sheet) AtFirst() bool { return s.Cursor == s.nearestSelectable(0, 1) }

// IsEmpty reports whether there are no rows.
func (s Sheet) IsEmpty() bool { return len(s.rows) == 0 }

// scrollToCursor scrolls so that the cursor's row is visible, completely if it fits.
func (s Sheet) scrollToCursor() Sheet {
	if len(s.rows) == 0 {
		s.top = 0
		return s
	}
	first, end := s.starts[s.Cursor], s.starts[s.Cursor+1]
	if end > s.top+s.height {
		s.top = end - s.height
	}
	if first < s.top {
		s.top = first
	}
	if s.AtFirst() && end <= s.height { // show the headings above the first row
		s.top = 0
	}
	s.top = max(min(s.top, s.starts[len(s.rows)]-s.height), 0)
	return s
}

// GoTo puts the cursor on the row with an ID, if there is one, and scrolls so that the
// rows around it are visible.
func (s Sheet) GoTo(id string) Sheet {
	i := slices.IndexFunc(s.rows, func(r Row) bool { return r.ID == id && !r.Header })
	if id == "" || i < 0 {
		return s
	}
	s.top = s.starts[i] - s.height/3
	return s.moveTo(i, 1)
}

func (s Sheet) moveTo(i, dir int) Sheet {
	s.Cursor = s.nearestSelectable(i, dir)
	return s.scrollToCursor()
}

// Move handles a key that moves the cursor.
func (s Sheet) Move(msg tea.KeyPressMsg) (Sheet, bool) {
	for _, scroll := range []struct {
		key   key.Binding
		lines int
	}{
		{page.Keys.PageUp, -s.height}, {page.Keys.PageDown, s.height},
		{page.Keys.HalfUp, -s.height / 2}, {page.Keys.HalfDown, s.height / 2},
	} {
		if key.Matches(msg, scroll.key) {
			return s.moveByLines(scroll.lines), true
		}
	}
	switch {
	case key.Matches(msg, page.Keys.Up):
		return s.moveTo(s.Cursor-1, -1), true
	case key.Matches(msg, page.Keys.Down):
		return s.moveTo(s.Cursor+1, 1), true
	case key.Matches(msg, page.Keys.Top):
		s = s.moveTo(0, 1)
		s.top = 0
		return s, true
	case key.Matches(msg, page.Keys.Bottom):
		return s.moveTo(len(s.rows)-1, -1), true
	}
	return s, false
}

// moveByLines moves the cursor and the view by lines.
func (s Sheet) moveByLines(lines int) Sheet {
	if len(s.rows) == 0 {
		return s
	}
	target := s.starts[s.Cursor] + lines
	i := sort.SearchInts(s.starts, target+1) - 1
	dir := 1
	if lines < 0 {
		dir = -1
	}
	if i == s.Cursor {
		i += dir
	}
	s.top = max(min(s.top+lines, s.starts[len(s.rows)]-s.height), 0)
	return s.moveTo(i, dir)
}

// NextDifference puts the cursor on the next row that differs, in direction dir.
func (s Sheet) NextDifference(dir int) (Sheet, bool) {
	for i := s.Cursor + dir; i >= 0 && i < len(s.rows); i += dir {
		if s.rows[i].Differs {
			return s.moveTo(i, dir), true
		}
	}
	return s, false
}

// Current returns the row under the cursor.
func (s Sheet) Current() (Row, bool) {
	if s.Cursor >= len(s.rows) || s.rows[s.Cursor].Header {
		return Row{}, false
	}
	return s.rows[s.Cursor], true
}

// Position returns the cursor's position among the rows that can take it, and their
// number.
func (s Sheet) Position() (at, of int) {
	for i, r := range s.rows {
		if r.Header {
			continue
		}
		of++
		if i <= s.Cursor {
			at++
		}
	}
	return at, of
}

// View draws the visible lines.
func (s Sheet) View(g look.Glyphs) []look.Line {
	var lines []look.Line
	i := max(sort.SearchInts(s.starts, s.top+1)-1, 0)
	for ; i < len(s.rows) && s.starts[i] < s.top+s.height; i++ {
		for j, l := range s.rows[i].DrawnLines() {
			if at := s.starts[i] + j; at < s.top || at >= s.top+s.height {
				continue
			}
			here := i == s.Cursor && !s.rows[i].Header
			lines = append(lines, gutterLine(g, l, here && j == 0, s.rows[i].Marked && j == 0))
		}
	}
	return lines
}

// gutterLine is cursorLine for sheets, which have a separate sign for evidence.
func gutterLine(g look.Glyphs, l look.Line, here, marked bool) look.Line {
	out := cursorLine(g, l, here)
	switch {
	case marked && here:
		out.Spans[0] = look.S(look.Strong, g.EvidenceHere)
	case marked:
		out.Spans[0] = look.S(look.Strong, g.Evidence)
	}
	return out
}
