package model

import (
	"time"

	"github.com/opencontainers/go-digest"
)

// Sighting is a period in which a tag was observed to point to one digest.
type Sighting struct {
	Digest      digest.Digest
	MediaType   string     // of the manifest, "" if unknown
	Created     *time.Time // of its first image, nil if unknown
	First, Last time.Time  // the first and the last observation
}

// Timeline is the recorded history of one tag, oldest first. Consecutive
// sightings have different digests. The tag moved at an unknown time between
// the Last of one and the First of the next.
type Timeline []Sighting

// At returns the last sighting that began at or before a moment. ok is false if
// there is none.
func (t Timeline) At(moment time.Time) (_ Sighting, ok bool) {
	for i := len(t) - 1; i >= 0; i-- {
		if !t[i].First.After(moment) {
			return t[i], true
		}
	}
	return Sighting{}, false
}
