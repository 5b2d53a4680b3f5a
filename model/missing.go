package model

import (
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// IsExternal reports whether a registry need not hold a layer: its media type is one of
// layers that must not be distributed. An ordinary layer with URLs belongs in the registry.
func IsExternal(d v1.Descriptor) bool {
	return strings.Contains(d.MediaType, "nondistributable") || strings.Contains(d.MediaType, "foreign")
}

// Blobs returns the config and the layers of an image that its registry must hold, each once.
func (img Image) Blobs() []v1.Descriptor {
	var blobs []v1.Descriptor
	seen := map[digest.Digest]bool{"": true}
	for _, d := range append([]v1.Descriptor{img.Manifest.Config}, img.Manifest.Layers...) {
		if !seen[d.Digest] && !IsExternal(d) {
			seen[d.Digest] = true
			blobs = append(blobs, d)
		}
	}
	return blobs
}

// BlobState is what a registry answers about a blob.
type BlobState struct {
	Digest  digest.Digest
	Missing bool
	Size    int64    // in the registry, if it differs from that in the manifest; else 0
	Start   Contents // what the first bytes of a layer tell; zero if they were not read
	Err     error    // why the state is unknown, such as a refusal
}

// IsOdd reports whether a blob is not the one that a manifest lists, as far as it was looked at.
func (s BlobState) IsOdd() bool { return s.Size != 0 || s.Start.NoTar != "" }

// WithBlobStates returns the artifact with the configs and layers marked that its registry
// lacks, or has with another size or content. states has the blobs that the registry was asked
// for; other marks stay.
func (a Artifact) WithBlobStates(states map[digest.Digest]BlobState) Artifact {
	a.Entries = slices.Clone(a.Entries)
	for i, e := range a.Entries {
		if e.Image == nil {
			continue
		}
		img := *e.Image
		if state, asked := states[img.Manifest.Config.Digest]; asked {
			img.ConfigMissing = state.Missing
		}
		img.Steps = slices.Clone(img.Steps)
		for j := range img.Steps {
			if s := &img.Steps[j]; s.HasLayer {
				s.FoundMissing = false
				s.mark(states)
			}
		}
		a.Entries[i].Image = &img
	}
	return a
}

// mark adds to a step what the registry answered about its layer, if it was asked.
func (s *Step) mark(states map[digest.Digest]BlobState) {
	state, asked := states[s.Layer.Digest]
	if !asked {
		return
	}
	s.Missing, s.OtherSize = state.Missing, state.Size
	if state.Start.Packing != "" && !s.Checked && s.Broken == "" {
		s.add(state.Start, Ref{})
	}
}
