package registry

import (
	"errors"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// TestStatusError_oneLine checks that each refusal is reported in a short line.
func TestStatusError_oneLine(t *testing.T) {
	const name = "registry.example.com:5000"
	repo := model.Ref{Registry: name, Repository: "team/some-app"}
	byDigest := repo.AtDigest(digest.Digest("sha256:0123456789ab" + strings.Repeat("c", 52)))
	code := func(c string) []byte { return []byte(`{"errors":[{"code":"` + c + `"}]}`) }
	for what, tt := range map[string]struct {
		about     model.Ref
		answer    transport.Response
		asked     bool // for a login, before
		say, next string
	}{
		"no tag": {repo.WithTag("1.0"), transport.Response{Status: 404}, false,
			"has no tag 1.0 in team/some-app", "check the name"},
		"no tag, perhaps": {repo.WithTag("1.0"), transport.Response{Status: 404}, true,
			"has no tag 1.0 in team/some-app", "check the name, or run docker login " + name + " if it is private"},
		"no tag, logged in": {repo.WithTag("1.0"), transport.Response{Status: 404, Login: "me in x"}, true,
			"has no tag 1.0 in team/some-app", "check the name"},
		"no repository": {repo.WithTag("1.0"), transport.Response{Status: 404, Body: code("NAME_UNKNOWN")}, false,
			"has no repository team/some-app", "check the name"},
		"no digest": {byDigest, transport.Response{Status: 404}, true,
			"has no sha256:0123456789ab in team/some-app", "check whether it was deleted or never pushed"},
		"forbidden": {byDigest, transport.Response{Status: 403}, false,
			"denies access to team/some-app@sha256:0123456789ab without a login", "run docker login " + name + " with an account that has access"},
		"forbidden, with a reason": {repo.WithTag("1.0"), transport.Response{Status: 403, Body: []byte(`{"errors":[{"message":"no.\nway..."}]}`)}, false,
			`denies access to team/some-app:1.0 without a login ("no. way")`, "run docker login " + name + " with an account that has access"},
		"forbidden, logged in": {repo.WithTag("1.0"), transport.Response{Status: 403, Login: "me in x", Body: []byte("token expired")}, false,
			`denies access to team/some-app:1.0 with me in x ("token expired")`, "run docker login " + name + " with a new password or token"},
		"no login": {byDigest, transport.Response{Status: 401}, false,
			"requires a login for team/some-app@sha256:0123456789ab, or it does not exist", "run docker login " + name},
		"too often": {byDigest, transport.Response{Status: 429, Header: http.Header{"Retry-After": {"90"}}}, false,
			"reports too many requests: it asks for a pause of 90 s", "try again at HH:MM, or run docker login " + name + " for a higher limit"},
		"too often, logged in": {byDigest, transport.Response{Status: 429, Login: "me in x"}, false,
			"reports too many requests", "try again in a minute"},
		"broken": {byDigest, transport.Response{Status: 503, Body: []byte("over capacity")}, false,
			"failed (503 Service Unavailable: over capacity)", "try again later"},
	} {
		t.Run(what, func(t *testing.T) {
			c := newClient(t, Options{})
			c.transport.Wrap = func(http.RoundTripper) http.RoundTripper {
				return &cannedResponse{status: 401, header: http.Header{"Www-Authenticate": {`Basic realm="x"`}}}
			}
			h := c.host(name)
			if tt.asked {
				_, err := c.Load(deadline(t), model.Ref{Registry: name, Repository: "app", Tag: "a"}, nil)
				says(t, err, "requires a login")
			}
			err := h.statusError(tt.about, tt.answer)
			says(t, err)
			if got := clockTime.ReplaceAllString(err.Error(), "at HH:MM"); got != name+" "+tt.say+"; "+tt.next {
				t.Errorf("got %q", got)
			}
			if n := len(name + " " + tt.say); n > 110 || !strings.HasPrefix(what, "no login") && n > 95 {
				t.Errorf("%d characters", n)
			}
		})
	}
}

var clockTime = regexp.MustCompile(`at (\d+ [A-Z][a-z]+ \d+ )?\d\d:\d\d UTC`)

// FuzzRefusal checks that every response but a good one gives a short error in one line.
func FuzzRefusal(f *testing.F) {
	f.Add(404, []byte(`{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{}}]}`), "application/json", "")
	f.Add(429, []byte("slow\r\ndown"), "text/plain", "120")
	f.Add(503, []byte("<html>"), "text/html", "Fri, 31 Dec 9999 23:59:59 GMT")
	f.Add(400, []byte(`{"errors":[null,{}]}`), "", "-1")
	f.Add(200, []byte(`{}`), "application/json", "x")
	f.Fuzz(func(t *testing.T, status int, body []byte, mediaType, after string) {
		status = 200 + (status%800+800)%800
		m := &cannedResponse{status: status, header: http.Header{"Content-Type": {mediaType}, "Retry-After": {after}}, body: body}
		c, r := cannedClient(t, m)
		_, err := c.Load(t.Context(), r, nil)
		if err == nil {
			return
		}
		says(t, err)
		var readErr *model.ReadError
		if !errors.As(err, &readErr) || len(readErr.Message) > maxReason+2*safe.MaxClip || strings.ContainsFunc(readErr.Error(), safe.IsLineBreak) || readErr.Next == "" {
			t.Errorf("says %q, next %q", readErr.Message, readErr.Next)
		}
		if readErr.Missing && status != http.StatusNotFound {
			t.Errorf("%d is taken for missing", status)
		}
		if d := (transport.Response{Header: m.header}).RetryAfter(); d < 0 || d > transport.RetryNever {
			t.Errorf("%q is %v", after, d)
		}
	})
}
