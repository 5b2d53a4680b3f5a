package model

import (
	"time"

	"github.com/opencontainers/go-digest"
)

// Sighting is a time during which a tag was seen to lead to one digest.
type Sighting struct {
	Digest      digest.Digest
	MediaType   string     // of the manifest, "" where nobody knows
	Created     *time.Time // of its first image, nil where nobody knows
	First, Last time.Time  // when it was first and last seen there
}

// Timeline is every look at one tag that is remembered, oldest first. Two that
// follow each other have different digests. Between the Last of one and the
// First of the next the tag moved, nobody saw when.
type Timeline []Sighting

// At is what the tag was last seen to be at a moment. ok is false if nobody had
// looked by then.
func (t Timeline) At(moment time.Time) (_ Sighting, ok bool) {
	for i := len(t) - 1; i >= 0; i-- {
		if !t[i].First.After(moment) {
			return t[i], true
		}
	}
	return Sighting{}, false
}
