package registry

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	ggcr "github.com/google/go-containerregistry/pkg/registry"
	gv1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry/credentials"
	"github.com/tagdiff/tagdiff/registry/internal/registrytest"
)

// server is a registry in this process that records its requests.
type server struct {
	*httptest.Server
	host string
	real http.Handler
	mu   sync.Mutex
	log  []string // "GET /v2/…", with the query
	seen []*span
	tick int

	face  atomic.Pointer[front]
	plain atomic.Bool // set to stop using front

	shakes  atomic.Int64  // TLS connections made
	changed chan struct{} // gets something after each, if there is room
}

// front may respond instead of the registry, and reports whether it did.
type front = func(w http.ResponseWriter, r *http.Request) bool

// setFront changes the front of a running server: requests that were cancelled may
// still be running.
func (s *server) setFront(f front) { s.face.Store(&f) }

func (s *server) front() front {
	if f := s.face.Load(); f != nil {
		return *f
	}
	return nil
}

// span is the time from a request to its response, in ticks of one counter.
type span struct{ from, to int }

func newServer(t testing.TB) *server {
	t.Helper()
	s := &server{real: ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0))), changed: make(chan struct{}, 1)}
	s.Server = httptest.NewServer(s.handler())
	s.host = strings.TrimPrefix(s.URL, "http://")
	t.Cleanup(s.Close)
	return s
}

func (s *server) handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		done := s.begin(r)
		defer done()
		if front := s.front(); !s.plain.Load() && front != nil && front(w, r) {
			return
		}
		s.real.ServeHTTP(w, r)
	})
}

func (s *server) begin(r *http.Request) (done func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	line := r.Method + " " + r.URL.Path
	if r.URL.RawQuery != "" {
		line += "?" + r.URL.RawQuery
	}
	s.log = append(s.log, line)
	s.tick++
	this := &span{from: s.tick}
	s.seen = append(s.seen, this)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.tick++
		this.to = s.tick
	}
}

func (s *server) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log)
}

func (s *server) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log, s.seen, s.tick = nil, nil, 0
}

// depth is the longest chain of requests that each came after the one before
// was answered.
func (s *server) depth() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	spans := slices.Clone(s.seen)
	slices.SortFunc(spans, func(a, b *span) int { return a.from - b.from })
	deep := make([]int, len(spans))
	most := 0
	for i, a := range spans {
		deep[i] = 1
		for j, b := range spans[:i] {
			if b.to != 0 && b.to < a.from {
				deep[i] = max(deep[i], deep[j]+1)
			}
		}
		most = max(most, deep[i])
	}
	return most
}

func (s *server) notice() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

func (s *server) ref(repo, tag string) model.Ref {
	return model.Ref{Registry: s.host, Repository: repo, Tag: tag}
}

// put stores something behind the front: it is not counted.
func (s *server) put(t testing.TB, method, path, mediaType string, body []byte) {
	t.Helper()
	r := httptest.NewRequest(method, path, bytes.NewReader(body))
	r.Header.Set("Content-Type", mediaType)
	w := httptest.NewRecorder()
	s.real.ServeHTTP(w, r)
	if w.Code >= 300 {
		t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
}

func (s *server) putBlob(t testing.TB, repo string, body []byte) {
	t.Helper()
	s.put(t, http.MethodPost, "/v2/"+repo+"/blobs/uploads/?digest="+digest.FromBytes(body).String(), "application/octet-stream", body)
}

func (s *server) putManifest(t testing.TB, repo, as string, m interface {
	RawManifest() ([]byte, error)
	MediaType() (types.MediaType, error)
}) {
	t.Helper()
	raw, err := m.RawManifest()
	ok(t, err)
	mediaType, err := m.MediaType()
	ok(t, err)
	s.put(t, http.MethodPut, "/v2/"+repo+"/manifests/"+as, string(mediaType), raw)
}

func (s *server) pushImage(t testing.TB, r model.Ref, img gv1.Image) {
	t.Helper()
	layers, err := img.Layers()
	ok(t, err)
	for _, l := range layers {
		rc, err := l.Compressed()
		ok(t, err)
		raw, err := io.ReadAll(rc)
		ok(t, err)
		s.putBlob(t, r.Repository, raw)
	}
	config, err := img.RawConfigFile()
	ok(t, err)
	s.putBlob(t, r.Repository, config)
	s.putManifest(t, r.Repository, r.Tag+r.Digest.String(), img)
}

func (s *server) pushIndex(t testing.TB, r model.Ref, idx gv1.ImageIndex) {
	t.Helper()
	m, err := idx.IndexManifest()
	ok(t, err)
	for _, d := range m.Manifests {
		child := r.AtDigest(digest.Digest(d.Digest.String()))
		if d.MediaType.IsIndex() {
			inner, err := idx.ImageIndex(d.Digest)
			ok(t, err)
			s.pushIndex(t, child, inner)
			continue
		}
		img, err := idx.Image(d.Digest)
		ok(t, err)
		s.pushImage(t, child, img)
	}
	s.putManifest(t, r.Repository, r.Tag+r.Digest.String(), idx)
}

func image(t testing.TB, layers int64) gv1.Image {
	t.Helper()
	img, err := random.Image(64, layers)
	ok(t, err)
	return img
}

var eight = []string{
	"linux/amd64", "linux/arm64", "linux/arm/v7", "linux/arm/v6",
	"linux/386", "linux/ppc64le", "linux/s390x", "linux/riscv64",
}

// eightPlatforms is an index of eight images, each with a BuildKit attestation.
func eightPlatforms(t testing.TB) gv1.ImageIndex {
	t.Helper()
	idx := gv1.ImageIndex(empty.Index)
	for _, p := range eight {
		platform, err := gv1.ParsePlatform(p)
		ok(t, err)
		img := image(t, 2)
		about, err := img.Digest()
		ok(t, err)
		attestation := gv1.Descriptor{
			Platform:    &gv1.Platform{OS: "unknown", Architecture: "unknown"},
			Annotations: map[string]string{"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": about.String()},
		}
		idx = mutate.AppendManifests(idx,
			mutate.IndexAddendum{Add: img, Descriptor: gv1.Descriptor{Platform: platform}},
			mutate.IndexAddendum{Add: image(t, 1), Descriptor: attestation})
	}
	return idx
}

// waves holds the responses of a round back until all its requests have arrived, so
// that the number of rounds does not depend on the speed of the machine. A client that
// does not send a whole round at once gets no response.
func waves(t testing.TB, s *server, sizes ...int) {
	t.Helper()
	var mu sync.Mutex
	came := 0
	gates := make([]chan struct{}, len(sizes))
	for i := range gates {
		gates[i] = make(chan struct{})
	}
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		came = -1
	})
	next := s.front()
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		came++
		sum, at := 0, -1
		for i, n := range sizes {
			if sum += n; came <= sum {
				if at = i; came == sum {
					close(gates[i])
				}
				break
			}
		}
		mu.Unlock()
		if at < 0 {
			t.Errorf("one request too many: %s %s", r.Method, r.URL)
		} else {
			select {
			case <-gates[at]:
			case <-r.Context().Done():
			}
		}
		return next != nil && next(w, r)
	})
}

// askToken makes s a registry with docker's token protocol. The service is
// part of it, at /token.
func askToken(s *server, user, pass string) {
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/token" {
			u, p, _ := r.BasicAuth()
			if r.Method == http.MethodPost {
				_ = r.ParseForm()
				u, p = user, r.Form.Get("refresh_token")
			}
			if u != user || p != pass {
				w.WriteHeader(http.StatusUnauthorized)
				return true
			}
			_ = json.NewEncoder(w).Encode(map[string]any{"token": "t-" + r.FormValue("scope"), "expires_in": 300})
			return true
		}
		scope := scopeOf(r.URL.Path)
		if r.Header.Get("Authorization") == "Bearer t-"+scope {
			return false
		}
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="%s/token",service="here",scope="%s"`, s.URL, scope))
		http.Error(w, `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`, http.StatusUnauthorized)
		return true
	})
}

// scopeOf is the scope of the token that a request to a repository takes.
func scopeOf(path string) string {
	if path == "/v2/_catalog" {
		return "registry:catalog:*"
	}
	repo := strings.TrimPrefix(path, "/v2/")
	for _, ending := range []string{"/tags/list", "/manifests/", "/blobs/"} {
		if i := strings.LastIndex(repo, ending); i > 0 {
			return "repository:" + repo[:i] + ":pull"
		}
	}
	return ""
}

// newClient returns a client without the logins of this machine and with short pauses.
func newClient(t testing.TB, opts Options) *Client {
	t.Helper()
	if opts.CertDirs == nil {
		opts.CertDirs = []string{}
	}
	c := New(opts)
	c.credentials = credentials.NewStatic()
	c.transport.Credentials = c.credentials
	c.transport.Retry.Backoff = time.Millisecond
	return c
}

// logIn gives c a login in the format of docker.
func logIn(t testing.TB, c *Client, host, user, pass string) {
	t.Helper()
	auth := base64.StdEncoding.EncodeToString([]byte(user + ":" + pass))
	c.credentials.AddAuthFile("config.json", []byte(fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, host, auth)))
}

// isShort checks that an error without its quotation fits one or two lines.
func isShort(t testing.TB, err error) {
	t.Helper()
	var readErr *model.ReadError
	if !errors.As(err, &readErr) {
		t.Fatalf("got %#v, want a *model.ReadError", err)
	}
	say := quoted.ReplaceAllString(readErr.Message, "")
	if n := utf8.RuneCountInString(say); n > 92 {
		t.Errorf("%d characters to say: %q", n, say)
	}
	if n := utf8.RuneCountInString(readErr.Next); n > 80 || strings.Contains(readErr.Next, ";") {
		t.Errorf("%d characters on what is next: %q", n, readErr.Next)
	}
}

// saysExactly checks the whole line of an error after the name of a server, which HOST stands for.
func saysExactly(t testing.TB, s *server, err error, want string) {
	t.Helper()
	want = s.host + " " + strings.ReplaceAll(want, "HOST", s.host)
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// quoted is the part of a message that quotes another error.
var quoted = regexp.MustCompile(`(: | \(").*`)

func pathOf(t testing.TB, line string) string {
	t.Helper()
	_, rest, _ := strings.Cut(line, " ")
	u, err := url.Parse(rest)
	ok(t, err)
	return u.Path
}

// The helpers that the tests of all packages share.
var (
	deadline  = registrytest.Deadline
	ok        = registrytest.OK
	says      = registrytest.Says
	home      = registrytest.Home
	keptFiles = registrytest.CacheFiles
)
