package widget

import (
	"slices"
	"sort"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model/safe"
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
	if full := r.Full; full != nil {
		r.Full = func() []safe.Text { return append(slices.Clone(full()), textsOf(more)...) }
	}
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
	rows    []Row
	starts  []int // first line of each row, and at the end the number of lines
	height  int
	Cursor  int
	top     int // first visible line
	query   Query
	matches []int // the rows that have the text of query
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
	return s.scrollToCursor().find(s.query)
}

// find marks the matches of a query.
func (s Sheet) find(q Query) Sheet {
	s.query, s.matches = q, nil
	if q.IsEmpty() {
		return s
	}
	for i, r := range s.rows {
		if r.matches(q) {
			s.matches = append(s.matches, i)
		}
	}
	return s
}

// matches reports whether a row has the text of a query. Of text that is broken into lines it is the row
// where the match begins.
func (r Row) matches(q Query) bool {
	if w := r.Wrapped; w != nil {
		return slices.ContainsFunc(q.Find(w.Whole.String()), func(m []int) bool { return m[0] >= w.From && m[0] < w.To })
	}
	return slices.ContainsFunc(r.FullLines(), func(t safe.Text) bool { return len(q.Find(t.String())) > 0 })
}

// FullLines returns the lines of a row with nothing cut off.
func (r Row) FullLines() []safe.Text {
	if r.Full != nil {
		return r.Full()
	}
	return textsOf(r.DrawnLines())
}

func textsOf(lines []look.Line) []safe.Text {
	texts := make([]safe.Text, len(lines))
	for i, l := range lines {
		texts[i] = l.Text()
	}
	return texts
}

// marked returns a line of a row with the matches of a query marked.
func (r Row) marked(l look.Line, q Query) look.Line {
	if q.IsEmpty() {
		return l
	}
	w := r.Wrapped
	if w == nil {
		return l.Marked(look.Match, q.Find(l.Text().String()))
	}
	lead := len(l.Text().String()) - (w.To - w.From)
	var here [][]int
	for _, m := range q.Find(w.Whole.String()) {
		if from, to := max(m[0], w.From), min(m[1], w.To); from < to {
			here = append(here, []int{lead + from - w.From, lead + to - w.From})
		}
	}
	return l.Marked(look.Match, here)
}

// toFirstMatch puts the cursor on the first match from a row on, or on the first one of all. Without a
// match the cursor is on the row.
func (s Sheet) toFirstMatch(row int) Sheet {
	to := row
	if len(s.matches) > 0 {
		at, _ := slices.BinarySearch(s.matches, row)
		to = s.matches[at%len(s.matches)]
	}
	return s.centeredOn(to)
}

// NextMatch puts the cursor on the next row with a match in direction dir.
func (s Sheet) NextMatch(dir int) (Sheet, bool) {
	at, on := slices.BinarySearch(s.matches, s.Cursor)
	if dir < 0 {
		at--
	} else if on {
		at++
	}
	if at < 0 || at >= len(s.matches) {
		return s, false
	}
	return s.centeredOn(s.matches[at]), true
}

// MatchPosition returns which match the cursor is on, 0 if on none, and the number of rows with a match.
func (s Sheet) MatchPosition() (at, of int) {
	if i, on := slices.BinarySearch(s.matches, s.Cursor); on {
		at = i + 1
	}
	return at, len(s.matches)
}

// centeredOn puts the cursor on a row, also on one that it skips otherwise. If the row is not visible it
// comes to the upper third.
func (s Sheet) centeredOn(i int) Sheet {
	if i >= len(s.rows) {
		return s
	}
	if s.starts[i] < s.top || s.starts[i+1] > s.top+s.height {
		s.top = s.starts[i] - s.height/3
	}
	s.Cursor = i
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
	if s.rows[s.Cursor].WithNext && s.Cursor+1 < len(s.rows) {
		end = s.starts[s.Cursor+2]
	}
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

// GoToBest puts the cursor on the row that matches a filter best, the first of equals: by its title,
// its value or a word of its first line.
func (s Sheet) GoToBest(f Filter) Sheet {
	best, rank := -1, 0
	for i, r := range s.rows {
		if r.Header {
			continue
		}
		names := []string{r.Title.String(), r.Value.String(), r.Sides[0].String(), r.Sides[1].String()}
		if lines := r.DrawnLines(); len(lines) > 0 {
			names = append(names, strings.Fields(lines[0].Text().String())...)
		}
		if n := f.Rank(names[f.Best(names)]); best < 0 || n < rank {
			best, rank = i, n
		}
	}
	if best < 0 {
		return s
	}
	return s.moveTo(best, 1)
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

// NextPage puts the cursor on the next row that differs and opens a page, in direction dir.
func (s Sheet) NextPage(dir int) (Sheet, bool) {
	for i := s.Cursor + dir; i >= 0 && i < len(s.rows); i += dir {
		if r := s.rows[i]; r.Differs && r.Finding == nil && (r.Open != nil || r.Detail != nil) {
			return s.moveTo(i, dir), true
		}
	}
	return s, false
}

// ToDifference puts the cursor on the first row that differs, or the last one. Without such a row it stays.
func (s Sheet) ToDifference(last bool) Sheet {
	at := slices.IndexFunc(s.rows, func(r Row) bool { return r.Differs })
	if at < 0 {
		return s
	}
	if last {
		for i, r := range s.rows {
			if r.Differs {
				at = i
			}
		}
	}
	return s.centeredOn(at)
}

// TextLines returns the lines of all rows with nothing cut off. A text that is broken into rows is one line.
func (s Sheet) TextLines() []safe.Text {
	var lines []safe.Text
	for _, r := range s.rows {
		if w := r.Wrapped; w != nil {
			if w.From > 0 {
				continue
			}
			line := r.Lines[0].Text()
			lines = append(lines, safe.Concat(line.Slice(0, len(line.String())-w.To), w.Whole))
			continue
		}
		for _, t := range r.FullLines() {
			lines = append(lines, t.Slice(0, len(strings.TrimRight(t.String(), " "))))
		}
	}
	return lines
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
			l = gutterLine(g, s.rows[i].marked(l, s.query), here && j == 0, s.rows[i].Marked && j == 0)
			if !s.rows[i].Header {
				l.Row = i + 1
			}
			lines = append(lines, l)
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
