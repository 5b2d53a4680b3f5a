package report

import (
	"strings"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// markdownWriter lays out a report as Markdown. All untrusted text goes through code or
// sentence, so that it cannot act as Markdown.
type markdownWriter struct{ report }

func (m markdownWriter) expectation(headline safe.Text, platforms []entry) {
	m.line(safe.Const("**"), sentence(headline), safe.Const("**"))
	m.line()
	m.platforms(platforms)
	m.line()
}

func (m markdownWriter) verdict(headline, trust, because, id safe.Text) {
	m.line(safe.Const("**Verdict:** "), sentence(headline), inBrackets(trust))
	m.line()
	if !because.IsEmpty() {
		m.line(sentence(because))
		m.line()
	}
	if !id.IsEmpty() {
		m.line(safe.Const("Code: "), code(id), codeNote(id))
		m.line()
	}
}

func (m markdownWriter) sides(sides []side) {
	m.cells(safe.Text{}, safe.Const("reference"), safe.Const("digest"), safe.Const("kind"), safe.Const("created"))
	m.cells(safe.Const("---"), safe.Const("---"), safe.Const("---"), safe.Const("---"), safe.Const("---"))
	for _, s := range sides {
		m.cells(s.letter, code(s.ref), code(s.digest), sentence(s.kind), s.created)
	}
}

func (m markdownWriter) cells(cells ...safe.Text) {
	m.line(safe.Const("| "), safe.Join(cells, " | "), safe.Const(" |"))
}

func (m markdownWriter) heading(title safe.Text) {
	m.line()
	m.line(safe.Const("### "), title)
	m.line()
}

func (m markdownWriter) finding(f platformFinding) {
	m.findingText(safe.Concat(safe.Const("- **"), severity(f.Finding), safe.Const("** ")), f)
	if next := m.o.next(f.Finding); !next.IsEmpty() {
		m.line(safe.Const("  Next: "), sentence(next))
	}
	if !f.Command.IsEmpty() {
		m.line(safe.Const("  Command: "), code(f.Command))
	}
	for _, x := range f.consequences {
		m.findingText(safe.Const("  - "), x)
	}
}

func (m markdownWriter) findingText(lead safe.Text, f platformFinding) {
	if !f.where.IsEmpty() {
		lead = safe.Concat(lead, sentence(f.where), safe.Const(": "))
	}
	m.line(lead, sentence(f.Text), safe.Sprintf(" (%s ", f.ID), code(safe.Clean(f.Name)), safe.Sprintf(", %s)", string(f.Trust)))
}

func (m markdownWriter) proofs(proofs []proof) {
	if len(proofs) == 0 {
		return
	}
	m.heading(safe.Const("Evidence"))
	var commands []safe.Text
	for _, p := range proofs {
		m.line(safe.Const("- "), sentence(p.of), safe.Const(", "), sentence(p.trust), inBrackets(code(p.rule)))
		for _, v := range p.values {
			m.line(safe.Const("  - "), code(v))
		}
		if !p.command.IsEmpty() {
			commands = append(commands, safe.Concat(safe.Const("# "), p.of), p.command)
		}
	}
	m.block(commands)
}

// block prints a code block. Its fence is longer than any fence in the lines.
func (m markdownWriter) block(lines []safe.Text) {
	if len(lines) == 0 {
		return
	}
	fence := safe.Const("```")
	for _, l := range lines {
		for strings.Contains(l.String(), fence.String()) {
			fence = safe.Concat(fence, safe.Const("`"))
		}
	}
	m.line()
	m.line(fence, safe.Const("sh"))
	for _, l := range lines {
		m.line(l)
	}
	m.line(fence)
}

func (m markdownWriter) platforms(platforms []entry) {
	for _, p := range platforms {
		m.line(safe.Const("- "), code(p.name), safe.Const(": "), sentence(p.text))
	}
}

func (m markdownWriter) paragraph(text safe.Text) {
	m.line()
	m.line(sentence(text))
}

func (m markdownWriter) steps(table stepTable, columns []safe.Text) {
	title := safe.Concat(safe.Const("Steps of "), code(table.name))
	if n := len(table.others); n > 0 {
		title = safe.Sprintf("%s, and of %s in the same steps", title,
			look.Count(n, safe.Const("other platform"), safe.Const("other platforms")))
	}
	m.heading(title)
	head := append(append([]safe.Text{safe.Const("step"), safe.Const("instruction")}, columns...), safe.Const("note"))
	rule := safe.Text{}
	if len(columns) > 1 {
		head, rule = append([]safe.Text{{}}, head...), safe.Const("| --- ")
	}
	m.cells(head...)
	m.line(rule, safe.Const("| ---: "), safe.Const("| --- ").Repeat(len(columns)+2), safe.Const("|"))
	boundary, base := table.boundary(m.c)
	for _, l := range table.lines(m.c.B != nil, boundary) {
		if l.at == boundary {
			cells := make([]safe.Text, len(head))
			cells[len(head)-len(columns)-2] = sentence(safe.Sprintf("above this line: %s", base.Text()))
			m.cells(cells...)
		}
		if l.folded > 0 {
			m.cells(code(m.g.Mark(diff.Same)), l.numbers(), l.text(), safe.Text{}, safe.Text{}, safe.Text{})
			continue
		}
		m.step(l.row)
	}
}

func (m markdownWriter) step(r diff.Row) {
	texts := m.instructions(r)
	if len(texts) == 2 {
		texts[0], texts[1] = excerpts(texts[0], texts[1], excerptLength)
	}
	text := code(texts[0])
	if len(texts) == 2 {
		text = safe.Concat(safe.Const("A: "), text, safe.Const("<br>B: "), code(texts[1]))
	}
	cells := []safe.Text{stepNumber(r), text}
	if m.c.B != nil {
		cells = append([]safe.Text{code(m.g.Mark(r.Class))}, cells...)
	}
	for _, s := range m.layers(r) {
		cells = append(cells, m.layer(s))
	}
	m.cells(append(cells, sentence(rowNote(r)))...)
}

func (m markdownWriter) layer(s *model.Step) safe.Text {
	if s == nil || !s.HasLayer {
		return safe.Text{}
	}
	text := code(look.Short(s.Layer.Digest))
	if s.Empty {
		return safe.Concat(text, safe.Const(" "), m.g.Empty)
	}
	return text
}

// files prints a list of files for each step.
func (m markdownWriter) files(section fileSection) {
	m.heading(sentence(section.title))
	for i, s := range section.steps {
		if i > 0 {
			m.line()
		}
		m.line(safe.Sprintf("Step %s ", s.number), code(s.instruction), safe.Const(": "), sentence(s.counts))
		m.line()
		for _, f := range s.files {
			m.line(safe.Const("- "), code(f.mark), safe.Const(" "), code(f.path), safe.Const(" "), sentence(f.note))
		}
		for _, f := range s.rest {
			m.line(safe.Const("- "), sentence(f.path))
		}
	}
}
