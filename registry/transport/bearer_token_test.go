package transport

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/registry/credentials"
	"github.com/tagdiff/tagdiff/registry/internal/registrytest"
)

// A realm gets a login only if it is an address for the web, and over TLS if the
// registry speaks TLS.
func FuzzTokenRequest(f *testing.F) {
	for _, realm := range []string{"https://auth.docker.io/token", "http://a/t?x=y", "file:///etc/passwd", "//x/y", "https://u:p@h/", "HTTPS://h", "https://a\\@b/", "https://[::1]:5000/t#f", "https://:", "https://:443/t"} {
		f.Add(realm, "service", "repository:a:pull", true, "me", "secret")
		f.Add(realm, "", "", false, "", "refresh")
	}
	f.Fuzz(func(t *testing.T, realm, service, scope string, secure bool, user, pass string) {
		l, method := credentials.Login{Username: user, Password: pass}, http.MethodGet
		if user == "" {
			l, method = credentials.Login{RefreshToken: pass}, http.MethodPost
		}
		c := &challenge{realm: realm, tls: secure, params: map[string]string{"service": service}}
		req, err := tokenRequest(t.Context(), method, c, scope, l)
		if err != nil {
			return
		}
		u := req.URL
		if u.Hostname() == "" || u.Scheme != "https" && (secure || u.Scheme != "http") || len(u.String()) > 4*MaxChallenge+4*len(user)+100 {
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
		if !ok || value == "" || len(value) > MaxToken || strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Errorf("sends %q", got.header)
		}
		if life := got.expires.Sub(now); life < minTokenLife*time.Second*8/10 || life > maxTokenLife*time.Second {
			t.Errorf("lives %v", life)
		}
	})
}

// TestToken_limit checks that the size of a token is limited.
func TestToken_limit(t *testing.T) {
	now := time.Now()
	for body, want := range map[string]string{
		`{"token":"` + strings.Repeat("x", MaxToken) + `"}`:   "",
		`{"token":"` + strings.Repeat("x", MaxToken+1) + `"}`: "its token has 65537 bytes, tagdiff accepts at most 65536",
		`{"token":"a\r\nX-Evil: 1"}`:                          "no token",
		`{"token":"a\u0000b"}`:                                "no token",
		`{"token":"ü"}`:                                       "no token",
		`{"token":null}`:                                      "no token",
		`null`:                                                "no token",
		`[]`:                                                  "not JSON",
		`{"token":"a"} trailing`:                              "not JSON",
		`{"token":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`: "not JSON",
	} {
		_, err := parseToken([]byte(body), now)
		if want == "" {
			registrytest.OK(t, err)
		} else if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: got %v, want %s", body, err, want)
		}
	}
	for life, want := range map[string]time.Duration{
		`300`: 270, `"300"`: 270, `0`: 54, `-5`: 54, `1e300`: 24 * 3600 * 9 / 10, `"soon"`: 54, `null`: 54, `[]`: 54, `1e999`: 54,
	} {
		got, err := parseToken([]byte(`{"access_token":"a","expires_in":`+life+`}`), now)
		if err != nil || got.expires.Sub(now) != want*time.Second {
			t.Errorf("%s: %v, %v", life, got.expires.Sub(now), err)
		}
	}
}

// TestToken_wallClock checks that a token expires by the wall clock: the monotonic clock stands
// still while the machine sleeps.
func TestToken_wallClock(t *testing.T) {
	c := &challenge{scheme: "bearer", realm: "https://auth.example/token"}
	got, err := parseToken([]byte(`{"token":"a","expires_in":300}`), wallClock())
	registrytest.OK(t, err)
	got.challenge = c
	if strings.Contains(got.expires.String(), "m=") {
		t.Errorf("expires at %s", got.expires)
	}
	for left, want := range map[time.Duration]bool{time.Minute: true, -time.Second: false} {
		got.expires = wallClock().Add(left)
		if usable := got.isUsable(c, "repository:app:pull"); usable != want {
			t.Errorf("%v before it expires: usable %v", left, usable)
		}
	}
}
