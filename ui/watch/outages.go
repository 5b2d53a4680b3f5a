package watch

import (
	"context"
	"errors"
	"strings"

	"github.com/tagdiff/tagdiff/model"
)

// outages are the tags that cannot be asked for, each with its trouble. A
// registry that is down is down for all its tags, and is told of once.
type outages map[model.Ref]fault

// fault is what a registry has, without what differs from time to time.
type fault struct{ registry, what string }

// update takes in an answer. It gives what is news: the first tag to which
// something happens, and the last to which it happens no more.
func (o outages) update(a answer) (_ Outage, news bool) {
	old, failing := o[a.ref]
	switch {
	case errors.Is(a.err, context.Canceled):
		return Outage{}, false
	case a.err != nil && failing:
		return Outage{}, false
	case a.err != nil:
		now := fault{a.ref.Registry, shortReason(a.err)}
		known := o.has(now)
		o[a.ref] = now
		return Outage{Registry: a.ref.Registry, Err: a.err}, !known
	case failing:
		delete(o, a.ref)
		return Outage{Registry: a.ref.Registry}, !o.has(old)
	}
	return Outage{}, false
}

func (o outages) has(t fault) bool {
	for _, other := range o {
		if other == t {
			return true
		}
	}
	return false
}

// shortReason is what an error is about: what stands behind a colon or in brackets is
// how it showed this time.
func shortReason(err error) string {
	say := err.Error()
	var t *model.ReadError
	if errors.As(err, &t) {
		say = t.Message
	}
	say, _, _ = strings.Cut(say, ": ")
	say, _, _ = strings.Cut(say, " (")
	return say
}
