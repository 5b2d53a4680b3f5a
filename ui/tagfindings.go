package ui

import (
	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model/safe"
)

// showFindings opens what was found on the tags as a whole.
func (p tagsPage) showFindings() effects {
	if len(p.found) == 0 {
		if p.survey.stage != surveyDone {
			return toast(safe.Const("nothing is found before all tags are asked: d asks"))
		}
		return toast(safe.Const("nothing to remark on these tags"))
	}
	found, crane := p.found, p.deps.crane
	return send(pushMsg{newDetailPage(p.crumb(), row{
		title: safe.Const("findings"), what: safe.Const("the findings"),
		detail: func(f frame) []row { return tagFindingRows(f, crane, found) },
	})})
}

// tagFindingRows tell each finding in full.
func tagFindingRows(f frame, crane string, found []diff.Finding) []row {
	s := scene{frame: f, alone: true, crane: crane}
	var rows []row
	for i, of := range found {
		if i > 0 {
			rows = append(rows, blankRow())
		}
		rows = append(rows, s.howFinding(diff.Group{Finding: of}, false)...)
	}
	return rows
}
