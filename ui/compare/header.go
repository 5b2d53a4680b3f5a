package compare

import (
	"cmp"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
)

const (
	tallHeight = 30 // the height from which on every tab has the verdict box
	boxFrame   = 7  // lines beside the text of the box: the sides, its border, the tabs and two rows
)

// header returns the sides, the verdict and the tabs.
func (p comparePage) header(f page.Frame) []look.Line {
	lines := p.sideLines(f)
	for _, t := range []safe.Text{p.a.movedText(f, "m"), p.b.movedText(f, "M")} {
		if t.IsEmpty() {
			continue
		}
		lines = append(lines, look.Hanging(look.L(look.Gap(1)), max(f.Width-2, 8), look.S(look.Warn, t))...)
	}
	if l := p.checkLine(f); l.Width() > 0 {
		lines = append(lines, l)
	}
	if p.platformAbsent() {
		lines = append(lines, look.L(look.Gap(1), look.S(look.Warn,
			safe.Sprintf("neither side has %s; this is %s", p.picked.name, p.pair().Platform))))
	}
	switch {
	case p.alone:
	case p.tab == tabSummary || f.Height >= tallHeight:
		lines = append(lines, p.verdictBox(f)...)
	default:
		lines = append(lines, p.verdictLines(f)...)
	}
	for _, l := range []look.Line{p.insideLine(f), p.wholeLine(f)} {
		if l.Width() > 0 {
			lines = append(lines, l)
		}
	}
	return append(lines, p.tabLine(f))
}

// sideLines returns A and B on one line if they fit, otherwise on two.
func (p comparePage) sideLines(f page.Frame) []look.Line {
	if p.alone {
		return []look.Line{p.a.line(safe.Const(" "), look.Plain, f, p.a.ref, len(p.cmp.Pairs) == 0)}
	}
	a := p.a.line(safe.Const("A"), look.SideA, f, p.b.ref, true)
	b := p.b.line(safe.Const("B"), look.SideB, f, p.a.ref, true)
	if half := f.Width / 2; a.Width() <= half && b.Width() <= half {
		return []look.Line{a.To(half, f.Glyphs.Ellipsis).With(b.Spans...)}
	}
	return []look.Line{a, b}
}

func verdictRole(c diff.Code) look.Role {
	switch c {
	case diff.Pending:
		return look.Faint
	case diff.Identical, diff.OtherEnvelope, diff.Repacked, diff.Reprinted:
		return look.Good
	case diff.Unrelated, diff.NotComparable:
		return look.Alert
	}
	return look.Warn
}

// headline returns the first sentence of the verdict, or the state of the comparison while
// there is no verdict.
func (p comparePage) headline() safe.Text {
	v := p.cmp.Verdict
	switch {
	case p.failed():
		return safe.Const("No comparison")
	case v.Code == diff.Pending:
		return safe.Const("Reading")
	}
	return p.frame.Glyphs.Sentence(v.Headline)
}

// trust returns the trust word of the verdict. A comparison that failed has none.
func (p comparePage) trust() safe.Text {
	if p.failed() {
		return safe.Text{}
	}
	return safe.Clean(string(p.cmp.Verdict.Trust))
}

// failed reports whether a side could not be read.
func (p comparePage) failed() bool { return p.a.failed() || p.b.failed() }

// verdictLines returns the verdict without its reasons, or why there is none.
func (p comparePage) verdictLines(f page.Frame) []look.Line {
	v := p.cmp.Verdict
	if p.failed() {
		text := safe.Sprintf("%s: %s", p.headline(), safe.Join(p.errorTexts(f), "; "))
		lines := look.Hanging(look.L(look.Gap(1)), max(f.Width-2, 8), look.S(look.Alert, text))
		return lines[:min(len(lines), max(f.Height-boxFrame, 1))]
	}
	spans := []look.Span{look.S(verdictRole(v.Code), p.headline())}
	if trust := p.trust(); !trust.IsEmpty() {
		spans = append(spans, look.Gap(2), look.S(look.Faint, trust))
	}
	return look.Hanging(look.L(look.Gap(1)), max(f.Width-2, 8), spans...)
}

// verdictBox returns a box with the headline in its frame and the reasons inside. A
// headline that is too long for the frame becomes the first lines in the box. In a low
// window the frame says how many lines of the reasons do not fit.
func (p comparePage) verdictBox(f page.Frame) []look.Line {
	role := verdictRole(p.cmp.Verdict.Code)
	title, trust := p.headline(), p.trust()
	var inside, reasons []look.Line
	if look.Width(title)+look.Width(trust) > f.Width-10 {
		inside = look.Hanging(look.L(), f.Width-4, look.S(role, title))
		title = safe.Text{}
	}
	for _, t := range p.reasons(f) {
		reasons = append(reasons, look.Hanging(look.L(), f.Width-4, look.P(f.Glyphs.Sentence(t)))...)
	}
	hidden := safe.Text{}
	if room := max(f.Height-boxFrame-len(inside), 0); len(reasons) > room {
		hidden = safe.Sprintf("+ %s hidden", look.Count(len(reasons)-room, safe.Const("line"), safe.Const("lines")))
		reasons = reasons[:room]
	}
	lines := []look.Line{boxBorder(f, role, f.Glyphs.TopLeft, f.Glyphs.TopRight, title, trust)}
	for _, l := range append(inside, reasons...) {
		lines = append(lines, boxLine(f, role, l))
	}
	return append(lines, boxBorder(f, role, f.Glyphs.BottomLeft, f.Glyphs.BottomRight, safe.Text{}, hidden))
}

// boxBorder returns the upper or lower border of a box, with text at its left and right end.
func boxBorder(f page.Frame, role look.Role, left, right, title, note safe.Text) look.Line {
	g := f.Glyphs
	pad := func(t safe.Text) safe.Text {
		if t.IsEmpty() {
			return t
		}
		return safe.Sprintf(" %s ", t)
	}
	title, note = pad(title), pad(note)
	fill := f.Width - 4 - look.Width(title) - look.Width(note)
	return look.L(
		look.S(role, left), look.S(role, g.Horizontal), look.S(role, title), look.S(role, g.Horizontal.Repeat(fill)),
		look.S(look.Faint, note), look.S(role, g.Horizontal), look.S(role, right),
	)
}

func boxLine(f page.Frame, role look.Role, l look.Line) look.Line {
	side := look.S(role, f.Glyphs.Vertical)
	return look.L(side, look.Gap(1)).With(l.To(f.Width-4, f.Glyphs.Ellipsis).Spans...).With(look.Gap(1), side)
}

// errorTexts returns why the sides could not be read. What both have is said once.
func (p comparePage) errorTexts(f page.Frame) []safe.Text {
	if p.a.failed() && p.b.failed() {
		both, merged := model.MergeErrors(p.a.err, p.b.err)
		switch {
		case merged && p.a.err.Error() == p.b.err.Error():
			return []safe.Text{safe.Sprintf("both sides: %s", f.Gate.Clean(both.Error()))}
		case merged:
			return []safe.Text{f.Gate.Clean(both.Error())}
		}
	}
	var out []safe.Text
	for _, s := range []side{p.a, p.b} {
		if s.failed() {
			out = append(out, f.Gate.Clean(s.err.Error()))
		}
	}
	return out
}

// reasons returns the text of the verdict box: the reason of the verdict, then the first
// finding, which names the cause.
func (p comparePage) reasons(f page.Frame) []safe.Text {
	if p.failed() {
		return p.errorTexts(f)
	}
	var out []safe.Text
	v := p.cmp.Verdict
	if v.Code == diff.Pending {
		read := safe.Const("read")
		return []safe.Text{safe.Sprintf("A: %s %s B: %s", cmp.Or(p.a.progress(), read), f.Glyphs.Dot, cmp.Or(p.b.progress(), read))}
	}
	if !v.Because.IsEmpty() {
		out = append(out, v.Because)
	}
	if p.cmp.B != nil && len(p.mainFindings) > 0 {
		if more := p.mainFindings[0].Beyond(v); !more.IsEmpty() {
			out = append(out, more)
		}
	}
	return out
}

// descriptorName returns the name of an entry without a platform.
func descriptorName(e *model.Entry) safe.Text {
	switch {
	case e == nil:
		return safe.Text{}
	case e.Role == model.RoleAttestation:
		return safe.Const("attestation")
	}
	return safe.Clean(string(e.Role))
}
