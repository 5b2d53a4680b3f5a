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
	source claimSource   // what names it as the base, "" for nothing
	digest digest.Digest // that source names: of the tag, or of an image that it lists; "" if it names only the tag
	image  digest.Digest // the image of the tag whose layers were read
	denied bool          // source names it, but its layers are not the first ones
	layers int           // how many layers with files are those of the tag; 0 if those of the tag were not read
	steps  int           // how many steps are those of the tag, 0 if they differ
}

// baseTagOf returns the tag that an image of one side is built on, as far as the known tags
// of both repositories show it: the tag that the image claims as its base, else the one whose
// layers are the first ones of the image. Of several, the steps of the image begin with those
// of the tag, and then it has the most layers.
func (c Comparison) baseTagOf(side Side, e *model.Entry) (baseTag, bool) {
	base, _ := c.searchBase(side, e)
	return base, base.tag.Digest != ""
}

// searchBase returns the tag that an image is built on, and a tag that it claims as its base
// while the layers show that it is not. Either may be missing.
func (c Comparison) searchBase(side Side, e *model.Entry) (base, denied baseTag) {
	sets := c.tagSets(side)
	if imageOf(e) == nil || len(sets) == 0 {
		return baseTag{}, baseTag{}
	}
	s := newBaseSearch(c, e.Image)
	s.setClaim(c.claimOf(side, e).direct(), e)
	var claimed, begun baseTag
	for _, set := range sets {
		for _, t := range set.Tags {
			if s.skips(*set, t) {
				continue
			}
			b := s.match(*set, t)
			switch {
			case b.denied && b.betterThan(denied):
				denied = b
			case b.source != "" && !b.denied && b.betterThan(claimed):
				claimed = b
			}
			if b.layers > 0 && b.betterThan(begun) {
				begun = b
			}
		}
	}
	if claimed.source != "" {
		return claimed, baseTag{}
	}
	return begun, denied
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

// baseSearch looks for the base of an image among tags.
type baseSearch struct {
	c        Comparison
	img      *model.Image
	stack    model.Stack           // of img
	claim    BaseClaim             // of img
	named    model.Ref             // that claim names without a digest
	platform string                // of img
	recipes  map[int]digest.Digest // of the first steps of img, by their number
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

// setClaim sets what the image says of its base.
func (s *baseSearch) setClaim(claim BaseClaim, e *model.Entry) {
	s.claim, s.platform = claim, model.PlatformName(e.Platform())
	if ref, err := model.ParseImage(claim.Name); err == nil && claim.Digest == "" {
		s.named = ref
	}
}

// match compares the image with a tag.
func (s *baseSearch) match(set model.TagSet, t model.Tagged) baseTag {
	b := baseTag{repo: set.Repo, tag: t}
	stack, image, exact := s.stackOf(set, t)
	if image != "" {
		b.image = image
		b.layers, b.steps = s.begins(stack)
	}
	if !s.isClaimed(set, t) {
		return b
	}
	b.source, b.digest = s.claim.source, s.claim.Digest
	b.denied = b.layers == 0 && exact && len(stack.DiffIDs) > 0
	return b
}

// isClaimed reports whether the image names a tag as its base: by digest, else by name.
func (s *baseSearch) isClaimed(set model.TagSet, t model.Tagged) bool {
	if d := s.claim.Digest; d != "" {
		return t.Digest == d || isMember(set, t.Digest, d)
	}
	return s.named.Tag != "" && s.named == set.Repo.WithTag(t.Tag)
}

// stackOf returns the layers of an image of a tag, as far as they were read: of the one that the
// image claims as its base or that is for its platform, else of the first one. exact is false for
// the first one where that is another one. The image is "" if none was read.
func (s *baseSearch) stackOf(set model.TagSet, t model.Tagged) (stack model.Stack, image digest.Digest, exact bool) {
	first := firstImageOf(set, t.Digest)
	wanted := first
	if len(set.Children[t.Digest]) > 0 {
		wanted = s.baseIn(set.Children[t.Digest])
	}
	if stack, read := set.Stacks[wanted]; read {
		return stack, wanted, true
	}
	stack, read := set.Stacks[t.Digest]
	if !read {
		return model.Stack{}, "", false
	}
	return stack, first, first == wanted
}

// baseIn returns the image of an index that the image can be built on, "" if that is not known.
func (s *baseSearch) baseIn(children []v1.Descriptor) digest.Digest {
	if slices.ContainsFunc(children, func(d v1.Descriptor) bool { return d.Digest == s.claim.Digest }) {
		return s.claim.Digest
	}
	i := slices.IndexFunc(children, func(d v1.Descriptor) bool {
		role, _ := model.RoleOf(d)
		return role == model.RoleImage && d.Platform != nil && s.platform != "" && model.PlatformName(model.Normal(*d.Platform)) == s.platform
	})
	if i < 0 {
		return ""
	}
	return children[i].Digest
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
