package registry

import (
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// remoteRegistry is a registry over TLS that has its tokens made by a second server and
// its blobs kept by a third.
type remoteRegistry struct {
	*server
	tokens, blobs *server
	opts          Options
}

func newRemoteRegistry(t testing.TB) *remoteRegistry {
	t.Helper()
	a := &remoteRegistry{server: newServer(t), tokens: newServer(t), blobs: newServer(t)}
	dir := t.TempDir()
	a.opts = Options{CertDirs: []string{dir}, Endpoints: filepath.Join(dir, "cache", "endpoints.json")}
	a.blobs.real = a.real
	for _, s := range []*server{a.blobs, a.tokens, a.server} {
		a.secure(t, s)
	}
	a.pushImage(t, a.ref("app", "a"), image(t, 1))
	a.setFront(a.protocol)
	a.tokens.setFront(giveTokens(""))
	return a
}

// secure is secure of s, whose certificate a's clients trust only for s.
func (a *remoteRegistry) secure(t testing.TB, s *server) {
	t.Helper()
	cert := secure(t, s)
	dir := filepath.Join(a.opts.CertDirs[0], s.host)
	ok(t, os.Mkdir(dir, 0o700))
	ok(t, os.WriteFile(filepath.Join(dir, "ca.crt"), cert, 0o600))
}

// secure has s answer over TLS and HTTP/2 at another address, and returns its
// certificate.
func secure(t testing.TB, s *server) []byte {
	t.Helper()
	over := httptest.NewUnstartedServer(s.Config.Handler)
	over.EnableHTTP2 = true
	over.Config.ErrorLog = log.New(io.Discard, "", 0)
	over.TLS = &tls.Config{VerifyConnection: func(tls.ConnectionState) error {
		s.shakes.Add(1)
		s.notice()
		return nil
	}}
	slowly(t, over)
	over.StartTLS()
	t.Cleanup(over.Close)
	s.URL, s.host = over.URL, strings.TrimPrefix(over.URL, "https://")
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: over.Certificate().Raw})
}

// protocol asks for a token of a.tokens and sends away for blobs.
func (a *remoteRegistry) protocol(w http.ResponseWriter, r *http.Request) bool {
	scope := scopeOf(r.URL.Path)
	if r.Header.Get("Authorization") != "Bearer t-"+scope {
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="%s/token",service="here",scope="%s"`, a.tokens.URL, scope))
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
	if strings.Contains(r.URL.Path, "/blobs/") {
		http.Redirect(w, r, a.blobs.URL+r.URL.Path+"?sig=signature", http.StatusTemporaryRedirect)
		return true
	}
	return false
}

// giveTokens makes tokens for all, good ones unless something is put before.
func giveTokens(before string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		_ = json.NewEncoder(w).Encode(map[string]any{"token": before + "t-" + r.FormValue("scope"), "expires_in": 300})
		return true
	}
}

// run loads a:app as a new start of the program does, and returns what the
// three were asked.
func (a *remoteRegistry) run(t testing.TB) (registry, tokens, blobs []string) {
	t.Helper()
	return a.load(t, newClient(t, a.opts))
}

func (a *remoteRegistry) load(t testing.TB, c *Client) (registry, tokens, blobs []string) {
	t.Helper()
	m, n, o := len(a.requests()), len(a.tokens.requests()), len(a.blobs.requests())
	_, err := c.Load(deadline(t), a.ref("app", "a"), nil)
	ok(t, err)
	return a.requests()[m:], a.tokens.requests()[n:], a.blobs.requests()[o:]
}

// remembered is an entry of the file of endpoints.
type remembered struct {
	Realm   string    `json:"realm,omitempty"`
	Service string    `json:"service,omitempty"`
	Blobs   string    `json:"blobs,omitempty"`
	Seen    time.Time `json:"seen"`
}

// remember writes the file as an earlier run would have.
func (a *remoteRegistry) remember(t testing.TB, host string, p remembered) {
	t.Helper()
	p.Seen = time.Now().UTC()
	raw, err := json.Marshal(map[string]remembered{host: p})
	ok(t, err)
	ok(t, os.MkdirAll(filepath.Dir(a.opts.Endpoints), 0o700))
	ok(t, os.WriteFile(a.opts.Endpoints, raw, 0o600))
}

// TestRemembered_tokenFirst checks that a second run requests the token first.
func TestRemembered_tokenFirst(t *testing.T) {
	a := newRemoteRegistry(t)
	registry, tokens, _ := a.run(t)
	if len(registry) != 3 || len(tokens) != 1 {
		t.Fatalf("first run: %q, %q", registry, tokens)
	}
	c := newClient(t, a.opts)
	registry, tokens, blobs := a.load(t, c)
	if len(registry) != 2 || len(tokens) != 1 || len(blobs) != 1 {
		t.Errorf("second run: %q, %q, %q: want no 401", registry, tokens, blobs)
	}
	if n := c.Traffic().Requests; n != 4 {
		t.Errorf("%d requests, want 4 and none in plain http", n)
	}
	if want := "service=here"; !strings.Contains(tokens[0], want) {
		t.Errorf("%s has no %s", tokens[0], want)
	}
}

// TestPreconnect_duringTokenRequest checks that connections are opened while the token is
// requested: the token is held back until both other connections are open, and each
// is used.
func TestPreconnect_duringTokenRequest(t *testing.T) {
	a := newRemoteRegistry(t)
	a.run(t)
	before := []int64{a.shakes.Load(), a.blobs.shakes.Load()}
	a.tokens.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		for a.shakes.Load() == before[0] || a.blobs.shakes.Load() == before[1] {
			select {
			case <-a.changed:
			case <-a.blobs.changed:
			case <-r.Context().Done():
				return true
			}
		}
		return giveTokens("")(w, r)
	})
	a.run(t)
	if got := []int64{a.shakes.Load() - before[0], a.blobs.shakes.Load() - before[1]}; !slices.Equal(got, []int64{1, 1}) {
		t.Errorf("%d connections to the registry and to its blobs, want one each", got)
	}
}

// TestPreconnect_unusedConnectionClosed checks that an unused connection is closed.
func TestPreconnect_unusedConnectionClosed(t *testing.T) {
	a := newRemoteRegistry(t)
	gone := make(chan struct{})
	l := httptest.NewUnstartedServer(http.NotFoundHandler())
	l.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			close(gone)
		}
	}
	l.StartTLS()
	defer l.Close()
	a.remember(t, a.host, remembered{Realm: a.tokens.URL + "/token", Service: "here", Blobs: strings.TrimPrefix(l.URL, "https://")})
	c := newClient(t, a.opts)
	c.transport.Timeouts.Preconnect = 0
	a.load(t, c)
	select {
	case <-gone:
	case <-deadline(t).Done():
		t.Error("it stays open")
	}
}

// TestRemembered_wrongTokenService checks that a remembered token service that is wrong costs one fallback.
func TestRemembered_wrongTokenService(t *testing.T) {
	over := make(chan struct{})
	for name, wrong := range map[string]func(http.ResponseWriter, *http.Request) bool{
		"is gone":          nil,
		"gives nothing":    func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(http.StatusNotFound); return true },
		"is a web page":    func(w http.ResponseWriter, _ *http.Request) bool { fmt.Fprint(w, "<html>"); return true },
		"is refused":       giveTokens("other "),
		"is forbidden":     giveTokens("forbidden "),
		"says nothing":     func(http.ResponseWriter, *http.Request) bool { <-over; return true },
		"wants a password": func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(http.StatusUnauthorized); return true },
	} {
		t.Run(name, func(t *testing.T) {
			a := newRemoteRegistry(t)
			other := newServer(t)
			cert := secure(t, other)
			if name == "says nothing" { // until the client has gone on
				t.Cleanup(func() { close(over) })
			}
			dir := filepath.Join(a.opts.CertDirs[0], a.host)
			ok(t, os.WriteFile(filepath.Join(dir, "other.crt"), cert, 0o600))
			realm := other.URL + "/old"
			if other.setFront(wrong); wrong == nil {
				realm = "https://127.0.0.1:1/old"
			}
			a.setFront(func(w http.ResponseWriter, r *http.Request) bool {
				if strings.HasPrefix(r.Header.Get("Authorization"), "Bearer forbidden") {
					w.WriteHeader(http.StatusForbidden)
					return true
				}
				return a.protocol(w, r)
			})
			a.remember(t, a.host, remembered{Realm: realm, Service: "there"})
			c := newClient(t, a.opts)
			if name == "says nothing" {
				c.transport.Timeouts.Remembered = 50 * time.Millisecond
			}
			registry, tokens, _ := a.load(t, c)
			if len(registry) > 4 || len(tokens) != 1 || len(other.requests()) > 1 {
				t.Errorf("asked %q, %q and the wrong one %q", registry, tokens, other.requests())
			}
			if registry, tokens, _ := a.run(t); len(registry) != 2 || len(tokens) != 1 {
				t.Errorf("the next run asked %q, %q: the right one is not remembered", registry, tokens)
			}
		})
	}
}

// TestRemembered_wrongForTwoRequests checks that two concurrent requests both recover from a wrong token service.
func TestRemembered_wrongForTwoRequests(t *testing.T) {
	a := newRemoteRegistry(t)
	for _, tag := range []string{"b", "c"} {
		a.pushImage(t, a.ref("app", tag), image(t, 1))
	}
	other := newServer(t)
	a.secure(t, other)
	other.setFront(giveTokens("forbidden "))
	a.remember(t, a.host, remembered{Realm: other.URL + "/old"})
	var both sync.WaitGroup
	both.Add(2)
	a.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasPrefix(r.Header.Get("Authorization"), "Bearer forbidden") {
			both.Done()
			both.Wait()
			w.WriteHeader(http.StatusForbidden)
			return true
		}
		return a.protocol(w, r)
	})
	loadBoth(t, newClient(t, a.opts), a.ref("app", "b"), a.ref("app", "c"))
}

// TestRemembered_notFromPlainHTTP checks that nothing that came over plain http is remembered.
func TestRemembered_notFromPlainHTTP(t *testing.T) {
	file := filepath.Join(t.TempDir(), "endpoints.json")
	s := newServer(t)
	s.pushImage(t, s.ref("app", "a"), image(t, 1))
	askToken(s, "", "")
	_, err := newClient(t, Options{Endpoints: file}).Load(deadline(t), s.ref("app", "a"), nil)
	ok(t, err)

	a := newRemoteRegistry(t) // nor what came without a verified certificate
	c := newClient(t, Options{Endpoints: file})
	c.credentials.AddRegctlConfig("regctl.json", fmt.Appendf(nil, `{"hosts":{%q:{"tls":"insecure"},%q:{"tls":"insecure"},%q:{"tls":"insecure"}}}`, a.host, a.tokens.host, a.blobs.host))
	a.load(t, c)
	if raw, err := os.ReadFile(file); err == nil {
		t.Errorf("remembered: %s", raw)
	}
}

// TestRemembered_noTLSAnyMore checks that a registry that no longer uses TLS is still read,
// and that a token made for TLS is not sent over http.
func TestRemembered_noTLSAnyMore(t *testing.T) {
	a := newRemoteRegistry(t)
	plain := newServer(t)
	for _, tag := range []string{"a", "b"} {
		plain.pushImage(t, plain.ref("app", tag), image(t, 1))
	}
	plain.setFront(func(_ http.ResponseWriter, r *http.Request) bool {
		if h := r.Header.Get("Authorization"); h != "" {
			t.Errorf("%s went along over plain http", h)
		}
		return false
	})
	dir := filepath.Join(a.opts.CertDirs[0], plain.host)
	ok(t, os.CopyFS(dir, os.DirFS(filepath.Join(a.opts.CertDirs[0], a.host))))
	a.remember(t, plain.host, remembered{Realm: a.tokens.URL + "/token"})
	loadBoth(t, newClient(t, a.opts), plain.ref("app", "a"), plain.ref("app", "b"))
	if n := len(a.tokens.requests()); n != 1 {
		t.Errorf("the token service was asked %d times", n)
	}
}

// TestRemembered_noSecrets checks that no login, token or signed URL is remembered.
func TestRemembered_noSecrets(t *testing.T) {
	for _, realm := range []string{"/token", "/token?key=hidden", "user:hidden@"} {
		a := newRemoteRegistry(t)
		a.setFront(func(w http.ResponseWriter, r *http.Request) bool {
			url := a.tokens.URL + realm
			if strings.HasSuffix(realm, "@") {
				url = strings.Replace(a.tokens.URL, "://", "://"+realm, 1) + "/token"
			}
			if r.Header.Get("Authorization") == "" {
				w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="%s",service="here"`, url))
				w.WriteHeader(http.StatusUnauthorized)
				return true
			}
			return a.protocol(w, r)
		})
		c := newClient(t, a.opts)
		logIn(t, c, a.host, "me", "password")
		a.load(t, c)
		raw, err := os.ReadFile(a.opts.Endpoints)
		ok(t, err)
		for _, secret := range []string{"me", "password", "bWU6", "t-rep", "Bearer", "sig", "hidden", "app", "sha256"} {
			if strings.Contains(strings.ReplaceAll(string(raw), "realm", ""), secret) {
				t.Errorf("%q is in %s", secret, raw)
			}
		}
		info, err := os.Stat(a.opts.Endpoints)
		ok(t, err)
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("others may read it: %v", info.Mode())
		}
	}
}

// TestEndpointFile_noPath checks that nothing is remembered without a file.
func TestEndpointFile_noPath(t *testing.T) {
	a := newRemoteRegistry(t)
	a.opts.Endpoints = ""
	for range 2 {
		if registry, _, _ := a.run(t); len(registry) != 3 {
			t.Errorf("asked %q", registry)
		}
	}
}
