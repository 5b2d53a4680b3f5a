package tags

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/compare"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// askFindings shows what there is to remark on the tags as a whole, and asks
// first where they point if nobody has.
func (p tagsPage) askFindings() (page.Page, page.Effects) {
	switch {
	case len(p.findings) > 0 || p.survey.isDone():
		return p, p.showFindings()
	case len(p.list.All) == 0:
		return p, page.Toast(safe.Const("no tag is known yet"))
	}
	p.showFindingsNext = true
	if p.survey.running() {
		return p, page.Toast(safe.Const("asking where the tags point: what there is to remark comes then"))
	}
	return p.startSurvey(goalSameImage)
}

// showFindings opens what was found on the tags as a whole.
func (p tagsPage) showFindings() page.Effects {
	if len(p.findings) == 0 {
		if left, all := len(p.index.unresolved(p.list.All)), len(p.list.All); left > 0 {
			return page.Toast(safe.Sprintf("nothing to remark on the %s of %s tags that are known", look.Number(all-left), look.Number(all)))
		}
		return page.Toast(safe.Const("nothing to remark on these tags"))
	}
	found, crane := p.findings, p.env.Crane
	return page.Send(page.PushMsg{Page: widget.NewDetail(p.Crumb(), widget.Row{
		Title: safe.Const("findings"), ValueName: safe.Const("the findings"),
		Detail: func(f page.Frame) []widget.Row { return compare.FindingProofs(f, crane, found) },
	})})
}

// findFindings looks for findings on the tags as a whole, in a command: of
// thousands that takes longer than a key may.
func (p tagsPage) findFindings() (tagsPage, page.Effects) {
	p.findingsLoad++
	set, past, load := p.index.tagSet(p.ref, p.list), p.history, p.findingsLoad
	return p, page.Once(p.listCtx, func(context.Context) tea.Msg { return findingsMsg{load, diff.TagFindings(set, past)} })
}

// refreshFindings does that again when more is known than before.
func (p tagsPage) refreshFindings() (tagsPage, page.Effects) {
	if !p.survey.isDone() || p.survey.stage == surveyWaiting {
		return p, nil
	}
	return p.findFindings()
}

func (p tagsPage) withFindings(found []diff.Finding) tagsPage {
	p.findings, p.flagged = found, map[string]bool{}
	for _, f := range found {
		for _, tag := range f.Tags {
			p.flagged[tag] = p.flagged[tag] || f.Severity > 0
		}
	}
	return p
}
