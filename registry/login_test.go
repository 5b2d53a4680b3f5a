package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// TestLogin_basic checks a login with basic authentication.
func TestLogin_basic(t *testing.T) {
	s := newServer(t)
	r := s.ref("app", "a")
	s.pushImage(t, r, image(t, 1))
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		if u, p, _ := r.BasicAuth(); u == "me" && p == "secret" {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="here"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	})
	c := newClient(t, Options{})
	logIn(t, c, s.host, "me", "secret")
	_, err := c.Load(deadline(t), r, nil)
	ok(t, err)
	if n := len(s.requests()); n != 3 {
		t.Errorf("%d requests, want 3: one 401 in all", n)
	}

	c = newClient(t, Options{})
	_, err = c.Load(deadline(t), r, nil)
	says(t, err, "requires a login for app:a", "docker login "+s.host)

	c = newClient(t, Options{})
	logIn(t, c, s.host, "me", "wrong")
	_, err = c.Load(deadline(t), r, nil)
	says(t, err, `rejected the login of user "me" in config.json for app:a`, "docker login "+s.host+" again")
	if strings.Contains(err.Error(), "wrong") {
		t.Error("the password is in the message")
	}
}

// TestLogin_token checks a login with a token service.
func TestLogin_token(t *testing.T) {
	s := newServer(t)
	for _, repo := range []string{"app", "other"} {
		s.pushImage(t, s.ref(repo, "a"), image(t, 1))
	}
	askToken(s, "me", "secret")
	c := newClient(t, Options{})
	logIn(t, c, s.host, "me", "secret")
	for _, repo := range []string{"app", "other"} {
		_, err := c.Load(deadline(t), s.ref(repo, "a"), nil)
		ok(t, err)
	}
	// 401, token, manifest, config; then the way is known: token, manifest, config.
	if n := len(s.requests()); n != 7 {
		t.Errorf("%d requests, want 7: %q", n, s.requests())
	}

	c = newClient(t, Options{})
	logIn(t, c, s.host, "me", "wrong")
	_, err := c.Load(deadline(t), s.ref("app", "a"), nil)
	says(t, err, `rejected the login of user "me" in config.json`, "docker login "+s.host+" again")

	c = newClient(t, Options{})
	_, err = c.Load(deadline(t), s.ref("app", "a"), nil)
	says(t, err, s.host+" requires a login for app:a, or it does not exist", "docker login "+s.host)
}

// TestLogin_refreshToken checks that a refresh token is exchanged with POST.
func TestLogin_refreshToken(t *testing.T) {
	s := newServer(t)
	s.pushImage(t, s.ref("app", "a"), image(t, 1))
	askToken(s, "me", "refresh")
	c := newClient(t, Options{})
	c.credentials.AddAuthFile("config.json", []byte(`{"auths":{"`+s.host+`":{"identitytoken":"refresh"}}}`))
	_, err := c.Load(deadline(t), s.ref("app", "a"), nil)
	ok(t, err)
	if got := s.requests(); !slices.Contains(got, "POST /token") {
		t.Errorf("requests %q", got)
	}
}

// TestToken_renewed checks that a token that the registry refuses is replaced.
func TestToken_renewed(t *testing.T) {
	s := newServer(t)
	s.pushImage(t, s.ref("app", "a"), image(t, 1))
	askToken(s, "me", "secret")
	c := newClient(t, Options{})
	logIn(t, c, s.host, "me", "secret")
	_, err := c.Load(deadline(t), s.ref("app", "a"), nil)
	ok(t, err)
	s.pushImage(t, s.ref("app", "b"), image(t, 1))
	protocol, refused := s.front(), 0
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		switch h := r.Header.Get("Authorization"); {
		case r.URL.Path == "/token":
			_ = json.NewEncoder(w).Encode(map[string]any{"token": "new"})
			return true
		case h == "Bearer new":
			return false
		case h != "":
			refused++
			r.Header.Del("Authorization")
		}
		return protocol(w, r)
	})
	_, err = c.Load(deadline(t), s.ref("app", "b"), nil)
	ok(t, err)
	if refused == 0 {
		t.Error("the old token was not sent")
	}
}

// TestTokenService_hangs checks that a token service that hangs ends in a timeout.
func TestTokenService_hangs(t *testing.T) {
	s := newServer(t)
	s.pushImage(t, s.ref("app", "a"), image(t, 1))
	askToken(s, "me", "secret")
	protocol := s.front()
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/token" {
			<-r.Context().Done()
			return true
		}
		return protocol(w, r)
	})
	c := newClient(t, Options{Concurrency: 1})
	ctx, cancel := context.WithCancel(deadline(t))
	done := make(chan error)
	go func() { _, err := c.Load(ctx, s.ref("app", "a"), nil); done <- err }()
	for len(s.requests()) < 2 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	short := transport.DefaultTimeouts()
	short.Silence = time.Second
	c.host(s.host).transport.SetTimeouts(short)
	_, err := c.Load(deadline(t), s.ref("app", "a"), nil)
	says(t, err, s.host+" did not answer in time")

	s.plain.Store(true)
	waitLonger(c, s.host)
	_, err = c.Load(deadline(t), s.ref("app", "a"), nil)
	ok(t, err)
}

// TestLogin_staysWithRegistry checks that a login is sent to its registry only.
func TestLogin_staysWithRegistry(t *testing.T) {
	s, other := newServer(t), newServer(t)
	s.pushImage(t, s.ref("app", "a"), image(t, 1))
	other.pushImage(t, other.ref("app", "a"), image(t, 1))
	leaked := make(chan string, 10)
	other.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		if h := r.Header.Get("Authorization"); h != "" {
			leaked <- h
		}
		return false
	})
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		if u, _, _ := r.BasicAuth(); u == "" {
			w.Header().Set("WWW-Authenticate", `Basic realm="here"`)
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
		http.Redirect(w, r, other.URL+r.URL.Path, http.StatusTemporaryRedirect)
		return true
	})
	c := newClient(t, Options{})
	logIn(t, c, s.host, "me", "secret")
	_, err := c.Load(deadline(t), s.ref("app", "a"), nil)
	ok(t, err)
	if len(leaked) > 0 {
		t.Error("the login went along with a redirect: ", <-leaked)
	}
}

// TestHelper_failureReportedWithChallenge checks that the failure of a helper is reported only if the registry requires a login.
func TestHelper_failureReportedWithChallenge(t *testing.T) {
	home(t, map[string]string{
		".docker/config.json": `{"credsStore":"missing"}`,
	})
	s := newServer(t)
	r := s.ref("app", "a")
	s.pushImage(t, r, image(t, 1))
	c := New(Options{CertDirs: []string{}})
	_, err := c.Load(deadline(t), r, nil)
	ok(t, err) // public: no login is needed

	askToken(s, "me", "secret")
	_, err = c.Load(deadline(t), r, nil)
	says(t, err, "requires a login, and the credential helper docker-credential-missing is not a program in PATH; install it, or remove it from ", "/.docker/config.json")
}

// TestHelper_hangs checks that a helper that hangs is ended.
func TestHelper_hangs(t *testing.T) {
	home(t, map[string]string{
		".docker/config.json":        `{"credsStore":"hang"}`,
		"bin/docker-credential-hang": "#!/bin/sh\nexec sleep 5\n",
	})
	s := newServer(t)
	askToken(s, "me", "secret")
	c := New(Options{CertDirs: []string{}})
	ctx, cancel := context.WithCancel(deadline(t))
	go func() {
		for len(s.requests()) < 1 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	_, err := c.Load(ctx, model.Ref{Registry: s.host, Repository: "app", Tag: "a"}, nil)
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

// TestLogin_afterRefusal checks that a login that is added after a refusal is used.
func TestLogin_afterRefusal(t *testing.T) {
	dir := home(t, nil)
	s := newServer(t)
	r := s.ref("app", "a")
	s.pushImage(t, r, image(t, 1))
	askToken(s, "me", "secret")
	c := New(Options{CertDirs: []string{}})
	_, err := c.Load(deadline(t), r, nil)
	says(t, err, "docker login "+s.host)
	for _, pass := range []string{"wrong", "secret"} {
		ok(t, os.MkdirAll(filepath.Join(dir, ".docker"), 0o700))
		ok(t, os.WriteFile(filepath.Join(dir, ".docker/config.json"), fmt.Appendf(nil, `{"auths":{%q:{"username":"me","password":%q}}}`, s.host, pass), 0o600))
		_, err = c.Load(deadline(t), r, nil)
		if pass == "wrong" {
			says(t, err, `rejected the login of user "me"`)
		}
	}
	ok(t, err)
}

// TestLogin_afterForbidden checks that a login that replaces one without access is used, with
// a token service and without.
func TestLogin_afterForbidden(t *testing.T) {
	denied := status(403, `{"errors":[{"code":"DENIED","message":"Your authorization token has expired."}]}`)
	for name, challenge := range map[string]http.HandlerFunc{"basic": status(401, "", "WWW-Authenticate", `Basic realm="here"`), "token": basicToken} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			r := s.ref("app", "a")
			s.pushImage(t, r, image(t, 1))
			s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
				_, pass, _ := r.BasicAuth()
				switch authorization := r.Header.Get("Authorization"); {
				case r.URL.Path == "/token":
					status(http.StatusOK, fmt.Sprintf(`{"token":%q}`, pass))(w, r)
				case authorization == "":
					challenge(w, r)
				case pass == "fresh" || authorization == "Bearer fresh":
					return false
				default:
					denied(w, r)
				}
				return true
			})
			config := func(pass string) string {
				return fmt.Sprintf(`{"auths":{%q:{"username":"me","password":%q}}}`, s.host, pass)
			}
			dir := home(t, map[string]string{".docker/config.json": config("stale")})
			c := New(Options{CertDirs: []string{}})
			_, err := c.Load(deadline(t), r, nil)
			says(t, err, `denies access to app:a with the login of user "me" in `, `("Your authorization token has expired"); run docker login `+s.host+" with a new password or token")
			ok(t, os.WriteFile(filepath.Join(dir, ".docker/config.json"), []byte(config("fresh")), 0o600))
			_, err = c.Load(deadline(t), r, nil)
			ok(t, err)
		})
	}
}

// TestRefusal_namesLogin checks that an error tells apart no login, a login that cannot be
// read, a rejected login, and a login without access.
func TestRefusal_namesLogin(t *testing.T) {
	basic := status(401, "", "WWW-Authenticate", `Basic realm="here"`)
	good := func(host string) string {
		return fmt.Sprintf(`{"auths":{%q:{"username":"me","password":"hunter22"}}}`, host)
	}
	broken := func(string) string { return `{"auths":"hunter22"` }
	damaged := func(host string) string { return fmt.Sprintf(`{"auths":{%q:{"auth":"hunter22"}}}`, host) }
	none := func(string) string { return "{}" }
	const file, remedy = "/.docker/config.json", "; repair or remove it, and log in again"
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		config func(host string) string
		want   string // after the host; ~ is the home
	}{
		"401, no login":           {basic, none, "requires a login for app:a, or it does not exist; run docker login HOST"},
		"401, a login":            {basic, good, `rejected the login of user "me" in ~` + file + ` for app:a; check the name, or run docker login HOST again`},
		"401, a broken file":      {basic, broken, "requires a login, and the logins in ~" + file + " cannot be read: it ends too early" + remedy},
		"401, a damaged entry":    {basic, damaged, "requires a login, and the login for HOST in ~" + file + " cannot be read: its auth is not user:password in base64" + remedy},
		"403, no login":           {status(403, ""), none, "denies access to app:a without a login; run docker login HOST with an account that has access"},
		"403, a broken file":      {status(403, ""), broken, "denies access to app:a without a login, and the logins in ~" + file + " cannot be read: it ends too early" + remedy},
		"403 after 401, a login":  {unless(basic, status(403, "")), good, `denies access to app:a with the login of user "me" in ~` + file + "; run docker login HOST with an account that has access"},
		"404, a broken file":      {status(404, ""), broken, "has no tag a in app; check the name"},
		"a token without access":  {tokenThen(status(401, "")), good, `denies access to app:a with the login of user "me" in ~` + file + "; check the name, or run docker login HOST with an account that has access"},
		"an anonymous token":      {tokenThen(status(401, "")), none, "requires a login for app:a, or it does not exist; run docker login HOST"},
		"a token, a broken file":  {tokenThen(status(401, "")), broken, "requires a login, and the logins in ~" + file + " cannot be read: it ends too early" + remedy},
		"no token, a broken file": {unless(basicToken, status(401, "")), broken, "requires a login, and the logins in ~" + file + " cannot be read: it ends too early" + remedy},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.setFront(func(w http.ResponseWriter, r *http.Request) bool { tt.answer(w, r); return true })
			dir := home(t, map[string]string{".docker/config.json": tt.config(s.host)})
			_, err := New(Options{CertDirs: []string{}}).Load(deadline(t), s.ref("app", "a"), nil)
			want := s.host + " " + strings.NewReplacer("HOST", s.host, "~", dir).Replace(tt.want)
			if err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

// unless answers with then if a request has a login, else with first.
func unless(first, then http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" && r.URL.Path != "/token" {
			first(w, r)
			return
		}
		then(w, r)
	}
}

// basicToken answers 401 and names this server as the token service.
func basicToken(w http.ResponseWriter, r *http.Request) {
	status(http.StatusUnauthorized, "", "WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token",service="here"`, r.Host))(w, r)
}

// tokenThen issues a token to everybody, and answers requests with it with then.
func tokenThen(then http.HandlerFunc) http.HandlerFunc {
	return unless(basicToken, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			status(http.StatusOK, `{"token":"t"}`)(w, r)
			return
		}
		then(w, r)
	})
}

// TestForgetLogins checks that the next request has the login of that time although nothing was
// refused, that other registries keep theirs, and that all later requests keep the new one.
func TestForgetLogins(t *testing.T) {
	s, other := newServer(t), newServer(t)
	var mu sync.Mutex
	var users []string
	for _, x := range []*server{s, other} {
		for _, tag := range []string{"a", "b", "c"} {
			x.pushImage(t, x.ref("app", tag), image(t, 1))
		}
		x.setFront(func(w http.ResponseWriter, r *http.Request) bool {
			user, _, _ := r.BasicAuth()
			mu.Lock()
			users = append(users, user)
			mu.Unlock()
			if user != "" {
				return false
			}
			status(401, "", "WWW-Authenticate", `Basic realm="here"`)(w, r)
			return true
		})
	}
	config := func(user string) []byte {
		return fmt.Appendf(nil, `{"auths":{%q:{"username":%q,"password":"p"},%q:{"username":"other","password":"p"}}}`, s.host, user, other.host)
	}
	dir := home(t, map[string]string{".docker/config.json": string(config("old"))})
	c := New(Options{CertDirs: []string{}})
	load := func(x *server, tag string, want ...string) {
		t.Helper()
		_, err := c.Load(deadline(t), x.ref("app", tag), nil)
		ok(t, err)
		mu.Lock()
		defer mu.Unlock()
		if !slices.Equal(users, want) {
			t.Errorf("requests of %q, want %q", users, want)
		}
		users = nil
	}
	load(s, "a", "", "old", "old")
	load(other, "a", "", "other", "other")
	ok(t, os.WriteFile(filepath.Join(dir, ".docker/config.json"), config("new"), 0o600))
	load(s, "b", "old", "old")
	c.ForgetLogins(s.host)
	load(s, "c", "", "new", "new")
	load(other, "b", "other", "other")
}

// TestRefused checks which errors say that another login may help.
func TestRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		want   bool
	}{
		"401": {status(401, ""), true}, "403": {status(403, ""), true}, "404": {status(404, ""), false}, "500": {status(500, ""), false},
		"a token service's 401": {unless(basicToken, status(401, "")), true},
		"a token service's 403": {unless(basicToken, status(403, "")), true},
		"a token service's 400": {unless(basicToken, status(400, "")), false},
		"a token service's 500": {unless(basicToken, status(500, "")), false},
		"a web page, 403":       {status(403, "<html>", "Content-Type", "text/html"), true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.setFront(func(w http.ResponseWriter, r *http.Request) bool { tt.answer(w, r); return true })
			_, err := newClient(t, Options{}).Load(deadline(t), s.ref("app", "a"), nil)
			if got := model.IsRefused(err); got != tt.want {
				t.Errorf("got %v for %v", got, err)
			}
		})
	}
}
