package ui

import (
	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// How much comes before the facts, and of the steps.
const (
	findingsAbove = 3
	stepsShown    = 8
)

// summaryRows are what was found, the facts that tell the sides apart, and the
// steps that differ. Calm facts come last.
func (s scene) summaryRows() []row {
	rows, also := s.entryErrors(), []row(nil)
	for i, f := range s.findings() {
		switch {
		case i == 0 && !s.alone && tells(f): // the box above says it already
			rows = append(rows, s.findingRow(f, true))
		case i < findingsAbove && f.Severity > 0:
			rows = append(rows, s.findingRow(f, false))
		default:
			also = append(also, s.findingRow(f, false))
		}
	}
	rows = append(rows, s.factRows()...)
	rows = append(rows, s.differingSteps()...)
	if len(s.cmp.Pairs) > 1 {
		rows = append(rows, blankRow(), headingRow(safe.Const("Platforms")))
		rows = append(rows, s.platformRows()...)
	}
	if len(also) > 0 {
		rows = append(append(rows, blankRow(), headingRow(safe.Const("Also"))), also...)
	}
	return rows
}

// entryErrors are why a side of the pair in view could not be read. In a
// comparison the box above says it.
func (s scene) entryErrors() []row {
	var rows []row
	for _, e := range []*model.Entry{s.pair.A, s.pair.B} {
		if s.alone && e != nil && e.Err != nil {
			rows = append(rows, row{header: true, lines: troubleLines(e.Err, s.frame)})
		}
	}
	return rows
}

// differingSteps are the steps that differ, oldest first: the first is often
// the cause of the others.
func (s scene) differingSteps() []row {
	if s.alone {
		return nil
	}
	var rows []row
	n := 0
	for _, r := range s.pair.Rows {
		if !r.Differs() {
			continue
		}
		if n++; n <= stepsShown {
			rows = append(rows, s.layerRow(r))
		}
	}
	if n == 0 {
		return nil
	}
	title := safe.Sprintf("Steps that differ, oldest first (%d of %d)", n, len(s.pair.Rows))
	if s.pair.Platform != "" && len(s.cmp.Pairs) > 1 {
		title = safe.Sprintf("%s on %s", title, s.pair.Platform)
	}
	rows = append([]row{blankRow(), headingRow(title)}, rows...)
	if n > stepsShown {
		rows = append(rows, s.noteRow(safe.Sprintf("and %d more: 3 shows all layers", n-stepsShown)))
	}
	return rows
}

func severityRole(n int) look.Role {
	return [...]look.Role{look.Plain, look.Strong, look.Warn, look.Alert}[max(min(n, 3), 0)]
}

// findingRow is what was found and what to do about it; only the latter if the
// former has been said.
func (s scene) findingRow(f diff.Finding, said bool) row {
	out := row{
		id: "finding " + f.ID + f.Say.String(), differs: true, title: safe.Clean(f.Name),
		what: safe.Const("the finding"), value: safe.Sprintf("%s %s", f.Say, f.Next),
		detail: func(fr frame) []row { return findingDetail(fr, f) },
	}
	if !said {
		out.lines = s.bulleted(look.S(severityRole(f.Severity), s.glyphs.Dot), look.S(severityRole(f.Severity), f.Say))
	}
	if !f.Next.IsEmpty() {
		out.lines = append(out.lines, s.bulleted(look.S(look.Strong, s.glyphs.Arrow), look.P(f.Next))...)
	}
	if len(out.lines) == 0 {
		out.lines = s.bulleted(look.S(look.Faint, s.glyphs.Dot), look.S(look.Faint, safe.Const("enter shows what proves it")))
	}
	return out
}

// bulleted is wrapped text behind a sign.
func (s scene) bulleted(sign, text look.Span) []look.Line {
	const indent = 3
	var lines []look.Line
	lead := []look.Span{sign, look.Gap(indent - look.Width(sign.Text))}
	for _, l := range look.Wrap([]look.Span{text}, max(s.width-indent-2, 8)) {
		lines = append(lines, look.L(lead...).With(l.Spans...))
		lead = []look.Span{look.Gap(indent)}
	}
	return lines
}

func findingDetail(f frame, of diff.Finding) []row {
	rows := fieldRows(f, safe.Const("finding"), safe.Sprintf("%s %s", of.ID, of.Name), look.Plain)
	rows = append(rows, fieldRows(f, safe.Const("says"), of.Say, severityRole(of.Severity))...)
	rows = append(rows, fieldRows(f, safe.Const("trust"), safe.Clean(string(of.Trust)), look.Plain)...)
	rows = append(rows, fieldRows(f, safe.Const("do"), of.Next, look.Plain)...)
	for _, e := range of.Evidence {
		at := safe.Clean(string(e.Side)).Upper()
		if e.Step >= 0 {
			at = safe.Sprintf("%s step %d", at, e.Step+1)
		}
		rows = append(rows, fieldRows(f, at, safe.Clean(e.Digest.String()), look.Faint)...)
	}
	return rows
}
