package report

import (
	"cmp"
	"strings"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// Widths in cells. Terminals, mails and tickets show lines of textWidth without breaking
// them. Notes at the end of rows and commands may be longer.
const (
	textWidth        = 80
	severityWidth    = 9
	expectedWidth    = 20
	platformWidth    = 24
	stepWidth        = 5
	layerWidth       = 14
	instructionWidth = 27            // beside the layers of two sides
	leadWidth        = stepWidth + 4 // mark and number before an instruction
	excerptLength    = 130           // of an instruction that differs: about two lines
	fileIndent       = 4             // mark before a file
	pathWidth        = 44            // of paths in a column
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

func (t textWriter) verdict(headline, trust, because, code safe.Text) {
	t.wrapped(safe.Text{}, safe.Concat(headline, inBrackets(trust)))
	t.wrapped(safe.Text{}, because)
	if !code.IsEmpty() {
		t.line(safe.Const("Code: "), code, codeNote(code))
	}
	t.line()
}

// wrapped prints text behind a lead. Continuation lines are indented to the width of the
// lead.
func (t textWriter) wrapped(lead, text safe.Text) {
	if text.IsEmpty() {
		return
	}
	for _, l := range look.Hanging(look.L(look.P(lead)), textWidth-look.Width(lead), look.P(text)) {
		t.line(l.Text())
	}
}

func blanks(n int) safe.Text { return safe.Const(" ").Repeat(n) }

func (t textWriter) sides(sides []side) {
	for _, s := range sides {
		lead := safe.Concat(s.letter, safe.Const("  "))
		if len(sides) == 1 {
			lead = safe.Text{}
		}
		about := s.kind
		if !s.created.IsEmpty() {
			about = safe.Sprintf("%s, created %s", s.kind, s.created)
		}
		t.line(lead, s.ref, safe.Sprintf("  (%s)", about))
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
	if next := t.o.next(f.Finding); !next.IsEmpty() {
		t.wrapped(safe.Sprintf("%s%s ", indent, t.g.Arrow), next)
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
	const widest = 42 // a platform with a variant and two digests
	width := platformWidth
	for _, p := range platforms {
		width = max(width, min(look.Width(p.name), widest))
	}
	for _, p := range platforms {
		t.wrapped(safe.Concat(t.g.Fit(p.name, width), safe.Const(" ")), p.text)
	}
}

func (t textWriter) paragraph(text safe.Text) {
	t.line()
	t.wrapped(safe.Text{}, text)
}

func (t textWriter) steps(table stepTable, columns []safe.Text) {
	p := table.pair
	if t.c.B != nil && len(t.c.Pairs) > len(table.others)+1 {
		t.line()
		t.wrapped(safe.Text{}, safe.Sprintf("%s: %s", table.heading(), headline(p.Verdict)))
		t.wrapped(safe.Text{}, p.Verdict.Because)
	} else {
		t.heading(table.heading())
	}
	width := instructionWidth
	if len(columns) == 1 {
		width += layerWidth + 1 // of the other side
	}
	t.row(safe.Const(" "), safe.Const("step"), t.g.Fit(safe.Const("instruction"), width), columns, safe.Text{})
	boundary, base := table.boundary(t.c)
	for _, l := range table.lines(t.c.B != nil, boundary) {
		if l.at == boundary {
			t.wrapped(blanks(leadWidth), safe.Sprintf("above this line: %s", base.Text()))
		}
		if l.folded > 0 {
			t.line(t.g.Mark(diff.Same), safe.Const(" "), t.g.Right(l.numbers(), stepWidth), safe.Const("  "), l.text())
			continue
		}
		t.step(l.row, width)
	}
}

func (t textWriter) row(mark, number, instruction safe.Text, layers []safe.Text, note safe.Text) {
	line := []safe.Text{mark, safe.Const(" "), t.g.Right(number, stepWidth), safe.Const("  "), instruction}
	for _, l := range layers {
		line = append(line, safe.Const(" "), t.g.Fit(l, layerWidth))
	}
	t.line(append(line, safe.Const(" "), note)...)
}

// step prints a step. An instruction that is the same on both sides is cut to one line, or
// two if its layers differ. Of one that differs, both versions stand below the row.
func (t textWriter) step(r diff.Row, width int) {
	var layers []safe.Text
	for _, s := range t.layers(r) {
		layers = append(layers, t.layer(s))
	}
	texts, note, below := t.instructions(r), rowNote(r), []safe.Text{}
	head := t.g.FitInstruction(*cmp.Or(r.A, r.B), texts[0], width)
	switch {
	case len(texts) == 2:
		a, b := excerpts(texts[0], texts[1], excerptLength)
		head, note = t.g.Fit(cmp.Or(look.RowNote(r), safe.Const("same files")), width), rowDetails(r)
		below = append(t.wrap(safe.Concat(safe.Const("A: "), a)), t.wrap(safe.Concat(safe.Const("B: "), b))...)
	case r.Differs():
		first := look.Wrap([]look.Span{look.P(texts[0])}, width)[0].Text()
		head = t.g.Fit(first, width)
		if rest := texts[0].Slice(len(first.String()), len(texts[0].String())); !rest.IsEmpty() {
			below = []safe.Text{t.g.Fit(safe.Clean(strings.TrimSpace(rest.String())), textWidth-leadWidth)}
		}
	}
	fits := leadWidth+width+len(layers)*(layerWidth+1)+1+look.Width(note) <= textWidth
	if !fits {
		below, note = append(below, t.wrap(note)...), safe.Text{}
	}
	t.row(t.g.Mark(r.Class), stepNumber(r), head, layers, note)
	for _, more := range below {
		t.line(blanks(leadWidth), more)
	}
}

// wrap breaks a text that stands below a row.
func (t textWriter) wrap(text safe.Text) []safe.Text {
	var lines []safe.Text
	for _, l := range look.Wrap([]look.Span{look.P(text)}, textWidth-leadWidth) {
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

// files prints the files of each step. A path and its note stand on one line if they fit.
func (t textWriter) files(section fileSection) {
	t.heading(section.title)
	for _, s := range section.steps {
		head := safe.Sprintf("Step %s ", s.number)
		rest := look.Width(s.counts) + 2
		if room := textWidth - look.Width(head) - rest; room >= instructionWidth {
			t.line(head, t.g.Fit(s.instruction, room), safe.Const("  "), s.counts)
		} else {
			t.line(head, t.g.Fit(s.instruction, textWidth-look.Width(head)))
			t.wrapped(blanks(fileIndent), s.counts)
		}
		width := 0
		for _, f := range s.files {
			width = max(width, min(look.Width(f.path), pathWidth))
		}
		for _, f := range s.files {
			t.wrapped(safe.Sprintf("  %s ", f.mark), t.fileText(f, width))
		}
		for _, f := range s.rest {
			t.wrapped(safe.Sprintf("  %s ", f.mark), f.path)
		}
	}
}

// fileText is a path with its note, in a column if the path is not longer than it.
func (t textWriter) fileText(f fileLine, width int) safe.Text {
	if f.note.IsEmpty() {
		return f.path
	}
	if look.Width(f.path) > width {
		return safe.Sprintf("%s  %s", f.path, f.note)
	}
	return safe.Concat(t.g.Fit(f.path, width), safe.Const("  "), f.note)
}
