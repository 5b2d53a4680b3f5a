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

// openFindings opens the findings on the tags as a whole. It surveys the tags
// first if that was not done yet.
func (p tagsPage) openFindings() (page.Page, page.Effects) {
	switch {
	case len(p.findings) > 0 || p.survey.isDone():
		return p, p.showFindings()
	case len(p.list.All) == 0:
		return p, page.Toast(safe.Const("no tags are listed yet"))
	}
	p.showFindingsNext = true
	if p.survey.running() {
		return p, page.Toast(safe.Const("the tags are being resolved: the findings open after that"))
	}
	return p.startSurvey(goalSameImage)
}

// showFindings opens the page of findings, or says that there are none.
func (p tagsPage) showFindings() page.Effects {
	if len(p.findings) == 0 {
		if left, all := len(p.index.unresolved(p.list.All, false)), len(p.list.All); left > 0 {
			return page.Toast(safe.Sprintf("no findings on the %s of %s tags resolved so far", look.Number(all-left), look.Number(all)))
		}
		return page.Toast(safe.Const("no findings on these tags"))
	}
	findings, crane := p.findings, p.env.Crane
	return page.Send(page.PushMsg{Page: widget.NewDetail(p.Crumb(), widget.Row{
		Title: safe.Const("findings"), ValueName: safe.Const("the findings"),
		Detail: func(f page.Frame) []widget.Row { return compare.FindingProofs(f, crane, findings) },
	})})
}

// findFindings searches for findings on the tags as a whole. It runs in a command
// because it takes too long for Update when there are thousands of tags.
func (p tagsPage) findFindings() (tagsPage, page.Effects) {
	p.findingsLoad++
	set, past, load := p.index.tagSet(p.ref, p.list), p.history, p.findingsLoad
	return p, page.Once(p.listCtx, func(context.Context) tea.Msg { return findingsMsg{load, diff.TagFindings(set, past)} })
}

// refreshFindings searches again when more is known than before.
func (p tagsPage) refreshFindings() (tagsPage, page.Effects) {
	if !p.survey.isDone() || p.survey.stage == surveyWaiting {
		return p, nil
	}
	return p.findFindings()
}

// withFindings returns p with findings. Tags with more than a plain fact are
// flagged.
func (p tagsPage) withFindings(findings []diff.Finding) tagsPage {
	p.findings, p.flagged = findings, map[string]bool{}
	for _, f := range findings {
		for _, tag := range f.Tags {
			p.flagged[tag] = p.flagged[tag] || f.Severity > 0
		}
	}
	return p
}
