package compare

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// rankFindings returns the findings of the pair in view and of the whole comparison, and
// the warnings of the other pairs, grouped by cause and ranked. While a side loads there
// are none, because a finding may not hold later. It runs when data arrives, not for each
// key.
func (p comparePage) rankFindings() (mainFindings, otherFindings []diff.Group) {
	if p.cmp.B != nil && p.cmp.Verdict.Code == diff.Pending {
		return nil, nil
	}
	pair := p.pair()
	if pair == nil {
		return diff.Rank(diff.GroupByCause(p.cmp.Findings))
	}
	groups := diff.GroupByCause(slices.Concat(pair.Findings, p.cmp.Findings))
	for _, g := range p.cmp.OtherPlatforms(p.pairIndex()) {
		groups = append(groups, p.placed(g))
	}
	return diff.Rank(groups)
}

// placed returns a group of other pairs whose texts name the platforms.
func (p comparePage) placed(g diff.PlatformGroup) diff.Group {
	const named = 2
	var names []safe.Text
	for _, i := range g.Pairs {
		if name := pairName(p.cmp.Pairs[i]); !slices.Contains(names, name) { // an index can list one several times
			names = append(names, name)
		}
	}
	where := safe.Join(names[:min(len(names), named)], ", ")
	if n := len(names) - named; n > 0 {
		where = safe.Sprintf("%s and %d more", where, n)
	}
	g.Text = safe.Sprintf("%s: %s", where, g.Text)
	return g.Group
}

// pairName returns the platform of a pair. An entry without one has what it is.
func pairName(p diff.Pair) safe.Text {
	if p.Platform != "" {
		return safe.Clean(p.Platform)
	}
	return descriptorName(cmp.Or(p.A, p.B))
}

// toPlatformOf goes to the platform of a finding of another pair, and returns the finding
// as it is there. Other findings stay as they are.
func (p comparePage) toPlatformOf(f diff.Finding) (comparePage, diff.Finding) {
	if p.pair() == nil {
		return p, f
	}
	for _, g := range p.cmp.OtherPlatforms(p.pairIndex()) {
		if findingID(p.placed(g).Finding) == findingID(f) {
			return p.pickPair(pairIDOf(p.cmp.Pairs, g.Pairs[0])), g.Finding
		}
	}
	return p, f
}

// groupRows returns the row of a finding and its consequences: their number or, if they
// are shown, a row for each.
func (v view) groupRows(g diff.Group, first bool) []widget.Row {
	cause := v.findingRow(g, first)
	if n := len(g.Consequences); n > 0 && v.showsConsequences == isRoomy(v.Frame) {
		more := look.Count(n, safe.Const("consequence: f shows it"), safe.Const("consequences: f shows them"))
		cause.Lines = append(cause.Lines, look.L(look.Gap(bulletIndent), look.S(look.Faint, safe.Sprintf("+ %s", more))))
		return []widget.Row{cause}
	}
	rows := []widget.Row{cause}
	for _, f := range g.Consequences {
		r := v.findingRowBase(diff.Group{Finding: f}, false)
		r.Lines = v.bulleted(look.L(look.Gap(bulletIndent), look.S(look.Faint, v.Glyphs.Note)), look.P(f.Text))
		rows = append(rows, r)
	}
	return rows
}

// toggleConsequences shows or hides the consequences. The cursor moves from a hidden
// consequence to its cause.
func (p comparePage) toggleConsequences() comparePage {
	p.showsConsequences = !p.showsConsequences
	r, ok := p.sheets[tabSummary].Current()
	if !ok || r.Finding == nil || p.tab != tabSummary {
		return p
	}
	v := p.viewIn(p.frame)
	for _, g := range v.allFindings() {
		if slices.ContainsFunc(g.Consequences, func(f diff.Finding) bool { return findingID(f) == findingID(*r.Finding) }) {
			p.targetRow = findingRowID(g.Finding)
		}
	}
	return p
}

// findingRowID returns the ID of the row for a finding.
func findingRowID(f diff.Finding) string { return "finding " + findingID(f) }

// textInBox reports whether the box of the verdict has the text of the first finding.
func (v view) textInBox(g diff.Group) bool {
	return !v.alone && (v.Height >= tallHeight || g.Beyond(v.cmp.Verdict).IsEmpty())
}

// findingRow shows a finding, what to do about it, and the command. The text of the
// first finding of a comparison is in the verdict box. The next step of the others is
// shown only if the terminal is high enough.
func (v view) findingRow(g diff.Group, first bool) widget.Row {
	inBox := first && v.textInBox(g)
	out := v.findingRowBase(g, first && !v.alone)
	role := look.Severity(g.Severity)
	if g.Common {
		role = look.Plain
	}
	if !inBox {
		out.Lines = v.bulleted(look.L(look.S(role, v.Glyphs.Dot)), look.S(role, g.Text))
	}
	if !g.Next.IsEmpty() && (first || needsAction(g) && g.Command.IsEmpty() && v.Height >= tallHeight) {
		out.Lines = append(out.Lines, v.bulleted(look.L(look.S(look.Strong, v.Glyphs.Arrow)), look.P(g.Next))...)
	}
	if !g.Command.IsEmpty() {
		out.Lines = append(out.Lines, look.L(look.S(look.Strong, safe.Const("$")), look.Gap(bulletIndent-1),
			look.P(v.Glyphs.Fit(v.shellCommand(g.Command), max(v.Width-bulletIndent-2, 8)))))
	}
	if len(out.Lines) == 0 {
		out.Lines = v.bulleted(look.L(look.S(look.Faint, v.Glyphs.Dot)), look.S(look.Faint, safe.Const("enter shows the evidence")))
	}
	return out
}

// needsAction reports whether the user should act on a finding.
func needsAction(g diff.Group) bool { return g.Severity > 0 && !g.Common }

// findingRowBase returns the row for a finding, without lines. The proof of the first one has that of the
// verdict.
func (v view) findingRowBase(g diff.Group, first bool) widget.Row {
	f := g.Finding
	out := widget.Row{
		ID: findingRowID(f), Differs: true, Title: safe.Clean(f.Name), Finding: &f,
		ValueName: safe.Const("the finding"), Value: f.Text, Command: v.shellCommand(cmp.Or(f.Command, f.Check)),
		Proof: func(fr page.Frame) []widget.Row { return v.in(fr).findingProof(g, first) },
	}
	out.Detail = out.Proof
	return out
}

// bulletIndent is the column where the text of a finding starts.
const bulletIndent = 3

// bulleted returns text after a lead that ends in a sign, which is padded to bulletIndent.
func (v view) bulleted(lead look.Line, text look.Span) []look.Line {
	sign := lead.Spans[len(lead.Spans)-1]
	lead = lead.With(look.Gap(bulletIndent - look.Width(sign.Text)))
	text.Text = v.Glyphs.Sentence(text.Text)
	return look.Hanging(lead, max(v.Width-lead.Width()-2, 8), text)
}

// allFindings returns the findings of the pair in view and the warnings of the others.
func (v view) allFindings() []diff.Group { return slices.Concat(v.mainFindings, v.otherFindings) }

// pairFindings returns the findings of the pair in view and of the whole comparison. Only
// their steps are rows of the pair.
func (v view) pairFindings() []diff.Group {
	here := map[string]bool{}
	for _, f := range slices.Concat(v.pair.Findings, v.cmp.Findings) {
		here[findingID(f)] = true
	}
	return slices.DeleteFunc(v.allFindings(), func(g diff.Group) bool { return !here[findingID(g.Finding)] })
}

// withFindings adds the findings about a row: the names of causes under it, all texts in
// its detail.
func (v view) withFindings(out widget.Row, groups []diff.Group, on func(diff.Finding) bool) widget.Row {
	var causes, all []diff.Finding
	for _, g := range groups {
		if on(g.Finding) {
			causes, all = append(causes, g.Finding), append(all, g.Finding)
		}
		for _, f := range g.Consequences {
			if on(f) {
				all = append(all, f)
			}
		}
	}
	if len(all) == 0 {
		return out
	}
	out = out.WithLines(v.causeLines(causes))
	if detail := out.Detail; detail != nil {
		out.Detail = func(f page.Frame) []widget.Row {
			return slices.Concat(detail(f), []widget.Row{widget.BlankRow()}, findingFields(f, all)) // what differs comes first
		}
	}
	return out
}

// causeLines returns what findings say of a row, a line each, with their ids at the end. Of a finding that a
// row above has in words the line has the name. They omit the finding of the trail, whose text is on the
// screen.
func (v view) causeLines(all []diff.Finding) []look.Line {
	var lines []look.Line
	var shown, names []string
	lead := look.L(look.Gap(noteIndent), look.S(look.Faint, v.Glyphs.Note), look.Gap(1))
	for _, f := range all {
		id := findingID(f)
		if v.trail.key() == id || slices.Contains(shown, id) {
			continue
		}
		shown = append(shown, id)
		if v.told[id] {
			names = append(names, fmt.Sprintf("%s (%s)", strings.ReplaceAll(f.Name, "-", " "), f.ID))
			continue
		}
		if v.told != nil {
			v.told[id] = true
		}
		end, text := safe.Sprintf(" (%s)", f.ID), v.Glyphs.Sentence(f.Text)
		room := max(v.Width-lead.Width()-look.Width(end)-2, 8)
		lines = append(lines, lead.With(look.S(look.Faint, v.Glyphs.Fit(text, min(room, look.Width(text)))), look.S(look.Faint, end)))
	}
	if len(names) > 0 {
		lines = append(lines, lead.With(look.S(look.Faint, safe.Clean(strings.Join(names, ", ")))))
	}
	return lines
}

// findingFields returns findings for the detail of the row that they are about.
func findingFields(f page.Frame, all []diff.Finding) []widget.Row {
	var rows []widget.Row
	for _, finding := range all {
		text := safe.Sprintf("%s (%s)", f.Glyphs.Sentence(finding.Text), finding.ID)
		rows = append(rows, widget.FieldRows(f, safe.Const("finding"), text, look.Severity(finding.Severity))...)
		if !finding.Next.IsEmpty() {
			rows = append(rows, widget.FieldRows(f, safe.Const(" "), safe.Sprintf("%s %s", f.Glyphs.Arrow, f.Glyphs.Sentence(finding.Next)),
				look.Plain)...)
		}
	}
	return rows
}
