package widget

import (
	"regexp"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
)

// Query is a text to search for. Text with upper case letters is case-sensitive. The zero
// Query finds nothing.
type Query struct{ expr *regexp.Regexp }

// NewQuery returns the query for a text.
func NewQuery(text string) Query {
	if text == "" {
		return Query{}
	}
	expr := regexp.QuoteMeta(strings.ToValidUTF8(text, "\ufffd"))
	if strings.ToLower(text) == text {
		expr = "(?i)" + expr
	}
	return Query{regexp.MustCompile(expr)}
}

// IsEmpty reports whether there is nothing to search for.
func (q Query) IsEmpty() bool { return q.expr == nil }

// Find returns the first and the last byte after each match in a text.
func (q Query) Find(text string) [][]int {
	if q.expr == nil {
		return nil
	}
	return q.expr.FindAllStringIndex(text, -1)
}

// Search is the search of a page with text: its line of input, and what to search for.
type Search struct {
	Open  bool // keys are text input of the search
	Query Query
	input Input
}

// searchLabel is before the text. The filter of a list has the same key and the same label.
var searchLabel = safe.Const("/")

// Active reports whether matches are marked.
func (s Search) Active() bool { return !s.Query.IsEmpty() }

// Update handles a message. handled is false if it is not for the search, changed is true if there is
// another text to search for.
func (s Search) Update(msg tea.Msg) (_ Search, changed, handled bool) {
	press, isKey := msg.(tea.KeyPressMsg)
	switch {
	case s.Open && isKey:
		return s.updateInput(press)
	case s.Open:
		return s.edited(msg), true, true
	case isKey && key.Matches(press, page.Keys.Filter):
		s.Open = true
		s.input = s.input.Selected()
		if !s.Active() {
			s.input = NewInput(searchLabel)
		}
		return s, false, true
	case isKey && s.Active() && key.Matches(press, page.Keys.Back):
		return Search{}, true, true
	}
	return s, false, false
}

// updateInput handles a key while the text is being typed. Keys that move the cursor are left to the
// document.
func (s Search) updateInput(press tea.KeyPressMsg) (_ Search, changed, handled bool) {
	switch press.String() {
	case "esc":
		return Search{}, true, true
	case "enter":
		s.Open = false
		return s, false, true
	case "up", "down", "pgup", "pgdown":
		return s, false, false
	}
	return s.edited(press), true, true
}

func (s Search) edited(msg tea.Msg) Search {
	s.input = s.input.Update(msg)
	s.Query = NewQuery(s.input.Value())
	return s
}

// Line returns the search as a line of the page, if it is in use: its text, and which of how many matches
// the cursor is on. at is 0 if it is on none.
func (s Search) Line(width, at, of int) (look.Line, bool) {
	if !s.Open && !s.Active() {
		return look.Line{}, false
	}
	l := look.L(look.S(look.Strong, searchLabel), look.Gap(1), look.P(safe.Clean(s.input.Value())))
	if s.Open {
		l = s.input.Line(width - 20)
	}
	count := safe.Const("   no match")
	switch {
	case !s.Active():
		count = safe.Text{}
	case at > 0:
		count = safe.Sprintf("   match %d of %d", at, of)
	case of > 0:
		count = safe.Sprintf("   %s", look.Count(of, safe.Const("match"), safe.Const("matches")))
	}
	return look.L(look.Gap(1)).With(l.Spans...).With(look.S(look.Faint, count)), true
}

// Hints returns the keys while the text is being typed or matches are marked. matches is the number of lines with a match.
func (s Search) Hints(matches int) []key.Binding {
	if s.Open {
		return []key.Binding{page.Describe(page.Keys.Open, "keep the search"), page.Describe(page.Keys.Back, "end it")}
	}
	if matches == 0 {
		return []key.Binding{page.Describe(page.Keys.Filter, "change the search"), page.Describe(page.Keys.Back, "end the search")}
	}
	return []key.Binding{page.Describe(page.Keys.Next, "next match"), page.Describe(page.Keys.Prev, "previous match"),
		page.Describe(page.Keys.Back, "end the search")}
}

// Document is a sheet that can be searched. The zero Document is empty.
type Document struct {
	Sheet
	Search Search
	origin int // the row from which the search started
}

// With replaces the rows, as Sheet.With.
func (d Document) With(rows []Row, height int) Document {
	d.Sheet = d.Sheet.With(rows, height-d.searchHeight()).find(d.Search.Query)
	return d
}

// Sized returns d with another height, which includes the line of the search.
func (d Document) Sized(height int) Document {
	d.Sheet = d.Sheet.Sized(height - d.searchHeight())
	return d
}

func (d Document) searchHeight() int {
	if d.Search.Open || d.Search.Active() {
		return 1
	}
	return 0
}

// Update handles a message: the keys of the search, those that go through its matches, those that move the
// cursor, and the mouse. handled is false for others.
func (d Document) Update(msg tea.Msg) (_ Document, effects page.Effects, handled bool) {
	if moved, ok := d.Mouse(msg); ok {
		return moved, nil, true
	}
	wasOpen := d.Search.Open
	search, changed, handled := d.Search.Update(msg)
	d.Search = search
	if search.Open && !wasOpen {
		d.origin = d.Cursor
	}
	if changed {
		d.Sheet = d.find(search.Query)
	}
	if changed && search.Open { // the end of the search keeps the place
		d.Sheet = d.toFirstMatch(d.origin)
	}
	press, isKey := msg.(tea.KeyPressMsg)
	switch {
	case handled || !isKey:
		return d, nil, handled
	case search.Active() && key.Matches(press, page.Keys.Next):
		d, effects = d.nextMatch(1)
		return d, effects, true
	case search.Active() && key.Matches(press, page.Keys.Prev):
		d, effects = d.nextMatch(-1)
		return d, effects, true
	}
	s, moved := d.Move(press)
	if moved {
		d.Sheet = s
	}
	return d, nil, moved
}

func (d Document) nextMatch(dir int) (Document, page.Effects) {
	s, found := d.NextMatch(dir)
	if !found {
		return d, page.Toast(safe.Const("no more matches in this direction"))
	}
	d.Sheet = s
	return d, nil
}

// SearchHints returns the keys of the search. ok is false if it is not in use.
func (d Document) SearchHints() (hints []key.Binding, ok bool) {
	if !d.Search.Open && !d.Search.Active() {
		return nil, false
	}
	_, matches := d.MatchPosition()
	return d.Search.Hints(matches), true
}

// View draws the line of the search, if it is in use, and the visible lines with the matches marked.
func (d Document) View(f page.Frame) []look.Line {
	var lines []look.Line
	at, of := d.MatchPosition()
	if l, ok := d.Search.Line(f.Width, at, of); ok {
		lines = append(lines, l)
	}
	return append(lines, d.Sheet.View(f.Glyphs)...)
}
