package demo

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model/panics"
	"github.com/tagdiff/tagdiff/registry/demo/layout"
)

// Server serves the demo's registry on a port.
type Server struct {
	listener net.Listener
	http     *http.Server
}

// Start serves the registry on a free port of the loopback interface until
// Close. The data is read in the background: requests wait for it.
func Start() (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Server{listener: l, http: &http.Server{ReadHeaderTimeout: 10 * time.Second}}
	s.http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { Handler().ServeHTTP(w, r) })
	panics.Go(func() { Handler() })
	panics.Go(func() { _ = s.http.Serve(l) })
	return s, nil
}

// Host returns the address of the registry: "127.0.0.1:43210".
func (s *Server) Host() string { return s.listener.Addr().String() }

// Close stops the server and every request in flight.
func (s *Server) Close() error {
	// The HTTP server knows the listener only once it serves.
	err := errors.Join(s.http.Close(), s.listener.Close())
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Handler returns the registry as an HTTP handler. It is made once and never
// changes.
func Handler() http.Handler { return registry() }

var registry = sync.OnceValue(func() *handler {
	repositories, err := layout.Repositories()
	must(err)
	h := &handler{names: slices.Sorted(maps.Keys(repositories)), repositories: map[string]*repository{}}
	for name, r := range repositories {
		h.repositories[name] = newRepository(r)
	}
	return h
})

// handler serves the read-only part of the distribution API.
type handler struct {
	names        []string // sorted
	repositories map[string]*repository
}

// repository is the manifests and blobs under one name.
type repository struct {
	tags      []string                   // sorted
	targets   map[string]layout.Manifest // by tag and by digest
	blobs     map[digest.Digest]bool
	referrers map[digest.Digest][]v1.Descriptor
}

func newRepository(stored layout.Repository) *repository {
	r := &repository{targets: map[string]layout.Manifest{}, blobs: map[digest.Digest]bool{}, referrers: map[digest.Digest][]v1.Descriptor{}}
	for _, m := range stored.Manifests {
		r.targets[m.Digest.String()] = m
		for _, tag := range m.Tags {
			r.targets[tag] = m
			r.tags = append(r.tags, tag)
		}
		if m.Subject != "" {
			r.referrers[m.Subject] = append(r.referrers[m.Subject], m.Descriptor)
		}
	}
	for _, d := range stored.Blobs {
		r.blobs[d] = true
	}
	slices.Sort(r.tags)
	return r
}

var resourcePath = regexp.MustCompile(`^/v2/(.+)/(tags|manifests|blobs|referrers)/([^/]+)$`)

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		fail(w, http.StatusMethodNotAllowed, "UNSUPPORTED", "the demo is read-only")
		return
	}
	switch r.URL.Path {
	case "/v2", "/v2/":
		return
	case "/v2/_catalog":
		page(w, r, "repositories", h.names, "")
		return
	}
	m := resourcePath.FindStringSubmatch(r.URL.Path)
	if m == nil {
		fail(w, http.StatusNotFound, "UNSUPPORTED", "the demo has no such endpoint")
		return
	}
	name, kind, target := m[1], m[2], m[3]
	repo := h.repositories[name]
	switch {
	case repo == nil:
		fail(w, http.StatusNotFound, "NAME_UNKNOWN", "repository name not known to registry")
	case kind == "manifests":
		repo.manifest(w, r, target)
	case kind == "blobs":
		repo.blob(w, r, digest.Digest(target))
	case kind == "referrers":
		repo.listReferrers(w, r, digest.Digest(target))
	case target == "list":
		page(w, r, "tags", repo.tags, name)
	default:
		fail(w, http.StatusNotFound, "UNSUPPORTED", "the demo has no such endpoint")
	}
}

func (repo *repository) manifest(w http.ResponseWriter, r *http.Request, target string) {
	m, ok := repo.targets[target]
	if !ok {
		fail(w, http.StatusNotFound, "MANIFEST_UNKNOWN", "Unknown manifest")
		return
	}
	serve(w, r, m.Digest, m.Descriptor.MediaType)
}

func (repo *repository) blob(w http.ResponseWriter, r *http.Request, d digest.Digest) {
	if !repo.blobs[d] {
		fail(w, http.StatusNotFound, "BLOB_UNKNOWN", "blob unknown to registry")
		return
	}
	w.Header().Set("Etag", `"`+d.String()+`"`)
	serve(w, r, d, "application/octet-stream")
}

// serve answers with stored bytes, or the part of them that the request asks for.
func serve(w http.ResponseWriter, r *http.Request, d digest.Digest, mediaType string) {
	b, err := layout.Blob(d)
	must(err)
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Docker-Content-Digest", d.String())
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b))
}

// listReferrers lists the manifests that refer to one (distribution-spec,
// "Listing Referrers").
func (repo *repository) listReferrers(w http.ResponseWriter, r *http.Request, d digest.Digest) {
	list := v1.Index{MediaType: v1.MediaTypeImageIndex, Manifests: []v1.Descriptor{}}
	list.SchemaVersion = 2
	filter := r.URL.Query().Get("artifactType")
	if filter != "" {
		w.Header().Set("OCI-Filters-Applied", "artifactType")
	}
	for _, m := range repo.referrers[d] {
		if filter == "" || filter == m.ArtifactType {
			list.Manifests = append(list.Manifests, m)
		}
	}
	send(w, http.StatusOK, v1.MediaTypeImageIndex, list)
}

// page answers with one page of a sorted list and a link to the next page
// (distribution-spec, "Listing Tags").
func page(w http.ResponseWriter, r *http.Request, key string, all []string, name string) {
	q := r.URL.Query()
	n := len(all)
	if s := q.Get("n"); s != "" {
		asked, err := strconv.ParseInt(s, 10, 64)
		if err != nil || asked < 0 {
			fail(w, http.StatusBadRequest, "PAGINATION_NUMBER_INVALID", "invalid number of results requested")
			return
		}
		n = int(min(asked, int64(n)))
	}
	from, found := slices.BinarySearch(all, q.Get("last"))
	if found {
		from++
	}
	part := all[from:min(from+n, len(all))]
	if len(part) > 0 && from+n < len(all) {
		next := url.Values{"last": {part[len(part)-1]}, "n": {strconv.Itoa(n)}}
		w.Header().Set("Link", "<"+r.URL.Path+"?"+next.Encode()+`>; rel="next"`)
	}
	answer := map[string]any{key: part}
	if name != "" {
		answer["name"] = name
	}
	send(w, http.StatusOK, jsonType, answer)
}

const jsonType = "application/json; charset=utf-8"

func fail(w http.ResponseWriter, status int, code, message string) {
	send(w, status, jsonType, map[string]any{"errors": []map[string]string{{"code": code, "message": message}}})
}

func send(w http.ResponseWriter, status int, mediaType string, v any) {
	b, err := json.Marshal(v)
	must(err)
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(status)
	_, _ = w.Write(b)
}

// must panics on an error of the embedded data. Tests read all of it, so only a
// damaged build can cause one.
func must(err error) {
	if err != nil {
		panic("demo: " + err.Error())
	}
}
