package diff

import (
	"slices"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
)

// TagContext is what is known in addition to the two artifacts of a comparison:
// other tags and the recorded history. The zero value is nothing. The findings
// of group F use it.
type TagContext struct {
	A, B SideContext
}

// SideContext is the context of one side.
type SideContext struct {
	Tags    *model.TagSet  // tags of its repository; nil if they were not requested
	History model.Timeline // recorded history of its tag, up to and including the current sighting
	Moved   Move           // a move of the tag since it was read
}

// Move is a tag that now points to another digest than the one that was read.
type Move struct {
	To       digest.Digest // "" for none
	At       time.Time     // when the move was noticed
	ToMember bool          // To is an image listed in the index that was read
	Later    bool          // it was noticed only by a later check, when all had been read
}

// WithTagContext returns c with this context, and with the findings that follow
// from it.
func (c Comparison) WithTagContext(around TagContext) Comparison {
	if around.same(c.TagContext) {
		return c
	}
	c.TagContext = around
	if c.A == nil {
		return c
	}
	others := slices.DeleteFunc(slices.Clone(c.Findings), func(f Finding) bool { return isTagFinding(f.ID) })
	c.Findings = slices.Concat(others, c.tagFindings())
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

// tagFindingsSince returns the findings of prev if their inputs have not
// changed, else new ones. Lists of tags are long, and a comparison is updated
// often.
func (c Comparison) tagFindingsSince(prev Comparison) []Finding {
	if !sameTop(prev.A, c.A) || !sameTop(prev.B, c.B) {
		return c.tagFindings()
	}
	return slices.DeleteFunc(slices.Clone(prev.Findings), func(f Finding) bool { return !isTagFinding(f.ID) })
}

// sameTop compares everything of a side that findings about tags depend on.
func sameTop(a, b *model.Artifact) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Ref == b.Ref && a.Top.Digest == b.Top.Digest && firstImage(a) == firstImage(b) && len(a.Images()) == len(b.Images())
}

func (a TagContext) same(o TagContext) bool { return a.A.same(o.A) && a.B.same(o.B) }

func (n SideContext) same(o SideContext) bool {
	return sameSet(n.Tags, o.Tags) && n.Moved == o.Moved && slices.EqualFunc(n.History, o.History, func(a, b model.Sighting) bool {
		return a.Digest == b.Digest && a.First.Equal(b.First) && a.Last.Equal(b.Last) && a.Created == b.Created
	})
}

// sameSet compares by address: a set of tags is never modified.
func sameSet(a, b *model.TagSet) bool {
	if a == nil || b == nil || len(a.Tags) == 0 || len(b.Tags) == 0 {
		return a == b
	}
	return &a.Tags[0] == &b.Tags[0] && len(a.Tags) == len(b.Tags) &&
		a.Total == b.Total && a.Truncated == b.Truncated && a.UnreadIndexes == b.UnreadIndexes &&
		len(a.Children) == len(b.Children) && len(a.Created) == len(b.Created) && len(a.Stacks) == len(b.Stacks)
}

func isTagFinding(id string) bool {
	return slices.ContainsFunc(rules, func(r rule) bool { return r.id == id && r.tags != nil })
}

// tagContextOf returns the context of those sides that still have the same
// reference.
func (c Comparison) tagContextOf(a, b model.Ref) TagContext {
	var around TagContext
	if c.A != nil && c.A.Ref == a {
		around.A = c.TagContext.A
	}
	if c.B != nil && c.B.Ref == b {
		around.B = c.TagContext.B
	}
	return around
}
