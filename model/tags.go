package model

import (
	"time"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// Tagged is a tag with the digest it points to.
type Tagged struct {
	Tag       string
	Digest    digest.Digest // "" if Err is set
	MediaType string        // of the manifest, "" if the registry does not report it
	Err       error         // why the digest is unknown
}

// TagSet is the known tags of a repository with their digests.
type TagSet struct {
	Repo          Ref
	Tags          []Tagged                          // resolved so far, in natural order
	Total         int                               // number of tags in the repository; those not in Tags may be the same image
	Truncated     bool                              // the list of tags ended early: there may be more than Total
	Children      map[digest.Digest][]v1.Descriptor // the children of the indexes among the tags, as far as read, by the digest of the index
	UnreadIndexes int                               // number of possible indexes that were not read; they may list the same images
	Created       map[digest.Digest]time.Time       // of the first image, as far as it was read and is a real date; by the digest of the tag
	Stacks        map[digest.Digest]Stack           // as far as read: of the first image, by the digest of the tag; of others, by theirs
}

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
