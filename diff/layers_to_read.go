package diff

import (
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
)

// maxUnverified is the number of small layers that are read for one comparison.
const maxUnverified = 64

// UnverifiedLayers returns, by side, the layers or parts of layers whose bytes can change
// the result and that are small enough to read. A diff_id is a claim of the config
// that only a runtime checks, and only the content shows that a layer is empty.
// Layers that both sides have as the same blob change nothing. For the usual packings of an
// empty archive the blob digest is sufficient proof.
func UnverifiedLayers(c Comparison) map[Side][]model.LayerPart {
	d := unverified{found: map[Side][]model.LayerPart{}, seen: map[digest.Digest]bool{}}
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

type unverified struct {
	found map[Side][]model.LayerPart
	seen  map[digest.Digest]bool
}

func (d unverified) add(side Side, s *model.Step, r Row) {
	if s == nil || !isReadable(s) || len(d.seen) >= maxUnverified || d.seen[s.Layer.Digest] {
		return
	}
	if isTrailerWanted(s, r) {
		d.want(side, s, model.LayerEnd)
		return
	}
	unsized := s.DiffID == "" && s.Layer.Size == 0 && r.A != nil && r.B != nil && r.Class != Same && !s.Empty // schema1 has no sizes
	nothing := s.Layer.Size == 0 && s.Layer.Digest == model.EmptyBlob
	if (s.Layer.Size <= 0 || s.Layer.Size > model.MaxSmall) && !unsized && !nothing {
		return
	}
	if _, known := model.EmptyPacker(s.Layer.Digest); known && (s.DiffID == "" || s.Empty) && r.Class != RepackedRow {
		return
	}
	d.want(side, s, model.WholeLayer)
}

func (d unverified) want(side Side, s *model.Step, portion model.Portion) {
	d.seen[s.Layer.Digest] = true
	d.found[side] = append(d.found[side], model.LayerPart{Descriptor: s.Layer, Portion: portion})
}

// isReadable reports whether a layer is in the registry in plain, and was not read yet.
func isReadable(s *model.Step) bool {
	return s.HasLayer && !s.Missing && !s.Checked && s.Broken == "" &&
		!model.IsExternal(s.Layer) && !model.IsEncrypted(s.Layer) && s.Layer.Digest.Validate() == nil
}

// isTrailerWanted reports whether the checksum at the end of a layer can contradict a row:
// a large gzip blob beside another blob of the same diff_id whose checksum can be known too.
func isTrailerWanted(s *model.Step, r Row) bool {
	return r.Class == RepackedRow && s.Trailer == nil && hasTrailer(s) && hasChecksum(r.A) && hasChecksum(r.B)
}

// hasTrailer reports whether the end of a layer is worth a request: it is too large to be
// read whole, and gzip by its media type.
func hasTrailer(s *model.Step) bool { return s.Layer.Size > model.MaxSmall && model.IsGzip(s.Layer) }

// hasChecksum reports whether the CRC-32 of what a layer unpacks to can be known: a small
// layer is read whole.
func hasChecksum(s *model.Step) bool {
	return hasTrailer(s) || s.Checked || s.Layer.Size > 0 && s.Layer.Size <= model.MaxSmall && isReadable(s)
}

// DoubtfulLayers returns, by side, the layers whose checksums disagree and whose first
// bytes were not read: a blob that is not gzip has no checksum. It is empty until the
// layers of UnverifiedLayers were read.
func DoubtfulLayers(c Comparison) map[Side][]model.LayerPart {
	d := unverified{found: map[Side][]model.LayerPart{}, seen: map[digest.Digest]bool{}}
	for _, p := range c.Pairs {
		for _, r := range contradictingRows(p.Rows) {
			for side, s := range map[Side]*model.Step{SideA: r.A, SideB: r.B} {
				if s.Packing == "" && !d.seen[s.Layer.Digest] {
					d.want(side, s, model.LayerStart)
				}
			}
		}
	}
	return d.found
}

// WithContents returns the comparison updated with the contents of some layers,
// by blob digest.
func (c Comparison) WithContents(contents map[digest.Digest]model.Contents) Comparison {
	if len(contents) == 0 || c.A == nil {
		return c
	}
	a := c.A.WithContents(contents)
	switch {
	case c.B == nil:
		return Describe(a).WithTagContext(c.TagContext)
	case c.unjudged:
		return PairUp(a, c.B.WithContents(contents))
	}
	return Recompare(c, a, c.B.WithContents(contents))
}

// falseClaims returns the steps of an image whose layers unpack to another diff_id than the
// config claims, or cannot be unpacked.
func falseClaims(img *model.Image) []model.Step {
	return stepsOfImage(img, func(s model.Step) bool { return s.ClaimedDiffID != "" || s.Broken != "" })
}

// isFaulty reports whether a finding says that the layer of a step is wrong or missing: then
// it is not harmless, whatever it unpacks to.
func isFaulty(s *model.Step) bool { return s.ClaimedDiffID != "" || s.Broken != "" || s.Missing }

// trailing returns the steps of an image whose layers have bytes after the gzip stream.
func trailing(img *model.Image) []model.Step {
	return stepsOfImage(img, func(s model.Step) bool { return s.Trailing })
}

func stepsOfImage(img *model.Image, is func(model.Step) bool) []model.Step {
	if img == nil {
		return nil
	}
	return matching(img.Steps, is)
}
