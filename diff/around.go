package diff

import (
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
)

// Around is what is known of a comparison beyond its two artifacts. The zero
// value is nothing. Findings of group F rest on it.
type Around struct {
	A, B Neighbours
}

// Neighbours is what is known around one side.
type Neighbours struct {
	Tags  *model.TagSet  // of its repository; nil if nobody has asked
	Past  model.Timeline // looks at its tag; the last one may be the look at hand
	Moved Move           // what was seen of it while it was read or shown
}

// Move is a tag that leads elsewhere by now than what was read.
type Move struct {
	To       digest.Digest // "" for none
	At       time.Time     // when it was seen
	ToMember bool          // To is one of the images that the index which was read lists
}

// WithAround is c with what is known around it, and with the findings that
// follow from that.
func (c Comparison) WithAround(around Around) Comparison {
	c.Around = around
	return c
}

// OfTags are the findings on the tags of a repository among themselves, and
// against what was seen of them before.
func OfTags(set model.TagSet, past map[string]model.Timeline) []Finding { return nil }
