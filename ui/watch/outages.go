package watch

import (
	"context"
	"errors"
	"strings"

	"github.com/tagdiff/tagdiff/model"
)

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
	case errors.Is(r.err, context.Canceled):
		return Outage{}, false
	case r.err != nil && failing:
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

func (o outages) has(f fault) bool {
	for _, other := range o {
		if other == f {
			return true
		}
	}
	return false
}

// shortReason returns the message of an error without the details after a colon or in
// brackets, which vary from one request to the next.
func shortReason(err error) string {
	reason, _, _ := strings.Cut(model.ShortError(err), ": ")
	reason, _, _ = strings.Cut(reason, " (")
	return reason
}
