package report

import (
	"io"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// Markdown prints the report to be pasted into a ticket: what was compared by
// digest, the verdict, the findings, a table for each platform that differs.
func Markdown(w io.Writer, c diff.Comparison, o Options) error {
	m := markdown{newPrinter(w, o), o, o.glyphs(), c}
	m.expectation()
	m.verdict()
	m.sides()
	m.findings()
	m.platforms()
	if state := unreadState(m.c, m.o); !state.IsEmpty() {
		m.blank()
		m.line(sentence(state))
	}
	for _, p := range c.Pairs {
		if hasTable(c, p) {
			m.steps(p)
		}
	}
	return m.end()
}

type markdown struct {
	*printer
	o Options
	g look.Glyphs
	c diff.Comparison
}

func (m markdown) verdict() {
	if m.c.B == nil {
		return
	}
	v := m.c.Verdict
	m.line(safe.Const("**Verdict:** "), sentence(headline(v)), inBrackets(trust(v.Trust)))
	m.blank()
	if !v.Because.IsEmpty() {
		m.line(sentence(v.Because))
		m.blank()
	}
}

func inBrackets(t safe.Text) safe.Text {
	if t.IsEmpty() {
		return t
	}
	return safe.Sprintf(" (%s)", t)
}

func (m markdown) sides() {
	m.cells(safe.Text{}, safe.Const("reference"), safe.Const("digest"), safe.Const("what it is"))
	m.cells(safe.Const("---"), safe.Const("---"), safe.Const("---"), safe.Const("---"))
	m.side(safe.Const("A"), m.c.A)
	m.side(safe.Const("B"), m.c.B)
}

func (m markdown) side(name safe.Text, a *model.Artifact) {
	if a != nil {
		m.cells(name, code(safe.Clean(a.Ref.String())), code(safe.Clean(string(a.Top.Digest))), sentence(kind(*a)))
	}
}

func (m markdown) cells(cells ...safe.Text) {
	m.line(safe.Const("| "), safe.Join(cells, " | "), safe.Const(" |"))
}

func (m markdown) findings() {
	main, other := mergeFindings(m.c)
	if len(main)+len(other) > 0 {
		m.heading(safe.Const("Findings"))
	}
	for _, f := range slices.Concat(main, other) {
		m.finding(safe.Concat(safe.Const("- **"), severity(f.Finding), safe.Const("** ")), f, nil)
		if !f.Next.IsEmpty() {
			m.line(safe.Const("  Next: "), sentence(f.Next))
		}
		if !f.Command.IsEmpty() {
			m.line(safe.Const("  Command: "), code(m.o.command(f.Command)))
		}
		for _, x := range f.follow {
			m.finding(safe.Const("  - "), x, &f)
		}
	}
	m.how(provable(main))
}

func (m markdown) finding(lead safe.Text, f platformFinding, cause *platformFinding) {
	line := []safe.Text{lead}
	where, say := f.sentence(m.c, cause)
	if !where.IsEmpty() {
		line = append(line, sentence(where), safe.Const(": "))
	}
	m.line(append(line, sentence(say), safe.Sprintf(" (%s ", f.ID), code(safe.Clean(f.Name)), safe.Sprintf(", %s)", trust(f.Trust)))...)
}

// how is what the verdict and the findings rest on: the rule, its values, and
// the commands that show the same without this program.
func (m markdown) how(found []platformFinding) {
	v := m.c.Verdict
	if len(v.Proof) == 0 && len(found) == 0 {
		return
	}
	m.heading(safe.Const("How we know"))
	var checks []safe.Text
	if len(v.Proof) > 0 {
		m.proof(safe.Const("The verdict"), v.Trust, v.Code.Rule(), v.Proof)
		checks = m.check(checks, safe.Const("the verdict"), v.Command)
	}
	rules := map[string]diff.Rule{}
	for _, r := range diff.Catalogue() {
		rules[r.ID] = r
	}
	for _, f := range found {
		m.proof(safe.Sprintf("%s %s", f.ID, f.Name), f.Trust, safe.Clean(rules[f.ID].Proof), withoutRepeats(f.Proof, v.Proof))
		checks = m.check(checks, safe.Sprintf("%s %s", f.ID, f.Name), f.Check)
	}
	m.block(checks)
}

func (m markdown) proof(of safe.Text, t diff.Trust, rule safe.Text, lines []safe.Text) {
	m.line(safe.Const("- "), sentence(of), safe.Const(", "), sentence(t.Words()), inBrackets(code(rule)))
	for _, l := range lines {
		m.line(safe.Const("  - "), code(l))
	}
}

// check adds a command under a comment that says what it shows.
func (m markdown) check(to []safe.Text, of, command safe.Text) []safe.Text {
	if command.IsEmpty() {
		return to
	}
	return append(to, safe.Concat(safe.Const("# "), of), m.o.command(command))
}

// block is a block of code, which nothing in it can end.
func (m markdown) block(lines []safe.Text) {
	if len(lines) == 0 {
		return
	}
	fence := safe.Const("```")
	for _, l := range lines {
		for strings.Contains(l.String(), fence.String()) {
			fence = safe.Concat(fence, safe.Const("`"))
		}
	}
	m.blank()
	m.line(fence, safe.Const("sh"))
	for _, l := range lines {
		m.line(l)
	}
	m.line(fence)
}

func (m markdown) heading(t safe.Text) {
	m.blank()
	m.line(safe.Const("### "), t)
	m.blank()
}

func (m markdown) platforms() {
	if len(m.c.Pairs) < 2 {
		return
	}
	m.heading(safe.Const("Platforms"))
	for _, p := range m.c.Pairs {
		m.line(safe.Const("- "), code(platformName(p)), safe.Const(": "), sentence(platformState(m.c, p, m.o)))
	}
}

func (m markdown) steps(p diff.Pair) {
	m.heading(safe.Concat(safe.Const("Steps of "), code(platformName(p))))
	if m.c.B == nil {
		m.cells(safe.Const("step"), safe.Const("instruction"), safe.Const("layer"), safe.Const("note"))
		m.cells(safe.Const("---:"), safe.Const("---"), safe.Const("---"), safe.Const("---"))
	} else {
		m.cells(safe.Text{}, safe.Const("step"), safe.Const("instruction"), safe.Const("A layer"), safe.Const("B layer"), safe.Const("note"))
		m.cells(safe.Const("---"), safe.Const("---:"), safe.Const("---"), safe.Const("---"), safe.Const("---"), safe.Const("---"))
	}
	for _, r := range p.Rows {
		m.row(r)
	}
}

func (m markdown) row(r diff.Row) {
	text := code(instruction(m.o, firstStep(r.A, r.B)))
	if r.A != nil && r.B != nil && !r.SameText {
		text = safe.Concat(safe.Const("A: "), text, safe.Const("<br>B: "), code(instruction(m.o, r.B)))
	}
	if m.c.B == nil {
		m.cells(stepNumber(r), text, m.layer(firstStep(r.A, r.B)), sentence(rowNote(r)))
		return
	}
	m.cells(code(m.g.Mark(r.Class)), stepNumber(r), text, m.layer(r.A), m.layer(r.B), sentence(rowNote(r)))
}

func (m markdown) layer(s *model.Step) safe.Text {
	if s == nil || !s.HasLayer {
		return safe.Text{}
	}
	text := code(shortDigest(s.Layer.Digest))
	if s.Empty {
		return safe.Concat(text, safe.Const(" "), m.g.Empty)
	}
	return text
}
