package journal

import (
	"fmt"
	"time"

	"github.com/tagdiff/tagdiff/model"
)

// atMoment calls do with the digest that a tag had at the moment of ref.
func atMoment[T any](r Registry, ref model.Ref, do func(at model.Ref) (T, error)) (T, error) {
	s, err := r.sightingBy(ref)
	if err != nil {
		var none T
		return none, err
	}
	got, err := do(ref.AtDigest(s.Digest))
	return got, goneError(ref, s, err)
}

// sightingBy returns the last sighting of a tag at or before the moment of ref.
func (r Registry) sightingBy(ref model.Ref) (model.Sighting, error) {
	moment, ok := ref.Moment()
	if !ok {
		return model.Sighting{}, &model.ReadError{
			Message: fmt.Sprintf("%q is not a moment", ref.At),
			Next:    "write a moment as 2026-11-18 or 2026-11-18T14:02 (UTC)",
		}
	}
	if r.Journal == nil {
		return model.Sighting{}, &model.ReadError{
			Message: fmt.Sprintf("%s can only come from the journal, which is off", ref), Next: "run without --no-journal",
		}
	}
	tag := ref.WithTag(ref.Tag)
	past, err := r.Journal.Timeline(tag)
	if s, ok := past.At(moment); ok {
		return s, nil
	}
	if err != nil {
		return model.Sighting{}, err
	}
	if len(past) == 0 {
		return model.Sighting{}, &model.ReadError{
			Message: fmt.Sprintf("the journal has no sighting of %s: tagdiff did not read this tag on this machine", tag),
			Next:    "omit the moment, or give a digest",
		}
	}
	return model.Sighting{}, &model.ReadError{
		Message: fmt.Sprintf("the journal's first sighting of %s is from %s", tag, model.TimeText(past[0].First)),
		Next:    "use that moment or a later one, or give a digest",
	}
}

// goneError returns err or, if the registry no longer has the digest, an error that
// explains it.
func goneError(ref model.Ref, s model.Sighting, err error) error {
	if !model.IsMissing(err) {
		return err
	}
	return &model.ReadError{
		Message: fmt.Sprintf("the registry no longer has %s, which %s was on %s", model.ShortDigest(s.Digest), ref.Tag,
			model.TimeText(lastSeenBy(ref, s))),
		Next: "it was deleted, or garbage collected because no tag points to it; use a later moment",
		Err:  err, Missing: true,
	}
}

// lastSeenBy returns the last time at or before the moment of ref at which the tag
// had the digest.
func lastSeenBy(ref model.Ref, s model.Sighting) time.Time {
	moment, _ := ref.Moment()
	if s.Last.Before(moment) {
		return s.Last
	}
	return moment
}
