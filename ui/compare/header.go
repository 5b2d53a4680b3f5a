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
	lowBox     = 4  // lines of the box in a window that is lower than tallHeight
)

// isRoomy reports whether a terminal of 120x40 or more shows the page. There the answer can be read from
// afar, and nothing is left out that fits.
func isRoomy(f page.Frame) bool { return f.Width >= 120 && f.Height >= 38 }

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
		absent := safe.Sprintf("neither side has %s", p.picked.name)
		if part, kind, unknown := diff.UnknownPart(p.picked.name); unknown {
			absent = safe.Sprintf("%s: %q is not a known %s", absent, part, kind)
		}
		lines = append(lines, look.L(look.Gap(1), look.S(look.Warn, safe.Sprintf("%s; this is %s", absent, p.pair().Platform))))
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
	const gap = 2
	at := max(min(f.Width/2, f.Width-b.Width()), a.Width()+gap) // a long name moves the column of B
	if at+b.Width() > f.Width {
		return []look.Line{a, b}
	}
	return []look.Line{a.To(at, f.Glyphs.Ellipsis).With(b.Spans...)}
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
// headline that is too long for the frame becomes the first lines in the box, and the frame has the answer. In a low
// window the box has at most lowBox lines, and its frame says how many lines of the reasons do not fit.
func (p comparePage) verdictBox(f page.Frame) []look.Line {
	role := verdictRole(p.cmp.Verdict.Code)
	title, trust := p.headline(), p.trust()
	var inside, reasons []look.Line
	if isRoomy(f) && p.tab == tabSummary {
		return p.roomyVerdict(f)
	}
	if look.Width(title)+look.Width(trust) > f.Width-10 {
		inside = look.Hanging(look.L(), f.Width-4, look.S(role, title))
		title = p.answer()
	}
	for _, t := range p.reasons(f) {
		reasons = append(reasons, look.Hanging(look.L(), f.Width-4, look.P(f.Glyphs.Sentence(t)))...)
	}
	room := max(f.Height-boxFrame-len(inside), 0)
	if f.Height < tallHeight && !p.failed() {
		room = max(min(room, lowBox-2-len(inside)), 0)
	}
	hidden := safe.Text{}
	if len(reasons) > room {
		hidden = safe.Sprintf("+ %s: %s shows all", look.Count(len(reasons)-room, safe.Const("line"), safe.Const("lines")), p.verdictKeys())
		reasons = reasons[:room]
	}
	lines := []look.Line{boxBorder(f, role, f.Glyphs.TopLeft, f.Glyphs.TopRight, title, trust)}
	for _, l := range append(inside, reasons...) {
		lines = append(lines, boxLine(f, role, l))
	}
	return append(lines, boxBorder(f, role, f.Glyphs.BottomLeft, f.Glyphs.BottomRight, safe.Text{}, hidden))
}

// verdictKeys are the keys that open the proof of the verdict, which has its whole text.
func (p comparePage) verdictKeys() safe.Text {
	r, _ := p.sheets[p.tab].Current()
	isFirst := r.Finding != nil && len(p.mainFindings) > 0 && findingID(*r.Finding) == findingID(p.mainFindings[0].Finding)
	switch {
	case r.Proof == nil, isFirst:
		return safe.Const("w")
	case p.tab == tabSummary:
		return safe.Const("g w")
	}
	return safe.Const("1 g w")
}

// roomyVerdict returns the answer and the headline as a bar that can be read from afar, and the reasons
// below it.
func (p comparePage) roomyVerdict(f page.Frame) []look.Line {
	lines := []look.Line{bar(f, safe.Text{}, safe.Text{})}
	text := look.Hanging(look.L(look.Gap(2)), f.Width-24, look.S(look.Active, safe.Sprintf("%s   %s", p.answer(), p.headline())))
	for i, l := range text {
		trust := safe.Text{}
		if i == 0 {
			trust = p.trust()
		}
		lines = append(lines, bar(f, l.Text(), trust))
	}
	lines = append(lines, bar(f, safe.Text{}, safe.Text{}))
	for _, t := range p.reasons(f) {
		lines = append(lines, look.Hanging(look.L(look.Gap(2)), f.Width-4, look.P(f.Glyphs.Sentence(t)))...)
	}
	return append(lines, look.Line{})
}

// bar returns a line of the bar, with text at both ends.
func bar(f page.Frame, left, right safe.Text) look.Line {
	l := look.L(look.P(left)).To(f.Width-look.Width(right)-2, f.Glyphs.Ellipsis)
	return look.L(look.S(look.Active, safe.Sprintf("%s%s  ", l.Text(), right)))
}

// answer says whether both are the same image, in the fewest words.
func (p comparePage) answer() safe.Text {
	code := p.cmp.Verdict.Code
	switch {
	case p.failed():
		return safe.Const("?")
	case code == diff.NotComparable:
		return safe.Const("?  NOT COMPARABLE")
	case code == diff.Pending:
		return p.frame.Glyphs.Ellipsis
	case p.cmp.Same(false):
		return safe.Sprintf("%s  THE SAME IMAGE", p.frame.Glyphs.Mark(diff.Same))
	}
	return safe.Sprintf("%s  NOT THE SAME IMAGE", p.frame.Glyphs.Mark(diff.Substituted))
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
	if p.cmp.B != nil && len(p.mainFindings) > 0 && f.Height >= tallHeight { // in a low window it is in the first row
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
