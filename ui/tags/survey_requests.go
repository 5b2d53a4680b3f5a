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
	"github.com/tagdiff/tagdiff/ui/page"
)

// surveyParallel is how many images a survey reads at once.
const surveyParallel = 16

// surveyMsg is a part of a survey's answers, or the end of a stage.
type surveyMsg struct {
	load    page.LoadID
	tags    []model.Tagged // resolved tags
	info    *model.TagInfo // of an image; nil if it was not read
	members bool           // info has only what the image lists
	done    int            // requests or images that this answers
	failed  int            // of those
	ended   bool
	err     error // of ended: why the stage stopped early
}

// resolveTags asks the registry where tags point.
func (p tagsPage) resolveTags(tags []string) (tagsPage, page.Effects) {
	s, ctx := p.survey.begin(p.listCtx, surveyingTags, len(tags))
	p.survey = s
	reg, repo := p.env.Registry, p.ref
	return p.andSort(page.Stream(ctx, func(ctx context.Context, report func(tea.Msg)) {
		err := reg.Resolve(ctx, repo, tags, func(resolved []model.Tagged) { report(resolvedMsg(s.load, resolved)) })
		report(surveyMsg{load: s.load, ended: true, err: err})
	}))
}

func resolvedMsg(load page.LoadID, tags []model.Tagged) surveyMsg {
	msg := surveyMsg{load: load, tags: tags, done: len(tags)}
	for _, t := range tags {
		if t.Err != nil {
			msg.failed++
		}
	}
	return msg
}

// readImages reads images, each once.
func (p tagsPage) readImages(images []digest.Digest) (tagsPage, page.Effects) {
	s, ctx := p.survey.begin(p.listCtx, surveyingImages, len(images))
	p.survey = s
	reg, repo := p.env.Registry, p.ref
	return p.andSort(page.Stream(ctx, func(ctx context.Context, report func(tea.Msg)) {
		queue := make(chan digest.Digest)
		var workers sync.WaitGroup
		var reporting sync.Mutex // report must not be called by two goroutines at once
		for range min(surveyParallel, len(images)) {
			workers.Go(func() {
				defer panics.Catch()
				for d := range queue {
					msg := readImage(ctx, reg, repo.AtDigest(d), s.goal == goalMembers)
					msg.load = s.load
					reporting.Lock()
					report(msg)
					reporting.Unlock()
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
		report(surveyMsg{load: s.load, ended: true, err: ctx.Err()})
	}))
}

// readImage reads what a list shows of an image or, with members, only what it
// lists.
func readImage(ctx context.Context, reg page.Registry, ref model.Ref, members bool) surveyMsg {
	info := model.TagInfo{Ref: ref, Digest: ref.Digest}
	var err error
	if members {
		info.Children, err = reg.Children(ctx, ref)
	} else {
		info, err = reg.Peek(ctx, ref)
	}
	if err != nil {
		return surveyMsg{done: 1, failed: 1}
	}
	return surveyMsg{info: &info, members: members, done: 1}
}

// surveyArrived takes in answers of a survey. Answers to a canceled stage are still used,
// except those from before the list was read again.
func (p tagsPage) surveyArrived(msg surveyMsg) (tagsPage, page.Effects) {
	current := msg.load == p.survey.load
	if msg.load < p.survey.firstLoad || msg.ended && !current {
		return p, nil
	}
	for _, t := range msg.tags {
		p.targetArrived(t)
	}
	switch {
	case msg.info == nil:
	case msg.members:
		p.index.addChildren(msg.info.Digest, msg.info.Children)
	default:
		p.index.addImage(*msg.info)
		p.search = p.search.noteParts(p.index, msg.info.Digest)
	}
	switch {
	case !msg.ended && current:
		p.survey.progress = p.survey.progress.add(msg, p.env.Now())
	case msg.ended && (msg.err == nil || errors.Is(msg.err, context.Canceled)):
		return p.advance(surveyStageEnd)
	case msg.ended:
		p.survey.err = msg.err
		return p.advance(surveyError)
	}
	return p.sortList()
}

// add returns the progress after an answer. The remaining time follows from the
// pace since the first one.
func (r progress) add(msg surveyMsg, now time.Time) progress {
	const minAnswers = 100 // answers that make a pace
	r.done, r.failed = r.done+msg.done, r.failed+msg.failed
	switch {
	case r.began.IsZero():
		r.began = now
	case r.done >= minAnswers:
		r.remaining = now.Sub(r.began) / time.Duration(r.done) * time.Duration(r.total-r.done)
	}
	return r
}
