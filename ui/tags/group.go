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
		return p.startSurvey(goalSame)
	}
	p, asked := p.withdraw()
	return p.andArrange(asked)
}

// nextOrder puts the list in another order.
func (p tagsPage) nextOrder() (page.Page, page.Effects) {
	p.order = (p.order + 1) % tagOrders
	if p.order.needsImages() {
		return p.startSurvey(goalImages)
	}
	p, asked := p.withdraw()
	return p.andArrange(asked)
}

// withdraw takes an announcement back, and what would be asked later.
func (p tagsPage) withdraw() (tagsPage, page.Effects) {
	p.survey.early = false
	if p.survey.stage != surveyOffered {
		return p, nil
	}
	if p.survey.stage = p.survey.before; p.survey.stage == surveyDone {
		return p.judge()
	}
	return p, nil
}

func (p tagsPage) showAside() (page.Page, page.Effects) {
	if len(p.list.Aside) == 0 {
		return p, page.Toast(safe.Const("no tag here stands for a signature or an attestation"))
	}
	p.list = p.list.ShowAside(!p.list.AsideShown)
	return p.rearrange()
}

// startSurvey starts a survey with a goal, or says what it would cost.
func (p tagsPage) startSurvey(goal surveyGoal) (page.Page, page.Effects) {
	p.survey.only = p.list.Filter
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
func (p tagsPage) surveyAnew() (page.Page, page.Effects) {
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
func (p tagsPage) asBefore() (page.Page, page.Effects) {
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
	tags := slices.Clone(only.Passing(p.inView()))
	first := map[string]bool{}
	for _, tag := range tags {
		first[tag] = true
	}
	for _, part := range p.parts() {
		for _, tag := range only.Passing(part) {
			if !first[tag] {
				tags = append(tags, tag)
			}
		}
	}
	return tags
}

// ask goes on with the survey: tags first, then images. What has arrived in the
// list meanwhile is asked for too.
func (p tagsPage) ask() (page.Page, page.Effects) { return p.askFor(p.know.unresolved(p.wanted())) }

// askFor does that once it has asked about some tags.
func (p tagsPage) askFor(tags []string) (page.Page, page.Effects) {
	var asked page.Effects
	if len(tags) > 0 {
		p.survey, asked = p.survey.askTags(p.look, p.deps.Registry, p.ref, tags)
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
		p.survey, asked = p.survey.askImages(p.look, p.deps.Registry, p.ref, images)
		return p.andArrange(asked)
	}
	return p.through()
}

// through is p when all that is in the list by now has been asked.
func (p tagsPage) through() (page.Page, page.Effects) {
	if !p.list.Loading {
		return p.surveyOver()
	}
	p.survey.stage, p.survey.early = surveyDone, true
	return p.andArrange(nil)
}

// askOn asks about what has come into the list since.
func (p tagsPage) askOn() (page.Page, page.Effects) {
	p.survey.early = false
	if p.survey.goal == goalMembers {
		p.survey.goal = goalSame // reading many more lists is announced
	}
	return p.ask()
}

// surveyOver is p when there is no more to find out.
func (p tagsPage) surveyOver() (page.Page, page.Effects) {
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
func (p tagsPage) consented() (page.Page, page.Effects) {
	if p.survey.goal == goalMembers {
		return p.ask()
	}
	return p.askFor(p.unasked())
}

// pressSurvey takes the keys of an announcement and of a survey under way.
func (p tagsPage) pressSurvey(msg tea.KeyPressMsg) (_ page.Page, _ page.Effects, taken bool) {
	back := key.Matches(msg, page.Keys.Back)
	switch {
	case p.survey.stage == surveyOffered && key.Matches(msg, page.Keys.Open):
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
func (p tagsPage) surveyed(msg tea.Msg) (page.Page, page.Effects) {
	if p.survey.isOld(msg) {
		return p, nil
	}
	var ended bool
	p.survey, ended = p.survey.arrived(msg)
	p.survey = p.survey.paced(p.deps.Now())
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
func (p tagsPage) rearrange() (tagsPage, page.Effects) {
	p = p.towards()
	if p.order == byName && !p.grouped {
		if p.list.Arranged != nil {
			p.list = p.list.Arrange(nil, len(p.list.Late))
		}
		p.sorting.stale, p.sorting.void = false, p.sorting.busy
		return p, nil
	}
	if p.sorting.busy {
		p.sorting.stale = true
		return p, nil
	}
	p.sorting = sorting{busy: true}
	p.list = p.list.AwaitOrder()
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
	return p, a.run(p.look, p.list.Load, len(p.list.Late))
}

// parts are all tags that are shown without a filter.
func (p tagsPage) parts() [][]string {
	if p.list.AsideShown {
		return [][]string{p.list.All, p.list.Aside}
	}
	return [][]string{p.list.All}
}

func (p tagsPage) andArrange(asked page.Effects) (page.Page, page.Effects) {
	p, more := p.rearrange()
	return p, append(asked, more...)
}

// arranged shows an order that was asked for, and asks for the next if more has
// arrived meanwhile.
func (p tagsPage) arranged(msg arrangedMsg) (page.Page, page.Effects) {
	if msg.load != p.list.Load {
		return p, nil
	}
	stale, void := p.sorting.stale, p.sorting.void
	p.sorting = sorting{}
	if (p.order != byName || p.grouped) && !void {
		p.list = p.list.Arrange(msg.tags, msg.late)
	}
	if stale {
		return p.rearrange()
	}
	return p, nil
}

// judge asks what there is to say of the tags as a whole: of thousands that
// takes longer than a key may.
func (p tagsPage) judge() (tagsPage, page.Effects) {
	p.judged++
	set, past, load := p.know.set(p.ref, p.list), p.past, p.judged
	return p, page.Once(p.look, func(context.Context) tea.Msg { return foundMsg{load, diff.OfTags(set, past)} })
}

// judgeAgain does that when something has come to light after it was done.
func (p tagsPage) judgeAgain() (tagsPage, page.Effects) {
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
