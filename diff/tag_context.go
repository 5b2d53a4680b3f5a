package diff

import (
	"slices"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
)

// TagContext is what is known of a comparison beyond its two artifacts. The zero
// value is nothing. Findings of group F rest on it.
type TagContext struct {
	A, B TagNeighbours
}

// TagNeighbours is what is known around one side.
type TagNeighbours struct {
	Tags  *model.TagSet  // of its repository; nil if nobody has asked
	Past  model.Timeline // looks at its tag; the last one may be the look at hand, none is later
	Moved Move           // what was seen of it while it was read or shown
}

// Move is a tag that leads elsewhere by now than what was read.
type Move struct {
	To       digest.Digest // "" for none
	At       time.Time     // when it was seen
	ToMember bool          // To is one of the images that the index which was read lists
}

// WithTagContext is c with what is known around it, and with the findings that
// follow from that.
func (c Comparison) WithTagContext(around TagContext) Comparison {
	if around.same(c.Around) {
		return c
	}
	c.Around = around
	if c.A == nil {
		return c
	}
	var found []Finding
	for _, f := range c.Findings {
		if !isTagFinding(f.ID) {
			found = append(found, f)
		}
	}
	c.Findings = append(found, c.tagFindings()...)
	sortFindings(c.Findings)
	return c
}

func (c Comparison) tagFindings() []Finding {
	var found []Finding
	for _, r := range rules {
		if r.tags != nil {
			found = append(found, r.apply(func() []Finding { return r.tags(c) })...)
		}
	}
	return found
}

// tagFindingsSince are those of prev if they rest on the same: lists of tags are
// long, and arrivals many.
func (c Comparison) tagFindingsSince(prev Comparison) []Finding {
	if !sameTop(prev.A, c.A) || !sameTop(prev.B, c.B) {
		return c.tagFindings()
	}
	return slices.DeleteFunc(slices.Clone(prev.Findings), func(f Finding) bool { return !isTagFinding(f.ID) })
}

// sameTop compares all of a side that findings around it rest on.
func sameTop(a, b *model.Artifact) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Ref == b.Ref && a.Top.Digest == b.Top.Digest && firstImage(a) == firstImage(b) && len(a.Images()) == len(b.Images())
}

func (a TagContext) same(o TagContext) bool { return a.A.same(o.A) && a.B.same(o.B) }

func (n TagNeighbours) same(o TagNeighbours) bool {
	return sameSet(n.Tags, o.Tags) && n.Moved == o.Moved && slices.EqualFunc(n.Past, o.Past, func(a, b model.Sighting) bool {
		return a.Digest == b.Digest && a.First.Equal(b.First) && a.Last.Equal(b.Last) && a.Created == b.Created
	})
}

// sameSet goes by addresses: no set of tags is ever changed.
func sameSet(a, b *model.TagSet) bool {
	if a == nil || b == nil || len(a.Tags) == 0 || len(b.Tags) == 0 {
		return a == b
	}
	return &a.Tags[0] == &b.Tags[0] && len(a.Tags) == len(b.Tags) && a.Total == b.Total && a.Cut == b.Cut && a.Unread == b.Unread && len(a.Children) == len(b.Children) && len(a.Created) == len(b.Created)
}

func isTagFinding(id string) bool {
	return slices.ContainsFunc(rules, func(r rule) bool { return r.id == id && r.tags != nil })
}

// tagContextOf is what is known around the sides that are still what they were.
func (c Comparison) tagContextOf(a, b model.Ref) TagContext {
	var around TagContext
	if c.A != nil && c.A.Ref == a {
		around.A = c.Around.A
	}
	if c.B != nil && c.B.Ref == b {
		around.B = c.Around.B
	}
	return around
}
