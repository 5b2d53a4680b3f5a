package widget

import (
	"fmt"
	"testing"

	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
)

func TestQuery(t *testing.T) {
	for _, tt := range []struct{ query, text, want string }{
		{"run", "RUN make; run", "[[0 3] [10 13]]"},
		{"RUN", "RUN make; run", "[[0 3]]"},
		{"a.b", "aXb a.b", "[[4 7]]"}, // a point is a point
		{"", "text", "[]"},
		{"über", "Über", "[[0 5]]"},
		{"x", "text in x\xff", "[[2 3] [8 9]]"},
	} {
		if got := fmt.Sprint(NewQuery(tt.query).Find(tt.text)); got != tt.want {
			t.Errorf("%q in %q: %s, want %s", tt.query, tt.text, got, tt.want)
		}
	}
}

// TestWrapped: a match that begins in one line of a text and ends in the next is one match, marked in both.
func TestWrapped(t *testing.T) {
	f := page.Frame{Width: 30, Glyphs: look.Unicode()}
	text := safe.Clean("0123456789abcdefghij wo")
	s := Sheet{}.With(FieldRows(f, safe.Const("name"), text, look.Plain), 10)
	for query, want := range map[string][]string{
		"9abcdefg": {"9abcd", "efg"}, "0123": {"0123", ""}, "wo": {"", "wo"}, "ij wo": {"", "ij wo"}, "name": {"", ""},
	} {
		s = s.find(NewQuery(query))
		_, of := s.MatchPosition()
		if (of == 1) != (want[0]+want[1] != "") {
			t.Errorf("%q: %d matches", query, of)
		}
		for i, r := range s.rows[:2] {
			marked := ""
			for _, span := range r.marked(r.Lines[0], s.query).Spans {
				if span.Role == look.Match {
					marked += span.Text.String()
				}
			}
			if marked != want[i] {
				t.Errorf("%q marks %q in line %d, not %q", query, marked, i, want[i])
			}
		}
	}
}

// TestTextLines: the text for the pager is that of the rows, and a text that was broken into lines is one.
func TestTextLines(t *testing.T) {
	f := page.Frame{Width: 30, Glyphs: look.Unicode()}
	rows := append(FieldRows(f, safe.Const("name"), safe.Clean("one two three four five six seven"), look.Plain),
		Row{Lines: []look.Line{look.L(look.P(safe.Const("cut…")), look.Gap(4))}, Full: func() []safe.Text { return []safe.Text{safe.Const("cut off")} }},
		Row{Lines: []look.Line{look.L(look.P(safe.Const("as drawn")), look.Gap(4))}})
	want := []string{"name          one two three four five six seven", "cut off", "as drawn"}
	if got := fmt.Sprint(Sheet{}.With(rows, 10).TextLines()); got != fmt.Sprint(want) {
		t.Errorf("%s", got)
	}
}
