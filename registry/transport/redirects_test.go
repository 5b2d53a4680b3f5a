package transport

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/registry/internal/registrytest"
)

// via is a network in which every host redirects the next request onwards.
type via struct {
	to   []string // addresses, in order
	seen []*http.Request
}

// TestRedirect_headers checks that a redirect to another host takes neither login nor referrer along.
func TestRedirect_headers(t *testing.T) {
	for _, tt := range []struct {
		from string
		to   []string
		keep bool // the login, to the last
		err  string
	}{
		{"https://reg.example/v2/x", []string{"/v2/y"}, true, ""},
		{"http://reg.example/v2/x", []string{"https://reg.example/v2/x"}, true, ""},
		{"https://reg.example/v2/x", []string{"https://cdn.example/x?sig=1"}, false, ""},
		{"https://reg.example/v2/x", []string{"https://cdn.reg.example/x"}, false, ""},
		{"https://reg.example/v2/x", []string{"https://reg.example:8443/x"}, false, ""},
		{"https://reg.example:5000/v2/x", []string{"https://reg.example:5001/x"}, false, ""},
		{"https://reg.example/v2/x", []string{"https://reg.example.evil.example/x"}, false, ""},
		{"https://reg.example/v2/x", []string{"https://cdn.example/x?sig=1", "https://reg.example/back"}, false, ""},
		{"https://reg.example/v2/x", []string{"http://reg.example/v2/x"}, false, "redirects from https to http://"},
		{"https://reg.example/v2/x", []string{"https://cdn.example/x", "http://cdn.example/x"}, false, "redirects from https to http://"},
		{"https://reg.example/v2/x", []string{"file:///etc/passwd"}, false, "redirects a request to file://, which tagdiff does not follow"},
		{"http://reg.example/v2/x", []string{"ftp://reg.example/?sig=1"}, false, "redirects a request to ftp://reg.example, which"},
		{"https://reg.example/v2/x", []string{"https://:443/x"}, false, "redirects a request to https://:443, which"},
	} {
		t.Run(strings.Join(append([]string{tt.from}, tt.to...), " "), func(t *testing.T) {
			net := &via{to: tt.to}
			client := http.Client{Transport: net, CheckRedirect: checkRedirect}
			req := httptest.NewRequest(http.MethodGet, tt.from, nil)
			req.RequestURI = ""
			req.Header.Set("Authorization", "Basic secret")
			resp, err := client.Do(req)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("got %v", err)
				}
				return
			}
			registrytest.OK(t, err)
			registrytest.OK(t, resp.Body.Close())
			last := net.seen[len(net.seen)-1]
			if kept := last.Header.Get("Authorization") != ""; kept && !tt.keep || tt.keep && !kept {
				t.Errorf("the login goes along: %v", kept)
			}
			for _, r := range net.seen {
				if r.Header.Get("Referer") != "" {
					t.Errorf("%s gets a Referer: %s", r.URL, r.Header.Get("Referer"))
				}
			}
		})
	}
}

func (v *via) RoundTrip(r *http.Request) (*http.Response, error) {
	v.seen = append(v.seen, r)
	resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: r}
	if len(v.seen) <= len(v.to) {
		resp.StatusCode = http.StatusTemporaryRedirect
		resp.Header.Set("Location", v.to[len(v.seen)-1])
	}
	return resp, nil
}
