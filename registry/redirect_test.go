package registry

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// TestRedirect_localRegistry checks that a registry on this machine may redirect to this machine, others may not.
func TestRedirect_localRegistry(t *testing.T) {
	s, cdn := newServer(t), newServer(t)
	for _, x := range []*server{s, cdn} {
		img := image(t, 1)
		x.pushImage(t, x.ref("app", "a"), img)
	}
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, cdn.URL+r.URL.Path, http.StatusTemporaryRedirect)
		return true
	})
	a, err := newClient(t, Options{}).Load(deadline(t), s.ref("app", "a"), nil)
	ok(t, err)
	whole(t, a, 1, 1)

	// The same registry, thought to be elsewhere.
	c := newClient(t, Options{})
	c.transport.Wrap = func(next http.RoundTripper) http.RoundTripper { return refuser{next, s.host} }
	_, err = c.Load(deadline(t), s.ref("app", "a"), nil)
	says(t, err, "cannot be reached", "an address of this machine")
}

// TestRedirect_circle checks that the error of redirects without an end names the hosts that they
// lead to, also of a token service.
func TestRedirect_circle(t *testing.T) {
	to := func(url string) http.HandlerFunc { return status(307, "", "Location", url) }
	for _, tt := range []struct {
		name  string
		hosts map[string]http.HandlerFunc
		want  string
	}{
		{"itself", map[string]http.HandlerFunc{"reg.example": to("/v2/")},
			"reg.example redirected the request more than 5 times, each time to itself; ask the administrator of the registry"},
		{"another host and back", map[string]http.HandlerFunc{"reg.example": to("https://a.example/"), "a.example": to("https://reg.example/")},
			"reg.example redirected the request more than 5 times, by way of a.example; ask the administrator of the registry"},
		{"two hosts", map[string]http.HandlerFunc{
			"reg.example": to("https://a.example/"), "a.example": to("https://b.example/"), "b.example": to("https://a.example/"),
		}, "reg.example redirected the request more than 5 times, by way of a.example, b.example; ask the administrator of the registry"},
		{"a token service", map[string]http.HandlerFunc{"reg.example": ask(`Bearer realm="https://auth.example/token"`), "auth.example": to("/login")},
			"auth.example, the token service of reg.example, redirected the request more than 5 times, each time to itself; " +
				"ask the administrator of the registry"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := &namedHosts{hosts: tt.hosts}
			_, err := n.client(t, "reg.example", "").Load(deadline(t), model.Ref{Registry: "reg.example", Repository: "app", Tag: "1"}, nil)
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

// TestRedirect_webPage checks the errors of redirects to web pages, such as those for a login.
func TestRedirect_webPage(t *testing.T) {
	for code, say := range map[int]string{
		http.StatusOK:        "answered with a web page; check host and port, or ask the administrator of ",
		http.StatusForbidden: `denied access and answered with a web page ("log in"); open `,
		http.StatusNotFound:  `answered with a web page (404 Not Found: "log in"); check host and port, or ask the administrator of `,
	} {
		s, page := newServer(t), newServer(t)
		page.setFront(func(w http.ResponseWriter, r *http.Request) bool {
			status(code, "<html>log in", "Content-Type", "text/html")(w, r)
			return true
		})
		s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, page.URL+r.URL.Path, http.StatusTemporaryRedirect)
			return true
		})
		_, err := newClient(t, Options{}).Load(deadline(t), s.ref("app", "a"), nil)
		says(t, err, s.host+" redirects to "+page.host+", which "+say)
	}
}

// refuser does what the guard does to a registry elsewhere.
type refuser struct {
	http.RoundTripper
	own string
}

func (r refuser) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Host != r.own {
		return nil, transport.ErrLocalAddress
	}
	return r.RoundTripper.RoundTrip(req)
}

// TestRedirect_blankInQuery checks that a redirect whose query has a blank is followed.
func TestRedirect_blankInQuery(t *testing.T) {
	s, cdn := newServer(t), newServer(t)
	img := image(t, 1)
	s.pushImage(t, s.ref("app", "a"), img)
	cdn.pushImage(t, cdn.ref("app", "a"), img)
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/blobs/") {
			return false
		}
		w.Header().Set("Location", cdn.URL+r.URL.Path+"?name=my file")
		w.WriteHeader(http.StatusTemporaryRedirect)
		return true
	})
	a, err := newClient(t, Options{}).Load(deadline(t), s.ref("app", "a"), nil)
	ok(t, err)
	whole(t, a, 1, 1)
	if got := cdn.requests(); len(got) != 1 || !strings.HasSuffix(got[0], "?name=my%20file") {
		t.Errorf("requests %q", got)
	}
}

// TestRedirect_toHTTP checks that a redirect of a blob from https to http is refused on purpose:
// anybody on the way could read and change what is compared. The other host gets no request.
func TestRedirect_toHTTP(t *testing.T) {
	s, certs := newTLSServer(t)
	blobs := newServer(t)
	s.pushImage(t, s.ref("app", "a"), image(t, 1))
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/blobs/") {
			return false
		}
		http.Redirect(w, r, blobs.URL+r.URL.Path+"?X-Signature=hunter22", http.StatusTemporaryRedirect)
		return true
	})
	c := newClient(t, Options{CertDirs: []string{certs}})
	c.transport.RequireTLS = true
	a, err := c.Load(deadline(t), s.ref("app", "a"), nil)
	ok(t, err)
	want := fmt.Sprintf("%s redirects from https to http://%s, which tagdiff does not follow; ask the administrator of the registry", s.host, blobs.host)
	if err := a.Entries[0].Err; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if got := blobs.requests(); len(got) > 0 || len(s.requests()) != 2 {
		t.Errorf("requests %q and %q", s.requests(), got)
	}
}
