package registry

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tagdiff/tagdiff/registry/internal/registrytest"
)

// TestRepositories_refusedLogin checks that a list of repositories says that the login was refused,
// and which server refused, and that the login is sent once for all pages.
func TestRepositories_refusedLogin(t *testing.T) {
	const (
		rejected = `auth.example rejected the login of user "me" in ~/.docker/config.json`
		public   = `reg.example did not accept the login of user "me" in ~/.docker/config.json, so its list of repositories was read without a login; ` +
			`run docker login reg.example again`
		paste, again = "; type or paste a reference, or ", "run docker login reg.example again"
	)
	anonymous := tokensFor(map[string]string{"": "anonymous"})
	two := func(w http.ResponseWriter, r *http.Request) { // two pages
		if r.URL.Query().Get("last") == "" {
			status(200, `{"repositories":["a"]}`, "Link", `</v2/_catalog?last=a>; rel="next"`)(w, r)
			return
		}
		status(200, `{"repositories":["b"]}`)(w, r)
	}
	elsewhere := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://other.example"+r.URL.Path, http.StatusTemporaryRedirect)
	}
	for name, tt := range map[string]struct {
		catalog, greeting, auth, other http.HandlerFunc
		config                         string // "" for the login me:pw
		names, err, warn               string
		requests                       int
	}{
		"a token service rejects the login": {
			catalog: ask(askBearer), auth: anonymous, err: rejected + paste + again, requests: 4,
		},
		"a token service rejects the login, with a reason": {
			catalog: ask(askBearer), auth: refusedWith(401, "UNAUTHORIZED", "bad password"), err: rejected + ` ("bad password")` + paste + again, requests: 3,
		},
		"a token service rejects the login, and public repositories": { // zot with a token service
			catalog: byKey(two, map[string]http.HandlerFunc{"good": status(500, "")}), greeting: ask(askBearer), auth: anonymous,
			names: "a b", warn: public, requests: 5,
		},
		"a token service rejects the login, and a token for all": {
			catalog: byKey(ask(askBearer), map[string]http.HandlerFunc{"anonymous": two}), auth: anonymous, names: "a b", warn: public, requests: 5,
		},
		"Basic is rejected, and public repositories": { // zot
			catalog: byKey(two, map[string]http.HandlerFunc{"me:pw": ask(askBasic)}), greeting: status(200, "", "WWW-Authenticate", askBasic),
			names: "a b", warn: public, requests: 4,
		},
		"Basic is accepted": { // the near miss
			catalog: two, greeting: status(200, "", "WWW-Authenticate", askBasic), names: "a b", requests: 4,
		},
		"no login, and public repositories": {catalog: two, config: "{}", names: "a b", requests: 2},
		"a token service forbids the list for the login": { // GitLab
			catalog: ask(askBearer), auth: refusedWith(403, "DENIED", "access forbidden"), requests: 3,
			err: `reg.example does not list repositories for the login of user "me" in ~/.docker/config.json, or not at all` + paste +
				"run docker login reg.example with an account that has access",
		},
		"a token service forbids the list without a login": {
			catalog: ask(askBearer), auth: refusedWith(403, "DENIED", "denied"), config: "{}", requests: 2,
			err: "reg.example does not list repositories without a login, or not at all" + paste + "run docker login reg.example",
		},
		"a token service limits requests": { // GitHub, for too many at once
			catalog: ask(askBearer), auth: status(403, `{"errors":[{"code":"DENIED","message":"slow"}]}`, "Retry-After", "4000000"), requests: 3,
			err: `auth.example, the token service of reg.example, reports too many requests ("slow"): it asks for a pause of a month or more; ` +
				"ask the administrator",
		},
		"another server limits requests": { // it gets no login
			catalog: elsewhere, other: status(429, "", "Retry-After", "4000000"), config: "{}", requests: 2,
			err: "reg.example redirects to other.example, which reports too many requests: it asks for a pause of a month or more; " +
				"ask the administrator",
		},
		"another server sends nothing": {
			catalog: elsewhere, other: status(204, ""), config: "{}", requests: 2,
			err: "reg.example redirects to other.example, which answered 204 No Content; try again, or ask the administrator of reg.example",
		},
		"the registry has no list": {
			catalog: refusedWith(400, "UNSUPPORTED", "the operation is unsupported"), config: "{}", requests: 2,
			err: "reg.example does not list repositories; type or paste a reference, for example reg.example/repository:tag",
		},
		"the request is wrong": { // the near miss
			catalog: refusedWith(400, "PAGINATION_NUMBER_INVALID", "n is too large"), config: "{}", requests: 2,
			err: "reg.example refused the request (400 Bad Request: PAGINATION_NUMBER_INVALID n is too large); check host, port and reference",
		},
		"the registry limits requests": {
			catalog: status(403, `{"errors":[{"code":"DENIED","message":"slow"}]}`, "Retry-After", "4000000"), config: "{}", requests: 1,
			err: `reg.example reports too many requests ("slow"): it asks for a pause of a month or more; ` +
				"ask the administrator, or run docker login reg.example for a higher limit",
		},
		"a token of the login does not list": { // the near miss of Basic: the login is accepted
			catalog: ask(askBearer), auth: tokensFor(map[string]string{"me:pw": "weak", "": "anonymous"}), requests: 5,
			err: `reg.example does not list repositories for the login of user "me" in ~/.docker/config.json, or not at all` + paste +
				"run docker login reg.example with an account that has access",
		},
		"a token service requires a login": {
			catalog: ask(askBearer), auth: status(401, ""), config: "{}", requests: 2,
			err: "reg.example does not list repositories without a login, or not at all" + paste + "run docker login reg.example",
		},
		"a token service fails": {
			catalog: ask(askBearer), auth: status(404, ""), requests: 2,
			err: "auth.example, the token service of reg.example, did not issue a token: 404 Not Found; ask the administrator of reg.example",
		},
		"Basic is rejected": {
			catalog: ask(askBasic), requests: 2,
			err: `reg.example does not list repositories for the login of user "me" in ~/.docker/config.json, or not at all` + paste + again,
		},
		"another server refuses, 401": {
			catalog: elsewhere, other: ask(askBasic), requests: 2,
			err: "reg.example redirects to other.example, which refused the request (401 Unauthorized)" + paste + "ask the administrator of reg.example",
		},
		"another server refuses, 403": {
			catalog: elsewhere, other: refusedWith(403, "DENIED", "no"), requests: 2,
			err: "reg.example redirects to other.example, which refused the request (403 Forbidden: DENIED no)" + paste + "ask the administrator of reg.example",
		},
		"another server refuses after the login": {
			catalog: byKey(ask(askBasic), map[string]http.HandlerFunc{"me:pw": elsewhere}), other: status(401, ""), requests: 3,
			err: "reg.example redirects to other.example, which refused the request (401 Unauthorized)" + paste + "ask the administrator of reg.example",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.config == "" {
				tt.config = registrytest.DockerConfig("reg.example=me:pw", "other.example=me:other")
			}
			l := newLab(t, Options{}, tt.config)
			for host, h := range map[string]http.HandlerFunc{"auth.example": tt.auth, "other.example": tt.other} {
				if h != nil {
					l.Handle(t, host, h)
				}
			}
			greeting := tt.greeting
			if greeting == nil {
				greeting = http.NotFound
			}
			l.Handle(t, "reg.example", at(map[string]http.HandlerFunc{"/v2/_catalog": tt.catalog}, greeting))
			var names []string
			err := l.client.Repositories(deadline(t), "reg.example", func(page []string) { names = append(names, page...) })
			if got := l.text(err); got != tt.err {
				t.Errorf("got  %s\nwant %s", got, tt.err)
			}
			if got := strings.Join(l.warned, "\n"); got != tt.warn || strings.Join(names, " ") != tt.names {
				t.Errorf("lists %q, warns %s", names, got)
			}
			if lines := l.Lines(); len(lines) != tt.requests {
				t.Errorf("%d requests: %q", len(lines), lines)
			}
		})
	}
}

// TestToken_webPageAndRedirect checks that a token service that answers with a web page, or
// redirects, is not taken as one that refuses the login.
func TestToken_webPageAndRedirect(t *testing.T) {
	s := content(t)
	const service = "auth.example, the token service of reg.example, "
	page := func(code int, text string) http.HandlerFunc {
		return status(code, "<html>"+text, "Content-Type", "text/html")
	}
	redirect := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusTemporaryRedirect) }
	}
	const kept = service + "redirects to https://other.example, which gets no login; ask the administrator of the registry"
	for name, tt := range map[string]struct {
		auth, other http.HandlerFunc
		config      string
		err         string // "" if the image is read
		requests    int
	}{
		"403 with a web page": {
			auth: page(403, "Request blocked"), requests: 3,
			err: service + `denied access and answered with a web page ("Request blocked"); open auth.example in a browser: a proxy or VPN may require a login`,
		},
		"403 with a web page, no login": {
			auth: page(403, ""), config: "{}", requests: 2,
			err: service + "denied access and answered with a web page; open auth.example in a browser: a proxy or VPN may require a login",
		},
		"200 with a web page": { // a captive portal
			auth: page(200, "Welcome"), requests: 2,
			err: service + "answered with a web page instead of a token; check the network and its proxies, or ask the administrator of reg.example",
		},
		"404 with a web page": {
			auth: page(404, "Not here"), requests: 2,
			err: service + `answered with a web page (404 Not Found: "Not here") instead of a token; check the network and its proxies, ` +
				"or ask the administrator of reg.example",
		},
		"401 with a web page of a token service": { // the near miss: Apache
			auth: status(401, "<html>", "Content-Type", "text/html", "WWW-Authenticate", askBasic), requests: 3,
			err: `auth.example rejected the login of user "me" in ~/.docker/config.json; run docker login reg.example again`,
		},
		"403 without a web page": {
			auth: status(403, ""), requests: 3,
			err: `reg.example denies access to app with the login of user "me" in ~/.docker/config.json; check the name, or run docker login reg.example with an account that has access`,
		},
		"redirects": {auth: redirect("https://other.example/token"), other: tokensFor(map[string]string{"": "weak"}), err: kept, requests: 6},
		"redirects, and no token": {
			auth: redirect("https://other.example/token"), other: status(401, ""), err: kept, requests: 5,
		},
		"redirects an identity token": {
			auth: redirect("https://other.example/token"), other: status(401, ""), config: identityToken("me:"), requests: 4,
			err: service + "redirects a login to https://other.example, which tagdiff does not follow; ask the administrator of the registry",
		},
		"redirects, a public image": {
			auth: redirect("https://other.example/token"), other: tokensFor(map[string]string{"": "anonymous"}), requests: 4,
		},
		"redirects, no login, and no token": {
			auth: redirect("https://other.example/token"), other: status(401, ""), config: "{}", requests: 3,
			err: "auth.example, the token service of reg.example, redirects to other.example, which refused the request (401 Unauthorized); " +
				"ask the administrator of reg.example",
		},
		"redirects to its own path": { // the near miss
			auth:     at(map[string]http.HandlerFunc{"/token/": tokensFor(map[string]string{"me:pw": "good"})}, redirect("/token/")),
			requests: 4,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.config == "" {
				tt.config = registrytest.DockerConfig("reg.example=me:pw")
			}
			l := newLab(t, Options{}, tt.config)
			l.Handle(t, "reg.example", accept(s, ask(askBearer), "good", "anonymous"))
			l.Handle(t, "auth.example", tt.auth)
			if tt.other != nil {
				l.Handle(t, "other.example", tt.other)
			}
			if got := l.text(l.tags(t, "reg.example/app")); got != tt.err {
				t.Errorf("got  %s\nwant %s", got, tt.err)
			}
			lines := l.Lines()
			if len(lines) != tt.requests || len(l.warned) > 0 {
				t.Errorf("%d requests: %q, warns %q", len(lines), lines, l.warned)
			}
			for _, line := range lines {
				if strings.Contains(line, "other.example") && (strings.Contains(line, "me:") || strings.Contains(line, "idt")) {
					t.Errorf("sent %s", line)
				}
			}
		})
	}
}

// TestRefusedLogin_ofOtherRequest checks that a request without a login says that the login was
// refused if another request for the repository has just found that.
func TestRefusedLogin_ofOtherRequest(t *testing.T) {
	const rejected = `rejected the login of user "me" in ~/.docker/config.json`
	s := content(t)
	reason := refusedWith(401, "UNAUTHORIZED", "no tag list for you")
	for name, tt := range map[string]struct {
		reg, auth http.HandlerFunc
		shared    string // the error of a request that gets no login, "" if it reads the tags
		warns     int    // that the login was refused
	}{
		"a token service": {reg: ask(askBearer), auth: status(401, ""), shared: "auth.example " + rejected + "; run docker login reg.example again"},
		"Basic": {
			reg:    byKey(ask(askBasic), map[string]http.HandlerFunc{"me:pw": reason}),
			shared: "reg.example " + rejected + " for app; check the name, or run docker login reg.example again",
		},
		"no access": {
			reg: ask(askBearer), auth: tokensFor(map[string]string{"me:pw": "weak"}),
			shared: `reg.example denies access to app with the login of user "me" in ~/.docker/config.json; ` +
				"check the name, or run docker login reg.example with an account that has access",
		},
		"public": {reg: accept(s, ask(askBearer), "anonymous"), auth: tokensFor(map[string]string{"": "anonymous"}), warns: 1},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, Options{}, registrytest.DockerConfig("reg.example=me:pw"))
			l.Handle(t, "reg.example", tt.reg)
			if tt.auth != nil {
				l.Handle(t, "auth.example", tt.auth)
			}
			first := l.text(l.tags(t, "reg.example/app"))
			login, err := l.client.credentials.Lookup(deadline(t), "reg.example", "app")
			ok(t, err)
			if login.IsZero() || loginsIn(l.Requests()) == 0 || len(l.warned) != tt.warns {
				t.Fatalf("login %v, first %s, warns %q", login, first, l.warned)
			}
			l.client.credentials.Refuse("reg.example", "app", login) // as the other request does
			if got := l.text(l.tags(t, "reg.example/app")); got != tt.shared || loginsIn(l.Requests()) > 0 {
				t.Errorf("got  %s\nwant %s", got, tt.shared)
			}
			if tt.shared == "" {
				return
			}
			if got := l.text(l.tags(t, "reg.example/app")); got != first || loginsIn(l.Requests()) == 0 {
				t.Errorf("the next request: got  %s\nwant %s", got, first)
			}
			l.logIn(t)
			if got := l.text(l.tags(t, "reg.example/app")); !strings.HasPrefix(got, "reg.example requires a login for app") {
				t.Errorf("without a login: got  %s", got)
			}
		})
	}
}

// TestRefusedLogin_sameToken checks that a refused token counts as that of the login if the token
// service issues one token to all.
func TestRefusedLogin_sameToken(t *testing.T) {
	s := content(t)
	var closed atomic.Bool
	l := newLab(t, Options{}, "{}")
	open := accept(s, ask(askBearer), "good")
	l.Handle(t, "reg.example", func(w http.ResponseWriter, r *http.Request) {
		if closed.Load() {
			ask(askBearer)(w, r)
			return
		}
		open(w, r)
	})
	l.Handle(t, "auth.example", status(200, `{"token":"good"}`))
	ok(t, l.tags(t, "reg.example/app"))
	closed.Store(true)
	l.logIn(t, "reg.example=me:pw")
	l.client.credentials.Forget("reg.example")
	const want = `reg.example denies access to app with the login of user "me" in ~/.docker/config.json; ` +
		"check the name, or run docker login reg.example with an account that has access"
	if got := l.text(l.tags(t, "reg.example/app")); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
