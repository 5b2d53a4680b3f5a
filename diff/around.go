package diff

import (
	"slices"
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
	c.Findings = slices.DeleteFunc(slices.Clone(c.Findings), func(f Finding) bool { return isAround(f.ID) })
	if c.A != nil {
		c.Findings = append(c.Findings, c.aroundFindings()...)
		inOrder(c.Findings)
	}
	return c
}

func (c Comparison) aroundFindings() []Finding {
	var found []Finding
	for _, r := range rules {
		if r.around != nil {
			found = append(found, r.named(r.around(c))...)
		}
	}
	return found
}

func isAround(id string) bool {
	return slices.ContainsFunc(rules, func(r rule) bool { return r.id == id && r.around != nil })
}

// aroundOf is what is known around the sides that are still what they were.
func (c Comparison) aroundOf(a, b model.Ref) Around {
	var around Around
	if c.A != nil && c.A.Ref == a {
		around.A = c.Around.A
	}
	if c.B != nil && c.B.Ref == b {
		around.B = c.Around.B
	}
	return around
}
