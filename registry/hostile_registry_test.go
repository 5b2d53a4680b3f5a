package registry

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry/internal/registrytest"
)

// This file is what a hostile registry, or one that was broken into, may try to
// get at logins with.

// spy is a server that should get no login; what it gets comes out of got.
func spy(t testing.TB) (s *server, got func() []string) {
	t.Helper()
	s = newServer(t)
	var mu sync.Mutex
	var all []string
	s.setFront(func(_ http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		body, _ := io.ReadAll(r.Body)
		for _, v := range []string{r.Header.Get("Authorization"), r.Header.Get("Referer"), r.Header.Get("Cookie"), string(body)} {
			if v != "" {
				all = append(all, r.URL.Path+": "+v)
			}
		}
		return false
	})
	return s, func() []string { mu.Lock(); defer mu.Unlock(); return all }
}

// TestRedirect_challengeOfOtherHost checks that the challenge of a host behind a redirect is ignored.
func TestRedirect_challengeOfOtherHost(t *testing.T) {
	for _, scheme := range []string{"Bearer", "Basic"} {
		t.Run(scheme, func(t *testing.T) {
			s := newServer(t)
			s.pushImage(t, s.ref("app", "a"), image(t, 1))
			s.pushImage(t, s.ref("other", "a"), image(t, 1))
			thief, got := spy(t)
			cdn := newServer(t)
			cdn.setFront(func(w http.ResponseWriter, r *http.Request) bool {
				w.Header().Set("WWW-Authenticate", fmt.Sprintf(`%s realm="%s/token",service="x"`, scheme, thief.URL))
				w.WriteHeader(http.StatusUnauthorized)
				return true
			})
			askToken(s, "me", "secret")
			protocol := s.front()
			s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
				if protocol(w, r) {
					return true
				}
				if strings.Contains(r.URL.Path, "/blobs/") {
					http.Redirect(w, r, cdn.URL+r.URL.Path+"?sig=signature", http.StatusTemporaryRedirect)
					return true
				}
				return false
			})
			c := newClient(t, Options{})
			logIn(t, c, s.host, "me", "secret")
			a, err := c.Load(deadline(t), s.ref("app", "a"), nil)
			ok(t, err)
			says(t, a.Entries[0].Err, s.host+" redirects to "+cdn.host+", which refused the request (401")
			isShort(t, a.Entries[0].Err)
			if len(thief.requests()) > 0 {
				t.Errorf("the thief was asked %q and got %q", thief.requests(), got())
			}
			_, err = c.Load(deadline(t), s.ref("other", "a"), nil)
			ok(t, err)
			if len(thief.requests()) > 0 {
				t.Error("the thief is taken for the token service")
			}
		})
	}
}

// TestTags_linkToOtherHost checks that a Link to another host is not followed there.
func TestTags_linkToOtherHost(t *testing.T) {
	s := newServer(t)
	thief, got := spy(t)
	serveList(s, "tags", names(10), func(all []string, _ string, _ int) ([]string, string) {
		return all, thief.URL + "/v2/app/tags/list?last=x"
	})
	list := s.front()
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		if _, p, _ := r.BasicAuth(); p != "secret" {
			w.Header().Set("WWW-Authenticate", `Basic realm="here"`)
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
		return list(w, r)
	})
	c := newClient(t, Options{})
	logIn(t, c, s.host, "me", "secret")
	says(t, c.Tags(deadline(t), s.ref("app", ""), func([]string) {}), "is incomplete after 10 names")
	if len(thief.requests()) > 0 {
		t.Errorf("asked %q, sent %q", thief.requests(), got())
	}
}

// TestTokenService_withoutTLS checks that a token service over http gets no request from a registry over https.
func TestTokenService_withoutTLS(t *testing.T) {
	for _, secret := range []string{`{"auth":"bWU6c2VjcmV0"}`, `{"identitytoken":"secret"}`, ``} {
		a := newRemoteRegistry(t)
		thief, got := spy(t)
		a.setFront(func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="%s/token",service="here"`, thief.URL))
			w.WriteHeader(http.StatusUnauthorized)
			return true
		})
		c := newClient(t, a.opts)
		if secret != "" {
			c.credentials.AddAuthFile("config.json", []byte(`{"auths":{"`+a.host+`":`+secret+`}}`))
		}
		_, err := c.Load(deadline(t), a.ref("app", "a"), nil)
		says(t, err, "does not use https although the registry does")
		if len(thief.requests()) > 0 {
			t.Errorf("asked %q, sent %q", thief.requests(), got())
		}
	}
}

// TestTokenService_redirect checks that a redirect of a token request does not take the login along.
func TestTokenService_redirect(t *testing.T) {
	for name, secret := range map[string]string{"password": `{"auth":"bWU6c2VjcmV0"}`, "refresh token": `{"identitytoken":"secret"}`} {
		t.Run(name, func(t *testing.T) {
			a := newRemoteRegistry(t)
			thief, got := spy(t)
			a.secure(t, thief)
			a.tokens.setFront(func(w http.ResponseWriter, r *http.Request) bool {
				http.Redirect(w, r, thief.URL+"/token", http.StatusTemporaryRedirect)
				return true
			})
			c := newClient(t, a.opts)
			c.credentials.AddAuthFile("config.json", []byte(`{"auths":{"`+a.host+`":`+secret+`}}`))
			_, err := c.Load(deadline(t), a.ref("app", "a"), nil)
			says(t, err, "the token service of "+a.host)
			if len(got()) > 0 {
				t.Errorf("sent %q", got())
			}
		})
	}
}

// TestToken_oneRepository checks that a token is used for one repository only.
func TestToken_oneRepository(t *testing.T) {
	s := newServer(t)
	for _, repo := range []string{"app", "team/app"} {
		s.pushImage(t, s.ref(repo, "a"), image(t, 1))
	}
	askToken(s, "me", "secret")
	protocol := s.front()
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		scope := scopeOf(r.URL.Path)
		if h := r.Header.Get("Authorization"); h != "" && r.URL.Path != "/token" && h != "Bearer t-"+scope {
			t.Errorf("%s was sent %s", r.URL.Path, h)
		}
		return protocol(w, r)
	})
	c := newClient(t, Options{})
	logIn(t, c, s.host, "me", "secret")
	for range 2 {
		loadBoth(t, c, s.ref("app", "a"), s.ref("team/app", "a"))
	}
}

// TestTLS_settingsPerHost checks that TLS settings apply to their own host only.
func TestTLS_settingsPerHost(t *testing.T) {
	authority := registrytest.NewCertAuthority(t)
	back := newServer(t)
	back.pushImage(t, back.ref("app", "a"), image(t, 1))
	tokens, tokensShown := authority.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { giveTokens("")(w, r) }), tls.RequestClientCert)
	blobs, blobsShown := authority.Serve(t, back.real, tls.RequestClientCert)
	reg := remoteRegistry{server: back, tokens: &server{Server: tokens}, blobs: &server{Server: blobs}}
	front, frontShown := authority.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !reg.protocol(w, r) {
			back.real.ServeHTTP(w, r)
		}
	}), tls.RequireAnyClientCert)
	host := func(s *httptest.Server) string { return strings.TrimPrefix(s.URL, "https://") }
	ref := model.Ref{Registry: host(front), Repository: "app", Tag: "a"}

	clientCert, clientKey := authority.Pair(t)
	dir := t.TempDir()
	trust := func(host string, files map[string][]byte) {
		ok(t, os.MkdirAll(filepath.Join(dir, host), 0o700))
		for name, content := range files {
			ok(t, os.WriteFile(filepath.Join(dir, host, name), content, 0o600))
		}
	}
	trust(ref.Registry, map[string][]byte{"ca.crt": authority.PEM(), "client.cert": clientCert, "client.key": clientKey})

	_, err := newClient(t, Options{CertDirs: []string{dir}}).Load(deadline(t), ref, nil)
	says(t, err, host(tokens)+", the token service of "+ref.Registry+", has a certificate from an authority", "/etc/docker/certs.d/"+host(tokens)+"/ca.crt")

	insecure := newClient(t, Options{CertDirs: []string{dir}})
	insecure.credentials.AddRegctlConfig("regctl.json", fmt.Appendf(nil, `{"hosts":{%q:{"tls":"insecure"}}}`, ref.Registry))
	_, err = insecure.Load(deadline(t), ref, nil)
	says(t, err, host(tokens)+", the token service of", "has a certificate from an authority")

	trust(host(tokens), map[string][]byte{"ca.crt": authority.PEM()})
	a, err := newClient(t, Options{CertDirs: []string{dir}}).Load(deadline(t), ref, nil)
	ok(t, err)
	says(t, a.Entries[0].Err, ref.Registry+" redirects to "+host(blobs)+", which has a certificate from an authority", "/etc/docker/certs.d/"+host(blobs)+"/ca.crt")

	trust(host(blobs), map[string][]byte{"ca.crt": authority.PEM()})
	a, err = newClient(t, Options{CertDirs: []string{dir}}).Load(deadline(t), ref, nil)
	ok(t, err)
	whole(t, a, 1, 1)
	if frontShown() == 0 || tokensShown() > 0 || blobsShown() > 0 {
		t.Errorf("client certificates shown: %d to the registry, %d to the token service, %d to the blobs", frontShown(), tokensShown(), blobsShown())
	}
}

// TestToken_lastCallerLeaves checks that a token request ends when its last caller leaves.
func TestToken_lastCallerLeaves(t *testing.T) {
	s := newServer(t)
	askToken(s, "me", "secret")
	protocol, gone := s.front(), make(chan struct{})
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/token" {
			return protocol(w, r)
		}
		s.notice()
		<-r.Context().Done()
		close(gone)
		return true
	})
	ctx, cancel := context.WithCancel(deadline(t))
	done := make(chan error)
	go func() { _, err := newClient(t, Options{}).Load(ctx, s.ref("app", "a"), nil); done <- err }()
	<-s.changed
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	select {
	case <-gone:
	case <-deadline(t).Done():
		t.Error("the token service is still asked")
	}
}
