// Package watch asks at intervals where tags point, and prints when one moved.
// Flags and exit codes are in package command.
package watch

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/panics"
)

// Source is what is asked of registries.
type Source interface {
	Head(ctx context.Context, ref model.Ref) (digest.Digest, error)
	Children(ctx context.Context, ref model.Ref) ([]v1.Descriptor, error)
}

// Watch is what to watch, and whom to tell.
type Watch struct {
	Source Source
	Refs   []model.Ref // by tag
	Every  time.Duration
	Moves  int // after so many it is over; 0 for never

	// Past is the last look at a tag before; nil if nothing is remembered.
	Past func(model.Ref) (model.Sighting, bool)
	// Tell and Complain are called from one goroutine. An error of Tell ends it.
	Tell     func(Event) error
	Complain func(Outage)
}

// Kinds of event.
const (
	Is       = "is" // at the start
	Moved    = "moved"
	Appeared = "appeared"
	Gone     = "gone" // or not there yet
)

// Event is what is to be told of a tag.
type Event struct {
	At       time.Time
	Ref      model.Ref
	Kind     string
	From, To digest.Digest // "" where there is none
	// Since is when From was last seen, if that was before the start.
	Since time.Time
	// ToMember says that To is one of the images that the index From lists, as
	// while the index is pushed anew.
	ToMember bool
}

// counts reports whether the tag leads somewhere else by it, seen by the watch.
func (e Event) counts() bool { return e.Kind == Moved || e.Kind == Appeared }

// Outage is a registry that does not say where tags point, or does so again.
type Outage struct {
	Registry string
	Err      error // nil when it is over
}

// answer is what came of one question.
type answer struct {
	event Event // of no kind: nothing is new
	ref   model.Ref
	err   error
}

// Run watches until ctx ends or Tell fails, which are its errors, or until
// Moves are seen.
func (w Watch) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var wait sync.WaitGroup
	defer wait.Wait()
	defer cancel()
	answers := make(chan answer)
	for _, ref := range w.Refs {
		wait.Go(func() {
			defer panics.Catch()
			w.follow(ctx, ref, answers)
		})
	}
	moves, troubles := 0, outages{}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case a := <-answers:
			if o, news := troubles.update(a); news {
				w.Complain(o)
			}
			if a.event.Kind == "" {
				continue
			}
			if err := w.Tell(a.event); err != nil {
				return err
			}
			if a.event.counts() {
				moves++
			}
			if w.Moves > 0 && moves >= w.Moves {
				return nil
			}
		}
	}
}

// follow asks for one tag until ctx ends.
func (w Watch) follow(ctx context.Context, ref model.Ref, answers chan<- answer) {
	t := watchedTag{Watch: w, ref: ref}
	if w.Past != nil {
		t.past, _ = w.Past(ref) // before the first question, which makes it the present
	}
	for {
		a := answer{ref: ref}
		a.event, a.err = t.ask(ctx)
		select {
		case answers <- a:
		case <-ctx.Done():
			return
		}
		pause := time.NewTimer(jitter(w.Every))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return
		}
	}
}

// jitter is about as long as d: many watches are not to ask all at once.
func jitter(d time.Duration) time.Duration {
	return d - d/20 + rand.N(d/10+1) //nolint:gosec // nobody gains by guessing it
}

// watchedTag is what is known of one tag.
type watchedTag struct {
	Watch
	ref   model.Ref
	past  model.Sighting // before the start
	asked bool           // it has been answered
	now   digest.Digest
	last  digest.Digest // the last that it had, also when it is gone
}

// ask is one question, and what is new by its answer.
func (t *watchedTag) ask(ctx context.Context) (Event, error) {
	now, err := t.Source.Head(ctx, t.ref)
	var trouble *model.ReadError
	if errors.As(err, &trouble) && trouble.Missing {
		now, err = "", nil
	}
	if err != nil {
		return Event{}, err
	}
	e := Event{At: time.Now(), Ref: t.ref, From: t.now, To: now}
	switch {
	case !t.asked:
		e = t.first(e)
	case now == t.now:
		return Event{}, nil
	case now == "":
		e.Kind = Gone
	case t.now == "":
		e.Kind, e.From = Appeared, t.last
	default:
		e.Kind, e.ToMember = Moved, t.listsDigest(ctx, t.now, now)
	}
	t.asked, t.now = true, now
	if now != "" {
		t.last = now
	}
	return e, nil
}

// first says what the tag is, and what it was when it was last seen.
func (t *watchedTag) first(e Event) Event {
	e.Kind, e.From = Is, ""
	if e.To == "" {
		e.Kind = Gone
	}
	if t.past.Digest != "" && t.past.Digest != e.To {
		e.From, e.Since = t.past.Digest, t.past.Last
		t.last = t.past.Digest
	}
	return e
}

// memberTimeout is how long a line may wait for what is only a remark in it.
const memberTimeout = 5 * time.Second

// listsDigest reports whether the index at a digest is known to list another. What
// cannot be read is not known.
func (t *watchedTag) listsDigest(ctx context.Context, index, d digest.Digest) bool {
	ctx, cancel := context.WithTimeout(ctx, memberTimeout)
	defer cancel()
	children, err := t.Source.Children(ctx, t.ref.AtDigest(index))
	return err == nil && slices.ContainsFunc(children, func(c v1.Descriptor) bool { return c.Digest == d })
}
