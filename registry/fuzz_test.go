package registry

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/registry/transport"
)

func FuzzLink(f *testing.F) {
	for _, l := range []string{
		`</v2/app/tags/list?last=x&n=10>; rel="next"`, `<https://other.example/v2/_catalog?n=1>;rel=next`, `<a>; rel="prev", <?b=c>; rel=next; title="x,y"`,
		`<?\r\nX: y>; rel=next`, `<//evil/?a>; rel="next"`, `<`,
	} {
		f.Add(l)
	}
	f.Fuzz(func(t *testing.T, link string) {
		query, ok := nextQuery([]string{link})
		if !ok {
			return
		}
		u := url.URL{Scheme: "https", Host: "own.example", Path: "/v2/app/tags/list", RawQuery: query.Encode()}
		again, err := url.Parse(u.String())
		if err != nil || again.Host != u.Host || again.Path != u.Path || again.Fragment != "" || strings.ContainsAny(u.String(), " \r\n") {
			t.Errorf("%q leads to %s", link, &u)
		}
	})
}

// cannedResponse is a network that gives one answer to all.
type cannedResponse struct {
	status int
	header http.Header
	body   []byte
	asked  int
}

func (m *cannedResponse) RoundTrip(r *http.Request) (*http.Response, error) {
	m.asked++
	return &http.Response{
		StatusCode: m.status, Header: m.header, Body: io.NopCloser(bytes.NewReader(m.body)), ContentLength: int64(len(m.body)), Request: r,
	}, nil
}

// cannedClient is a client of a registry that gives one answer to all.
func cannedClient(t testing.TB, m *cannedResponse) (*Client, model.Ref) {
	t.Helper()
	c := newClient(t, Options{})
	c.transport.Retry.ThrottledAttempts, c.transport.Retry.Attempts = 1, 1
	c.transport.Wrap = func(http.RoundTripper) http.RoundTripper { return m }
	return c, model.Ref{Registry: "reg.example", Repository: "app", Tag: "a"}
}

// FuzzList: whatever a list holds, names that are handed over are good, and
// handed over once.
func FuzzList(f *testing.F) {
	f.Add([]byte(`{"name":"app","tags":["v1","v1","../x","\u001b[2J"]}`), `</v2/app/tags/list?last=v1&n=2>; rel="next"`)
	f.Add([]byte(`{"name":"app","tags":null}`), "")
	f.Add([]byte(`{"tags":[1]}`), "<?n=1000>; rel=next")
	f.Fuzz(func(t *testing.T, body []byte, link string) {
		m := &cannedResponse{status: 200, header: http.Header{"Content-Type": {"application/json"}, "Link": {link}}, body: body}
		c, r := cannedClient(t, m)
		seen := map[string]bool{}
		err := c.Tags(t.Context(), r, func(names []string) {
			for _, n := range names {
				if !isTag(n) || seen[n] {
					t.Errorf("handed over %q", n)
				}
				seen[n] = true
			}
		})
		if err != nil {
			says(t, err)
		}
		if m.asked > 2+maxEmptyPages {
			t.Errorf("asked %d times", m.asked)
		}
	})
}

// FuzzManifestAnswer: what is taken for a digest has that digest, whatever it is
// called.
func FuzzManifestAnswer(f *testing.F) {
	for _, name := range []string{"testing.schema1.json", "testing.schema2.json", "prod.schema2.json"} {
		raw, err := os.ReadFile("../testdata/retag/" + name)
		ok(f, err)
		for _, mediaType := range []string{model.MediaTypeSchema1Signed, model.MediaTypeDockerManifest, v1.MediaTypeImageIndex, "application/json"} {
			f.Add(raw, mediaType, digest.FromBytes(raw).String())
		}
	}
	stored := []byte(storedSchema1)
	f.Add(signedSchema1(stored, len(stored)-1, `,"fsLayers":[],`), model.MediaTypeSchema1Signed, digest.FromBytes(stored).String())
	f.Fuzz(func(t *testing.T, body []byte, mediaType, header string) {
		m := &cannedResponse{status: 200, header: http.Header{"Content-Type": {mediaType}, "Docker-Content-Digest": {header}}, body: body}
		c, r := cannedClient(t, m)
		for _, r := range []model.Ref{r, r.AtDigest(digest.Digest(header)), r.AtDigest(digest.FromBytes(body))} {
			got, err := c.manifest(t.Context(), r)
			if err != nil {
				says(t, err)
				continue
			}
			if d := got.Digest.Algorithm().FromBytes(got.Raw); d != got.Digest || r.Digest != "" && d != r.Digest {
				t.Errorf("bytes of %s are taken for %s, asked for %q", d, got.Digest, r.Digest)
			}
		}
	})
}

// FuzzRefusal: every answer that is no good one is told in a line that is short.
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
		var trouble *model.Trouble
		if !errors.As(err, &trouble) || len(trouble.Say) > 4*safe.MaxClip || strings.ContainsFunc(trouble.Error(), safe.IsLineBreak) || trouble.Next == "" {
			t.Errorf("says %q, next %q", trouble.Say, trouble.Next)
		}
		if trouble.Missing && status != http.StatusNotFound {
			t.Errorf("%d is taken for missing", status)
		}
		if d := (transport.Response{Header: m.header}).RetryAfter(); d < 0 || d > transport.RetryNever {
			t.Errorf("%q is %v", after, d)
		}
	})
}
