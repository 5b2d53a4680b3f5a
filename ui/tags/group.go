package tags

import (
	"context"
	"slices"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/page"
)

// group puts tags of one image together, or no longer, and asks where the other
// tags point.
func (p tagsPage) group() (page.Page, page.Effects) {
	p.grouped = !p.grouped
	if p.grouped {
		return p.startSurvey(goalSameImage)
	}
	p, asked := p.withdrawOffer()
	return p.andSort(asked)
}

// nextOrder puts the list in another order.
func (p tagsPage) nextOrder() (page.Page, page.Effects) {
	p.order = (p.order + 1) % sortOrders
	if p.order.needsImages() {
		return p.startSurvey(goalImageInfo)
	}
	p, asked := p.withdrawOffer()
	return p.andSort(asked)
}

// withdrawOffer takes an announcement back, and what would be asked after it.
func (p tagsPage) withdrawOffer() (tagsPage, page.Effects) {
	p.survey.beforeList = false
	if p.survey.stage != surveyOffered {
		return p, nil
	}
	if p.survey.stage = p.survey.before; p.survey.stage == surveyDone {
		return p.findFindings()
	}
	return p, nil
}

func (p tagsPage) showAside() (page.Page, page.Effects) {
	if len(p.list.Aside) == 0 {
		return p, page.Toast(safe.Const("no tag here stands for a signature or an attestation"))
	}
	p.list = p.list.ShowAside(!p.list.AsideShown)
	return p.sortList()
}

// startSurvey starts a survey with a goal, or says what it would cost.
func (p tagsPage) startSurvey(goal surveyGoal) (page.Page, page.Effects) {
	p.survey.only = p.list.Filter
	left := p.tagsToAsk()
	images := 0
	if goal == goalImageInfo {
		images = len(unread(p.index, p.surveyedTags(), p.index.images, anyTag))
	}
	if len(left)+perImage*images > surveyAtOnce {
		p.survey = p.survey.offer(goal, len(left))
		p.survey.images = images
		return p.sortList()
	}
	p.survey.goal = goal
	return p.surveyTags(left)
}

// repeatSurvey surveys a list that was read again, as the one before it was. It announces only what is on the screen because it was asked for.
func (p tagsPage) repeatSurvey() (page.Page, page.Effects) {
	p.surveyWhenListed = false
	switch {
	case p.order.needsImages():
		return p.startSurvey(goalImageInfo)
	case p.grouped || len(p.tagsToAsk()) <= surveyAtOnce:
		return p.startSurvey(goalSameImage)
	}
	return p, nil
}

// restorePrevious keeps what was known of a list that could not be read again.
func (p tagsPage) restorePrevious() (page.Page, page.Effects) {
	p.index = p.previous
	if !p.surveyWhenListed {
		return p.sortList()
	}
	p.surveyWhenListed = false
	return p.endSurvey()
}

// tagsToAsk are the tags of which it is not known where they point, those included
// that the registry could not say.
func (p tagsPage) tagsToAsk() []string {
	wanted := p.surveyedTags()
	return slices.Concat(p.index.unresolved(wanted), p.index.unanswered(wanted))
}

// surveyedTags are the tags that a survey is about, those in view first. With a filter
// it is about those that passed when it was announced: what passes later nobody
// has agreed to.
func (p tagsPage) surveyedTags() []string {
	only := p.survey.only
	tags := slices.Clone(only.Passing(p.inView()))
	first := map[string]bool{}
	for _, tag := range tags {
		first[tag] = true
	}
	for _, part := range p.listedTags() {
		for _, tag := range only.Passing(part) {
			if !first[tag] {
				tags = append(tags, tag)
			}
		}
	}
	return tags
}

// nextStage goes on with the survey: tags first, then images. What has arrived in the
// list meanwhile is asked for too.
func (p tagsPage) nextStage() (page.Page, page.Effects) {
	return p.surveyTags(p.index.unresolved(p.surveyedTags()))
}

// surveyTags does that after it has asked about some tags.
func (p tagsPage) surveyTags(tags []string) (page.Page, page.Effects) {
	var asked page.Effects
	if len(tags) > 0 {
		p.survey, asked = p.survey.askTags(p.listCtx, p.deps.Registry, p.ref, tags)
		return p.andSort(asked)
	}
	switch images := p.imagesToRead(); {
	case len(images) == 0:
	case p.survey.goal == goalSameImage && len(images) > surveyMembers:
		p.survey = p.survey.offer(goalMembers, len(images))
		p.survey.before = surveyDone
		p, asked = p.findFindings()
		return p.andSort(asked)
	default:
		if p.survey.goal == goalSameImage {
			p.survey.goal = goalMembers
		}
		p.survey, asked = p.survey.askImages(p.listCtx, p.deps.Registry, p.ref, images)
		return p.andSort(asked)
	}
	return p.finishStage()
}

// finishStage ends the survey, or waits if the list is still loading.
func (p tagsPage) finishStage() (page.Page, page.Effects) {
	if !p.list.Loading {
		return p.endSurvey()
	}
	p.survey.stage, p.survey.beforeList = surveyDone, true
	return p.andSort(nil)
}

// continueSurvey asks about what has come into the list since.
func (p tagsPage) continueSurvey() (page.Page, page.Effects) {
	p.survey.beforeList = false
	if p.survey.goal == goalMembers {
		p.survey.goal = goalSameImage // reading many more lists is announced
	}
	return p.nextStage()
}

// endSurvey ends the survey and looks for findings.
func (p tagsPage) endSurvey() (page.Page, page.Effects) {
	p.survey.stage = surveyDone
	p, asked := p.findFindings()
	return p.andSort(asked)
}

// imagesToRead are those that the survey still has to read.
func (p tagsPage) imagesToRead() []digest.Digest {
	if p.survey.goal == goalImageInfo {
		return unread(p.index, p.surveyedTags(), p.index.images, anyTag)
	}
	return unread(p.index, p.surveyedTags(), p.index.children, mayBeIndex)
}

// accept starts the survey that was announced.
func (p tagsPage) accept() (page.Page, page.Effects) {
	if p.survey.goal == goalMembers {
		return p.nextStage()
	}
	return p.surveyTags(p.tagsToAsk())
}

// pressSurvey takes the keys of an announcement and of a survey under way.
func (p tagsPage) pressSurvey(msg tea.KeyPressMsg) (_ page.Page, _ page.Effects, taken bool) {
	back := key.Matches(msg, page.Keys.Back)
	switch {
	case p.survey.stage == surveyOffered && key.Matches(msg, page.Keys.Open):
		next, asked := p.accept()
		return next, asked, true
	case p.survey.stage == surveyOffered && back:
		next, asked := p.endSurvey()
		return next, asked, true
	case p.survey.running() && back:
		p.survey = p.survey.stopped()
		next, asked := p.endSurvey()
		return next, asked, true
	}
	return p, nil, false
}

// surveyArrived takes an answer of the survey.
func (p tagsPage) surveyArrived(msg tea.Msg) (page.Page, page.Effects) {
	if p.survey.isStale(msg) {
		return p, nil
	}
	var ended bool
	p.survey, ended = p.survey.arrived(msg)
	p.survey = p.survey.withPace(p.deps.Now())
	switch msg := msg.(type) {
	case resolvedMsg:
		for _, t := range msg.tags {
			p.targetArrived(t)
		}
	case imageReadMsg:
		switch {
		case msg.err != nil:
		case msg.members:
			p.index.addChildren(msg.info.Digest, msg.info.Children)
		default:
			p.index.addImage(msg.info)
		}
	case stageEndMsg:
		if !ended {
			return p, nil
		}
		switch {
		case p.survey.err != nil:
			return p.endSurvey()
		case p.survey.stage == surveyingImages:
			return p.finishStage()
		}
		return p.nextStage()
	}
	return p.sortList()
}

// sortList sorts the list again when that may change anything, in a command.
func (p tagsPage) sortList() (tagsPage, page.Effects) {
	p = p.updateSearch()
	if p.order == byName && !p.grouped {
		if p.list.Arranged != nil {
			p.list = p.list.Arrange(nil, len(p.list.Late))
		}
		p.sorting.again, p.sorting.cancelled = false, p.sorting.busy
		return p, nil
	}
	if p.sorting.busy {
		p.sorting.again = true
		return p, nil
	}
	p.sorting = sorting{busy: true}
	p.list = p.list.AwaitOrder()
	a := sortJob{order: p.order, grouped: p.grouped}
	p.sortable, p.countedFor = 0, p.ordering()
	for _, tags := range p.listedTags() {
		for _, tag := range tags {
			t := p.index.sortKey(tag)
			a.tags = append(a.tags, t)
			if a.knows(t) {
				p.sortable++
			}
		}
	}
	return p, a.run(p.listCtx, p.list.Load, len(p.list.Late))
}

// listedTags are all tags that are shown without a filter.
func (p tagsPage) listedTags() [][]string {
	if p.list.AsideShown {
		return [][]string{p.list.All, p.list.Aside}
	}
	return [][]string{p.list.All}
}

func (p tagsPage) andSort(asked page.Effects) (page.Page, page.Effects) {
	p, more := p.sortList()
	return p, append(asked, more...)
}

// sortArrived shows the sorted list, and sorts again if more has arrived
// meanwhile.
func (p tagsPage) sortArrived(msg sortedMsg) (page.Page, page.Effects) {
	if msg.load != p.list.Load {
		return p, nil
	}
	stale, void := p.sorting.again, p.sorting.cancelled
	p.sorting = sorting{}
	if (p.order != byName || p.grouped) && !void {
		p.list = p.list.Arrange(msg.tags, msg.late)
	}
	if stale {
		return p.sortList()
	}
	return p, nil
}

// findFindings looks for findings on the tags as a whole, in a command: of
// thousands that takes longer than a key may.
func (p tagsPage) findFindings() (tagsPage, page.Effects) {
	p.findingsLoad++
	set, past, load := p.index.tagSet(p.ref, p.list), p.history, p.findingsLoad
	return p, page.Once(p.listCtx, func(context.Context) tea.Msg { return findingsMsg{load, diff.OfTags(set, past)} })
}

// refreshFindings does that again when more is known than before.
func (p tagsPage) refreshFindings() (tagsPage, page.Effects) {
	if !p.survey.isDone() || p.survey.beforeList {
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
