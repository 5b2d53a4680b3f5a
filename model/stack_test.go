package model

import (
	"fmt"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"
)

// TestStack has layers with and without files, and documents that contradict each other.
func TestStack(t *testing.T) {
	a, b := digest.FromString("a"), digest.FromString("b")
	layer := func(createdBy string) v1.History { return v1.History{CreatedBy: createdBy} }
	setting := func(createdBy string) v1.History { return v1.History{CreatedBy: createdBy, EmptyLayer: true} }
	of := func(layers int, diffIDs []digest.Digest, history ...v1.History) Stack {
		var c Config
		c.RootFS.DiffIDs, c.History = diffIDs, history
		return NewImage(Manifest{Layers: make([]v1.Descriptor, layers)}, c).Stack()
	}
	for name, tt := range map[string]struct {
		stack   Stack
		diffIDs []digest.Digest
		steps   int
		recipe  bool
	}{
		"files and a setting":    {of(2, []digest.Digest{a, b}, layer("ADD"), setting("ENV"), layer("RUN")), []digest.Digest{a, b}, 3, true},
		"an empty layer":         {of(2, []digest.Digest{EmptyTar, b}, layer("WORKDIR"), layer("RUN")), []digest.Digest{b}, 2, true},
		"no history":             {of(1, []digest.Digest{a}), []digest.Digest{a}, 1, false},
		"a layer more":           {of(2, []digest.Digest{a}, layer("ADD"), layer("RUN")), nil, 2, true},
		"no diff_ids":            {of(1, nil, layer("ADD")), nil, 1, true},
		"history without a text": {of(1, []digest.Digest{a}, layer("")), []digest.Digest{a}, 1, false},
	} {
		if fmt.Sprint(tt.stack.DiffIDs) != fmt.Sprint(tt.diffIDs) || tt.stack.Steps != tt.steps || (tt.stack.Recipe != "") != tt.recipe {
			t.Errorf("%s: %+v", name, tt.stack)
		}
	}
	if RecipeOf([]Step{{CreatedBy: "a"}, {CreatedBy: "b"}}) == RecipeOf([]Step{{CreatedBy: "a\nb"}, {}}) {
		t.Error("two recipes have one digest")
	}
}
