package ui

import (
	"context"
	"slices"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model/safe"
)

// group puts tags of one image together, or no longer, and asks where the other
// tags point.
func (p tagsPage) group() (page, effects) {
	p.grouped = !p.grouped
	if p.grouped {
		return p.startSurvey(goalSame)
	}
	p, asked := p.withdraw()
	return p.andArrange(asked)
}

// nextOrder puts the list in another order.
func (p tagsPage) nextOrder() (page, effects) {
	p.order = (p.order + 1) % tagOrders
	if p.order.needsImages() {
		return p.startSurvey(goalImages)
	}
	p, asked := p.withdraw()
	return p.andArrange(asked)
}

// withdraw takes an announcement back, and what would be asked later.
func (p tagsPage) withdraw() (tagsPage, effects) {
	p.survey.early = false
	if p.survey.stage != surveyOffered {
		return p, nil
	}
	if p.survey.stage = p.survey.before; p.survey.stage == surveyDone {
		return p.judge()
	}
	return p, nil
}

func (p tagsPage) showAside() (page, effects) {
	if len(p.list.aside) == 0 {
		return p, toast(safe.Const("no tag here stands for a signature or an attestation"))
	}
	p.list = p.list.showAside(!p.list.whole)
	return p.rearrange()
}

// startSurvey starts a survey with a goal, or says what it would cost.
func (p tagsPage) startSurvey(goal surveyGoal) (page, effects) {
	p.survey.only = p.list.filter
	left := p.unasked()
	images := 0
	if goal == goalImages {
		images = len(unread(p.know, p.wanted(), p.know.images, anything))
	}
	if len(left)+perImage*images > surveyAtOnce {
		p.survey = p.survey.offer(goal, len(left))
		p.survey.images = images
		return p.rearrange()
	}
	p.survey.goal = goal
	return p.askFor(left)
}

// surveyAnew finds out about a list that was read anew what was known of the one
// before. It announces only what is on the screen because it was asked for.
func (p tagsPage) surveyAnew() (page, effects) {
	p.again = false
	switch {
	case p.order.needsImages():
		return p.startSurvey(goalImages)
	case p.grouped || len(p.unasked()) <= surveyAtOnce:
		return p.startSurvey(goalSame)
	}
	return p, nil
}

// asBefore is p when the list could not be read anew: what was known stays.
func (p tagsPage) asBefore() (page, effects) {
	p.know = p.kept
	if !p.again {
		return p.rearrange()
	}
	p.again = false
	return p.surveyOver()
}

// unasked are the tags of which it is not known where they point, those included
// that the registry could not say.
func (p tagsPage) unasked() []string {
	wanted := p.wanted()
	return slices.Concat(p.know.unresolved(wanted), p.know.unanswered(wanted))
}

// wanted are the tags that a survey is about, those in view first. With a filter
// it is about those that passed when it was announced: what passes later nobody
// has agreed to.
func (p tagsPage) wanted() []string {
	only := p.survey.only
	tags := slices.Clone(only.pick(p.inView()))
	first := map[string]bool{}
	for _, tag := range tags {
		first[tag] = true
	}
	for _, part := range p.parts() {
		for _, tag := range only.pick(part) {
			if !first[tag] {
				tags = append(tags, tag)
			}
		}
	}
	return tags
}

// ask goes on with the survey: tags first, then images. What has arrived in the
// list meanwhile is asked for too.
func (p tagsPage) ask() (page, effects) { return p.askFor(p.know.unresolved(p.wanted())) }

// askFor does that once it has asked about some tags.
func (p tagsPage) askFor(tags []string) (page, effects) {
	var asked effects
	if len(tags) > 0 {
		p.survey, asked = p.survey.askTags(p.look, p.deps.registry, p.ref, tags)
		return p.andArrange(asked)
	}
	switch images := p.images(); {
	case len(images) == 0:
	case p.survey.goal == goalSame && len(images) > surveyMembers:
		p.survey = p.survey.offer(goalMembers, len(images))
		p.survey.before = surveyDone
		p, asked = p.judge()
		return p.andArrange(asked)
	default:
		if p.survey.goal == goalSame {
			p.survey.goal = goalMembers
		}
		p.survey, asked = p.survey.askImages(p.look, p.deps.registry, p.ref, images)
		return p.andArrange(asked)
	}
	return p.through()
}

// through is p when all that is in the list by now has been asked.
func (p tagsPage) through() (page, effects) {
	if !p.list.loading {
		return p.surveyOver()
	}
	p.survey.stage, p.survey.early = surveyDone, true
	return p.andArrange(nil)
}

// askOn asks about what has come into the list since.
func (p tagsPage) askOn() (page, effects) {
	p.survey.early = false
	if p.survey.goal == goalMembers {
		p.survey.goal = goalSame // reading many more lists is announced
	}
	return p.ask()
}

// surveyOver is p when there is no more to find out.
func (p tagsPage) surveyOver() (page, effects) {
	p.survey.stage = surveyDone
	p, asked := p.judge()
	return p.andArrange(asked)
}

// images are those that the survey still has to read.
func (p tagsPage) images() []digest.Digest {
	if p.survey.goal == goalImages {
		return unread(p.know, p.wanted(), p.know.images, anything)
	}
	return unread(p.know, p.wanted(), p.know.lists, mayList)
}

// consented is p when the person wants to know what was announced.
func (p tagsPage) consented() (page, effects) {
	if p.survey.goal == goalMembers {
		return p.ask()
	}
	return p.askFor(p.unasked())
}

// pressSurvey takes the keys of an announcement and of a survey under way.
func (p tagsPage) pressSurvey(msg tea.KeyPressMsg) (_ page, _ effects, taken bool) {
	back := key.Matches(msg, keys.Back)
	switch {
	case p.survey.stage == surveyOffered && key.Matches(msg, keys.Open):
		next, asked := p.consented()
		return next, asked, true
	case p.survey.stage == surveyOffered && back:
		next, asked := p.surveyOver()
		return next, asked, true
	case p.survey.running() && back:
		p.survey = p.survey.stopped()
		next, asked := p.surveyOver()
		return next, asked, true
	}
	return p, nil, false
}

// surveyed takes in what the survey has found.
func (p tagsPage) surveyed(msg tea.Msg) (page, effects) {
	if p.survey.isOld(msg) {
		return p, nil
	}
	var ended bool
	p.survey, ended = p.survey.arrived(msg)
	p.survey = p.survey.paced(p.deps.now())
	switch msg := msg.(type) {
	case resolvedMsg:
		for _, t := range msg.tags {
			p.pointed(t)
		}
	case surveyedMsg:
		switch {
		case msg.err != nil:
		case msg.members:
			p.know.sawList(msg.info.Digest, msg.info.Children)
		default:
			p.know.saw(msg.info)
		}
	case surveyEndMsg:
		if !ended {
			return p, nil
		}
		switch {
		case p.survey.err != nil:
			return p.surveyOver()
		case p.survey.stage == surveyImages:
			return p.through()
		}
		return p.ask()
	}
	return p.rearrange()
}

// rearrange puts the list in order anew when that may change anything, beside
// the screen.
func (p tagsPage) rearrange() (tagsPage, effects) {
	p = p.towards()
	if p.order == byName && !p.grouped {
		if p.list.arranged != nil {
			p.list = p.list.arrange(nil, len(p.list.late))
		}
		p.sorting.stale, p.sorting.void = false, p.sorting.busy
		return p, nil
	}
	if p.sorting.busy {
		p.sorting.stale = true
		return p, nil
	}
	p.sorting = sorting{busy: true}
	p.list = p.list.arranging()
	a := arrangement{order: p.order, grouped: p.grouped}
	p.known, p.counted = 0, p.arranging()
	for _, tags := range p.parts() {
		for _, tag := range tags {
			t := p.know.placed(tag)
			a.tags = append(a.tags, t)
			if a.knows(t) {
				p.known++
			}
		}
	}
	return p, a.run(p.look, p.list.load, len(p.list.late))
}

// parts are all tags that are shown without a filter.
func (p tagsPage) parts() [][]string {
	if p.list.whole {
		return [][]string{p.list.all, p.list.aside}
	}
	return [][]string{p.list.all}
}

func (p tagsPage) andArrange(asked effects) (page, effects) {
	p, more := p.rearrange()
	return p, append(asked, more...)
}

// arranged shows an order that was asked for, and asks for the next if more has
// arrived meanwhile.
func (p tagsPage) arranged(msg arrangedMsg) (page, effects) {
	if msg.load != p.list.load {
		return p, nil
	}
	stale, void := p.sorting.stale, p.sorting.void
	p.sorting = sorting{}
	if (p.order != byName || p.grouped) && !void {
		p.list = p.list.arrange(msg.tags, msg.late)
	}
	if stale {
		return p.rearrange()
	}
	return p, nil
}

// judge asks what there is to say of the tags as a whole: of thousands that
// takes longer than a key may.
func (p tagsPage) judge() (tagsPage, effects) {
	p.judged++
	set, past, load := p.know.set(p.ref, p.list), p.past, p.judged
	return p, once(p.look, func(context.Context) tea.Msg { return foundMsg{load, diff.OfTags(set, past)} })
}

// judgeAgain does that when something has come to light after it was done.
func (p tagsPage) judgeAgain() (tagsPage, effects) {
	if !p.survey.asked() || p.survey.early {
		return p, nil
	}
	return p.judge()
}

func (p tagsPage) withFindings(found []diff.Finding) tagsPage {
	p.found, p.flagged = found, map[string]bool{}
	for _, f := range found {
		for _, tag := range f.Tags {
			p.flagged[tag] = p.flagged[tag] || f.Severity > 0
		}
	}
	return p
}
