package tags

import (
	"slices"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/ui/page"
)

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

// repeatSurvey surveys a list that was read again, as the one before it was. It
// announces only what is on the screen because it was asked for.
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

// surveyedTags are the tags that a survey is about, those in view first. With a
// filter it is about those that passed when it was announced: what passes later
// nobody has agreed to.
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
		p.survey, asked = p.survey.askTags(p.listCtx, p.env.Registry, p.ref, tags)
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
		p.survey, asked = p.survey.askImages(p.listCtx, p.env.Registry, p.ref, images)
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
	p.survey = p.survey.withPace(p.env.Now())
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
