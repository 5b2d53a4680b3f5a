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
	fail := func(message, next string) (model.Sighting, error) {
		return model.Sighting{}, &model.ReadError{Message: message, Next: next}
	}
	moment, ok := ref.Moment()
	if !ok {
		return fail(fmt.Sprintf("%q is not a date or time", ref.At), "write 2026-11-18 or 2026-11-18T14:02 (UTC)")
	}
	if r.Journal == nil {
		return fail(fmt.Sprintf("%s can only come from the journal, which is off", ref), "run without --no-journal")
	}
	if moment.After(r.Journal.now().Add(24 * time.Hour)) { // a date means the end of that day
		return model.Sighting{}, &model.ReadError{
			Message: fmt.Sprintf("%s is in the future", ref.At), Next: "leave out @" + ref.At + ", or give a past time",
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
		return fail(fmt.Sprintf("this machine has no record of %s", tag), "leave out @"+ref.At+", or give a digest")
	}
	return fail(fmt.Sprintf("%s was first recorded on %s", ref.Tag, model.TimeText(past[0].First)),
		"give this time or a later one, or a digest")
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
		Next: "it was deleted, or garbage collected because no tag points to it; give a later time",
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
