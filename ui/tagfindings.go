package ui

import (
	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// askFindings shows what there is to remark on the tags as a whole, and asks
// first where they point if nobody has.
func (p tagsPage) askFindings() (page, effects) {
	switch {
	case len(p.found) > 0 || p.survey.asked():
		return p, p.showFindings()
	case len(p.list.all) == 0:
		return p, toast(safe.Const("no tag is known yet"))
	}
	p.tell = true
	if p.survey.running() {
		return p, toast(safe.Const("asking where the tags point: what there is to remark comes then"))
	}
	return p.startSurvey(goalSame)
}

// showFindings opens what was found on the tags as a whole.
func (p tagsPage) showFindings() effects {
	if len(p.found) == 0 {
		if left, all := len(p.know.unresolved(p.list.all)), len(p.list.all); left > 0 {
			return toast(safe.Sprintf("nothing to remark on the %s of %s tags that are known", look.Number(all-left), look.Number(all)))
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
