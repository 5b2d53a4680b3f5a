package ui

import (
	"slices"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// tell are the findings of the platform in view and of the whole, in the order
// in which they are told. While things arrive there are none: what they say
// may not hold. They are folded when something has arrived, not for each key.
func (p comparePage) tell() (news, also []diff.Group) {
	if p.cmp.B != nil && p.cmp.Verdict.Code == diff.Pending {
		return nil, nil
	}
	found := p.cmp.Findings
	if pair := p.pair(); pair != nil {
		found = slices.Concat(pair.Findings, found)
	}
	return diff.Rank(diff.GroupByCause(found))
}

// inBox is the group whose sentence stands in the box of the verdict.
func (s scene) inBox() (diff.Group, bool) {
	if s.alone || len(s.news) == 0 {
		return diff.Group{}, false
	}
	return s.news[0], true
}

// groupRows are a finding and, under it, what follows from it: how many there
// are or, unfolded, a row for each.
func (s scene) groupRows(g diff.Group, first bool) []row {
	r := s.findingRow(g, first)
	if len(g.Consequences) == 0 {
		return []row{r}
	}
	if !s.open {
		r.lines = append(r.lines, look.L(look.Gap(bulletIndent), look.S(look.Faint, safe.Sprintf("+ %s", consequences(len(g.Consequences))))))
		return []row{r}
	}
	rows := []row{r}
	for _, f := range g.Consequences {
		r := s.aboutFinding(diff.Group{Finding: f}, false)
		for _, l := range s.bulleted(look.S(look.Faint, s.glyphs.Note), look.P(f.Say), bulletIndent) {
			r.lines = append(r.lines, look.L(look.Gap(bulletIndent)).With(l.Spans...))
		}
		rows = append(rows, r)
	}
	return rows
}

// fold shows consequences or puts them away; the cursor goes from one of them
// to its cause.
func (p comparePage) fold() comparePage {
	p.unfolded = !p.unfolded
	r, ok := p.sheets[tabSummary].current()
	if !ok || r.finding == nil || p.tab != tabSummary {
		return p
	}
	s := p.scene(p.frame)
	for _, g := range slices.Concat(s.news, s.also) {
		if slices.ContainsFunc(g.Consequences, func(f diff.Finding) bool { return findingID(f) == findingID(*r.finding) }) {
			p.want = rowOf(g.Finding)
		}
	}
	return p
}

// rowOf is the id of the row that tells a finding.
func rowOf(f diff.Finding) string { return "finding " + findingID(f) }

func consequences(n int) safe.Text {
	return look.Count(n, safe.Const("consequence: f shows it"), safe.Const("consequences: f shows them"))
}

// findingRow is what was found, what to do about it and how. The first in a
// comparison has its sentence in the box above; the others say what to do where
// there is room.
func (s scene) findingRow(g diff.Group, first bool) row {
	said := first && !s.alone
	out := s.aboutFinding(g, said)
	role := look.Severity(g.Severity)
	if g.Common {
		role = look.Plain
	}
	if !said {
		out.lines = s.bulleted(look.S(role, s.glyphs.Dot), look.S(role, g.Say), 0)
	}
	if !g.Next.IsEmpty() && (first || grave(g) && g.Command.IsEmpty() && s.height >= tallHeight) {
		out.lines = append(out.lines, s.bulleted(look.S(look.Strong, s.glyphs.Arrow), look.P(g.Next), 0)...)
	}
	if !g.Command.IsEmpty() {
		out.lines = append(out.lines, look.L(look.S(look.Strong, safe.Const("$")), look.Gap(bulletIndent-1), look.P(s.glyphs.Fit(s.command(g.Command), max(s.width-bulletIndent-2, 8)))))
	}
	if len(out.lines) == 0 {
		out.lines = s.bulleted(look.S(look.Faint, s.glyphs.Dot), look.S(look.Faint, safe.Const("enter shows what proves it")), 0)
	}
	return out
}

// grave is what a person should do something about.
func grave(g diff.Group) bool { return g.Severity > 0 && !g.Common }

// aboutFinding is a row for a finding, without lines yet.
func (s scene) aboutFinding(g diff.Group, said bool) row {
	f := g.Finding
	out := row{
		id: rowOf(f), differs: true, title: safe.Clean(f.Name), finding: &f,
		what: safe.Const("the finding"), value: f.Say, shell: s.command(f.Command),
		how: func(fr frame) []row { s := s; s.frame = fr; return s.howFinding(g, said) },
	}
	if out.shell.IsEmpty() {
		out.shell = s.command(f.Check)
	}
	out.detail = out.how
	return out
}

// bulletIndent is where the text of a finding begins.
const bulletIndent = 3

// bulleted is wrapped text behind a sign, within cells less than the width.
func (s scene) bulleted(sign, text look.Span, within int) []look.Line {
	var lines []look.Line
	lead := []look.Span{sign, look.Gap(bulletIndent - look.Width(sign.Text))}
	text.Text = s.glyphs.Sentence(text.Text)
	for _, l := range look.Wrap([]look.Span{text}, max(s.width-bulletIndent-2-within, 8)) {
		lines = append(lines, look.L(lead...).With(l.Spans...))
		lead = []look.Span{look.Gap(bulletIndent)}
	}
	return lines
}

// command is a shell command as it must be for these registries.
func (s scene) command(t safe.Text) safe.Text {
	if s.crane != "crane" {
		return diff.Insecure(t)
	}
	return t
}

// withFindings is a row with what was found on it: the names of causes under
// it, every sentence in its detail.
func (s scene) withFindings(out row, on func(diff.Finding) bool) row {
	var causes, all []diff.Finding
	for _, g := range slices.Concat(s.news, s.also) {
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
	if names := s.namesOf(causes); !names.IsEmpty() {
		out = out.under(s.noteLines(look.S(look.Faint, names)))
	}
	if detail := out.detail; detail != nil {
		out.detail = func(f frame) []row { return append(findingFields(f, all), detail(f)...) }
	}
	return out
}

// namesOf are the names of findings, but for the one that was followed, whose
// sentence is on the screen.
func (s scene) namesOf(all []diff.Finding) safe.Text {
	var names []safe.Text
	for _, f := range all {
		if s.trail.key() != findingID(f) {
			names = append(names, safe.Sprintf("%s %s", f.ID, f.Name))
		}
	}
	return safe.Join(names, ", ")
}

// findingFields tell findings in the detail of what they are about.
func findingFields(f frame, all []diff.Finding) []row {
	var rows []row
	for _, of := range all {
		rows = append(rows, fieldRows(f, safe.Clean(of.ID), f.glyphs.Sentence(of.Say), look.Severity(of.Severity))...)
		if !of.Next.IsEmpty() {
			rows = append(rows, fieldRows(f, safe.Const(" "), safe.Sprintf("%s %s", f.glyphs.Arrow, f.glyphs.Sentence(of.Next)), look.Plain)...)
		}
	}
	return rows
}
