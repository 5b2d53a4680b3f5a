package registry

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry/internal/registrytest"
)

// This file has scripted registries with real names, and checks for each of them all
// requests, with the login or token that each had, and the line that a person reads.

const (
	askBasic  = `Basic realm="here"`
	askBearer = `Bearer realm="https://auth.example/token",service="here"`
	expired   = `{"errors":[{"code":"DENIED","message":"Your authorization token has expired."}]}`
)

// accept serves what needs no other key than these; refuse answers all other requests. A key
// is user:password, a token, or "".
func accept(s *server, refuse http.HandlerFunc, keys ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if slices.Contains(keys, keyOf(r)) {
			s.real.ServeHTTP(w, r)
			return
		}
		refuse(w, r)
	}
}

// keyOf is the user:password or the token of a request.
func keyOf(r *http.Request) string {
	if user, pass, ok := r.BasicAuth(); ok {
		return user + ":" + pass
	}
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
}

// byKey answers each key in its own way; other is the answer to all others.
func byKey(other http.HandlerFunc, answers map[string]http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h, ok := answers[keyOf(r)]
		if !ok {
			h = other
		}
		h(w, r)
	}
}

// tokensFor is a token service that issues a token for each key, and refuses all others.
func tokensFor(tokens map[string]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token, ok := tokens[keyOf(r)]
		if !ok {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"token": token, "expires_in": 300})
	}
}

// at routes paths that begin in this way to their own handlers.
func at(routes map[string]http.HandlerFunc, others http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for prefix, h := range routes {
			if strings.HasPrefix(r.URL.Path, prefix) {
				h(w, r)
				return
			}
		}
		others(w, r)
	}
}

func ask(challenges ...string) http.HandlerFunc {
	var header []string
	for _, c := range challenges {
		header = append(header, "WWW-Authenticate", c)
	}
	return status(http.StatusUnauthorized, "", header...)
}

// lab is a network of scripted servers with a client, whose logins are in a file.
type lab struct {
	*registrytest.Network
	home   string
	opts   Options
	client *Client
	warned []string
}

func newLab(t *testing.T, opts Options, logins string) *lab {
	t.Helper()
	l := &lab{Network: registrytest.NewNetwork(t), home: home(t, map[string]string{".docker/config.json": logins})}
	opts.CertDirs, opts.Warn = []string{l.CertDir}, func(s string) { l.warned = append(l.warned, strings.ReplaceAll(s, l.home, "~")) }
	l.opts = opts
	l.restart()
	return l
}

// restart makes a client that has only the files of the one before.
func (l *lab) restart() {
	l.client = New(l.opts)
	l.client.transport.Dial = l.Dial
}

func (l *lab) logIn(t *testing.T, logins ...string) {
	t.Helper()
	ok(t, os.WriteFile(filepath.Join(l.home, ".docker/config.json"), []byte(registrytest.DockerConfig(logins...)), 0o600))
}

// text is the text of an error, with ~ for the home folder.
func (l *lab) text(err error) string {
	if err == nil {
		return ""
	}
	return strings.ReplaceAll(err.Error(), l.home, "~")
}

// tags lists the tags of reg.example/app.
func (l *lab) tags(t *testing.T, repo string) error {
	t.Helper()
	host, name, _ := strings.Cut(repo, "/")
	return l.client.Tags(deadline(t), model.Ref{Registry: host, Repository: name}, func([]string) {})
}

// sent checks the requests since the last call.
func (l *lab) sent(t *testing.T, want ...string) {
	t.Helper()
	if d := cmp.Diff(want, l.Lines()); d != "" {
		t.Errorf("requests: %s", d)
	}
}

// content is a registry without logins that has app:a, other:a and a/app:a.
func content(t *testing.T) *server {
	t.Helper()
	s := newServer(t)
	for _, repo := range []string{"app", "other"} {
		s.pushImage(t, s.ref(repo, "a"), image(t, 1))
	}
	return s
}

// TestNegotiation_keys checks which keys each kind of registry gets, and in which order.
func TestNegotiation_keys(t *testing.T) {
	s := content(t)
	serve := s.real.ServeHTTP
	const list = "https://reg.example/v2/app/tags/list"
	for name, tt := range map[string]struct {
		reg, auth http.HandlerFunc
		config    string // "" for the login me:pw
		want      []string
		err, warn string // after the registry; ~ is the home folder
	}{
		"no login needed": {reg: serve, want: []string{"GET " + list + " 200"}},
		"Basic": {
			reg:  accept(s, ask(askBasic), "me:pw"),
			want: []string{"GET " + list + " 401", "GET " + list + " me:pw 200"},
		},
		"a token": {
			reg: accept(s, ask(askBearer), "good"), auth: tokensFor(map[string]string{"me:pw": "good"}),
			want: []string{"GET " + list + " 401", "GET https://auth.example/token me:pw 200", "GET " + list + " Bearer good 200"},
		},
		"an expired login, 403": { // ECR
			reg:  byKey(ask(askBasic), map[string]http.HandlerFunc{"me:pw": status(403, expired)}),
			want: []string{"GET " + list + " 401", "GET " + list + " me:pw 403"},
			err:  `denies access to app with the login of user "me" in ~/.docker/config.json ("Your authorization token has expired"); run docker login reg.example with a new password or token`,
		},
		"a public image, an expired login, a token for all": { // public.ecr.aws
			reg:  byKey(ask(askBearer), map[string]http.HandlerFunc{"stale": status(403, expired), "anonymous": serve}),
			auth: tokensFor(map[string]string{"me:pw": "stale", "": "anonymous"}),
			want: []string{
				"GET " + list + " 401", "GET https://auth.example/token me:pw 200", "GET " + list + " Bearer stale 403",
				"GET https://auth.example/token 200", "GET " + list + " Bearer anonymous 200",
			},
			warn: `did not accept the login of user "me" in ~/.docker/config.json, so app was read without a login; run docker login reg.example again`,
		},
		"a public image, a wrong password": { // Docker Hub
			reg: accept(s, ask(askBearer), "anonymous"), auth: tokensFor(map[string]string{"": "anonymous"}),
			want: []string{
				"GET " + list + " 401", "GET https://auth.example/token me:pw 401",
				"GET https://auth.example/token 200", "GET " + list + " Bearer anonymous 200",
			},
			warn: `did not accept the login of user "me" in ~/.docker/config.json, so app was read without a login; run docker login reg.example again`,
		},
		"a private image, a wrong password": {
			reg: accept(s, ask(askBearer), "good"), auth: tokensFor(map[string]string{"": "anonymous"}),
			want: []string{
				"GET " + list + " 401", "GET https://auth.example/token me:pw 401",
				"GET https://auth.example/token 200", "GET " + list + " Bearer anonymous 401",
			},
			err: `auth.example rejected the login of user "me" in ~/.docker/config.json; run docker login reg.example again`,
		},
		"Basic after a token": { // Harbor
			reg:  byKey(ask(askBearer), map[string]http.HandlerFunc{"weak": ask(askBasic), "me:pw": serve}),
			auth: tokensFor(map[string]string{"me:pw": "weak"}),
			want: []string{
				"GET " + list + " 401", "GET https://auth.example/token me:pw 200", "GET " + list + " Bearer weak 401", "GET " + list + " me:pw 200",
			},
		},
		"two tokens, the second is right": {
			reg: accept(s, ask(askBearer), "second"), auth: status(200, `{"token":"first","access_token":"second"}`),
			want: []string{
				"GET " + list + " 401", "GET https://auth.example/token me:pw 200", "GET " + list + " Bearer first 401", "GET " + list + " Bearer second 200",
			},
		},
		"two tokens, the first is right": {
			reg: accept(s, ask(askBearer), "first"), auth: status(200, `{"token":"first","access_token":"second"}`),
			want: []string{"GET " + list + " 401", "GET https://auth.example/token me:pw 200", "GET " + list + " Bearer first 200"},
		},
		"a relative realm": {
			reg:  at(map[string]http.HandlerFunc{"/token": tokensFor(map[string]string{"me:pw": "good"})}, accept(s, ask(`Bearer realm="/token"`), "good")),
			want: []string{"GET " + list + " 401", "GET https://reg.example/token me:pw 200", "GET " + list + " Bearer good 200"},
		},
		"its own realm over http": { // a proxy ends TLS
			reg: at(map[string]http.HandlerFunc{"/token": tokensFor(map[string]string{"me:pw": "good"})},
				accept(s, ask(`Bearer realm="http://reg.example/token"`), "good")),
			want: []string{"GET " + list + " 401", "GET https://reg.example/token me:pw 200", "GET " + list + " Bearer good 200"},
		},
		"its own realm over http, with the port": {
			reg: at(map[string]http.HandlerFunc{"/token": tokensFor(map[string]string{"me:pw": "good"})},
				accept(s, ask(`Bearer realm="http://reg.example:80/token"`), "good")),
			want: []string{"GET " + list + " 401", "GET https://reg.example/token me:pw 200", "GET " + list + " Bearer good 200"},
		},
		"another realm over http": {
			reg:  ask(`Bearer realm="http://auth.example/token"`),
			want: []string{"GET " + list + " 401"},
			err:  "http://auth.example/token, the token service of reg.example, did not issue a token: it does not use https although the registry does; ask the administrator of reg.example",
		},
		"another port over http": {
			reg:  ask(`Bearer realm="http://reg.example:8080/token"`),
			want: []string{"GET " + list + " 401"},
			err:  "http://reg.example:8080/token, the token service of reg.example, did not issue a token: it does not use https although the registry does; ask the administrator of reg.example",
		},
		"an identity token, below /v2/": {
			reg:    at(map[string]http.HandlerFunc{"/v2/token": postOnly("idt", "good")}, accept(s, ask(`Bearer realm="https://reg.example/v2/token"`), "good")),
			config: identityToken("me:"),
			want:   []string{"GET " + list + " 401", "POST https://reg.example/v2/token refresh_token=idt 200", "GET " + list + " Bearer good 200"},
		},
		"an identity token, a service without POST": {
			reg: accept(s, ask(askBearer), "good"), auth: getOnly(404, map[string]string{"me:pw": "good"}), config: identityToken("me:pw"),
			want: []string{
				"GET " + list + " 401", "POST https://auth.example/token refresh_token=idt 404",
				"GET https://auth.example/token me:pw 200", "GET " + list + " Bearer good 200",
			},
		},
		"an identity token without a password, a service without POST": {
			reg: accept(s, ask(askBearer), "good"), auth: getOnly(405, map[string]string{"me:idt": "good"}), config: identityToken("me:"),
			want: []string{
				"GET " + list + " 401", "POST https://auth.example/token refresh_token=idt 405",
				"GET https://auth.example/token me:idt 200", "GET " + list + " Bearer good 200",
			},
		},
		"an identity token, a service that answers POST with 401": { // Artifactory
			reg: accept(s, ask(askBearer), "good"), auth: getOnly(401, map[string]string{"me:pw": "good"}), config: identityToken("me:pw"),
			want: []string{
				"GET " + list + " 401", "POST https://auth.example/token refresh_token=idt 401",
				"GET https://auth.example/token me:pw 200", "GET " + list + " Bearer good 200",
			},
		},
		"an identity token to a path of a repository": {
			reg: ask(`Bearer realm="https://reg.example/v2/app/blobs/uploads/"`), config: identityToken("me:"),
			want: []string{"GET " + list + " 401"},
			err:  "did not issue a token: request that could write refused; ask the administrator of reg.example",
		},
		"a challenge only on /v2/, 401": {
			reg: onlyGreeting(askBearer, accept(s, status(401, ""), "good")), auth: tokensFor(map[string]string{"me:pw": "good"}),
			want: []string{
				"GET " + list + " 401", "GET https://reg.example/v2/ 401", "GET https://auth.example/token me:pw 200", "GET " + list + " Bearer good 200",
			},
		},
		"a challenge only on /v2/, 403": {
			reg:  onlyGreeting(askBasic, accept(s, status(403, ""), "me:pw")),
			want: []string{"GET " + list + " 403", "GET https://reg.example/v2/ 401", "GET " + list + " me:pw 200"},
		},
		"a challenge only on /v2/, 404": {
			reg:  onlyGreeting(askBasic, accept(s, status(404, ""), "me:pw")),
			want: []string{"GET " + list + " 404", "GET https://reg.example/v2/ 401", "GET " + list + " me:pw 200"},
		},
		"a challenge only on /v2/, without a login": {
			reg: onlyGreeting(askBearer, accept(s, status(401, ""), "good")), auth: tokensFor(map[string]string{"": "good"}), config: "{}",
			want: []string{
				"GET " + list + " 401", "GET https://reg.example/v2/ 401", "GET https://auth.example/token 200", "GET " + list + " Bearer good 200",
			},
		},
		"404 without a login": {
			reg: status(404, ""), config: "{}",
			want: []string{"GET " + list + " 404", "GET " + list + " 404"}, // the second time without a size of the page
			err:  "has no repository app; check the name",
		},
		"404 for all": {
			reg:  status(404, ""),
			want: []string{"GET " + list + " 404", "GET https://reg.example/v2/ 404", "GET " + list + " 404"},
			err:  "has no repository app; check the name",
		},
		"no challenge at all": {
			reg:  accept(s, status(401, ""), "me:pw"),
			want: []string{"GET " + list + " 401", "GET https://reg.example/v2/ 401", "GET " + list + " me:pw 200"},
		},
		"a registry that refuses everything": {
			reg: ask(askBearer), auth: tokensFor(map[string]string{"me:pw": "good", "": "anonymous"}),
			want: []string{
				"GET " + list + " 401", "GET https://auth.example/token me:pw 200", "GET " + list + " Bearer good 401",
				"GET https://auth.example/token 200", "GET " + list + " Bearer anonymous 401",
			},
			err: `denies access to app with the login of user "me" in ~/.docker/config.json; check the name, or run docker login reg.example with an account that has access`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.config == "" {
				tt.config = registrytest.DockerConfig("reg.example=me:pw")
			}
			l := newLab(t, Options{}, tt.config)
			l.Handle(t, "reg.example", tt.reg)
			if tt.auth != nil {
				l.Handle(t, "auth.example", tt.auth)
			}
			err := l.tags(t, "reg.example/app")
			if got := strings.TrimPrefix(l.text(err), "reg.example "); got != tt.err {
				t.Errorf("got  %s\nwant %s", got, tt.err)
			}
			if got := strings.TrimPrefix(strings.Join(l.warned, "\n"), "reg.example "); got != tt.warn {
				t.Errorf("warned %s\nwant   %s", got, tt.warn)
			}
			l.sent(t, tt.want...)
		})
	}
}

// identityToken is a config.json with an identity token and this user:password.
func identityToken(pair string) string {
	return strings.Replace(registrytest.DockerConfig("reg.example="+pair), `{"auth"`, `{"identitytoken":"idt","auth"`, 1)
}

// postOnly is a token service that issues a token for an identity token.
func postOnly(identity, token string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.FormValue("refresh_token") != identity {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprintf(w, `{"access_token":%q}`, token)
	}
}

// getOnly is a token service that answers POST with a status.
func getOnly(post int, tokens map[string]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			w.WriteHeader(post)
			return
		}
		tokensFor(tokens)(w, r)
	}
}

// TestHead_greeting checks that /v2/ is requested for GET and not for HEAD.
func TestHead_greeting(t *testing.T) {
	s := content(t)
	const manifest = "https://reg.example/v2/app/manifests/a"
	for _, code := range []int{401, 403, 404} {
		l := newLab(t, Options{}, registrytest.DockerConfig("reg.example=me:pw"))
		l.Handle(t, "reg.example", onlyGreeting(askBasic, accept(s, status(code, ""), "me:pw")))
		r := model.Ref{Registry: "reg.example", Repository: "app", Tag: "a"}
		_, err := l.client.Head(deadline(t), r)
		ok(t, err)
		l.sent(t, fmt.Sprintf("HEAD %s %d", manifest, code), fmt.Sprintf("GET %s %d", manifest, code),
			"GET https://reg.example/v2/ 401", "GET "+manifest+" me:pw 200")
		_, err = l.client.Head(deadline(t), r)
		ok(t, err)
		l.sent(t, "HEAD "+manifest+" me:pw 200")
	}
}

// onlyGreeting is a registry that sends its challenge only for /v2/.
func onlyGreeting(challenge string, others http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v2/" {
			ask(challenge)(w, r)
			return
		}
		others(w, r)
	}
}

// TestNegotiation_renewedLogin checks that a login that is renewed in the files while the
// program runs is used, by the request that the old one fails if the new one is there by then,
// else by the next request.
func TestNegotiation_renewedLogin(t *testing.T) {
	s := content(t)
	const app, token = "https://reg.example/v2/app/tags/list", "https://auth.example/token"
	for name, tt := range map[string]struct {
		reg, auth http.HandlerFunc // while "old" is good
		regLater  http.HandlerFunc // when it has expired
		authLater http.HandlerFunc
		same      []string // if the login is renewed before the request
		refused   []string // if not
		after     []string // and by the request after that
	}{
		"Basic, 401": {
			reg: accept(s, ask(askBasic), "me:old"), regLater: accept(s, ask(askBasic), "me:new"),
			same:    []string{app + " me:old 401", app + " me:new 200"},
			refused: []string{app + " me:old 401"},
			after:   []string{app + " me:new 200"},
		},
		"Basic, 403": { // ECR after twelve hours
			reg: accept(s, ask(askBasic), "me:old"), regLater: accept(s, status(403, expired), "me:new"),
			same:    []string{app + " me:old 403", app + " me:new 200"},
			refused: []string{app + " me:old 403"},
			after:   []string{app + " me:new 200"},
		},
		"a token, 401": {
			reg: accept(s, ask(askBearer), "t-old"), regLater: accept(s, ask(askBearer), "t-new"),
			auth: tokensFor(map[string]string{"me:old": "t-old"}), authLater: tokensFor(map[string]string{"me:new": "t-new"}),
			same:    []string{app + " Bearer t-old 401", token + " me:old 401", token + " me:new 200", app + " Bearer t-new 200"},
			refused: []string{app + " Bearer t-old 401", token + " me:old 401", token + " 401"},
			after:   []string{token + " me:new 200", app + " Bearer t-new 200"},
		},
		"a token, 403": {
			reg: accept(s, ask(askBearer), "t-old"), regLater: accept(s, status(403, expired), "t-new"),
			auth: tokensFor(map[string]string{"me:old": "t-old"}), authLater: tokensFor(map[string]string{"me:old": "t-stale", "me:new": "t-new"}),
			same: []string{
				app + " Bearer t-old 403", token + " me:old 200", app + " Bearer t-stale 403", token + " me:new 200", app + " Bearer t-new 200",
			},
			refused: []string{app + " Bearer t-old 403", token + " me:old 200", app + " Bearer t-stale 403", token + " 401"},
			after:   []string{token + " me:new 200", app + " Bearer t-new 200"},
		},
		"a token, 400": { // public.ecr.aws
			reg: accept(s, ask(askBearer), "t-old"), regLater: accept(s, status(400, expired), "t-new"),
			auth: tokensFor(map[string]string{"me:old": "t-old"}), authLater: tokensFor(map[string]string{"me:old": "t-stale", "me:new": "t-new"}),
			same: []string{
				app + " Bearer t-old 400", token + " me:old 200", app + " Bearer t-stale 400", token + " me:new 200", app + " Bearer t-new 200",
			},
			refused: []string{
				app + " Bearer t-old 400", token + " me:old 200", app + " Bearer t-stale 400", token + " 401",
				token + " me:old 200", app + " Bearer t-stale 400", token + " 401", // without the size of a page
			},
			after: []string{token + " me:new 200", app + " Bearer t-new 200"},
		},
	} {
		for _, renewed := range []string{"before", "after"} {
			t.Run(name+", "+renewed, func(t *testing.T) {
				l := newLab(t, Options{}, registrytest.DockerConfig("reg.example=me:old"))
				l.Handle(t, "reg.example", tt.reg)
				l.Handle(t, "auth.example", tt.auth)
				ok(t, l.tags(t, "reg.example/app"))
				l.Requests()
				l.Handle(t, "reg.example", tt.regLater)
				l.Handle(t, "auth.example", tt.authLater)
				if renewed == "before" {
					l.logIn(t, "reg.example=me:new")
					ok(t, l.tags(t, "reg.example/app"))
					l.sent(t, gets(tt.same)...)
					if len(l.warned) > 0 {
						t.Errorf("warns %q", l.warned)
					}
					return
				}
				_ = l.tags(t, "reg.example/app")
				l.sent(t, gets(tt.refused)...)
				l.logIn(t, "reg.example=me:new")
				ok(t, l.tags(t, "reg.example/app"))
				l.sent(t, gets(tt.after)...)
			})
		}
	}
}

func gets(lines []string) []string {
	var all []string
	for _, line := range lines {
		all = append(all, "GET "+line)
	}
	return all
}

// TestNegotiation_everNewLogins checks that a helper that prints another login each time does
// not make a request endless.
func TestNegotiation_everNewLogins(t *testing.T) {
	const helper = `#!/bin/sh
n=$(wc -l <"$HOME/runs"); echo >>"$HOME/runs"
echo '{"Username":"me","Secret":"pw'$n'"}'
`
	for name, reg := range map[string]http.HandlerFunc{"Basic": ask(askBasic), "a token": ask(askBearer)} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, Options{}, `{"credsStore":"new"}`)
			ok(t, os.Mkdir(filepath.Join(l.home, "bin"), 0o700))
			ok(t, os.WriteFile(filepath.Join(l.home, "bin/docker-credential-new"), []byte(helper), 0o700))
			ok(t, os.WriteFile(filepath.Join(l.home, "runs"), nil, 0o600))
			l.Handle(t, "reg.example", reg)
			l.Handle(t, "auth.example", status(http.StatusForbidden, ""))
			step := "again"
			if name == "a token" {
				step = "with an account that has access"
			}
			says(t, l.tags(t, "reg.example/app"), "docker-credential-new", "run docker login reg.example "+step+" (or use the tool of docker-credential-new)")
			want := []string{"GET https://reg.example/v2/app/tags/list 401"}
			for i := range 3 {
				if name == "Basic" {
					want = append(want, fmt.Sprintf("GET https://reg.example/v2/app/tags/list me:pw%d 401", i))
				} else {
					want = append(want, fmt.Sprintf("GET https://auth.example/token me:pw%d 403", i))
				}
			}
			if name != "Basic" {
				want = append(want, "GET https://auth.example/token 403")
			}
			l.sent(t, want...)
		})
	}
}

// TestNegotiation_redirect checks that a host behind a redirect gets an anonymous token for its
// own challenge, and no login.
func TestNegotiation_redirect(t *testing.T) {
	s := content(t)
	const (
		list   = "https://reg.example/v2/app/tags/list"
		behind = "https://behind.example/v2/app/tags/list"
		refuse = `redirects to behind.example, which refused the request (401 Unauthorized); try again, or ask the administrator of reg.example`
	)
	redirect := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, to+r.URL.Path, http.StatusTemporaryRedirect)
		}
	}
	anonymous := tokensFor(map[string]string{"": "anonymous"})
	for name, tt := range map[string]struct {
		reg, behind http.HandlerFunc
		want        []string
		err         string
	}{
		"a token of its own": { // lscr.io
			reg:    redirect("https://behind.example"),
			behind: at(map[string]http.HandlerFunc{"/token": anonymous}, accept(s, ask(`Bearer realm="https://behind.example/token"`), "anonymous")),
			want: []string{
				"GET " + list + " 307", "GET " + behind + " 401", "GET https://behind.example/token 200",
				"GET " + list + " 307", "GET " + behind + " Bearer anonymous 200",
			},
		},
		"a token of another host": { // Docker Hub
			reg: redirect("https://behind.example"), behind: accept(s, ask(askBearer), "anonymous"),
			want: []string{
				"GET " + list + " 307", "GET " + behind + " 401", "GET https://auth.example/token 200",
				"GET " + list + " 307", "GET " + behind + " Bearer anonymous 200",
			},
		},
		"after a login": {
			reg: byKey(ask(askBasic), map[string]http.HandlerFunc{"me:pw": redirect("https://behind.example")}), behind: accept(s, ask(askBearer), "anonymous"),
			want: []string{
				"GET " + list + " 401", "GET " + list + " me:pw 307", "GET " + behind + " 401", "GET https://auth.example/token 200",
				"GET " + list + " me:pw 307", "GET " + behind + " Bearer anonymous 200",
			},
		},
		"a token that is refused": {
			reg: redirect("https://behind.example"), behind: ask(askBearer),
			want: []string{
				"GET " + list + " 307", "GET " + behind + " 401", "GET https://auth.example/token 200",
				"GET " + list + " 307", "GET " + behind + " Bearer anonymous 401",
			},
			err: refuse,
		},
		"no token": {
			reg: redirect("https://behind.example"), behind: ask(`Bearer realm="https://behind.example/token"`),
			want: []string{"GET " + list + " 307", "GET " + behind + " 401", "GET https://behind.example/token 401"},
			err:  refuse,
		},
		"Basic": {
			reg: redirect("https://behind.example"), behind: ask(askBasic),
			want: []string{"GET " + list + " 307", "GET " + behind + " 401"},
			err:  refuse,
		},
		"a realm over http": {
			reg: redirect("https://behind.example"), behind: ask(`Bearer realm="http://auth.example/token"`),
			want: []string{"GET " + list + " 307", "GET " + behind + " 401"},
			err:  refuse,
		},
		"the realm of the registry": {
			reg:    byKey(ask(askBearer), map[string]http.HandlerFunc{"good": redirect("https://behind.example")}),
			behind: ask(askBearer),
			want: []string{
				"GET " + list + " 401", "GET https://auth.example/token me:pw 200", "GET " + list + " Bearer good 307", "GET " + behind + " 401",
			},
			err: refuse,
		},
		"the registry as the realm": {
			reg: redirect("https://behind.example"), behind: ask(`Bearer realm="https://reg.example/token"`),
			want: []string{"GET " + list + " 307", "GET " + behind + " 401"},
			err:  refuse,
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, Options{}, registrytest.DockerConfig("reg.example=me:pw", "behind.example=me:other", "auth.example=me:third"))
			l.Handle(t, "reg.example", tt.reg)
			l.Handle(t, "behind.example", tt.behind)
			l.Handle(t, "auth.example", tokensFor(map[string]string{"": "anonymous", "me:pw": "good"}))
			err := l.tags(t, "reg.example/app")
			if got := strings.TrimPrefix(l.text(err), "reg.example "); got != tt.err {
				t.Errorf("got  %s\nwant %s", got, tt.err)
			}
			l.sent(t, tt.want...)
			if tt.err != "" {
				return
			}
			// The next request has all keys.
			ok(t, l.tags(t, "reg.example/app"))
			l.sent(t, tt.want[len(tt.want)-2:]...)
		})
	}
}

// TestNegotiation_redirectAndBack checks that a redirect through another host back to the
// registry has the token of its repository, and nothing else.
func TestNegotiation_redirectAndBack(t *testing.T) {
	s := content(t)
	const list, behind = "https://reg.example/v2/app/tags/list", "https://behind.example/x"
	for name, tt := range map[string]struct {
		challenge, back string
		want            []string
		err             string
	}{
		"a token": {
			askBearer, "/v2/app/tags/list?back", []string{list + " Bearer good 307", behind + " 307", list + " Bearer good 200"}, "",
		},
		"a token, another repository": {
			askBearer, "/v2/other/tags/list?back", []string{list + " Bearer good 307", behind + " 307", "https://reg.example/v2/other/tags/list 401"}, "denies access",
		},
		"a login": {
			askBasic, "/v2/app/tags/list?back", []string{list + " me:pw 307", behind + " 307", list + " 401"}, "rejected",
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, Options{}, registrytest.DockerConfig("reg.example=me:pw"))
			l.Handle(t, "reg.example", func(w http.ResponseWriter, r *http.Request) {
				switch {
				case keyOf(r) != "good" && keyOf(r) != "me:pw":
					ask(tt.challenge)(w, r)
				case r.URL.RawQuery != "back":
					http.Redirect(w, r, behind, http.StatusTemporaryRedirect)
				default:
					s.real.ServeHTTP(w, r)
				}
			})
			l.Handle(t, "behind.example", func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "https://reg.example"+tt.back, http.StatusTemporaryRedirect)
			})
			l.Handle(t, "auth.example", tokensFor(map[string]string{"me:pw": "good"}))
			if err := l.tags(t, "reg.example/app"); tt.err == "" {
				ok(t, err)
			} else {
				says(t, err, tt.err)
			}
			lines := l.Lines()
			if tt.challenge == askBearer {
				lines = lines[1:] // the token
			}
			if d := cmp.Diff(gets(tt.want), lines[1:1+len(tt.want)]); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestRepositories_greeting checks that a login that a registry does not ask for is used for its
// list of repositories, if /v2/ says how.
func TestRepositories_greeting(t *testing.T) {
	const catalog, greeting, token = "https://reg.example/v2/_catalog", "https://reg.example/v2/", "https://auth.example/token"
	all := status(200, `{"repositories":["private","public"]}`, "Content-Type", "application/json")
	some := status(200, `{"repositories":["public"]}`, "Content-Type", "application/json")
	logIn := registrytest.DockerConfig("reg.example=me:pw")
	for name, tt := range map[string]struct {
		config      string
		greeting    http.HandlerFunc
		withLogin   http.HandlerFunc
		want, names []string
		warn        string
	}{
		"no login": {"{}", ask(askBasic), all, []string{catalog + " 200"}, []string{"public"}, ""},
		"a login for another registry": {
			registrytest.DockerConfig("other.example=me:pw"), ask(askBasic), all, []string{catalog + " 200"}, []string{"public"}, "",
		},
		"Basic": { // Nexus
			logIn, ask(askBasic), all, []string{catalog + " 200", greeting + " 401", catalog + " me:pw 200"}, []string{"private", "public"}, "",
		},
		"a token": {
			logIn, ask(askBearer), all,
			[]string{catalog + " 200", greeting + " 401", token + " me:pw 200", catalog + " Bearer good 200"}, []string{"private", "public"}, "",
		},
		"200 with a challenge": { // zot
			logIn, status(200, "", "WWW-Authenticate", askBasic), all,
			[]string{catalog + " 200", greeting + " 200", catalog + " me:pw 200"}, []string{"private", "public"}, "",
		},
		"no challenge": {logIn, status(200, ""), all, []string{catalog + " 200", greeting + " 200"}, []string{"public"}, ""},
		"no /v2/":      {logIn, status(404, ""), all, []string{catalog + " 200", greeting + " 404"}, []string{"public"}, ""},
		"the login is refused": {
			logIn, ask(askBasic), status(403, ""), []string{catalog + " 200", greeting + " 401", catalog + " me:pw 403"}, []string{"public"},
			`reg.example did not accept the login of user "me" in ~/.docker/config.json, so its list of repositories was read without a login; run docker login reg.example again`,
		},
		"a redirect to another host": {
			logIn, func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "https://auth.example/v2/", http.StatusFound)
			}, all,
			[]string{catalog + " 200", greeting + " 302", "https://auth.example/v2/ 401"}, []string{"public"}, "",
		},
		"an entry without a login": {`{"auths":{"reg.example":{}}}`, ask(askBasic), all, []string{catalog + " 200", greeting + " 401"}, []string{"public"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, Options{}, tt.config)
			l.Handle(t, "reg.example", at(map[string]http.HandlerFunc{
				"/v2/_catalog": byKey(some, map[string]http.HandlerFunc{"me:pw": tt.withLogin, "good": tt.withLogin}),
			}, tt.greeting))
			l.Handle(t, "auth.example", at(map[string]http.HandlerFunc{"/v2/": ask(askBasic)}, tokensFor(map[string]string{"me:pw": "good"})))
			var names []string
			ok(t, l.client.Repositories(deadline(t), "reg.example", func(page []string) { names = append(names, page...) }))
			l.sent(t, gets(tt.want)...)
			if !slices.Equal(names, tt.names) || strings.ReplaceAll(strings.Join(l.warned, ""), l.home, "~") != tt.warn {
				t.Errorf("lists %q, warns %q", names, l.warned)
			}
			names = nil
			ok(t, l.client.Repositories(deadline(t), "reg.example", func(page []string) { names = append(names, page...) }))
			if n := len(l.Lines()); !slices.Equal(names, tt.names) || n > 2 {
				t.Errorf("then lists %q with %d requests", names, n)
			}
		})
	}
}

// TestNegotiation_severalRealms checks that repositories of one registry that ask for different
// tokens, or for a login and a token, do not disturb each other.
func TestNegotiation_severalRealms(t *testing.T) {
	s := content(t)
	realm := func(repo string) string {
		return fmt.Sprintf(`Bearer realm="https://auth.example/%s",service="here"`, repo)
	}
	for name, refuse := range map[string]int{"401": 401, "403": 403, "404": 404} {
		t.Run("realms, "+name, func(t *testing.T) {
			l := newLab(t, Options{}, registrytest.DockerConfig("reg.example=me:pw"))
			l.Handle(t, "reg.example", at(map[string]http.HandlerFunc{
				"/v2/app/": accept(s, ask(realm("app")), "t-app"), "/v2/other/": accept(s, ask(realm("other")), "t-other"),
			}, http.NotFound))
			// The service of a repository refuses the others.
			l.Handle(t, "auth.example", func(w http.ResponseWriter, r *http.Request) {
				repo := strings.TrimPrefix(r.URL.Path, "/")
				if r.FormValue("scope") != "repository:"+repo+":pull" {
					w.WriteHeader(refuse)
					return
				}
				tokensFor(map[string]string{"me:pw": "t-" + repo})(w, r)
			})
			for _, repo := range []string{"app", "other"} {
				ok(t, l.tags(t, "reg.example/"+repo))
			}
			l.sent(t, gets([]string{
				"https://reg.example/v2/app/tags/list 401", "https://auth.example/app me:pw 200", "https://reg.example/v2/app/tags/list Bearer t-app 200",
				"https://auth.example/app me:pw " + name, "https://reg.example/v2/other/tags/list 401",
				"https://auth.example/other me:pw 200", "https://reg.example/v2/other/tags/list Bearer t-other 200",
			})...)
			for _, repo := range []string{"app", "other", "app"} {
				ok(t, l.tags(t, "reg.example/"+repo))
				l.sent(t, "GET https://reg.example/v2/"+repo+"/tags/list Bearer t-"+repo+" 200")
			}
			if len(l.warned) > 0 {
				t.Errorf("warns %q", l.warned)
			}
			app := model.Ref{Registry: "reg.example", Repository: "app", Tag: "a"}
			loadBoth(t, l.client, app, model.Ref{Registry: "reg.example", Repository: "other", Tag: "a"})
			for _, r := range l.Requests() {
				if r.Status != http.StatusOK {
					t.Errorf("sent %s", r)
				}
			}
		})
	}
	t.Run("Basic and a token", func(t *testing.T) {
		l := newLab(t, Options{}, registrytest.DockerConfig("reg.example=me:pw"))
		l.Handle(t, "reg.example", at(map[string]http.HandlerFunc{
			"/v2/app/":   accept(s, ask(askBasic), "me:pw"),
			"/v2/other/": byKey(ask(askBearer), map[string]http.HandlerFunc{"me:pw": status(403, ""), "good": s.real.ServeHTTP}),
		}, http.NotFound))
		l.Handle(t, "auth.example", tokensFor(map[string]string{"me:pw": "good"}))
		for range 2 {
			app := model.Ref{Registry: "reg.example", Repository: "app", Tag: "a"}
			loadBoth(t, l.client, app, model.Ref{Registry: "reg.example", Repository: "other", Tag: "a"})
		}
		for _, want := range []string{"app/tags/list me:pw", "other/tags/list Bearer good"} {
			repo, _, _ := strings.Cut(want, "/")
			l.Requests()
			ok(t, l.tags(t, "reg.example/"+repo))
			l.sent(t, "GET https://reg.example/v2/"+want+" 200")
		}
	})
	t.Run("a public repository after a login", func(t *testing.T) {
		l := newLab(t, Options{}, registrytest.DockerConfig("reg.example=me:pw"))
		l.Handle(t, "reg.example", at(map[string]http.HandlerFunc{
			"/v2/app/": accept(s, ask(askBasic), "me:pw"), "/v2/other/": accept(s, status(403, ""), ""),
		}, http.NotFound))
		ok(t, l.tags(t, "reg.example/app"))
		ok(t, l.tags(t, "reg.example/other"))
		l.sent(t, gets([]string{
			"https://reg.example/v2/app/tags/list 401", "https://reg.example/v2/app/tags/list me:pw 200",
			"https://reg.example/v2/other/tags/list me:pw 403", "https://reg.example/v2/other/tags/list 200",
		})...)
		ok(t, l.tags(t, "reg.example/other"))
		l.sent(t, "GET https://reg.example/v2/other/tags/list 200")
	})
}

// TestRemembered_refusalNotBelieved checks that each refusal of a token from a remembered token
// service is asked again without it.
func TestRemembered_refusalNotBelieved(t *testing.T) {
	s := content(t)
	const list, token, moved = "https://reg.example/v2/app/tags/list", "https://auth.example/token", "https://moved.example/token"
	for _, refuse := range []int{400, 401, 403, 404} {
		t.Run(fmt.Sprint(refuse), func(t *testing.T) {
			l := newLab(t, Options{Endpoints: filepath.Join(t.TempDir(), "endpoints.json")}, registrytest.DockerConfig("reg.example=me:pw"))
			l.Handle(t, "reg.example", accept(s, ask(askBearer), "old"))
			l.Handle(t, "auth.example", tokensFor(map[string]string{"me:pw": "old"}))
			l.Handle(t, "moved.example", tokensFor(map[string]string{"me:pw": "new"}))
			ok(t, l.tags(t, "reg.example/app"))

			l.restart()
			l.Handle(t, "reg.example", byKey(ask(`Bearer realm="`+moved+`"`), map[string]http.HandlerFunc{
				"old": status(refuse, ""), "new": s.real.ServeHTTP,
			}))
			l.Requests()
			ok(t, l.tags(t, "reg.example/app"))
			l.sent(t, gets([]string{
				token + " me:pw 200", list + fmt.Sprintf(" Bearer old %d", refuse), list + " 401", moved + " me:pw 200", list + " Bearer new 200",
			})...)
			if len(l.warned) > 0 {
				t.Errorf("warns %q", l.warned)
			}
		})
	}
	t.Run("a true 404", func(t *testing.T) {
		l := newLab(t, Options{Endpoints: filepath.Join(t.TempDir(), "endpoints.json")}, registrytest.DockerConfig("reg.example=me:pw"))
		l.Handle(t, "reg.example", byKey(ask(askBearer), map[string]http.HandlerFunc{"good": s.real.ServeHTTP}))
		l.Handle(t, "auth.example", tokensFor(map[string]string{"me:pw": "good"}))
		ok(t, l.tags(t, "reg.example/app"))
		l.restart()
		l.Requests()
		says(t, l.tags(t, "reg.example/none"), "reg.example has no repository none; check the name")
		l.sent(t, gets([]string{
			token + " me:pw 200", "https://reg.example/v2/none/tags/list Bearer good 404", "https://reg.example/v2/none/tags/list 401",
		})...)
	})
}
