package registry

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/registry/internal/registrytest"
)

// TestRemembered_loginOfEarlierRun checks that a token service of an earlier run gets the login
// that it got then, and no other one before the registry names it. The ordinary case takes no
// request more.
func TestRemembered_loginOfEarlierRun(t *testing.T) {
	s := content(t)
	const (
		list         = "https://reg.example/v2/app/tags/list"
		token, moved = "https://auth.example/token", "https://moved.example/token"
		empty        = "{}"
	)
	login := func(pair string) string { return registrytest.DockerConfig("reg.example=" + pair) }
	for name, tt := range map[string]struct {
		first, second string // the files of logins of two runs
		moves         bool   // the registry names another token service in the second run
		want          []string
	}{
		"the same login":             {login("me:old"), login("me:old"), false, []string{token + " me:old 200", list + " Bearer old 200"}},
		"no login":                   {empty, empty, false, []string{token + " 200", list + " Bearer anonymous 200"}},
		"no login after one":         {login("me:old"), empty, false, []string{token + " 200", list + " Bearer anonymous 200"}},
		"the same identity token":    {identityToken("me:"), identityToken("me:"), false, []string{token + " refresh_token=idt 200", list + " Bearer good 200"}},
		"a new password":             {login("me:old"), login("me:new"), false, []string{list + " 401", token + " me:new 200", list + " Bearer new 200"}},
		"a new user":                 {login("you:old"), login("me:old"), false, []string{list + " 401", token + " me:old 200", list + " Bearer old 200"}},
		"a first login":              {empty, login("me:new"), false, []string{list + " 401", token + " me:new 200", list + " Bearer new 200"}},
		"a first identity token":     {login("me:old"), identityToken("me:"), false, []string{list + " 401", token + " refresh_token=idt 200", list + " Bearer good 200"}},
		"a new password, and a move": {login("me:old"), login("me:new"), true, []string{list + " 401", moved + " me:new 200", list + " Bearer new 200"}},
		"a first login, and a move":  {empty, login("me:new"), true, []string{list + " 401", moved + " me:new 200", list + " Bearer new 200"}},
		"no login, and a move": {
			empty, empty, true, []string{token + " 200", list + " Bearer anonymous 401", moved + " 200"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, Options{Endpoints: filepath.Join(t.TempDir(), "endpoints.json")}, tt.first)
			tokens := map[string]string{"": "anonymous", "me:old": "old", "you:old": "yours", "me:new": "new"}
			service := func(w http.ResponseWriter, r *http.Request) {
				if r.FormValue("refresh_token") == "idt" {
					status(200, `{"token":"good"}`)(w, r)
					return
				}
				tokensFor(tokens)(w, r)
			}
			l.Handle(t, "auth.example", service)
			l.Handle(t, "moved.example", service)
			l.Handle(t, "reg.example", accept(s, ask(askBearer), "anonymous", "old", "yours", "new", "good"))
			ok(t, l.tags(t, "reg.example/app"))
			if tt.moves {
				l.Handle(t, "reg.example", accept(s, ask(`Bearer realm="`+moved+`"`), "new"))
			}
			ok(t, os.WriteFile(filepath.Join(l.home, ".docker/config.json"), []byte(tt.second), 0o600))
			l.restart()
			l.Requests()
			_ = l.tags(t, "reg.example/app")
			if got := withoutMethods(l.Lines()); strings.Join(got, "\n") != strings.Join(tt.want, "\n") {
				t.Errorf("sent %q\nwant %q", got, tt.want)
			}
		})
	}
}

// withoutMethods are the lines of requests without GET and POST.
func withoutMethods(lines []string) []string {
	for i, line := range lines {
		_, lines[i], _ = strings.Cut(line, " ")
	}
	return lines
}

// TestRemembered_loginLater checks that a token service of an earlier run gets no other login
// either after the registry has accepted one of its tokens: it may not look at tokens for public
// repositories.
func TestRemembered_loginLater(t *testing.T) {
	s := content(t)
	const app, other = "https://reg.example/v2/app/tags/list", "https://reg.example/v2/other/tags/list"
	const token, moved = "https://auth.example/token", "https://moved.example/token"
	tokens := tokensFor(map[string]string{"": "anonymous", "me:old": "old", "me:new": "new"})
	namespace := func(pair string) string {
		return strings.ReplaceAll(registrytest.DockerConfig("HOST="+pair), "HOST", "reg.example/other")
	}
	start := func(t *testing.T, logins string) *lab {
		t.Helper()
		l := newLab(t, Options{Endpoints: filepath.Join(t.TempDir(), "endpoints.json")}, "{}")
		write(t, l, logins)
		l.Handle(t, "auth.example", tokens)
		l.Handle(t, "moved.example", tokens)
		l.Handle(t, "reg.example", accept(s, ask(askBearer), "anonymous", "old"))
		ok(t, l.tags(t, "reg.example/app"))
		ok(t, l.tags(t, "reg.example/other"))
		l.restart()
		l.Requests()
		return l
	}
	public := byKey(ask(`Bearer realm="`+moved+`"`), map[string]http.HandlerFunc{"anonymous": s.real.ServeHTTP, "new": s.real.ServeHTTP})
	t.Run("a login for a namespace", func(t *testing.T) {
		l := start(t, "{}")
		write(t, l, namespace("me:new"))
		l.Handle(t, "reg.example", public)
		ok(t, l.tags(t, "reg.example/app"))
		ok(t, l.tags(t, "reg.example/other"))
		l.sent(t, gets([]string{
			token + " 200", app + " Bearer anonymous 200", other + " 401", moved + " me:new 200", other + " Bearer new 200",
		})...)
	})
	t.Run("the same logins for two namespaces", func(t *testing.T) {
		l := start(t, namespace("me:old"))
		for range 2 {
			ok(t, l.tags(t, "reg.example/app"))
			ok(t, l.tags(t, "reg.example/other"))
			l.sent(t, gets([]string{
				token + " 200", app + " Bearer anonymous 200", token + " me:old 200", other + " Bearer old 200",
			})...)
			l.restart()
		}
	})
	t.Run("a login that is renewed", func(t *testing.T) {
		l := start(t, namespace("me:old"))
		ok(t, l.tags(t, "reg.example/other"))
		write(t, l, namespace("me:new"))
		l.Handle(t, "reg.example", byKey(ask(`Bearer realm="`+moved+`"`), map[string]http.HandlerFunc{
			"old": status(403, expired), "new": s.real.ServeHTTP,
		}))
		l.Requests()
		ok(t, l.tags(t, "reg.example/other"))
		l.sent(t, gets([]string{
			other + " Bearer old 403", token + " me:old 200", other + " 401", moved + " me:new 200", other + " Bearer new 200",
		})...)
	})
}

// write writes the file of logins of podman.
func write(t *testing.T, l *lab, logins string) {
	t.Helper()
	path := filepath.Join(l.home, ".config/containers/auth.json")
	ok(t, os.MkdirAll(filepath.Dir(path), 0o700))
	ok(t, os.WriteFile(path, []byte(logins), 0o600))
}
