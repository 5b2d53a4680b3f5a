package report

import (
	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// Widths in cells. Terminals, mails and tickets show lines of textWidth without breaking
// them. Notes at the end of rows and commands may be longer.
const (
	textWidth        = 100
	severityWidth    = 9
	expectedWidth    = 20
	platformWidth    = 24
	stepWidth        = 4
	layerWidth       = 14
	instructionWidth = 44            // between the columns of two sides
	leadWidth        = stepWidth + 4 // mark and number before an instruction
)

// textWriter lays out a report as plain text.
type textWriter struct{ report }

func (t textWriter) expectation(headline safe.Text, platforms []entry) {
	t.wrapped(safe.Text{}, headline)
	for _, p := range platforms {
		t.line(safe.Const("  "), t.g.Fit(p.name, expectedWidth), safe.Const(" "), p.text)
	}
	t.line()
}

func (t textWriter) verdict(headline, trust, because safe.Text) {
	t.wrapped(safe.Text{}, safe.Concat(headline, inBrackets(trust)))
	t.wrapped(safe.Text{}, because)
	t.line()
}

// wrapped prints text behind a lead. Continuation lines are indented to the width of the
// lead.
func (t textWriter) wrapped(lead, text safe.Text) {
	if text.IsEmpty() {
		return
	}
	indent := look.Width(lead)
	for _, l := range look.Wrap([]look.Span{look.P(text)}, textWidth-indent) {
		t.line(lead, l.Text())
		lead = blanks(indent)
	}
}

func blanks(n int) safe.Text { return safe.Const(" ").Repeat(n) }

func (t textWriter) sides(sides []side) {
	for _, s := range sides {
		lead := safe.Concat(s.letter, safe.Const("  "))
		if len(sides) == 1 {
			lead = safe.Text{}
		}
		t.line(lead, s.ref, safe.Sprintf("  (%s)", s.kind))
		t.line(blanks(look.Width(lead)), s.digest)
	}
}

func (t textWriter) heading(title safe.Text) {
	t.line()
	t.line(title)
}

func (t textWriter) finding(f platformFinding) {
	indent := blanks(severityWidth)
	t.findingText(t.g.Fit(severity(f.Finding), severityWidth), f)
	if !f.Next.IsEmpty() {
		t.wrapped(safe.Sprintf("%s%s ", indent, t.g.Arrow), f.Next)
	}
	if !f.Command.IsEmpty() { // on one line, to be copied
		t.line(indent, safe.Const("$ "), f.Command)
	}
	for _, x := range f.consequences {
		t.findingText(safe.Sprintf("%s%s ", indent, t.g.Note), x)
	}
}

func (t textWriter) findingText(lead safe.Text, f platformFinding) {
	text := f.Text
	if !f.where.IsEmpty() {
		text = safe.Sprintf("%s: %s", f.where, text)
	}
	t.wrapped(lead, safe.Sprintf("%s (%s %s, %s)", text, f.ID, f.Name, string(f.Trust)))
}

// proofs prints nothing: proofs contain full digests and long commands.
func (t textWriter) proofs([]proof) {}

func (t textWriter) platforms(platforms []entry) {
	for _, p := range platforms {
		t.line(t.g.Fit(p.name, platformWidth), safe.Const(" "), p.text)
	}
}

func (t textWriter) paragraph(text safe.Text) {
	t.line()
	t.wrapped(safe.Text{}, text)
}

func (t textWriter) steps(p diff.Pair, columns []safe.Text) {
	if t.c.B != nil && len(t.c.Pairs) > 1 {
		t.line()
		t.wrapped(safe.Text{}, safe.Sprintf("%s: %s", platformName(p), headline(p.Verdict)))
		t.wrapped(safe.Text{}, p.Verdict.Because)
	} else {
		t.heading(platformName(p))
	}
	width := instructionWidth
	if len(columns) == 1 {
		width += layerWidth // of the other side
	}
	t.row(safe.Const(" "), safe.Const("step"), t.g.Fit(safe.Const("instruction"), width), columns, safe.Text{})
	boundary, base, ok := p.Boundary()
	for i, r := range p.Rows {
		if ok && i == boundary {
			t.line(blanks(leadWidth), safe.Sprintf("above this line: %s", base.Text()))
		}
		t.step(r, width)
	}
}

func (t textWriter) row(mark, number, instruction safe.Text, layers []safe.Text, note safe.Text) {
	line := []safe.Text{mark, safe.Const(" "), t.g.Right(number, stepWidth), safe.Const("  "), instruction}
	for _, l := range layers {
		line = append(line, safe.Const(" "), t.g.Fit(l, layerWidth))
	}
	t.line(append(line, safe.Const(" "), note)...)
}

// step prints a step. Instructions that differ are printed in full, on several lines; others
// are cut to one line.
func (t textWriter) step(r diff.Row, width int) {
	lines := t.instructions(r)
	switch {
	case len(lines) == 2:
		lines = append(wrapTo(safe.Concat(safe.Const("A: "), lines[0]), width),
			wrapTo(safe.Concat(safe.Const("B: "), lines[1]), textWidth-leadWidth)...)
	case r.Differs():
		lines = wrapTo(lines[0], width)
	}
	var layers []safe.Text
	for _, s := range t.layers(r) {
		layers = append(layers, t.layer(s))
	}
	t.row(t.g.Mark(r.Class), stepNumber(r), t.g.Fit(lines[0], width), layers, rowNote(r))
	for _, more := range lines[1:] {
		t.line(blanks(leadWidth), more)
	}
}

// wrapTo breaks text into lines: the first at most width cells wide, the others as wide as
// the report.
func wrapTo(text safe.Text, width int) []safe.Text {
	first := look.Wrap([]look.Span{look.P(text)}, width)[0].Text()
	lines := []safe.Text{first}
	rest := text.Slice(len(first.String()), len(text.String()))
	if rest.IsEmpty() {
		return lines
	}
	for _, l := range look.Wrap([]look.Span{look.P(rest)}, textWidth-leadWidth) {
		lines = append(lines, l.Text())
	}
	return lines
}

func (t textWriter) layer(s *model.Step) safe.Text {
	switch {
	case s == nil:
		return safe.Text{}
	case !s.HasLayer:
		return t.g.Nothing
	case s.Empty:
		return safe.Sprintf("%s %s", look.Short(s.Layer.Digest), t.g.Empty)
	}
	return look.Short(s.Layer.Digest)
}
