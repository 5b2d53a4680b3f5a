package diff

import (
	"cmp"
	"slices"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/diff/version"
	"github.com/tagdiff/tagdiff/model"
)

// baseTag is a known tag that an image is built on, or begins like.
type baseTag struct {
	repo   model.Ref
	tag    model.Tagged
	source string        // what names it as the base: "annotation"; "" for nothing
	digest digest.Digest // that source names: of the tag, or of an image that it lists
	layers int           // how many layers with files are those of the tag; 0 if those of the tag were not read
	steps  int           // how many steps are those of the tag, 0 if they differ
}

// baseTagOf returns the tag that an image of one side is built on, as far as the known tags
// of both repositories show it: the tag whose digest an annotation names as the base, else
// the one whose layers are the first ones of the image. Of several, the steps of the image
// begin with those of the tag, and then it has the most layers.
func (c Comparison) baseTagOf(side Side, e *model.Entry) (baseTag, bool) {
	sets := c.tagSets(side)
	if imageOf(e) == nil || len(sets) == 0 {
		return baseTag{}, false
	}
	s := newBaseSearch(c, e.Image)
	s.source, s.claimed = c.claimedBaseOf(side, e)
	var claimed, begun baseTag
	for _, set := range sets {
		for _, t := range set.Tags {
			if s.skips(*set, t) {
				continue
			}
			b := s.match(*set, t)
			if b.source != "" && b.betterThan(claimed) {
				claimed = b
			}
			if b.layers > 0 && b.betterThan(begun) {
				begun = b
			}
		}
	}
	if claimed.source != "" {
		return claimed, true
	}
	return begun, begun.layers > 0
}

// tagSets returns the known tags of the repositories of both sides, those of one side first.
func (c Comparison) tagSets(side Side) []*model.TagSet {
	own, other := c.TagContext.A.Tags, c.TagContext.B.Tags
	if side == SideB {
		own, other = other, own
	}
	if own != nil && other != nil && own.Repo == other.Repo {
		other = nil
	}
	return slices.DeleteFunc([]*model.TagSet{own, other}, func(set *model.TagSet) bool { return set == nil })
}

// claimedBaseOf is claimedBase, or what the index of a side claims for all its images.
func (c Comparison) claimedBaseOf(side Side, e *model.Entry) (source string, d digest.Digest) {
	if source, d = claimedBase(e); d != "" || namesOwnStep(e) {
		return source, d
	}
	art := c.artifact(side)
	if d = baseDigestIn(art.Top.Annotations); d == "" || !isIndex(*art) {
		return "", ""
	}
	return "index annotation", d
}

// baseSearch looks for the base of an image among tags.
type baseSearch struct {
	c       Comparison
	img     *model.Image
	stack   model.Stack // of img
	source  string      // what claims a base
	claimed digest.Digest
	recipes map[int]digest.Digest // of the first steps of img, by their number
}

func newBaseSearch(c Comparison, img *model.Image) *baseSearch {
	return &baseSearch{c: c, img: img, stack: img.Stack(), recipes: map[int]digest.Digest{}}
}

// skips reports whether a tag cannot be the answer: it is attached to an image, or it is one
// of the sides, which the verdict covers.
func (s *baseSearch) skips(set model.TagSet, t model.Tagged) bool {
	return t.Digest == "" || t.Digest == s.c.A.Top.Digest || s.c.B != nil && t.Digest == s.c.B.Top.Digest ||
		s.c.isSide(set.Repo, t.Tag) || model.IsAttached(t.Tag)
}

// match compares the image with a tag.
func (s *baseSearch) match(set model.TagSet, t model.Tagged) baseTag {
	b := baseTag{repo: set.Repo, tag: t}
	stack, read := set.Stacks[t.Digest]
	if read {
		b.layers, b.steps = s.begins(stack)
	}
	if s.claimed == "" || t.Digest != s.claimed && !isMember(set, t.Digest, s.claimed) {
		return b
	}
	if !read || b.layers > 0 || firstImageOf(set, t.Digest) != s.claimed { // else the layers contradict the claim
		b.source, b.digest = s.source, s.claimed
	}
	return b
}

// isMember reports whether an index lists an image.
func isMember(set model.TagSet, index, image digest.Digest) bool {
	return slices.ContainsFunc(set.Children[index], func(d v1.Descriptor) bool {
		role, _ := model.RoleOf(d)
		return d.Digest == image && role == model.RoleImage
	})
}

// firstImageOf returns the first image of a tag: the one whose layers a set knows.
func firstImageOf(set model.TagSet, d digest.Digest) digest.Digest {
	for _, child := range set.Children[d] {
		if role, _ := model.RoleOf(child); role == model.RoleImage {
			return child.Digest
		}
	}
	return d
}

// begins returns how many layers with files, and how many steps, the image shares with all
// of a stack. Both are 0 unless the image has all layers of the stack and more.
func (s *baseSearch) begins(stack model.Stack) (layers, steps int) {
	layers = len(stack.DiffIDs)
	if layers == 0 || layers >= len(s.stack.DiffIDs) || !slices.Equal(s.stack.DiffIDs[:layers], stack.DiffIDs) {
		return 0, 0
	}
	if stack.Recipe == "" || stack.Steps > len(s.img.Steps) || countFiles(s.img.Steps[:stack.Steps]) != layers {
		return layers, 0
	}
	recipe, known := s.recipes[stack.Steps]
	if !known {
		recipe = model.RecipeOf(s.img.Steps[:stack.Steps])
		s.recipes[stack.Steps] = recipe
	}
	if recipe != stack.Recipe {
		return layers, 0
	}
	return layers, stack.Steps
}

func hasFiles(s model.Step) bool { return s.HasLayer && !s.Empty }

func countFiles(steps []model.Step) int { return countOf(steps, hasFiles) }

// betterThan orders the candidates: equal steps, most layers, the name of a release, the
// shortest name.
func (b baseTag) betterThan(o baseTag) bool {
	switch {
	case o.tag.Digest == "":
		return true
	case (b.steps > 0) != (o.steps > 0):
		return b.steps > 0
	case b.layers != o.layers:
		return b.layers > o.layers
	case b.steps != o.steps:
		return b.steps > o.steps
	}
	releaseB, releaseO := isRelease(version.Parse(b.tag.Tag)), isRelease(version.Parse(o.tag.Tag))
	if releaseB != releaseO {
		return releaseB
	}
	return cmp.Or(cmp.Compare(len(b.tag.Tag), len(o.tag.Tag)), model.CompareNatural(b.tag.Tag, o.tag.Tag)) < 0
}

// certain reports whether the image is built on the tag, as far as documents can show it:
// otherwise both may be built on one base.
func (b baseTag) certain() bool { return b.steps > 0 || b.source != "" }
