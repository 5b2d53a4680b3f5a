package registry

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/registry/transport"
)

// gzipAll compresses all documents of a registry, as servers do whose files are stored so.
func gzipAll(s *server) {
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		stored := httptest.NewRecorder()
		s.real.ServeHTTP(stored, r)
		body := stored.Body.String()
		if r.Method == http.MethodGet && stored.Code == http.StatusOK {
			body = gzipped(body)
			stored.Header().Set("Content-Encoding", "gzip")
			stored.Header().Del("Content-Length")
		}
		for name, values := range stored.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(stored.Code)
		_, _ = w.Write([]byte(body))
		return true
	})
}

// TestGzip_notRequested checks that images and lists are read from a server that compresses
// for all clients, with no further request.
func TestGzip_notRequested(t *testing.T) {
	s := newServer(t)
	r := s.ref("app", "a")
	s.pushImage(t, r, image(t, 1))
	gzipAll(s)
	a, err := newClient(t, Options{}).Load(deadline(t), r, nil)
	ok(t, err)
	whole(t, a, 1, 1)
	var tags []string
	ok(t, newClient(t, Options{}).Tags(deadline(t), r, func(names []string) { tags = append(tags, names...) }))
	if n := len(s.requests()); n != 3 || strings.Join(tags, " ") != "a" {
		t.Errorf("%d requests, tags %q", n, tags)
	}
}

// TestGzip_layerStays checks that a layer that a server labels as gzip is not uncompressed.
func TestGzip_layerStays(t *testing.T) {
	s := newServer(t)
	r := s.ref("app", "a")
	img := image(t, 1)
	s.pushImage(t, r, img)
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "/blobs/") {
			w.Header().Set("Content-Encoding", "gzip")
		}
		return false
	})
	c := newClient(t, Options{})
	a, err := c.Load(deadline(t), r, nil)
	ok(t, err)
	whole(t, a, 1, 1)
	layer := a.Entries[0].Image.Steps[0].Layer
	got, err := c.Contents(deadline(t), r.Repo(), wholeLayers(layer))
	ok(t, err)
	if len(got) != 1 || got[layer.Digest].Broken != "" {
		t.Errorf("got %+v", got)
	}
}

// TestGzip_limits checks that a body that grows beyond the limit, and one that is damaged, end
// in an error.
func TestGzip_limits(t *testing.T) {
	damaged := gzipped(`{"schemaVersion":2}`)
	for say, body := range map[string]string{
		"sent more data than tagdiff accepts (too large: more than 8388608 bytes); check the reference": gzipped(strings.Repeat(" ", transport.MaxManifest+1)),
		"sent an invalid manifest: its gzip compression is damaged":                                     damaged[:len(damaged)-9],
		"sent an invalid manifest: its gzip compression is damaged (app:a)":                             "not gzip",
	} {
		m := &cannedResponse{
			status: 200, header: http.Header{"Content-Type": {ociManifest}, "Content-Encoding": {"gzip"}}, body: []byte(body),
		}
		c, r := cannedClient(t, m)
		_, err := c.Load(deadline(t), r, nil)
		says(t, err, r.Registry+" "+say)
		if m.asked != 1 {
			t.Errorf("%q: %d requests", say, m.asked)
		}
	}
}
