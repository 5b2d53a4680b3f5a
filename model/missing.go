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

// Blobs returns the digests of the config and of the layers of an image that its registry
// must hold, each once.
func (img Image) Blobs() []digest.Digest {
	var blobs []digest.Digest
	seen := map[digest.Digest]bool{"": true}
	add := func(d digest.Digest) {
		if !seen[d] {
			seen[d] = true
			blobs = append(blobs, d)
		}
	}
	add(img.Manifest.Config.Digest)
	for _, d := range img.Manifest.Layers {
		if !IsExternal(d) {
			add(d.Digest)
		}
	}
	return blobs
}

// BlobState is what a registry answers about a blob.
type BlobState struct {
	Digest  digest.Digest
	Missing bool
	Err     error // why the state is unknown, such as a refusal
}

// WithMissing returns the artifact with the configs and layers marked that its registry
// lacks. missing has the blobs that the registry was asked for; other marks stay.
func (a Artifact) WithMissing(missing map[digest.Digest]bool) Artifact {
	mark := func(is *bool, d digest.Digest) {
		if gone, asked := missing[d]; asked {
			*is = gone
		}
	}
	a.Entries = slices.Clone(a.Entries)
	for i, e := range a.Entries {
		if e.Image == nil {
			continue
		}
		img := *e.Image
		mark(&img.ConfigMissing, img.Manifest.Config.Digest)
		img.Steps = slices.Clone(img.Steps)
		for j, s := range img.Steps {
			if s.HasLayer {
				mark(&img.Steps[j].Missing, s.Layer.Digest)
				img.Steps[j].FoundMissing = false
			}
		}
		a.Entries[i].Image = &img
	}
	return a
}
