package compare

import (
	"slices"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// Limits of the Summary tab: findings before the properties beside warnings and stops, and
// steps, where the terminal is not roomy.
const (
	findingsAbove = 3
	stepsShown    = 8
)

// summaryRows returns the most important findings, all stops and warnings, the properties and
// the steps that differ. The other findings come last, and warnings about both sides of a
// platform that is not in view.
func (v view) summaryRows() []widget.Row {
	rows := v.entryErrorRows()
	above := min(len(v.mainFindings), findingsAbove)
	for i, g := range v.mainFindings[:above] {
		rows = append(rows, v.groupRows(g, i == 0)...)
	}
	others := slices.Concat(v.mainFindings[above:], v.otherFindings)
	inView := findingIDs(slices.Concat(v.pair.Findings, v.cmp.Findings))
	warns := func(g diff.Group) bool {
		return g.Severity > 2 || g.Severity == 2 && (!g.Common || inView[findingID(g.Finding)])
	}
	for _, g := range others {
		if warns(g) {
			rows = append(rows, v.groupRows(g, false)...)
		}
	}
	rows = append(rows, v.propertyRows()...)
	rows = append(rows, v.differingStepRows()...)
	if len(v.cmp.Pairs) > 1 {
		rows = append(rows, widget.BlankRow(), widget.HeadingRow(safe.Const("Platforms")))
		rows = append(rows, v.platformRows(false)...)
	}
	return append(rows, v.otherFindingRows(slices.DeleteFunc(others, warns))...)
}

// findingIDs returns the set of the IDs of findings.
func findingIDs(found []diff.Finding) map[string]bool {
	ids := map[string]bool{}
	for _, f := range found {
		ids[findingID(f)] = true
	}
	return ids
}

// otherFindingRows returns the findings after the first ones.
func (v view) otherFindingRows(groups []diff.Group) []widget.Row {
	if len(groups) == 0 {
		return nil
	}
	rows := []widget.Row{widget.BlankRow(), widget.HeadingRow(safe.Const("Other findings"))}
	for _, g := range groups {
		rows = append(rows, v.groupRows(g, false)...)
	}
	return rows
}

// entryErrorRows returns why the image could not be read. In a comparison the verdict
// box contains it.
func (v view) entryErrorRows() []widget.Row {
	var rows []widget.Row
	for _, e := range bothSides(v.pair.A, v.pair.B) {
		if v.alone && e.Err != nil {
			rows = append(rows, widget.HeaderRow(page.RetryLines(e.Err, v.Frame)...))
		}
	}
	return rows
}

// differingStepRows returns the steps that differ, oldest first: the first one is often
// the cause of the others.
func (v view) differingStepRows() []widget.Row {
	if v.alone {
		return nil
	}
	differing := slices.DeleteFunc(slices.Clone(v.pair.Rows), func(r diff.Row) bool { return !r.Differs() })
	n := len(differing)
	if n == 0 {
		return nil
	}
	title := safe.Sprintf("Steps that differ, oldest first (%d of %d)", n, len(v.pair.Rows))
	if v.pair.Platform != "" && len(v.cmp.Pairs) > 1 {
		title = safe.Sprintf("%s on %s", title, v.pair.Platform)
	}
	rows := []widget.Row{widget.BlankRow(), widget.HeadingRow(title)}
	most := stepsShown
	if v.roomyRows = isRoomy(v.Frame); v.roomyRows {
		most = n
	}
	for _, r := range differing[:min(n, most)] {
		rows = append(rows, v.layerRow(r))
	}
	if n > most {
		rows = append(rows, v.note(safe.Sprintf("and %d more: 3 shows all layers", n-most)))
	}
	return rows
}
