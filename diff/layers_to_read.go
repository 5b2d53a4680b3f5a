package diff

import (
	"slices"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

// maxDoubts is how many small layers are read for one comparison.
const maxDoubts = 64

// UnverifiedLayers are the layers whose contents would decide something and are small
// enough to be read, by side: configs claim what layers unpack to, nobody
// checks it before a runtime does, and emptiness shows in the content alone.
// Layers that both sides have as the same blob decide nothing, and for the
// usual packings of nothing the digest is proof enough.
func UnverifiedLayers(c Comparison) map[Side][]v1.Descriptor {
	d := doubts{found: map[Side][]v1.Descriptor{}, seen: map[digest.Digest]bool{}}
	for _, p := range c.Pairs {
		for _, r := range p.Rows {
			if r.Class == Same && !r.Duplicated() {
				continue
			}
			d.add(SideA, r.A, r)
			d.add(SideB, r.B, r)
		}
	}
	return d.found
}

type doubts struct {
	found map[Side][]v1.Descriptor
	seen  map[digest.Digest]bool
}

func (d doubts) add(side Side, s *model.Step, r Row) {
	if s == nil || !s.HasLayer || s.Checked || len(s.Layer.URLs) > 0 || len(d.seen) >= maxDoubts || s.Layer.Digest.Validate() != nil {
		return
	}
	unsized := s.DiffID == "" && s.Layer.Size == 0 && r.A != nil && r.B != nil && !s.Empty // schema1 tells no size
	if (s.Layer.Size <= 0 || s.Layer.Size > model.MaxSmall) && !unsized {
		return
	}
	if _, known := model.EmptyPacker(s.Layer.Digest); known && (s.DiffID == "" || s.Empty) {
		return
	}
	if d.seen[s.Layer.Digest] {
		return
	}
	d.seen[s.Layer.Digest] = true
	d.found[side] = append(d.found[side], s.Layer)
}

// WithContents is the comparison again with what was seen of some layers.
func (c Comparison) WithContents(seen map[digest.Digest]model.Contents) Comparison {
	if len(seen) == 0 || c.A == nil {
		return c
	}
	a := c.A.WithContents(seen)
	if c.B == nil {
		return Describe(a).WithTagContext(c.Around)
	}
	return Recompare(c, a, c.B.WithContents(seen))
}

// falseClaims are the steps of an image that unpack to something else than its
// config claims.
func falseClaims(img *model.Image) []model.Step {
	if img == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(img.Steps), func(s model.Step) bool { return s.Claimed == "" })
}
