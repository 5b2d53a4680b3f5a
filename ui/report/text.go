package report

import (
	"io"
	"slices"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// textWidth is what terminals, mails and tickets show without breaking lines;
// notes at the end of rows may go beyond it.
const textWidth = 100

// Text prints the report for people: the headline, the evidence, the findings,
// then the steps of each platform that differs.
func Text(w io.Writer, c diff.Comparison, o Options) error {
	t := textReport{newPrinter(w, o), o, o.glyphs(), c}
	t.expectation()
	t.verdict()
	t.sides()
	t.findings()
	t.platforms()
	t.unread()
	for _, p := range c.Pairs {
		if hasTable(c, p) {
			t.steps(p)
		}
	}
	return t.end()
}

type textReport struct {
	*printer
	o Options
	g look.Glyphs
	c diff.Comparison
}

func (t textReport) verdict() {
	if t.c.B == nil {
		return
	}
	v := t.c.Verdict
	if v.Trust == "" {
		t.line(headline(v))
	} else {
		t.line(headline(v), safe.Sprintf(" (%s)", trust(v.Trust)))
	}
	t.wrapped(safe.Text{}, v.Because)
	t.blank()
}

// wrapped prints text behind a lead, the lines after the first indented as far.
func (t textReport) wrapped(lead, text safe.Text) {
	if text.IsEmpty() {
		return
	}
	indent := look.Width(lead)
	for _, l := range look.Wrap([]look.Span{look.P(text)}, textWidth-indent) {
		t.line(lead, l.Text())
		lead = safe.Const(" ").Repeat(indent)
	}
}

func (t textReport) sides() {
	t.side(safe.Const("A  "), t.c.A)
	t.side(safe.Const("B  "), t.c.B)
}

func (t textReport) side(lead safe.Text, a *model.Artifact) {
	if a == nil {
		return
	}
	if t.c.B == nil {
		lead = safe.Text{}
	}
	t.line(lead, safe.Clean(a.Ref.String()), safe.Sprintf("  (%s)", kind(*a)))
	t.line(safe.Const(" ").Repeat(look.Width(lead)), safe.Clean(string(a.Top.Digest)))
}

func (t textReport) findings() {
	main, other := mergeFindings(t.c)
	if len(main)+len(other) == 0 {
		return
	}
	t.blank()
	t.line(safe.Const("Findings"))
	for _, f := range slices.Concat(main, other) {
		t.finding(t.g.Fit(severity(f.Finding), severityWidth), f, nil)
		indent := safe.Const(" ").Repeat(severityWidth)
		if !f.Next.IsEmpty() {
			t.wrapped(safe.Sprintf("%s%s ", indent, t.g.Arrow), f.Next)
		}
		if !f.Command.IsEmpty() { // on one line, to be copied
			t.line(indent, safe.Const("$ "), t.o.command(f.Command))
		}
		for _, x := range f.follow {
			t.finding(safe.Sprintf("%s%s ", indent, t.g.Note), x, &f)
		}
	}
}

const severityWidth = 9

func (t textReport) finding(lead safe.Text, f platformFinding, cause *platformFinding) {
	where, say := f.sentence(t.c, cause)
	if !where.IsEmpty() {
		say = safe.Sprintf("%s: %s", where, say)
	}
	t.wrapped(lead, safe.Sprintf("%s (%s %s, %s)", say, f.ID, f.Name, trust(f.Trust)))
}

// platforms lists them, one line each, when there are several.
func (t textReport) platforms() {
	if len(t.c.Pairs) < 2 {
		return
	}
	t.blank()
	t.line(safe.Const("Platforms"))
	for _, p := range t.c.Pairs {
		t.line(t.g.Fit(platformName(p), 24), safe.Const(" "), platformState(t.c, p, t.o))
	}
}

// unread says why there is no table of the only image.
func (t textReport) unread() {
	if state := unreadState(t.c, t.o); !state.IsEmpty() {
		t.blank()
		t.wrapped(safe.Text{}, state)
	}
}

// unreadState is why the only image could not be read; empty if it could. Two
// sides have a verdict that says it.
func unreadState(c diff.Comparison, o Options) safe.Text {
	if c.B != nil || len(c.Pairs) != 1 || errorOf(c.Pairs[0].A) == nil {
		return safe.Text{}
	}
	return safe.Sprintf("It could not be read: %s", platformState(c, c.Pairs[0], o))
}

// platformState is one line on one platform.
func platformState(c diff.Comparison, p diff.Pair, o Options) safe.Text {
	if c.B != nil {
		return headline(p.Verdict)
	}
	switch {
	case p.A.Err != nil:
		return o.Gate.Clean(p.A.Err.Error())
	case p.A.Image == nil:
		return safe.Const("not read")
	}
	n := len(p.A.Image.Manifest.Layers)
	return safe.Sprintf("%d layers, %s, image ID %s", n, size(p.A.Image.Manifest.LayerSize()), shortDigest(p.A.Image.ID()))
}

// hasTable reports whether a platform's steps are worth their space: identical
// platforms are folded to their line, unless there is nothing else to print.
func hasTable(c diff.Comparison, p diff.Pair) bool {
	if len(p.Rows) == 0 {
		return false
	}
	return p.Verdict.Code != diff.Identical || len(c.Pairs) == 1
}

const (
	stepWidth   = 4
	layerWidth  = 14
	textColumn  = 44
	aloneColumn = textColumn + layerWidth + 1
	leadWidth   = stepWidth + 4 // mark and number before an instruction
)

func (t textReport) steps(p diff.Pair) {
	t.blank()
	heading := platformName(p)
	if t.c.B != nil && len(t.c.Pairs) > 1 {
		heading = safe.Sprintf("%s: %s", heading, headline(p.Verdict))
	}
	t.line(heading)
	if t.c.B != nil && len(t.c.Pairs) > 1 {
		t.wrapped(safe.Text{}, p.Verdict.Because)
	}
	head := []safe.Text{safe.Const("  "), t.g.Right(safe.Const("step"), stepWidth), safe.Const("  ")}
	if t.c.B == nil {
		head = append(head, t.g.Fit(safe.Const("instruction"), aloneColumn), t.g.Fit(safe.Const("layer"), layerWidth))
	} else {
		head = append(head, t.g.Fit(safe.Const("instruction"), textColumn), safe.Const(" "),
			t.g.Fit(safe.Const("A layer"), layerWidth), safe.Const(" "), t.g.Fit(safe.Const("B layer"), layerWidth))
	}
	t.line(head...)
	own, base, known := p.Boundary()
	for i, r := range p.Rows {
		if known && i == own {
			t.line(safe.Const("        "), safe.Sprintf("above: %s", base.Text()))
		}
		t.row(r)
	}
}

// row prints one step. What differs is printed in full, over several lines;
// the rest is cut to one.
func (t textReport) row(r diff.Row) {
	width := textColumn
	if t.c.B == nil {
		width = aloneColumn - 1
	}
	texts := t.instructions(r, width)
	line := []safe.Text{t.g.Mark(r.Class), safe.Const(" "), t.g.Right(stepNumber(r), stepWidth), safe.Const("  "), t.g.Fit(texts[0], width),
		safe.Const(" ")}
	if t.c.B == nil {
		line = append(line, t.layer(firstStep(r.A, r.B)), safe.Const(" "))
	} else {
		line = append(line, t.layer(r.A), safe.Const(" "), t.layer(r.B), safe.Const(" "))
	}
	t.line(append(line, rowNote(r))...)
	for _, more := range texts[1:] {
		t.line(safe.Const(" ").Repeat(leadWidth), more)
	}
}

// instructions are the lines that tell what a step does; both sides' when they
// do not agree. The first is as wide as its column, the others as the report.
func (t textReport) instructions(r diff.Row, width int) []safe.Text {
	text := instruction(t.o, firstStep(r.A, r.B))
	switch {
	case r.A != nil && r.B != nil && !r.SameText:
		lines := wrapTo(safe.Concat(safe.Const("A: "), text), width)
		return append(lines, wrapTo(safe.Concat(safe.Const("B: "), instruction(t.o, r.B)), textWidth-leadWidth)...)
	case r.Differs():
		return wrapTo(text, width)
	}
	return []safe.Text{text}
}

// wrapTo breaks text into a first line of width cells and others that are as
// wide as the report.
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

// instruction is what a step does, as a person reads it.
func instruction(o Options, s *model.Step) safe.Text {
	if text := dockerfile.StepText(*s); text != "" {
		return o.Gate.Clean(text)
	}
	return safe.Const("(nothing recorded)")
}

func firstStep(a, b *model.Step) *model.Step {
	if a != nil {
		return a
	}
	return b
}

func stepNumber(r diff.Row) safe.Text { return safe.Sprintf("%d", firstStep(r.A, r.B).Index+1) }

func (t textReport) layer(s *model.Step) safe.Text {
	text := t.g.Nothing
	switch {
	case s == nil:
		text = safe.Text{}
	case s.HasLayer && s.Empty:
		text = safe.Sprintf("%s %s", shortDigest(s.Layer.Digest), t.g.Empty)
	case s.HasLayer:
		text = shortDigest(s.Layer.Digest)
	}
	return t.g.Fit(text, layerWidth)
}
