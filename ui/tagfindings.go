package ui

import (
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
		detail: func(f frame) []row { return findingProofs(f, crane, found) },
	})})
}
