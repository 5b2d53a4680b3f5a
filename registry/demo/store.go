package demo

import (
	"bytes"
	"io"
	"log"
	"net/http"
	"net/url"
	"slices"
	"sync"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model/panics"
)

// store is all that the registry holds.
type store map[string]*repository

// repository is the manifests and blobs under one name.
type repository struct {
	name    string
	tags    []string
	blobs   map[digest.Digest][]byte
	pushes  []push
	deleted []digest.Digest
	known   map[digest.Digest]bool
}

// push is one manifest on its way to one tag or digest.
type push struct {
	manifest manifest
	target   string
}

func (s store) repo(name string) *repository {
	r := s[name]
	if r == nil {
		r = &repository{name: name, blobs: map[digest.Digest][]byte{}, known: map[digest.Digest]bool{}}
		s[name] = r
	}
	return r
}

// tag pushes a manifest and all that it leads to, under one or more tags.
func (r *repository) tag(m manifest, tags ...string) {
	r.push(m)
	for _, t := range tags {
		r.tags = append(r.tags, t)
		r.pushes = append(r.pushes, push{m, t})
	}
}

// push pushes a manifest by its digest, children first as registries demand.
func (r *repository) push(m manifest) {
	if r.known[m.digest] {
		return
	}
	r.known[m.digest] = true
	for _, c := range m.children {
		r.push(c)
	}
	for _, b := range m.blobs {
		if b.away == "" {
			r.blobs[b.digest] = b.blob
		}
	}
	r.pushes = append(r.pushes, push{m, m.digest.String()})
}

// lose removes a manifest after everything has been pushed, as clean-up jobs
// do that do not know of indexes.
func (r *repository) lose(m manifest) { r.deleted = append(r.deleted, m.digest) }

// referrers are the manifests that refer to d, each as an index entry.
func (r *repository) referrers(d digest.Digest) []v1.Descriptor {
	found := []v1.Descriptor{}
	for _, p := range r.pushes {
		if p.manifest.subject == d && p.target == p.manifest.digest.String() {
			found = append(found, p.manifest.entry())
		}
	}
	return found
}

// loseBlob removes a blob.
func (r *repository) loseBlob(d digest.Digest) { delete(r.blobs, d) }

// seeded is a registry that holds the store.
func (s store) seeded() http.Handler {
	quiet := log.New(io.Discard, "", 0)
	h := registry.New(registry.Logger(quiet))
	var wait sync.WaitGroup
	for _, r := range s {
		wait.Go(func() {
			defer panics.Catch()
			r.pushTo(h)
		})
	}
	wait.Wait()
	return h
}

func (r *repository) pushTo(h http.Handler) {
	slices.Sort(r.tags)
	for _, p := range r.pushes {
		ask(h, http.MethodPut, r.name, p.target, p.manifest, http.StatusCreated)
	}
	for _, d := range r.deleted {
		ask(h, http.MethodDelete, r.name, d.String(), manifest{}, http.StatusAccepted)
	}
}

// ask is one request to a handler, without a network.
func ask(h http.Handler, method, repo, target string, m manifest, want int) {
	req := &http.Request{
		Method: method, URL: &url.URL{Path: "/v2/" + repo + "/manifests/" + target},
		Header: http.Header{"Content-Type": {m.mediaType}}, Body: io.NopCloser(bytes.NewReader(m.raw)),
	}
	got := &answer{header: http.Header{}}
	h.ServeHTTP(got, req)
	if got.status != want {
		panic("demo: " + method + " " + repo + ":" + target + ": " + got.body.String())
	}
}

// answer keeps what a handler answers.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }
func (a *answer) WriteHeader(status int)      { a.status = status }
