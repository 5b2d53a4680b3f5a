// Package look is how the screens look: lines of text with roles, glyphs, formats
// of digests, sizes and dates, and the theme that turns lines into styled strings.
// It has no keys and no state.
package look

import (
	"slices"

	"github.com/clipperhouse/displaywidth"

	"github.com/tagdiff/tagdiff/model/safe"
)

// Span is text in one role. Only safe text can be drawn.
type Span struct {
	Text safe.Text
	Role Role
}

// Line is one line of the screen. Pages give lines; styles come last.
type Line struct {
	Spans    []Span
	Selected bool // the cursor is here
}

// L is a line of spans.
func L(spans ...Span) Line { return Line{Spans: spans} }

// S is a span in a role.
func S(role Role, t safe.Text) Span { return Span{Text: t, Role: role} }

// P is a plain span.
func P(t safe.Text) Span { return Span{Text: t} }

// Gap is n blanks.
func Gap(n int) Span { return Span{Text: safe.Const(" ").Repeat(n)} }

// With is l with more spans at its end.
func (l Line) With(spans ...Span) Line {
	l.Spans = append(slices.Clip(l.Spans), spans...)
	return l
}

// Width is how many cells l takes.
func (l Line) Width() int {
	n := 0
	for _, s := range l.Spans {
		n += Width(s.Text)
	}
	return n
}

// Text is the text of l without roles.
func (l Line) Text() safe.Text {
	parts := make([]safe.Text, len(l.Spans))
	for i, s := range l.Spans {
		parts[i] = s.Text
	}
	return safe.Concat(parts...)
}

// To is l cut or padded to exactly width cells, with tail where it was cut.
func (l Line) To(width int, tail safe.Text) Line {
	if n := l.Width(); n <= width {
		if n < width {
			l = l.With(Gap(width - n))
		}
		return l
	}
	room := max(width-Width(tail), 0)
	out := Line{Selected: l.Selected}
	for _, s := range l.Spans {
		n := Width(s.Text)
		if n > room {
			head, _ := Cut(s.Text, room)
			out.Spans = append(out.Spans, Span{head, s.Role})
			break
		}
		out.Spans = append(out.Spans, s)
		room -= n
	}
	out.Spans = append(out.Spans, S(Faint, tail))
	if n := out.Width(); n < width {
		out = out.With(Gap(width - n))
	} else if n > width { // a tail wider than the line
		return Line{Spans: []Span{Gap(width)}, Selected: l.Selected}
	}
	return out
}

// From is l without its first n cells: what sideways scrolling leaves.
func (l Line) From(n int) Line {
	out := Line{Selected: l.Selected}
	for _, s := range l.Spans {
		w := Width(s.Text)
		if n >= w {
			n -= w
			continue
		}
		head, rest := Cut(s.Text, n)
		if d := n - Width(head); d > 0 { // a wide character straddles the edge
			_, rest = Cut(s.Text, n+1)
			out.Spans = append(out.Spans, Gap(1))
		}
		out.Spans = append(out.Spans, Span{rest, s.Role})
		n = 0
	}
	return out
}

// Width is how many terminal cells t takes.
func Width(t safe.Text) int { return displaywidth.String(t.String()) }

// Cut splits t so that the head is at most width cells, between graphemes.
func Cut(t safe.Text, width int) (head, rest safe.Text) {
	s := t.String()
	used, at := 0, 0
	for g := displaywidth.StringGraphemes(s); g.Next(); {
		if used+g.Width() > width {
			return t.Slice(0, at), t.Slice(at, len(s))
		}
		used += g.Width()
		at += len(g.Value())
	}
	return t, safe.Text{}
}

// Fit is t cut or padded to exactly width cells.
func (g Glyphs) Fit(t safe.Text, width int) safe.Text {
	return L(P(t)).To(width, g.Ellipsis).Text()
}

// Right is t at the right edge of width cells.
func (g Glyphs) Right(t safe.Text, width int) safe.Text {
	if n := Width(t); n < width {
		return safe.Concat(safe.Const(" ").Repeat(width-n), t)
	}
	return g.Fit(t, width)
}

// Wrap breaks spans into lines of at most width cells, at blanks where there
// are some. Nothing is lost: the pieces joined are the text again. The work is
// linear, since a registry may send a line of megabytes.
func Wrap(spans []Span, width int) []Line {
	all := L(spans...)
	var lines []Line
	line, i, passed := Line{}, 0, 0
	for _, at := range lineEnds(all.Text().String(), max(width, 1)) {
		for at > passed {
			rest := spans[i].Text
			n := min(len(rest.String()), at-passed)
			line.Spans = append(line.Spans, Span{rest.Slice(0, n), spans[i].Role})
			passed += n
			if n == len(rest.String()) {
				i++
				continue
			}
			spans = append([]Span{{rest.Slice(n, len(rest.String())), spans[i].Role}}, spans[i+1:]...)
			i = 0
		}
		lines, line = append(lines, line), Line{}
	}
	return lines
}

// lineEnds are the byte offsets at which the lines of s end, the last one its
// length. A line ends after the last blank that fits, unless that leaves less
// than half of it.
func lineEnds(s string, width int) []int {
	var ends []int
	start, at, used := 0, 0, 0
	blank, usedAtBlank := 0, 0
	for g := displaywidth.StringGraphemes(s); g.Next(); {
		w := g.Width()
		if used+w > width && at > start {
			cut, left := at, 0
			if (blank-start)*2 >= at-start && blank > start {
				cut, left = blank, used-usedAtBlank
			}
			ends = append(ends, cut)
			start, used, blank = cut, left, 0
		}
		at += len(g.Value())
		used += w
		if g.Value() == " " {
			blank, usedAtBlank = at, used
		}
	}
	return append(ends, len(s))
}

// split cuts l at a byte offset of its text, which must be between graphemes.
func (l Line) split(at int) (head, tail Line) {
	for _, s := range l.Spans {
		n := len(s.Text.String())
		switch {
		case at >= n:
			head.Spans = append(head.Spans, s)
		case at <= 0:
			tail.Spans = append(tail.Spans, s)
		default:
			head.Spans = append(head.Spans, Span{s.Text.Slice(0, at), s.Role})
			tail.Spans = append(tail.Spans, Span{s.Text.Slice(at, n), s.Role})
		}
		at -= n
	}
	return head, tail
}
