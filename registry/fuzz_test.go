package registry

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

func FuzzChallenges(f *testing.F) {
	for _, h := range []string{
		`Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a:pull,push"`, `Basic realm="x"`,
		`Negotiate, Basic realm="x \"q\"", bearer realm=y`, `Bearer realm=""`, `a=b`, strings.Repeat("a ", 300), "Bearer\trealm = \"\\",
	} {
		f.Add(h, h)
	}
	f.Fuzz(func(t *testing.T, one, two string) {
		all := parseChallenges([]string{one, two})
		if len(all) > 2*maxParts {
			t.Errorf("%d challenges", len(all))
		}
		for _, c := range all {
			size := len(c.scheme)
			for name, value := range c.params {
				size += len(name) + len(value)
				if name != strings.ToLower(name) {
					t.Errorf("parameter %q", name)
				}
			}
			if size > len(one)+len(two) || c.scheme != strings.ToLower(c.scheme) {
				t.Errorf("%q has more than was sent", c.scheme)
			}
		}
		if c, ok := pick(all); ok && c.scheme != "basic" && (c.scheme != "bearer" || c.realm == "") {
			t.Errorf("picked %+v", c)
		}
	})
}

// A realm gets a login only if it is an address for the web, and over TLS if the
// registry speaks TLS.
func FuzzTokenRequest(f *testing.F) {
	for _, realm := range []string{"https://auth.docker.io/token", "http://a/t?x=y", "file:///etc/passwd", "//x/y", "https://u:p@h/", "HTTPS://h", "https://a\\@b/", "https://[::1]:5000/t#f", "https://:", "https://:443/t"} {
		f.Add(realm, "service", "repository:a:pull", true, "me", "secret")
		f.Add(realm, "", "", false, "", "refresh")
	}
	a := testSeam(f, "reg.example").auth
	f.Fuzz(func(t *testing.T, realm, service, scope string, secure bool, user, pass string) {
		a.seam.scheme.Store(map[bool]string{true: "https", false: "http"}[secure])
		l := login{user: user, pass: pass}
		if user == "" {
			l = login{refresh: pass}
		}
		req, err := a.tokenRequest(t.Context(), challenge{realm: realm, params: map[string]string{"service": service}}, scope, l)
		if err != nil {
			return
		}
		u := req.URL
		if u.Hostname() == "" || u.Scheme != "https" && (secure || u.Scheme != "http") || len(u.String()) > 4*maxChallenge+4*len(user)+100 {
			t.Errorf("asks %s", u)
		}
		if len(pass) > 20 && strings.Contains(u.String(), pass) && !strings.Contains(realm+service+scope+user, pass) {
			t.Errorf("the secret is in %s", u)
		}
	})
}

func FuzzToken(f *testing.F) {
	for _, body := range []string{`{"token":"abc","expires_in":300,"issued_at":"2023-10-01T15:57:00Z"}`, `{"access_token":"abc"}`, `{"token":"a\nb"}`, `{"token":5}`, `null`, `{"token":"a","expires_in":"x"}`} {
		f.Add([]byte(body))
	}
	now := time.Now()
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := parseToken(body, now)
		if err != nil {
			if strings.Contains(err.Error(), "\n") || len(err.Error()) > safe.MaxClip {
				t.Errorf("says %q", err)
			}
			return
		}
		value, ok := strings.CutPrefix(got.header, "Bearer ")
		if !ok || value == "" || len(value) > maxTokenSize || strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Errorf("sends %q", got.header)
		}
		if life := got.expires.Sub(now); life < minTokenLife*time.Second*8/10 || life > maxTokenLife*time.Second {
			t.Errorf("lives %v", life)
		}
	})
}

// FuzzLogins reads files of docker's and podman's, and one of regctl's.
func FuzzLogins(f *testing.F) {
	f.Add([]byte(dockerConfig), []byte(regctlConfig), "quay.io", "team/app")
	f.Add([]byte(podmanAuth), []byte(`{"hosts":{"a":null,"":{},"b":{"user":"x","pass":"y","tls":"odd"}}}`), "docker.io", "library/app")
	f.Add([]byte(`{"auths":{"https://index.docker.io/v1/":null,"/":{},"://":{"auth":"bWU6c2VjcmV0"}},"credHelpers":{"x":"../../x"}}`), []byte(`[]`), "x", "")
	f.Fuzz(func(t *testing.T, file, regctl []byte, host, repo string) {
		k := newKeyring()
		k.loaded = true
		k.add("config.json", file)
		for _, s := range k.stores {
			for _, prog := range slices.AppendSeq([]string{s.helper}, maps.Values(s.helpers)) {
				if prog != "" && (!strings.HasPrefix(prog, helperPrefix) || filepath.IsAbs(prog)) {
					t.Errorf("would run %q", prog)
				}
			}
		}
		k.addRegctl("regctl.json", regctl)
		for i := range k.stores { // none is run here
			k.stores[i].helper, k.stores[i].helpers = "", nil
		}
		hosts := k.hosts()
		if !slices.IsSorted(hosts) || slices.Contains(hosts, "") {
			t.Errorf("hosts %q", hosts)
		}
		l, err := k.lookup(t.Context(), host, repo)
		if err != nil {
			t.Error(err)
		}
		if !l.zero() && (!slices.Contains(hosts, hostOfKey(host)) || strings.Contains(l.String(), l.pass) && len(l.pass) > len(l.user+l.from)+20) {
			t.Errorf("a login for %q, one of %q", host, hosts)
		}
		if k.settings(host).Name != host {
			t.Error("settings of another host")
		}
	})
}

func FuzzHelped(f *testing.F) {
	f.Add([]byte(`{"ServerURL":"x","Username":"<token>","Secret":"s"}`))
	f.Add([]byte(`{"Username":"me","Secret":"s"}`))
	f.Add([]byte("credentials not found in native keychain\n"))
	f.Fuzz(func(t *testing.T, out []byte) {
		l, err := parseHelped("docker-credential-x", out)
		if err != nil && l != (login{}) || l.refresh != "" && l.user+l.pass != "" || l.user == helperToken || l.bearer != "" {
			t.Errorf("%+v, %v", l, err)
		}
	})
}

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

// memory is a network that gives one answer to all.
type memory struct {
	status int
	header http.Header
	body   []byte
	asked  int
}

func (m *memory) RoundTrip(r *http.Request) (*http.Response, error) {
	m.asked++
	return &http.Response{
		StatusCode: m.status, Header: m.header, Body: io.NopCloser(bytes.NewReader(m.body)), ContentLength: int64(len(m.body)), Request: r,
	}, nil
}

// inMemory is a client of a registry that gives one answer to all.
func inMemory(t testing.TB, m *memory) (*Client, model.Ref) {
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
		m := &memory{status: 200, header: http.Header{"Content-Type": {"application/json"}, "Link": {link}}, body: body}
		c, r := inMemory(t, m)
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
		if m.asked > 2+maxIdle {
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
		m := &memory{status: 200, header: http.Header{"Content-Type": {mediaType}, "Docker-Content-Digest": {header}}, body: body}
		c, r := inMemory(t, m)
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
		m := &memory{status: status, header: http.Header{"Content-Type": {mediaType}, "Retry-After": {after}}, body: body}
		c, r := inMemory(t, m)
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
		if d := (answer{header: m.header}).askedPause(); d < 0 || d > maxAsked {
			t.Errorf("%q is %v", after, d)
		}
	})
}

// FuzzEndpoints: what is read of the file can be used, and holds no secret.
func FuzzEndpoints(f *testing.F) {
	now := time.Now().UTC().Format(time.RFC3339)
	f.Add([]byte(`{"docker.io":{"realm":"https://auth.docker.io/token","service":"x","blobs":"cdn.example","seen":"` + now + `"}}`))
	f.Add([]byte(`{"a/b":{"seen":"` + now + `"},"c":{"realm":"https://u:p@h/?q","blobs":"x y","seen":"` + now + `"},"d":null}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		for host, p := range parseEndpoints(raw, time.Now()) {
			u, err := url.Parse(p.Realm)
			if !isHost(host) || p.Blobs != "" && !isHost(p.Blobs) || err != nil || p.Realm != "" && (u.Scheme != "https" || u.User != nil || u.RawQuery != "") {
				t.Errorf("%q: %+v", host, p)
			}
			if age := time.Since(p.Seen); age > endpointAge+time.Minute || age < -time.Hour-time.Minute {
				t.Errorf("%q is %v old", host, age)
			}
			if _, err := json.Marshal(p); err != nil {
				t.Error(err)
			}
		}
	})
}
