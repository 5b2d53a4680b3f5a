package registry

import (
	"net/http"
	"slices"
	"testing"
	"time"

	gv1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

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
	if n := len(s.requests()); n != 3 {
		t.Errorf("%d requests, want 3", n)
	}

	s.reset()
	many, err := c.Peek(deadline(t), s.ref("app", "many"))
	ok(t, err)
	if many.Kind != model.KindIndex || len(many.Platforms) != 8 || many.Platforms[2] != "linux/arm/v7" || many.Size == 0 {
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

func TestHead(t *testing.T) {
	s := newServer(t)
	img := image(t, 1)
	want, _ := img.Digest()
	s.pushImage(t, s.ref("app", "a"), img)
	c := newClient(t, Options{})
	d, err := c.Head(deadline(t), s.ref("app", "a"))
	ok(t, err)
	if d.String() != want.String() || !slices.Equal(s.requests(), []string{"HEAD /v2/app/manifests/a"}) {
		t.Errorf("got %s with %q", d, s.requests())
	}
	_, err = c.Head(deadline(t), s.ref("app", "b"))
	says(t, err, "has no tag b in app")
	_, err = c.Head(deadline(t), s.ref("app", ""))
	says(t, err, "is no image")

	for name, front := range map[string]func(http.ResponseWriter, *http.Request) bool{
		"no HEAD": func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodHead {
				w.WriteHeader(http.StatusMethodNotAllowed)
			}
			return r.Method == http.MethodHead
		},
		"no digest in HEAD": func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodHead {
				w.Header().Set("Content-Type", ociManifest)
			}
			return r.Method == http.MethodHead
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.pushImage(t, s.ref("app", "a"), img)
			s.setFront(front)
			d, err := newClient(t, Options{}).Head(deadline(t), s.ref("app", "a"))
			ok(t, err)
			if d.String() != want.String() {
				t.Errorf("got %s", d)
			}
		})
	}
}
