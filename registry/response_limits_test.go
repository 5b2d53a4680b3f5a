package registry

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/registry/transport"
)

// TestTags_tooManyNamesOnAPage checks that a page beyond the limit of names is cut.
func TestTags_tooManyNamesOnAPage(t *testing.T) {
	s := newServer(t)
	serveList(s, "tags", names(500), func(all []string, _ string, _ int) ([]string, string) { return all, "" })
	p := newClient(t, Options{}).tags(s.ref("app", ""))
	p.maxNames = 200
	got := 0
	err := p.run(deadline(t), func(n []string) { got += len(n) })
	says(t, err, "is incomplete after 200 names: tagdiff reads at most 200 names")
	if got != 200 {
		t.Errorf("%d names", got)
	}
}

// TestHeaders_limit checks that the headers of a response are limited.
func TestHeaders_limit(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"one long line": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Link", strings.Repeat("x", transport.MaxHeader))
		},
		"many lines": func(w http.ResponseWriter, r *http.Request) {
			w.Header()["X-A"] = make([]string, transport.MaxHeader/6)
		},
		"a long refusal": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("WWW-Authenticate", strings.Repeat("Basic ", transport.MaxHeader/6))
			w.WriteHeader(http.StatusUnauthorized)
		},
		"hints without end": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Link", strings.Repeat("x", 1000))
			for r.Context().Err() == nil {
				w.WriteHeader(http.StatusEarlyHints)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.setFront(func(w http.ResponseWriter, r *http.Request) bool { answer(w, r); return true })
			_, err := newClient(t, Options{}).Load(deadline(t), s.ref("app", "a"), nil)
			says(t, err, s.host+" sent more data than tagdiff accepts (too large: a header of more than 131072 bytes)")
			if n := len(s.requests()); n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// TestHeaders_http2Limit checks that the headers of an HTTP/2 response are limited.
func TestHeaders_http2Limit(t *testing.T) {
	a := newRemoteRegistry(t)
	a.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Link", strings.Repeat("x", 2*transport.MaxHeader))
		return true
	})
	_, err := newClient(t, a.opts).Load(deadline(t), a.ref("app", "a"), nil)
	says(t, err, a.host)
	if strings.Contains(err.Error(), "has no tag") {
		t.Error(err)
	}
}

// TestChallenge_limits checks that the size and the parts of a challenge are limited.
func TestChallenge_limits(t *testing.T) {
	s := newServer(t)
	long := strings.Repeat("x", transport.MaxChallenge)
	for name, tt := range map[string]struct{ challenge, say string }{
		"realm":          {`Bearer realm="` + s.URL + `/` + long + `"`, "its URL, service and scope have "},
		"service":        {`Bearer realm="` + s.URL + `/",service="` + long + `"`, "tagdiff sends at most 8192"},
		"scope":          {`Bearer realm="` + s.URL + `/",scope="` + long + `"`, "tagdiff sends at most 8192"},
		"no address":     {`Bearer realm="::"`, "its URL is not valid"},
		"file":           {`Bearer realm="file:///etc/passwd"`, "its URL is not valid"},
		"far behind":     {strings.Repeat("x=y,", 10000) + `Basic realm="x"`, "requires a login"},
		"many of a kind": {strings.Repeat(`Negotiate, `, 90) + `Basic realm="x"`, "requires a login"},
	} {
		t.Run(name, func(t *testing.T) {
			s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
				status(401, "", "WWW-Authenticate", tt.challenge)(w, r)
				return true
			})
			s.reset()
			_, err := newClient(t, Options{}).Load(deadline(t), s.ref("app", "a"), nil)
			says(t, err, tt.say)
			if n := len(s.requests()); n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// TestTokenService_responseLimits checks that the response of a token service is limited.
func TestTokenService_responseLimits(t *testing.T) {
	s := newServer(t)
	askToken(s, "", "")
	protocol := s.front()
	for name, tt := range map[string]struct{ answer, say string }{
		"answer": {`{"token":"` + strings.Repeat("x", transport.MaxTokenResponse), "did not issue a token: too large: more than 1048576 bytes"},
		"token":  {`{"token":"` + strings.Repeat("x", transport.MaxToken+1) + `"}`, "did not issue a token: its token has 65537 bytes"},
		"empty":  {``, "did not issue a token: its response is not JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path == "/token" {
					status(200, tt.answer)(w, r)
					return true
				}
				return protocol(w, r)
			})
			_, err := newClient(t, Options{}).Load(deadline(t), s.ref("app", "a"), nil)
			says(t, err, tt.say)
		})
	}
}
