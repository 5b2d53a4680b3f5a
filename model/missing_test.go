package model

import (
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"
)

// TestWithMissing checks that a mark changes only where the registry was asked again.
func TestWithMissing(t *testing.T) {
	config, x, y := digest.FromString("config"), digest.FromString("x"), digest.FromString("y")
	m := Manifest{Config: v1.Descriptor{Digest: config}, Layers: []v1.Descriptor{{Digest: x}, {Digest: y}}}
	img := NewImage(m, Config{})
	all := Artifact{Entries: []Entry{{Image: &img}}}.WithMissing(map[digest.Digest]bool{config: true, x: true, y: true})
	got := all.WithMissing(map[digest.Digest]bool{x: false}).Entries[0].Image
	if !got.ConfigMissing || got.Steps[0].Missing || !got.Steps[1].Missing {
		t.Errorf("config %v, layers %v and %v", got.ConfigMissing, got.Steps[0].Missing, got.Steps[1].Missing)
	}
	if img.Steps[0].Missing {
		t.Error("the image before has changed")
	}
}
