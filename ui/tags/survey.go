package tags

import (
	"context"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// Bounds on the requests of a survey.
const (
	surveyUnannounced  = 64 // requests that need no announcement: they are sent in one round
	membersUnannounced = 64 // indexes that are read without a second announcement
	perImage           = 3  // requests at most: index, manifest, config
)

// survey resolves all tags of a repository and then reads each image once. It
// announces its cost before it starts. advance is its only transition function:
//
//	stage              event                     next stage
//	any                request (keys d, s, f)    offered above surveyUnannounced requests, else next work
//	offered            accept (enter)            next work
//	offered            stop (esc)                done
//	offered            withdraw (keys d, s)      the stage before the offer
//	tags               stage end                 next work, but offered above surveyUnannounced tags
//	images             stage end                 waiting if the list is still loading, else done
//	tags, images       stop (esc), error         done
//	waiting            list complete             next work, but offered above surveyUnannounced tags
//	waiting            withdraw (keys d, s)      done
//	idle               list restarted (key r)    idle
//	others             list restarted (key r)    pending
//	pending            list complete             as request if the screen needs it or it is cheap, else idle
//	pending, waiting   list restored             done
//
// An offer from idle or pending counts as that stage when the list is restarted
// or restored.
// Every other event leaves the stage unchanged. Next work is the first that
// applies: tags to resolve (tags), images to read (images, or offered above
// membersUnannounced indexes), waiting if the list is still loading, done.
type survey struct {
	stage     surveyStage
	before    surveyStage // of offered: the stage to return to when the offer is withdrawn
	goal      surveyGoal
	only      widget.Filter // the filter at the request; the survey is limited to the tags that pass it
	load      page.LoadID   // of the current requests
	firstLoad page.LoadID   // the first load of this listing; answers of older loads are dropped
	cancel    context.CancelFunc
	progress
}

// progress counts the requests of one stage.
type progress struct {
	total, done, failed int
	images              int   // of offered: images to read after the tags, as far as known
	err                 error // the error that ended the stage
	began               time.Time
	remaining           time.Duration // estimated; 0 while unknown
}

// surveyStage is the state of a survey.
type surveyStage int

const (
	surveyIdle    surveyStage = iota
	surveyPending             // a new survey starts when the list is complete
	surveyOffered             // the cost is announced and needs consent
	surveyingTags
	surveyingImages
	surveyWaiting // all listed tags are resolved, and the list is still loading
	surveyDone
)

// surveyEvent is what makes a survey change its stage.
type surveyEvent int

const (
	surveyRequest surveyEvent = iota
	surveyAccept
	surveyStop
	surveyWithdraw // the order or the groups that needed the survey are off
	surveyStageEnd
	surveyError
	listRestarted
	listComplete
	listRestored // the list could not be read again, and the previous one is shown
)

// surveyGoal is what a survey finds out.
type surveyGoal int

const (
	goalSameImage surveyGoal = iota // which tags are one image; HEAD requests only
	goalMembers                     // also which indexes share an image, from what they list
	goalImageInfo                   // also when each image was built, and its size
)

// settled returns the stage without the offer or the requests under way: idle,
// pending or done.
func (s survey) settled() surveyStage {
	switch s.stage {
	case surveyIdle, surveyPending:
		return s.stage
	case surveyOffered:
		return s.before
	}
	return surveyDone
}

func (s survey) running() bool { return s.stage == surveyingTags || s.stage == surveyingImages }

// isDone reports whether the tags are resolved as far as they will be.
func (s survey) isDone() bool { return s.settled() == surveyDone && !s.running() }

// enter returns s in a stage. It cancels the requests of the stage before, and
// their end no longer counts.
func (s survey) enter(stage surveyStage) survey {
	if s.cancel != nil {
		s.cancel()
	}
	s.stage, s.load = stage, s.load+1
	return s
}

// begin returns s in a stage with requests, and the context of these.
func (s survey) begin(ctx context.Context, stage surveyStage, requests int) (survey, context.Context) {
	s = s.enter(stage)
	s.progress = progress{total: requests}
	ctx, s.cancel = context.WithCancel(ctx)
	return s, ctx
}

// offer returns s with its cost announced.
func (s survey) offer(goal surveyGoal, requests, images int, before surveyStage) survey {
	s = s.enter(surveyOffered)
	s.goal, s.before, s.progress = goal, before, progress{total: requests, images: images}
	return s
}

// restarted returns a survey of a new listing.
func (s survey) restarted() survey {
	after := surveyIdle
	if s.settled() != surveyIdle {
		after = surveyPending
	}
	s = s.enter(after)
	return survey{stage: s.stage, load: s.load, firstLoad: s.load}
}

// advance is the transition function of the survey, as its table has it. It
// returns the requests of the new stage.
func (p tagsPage) advance(event surveyEvent) (tagsPage, page.Effects) {
	switch stage := p.survey.stage; event {
	case surveyRequest:
		return p.requestSurvey()
	case surveyAccept:
		if p.survey.goal == goalMembers {
			return p.continueSurvey()
		}
		return p.nextWork(p.tagsToAsk())
	case surveyStop, surveyError:
		return p.endSurvey()
	case surveyWithdraw:
		switch {
		case stage == surveyOffered && p.survey.before != surveyDone:
			p.survey = p.survey.enter(p.survey.before)
		case stage == surveyOffered, stage == surveyWaiting:
			return p.endSurvey()
		}
	case surveyStageEnd:
		if stage == surveyingImages {
			return p.finishStage()
		}
		return p.continueSurvey()
	case listRestarted:
		p.survey = p.survey.restarted()
		return p, nil
	case listComplete:
		switch stage {
		case surveyPending:
			return p.repeatSurvey()
		case surveyWaiting:
			return p.continueSurvey()
		}
		return p, nil
	case listRestored:
		if stage == surveyWaiting || p.survey.settled() == surveyPending {
			return p.endSurvey()
		}
	}
	return p.sortList()
}

// startSurvey requests a survey with a goal.
func (p tagsPage) startSurvey(goal surveyGoal) (tagsPage, page.Effects) {
	p.survey.goal, p.survey.only = goal, p.list.Filter
	if p.list.SearchesDigests() { // it looks for tags that it cannot show yet
		p.survey.only = widget.Filter{}
	}
	return p.advance(surveyRequest)
}

// requestSurvey starts the survey, or announces what it costs.
func (p tagsPage) requestSurvey() (tagsPage, page.Effects) {
	tags, images := p.tagsToAsk(), 0
	if p.survey.goal == goalImageInfo {
		images = len(p.imagesToRead())
	}
	if len(tags)+perImage*images <= surveyUnannounced {
		return p.nextWork(tags)
	}
	p.survey = p.survey.offer(p.survey.goal, len(tags), images, p.survey.settled())
	return p.sortList()
}

// repeatSurvey requests the survey of the previous listing for a new one. It
// announces only what the screen needs.
func (p tagsPage) repeatSurvey() (tagsPage, page.Effects) {
	switch {
	case p.order.needsImages():
		return p.startSurvey(goalImageInfo)
	case p.grouped || len(p.tagsToAsk()) <= surveyUnannounced:
		return p.startSurvey(goalSameImage)
	}
	p.survey = p.survey.enter(surveyIdle)
	return p, nil
}

// continueSurvey surveys the tags that were listed in the meantime. Many of them
// are announced: they were not part of the cost.
func (p tagsPage) continueSurvey() (tagsPage, page.Effects) {
	tags := p.index.unresolved(p.surveyedTags(), false)
	many := len(tags) > surveyUnannounced
	if p.survey.goal == goalMembers && (many || p.survey.stage == surveyWaiting) {
		p.survey.goal = goalSameImage // reading many more indexes is announced again
	}
	if many {
		p.survey = p.survey.offer(p.survey.goal, len(p.tagsToAsk()), 0, surveyDone)
		return p.withFindingsSearch()
	}
	return p.nextWork(tags)
}

// nextWork resolves tags or, when there are none, reads images or finishes.
func (p tagsPage) nextWork(tags []string) (tagsPage, page.Effects) {
	if len(tags) > 0 {
		return p.resolveTags(tags)
	}
	images := p.imagesToRead()
	switch {
	case len(images) == 0:
		return p.finishStage()
	case p.survey.goal == goalSameImage && len(images) > membersUnannounced:
		p.survey = p.survey.offer(goalMembers, len(images), 0, surveyDone)
		return p.withFindingsSearch()
	case p.survey.goal == goalSameImage:
		p.survey.goal = goalMembers
	}
	return p.readImages(images)
}

// finishStage ends the survey, or waits if the list is still loading.
func (p tagsPage) finishStage() (tagsPage, page.Effects) {
	if !p.list.Loading {
		return p.endSurvey()
	}
	p.survey = p.survey.enter(surveyWaiting)
	return p.sortList()
}

// endSurvey ends the survey and searches for findings.
func (p tagsPage) endSurvey() (tagsPage, page.Effects) {
	p.survey = p.survey.enter(surveyDone)
	return p.withFindingsSearch()
}

// withFindingsSearch searches for findings on the tags resolved so far.
func (p tagsPage) withFindingsSearch() (tagsPage, page.Effects) {
	p, search := p.findFindings()
	return p.andSort(search)
}

// tagsToAsk returns the unresolved tags of the survey and those that failed.
func (p tagsPage) tagsToAsk() []string { return p.index.unresolved(p.surveyedTags(), true) }

// surveyedTags returns the tags of the survey, those in view first. The filter is
// the one at the request: tags that pass a later filter were not announced.
func (p tagsPage) surveyedTags() []string {
	var tags []string
	seen := map[string]bool{}
	for _, part := range append([][]string{p.inView()}, p.listedTags()...) {
		for _, tag := range p.survey.only.Passing(part) {
			if !seen[tag] {
				seen[tag] = true
				tags = append(tags, tag)
			}
		}
	}
	return tags
}

// imagesToRead returns the images that the goal of the survey still needs.
func (p tagsPage) imagesToRead() []digest.Digest {
	if p.survey.goal == goalImageInfo {
		return unread(p.index, p.surveyedTags(), p.index.images, anyTag)
	}
	return unread(p.index, p.surveyedTags(), p.index.children, mayBeIndex)
}

// keyEvent returns the event of a key while a survey is announced or under way.
func (s survey) keyEvent(msg tea.KeyPressMsg) (_ surveyEvent, ok bool) {
	offered := s.stage == surveyOffered
	switch {
	case offered && key.Matches(msg, page.Keys.Open):
		return surveyAccept, true
	case (offered || s.running()) && key.Matches(msg, page.Keys.Back):
		return surveyStop, true
	}
	return 0, false
}
