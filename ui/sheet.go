package ui

import (
	"slices"
	"sort"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// row is one thing on a sheet: its lines, and what can be done with it.
type row struct {
	id      string // keeps the cursor on the same thing when the sheet changes
	lines   []look.Line
	draw    func() []look.Line // in place of lines, for rows by the thousand
	height  int                // how many lines draw gives
	differs bool               // n and N stop here
	what    safe.Text          // what value is, in a word or two
	value   safe.Text          // the full value that y copies
	shell   safe.Text          // the command that c copies
	title   safe.Text          // of the detail
	detail  func(f frame) []row
	how     func(f frame) []row // how one knows: the page that w opens
	finding *diff.Finding       // enter goes to its evidence
	marked  bool                // evidence of the finding that one came from
	header  bool                // not a place for the cursor
}

// tall is how many lines r takes.
func (r row) tall() int {
	if r.draw != nil {
		return r.height
	}
	return len(r.lines)
}

// painted are r's lines.
func (r row) painted() []look.Line {
	if r.draw != nil {
		return r.draw()
	}
	return r.lines
}

// under is r with more lines under it.
func (r row) under(more []look.Line) row {
	if r.draw == nil {
		r.lines = append(slices.Clone(r.lines), more...)
		return r
	}
	draw := r.draw
	r.height += len(more)
	r.draw = func() []look.Line { return append(slices.Clone(draw()), more...) }
	return r
}

// sheet is a scrolling column of rows of different heights with a cursor.
type sheet struct {
	rows   []row
	starts []int // first line of each row, and the number of lines at the end
	height int
	cursor int
	top    int // first line in view
}

// with is s with other rows; the cursor stays on the row with its id, else at
// its place. A cursor that was never moved stays first: things that arrive
// above it are what is to be read first.
func (s sheet) with(rows []row, height int) sheet {
	at, offset := s.follow(rows), s.offset()
	if at == 0 {
		offset = 0
	}
	s.rows, s.height = rows, max(height, 1)
	s.starts = make([]int, len(rows)+1)
	for i, r := range rows {
		s.starts[i+1] = s.starts[i] + r.tall()
	}
	s.cursor = s.land(at, 1)
	if len(rows) > 0 { // the cursor's row stays where it is on the screen
		s.top = s.starts[s.cursor] - offset
	}
	return s.show()
}

// sized is s in another height.
func (s sheet) sized(height int) sheet {
	s.height = max(height, 1)
	return s.show()
}

// follow is the place among rows of the row under the cursor.
func (s sheet) follow(rows []row) int {
	switch {
	case s.cursor >= len(s.rows) || s.atFirst():
		return 0
	case s.cursor < len(rows) && rows[s.cursor].id == s.rows[s.cursor].id:
		return s.cursor
	}
	id := s.rows[s.cursor].id
	if i := slices.IndexFunc(rows, func(r row) bool { return r.id == id }); i >= 0 && id != "" {
		return i
	}
	return s.cursor
}

// offset is how far below the top the cursor's row begins.
func (s sheet) offset() int {
	if s.cursor >= len(s.rows) {
		return 0
	}
	return s.starts[s.cursor] - s.top
}

// land is the nearest row to i that can take the cursor, looking towards dir
// first.
func (s sheet) land(i, dir int) int {
	if len(s.rows) == 0 {
		return 0
	}
	i = max(min(i, len(s.rows)-1), 0)
	for _, d := range []int{dir, -dir} {
		for j := i; j >= 0 && j < len(s.rows); j += d {
			if !s.rows[j].header {
				return j
			}
		}
	}
	return i
}

// atFirst reports whether the cursor is on the first row that can take it.
func (s sheet) atFirst() bool { return s.cursor == s.land(0, 1) }

// isEmpty reports whether there are no rows.
func (s sheet) isEmpty() bool { return len(s.rows) == 0 }

// show scrolls so that the cursor's row is in view, whole if it fits.
func (s sheet) show() sheet {
	if len(s.rows) == 0 {
		s.top = 0
		return s
	}
	first, end := s.starts[s.cursor], s.starts[s.cursor+1]
	if end > s.top+s.height {
		s.top = end - s.height
	}
	if first < s.top {
		s.top = first
	}
	if s.atFirst() && end <= s.height { // headings above the first row
		s.top = 0
	}
	s.top = max(min(s.top, s.starts[len(s.rows)]-s.height), 0)
	return s
}

// at is s with the cursor on the row with an id, if there is one, and what is
// around it in view.
func (s sheet) at(id string) sheet {
	i := slices.IndexFunc(s.rows, func(r row) bool { return r.id == id && !r.header })
	if id == "" || i < 0 {
		return s
	}
	s.top = s.starts[i] - s.height/3
	return s.to(i, 1)
}

func (s sheet) to(i, dir int) sheet {
	s.cursor = s.land(i, dir)
	return s.show()
}

// move is s after a key, if it was one that moves.
func (s sheet) move(msg tea.KeyPressMsg) (sheet, bool) {
	switch {
	case key.Matches(msg, keys.Up):
		return s.to(s.cursor-1, -1), true
	case key.Matches(msg, keys.Down):
		return s.to(s.cursor+1, 1), true
	case key.Matches(msg, keys.PageUp):
		return s.jump(-s.height), true
	case key.Matches(msg, keys.PageDown):
		return s.jump(s.height), true
	case key.Matches(msg, keys.HalfUp):
		return s.jump(-s.height / 2), true
	case key.Matches(msg, keys.HalfDown):
		return s.jump(s.height / 2), true
	case key.Matches(msg, keys.Top):
		s = s.to(0, 1)
		s.top = 0
		return s, true
	case key.Matches(msg, keys.Bottom):
		return s.to(len(s.rows)-1, -1), true
	}
	return s, false
}

// jump moves the cursor and the view by lines.
func (s sheet) jump(lines int) sheet {
	if len(s.rows) == 0 {
		return s
	}
	want := s.starts[s.cursor] + lines
	i := sort.SearchInts(s.starts, want+1) - 1
	dir := 1
	if lines < 0 {
		dir = -1
	}
	if i == s.cursor {
		i += dir
	}
	s.top = max(min(s.top+lines, s.starts[len(s.rows)]-s.height), 0)
	return s.to(i, dir)
}

// next is s with the cursor on the next row that differs, in direction dir.
func (s sheet) next(dir int) (sheet, bool) {
	for i := s.cursor + dir; i >= 0 && i < len(s.rows); i += dir {
		if s.rows[i].differs {
			return s.to(i, dir), true
		}
	}
	return s, false
}

// current is the row under the cursor.
func (s sheet) current() (row, bool) {
	if s.cursor >= len(s.rows) || s.rows[s.cursor].header {
		return row{}, false
	}
	return s.rows[s.cursor], true
}

// place is the cursor's place among the rows that can take it, and how many
// there are.
func (s sheet) place() (at, of int) {
	for i, r := range s.rows {
		if r.header {
			continue
		}
		of++
		if i <= s.cursor {
			at++
		}
	}
	return at, of
}

// view draws the lines in view.
func (s sheet) view(g look.Glyphs) []look.Line {
	var lines []look.Line
	i := max(sort.SearchInts(s.starts, s.top+1)-1, 0)
	for ; i < len(s.rows) && s.starts[i] < s.top+s.height; i++ {
		for j, l := range s.rows[i].painted() {
			if at := s.starts[i] + j; at < s.top || at >= s.top+s.height {
				continue
			}
			here := i == s.cursor && !s.rows[i].header
			lines = append(lines, gutterLine(g, l, here && j == 0, s.rows[i].marked && j == 0))
		}
	}
	return lines
}

// gutterLine is cursorLine for sheets, where evidence has a sign of its own.
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
