package compare

import (
	"slices"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// rankFindings are the findings of the platform in view and of the whole, in
// the order in which they are told. While things arrive there are none: what
// they say may not hold. They are folded when something has arrived, not for
// each key.
func (p comparePage) rankFindings() (mainFindings, otherFindings []diff.Group) {
	if p.cmp.B != nil && p.cmp.Verdict.Code == diff.Pending {
		return nil, nil
	}
	found := p.cmp.Findings
	if pair := p.pair(); pair != nil {
		found = slices.Concat(pair.Findings, found)
	}
	return diff.Rank(diff.GroupByCause(found))
}

// boxedFinding is the group whose sentence stands in the box of the verdict.
func (v view) boxedFinding() (diff.Group, bool) {
	if v.alone || len(v.mainFindings) == 0 {
		return diff.Group{}, false
	}
	return v.mainFindings[0], true
}

// groupRows are a finding and, under it, what follows from it: how many there
// are or, unfolded, a row for each.
func (v view) groupRows(g diff.Group, first bool) []widget.Row {
	r := v.findingRow(g, first)
	if len(g.Consequences) == 0 {
		return []widget.Row{r}
	}
	if !v.showsConsequences {
		r.Lines = append(r.Lines, look.L(look.Gap(bulletIndent), look.S(look.Faint, safe.Sprintf("+ %s", consequences(len(g.Consequences))))))
		return []widget.Row{r}
	}
	rows := []widget.Row{r}
	for _, f := range g.Consequences {
		r := v.findingRowBase(diff.Group{Finding: f}, false)
		for _, l := range v.bulleted(look.S(look.Faint, v.Glyphs.Note), look.P(f.Text), bulletIndent) {
			r.Lines = append(r.Lines, look.L(look.Gap(bulletIndent)).With(l.Spans...))
		}
		rows = append(rows, r)
	}
	return rows
}

// toggleConsequences shows consequences or puts them away; the cursor goes from
// one of them to its cause.
func (p comparePage) toggleConsequences() comparePage {
	p.showsConsequences = !p.showsConsequences
	r, ok := p.sheets[tabSummary].Current()
	if !ok || r.Finding == nil || p.tab != tabSummary {
		return p
	}
	v := p.viewIn(p.frame)
	for _, g := range slices.Concat(v.mainFindings, v.otherFindings) {
		if slices.ContainsFunc(g.Consequences, func(f diff.Finding) bool { return findingID(f) == findingID(*r.Finding) }) {
			p.targetRow = findingRowID(g.Finding)
		}
	}
	return p
}

// findingRowID is the id of the row that tells a finding.
func findingRowID(f diff.Finding) string { return "finding " + findingID(f) }

func consequences(n int) safe.Text {
	return look.Count(n, safe.Const("consequence: f shows it"), safe.Const("consequences: f shows them"))
}

// findingRow is what was found, what to do about it and how. The first in a
// comparison has its sentence in the box above; the others say what to do where
// there is room.
func (v view) findingRow(g diff.Group, first bool) widget.Row {
	said := first && !v.alone
	out := v.findingRowBase(g, said)
	role := look.Severity(g.Severity)
	if g.Common {
		role = look.Plain
	}
	if !said {
		out.Lines = v.bulleted(look.S(role, v.Glyphs.Dot), look.S(role, g.Text), 0)
	}
	if !g.Next.IsEmpty() && (first || needsAction(g) && g.Command.IsEmpty() && v.Height >= tallHeight) {
		out.Lines = append(out.Lines, v.bulleted(look.S(look.Strong, v.Glyphs.Arrow), look.P(g.Next), 0)...)
	}
	if !g.Command.IsEmpty() {
		out.Lines = append(out.Lines, look.L(look.S(look.Strong, safe.Const("$")), look.Gap(bulletIndent-1),
			look.P(v.Glyphs.Fit(v.shellCommand(g.Command), max(v.Width-bulletIndent-2, 8)))))
	}
	if len(out.Lines) == 0 {
		out.Lines = v.bulleted(look.S(look.Faint, v.Glyphs.Dot), look.S(look.Faint, safe.Const("enter shows what proves it")), 0)
	}
	return out
}

// needsAction is what a person should do something about.
func needsAction(g diff.Group) bool { return g.Severity > 0 && !g.Common }

// findingRowBase is a row for a finding, without lines yet.
func (v view) findingRowBase(g diff.Group, said bool) widget.Row {
	f := g.Finding
	out := widget.Row{
		ID: findingRowID(f), Differs: true, Title: safe.Clean(f.Name), Finding: &f,
		ValueName: safe.Const("the finding"), Value: f.Text, Command: v.shellCommand(f.Command),
		Proof: func(fr page.Frame) []widget.Row { v := v; v.Frame = fr; return v.findingProof(g, said) },
	}
	if out.Command.IsEmpty() {
		out.Command = v.shellCommand(f.Check)
	}
	out.Detail = out.Proof
	return out
}

// bulletIndent is where the text of a finding begins.
const bulletIndent = 3

// bulleted is wrapped text behind a sign, within cells less than the width.
func (v view) bulleted(sign, text look.Span, within int) []look.Line {
	var lines []look.Line
	lead := []look.Span{sign, look.Gap(bulletIndent - look.Width(sign.Text))}
	text.Text = v.Glyphs.Sentence(text.Text)
	for _, l := range look.Wrap([]look.Span{text}, max(v.Width-bulletIndent-2-within, 8)) {
		lines = append(lines, look.L(lead...).With(l.Spans...))
		lead = []look.Span{look.Gap(bulletIndent)}
	}
	return lines
}

// shellCommand is a shell command as it must be for these registries.
func (v view) shellCommand(t safe.Text) safe.Text {
	if v.crane != "crane" {
		return diff.Insecure(t)
	}
	return t
}

// withFindings is a row with what was found on it: the names of causes under
// it, every sentence in its detail.
func (v view) withFindings(out widget.Row, on func(diff.Finding) bool) widget.Row {
	var causes, all []diff.Finding
	for _, g := range slices.Concat(v.mainFindings, v.otherFindings) {
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
	if names := v.findingNames(causes); !names.IsEmpty() {
		out = out.WithLines(v.noteLines(look.S(look.Faint, names)))
	}
	if detail := out.Detail; detail != nil {
		out.Detail = func(f page.Frame) []widget.Row { return append(findingFields(f, all), detail(f)...) }
	}
	return out
}

// findingNames are the names of findings, but for the one that was followed, whose
// sentence is on the screen.
func (v view) findingNames(all []diff.Finding) safe.Text {
	var names []safe.Text
	for _, f := range all {
		if v.trail.key() != findingID(f) {
			names = append(names, safe.Sprintf("%s %s", f.ID, f.Name))
		}
	}
	return safe.Join(names, ", ")
}

// findingFields tell findings in the detail of what they are about.
func findingFields(f page.Frame, all []diff.Finding) []widget.Row {
	var rows []widget.Row
	for _, of := range all {
		rows = append(rows, widget.FieldRows(f, safe.Clean(of.ID), f.Glyphs.Sentence(of.Text), look.Severity(of.Severity))...)
		if !of.Next.IsEmpty() {
			rows = append(rows, widget.FieldRows(f, safe.Const(" "), safe.Sprintf("%s %s", f.Glyphs.Arrow, f.Glyphs.Sentence(of.Next)),
				look.Plain)...)
		}
	}
	return rows
}
