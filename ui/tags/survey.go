package tags

import (
	"context"
	"errors"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/panics"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// Bounds on what a survey does.
const (
	surveyAtOnce   = 64 // requests that need no announcement: they are one round
	surveyMembers  = 64 // indexes that are read without an announcement of their own
	surveyParallel = 16 // images read at once
	perImage       = 3  // requests at most: index, manifest, config
)

// survey asks about all tags of a repository: where each points, and then about
// each image once. What it costs is said before it starts.
type survey struct {
	stage      surveyStage
	before     surveyStage // of an offer: what it is if that is withdrawn
	goal       surveyGoal
	load       page.LoadID
	firstLoad  page.LoadID   // the first about this listing
	beforeList bool          // it was through with all tags before the list was
	total      int           // requests of the stage
	only       widget.Filter // it is about the tags that this lets through
	images     int           // of an offer: those that are to be read, as far as known
	done       int
	failed     int
	err        error // why it stopped
	began      time.Time
	left       time.Duration // by the pace so far; 0 while there is none
	cancel     context.CancelFunc
}

// surveyStage is how far it is.
type surveyStage int

const (
	surveyNone    surveyStage = iota
	surveyOffered             // its cost is on the screen
	surveyingTags
	surveyingImages
	surveyDone
)

// surveyGoal is what it is to find out.
type surveyGoal int

const (
	goalSameImage surveyGoal = iota // which tags are one image, by HEAD alone
	goalMembers                     // and which indexes share an image: what they list
	goalImageInfo                   // and when each image was built, and its size
)

// resolvedMsg is where some of the tags point.
type resolvedMsg struct {
	load page.LoadID
	tags []model.Tagged
}

// imageReadMsg is what one of the images is.
type imageReadMsg struct {
	load    page.LoadID
	info    model.TagInfo
	members bool // of info, only what it lists was read
	err     error
}

// stageEndMsg is the end of a stage.
type stageEndMsg struct {
	load page.LoadID
	err  error
}

// reset is a survey for another listing: what is still under way is about the
// old one.
func (s survey) reset() survey {
	s.stop()
	return survey{load: s.load + 1, firstLoad: s.load + 1}
}

// isDone reports whether it is known where the tags point, as far as that is to be
// known at all.
func (s survey) isDone() bool {
	return s.stage == surveyDone || s.stage == surveyOffered && s.before == surveyDone
}

func (s survey) running() bool { return s.stage == surveyingTags || s.stage == surveyingImages }

// offer announces a survey of so many tags.
func (s survey) offer(goal surveyGoal, tags int) survey {
	s.stop()
	if s.stage != surveyOffered {
		if s.before = surveyNone; s.stage != surveyNone {
			s.before = surveyDone
		}
	}
	s.beforeList = false
	s.load++ // the end of what was under way must not start anything
	s.stage, s.goal, s.total, s.done, s.failed, s.err = surveyOffered, goal, tags, 0, 0, nil
	return s
}

func (s survey) stop() {
	if s.cancel != nil {
		s.cancel()
	}
}

// stopped is s after the person has had enough of it.
func (s survey) stopped() survey {
	s.stop()
	s.stage = surveyDone
	s.load++
	return s
}

// begin is a new stage with a context of its own.
func (s survey) begin(ctx context.Context, stage surveyStage, requests int) (survey, context.Context) {
	s.stop()
	ctx, s.cancel = context.WithCancel(ctx)
	s.load++
	s.stage, s.total, s.done, s.failed, s.err, s.beforeList = stage, requests, 0, 0, nil, false
	s.began, s.left = time.Time{}, 0
	return s, ctx
}

// withPace is s with how long it will take by its pace since the first answer.
func (s survey) withPace(now time.Time) survey {
	const some = 100 // answers that make a pace
	switch {
	case !s.running() || s.done == 0:
	case s.began.IsZero():
		s.began = now
	case s.done >= some:
		s.left = now.Sub(s.began) / time.Duration(s.done) * time.Duration(s.total-s.done)
	}
	return s
}

// remaining says how long it will take, once it is more than a moment.
func (s survey) remaining() look.Span {
	if s.left < 2*time.Second {
		return look.Span{}
	}
	return look.S(look.Faint, safe.Sprintf("  about %s left", s.left.Round(time.Second)))
}

// askTags asks where tags point.
func (s survey) askTags(ctx context.Context, reg page.Registry, repo model.Ref, tags []string) (survey, page.Effects) {
	s, ctx = s.begin(ctx, surveyingTags, len(tags))
	id := s.load
	return s, page.Stream(ctx, func(ctx context.Context, report func(tea.Msg)) {
		err := reg.Resolve(ctx, repo, tags, func(found []model.Tagged) { report(resolvedMsg{id, found}) })
		report(stageEndMsg{id, err})
	})
}

// askImages reads about images, each once.
func (s survey) askImages(ctx context.Context, reg page.Registry, repo model.Ref, images []digest.Digest) (survey, page.Effects) {
	s, ctx = s.begin(ctx, surveyingImages, len(images))
	id, members := s.load, s.goal == goalMembers
	return s, page.Stream(ctx, func(ctx context.Context, report func(tea.Msg)) {
		queue := make(chan digest.Digest)
		var workers sync.WaitGroup
		var one sync.Mutex // report is for one goroutine
		for range min(surveyParallel, len(images)) {
			workers.Go(func() {
				defer panics.Catch()
				for d := range queue {
					info, err := readImage(ctx, reg, repo.AtDigest(d), members)
					one.Lock()
					report(imageReadMsg{id, info, members, err})
					one.Unlock()
				}
			})
		}
		for _, d := range images {
			select {
			case queue <- d:
			case <-ctx.Done():
			}
		}
		close(queue)
		workers.Wait()
		report(stageEndMsg{id, ctx.Err()})
	})
}

// readImage reads what a list shows of an image or, where only members count,
// what it lists.
func readImage(ctx context.Context, reg page.Registry, ref model.Ref, members bool) (model.TagInfo, error) {
	if !members {
		return reg.Peek(ctx, ref)
	}
	children, err := reg.Children(ctx, ref)
	return model.TagInfo{Ref: ref, Digest: ref.Digest, Children: children}, err
}

// isStale reports whether a message is about a listing before.
func (s survey) isStale(msg tea.Msg) bool {
	switch msg := msg.(type) {
	case resolvedMsg:
		return msg.load < s.firstLoad
	case imageReadMsg:
		return msg.load < s.firstLoad
	case stageEndMsg:
		return msg.load < s.firstLoad
	}
	return false
}

// arrived is s after a message of its own; ended is set when that ends a stage.
func (s survey) arrived(msg tea.Msg) (_ survey, ended bool) {
	switch msg := msg.(type) {
	case resolvedMsg:
		if msg.load == s.load {
			s.done += len(msg.tags)
			for _, t := range msg.tags {
				if t.Err != nil {
					s.failed++
				}
			}
		}
	case imageReadMsg:
		if msg.load == s.load {
			s.done++
			if msg.err != nil {
				s.failed++
			}
		}
	case stageEndMsg:
		if msg.load == s.load {
			if !errors.Is(msg.err, context.Canceled) {
				s.err = msg.err
			}
			return s, true
		}
	}
	return s, false
}

// line says what the survey will cost, or how far it is; empty when there is
// nothing to say.
func (s survey) line(f page.Frame) look.Line {
	say := func(role look.Role, t safe.Text, rest ...look.Span) look.Line {
		return look.L(look.Gap(1), look.S(role, t)).With(rest...)
	}
	switch s.stage {
	case surveyOffered:
		cost, keys := s.cost(), safe.Const("  enter asks, esc does not")
		if look.Width(cost)+look.Width(keys) > f.Width-1 {
			keys = safe.Text{} // the last line says so too
		}
		return say(look.Warn, cost, look.P(keys))
	case surveyingTags:
		return say(look.Plain, safe.Sprintf("%s of %s asked", look.Number(s.done), look.Count(s.total, safe.Const("tag"), safe.Const("tags"))),
			s.remaining(), look.S(look.Faint, safe.Const("  esc stops")))
	case surveyingImages:
		return say(look.Plain, safe.Sprintf("%s of %s read", look.Number(s.done),
			look.Count(s.total, safe.Const("image"), safe.Const("images"))), s.remaining(), look.S(look.Faint, safe.Const("  esc stops")))
	case surveyDone:
		if s.err != nil {
			return say(look.Alert, safe.Clean(page.ShortError(s.err)))
		}
		if s.failed > 0 {
			return say(look.Warn, safe.Sprintf("%s could not be read", look.Number(s.failed)))
		}
	}
	return look.Line{}
}

// cost is what is about to be asked.
func (s survey) cost() safe.Text {
	heads, among := look.Count(s.total, safe.Const("HEAD request"), safe.Const("HEAD requests")), safe.Text{}
	if s.only.Active {
		among = safe.Const(" among these")
	}
	switch {
	case s.goal == goalMembers:
		return safe.Sprintf("To compare what indexes list: about %s.", look.Count(s.total, safe.Const("GET request"), safe.Const("GET requests")))
	case s.goal == goalImageInfo && s.total == 0:
		return safe.Sprintf("To order %s: up to %s.", s.which(),
			look.Count(perImage*s.images, safe.Const("GET request"), safe.Const("GET requests")))
	case s.goal == goalImageInfo:
		return safe.Sprintf("To order %s: about %s, then up to %d GET for each image.", s.which(), heads, perImage)
	}
	return safe.Sprintf("To find tags of one image%s: about %s.", among, heads)
}

// which are the tags that it is about.
func (s survey) which() safe.Text {
	if s.only.Active {
		return safe.Const("these")
	}
	return safe.Const("all")
}
