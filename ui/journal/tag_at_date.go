package journal

import (
	"errors"
	"fmt"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
)

// dateTime is how a person is told a moment, in local time.
const dateTime = "2 Jan 2006 15:04"

// atMoment does something with what a tag was at a moment. ref has one.
func atMoment[T any](r Registry, ref model.Ref, do func(at model.Ref) (T, error)) (T, error) {
	l, err := r.sightingBy(ref)
	if err != nil {
		var none T
		return none, err
	}
	got, err := do(ref.AtDigest(l.Digest))
	return got, goneError(ref, l, err)
}

// sightingBy is what the tag was last seen to be by the moment.
func (r Registry) sightingBy(ref model.Ref) (model.Sighting, error) {
	moment, ok := ref.Moment()
	if !ok {
		return model.Sighting{}, &model.ReadError{
			Message: fmt.Sprintf("%q is not a moment", ref.At),
			Next:    "write 2026-11-18 or 2026-11-18T14:02",
		}
	}
	if r.Journal == nil {
		return model.Sighting{}, &model.ReadError{
			Message: fmt.Sprintf("what %s was is known from the journal, which is off", ref), Next: "leave --no-journal out",
		}
	}
	tag := ref.WithTag(ref.Tag)
	past, err := r.Journal.Timeline(tag)
	if l, ok := past.At(moment); ok {
		return l, nil
	}
	if err != nil {
		return model.Sighting{}, err
	}
	if len(past) == 0 {
		return model.Sighting{}, &model.ReadError{
			Message: fmt.Sprintf("the journal knows nothing of %s: tagdiff has not looked at it on this machine", tag),
			Next:    "leave the moment out, or give a digest",
		}
	}
	return model.Sighting{}, &model.ReadError{
		Message: fmt.Sprintf("the journal's first look at %s is of %s", tag, past[0].First.In(moment.Location()).Format(dateTime)),
		Next:    "ask for that moment or a later one, or give a digest",
	}
}

// goneError is err, and what it means that the registry has a digest no more.
func goneError(ref model.Ref, l model.Sighting, err error) error {
	var t *model.ReadError
	if !errors.As(err, &t) || !t.Missing {
		return err
	}
	return &model.ReadError{
		Message: fmt.Sprintf("the registry no longer has %s, which %s was on %s", shortDigest(l.Digest), ref.Tag,
			lastSeenBy(ref, l).Format("2 Jan 2006")),
		Next: "it was deleted, or cleaned up since no tag leads there; choose a later moment",
		Err:  err, Missing: true,
	}
}

// lastSeenBy is when the tag was last seen there by the moment, in local time.
func lastSeenBy(ref model.Ref, l model.Sighting) time.Time {
	moment, _ := ref.Moment()
	if l.Last.Before(moment) {
		return l.Last.In(moment.Location())
	}
	return moment
}

// shortDigest is enough of a digest to know it again.
func shortDigest(d digest.Digest) string {
	hex := d.Encoded()
	return d.Algorithm().String() + ":" + hex[:min(len(hex), 12)]
}
