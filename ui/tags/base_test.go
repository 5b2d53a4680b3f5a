package tags_test

import (
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
)

// TestOpen_base: a tag that the list has read is the base of the tag that is opened. This
// takes no further request.
func TestOpen_base(t *testing.T) {
	peeks := 0
	s := fakereg.Retag(t)
	s.Peeks, s.TagNames, s.ByTag["base"] = &peeks, []string{"base", "prod"}, beginning(s.ByTag["prod"], 3)
	d := lookAt(t, s, nil, 80, 40)
	d.Keys("down", "enter")
	d.DoesNotSee("it is the base")
	d.Keys("esc", "s", "s")
	before := peeks
	d.Keys("enter")
	d.Sees("of :prod", "of :base: it is the base.")
	d.Keys("3")
	d.Sees("above this line: base image :base (inferred: it has these steps", "and layers)")
	if peeks != before {
		t.Errorf("%d requests, %d before", peeks, before)
	}
}

// beginning is the image of the first steps of another one.
func beginning(a model.Artifact, steps int) model.Artifact {
	img := *a.Entries[0].Image
	layers := 0
	for _, s := range img.Steps[:steps] {
		if s.HasLayer {
			layers++
		}
	}
	m, c := img.Manifest, img.Config
	m.Digest = digest.FromString("the beginning of " + string(m.Digest))
	m.Layers, c.RootFS.DiffIDs, c.History = m.Layers[:layers], c.RootFS.DiffIDs[:layers], c.History[:steps]
	img = model.NewImage(m, c)
	e := a.Entries[0]
	e.Descriptor.Digest, e.Image = m.Digest, &img
	a.Top, a.Entries = m, []model.Entry{e}
	return a
}
