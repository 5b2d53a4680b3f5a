package model

import (
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"
)

// TestWithBlobStates checks that a mark changes only where the registry was asked again.
func TestWithBlobStates(t *testing.T) {
	config, x, y := digest.FromString("config"), digest.FromString("x"), digest.FromString("y")
	m := Manifest{Config: v1.Descriptor{Digest: config}, Layers: []v1.Descriptor{{Digest: x, MediaType: v1.MediaTypeImageLayerGzip}, {Digest: y}}}
	img := NewImage(m, Config{})
	all := Artifact{Entries: []Entry{{Image: &img}}}.WithBlobStates(map[digest.Digest]BlobState{config: {Missing: true}, x: {Missing: true}, y: {Missing: true}})
	got := all.WithBlobStates(map[digest.Digest]BlobState{x: {Size: 9, Start: Contents{Packing: PackingUnknown, NoTar: "is text"}}}).Entries[0].Image
	if !got.ConfigMissing || got.Steps[0].Missing || !got.Steps[1].Missing {
		t.Errorf("config %v, layers %v and %v", got.ConfigMissing, got.Steps[0].Missing, got.Steps[1].Missing)
	}
	if s := got.Steps[0]; s.OtherSize != 9 || !s.BrokenStart {
		t.Errorf("%+v", s)
	}
	if img.Steps[0].Missing {
		t.Error("the image before has changed")
	}
}
