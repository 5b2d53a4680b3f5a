package model

import (
	"fmt"
	"time"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// Image is one platform's image: its manifest, its config and the steps that
// both together tell of.
type Image struct {
	Manifest Manifest
	Config   Config // zero for a schema1 image, but for what schema1 says too
	Steps    []Step // oldest first
	// Counts is set when manifest, diff_ids and history disagree on how many
	// layers there are. Step names are then doubtful; no layer is lost.
	Counts *CountMismatch
}

// CountMismatch is a disagreement on the number of layers: catalogue D7.
type CountMismatch struct {
	Layers, DiffIDs, History int
}

// Fatal reports whether a runtime refuses the image: it pairs layers with
// diff_ids and they must be as many.
func (c CountMismatch) Fatal() bool { return c.Layers != c.DiffIDs }

func (c CountMismatch) Error() string {
	return fmt.Sprintf("the manifest lists %d layers, the config %d diff_ids and %d history entries with a layer", c.Layers, c.DiffIDs, c.History)
}

// Step is one history entry joined with the layer it made, if it made one.
type Step struct {
	Index     int        // place in the history, oldest is 0
	CreatedBy string     // as recorded, text from outside
	Comment   string     //
	Author    string     //
	Created   *time.Time // as recorded; may be 1970 on purpose
	HasLayer  bool       // false: a step that only changes settings
	Layer     v1.Descriptor
	DiffID    digest.Digest // digest of the unpacked layer as the config claims it; "" when nothing claims one
	Empty     bool          // the layer is known to unpack to nothing
	Checked   bool          // the layer was read, and unpacks to DiffID
	Claimed   digest.Digest // what the config claims instead, if the layer was read and unpacks to something else
	Unnamed   bool          // a layer beyond the end of the history
}

// NewImage joins a manifest with its config. Layers and diff_ids pair by
// place; a history entry with empty_layer takes no layer (image-spec config.md,
// "history"). When counts disagree every layer and every entry still has a step.
func NewImage(m Manifest, c Config) Image {
	img := Image{Manifest: m, Config: c}
	made := 0
	for i, h := range c.History {
		s := Step{Index: i, CreatedBy: h.CreatedBy, Comment: h.Comment, Author: h.Author, Created: h.Created}
		if !h.EmptyLayer {
			img.takeLayer(&s, made)
			made++
		}
		img.Steps = append(img.Steps, s)
	}
	for l := made; l < max(len(m.Layers), len(c.RootFS.DiffIDs)); l++ {
		s := Step{Index: len(img.Steps), Unnamed: true}
		img.takeLayer(&s, l)
		img.Steps = append(img.Steps, s)
	}
	counts := CountMismatch{Layers: len(m.Layers), DiffIDs: len(c.RootFS.DiffIDs), History: made}
	if counts.Layers != counts.DiffIDs || len(c.History) > 0 && counts.History != counts.Layers {
		img.Counts = &counts
	}
	return img
}

// takeLayer gives s the n-th layer, as far as manifest and config have one.
func (img *Image) takeLayer(s *Step, n int) {
	if n < len(img.Manifest.Layers) {
		s.Layer, s.HasLayer = img.Manifest.Layers[n], true
	}
	if n < len(img.Config.RootFS.DiffIDs) {
		s.DiffID, s.HasLayer = img.Config.RootFS.DiffIDs[n], true
	}
	s.Empty = s.DiffID == EmptyTar || s.DiffID == EmptyTarGNU
}

// ID is the image ID: the digest of the config. It is "" for schema1.
func (img Image) ID() digest.Digest { return img.Config.Digest }

// Platform is what the config says the image runs on.
func (img Image) Platform() v1.Platform { return Normal(img.Config.Platform) }

// Created is when the image says it was built, or nil if it does not really.
func (img Image) Created() *time.Time { return RealDate(img.Config.Created) }

// Twins are the steps with the same non-empty content as step i of the same
// image, i itself left out: the duplicated layers (catalogue D3).
func (img Image) Twins(i int) []int {
	var twins []int
	s := img.Steps[i]
	if !s.HasLayer || s.Empty {
		return nil
	}
	for j, o := range img.Steps {
		if j != i && o.HasLayer && !o.Empty && s.SameContent(o) {
			twins = append(twins, j)
		}
	}
	return twins
}

// SameContent reports whether two layers unpack to the same bytes as far as
// hashes tell: equal diff_ids where both sides have one, else equal blobs.
func (s Step) SameContent(o Step) bool {
	if !s.HasLayer || !o.HasLayer {
		return false
	}
	if s.Empty && o.Empty {
		return true
	}
	if s.DiffID != "" && o.DiffID != "" {
		return s.DiffID == o.DiffID
	}
	return s.Layer.Digest != "" && s.Layer.Digest == o.Layer.Digest
}
