package registry

import (
	"net/http"
	"slices"
	"testing"
)

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
	says(t, err, "is not an image")

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
