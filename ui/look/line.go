// Package look is the visual layer of the screens: lines of text with roles, glyphs,
// formats of digests, sizes and dates, and the theme that turns lines into styled
// strings. It has no keys and no state.
package look

import (
	"slices"
	"strings"

	"github.com/clipperhouse/displaywidth"

	"github.com/tagdiff/tagdiff/model/safe"
)

// Span is text in one role. Only safe text can be drawn.
type Span struct {
	Text safe.Text
	Role Role
	Key  string // name of the key that a click on the text presses, "" for none
}

// slice returns the part of s between two byte offsets of its text.
func (s Span) slice(from, to int) Span {
	s.Text = s.Text.Slice(from, to)
	return s
}

// withText returns s with a part of its text.
func (s Span) withText(t safe.Text) Span {
	s.Text = t
	return s
}

// Line is one line of the screen. Pages return lines; the theme adds the styles.
type Line struct {
	Spans    []Span
	Selected bool // the cursor is on this line
	Row      int  // number, from 1, of the row of a list that the line belongs to; 0 for other lines
}

// L returns a line of spans.
func L(spans ...Span) Line { return Line{Spans: spans} }

// S returns a span in a role.
func S(role Role, t safe.Text) Span { return Span{Text: t, Role: role} }

// P returns a plain span.
func P(t safe.Text) Span { return Span{Text: t} }

// Gap returns n blanks.
func Gap(n int) Span { return Span{Text: safe.Const(" ").Repeat(n)} }

// Pressing returns spans that press a key when they are clicked. key is a name as in a key binding.
func Pressing(key string, spans ...Span) []Span {
	out := slices.Clone(spans)
	for i := range out {
		out[i].Key = key
	}
	return out
}

// KeyAt returns the name of the key that a click on cell x of l presses, "" for none. x counts from 0.
func (l Line) KeyAt(x int) string {
	for _, s := range l.Spans {
		w := Width(s.Text)
		if x < w {
			return s.Key
		}
		x -= w
	}
	return ""
}

// With returns l with more spans at its end.
func (l Line) With(spans ...Span) Line {
	l.Spans = append(slices.Clip(l.Spans), spans...)
	return l
}

// Width returns the width of l in cells.
func (l Line) Width() int {
	n := 0
	for _, s := range l.Spans {
		n += Width(s.Text)
	}
	return n
}

// Text returns the text of l without roles.
func (l Line) Text() safe.Text {
	parts := make([]safe.Text, len(l.Spans))
	for i, s := range l.Spans {
		parts[i] = s.Text
	}
	return safe.Concat(parts...)
}

// To returns l cut or padded to exactly width cells. A cut line ends in tail.
func (l Line) To(width int, tail safe.Text) Line {
	if n := l.Width(); n <= width {
		if n < width {
			l = l.With(Gap(width - n))
		}
		return l
	}
	room := max(width-Width(tail), 0)
	out := Line{Selected: l.Selected, Row: l.Row}
	for _, s := range l.Spans {
		n := Width(s.Text)
		if n > room {
			head, _ := Cut(s.Text, room)
			head = head.Slice(0, safe.EscapeStart(s.Text.String(), len(head.String())))
			out.Spans = append(out.Spans, s.withText(head))
			break
		}
		out.Spans = append(out.Spans, s)
		room -= n
	}
	out.Spans = append(out.Spans, S(Faint, tail))
	if n := out.Width(); n < width {
		out = out.With(Gap(width - n))
	} else if n > width { // the tail is wider than the line
		return Line{Spans: []Span{Gap(width)}, Selected: l.Selected, Row: l.Row}
	}
	return out
}

// From returns l without its first n cells, for horizontal scrolling.
func (l Line) From(n int) Line {
	out := Line{Selected: l.Selected, Row: l.Row}
	for _, s := range l.Spans {
		w := Width(s.Text)
		if n >= w {
			n -= w
			continue
		}
		head, rest := Cut(s.Text, n)
		if d := n - Width(head); d > 0 { // a wide character crosses the edge
			_, rest = Cut(s.Text, n+1)
			out.Spans = append(out.Spans, Gap(1))
		}
		out.Spans = append(out.Spans, s.withText(rest))
		n = 0
	}
	return out
}

// Width returns the width of t in terminal cells.
func Width(t safe.Text) int { return displaywidth.String(t.String()) }

// Cut splits t between graphemes, so that head is at most width cells wide.
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

// Fit returns t cut or padded to exactly width cells.
func (g Glyphs) Fit(t safe.Text, width int) safe.Text {
	return L(P(t)).To(width, g.Ellipsis).Text()
}

// FitEnd is Fit, but cuts on the left.
func (g Glyphs) FitEnd(t safe.Text, width int) safe.Text {
	over := Width(t) - width
	if over <= 0 || width < 1 {
		return g.Fit(t, width)
	}
	return g.Fit(safe.Concat(g.Ellipsis, L(P(t)).From(over+Width(g.Ellipsis)).Text()), width)
}

// FitMiddle is Fit, but cuts in the middle: both ends of a path tell it from others.
func (g Glyphs) FitMiddle(t safe.Text, width int) safe.Text {
	over := Width(t) - width
	if over <= 0 || width < 3 {
		return g.Fit(t, width)
	}
	tail := (width - Width(g.Ellipsis)) * 2 / 3 // the name of the file is at the end
	head, _ := Cut(t, width-Width(g.Ellipsis)-tail)
	return g.Fit(safe.Concat(head, g.Ellipsis, L(P(t)).From(Width(t)-tail).Text()), width)
}

// Right returns t aligned to the right in width cells.
func (g Glyphs) Right(t safe.Text, width int) safe.Text {
	if n := Width(t); n < width {
		return safe.Concat(safe.Const(" ").Repeat(width-n), t)
	}
	return g.Fit(t, width)
}

// Wrap breaks spans into lines of at most width cells, at blanks if possible. It keeps
// all text: the lines joined are the input. The work is linear, because a registry can
// send a line of megabytes.
func Wrap(spans []Span, width int) []Line {
	all := L(spans...)
	var lines []Line
	line, i, used := Line{}, 0, 0
	for _, at := range lineEnds(all.Text().String(), max(width, 1)) {
		for at > used {
			rest := spans[i]
			length := len(rest.Text.String())
			n := min(length, at-used)
			line.Spans = append(line.Spans, rest.slice(0, n))
			used += n
			if n == length {
				i++
				continue
			}
			spans = append([]Span{rest.slice(n, length)}, spans[i+1:]...)
			i = 0
		}
		lines, line = append(lines, line), Line{}
	}
	return lines
}

// Hanging is Wrap with a lead before the first line. The other lines are indented to the
// width of the lead; width is that of the text beside it. A blank after a full line is left out.
func Hanging(lead Line, width int, text ...Span) []Line {
	lines := Wrap(text, width)
	for i, l := range lines {
		if i > 0 && strings.HasPrefix(l.Text().String(), " ") {
			l = l.From(1)
		}
		lines[i] = lead.With(l.Spans...)
		lead = L(Gap(lead.Width()))
	}
	return lines
}

// Paragraph breaks a text into lines of at most width cells, with a blank at both sides.
func Paragraph(role Role, t safe.Text, width int) []Line {
	return Hanging(L(Gap(1)), width-2, S(role, t))
}

// lineEnds returns the byte offsets of the line ends of s; the last one is its length. A
// line ends after the last blank that fits, unless the line would be less than half
// full and the word after it is wider than a line. A bracket that closes stays with its word.
func lineEnds(s string, width int) []int {
	var ends []int
	start, at, used := 0, 0, 0
	blank, usedAtBlank := 0, 0
	for g := displaywidth.StringGraphemes(s); g.Next(); {
		w := g.Width()
		if used+w > width && at > start {
			cut, left := at, 0
			if blank > start && ((blank-start)*2 >= at-start || closesWord(s[at:]) || s[at] != ' ' && wordFits(s[blank:], width)) {
				cut, left = blank, used-usedAtBlank
			} else if escape := safe.EscapeStart(s, at); escape > start {
				cut, left = escape, at-escape // an escape is ASCII: a cell for each byte
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

// wordFits reports whether the first word of a text is at most width cells wide. It reads no more
// than that.
func wordFits(s string, width int) bool {
	used := 0
	for g := displaywidth.StringGraphemes(s); g.Next() && g.Value() != " "; {
		if used += g.Width(); used > width {
			return false
		}
	}
	return true
}

// closesWord reports whether a text begins with the brackets and punctuation that end a word.
func closesWord(s string) bool {
	const most, closing = 4, ")]},.;:…"
	rest := strings.TrimLeft(s[:min(len(s), most)], closing)
	return strings.IndexAny(s, closing) == 0 && (rest == "" || rest[0] == ' ')
}

// Marked returns l with parts of its text in a role. Each part is the range from one byte to another; they
// are in order. A range is widened to whole graphemes, since a terminal draws a letter with its accents in
// one style.
func (l Line) Marked(role Role, ranges [][]int) Line {
	if len(ranges) == 0 {
		return l
	}
	out, rest, at := Line{Selected: l.Selected}, l, 0
	text := l.Text().String()
	for _, r := range ranges {
		from, to := graphemes(text, r[0], r[1])
		if from = max(from, at); to <= from {
			continue
		}
		var before, part Line
		before, rest = rest.split(from - at)
		part, rest = rest.split(to - from)
		out = out.With(before.Spans...).With(S(role, part.Text()))
		at = to
	}
	return out.With(rest.Spans...)
}

// graphemes widens a range of bytes to whole graphemes.
func graphemes(s string, from, to int) (first, end int) {
	at := 0
	first, end = from, to
	for g := displaywidth.StringGraphemes(s); g.Next() && at < to; {
		next := at + len(g.Value())
		if at <= from && from < next {
			first = at
		}
		at, end = next, next
	}
	return first, end
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
			head.Spans = append(head.Spans, s.slice(0, at))
			tail.Spans = append(tail.Spans, s.slice(at, n))
		}
		at -= n
	}
	return head, tail
}
