package model

import (
	"fmt"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model/instruction"
)

// Image is the image of one platform: its manifest, its config, and the steps
// that follow from both.
type Image struct {
	Manifest Manifest
	Config   Config // for a schema1 image only the fields that schema1 has
	Steps    []Step // oldest first
	// Counts is set when manifest, diff_ids and history have different numbers
	// of layers. The names of steps are then unreliable; no layer is lost.
	Counts *CountMismatchError
	// ConfigMissing is set when the registry was asked for the config and does not have it.
	ConfigMissing bool
}

// CountMismatchError is a disagreement on the number of layers (catalogue finding
// D7). History counts the history entries that have a layer.
type CountMismatchError struct {
	Layers, DiffIDs, History int
}

// Fatal reports whether Docker and containerd refuse the image: they pair layers with
// diff_ids and need equal numbers of both.
func (c CountMismatchError) Fatal() bool { return c.Layers != c.DiffIDs }

func (c CountMismatchError) Error() string {
	return fmt.Sprintf("layers in the manifest: %d; diff_ids in the config: %d, history entries with a layer: %d",
		c.Layers, c.DiffIDs, c.History)
}

// Step is one history entry, joined with the layer that it created, if any.
type Step struct {
	Index          int      // position in the history, the oldest is 0
	CreatedBy      string   // as recorded; untrusted text
	Instruction    string   // CreatedBy as a line of a Dockerfile
	BuildArgs      []string // NAME=value, as CreatedBy records them
	Comment        string
	Author         string
	Created        *time.Time // as recorded; may be 1970 on purpose
	HasLayer       bool       // false for a step that only changes settings
	Layer          v1.Descriptor
	DiffID         digest.Digest // digest of the unpacked layer as the config claims it; "" if nothing claims one
	Empty          bool          // the layer is known to unpack to nothing
	Checked        bool          // the layer was read, and DiffID is the digest of its content
	Untimed        digest.Digest // of the content without the times of files: equal for layers of the same files; "" if it was not read
	Times          digest.Digest // of the times of files, "" if Untimed is
	Missing        bool          // the registry does not have the layer
	FoundMissing   bool          // Missing is the answer to a request to read the layer; others were not asked for
	OtherSize      int64         // of the layer in the registry, if the registry was asked and it is not that of the manifest
	Packing        string        // a packing such as PackingGzip by the first bytes, "" if they were not read
	Trailer        *Trailer      // of the content if Checked, else the end of a large gzip layer; nil if it was not read
	Broken         string        // why the layer cannot be unpacked, as "is cut off"; "" if it can, or was not read
	BrokenStart    bool          // Broken follows from the first bytes, which have no hash
	Trailing       bool          // bytes follow the gzip stream of a layer that was read
	ClaimedDiffID  digest.Digest // the diff_id in the config, if the layer was read and unpacks to another digest
	WithoutHistory bool          // a layer without a history entry
}

// NewImage joins a manifest with its config. Layers and diff_ids are paired by
// position; a history entry with empty_layer has no layer (image-spec
// config.md, "history"). If the counts disagree, every layer and every history
// entry still gets a step.
func NewImage(m Manifest, c Config) Image {
	img := Image{Manifest: m, Config: c}
	layers := 0
	for i, h := range c.History {
		s := NewStep(i, h.CreatedBy)
		s.Comment, s.Author, s.Created = h.Comment, h.Author, h.Created
		if !h.EmptyLayer {
			img.assignLayer(&s, layers)
			layers++
		}
		img.Steps = append(img.Steps, s)
	}
	for l := layers; l < max(len(m.Layers), len(c.RootFS.DiffIDs)); l++ {
		s := Step{Index: len(img.Steps), WithoutHistory: true}
		img.assignLayer(&s, l)
		img.Steps = append(img.Steps, s)
	}
	counts := CountMismatchError{Layers: len(m.Layers), DiffIDs: len(c.RootFS.DiffIDs), History: layers}
	if counts.Layers != counts.DiffIDs || len(c.History) > 0 && counts.History != counts.Layers {
		img.Counts = &counts
	}
	return img
}

// NewStep returns a step with the instruction that a history entry records.
func NewStep(index int, createdBy string) Step {
	text, args := instruction.Parse(createdBy)
	return Step{Index: index, CreatedBy: createdBy, Instruction: text, BuildArgs: args}
}

// assignLayer sets layer n of the manifest and diff_id n of the config on s,
// where they exist.
func (img *Image) assignLayer(s *Step, n int) {
	if n < len(img.Manifest.Layers) {
		s.Layer, s.HasLayer = img.Manifest.Layers[n], true
	}
	if n < len(img.Config.RootFS.DiffIDs) {
		s.DiffID, s.HasLayer = img.Config.RootFS.DiffIDs[n], true
	}
	s.Empty = (s.DiffID == EmptyTar || s.DiffID == EmptyTarGNU) && s.Layer.Size <= maxEmptySize
}

// maxEmptySize is more than any packing of an archive without files has, which is at most 10240 bytes
// of zeros. A config can claim that a larger layer is such an archive; it is not known to be one.
const maxEmptySize = 16 << 10

// IsArtifact reports whether a manifest with an artifactType has a config that is not that of an
// image, whatever its media type says: it lists no layers.
func (img Image) IsArtifact() bool {
	return img.Manifest.ArtifactType != "" && len(img.Config.RootFS.DiffIDs) == 0
}

// ID returns the image ID: the digest of the config. It is "" for schema1.
func (img Image) ID() digest.Digest { return img.Config.Digest }

// Platform returns the platform from the config, the zero value if it states none.
func (img Image) Platform() v1.Platform {
	if p := img.Config.Platform; p.OS != "" || p.Architecture != "" {
		return Normal(p)
	}
	return v1.Platform{}
}

// Created returns the build date from the config, or nil if it is not a real
// date.
func (img Image) Created() *time.Time { return RealDate(img.Config.Created) }

// Twins returns the indexes of the other steps of the image with the same
// non-empty content as step i (duplicated layers, catalogue finding D3).
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

// SameContent reports whether two layers unpack to the same bytes, judged by
// hashes: equal diff_ids if both have one, else equal blob digests.
func (s Step) SameContent(o Step) bool {
	switch {
	case !s.HasLayer || !o.HasLayer:
		return false
	case s.Empty && o.Empty:
		return true
	case s.DiffID != "" && o.DiffID != "":
		return s.DiffID == o.DiffID
	}
	return s.Layer.Digest != "" && s.Layer.Digest == o.Layer.Digest
}
