package registry

import (
	"net/http"
	"slices"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
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

// headIs makes a registry answer all HEAD requests with a status.
func headIs(s *server, status int, header ...string) {
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodHead {
			for i := 0; i+1 < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(status)
		}
		return r.Method == http.MethodHead
	})
}

// TestHead_challenge checks that no GET follows where HEAD asks for a login that is not there.
func TestHead_challenge(t *testing.T) {
	s := newServer(t)
	headIs(s, http.StatusUnauthorized, "WWW-Authenticate", `Basic realm="r"`)
	_, err := newClient(t, Options{}).Head(deadline(t), s.ref("app", "a"))
	saysExactly(t, s, err, "requires a login for app:a, or it does not exist; run docker login HOST")
	if n := len(s.requests()); n != 1 {
		t.Errorf("%d requests", n)
	}
}

func headIs404(s *server) { headIs(s, http.StatusNotFound) }

// TestHead_wrongStatus checks that GET finds a tag where HEAD is answered with an error that
// says nothing about GET, and how many requests that takes.
func TestHead_wrongStatus(t *testing.T) {
	const head, get = "HEAD /v2/app/manifests/a", "GET /v2/app/manifests/a"
	for status, want := range map[int][]string{
		400: {head, get}, 401: {head, get}, 403: {head, get}, 404: {head, get}, 405: {head, get}, 406: {head, get},
		500: {head, head, head, get}, 501: {head, get},
	} {
		for _, mediaType := range []string{"application/json", "text/html"} {
			s := newServer(t)
			img := image(t, 1)
			s.pushImage(t, s.ref("app", "a"), img)
			headIs(s, status, "Content-Type", mediaType)
			d, err := newClient(t, Options{}).Head(deadline(t), s.ref("app", "a"))
			ok(t, err)
			if of, _ := img.Digest(); d.String() != of.String() || !slices.Equal(s.requests(), want) {
				t.Errorf("%d: %s with %q", status, d, s.requests())
			}
		}
	}
}

// TestHead_missing checks that a tag is missing if GET says so, and a digest if HEAD says so.
func TestHead_missing(t *testing.T) {
	s := newServer(t)
	img := image(t, 1)
	s.pushImage(t, s.ref("app", "a"), img)
	c := newClient(t, Options{})
	_, err := c.Head(deadline(t), s.ref("app", "b"))
	says(t, err, s.host+" has no tag b in app; check the name")
	if !model.IsMissing(err) || !slices.Equal(s.requests(), []string{"HEAD /v2/app/manifests/b", "GET /v2/app/manifests/b"}) {
		t.Errorf("%v with %q", err, s.requests())
	}
	s.reset()
	headIs404(s)
	d, _ := img.Digest()
	at := s.ref("app", "").AtDigest(digest.Digest(d.String()))
	_, err = c.Head(deadline(t), at)
	if !model.IsMissing(err) || !slices.Equal(s.requests(), []string{"HEAD /v2/app/manifests/" + d.String()}) {
		t.Errorf("%v with %q", err, s.requests())
	}
}

// TestHead_wrong checks that HEAD is used until it was wrong twice in a row: a tag may be pushed
// between HEAD and GET.
func TestHead_wrong(t *testing.T) {
	s := newServer(t)
	s.pushImage(t, s.ref("app", "a"), image(t, 1))
	headIs404(s)
	c := newClient(t, Options{})
	const head, get = "HEAD /v2/app/manifests/a", "GET /v2/app/manifests/a"
	for i, want := range [][]string{{head, get}, {head}, {head, get}, {head, get}, {get}} {
		s.plain.Store(i == 1)
		s.reset()
		_, err := c.Head(deadline(t), s.ref("app", "a"))
		ok(t, err)
		if !slices.Equal(s.requests(), want) {
			t.Errorf("%q, want %q", s.requests(), want)
		}
	}
}
