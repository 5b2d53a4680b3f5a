package registry

import (
	"slices"
	"testing"
	"time"

	gv1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
)

func TestPeek(t *testing.T) {
	s := newServer(t)
	built := time.Date(2023, 10, 1, 15, 57, 0, 0, time.UTC)
	img, err := mutate.CreatedAt(image(t, 2), gv1.Time{Time: built})
	ok(t, err)
	config, err := img.ConfigFile()
	ok(t, err)
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", "arm64"
	img, err = mutate.ConfigFile(img, config)
	ok(t, err)
	s.pushImage(t, s.ref("app", "one"), img)
	s.pushIndex(t, s.ref("app", "many"), eightPlatforms(t))
	c := newClient(t, Options{})

	one, err := c.Peek(deadline(t), s.ref("app", "one"))
	ok(t, err)
	want, _ := img.Digest()
	if one.Digest.String() != want.String() || one.Kind != model.KindImage || one.Size == 0 ||
		one.Created == nil || !one.Created.Equal(built) || !slices.Equal(one.Platforms, []string{"linux/arm64"}) {
		t.Errorf("got %+v", one)
	}
	if id, _ := img.ConfigName(); len(one.Parts) != 1+2*2 || one.Parts[0] != (model.Part{Digest: digest.Digest(id.String()), Kind: model.PartImageID}) {
		t.Errorf("parts %+v", one.Parts)
	}
	if n := len(s.requests()); n != 3 {
		t.Errorf("%d requests, want 3", n)
	}

	s.reset()
	many, err := c.Peek(deadline(t), s.ref("app", "many"))
	ok(t, err)
	if many.Kind != model.KindIndex || len(many.Platforms) != 8 || many.Platforms[2] != "linux/arm/v7" || many.Size == 0 ||
		len(many.Parts) == 0 || many.Parts[0].Platform != many.Platforms[0] {
		t.Errorf("got %+v", many)
	}
	if n := len(s.requests()); n != 4 {
		t.Errorf("%d requests, want 4", n)
	}

	// What Peek has read, Load need not read again.
	s.reset()
	_, err = c.Load(deadline(t), s.ref("app", "many"), nil)
	ok(t, err)
	if n := len(s.requests()); n != 1+14 {
		t.Errorf("%d requests, want 15", n)
	}
}
