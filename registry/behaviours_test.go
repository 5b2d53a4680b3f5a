package registry

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// behaviour is a row of the table in docs/registries.md: what a registry does, or how a login is
// stored, and what comes of it.
type behaviour struct {
	does     string
	answer   front             // before the registry itself, nil for none
	files    map[string]string // of the home; HOST is the registry, ~ the home
	env      map[string]string
	want     string // the error; "" if the image app:a is read
	requests int
}

// basicLogin is the login that the registries of these tests accept, as docker writes it.
var basicLogin = fmt.Sprintf(`{"auth":%q}`, base64.StdEncoding.EncodeToString([]byte("me:secret")))

// dockerFile has a login under a key of docker's file.
func dockerFile(key string) map[string]string {
	return map[string]string{".docker/config.json": fmt.Sprintf(`{"auths":{%q:%s}}`, key, basicLogin)}
}

// helperFile has a helper for HOST, with its script.
func helperFile(script string) map[string]string {
	return map[string]string{".docker/config.json": `{"credHelpers":{"HOST":"x"}}`, "bin/docker-credential-x": "#!/bin/sh\n" + script}
}

// requiresBasic requires the login with Basic.
func requiresBasic(w http.ResponseWriter, r *http.Request) bool {
	if user, password, _ := r.BasicAuth(); user == "me" && password == "secret" {
		return false
	}
	status(http.StatusUnauthorized, "", "WWW-Authenticate", `Basic realm="here"`)(w, r)
	return true
}

// requiresToken requires a token, for the login with GET or for an identity token with POST.
func requiresToken(w http.ResponseWriter, r *http.Request) bool {
	user, password, _ := r.BasicAuth()
	switch {
	case r.URL.Path == "/token" && (user == "me" && password == "secret" || r.FormValue("refresh_token") == "identity"):
		status(http.StatusOK, `{"token":"t"}`)(w, r)
	case r.URL.Path == "/token":
		status(http.StatusUnauthorized, "")(w, r)
	case r.Header.Get("Authorization") == "Bearer t":
		return false
	default:
		basicToken(w, r)
	}
	return true
}

// zot is zot with an anonymous policy for public/** beside a file of htpasswd: /v2/ answers 200
// with a challenge, and who is logged in gets 403 for what does not exist.
func zot(w http.ResponseWriter, r *http.Request) bool {
	user, _, _ := r.BasicAuth()
	public := strings.HasPrefix(r.URL.Path, "/v2/public/")
	challenge := []string{"WWW-Authenticate", `Basic realm="Authorization Required"`}
	switch {
	case r.URL.Path == "/v2/":
		status(http.StatusOK, "{}", challenge...)(w, r)
	case r.URL.Path == "/v2/_catalog" && user == "":
		status(http.StatusOK, `{"repositories":["public/app"]}`)(w, r)
	case r.URL.Path == "/v2/_catalog" || public:
		return false
	case user == "":
		status(http.StatusUnauthorized, `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`, challenge...)(w, r)
	case !strings.HasPrefix(r.URL.Path, "/v2/app/"):
		status(http.StatusForbidden, `{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}`)(w, r)
	default:
		return false
	}
	return true
}

const required = "HOST requires a login for app:a, or it does not exist; run docker login HOST"

// behaviours are the rows of the table.
var behaviours = []behaviour{
	{does: "requires no login", requests: 2},
	{does: "requires a login (Basic): there is one", answer: requiresBasic, files: dockerFile("HOST"), requests: 3},
	{does: "requires a login (Basic): there is none", answer: requiresBasic, want: required, requests: 1},
	{does: "requires a token: there is a login", answer: requiresToken, files: dockerFile("HOST"), requests: 4},
	{does: "requires a token: there is an identity token", answer: requiresToken, requests: 4,
		files: map[string]string{".docker/config.json": `{"auths":{"HOST":{"identitytoken":"identity"}}}`}},
	{does: "zot with an anonymous policy: the image is private, and there is a login", answer: zot, files: dockerFile("HOST"), requests: 3},
	{does: "zot with an anonymous policy: the image is private, and there is no login", answer: zot, want: required, requests: 1},
	{does: "a login as older versions of docker stored it: the key is a URL with a path", answer: requiresBasic,
		files: dockerFile("https://HOST/artifactory/api/docker"), requests: 3},
	{does: "an old login under a URL beside a new one under the name", answer: requiresBasic, requests: 3,
		files: map[string]string{".docker/config.json": fmt.Sprintf(`{"auths":{"https://HOST":{"username":"me","password":"old"},"HOST":%s}}`, basicLogin)}},
	{does: "a login in ~/.dockercfg", answer: requiresBasic, requests: 3,
		files: map[string]string{".dockercfg": fmt.Sprintf(`{"https://HOST/v1/":%s}`, basicLogin)}},
	{does: "a login of podman", answer: requiresBasic, requests: 3,
		files: map[string]string{"run/containers/auth.json": fmt.Sprintf(`{"auths":{"HOST":%s}}`, basicLogin)}},
	{does: "a login of podman for the namespace", answer: requiresBasic, requests: 3,
		files: map[string]string{".config/containers/auth.json": fmt.Sprintf(`{"auths":{"HOST/app":%s,"HOST":{"username":"me","password":"old"}}}`, basicLogin)}},
	{does: "a login in DOCKER_AUTH_CONFIG", answer: requiresBasic, requests: 3,
		env: map[string]string{"DOCKER_AUTH_CONFIG": fmt.Sprintf(`{"auths":{"HOST":%s}}`, basicLogin)}},
	{does: "a helper has the login", answer: requiresBasic, requests: 3, files: helperFile(`echo '{"Username":"me","Secret":"secret"}'`)},
	{does: "a helper that fails", answer: requiresBasic, requests: 1,
		files: helperFile("echo 'WARNING: an update is available' >&2; echo 'ERROR: no account is active.' >&2; exit 1"),
		want:  "HOST requires a login, and the credential helper docker-credential-x failed: ERROR: no account is active; try it: echo HOST | docker-credential-x get"},
	{does: "a helper that fails, and a public image", requests: 2, files: helperFile("exit 1")},
	{does: "a helper with an empty name, and a login in the file", answer: requiresBasic, requests: 3,
		files: map[string]string{".docker/config.json": fmt.Sprintf(`{"auths":{"HOST":%s},"credHelpers":{"HOST":""},"credsStore":"none"}`, basicLogin)}},
	{does: "a helper with an empty name, and no login", answer: requiresBasic, requests: 1,
		files: map[string]string{".docker/config.json": `{"credHelpers":{"HOST":""}}`},
		want:  "HOST requires a login, and FILE has an empty name for the credential helper of HOST; write its name there, or remove the entry, and log in again"},
	{does: "config.json is not JSON", answer: requiresBasic, requests: 1,
		files: map[string]string{".docker/config.json": "{\n \"auths\": {},\n}"},
		want:  "HOST requires a login, and the logins in FILE cannot be read: it is not JSON (line 3); repair or remove it, and log in again"},
	{does: "config.json is not JSON, and the image is public", requests: 2, files: map[string]string{".docker/config.json": "{"}},
	{does: "a part of config.json has the wrong type", answer: requiresBasic, requests: 3,
		files: map[string]string{".docker/config.json": fmt.Sprintf(`{"auths":{"other.example":"x","HOST":%s},"credHelpers":[]}`, basicLogin)}},
}

// TestBehaviours checks each behaviour: the error or that the image is read, and the requests.
// It checks that docs/registries.md has the table of them.
func TestBehaviours(t *testing.T) {
	for _, b := range behaviours {
		t.Run(b.does, func(t *testing.T) {
			s := newServer(t)
			r := s.ref("app", "a")
			s.pushImage(t, r, image(t, 1))
			s.setFront(func(w http.ResponseWriter, r *http.Request) bool { return b.answer != nil && b.answer(w, r) })
			files := map[string]string{}
			for path, text := range b.files {
				files[path] = strings.ReplaceAll(text, "HOST", s.host)
			}
			dir := home(t, files)
			for name, value := range b.env {
				t.Setenv(name, strings.ReplaceAll(value, "HOST", s.host))
			}
			_, err := New(Options{CertDirs: []string{}}).Load(deadline(t), r, nil)
			got := ""
			if err != nil {
				got = strings.NewReplacer(filepath.Join(dir, ".docker/config.json"), "FILE", s.host, "HOST").Replace(err.Error())
			}
			if got != b.want || len(s.requests()) != b.requests {
				t.Errorf("%d requests %q\ngot  %s\nwant %s", len(s.requests()), s.requests(), got, b.want)
			}
		})
	}
	var table strings.Builder
	table.WriteString("\n\n| behaviour | tagdiff | requests |\n|---|---|---|\n")
	for _, b := range behaviours {
		if b.want == "" {
			b.want = "reads the image"
		}
		fmt.Fprintf(&table, "| %s | %s | %d |\n", b.does, strings.ReplaceAll(b.want, "|", `\|`), b.requests)
	}
	table.WriteString("\n")
	checkTable(t, filepath.Join("..", "docs", "registries.md"), table.String())
}

// checkTable checks, or writes with -update, the part of a document between the marks.
func checkTable(t *testing.T, path, want string) {
	t.Helper()
	const begin, end = "TestBehaviours -update writes -->", "<!-- end of the table -->"
	raw, err := os.ReadFile(path)
	ok(t, err)
	before, rest, found := strings.Cut(string(raw), begin)
	have, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("%s has no marks for the table", path)
	}
	if *update {
		ok(t, os.WriteFile(path, []byte(before+begin+want+end+after), 0o644))
		return
	}
	if d := cmp.Diff(have, want); d != "" {
		t.Errorf("%s does not match the tests; go test ./registry -run TestBehaviours -update writes it\n%s", path, d)
	}
}

// TestZot checks zot's list of repositories, which has the public ones only until /v2/ has said
// how to log in, and its answer for what does not exist.
func TestZot(t *testing.T) {
	for name, tt := range map[string]struct {
		login bool
		names string
		first []string // the requests of the first list, and of later ones
		later []string
	}{
		"no login": {false, "public/app", []string{"GET /v2/_catalog?n=1000"}, []string{"GET /v2/_catalog?n=1000"}},
		"a login": {true, "app public/app", []string{"GET /v2/_catalog?n=1000", "GET /v2/", "GET /v2/_catalog?n=1000"},
			[]string{"GET /v2/_catalog?n=1000"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.pushImage(t, s.ref("app", "a"), image(t, 1))
			s.pushImage(t, s.ref("public/app", "a"), image(t, 1))
			s.setFront(zot)
			c := newClient(t, Options{Warn: func(text string) { t.Errorf("warns %q", text) }})
			if tt.login {
				logIn(t, c, s.host, "me", "secret")
			}
			for _, requests := range [][]string{tt.first, tt.later} {
				s.reset()
				var names []string
				ok(t, c.Repositories(deadline(t), s.host, func(more []string) { names = append(names, more...) }))
				slices.Sort(names) // the registry behind zot has them in any order
				if strings.Join(names, " ") != tt.names || !slices.Equal(s.requests(), requests) {
					t.Errorf("lists %q with %q", names, s.requests())
				}
			}
			s.reset()
			_, err := c.Load(deadline(t), s.ref("public/app", "a"), nil)
			ok(t, err)
			if n := len(s.requests()); n != 2 {
				t.Errorf("%d requests: %q", n, s.requests())
			}
		})
	}
	s := newServer(t)
	s.setFront(zot)
	c := newClient(t, Options{})
	logIn(t, c, s.host, "me", "secret")
	_, err := c.Load(deadline(t), s.ref("none/app", "a"), nil)
	says(t, err, s.host+` denies access to none/app:a with the login of user "me" in config.json ("requested access to the resource is denied")`)
	if n := len(s.requests()); n != 2 {
		t.Errorf("%d requests: %q", n, s.requests())
	}
}
