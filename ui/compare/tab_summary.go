package compare

import (
	"slices"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// How much comes before the facts, and of the steps.
const (
	findingsAbove = 3
	stepsShown    = 8
)

// summaryRows are what was found, the facts that tell the sides apart, and the
// steps that differ. Calm facts, and what both sides share, come last.
func (s scene) summaryRows() []widget.Row {
	rows := s.entryErrors()
	above := min(len(s.news), findingsAbove)
	for i, g := range s.news[:above] {
		rows = append(rows, s.groupRows(g, i == 0)...)
	}
	rows = append(rows, s.factRows()...)
	rows = append(rows, s.differingSteps()...)
	if len(s.cmp.Pairs) > 1 {
		rows = append(rows, widget.BlankRow(), widget.HeadingRow(safe.Const("Platforms")))
		rows = append(rows, s.platformRows(false)...)
	}
	return append(rows, s.alsoRows(slices.Concat(s.news[above:], s.also))...)
}

// alsoRows are the findings that are not the first to be read.
func (s scene) alsoRows(groups []diff.Group) []widget.Row {
	if len(groups) == 0 {
		return nil
	}
	rows := []widget.Row{widget.BlankRow(), widget.HeadingRow(safe.Const("Also"))}
	for _, g := range groups {
		rows = append(rows, s.groupRows(g, false)...)
	}
	return rows
}

// entryErrors are why a side of the pair in view could not be read. In a
// comparison the box above says it.
func (s scene) entryErrors() []widget.Row {
	var rows []widget.Row
	for _, e := range []*model.Entry{s.pair.A, s.pair.B} {
		if s.alone && e != nil && e.Err != nil {
			rows = append(rows, widget.Row{Header: true, Lines: page.RetryLines(e.Err, s.Frame)})
		}
	}
	return rows
}

// differingSteps are the steps that differ, oldest first: the first is often
// the cause of the others.
func (s scene) differingSteps() []widget.Row {
	if s.alone {
		return nil
	}
	var rows []widget.Row
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
	rows = append([]widget.Row{widget.BlankRow(), widget.HeadingRow(title)}, rows...)
	if n > stepsShown {
		rows = append(rows, widget.NoteRow(s.Frame, safe.Sprintf("and %d more: 3 shows all layers", n-stepsShown)))
	}
	return rows
}
