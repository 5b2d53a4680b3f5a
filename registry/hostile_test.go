package registry

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/regclient/regclient/config"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
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

func TestAHostBehindARedirectCannotHaveTheLoginSentAnywhere(t *testing.T) {
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
			says(t, a.Entries[0].Err, cdn.host+", to which "+s.host+" redirects, refused the request (401")
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

// via is a network in which every host redirects the next request onwards.
type via struct {
	to   []string // addresses, in order
	seen []*http.Request
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

func TestWhatARedirectTakesAlong(t *testing.T) {
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
		{"https://reg.example/v2/x", []string{"http://reg.example/v2/x"}, false, "from https to http"},
		{"https://reg.example/v2/x", []string{"https://cdn.example/x", "http://cdn.example/x"}, false, "from https to http"},
		{"https://reg.example/v2/x", []string{"file:///etc/passwd"}, false, "no web address"},
		{"http://reg.example/v2/x", []string{"ftp://reg.example/"}, false, "no web address"},
		{"https://reg.example/v2/x", []string{"https://:443/x"}, false, "no web address"},
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
			ok(t, err)
			ok(t, resp.Body.Close())
			last := net.seen[len(net.seen)-1]
			if kept := last.Header.Get("Authorization") != ""; kept && !tt.keep || tt.keep && !kept {
				t.Errorf("the login goes along: %v", kept)
			}
			for _, r := range net.seen {
				if r.Header.Get("Referer") != "" {
					t.Errorf("%s is told where it comes from: %s", r.URL, r.Header.Get("Referer"))
				}
			}
		})
	}
}

func TestALinkToAnotherHostTakesNothingThere(t *testing.T) {
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
	says(t, c.Tags(deadline(t), s.ref("app", ""), func([]string) {}), "is cut after 10 names")
	if len(thief.requests()) > 0 {
		t.Errorf("asked %q, sent %q", thief.requests(), got())
	}
}

func TestATokenServiceWithoutTLSGetsNothingOfARegistryWithIt(t *testing.T) {
	for _, secret := range []string{`{"auth":"bWU6c2VjcmV0"}`, `{"identitytoken":"secret"}`, ``} {
		a := newAbroad(t)
		thief, got := spy(t)
		a.setFront(func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="%s/token",service="here"`, thief.URL))
			w.WriteHeader(http.StatusUnauthorized)
			return true
		})
		c := newClient(t, a.opts)
		if secret != "" {
			c.keys.add("config.json", []byte(`{"auths":{"`+a.host+`":`+secret+`}}`))
		}
		_, err := c.Load(deadline(t), a.ref("app", "a"), nil)
		says(t, err, "does not use https although the registry does")
		if len(thief.requests()) > 0 {
			t.Errorf("asked %q, sent %q", thief.requests(), got())
		}
	}
}

// A redirect of the token service must not take the login along either.
func TestATokenServiceThatRedirectsTakesNoLoginAlong(t *testing.T) {
	for name, secret := range map[string]string{"password": `{"auth":"bWU6c2VjcmV0"}`, "refresh token": `{"identitytoken":"secret"}`} {
		t.Run(name, func(t *testing.T) {
			a := newAbroad(t)
			thief, got := spy(t)
			a.secure(t, thief)
			a.tokens.setFront(func(w http.ResponseWriter, r *http.Request) bool {
				http.Redirect(w, r, thief.URL+"/token", http.StatusTemporaryRedirect)
				return true
			})
			c := newClient(t, a.opts)
			c.keys.add("config.json", []byte(`{"auths":{"`+a.host+`":`+secret+`}}`))
			_, err := c.Load(deadline(t), a.ref("app", "a"), nil)
			says(t, err, "gives no token")
			if len(got()) > 0 {
				t.Errorf("sent %q", got())
			}
		})
	}
}

func TestATokenIsForOneRepository(t *testing.T) {
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

// secrets are what no log, error or message may hold.
var secrets = []string{"hunter22", base64.StdEncoding.EncodeToString([]byte("me:hunter22")), "t-repository:app:pull", "signature", "refresh-me"}

func hasSecret(text string) string {
	for _, s := range secrets {
		if strings.Contains(text, s) || strings.Contains(text, url.QueryEscape(s)) {
			return s
		}
	}
	return ""
}

func TestNoSecretIsLoggedOrTold(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	nobody := closed.Addr().String()
	ok(t, closed.Close())
	echo := func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		_, pass, _ := r.BasicAuth()
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, "you sent %s, %s and %v, and %q", r.Header.Get("Authorization"), pass, r.Form, r.Form.Get("refresh_token"))
	}
	for name, blob := range map[string]http.HandlerFunc{
		"all is well": nil,
		"redirect to nobody": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://"+nobody+"/x?sig=signature", http.StatusTemporaryRedirect)
		},
		"redirect to what is no host": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "http://[x]:y/?signature")
			w.WriteHeader(http.StatusTemporaryRedirect)
		},
		"redirect to another scheme": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "gopher://x/?sig=signature", http.StatusTemporaryRedirect)
		},
		"redirect without end": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path+"?sig=signature", http.StatusTemporaryRedirect)
		},
		"the registry repeats the request": echo,
	} {
		for login, entry := range map[string]string{"password": `{"username":"me","password":"hunter22"}`, "refresh token": `{"identitytoken":"refresh-me"}`} {
			t.Run(name+", "+login, func(t *testing.T) {
				s := newServer(t)
				s.pushImage(t, s.ref("app", "a"), image(t, 1))
				askToken(s, "me", map[string]string{"password": "hunter22", "refresh token": "refresh-me"}[login])
				protocol := s.front()
				s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
					if protocol(w, r) {
						return true
					}
					if strings.Contains(r.URL.Path, "/blobs/") && blob != nil {
						blob(w, r)
						return true
					}
					return false
				})
				var logged bytes.Buffer
				c := newClient(t, Options{Log: slog.New(slog.NewTextHandler(&logged, nil))})
				c.keys.add("config.json", []byte(`{"auths":{"`+s.host+`":`+entry+`}}`))
				a, err := c.Load(deadline(t), s.ref("app", "a"), nil)
				ok(t, err)
				if err := a.Entries[0].Err; err != nil {
					for e := err; e != nil; e = errors.Unwrap(e) {
						if found := hasSecret(fmt.Sprintf("%s %+v", e, e)); found != "" {
							t.Errorf("%q is in the error %+v", found, e)
						}
					}
				} else if blob != nil {
					t.Error("no error")
				}
				if found := hasSecret(logged.String()); found != "" || logged.Len() == 0 {
					t.Errorf("%q is logged:\n%s", found, &logged)
				}
			})
		}
	}
	// The token service too may repeat what it is asked.
	for login, entry := range map[string]string{"password": `{"username":"me","password":"hunter22"}`, "refresh token": `{"identitytoken":"refresh-me"}`} {
		t.Run("the token service repeats the request, "+login, func(t *testing.T) {
			s := newServer(t)
			askToken(s, "me", "")
			protocol := s.front()
			s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path == "/token" {
					w.WriteHeader(http.StatusBadGateway)
					_ = r.ParseForm()
					fmt.Fprintf(w, "%s %s", r.Header.Get("Authorization"), r.Form.Get("refresh_token"))
					return true
				}
				return protocol(w, r)
			})
			c := newClient(t, Options{})
			c.keys.add("config.json", []byte(`{"auths":{"`+s.host+`":`+entry+`}}`))
			_, err := c.Load(deadline(t), s.ref("app", "a"), nil)
			says(t, err, "gives no token: 502")
			if found := hasSecret(err.Error()); found != "" {
				t.Errorf("%q is in %v", found, err)
			}
		})
	}
}

func TestErrorsOfTheNetworkQuoteNoAddress(t *testing.T) {
	for _, err := range []error{
		&url.Error{Op: "Get", URL: "https://cdn.example/x?sig=signature", Err: errors.New("refused")},
		fmt.Errorf("failed to parse Location header %q: %w", "http://[x?sig=signature", errors.New("bad")),
		&url.Error{Op: "Get", URL: "https://a/", Err: fmt.Errorf("failed to parse Location header %q: %w", "http://[x?sig=signature", errors.New("bad"))},
		fmt.Errorf("invalid proxy address %q: %w", "http://me:hunter22@ proxy", errors.New("bad")),
	} {
		if got := discreet(err).Error(); strings.Contains(got, "signature") || strings.Contains(got, "hunter22") || got == "" {
			t.Errorf("%v becomes %q", err, got)
		}
	}
}

func TestWhatIsSaidIsALine(t *testing.T) {
	s := newServer(t)
	for _, body := range []string{
		`{"errors":[{"code":"A\nB","message":"c\r\nd\u2028e\u0085f\u000bg"}]}`, "a\rb\vc\nd", strings.Repeat("x\r", 200),
	} {
		s.setFront(func(w http.ResponseWriter, r *http.Request) bool { status(400, body)(w, r); return true })
		_, err := newClient(t, Options{}).Load(deadline(t), s.ref("app", "a"), nil)
		says(t, err, "refused the request (400")
		if strings.ContainsFunc(err.Error(), safe.IsLineBreak) {
			t.Errorf("%q", err)
		}
	}
}

// What a person has set for one host says nothing of the others: not of its
// token service, not of the hosts of its blobs.
func TestTLSSettingsStayWithTheirHost(t *testing.T) {
	authority := registrytest.NewCertAuthority(t)
	back := newServer(t)
	back.pushImage(t, back.ref("app", "a"), image(t, 1))
	tokens, tokensShown := authority.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { giveTokens("")(w, r) }), tls.RequestClientCert)
	blobs, blobsShown := authority.Serve(t, back.real, tls.RequestClientCert)
	reg := abroad{server: back, tokens: &server{Server: tokens}, blobs: &server{Server: blobs}}
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
	says(t, err, host(tokens)+", which checks logins for "+ref.Registry+", has a certificate of an authority", "/etc/docker/certs.d/"+host(tokens)+"/ca.crt")

	insecure := newClient(t, Options{CertDirs: []string{dir}})
	insecure.keys.addRegctl("regctl.json", fmt.Appendf(nil, `{"hosts":{%q:{"tls":"insecure"}}}`, ref.Registry))
	_, err = insecure.Load(deadline(t), ref, nil)
	says(t, err, host(tokens)+", which checks logins", "has a certificate of an authority")

	trust(host(tokens), map[string][]byte{"ca.crt": authority.PEM()})
	a, err := newClient(t, Options{CertDirs: []string{dir}}).Load(deadline(t), ref, nil)
	ok(t, err)
	says(t, a.Entries[0].Err, host(blobs)+" has a certificate of an authority", "/etc/docker/certs.d/"+host(blobs)+"/ca.crt")

	trust(host(blobs), map[string][]byte{"ca.crt": authority.PEM()})
	a, err = newClient(t, Options{CertDirs: []string{dir}}).Load(deadline(t), ref, nil)
	ok(t, err)
	whole(t, a, 1, 1)
	if frontShown() == 0 || tokensShown() > 0 || blobsShown() > 0 {
		t.Errorf("client certificates shown: %d to the registry, %d to the token service, %d to the blobs", frontShown(), tokensShown(), blobsShown())
	}
}

// A proxy that speaks TLS is a host of its own, too.
func TestTLSSettingsAreNotThoseOfAProxy(t *testing.T) {
	authority := registrytest.NewCertAuthority(t)
	cert, key := authority.Pair(t)
	proxy, shown := authority.Serve(t, http.NotFoundHandler(), tls.RequestClientCert)
	settings := config.Host{Name: "reg.example", TLS: config.TLSInsecure, RegCert: string(authority.PEM()), ClientCert: string(cert), ClientKey: string(key)}
	way, err := newRoad("reg.example", settings, &guard{}, transportOptions{Timeouts: usualTimeouts(), Concurrency: 1})
	ok(t, err)
	at, err := url.Parse(proxy.URL)
	ok(t, err)
	way.Proxy = http.ProxyURL(at)
	req, err := http.NewRequestWithContext(deadline(t), http.MethodGet, "https://reg.example/v2/", nil)
	ok(t, err)
	resp, err := way.RoundTrip(req)
	if err == nil {
		ok(t, resp.Body.Close())
	}
	var unknown x509.UnknownAuthorityError
	if !errors.As(err, &unknown) || shown() > 0 {
		t.Errorf("got %v, %d client certificates shown", err, shown())
	}
}

func TestAHostOfAnotherNamesNoFolder(t *testing.T) {
	k := newStatic()
	for host, named := range map[string]bool{
		"cdn.example": true, "cdn.example:8443": true, "127.0.0.1:5000": true, "[::1]:5000": true,
		"": false, ".": false, "..": false, "../x": false, "a/b": false, `a\b`: false, "x%2fy": false,
	} {
		if got := settingsOf(k, host).Name != ""; got != named {
			t.Errorf("%q: %v", host, got)
		}
	}
}

func TestRoadsAreFew(t *testing.T) {
	r := roads{build: func(string) (*road, error) { return &road{Transport: &http.Transport{}}, nil }}
	for i := range 3 * maxRoads {
		_, err := r.to(fmt.Sprint(i, ".example"))
		ok(t, err)
		if len(r.byHost) > maxRoads {
			t.Fatalf("%d roads", len(r.byHost))
		}
	}
}

func TestAddressesToDial(t *testing.T) {
	for host, want := range map[string]string{
		"reg.example": "reg.example:443", "reg.example:5000": "reg.example:5000", "[::1]": "[::1]:443", "[::1]:5000": "[::1]:5000", "127.0.0.1:1": "127.0.0.1:1",
	} {
		if got := addressOf(host); got != want {
			t.Errorf("%s: got %s", host, got)
		}
	}
}

func TestTokensAreBounded(t *testing.T) {
	now := time.Now()
	for body, want := range map[string]string{
		`{"token":"` + strings.Repeat("x", maxTokenSize) + `"}`:   "",
		`{"token":"` + strings.Repeat("x", maxTokenSize+1) + `"}`: "its token is 65537 bytes long, and tagdiff takes 65536",
		`{"token":"a\r\nX-Evil: 1"}`:                              "no token",
		`{"token":"a\u0000b"}`:                                    "no token",
		`{"token":"ü"}`:                                           "no token",
		`{"token":null}`:                                          "no token",
		`null`:                                                    "no token",
		`[]`:                                                      "not JSON",
		`{"token":"a"} trailing`:                                  "not JSON",
		`{"token":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`: "not JSON",
	} {
		_, err := parseToken([]byte(body), now)
		if want == "" {
			ok(t, err)
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

// helped asks the helper of a made up home for a login.
func helped(t *testing.T, script string) (login, error) {
	t.Helper()
	home(t, map[string]string{"bin/docker-credential-x": "#!/bin/sh\n" + script})
	return new(helpers).get(deadline(t), "docker-credential-x", "reg.example")
}

func TestAHelperThatTalksWithoutEndIsEnded(t *testing.T) {
	_, err := helped(t, "while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done\n")
	says(t, err, "docker-credential-x failed: it says more than 1048576 bytes")
}

func TestAHelperThatFailsDoesNotShowALogin(t *testing.T) {
	_, err := helped(t, `echo '{"Username":"me","Secret":"hunter22"}'; echo hunter22 >&2; exit 3`)
	says(t, err, "docker-credential-x failed: exit status 3")
	if strings.Contains(fmt.Sprintf("%+v", err), "hunter22") {
		t.Error(err)
	}
	_, err = helped(t, `printf 'first\r\nsecond\n'; exit 1`)
	says(t, err, "failed: first second")
}

func TestAHelperWhoseNameIsAPathIsNotRun(t *testing.T) {
	dir := home(t, map[string]string{"docker-credential-x/helper": "#!/bin/sh\ntouch ran\n", "evil": "#!/bin/sh\ntouch ran\n"})
	t.Chdir(dir)
	for _, name := range []string{"x/helper", "x/../evil", "/../evil", `x\helper`} {
		k := newStatic()
		k.add("config.json", fmt.Appendf(nil, `{"credHelpers":{"reg.example":%q},"credsStore":%q}`, name, name))
		_, err := k.lookup(deadline(t), "reg.example", "app")
		says(t, err, "failed: its name is a path")
		_, err = k.lookup(deadline(t), "other.example", "app")
		says(t, err, "failed: its name is a path")
	}
	if _, err := os.Stat("ran"); err == nil {
		t.Error("it was run")
	}
}

// Who leaves a token service or a helper alone leaves nothing running.
func TestATokenRequestEndsWithTheLastWhoWaits(t *testing.T) {
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
