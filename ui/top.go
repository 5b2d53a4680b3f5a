package ui

import (
	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// tallHeight is where the verdict's box fits above every view.
const tallHeight = 30

// top is who is compared, the verdict and the tabs.
func (p comparePage) top(f frame) []look.Line {
	lines := p.sideLines(f)
	for _, t := range []safe.Text{p.a.movedText(), p.b.movedText()} {
		if !t.IsEmpty() {
			lines = append(lines, look.L(look.Gap(1), look.S(look.Warn, t)))
		}
	}
	switch {
	case p.alone:
	case p.tab == tabSummary || f.height >= tallHeight:
		lines = append(lines, p.verdictBox(f)...)
	default:
		lines = append(lines, p.verdictLine())
	}
	lines = append(lines, p.tabLine(f))
	return lines
}

// sideLines are A and B on one line where they fit, else on two.
func (p comparePage) sideLines(f frame) []look.Line {
	full := !p.alone && p.a.ref.Repo() != p.b.ref.Repo()
	a := p.a.line(safe.Const("A"), look.SideA, f, full)
	if p.alone {
		return []look.Line{p.a.line(safe.Const(" "), look.Plain, f, false)}
	}
	b := p.b.line(safe.Const("B"), look.SideB, f, full)
	if half := f.width / 2; a.Width() <= half && b.Width() <= half {
		return []look.Line{a.To(half, f.glyphs.Ellipsis).With(b.Spans...)}
	}
	return []look.Line{a, b}
}

// verdict is the overall one, or that of the platform in view if that is worse
// to tell apart: the one a person asked about.
func (p comparePage) verdict() diff.Verdict { return p.cmp.Verdict }

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

// headline is the verdict in capitals; what it says while it is not known yet.
func (p comparePage) headline() safe.Text {
	v := p.verdict()
	switch {
	case p.a.err != nil || p.b.err != nil:
		return safe.Const("NO COMPARISON")
	case v.Code == diff.Pending:
		return safe.Const("READING")
	}
	return v.Headline.Upper()
}

func (p comparePage) verdictLine() look.Line {
	v := p.verdict()
	l := look.L(look.Gap(1), look.S(verdictRole(v.Code), p.headline()))
	if v.Trust != "" {
		l = l.With(look.Gap(2), look.S(look.Faint, safe.Clean(string(v.Trust))))
	}
	return l
}

// verdictBox is the headline on a frame with its reason in it.
func (p comparePage) verdictBox(f frame) []look.Line {
	g, role, inner := f.glyphs, verdictRole(p.verdict().Code), f.width-4
	title := safe.Sprintf(" %s ", p.headline())
	trust := safe.Text{}
	if t := p.verdict().Trust; t != "" {
		trust = safe.Sprintf(" %s ", string(t))
	}
	title = firstOf(look.Cut(title, f.width-6-look.Width(trust)))
	fill := max(f.width-4-look.Width(title)-look.Width(trust), 0)
	lines := []look.Line{look.L(
		look.S(role, g.TopLeft), look.S(role, g.Horizontal), look.S(role, title),
		look.S(role, g.Horizontal.Repeat(fill)), look.S(look.Faint, trust), look.S(role, g.Horizontal), look.S(role, g.TopRight),
	)}
	for _, t := range p.reasons(f) {
		for _, l := range look.Wrap([]look.Span{look.P(t)}, inner) {
			lines = append(lines, look.L(look.S(role, g.Vertical), look.Gap(1)).With(l.To(inner, g.Ellipsis).Spans...).With(look.Gap(1), look.S(role, g.Vertical)))
		}
	}
	return append(lines, look.L(look.S(role, g.BottomLeft), look.S(role, g.Horizontal.Repeat(max(f.width-2, 0))), look.S(role, g.BottomRight)))
}

func firstOf(a, _ safe.Text) safe.Text { return a }

// reasons are what stands in the box: the verdict's own, then the first
// finding, which names the cause.
func (p comparePage) reasons(f frame) []safe.Text {
	var out []safe.Text
	for _, s := range []side{p.a, p.b} {
		if s.err != nil {
			out = append(out, f.gate.Clean(s.err.Error()))
		}
	}
	if len(out) > 0 {
		return out
	}
	v := p.verdict()
	if v.Code == diff.Pending {
		return []safe.Text{safe.Sprintf("A: %s %s B: %s", orDone(p.a.progress()), f.glyphs.Dot, orDone(p.b.progress()))}
	}
	if !v.Because.IsEmpty() {
		out = append(out, v.Because)
	}
	if all := p.findings(); len(all) > 0 {
		out = append(out, all[0].Say)
	}
	return out
}

func orDone(t safe.Text) safe.Text {
	if t.IsEmpty() {
		return safe.Const("read")
	}
	return t
}

// findings are those of the whole, then those of the platform in view.
func (p comparePage) findings() []diff.Finding { return p.scene(frame{}).findings() }

func (s scene) findings() []diff.Finding {
	all := append([]diff.Finding{}, s.cmp.Findings...)
	return append(all, s.pair.Findings...)
}

var tabNames = [tabCount]safe.Text{
	safe.Const("Summary"), safe.Const("Platforms"), safe.Const("Layers"), safe.Const("History"),
	safe.Const("Config"), safe.Const("Manifest"), safe.Const("Schema1"),
}

// tabLine names the views, each with the mark that sums it up. Where names do
// not fit, only the view in use has one.
func (p comparePage) tabLine(f frame) look.Line {
	var marks [tabCount]safe.Text
	if !p.alone {
		marks = p.tabMarks(f.glyphs)
	}
	l := p.tabs(marks, 3, true)
	if l.Width() > f.width {
		l = p.tabs(marks, 1, true)
	}
	if l.Width() > f.width {
		l = p.tabs(marks, 1, false)
	}
	return l
}

func (p comparePage) tabs(marks [tabCount]safe.Text, gap int, named bool) look.Line {
	l := look.Line{}
	for t := range tabCount {
		name := safe.Sprintf("%d", int(t)+1)
		if named || t == p.tab {
			name = safe.Sprintf("%d %s", int(t)+1, tabNames[t])
		}
		if !marks[t].IsEmpty() {
			name = safe.Sprintf("%s %s", name, marks[t])
		}
		role := look.Plain
		if t == p.tab {
			role = look.Active
		}
		l = l.With(look.S(role, safe.Sprintf(" %s ", name)), look.Gap(max(gap-2, 0)))
	}
	return l
}

// tabMarks sum up the views: equal, or how many rows differ.
func (p comparePage) tabMarks(g look.Glyphs) [tabCount]safe.Text {
	var marks [tabCount]safe.Text
	pair := p.pair()
	if pair == nil || p.cmp.B == nil {
		return marks
	}
	marks[tabPlatforms] = countMark(g, diff.Substituted, countDiffering(p.cmp.Pairs))
	marks[tabLayers] = layersMark(g, pair.Rows)
	marks[tabHistory] = countMark(g, diff.Substituted, countRows(pair.Rows, textDiffers))
	if p.docs.key == p.askedFor && p.docs.ready {
		marks[tabConfig] = countMark(g, diff.Substituted, p.docs.config.blocks())
		marks[tabManifest] = countMark(g, diff.Substituted, p.docs.manifest.blocks())
	}
	if n, ok := schema1Differences(*pair); ok {
		marks[tabSchema1] = countMark(g, diff.Substituted, n)
	}
	return marks
}

func countMark(g look.Glyphs, c diff.Class, n int) safe.Text {
	if n == 0 {
		return g.Mark(diff.Same)
	}
	return safe.Sprintf("%s%d", g.Mark(c), n)
}

// layersMark names the gravest class there is and how many rows have it.
func layersMark(g look.Glyphs, rows []diff.Row) safe.Text {
	for _, c := range []diff.Class{diff.Substituted, diff.Moved, diff.Added, diff.Removed, diff.RepackedRow, diff.BothEmpty} {
		n := countRows(rows, func(r diff.Row) bool { return r.Class == c && r.Differs() && hasLayer(r) })
		if n > 0 {
			return countMark(g, c, n)
		}
	}
	return g.Mark(diff.Same)
}

func hasLayer(r diff.Row) bool {
	return r.A != nil && r.A.HasLayer || r.B != nil && r.B.HasLayer
}

// textDiffers reports whether the instructions of a row's sides are not equal.
func textDiffers(r diff.Row) bool { return !(r.A != nil && r.B != nil && r.SameText) }

func countRows(rows []diff.Row, is func(diff.Row) bool) int {
	n := 0
	for _, r := range rows {
		if is(r) {
			n++
		}
	}
	return n
}

// countDiffering counts the platforms that are not the same image on both sides.
func countDiffering(pairs []diff.Pair) int {
	n := 0
	for _, p := range pairs {
		if p.A == nil || p.B == nil || verdictRole(p.Verdict.Code) != look.Good {
			n++
		}
	}
	return n
}

// descriptorName is what an entry is called where it has no platform.
func descriptorName(e *model.Entry) safe.Text {
	switch {
	case e == nil:
		return safe.Text{}
	case e.Role == model.RoleAttestation:
		return safe.Const("receipt")
	}
	return safe.Clean(string(e.Role))
}
