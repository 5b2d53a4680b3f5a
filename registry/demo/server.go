package demo

import (
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model/panics"
)

// Server is the demo's registry while it is served.
type Server struct {
	listener net.Listener
	http     *http.Server
}

// Start serves the registry on a free port of the loopback interface until
// Close. It does not wait for the data: that is made while the first screen is
// read, and requests that come sooner wait for it.
func Start() (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Server{listener: l, http: &http.Server{ReadHeaderTimeout: 10 * time.Second}}
	s.http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { Handler().ServeHTTP(w, r) })
	go func() {
		defer panics.Catch()
		Handler()
	}()
	go func() {
		defer panics.Catch()
		_ = s.http.Serve(l)
	}()
	return s, nil
}

// Host is where the registry is: "127.0.0.1:43210".
func (s *Server) Host() string { return s.listener.Addr().String() }

// Close ends the registry and every request under way.
func (s *Server) Close() error {
	// The server does not know of the listener until it serves.
	err := errors.Join(s.http.Close(), s.listener.Close())
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Handler is the registry itself. It is made once and never changes after.
func Handler() http.Handler { return handler() }

var handler = sync.OnceValue(func() http.Handler {
	s := contents()
	names := make([]string, 0, len(s))
	for name := range s {
		names = append(names, name)
	}
	slices.Sort(names)
	return &front{store: s, names: names, rest: s.seeded()}
})

// front stands before the registry proper. It lists names in order and in
// pages, gives any part of a blob, and refuses to write.
type front struct {
	store store
	names []string
	rest  http.Handler
}

var (
	tagsPath      = regexp.MustCompile(`^/v2/(.+)/tags/list$`)
	referrersPath = regexp.MustCompile(`^/v2/(.+)/referrers/(sha256:[0-9a-f]{64})$`)
	blobPath      = regexp.MustCompile(`^/v2/(.+)/blobs/([a-z0-9]+:[0-9a-f]+)$`)
)

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		fail(w, http.StatusMethodNotAllowed, "UNSUPPORTED", "the demo is read-only")
		return
	}
	if r.URL.Path == "/v2/_catalog" {
		page(w, r, "repositories", f.names, "")
		return
	}
	if m := tagsPath.FindStringSubmatch(r.URL.Path); m != nil {
		f.tags(w, r, m[1])
		return
	}
	if m := blobPath.FindStringSubmatch(r.URL.Path); m != nil {
		f.blob(w, r, m[1], digest.Digest(m[2]))
		return
	}
	if m := referrersPath.FindStringSubmatch(r.URL.Path); m != nil && f.store[m[1]] != nil {
		f.referrers(w, r, f.store[m[1]], digest.Digest(m[2]))
		return
	}
	f.rest.ServeHTTP(errorsAsJSON{w}, r)
}

func (f *front) tags(w http.ResponseWriter, r *http.Request, name string) {
	repo := f.store[name]
	if repo == nil {
		fail(w, http.StatusNotFound, "NAME_UNKNOWN", "repository name not known to registry")
		return
	}
	page(w, r, "tags", repo.tags, name)
}

func (f *front) blob(w http.ResponseWriter, r *http.Request, name string, d digest.Digest) {
	repo := f.store[name]
	if repo == nil {
		fail(w, http.StatusNotFound, "NAME_UNKNOWN", "repository name not known to registry")
		return
	}
	b, ok := repo.blobs[d]
	if !ok {
		fail(w, http.StatusNotFound, "BLOB_UNKNOWN", "blob unknown to registry")
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Docker-Content-Digest", d.String())
	w.Header().Set("Etag", `"`+d.String()+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b))
}

// referrers lists what is attached to a manifest (distribution-spec, "Listing
// Referrers").
func (f *front) referrers(w http.ResponseWriter, r *http.Request, repo *repository, d digest.Digest) {
	list := v1.Index{MediaType: v1.MediaTypeImageIndex, Manifests: repo.referrers(d)}
	list.SchemaVersion = 2
	if want := r.URL.Query().Get("artifactType"); want != "" {
		list.Manifests = slices.DeleteFunc(list.Manifests, func(e v1.Descriptor) bool { return e.ArtifactType != want })
		w.Header().Set("OCI-Filters-Applied", "artifactType")
	}
	send(w, http.StatusOK, v1.MediaTypeImageIndex, list)
}

// page answers with a part of a sorted list, and a link to the next part
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

// errorsAsJSON names the type of the registry's error bodies, which it leaves
// to guessing.
type errorsAsJSON struct{ http.ResponseWriter }

// WriteHeader adds the type.
func (e errorsAsJSON) WriteHeader(status int) {
	if h := e.Header(); status >= http.StatusBadRequest && !strings.Contains(h.Get("Content-Type"), "json") {
		h.Set("Content-Type", jsonType)
	}
	e.ResponseWriter.WriteHeader(status)
}
