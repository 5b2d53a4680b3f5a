// Package watch resolves tags at an interval and reports when one moves. Package
// command has the flags and exit codes.
package watch

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/panics"
)

// Source reads from registries.
type Source interface {
	Head(ctx context.Context, ref model.Ref) (digest.Digest, error)
	Children(ctx context.Context, ref model.Ref) ([]v1.Descriptor, error)
}

// Watch holds the tags to watch and the functions that report on them.
type Watch struct {
	Source Source
	Refs   []model.Ref   // tags
	Every  time.Duration // interval between requests for a tag
	Moves  int           // end after this many moves; 0 for never

	// LastSighting returns the last sighting of a tag before the start. It may be nil.
	LastSighting func(model.Ref) (model.Sighting, bool)
	// Refused is called when a registry refuses to resolve a tag. It may be nil.
	Refused func(registry string)
	// OnEvent and OnOutage are called from one goroutine. An error of OnEvent ends the watch.
	OnEvent  func(Event) error
	OnOutage func(Outage)
}

// Kinds of event.
const (
	Is       = "is" // the digest at the start
	Moved    = "moved"
	Appeared = "appeared"
	Gone     = "gone" // the tag was deleted, or does not exist at the start
)

// Event is a change of a tag, or its state at the start.
type Event struct {
	At       time.Time
	Ref      model.Ref
	Kind     string
	From, To digest.Digest // old and new digest, "" for none
	// Since is the time of the sighting of From, if that was before the start.
	Since time.Time
	// ToMember reports that the index From lists the image To. This happens while an
	// index is pushed again.
	ToMember bool
}

// counts reports whether the event counts as a move.
func (e Event) counts() bool { return e.Kind == Moved || e.Kind == Appeared }

// Outage reports that a registry fails to resolve tags, or that it works again.
type Outage struct {
	Registry string
	Err      error // nil if it works again
}

// result is the outcome of one request.
type result struct {
	event Event // without a kind if nothing changed
	ref   model.Ref
	err   error
}

// Run watches the tags and counts their moves. It returns nil after w.Moves moves, the error
// of ctx when that ends, or the error of OnEvent.
func (w Watch) Run(ctx context.Context) (moves int, _ error) {
	ctx, cancel := context.WithCancel(ctx)
	var wait sync.WaitGroup
	defer wait.Wait()
	defer cancel()
	results := make(chan result)
	for _, ref := range w.Refs {
		wait.Go(func() {
			defer panics.Catch()
			w.follow(ctx, ref, results)
		})
	}
	failing := outages{}
	for {
		select {
		case <-ctx.Done():
			return moves, ctx.Err()
		case r := <-results:
			if o, changed := failing.update(r); changed {
				w.OnOutage(o)
			}
			if r.event.Kind == "" {
				continue
			}
			if err := w.OnEvent(r.event); err != nil {
				return moves, err
			}
			if r.event.counts() {
				moves++
			}
			if w.Moves > 0 && moves >= w.Moves {
				return moves, nil
			}
		}
	}
}

// follow resolves one tag at the interval until ctx ends.
func (w Watch) follow(ctx context.Context, ref model.Ref, results chan<- result) {
	t := watchedTag{Watch: w, ref: ref}
	if w.LastSighting != nil {
		t.past, _ = w.LastSighting(ref) // before the first request, which records a sighting itself
	}
	for {
		r := result{ref: ref}
		r.event, r.err = t.check(ctx)
		select {
		case results <- r:
		case <-ctx.Done():
			return
		}
		select {
		case <-time.After(jitter(w.Every)):
		case <-ctx.Done():
			return
		}
	}
}

// jitter returns d changed by up to 5 %, so that many watches do not send their requests at
// the same time.
func jitter(d time.Duration) time.Duration {
	return d - d/20 + rand.N(d/10+1) //nolint:gosec // it need not be unpredictable
}

// watchedTag is the state of one tag.
type watchedTag struct {
	Watch
	ref      model.Ref
	past     model.Sighting // before the start
	resolved bool           // by at least one request
	now      digest.Digest  // "" if the tag does not exist
	last     digest.Digest  // the last digest, kept when the tag is gone
}

// check sends one request. It returns the event that follows from the answer, without a
// kind if nothing changed.
func (t *watchedTag) check(ctx context.Context) (Event, error) {
	now, err := t.Source.Head(ctx, t.ref)
	if model.IsMissing(err) {
		now, err = "", nil
	}
	if err != nil {
		if t.Refused != nil && model.IsRefused(err) {
			t.Refused(t.ref.Registry)
		}
		return Event{}, err
	}
	ev := Event{At: time.Now(), Ref: t.ref, From: t.now, To: now}
	switch {
	case !t.resolved:
		ev = t.first(ev)
	case now == t.now:
		return Event{}, nil
	case now == "":
		ev.Kind = Gone
	case t.now == "":
		ev.Kind, ev.From = Appeared, t.last
	default:
		ev.Kind, ev.ToMember = Moved, t.listsDigest(ctx, t.now, now)
	}
	t.resolved, t.now = true, now
	if now != "" {
		t.last = now
	}
	return ev, nil
}

// first completes the event at the start, with the last sighting if that has another digest.
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

// memberTimeout limits the delay of an event by the request for Event.ToMember.
const memberTimeout = 5 * time.Second

// listsDigest reports whether an index lists a digest. It is false if the index cannot be
// read.
func (t *watchedTag) listsDigest(ctx context.Context, index, d digest.Digest) bool {
	ctx, cancel := context.WithTimeout(ctx, memberTimeout)
	defer cancel()
	children, err := t.Source.Children(ctx, t.ref.AtDigest(index))
	return err == nil && slices.ContainsFunc(children, func(c v1.Descriptor) bool { return c.Digest == d })
}

// outages holds the tags that cannot be resolved, each with its fault. A fault that
// several tags of a registry share is reported once.
type outages map[model.Ref]fault

// fault is a kind of error of one registry, without details that vary.
type fault struct{ registry, reason string }

// update adds a result. It returns an outage to report: at the first tag with a fault, and
// when the last tag no longer has it.
func (o outages) update(r result) (_ Outage, changed bool) {
	old, failing := o[r.ref]
	switch {
	case errors.Is(r.err, context.Canceled), r.err != nil && failing:
		return Outage{}, false
	case r.err != nil:
		now := fault{r.ref.Registry, shortReason(r.err)}
		known := o.has(now)
		o[r.ref] = now
		return Outage{Registry: r.ref.Registry, Err: r.err}, !known
	case failing:
		delete(o, r.ref)
		return Outage{Registry: r.ref.Registry}, !o.has(old)
	}
	return Outage{}, false
}

func (o outages) has(f fault) bool { return slices.Contains(slices.Collect(maps.Values(o)), f) }

// shortReason returns the message of an error without the details after a colon or in
// brackets, which vary from one request to the next.
func shortReason(err error) string {
	reason, _, _ := strings.Cut(model.ShortError(err), ": ")
	reason, _, _ = strings.Cut(reason, " (")
	return reason
}
