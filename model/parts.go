package model

import (
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"
)

// Part is a digest that belongs to an artifact, and what it is of it.
type Part struct {
	Digest   digest.Digest
	Kind     PartKind
	Platform string // of an image in an index
	Role     Role   // of PartChild
	Type     string // of PartChild that is an artifact: its type, "" if it is unknown
	Listed   bool   // of PartChild: only its entry in the index was read, so that Role is what the index claims
	Step     int    // of PartLayer, PartDiffID and PartSchema1ID: position in the history, the oldest is 0
}

// Owner is an artifact that a digest belongs to.
type Owner struct {
	Part
	Ref Ref // of the artifact
}

// PartKind says what a digest is of an artifact.
type PartKind int

// The kinds, in the order in which an answer names them.
const (
	PartManifest PartKind = iota // the artifact itself
	PartChild                    // an entry of its index
	PartImageID
	PartLayer
	PartDiffID
	PartSchema1ID // an id of the schema1 view of an image
)

// Parts returns the digests of an artifact, as far as it has been read.
func (a Artifact) Parts() []Part {
	parts := []Part{{Digest: a.Top.Digest, Kind: PartManifest}}
	for _, e := range a.Entries {
		platform := ""
		if a.Top.Kind == KindIndex {
			platform = PlatformName(e.Platform())
			child := Part{Digest: e.Descriptor.Digest, Kind: PartChild, Platform: platform, Role: e.Role}
			child.Listed = e.Image == nil && e.Artifact == nil
			if e.Role == RoleArtifact {
				child.Type = e.ArtifactType()
			}
			parts = append(parts, child)
		}
		if e.Image != nil {
			parts = append(parts, e.Image.Parts(platform)...)
		}
	}
	return parts
}

// Parts returns the image ID, the layers and the diff_ids of an image. platform is the one
// of its entry in an index, "" without an index.
func (img Image) Parts(platform string) []Part {
	parts := []Part{{Digest: img.ID(), Kind: PartImageID, Platform: platform}}
	for _, s := range img.Steps {
		if s.Layer.Digest != "" {
			parts = append(parts, Part{Digest: s.Layer.Digest, Kind: PartLayer, Platform: platform, Step: s.Index})
		}
		if s.DiffID != "" {
			parts = append(parts, Part{Digest: s.DiffID, Kind: PartDiffID, Platform: platform, Step: s.Index})
		}
	}
	return parts
}

// ChildParts returns the entries of an index as parts of it, of which only the index was read.
func ChildParts(children []v1.Descriptor) []Part {
	parts := make([]Part, len(children))
	for i, d := range children {
		parts[i] = Part{Digest: d.Digest, Kind: PartChild, Listed: true}
		if parts[i].Role, _ = RoleOf(d); parts[i].Role == RoleArtifact {
			parts[i].Type = Entry{Descriptor: d}.ArtifactType()
		}
		if d.Platform != nil {
			parts[i].Platform = PlatformName(*d.Platform)
		}
	}
	return parts
}
