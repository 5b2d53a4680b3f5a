package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tagdiff/tagdiff/registry/demo"
	"github.com/tagdiff/tagdiff/ui/uitest"
)

// loginRegistry is a registry with the images of the demo that requires a login. Its password
// changes, and then the old one is refused.
type loginRegistry struct {
	host, config string // config is the folder of config.json
	tokens       bool   // it has a token service
	expired      bool   // it says 403 for a wrong password, as ECR does, and not 401

	mu       sync.Mutex
	password string
}

// startLoginRegistry starts a registry in one of the ways to refuse. Its password is "first",
// and config.json has that one.
func startLoginRegistry(t *testing.T, s *loginRegistry) *loginRegistry {
	t.Helper()
	s.password, s.config = "first", t.TempDir()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.host = strings.TrimPrefix(server.URL, "http://")
	s.logIn(t, "first")
	return s
}

// logIn writes config.json, as docker login does.
func (s *loginRegistry) logIn(t *testing.T, password string) {
	t.Helper()
	auth := base64.StdEncoding.EncodeToString([]byte("me:" + password))
	content := fmt.Appendf(nil, `{"auths":{%q:{"auth":%q}}}`, s.host, auth)
	if err := os.WriteFile(filepath.Join(s.config, "config.json"), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// setPassword changes the password at the registry.
func (s *loginRegistry) setPassword(password string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.password = password
}

func (s *loginRegistry) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	password := s.password
	s.mu.Unlock()
	_, got, _ := r.BasicAuth()
	authorization := r.Header.Get("Authorization")
	refused := refuses(http.StatusUnauthorized, "UNAUTHORIZED")
	if s.expired {
		refused = refuses(http.StatusForbidden, "DENIED")
	}
	switch {
	case r.URL.Path == "/token" && got == password:
		json.NewEncoder(w).Encode(map[string]string{"token": password}) //nolint:errcheck // the client may be gone
	case authorization == "Bearer "+password, !s.tokens && got == password:
		demo.Handler().ServeHTTP(w, r)
	case authorization == "" && s.tokens:
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token",service="here"`, s.host))
		refuses(http.StatusUnauthorized, "UNAUTHORIZED")(w, r)
	case authorization == "" || s.tokens && r.URL.Path != "/token" && !s.expired:
		challenge := `Basic realm="here"`
		if s.tokens {
			challenge = fmt.Sprintf(`Bearer realm="http://%s/token",service="here"`, s.host)
		}
		w.Header().Set("WWW-Authenticate", challenge)
		refuses(http.StatusUnauthorized, "UNAUTHORIZED")(w, r)
	default:
		if !s.expired && !s.tokens {
			w.Header().Set("WWW-Authenticate", `Basic realm="here"`)
		}
		refused(w, r)
	}
}

// refusals are the ways in which registries refuse a login.
func refusals() map[string]*loginRegistry {
	return map[string]*loginRegistry{
		"basic, 401": {}, "basic, 403": {expired: true}, "token, 401": {tokens: true}, "token, 403": {tokens: true, expired: true},
	}
}

// TestLogin_repairedOnScreen: on each page a refused login can be repaired in another window:
// the next step is said, and r, or enter in the input, reads the login again.
func TestLogin_repairedOnScreen(t *testing.T) {
	t.Parallel()
	for name, s := range refusals() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			startLoginRegistry(t, s)
			screen := uitest.Options{Width: 120, Height: 24, Env: []string{"DOCKER_CONFIG=" + s.config}}
			page := 0
			repair := func(term *uitest.Term, want string) {
				t.Helper()
				page++
				next := fmt.Sprint("next", page)
				s.setPassword(next)
				term.Type("r")
				waitForWords(t, term, "docker login", "r tries again") // a long path wraps them
				s.logIn(t, next)
				term.Type("r")
				term.WaitFor(want)
				term.WaitGone("tries again")
			}
			tags := uitest.Start(t, screen, s.host+"/shop/image-name")
			tags.WaitFor("20230901.095133z")
			repair(tags, "4db8e73cd500")
			image := uitest.Start(t, screen, s.host+"/shop/image-name:prod")
			image.WaitFor("node server.js")
			repair(image, "node server.js")
			pair := uitest.Start(t, screen, s.host+"/shop/image-name:prod", ":20231001.155532z")
			pair.WaitFor("packed differently")
			repair(pair, "packed differently")
		})
	}
}

// TestLogin_repairedList: the list of repositories is read with the login as it is now, also after
// an error.
func TestLogin_repairedList(t *testing.T) {
	t.Parallel()
	for name, s := range refusals() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			startLoginRegistry(t, s)
			s.setPassword("next")
			screen := uitest.Options{Width: 120, Height: 24, Env: []string{"DOCKER_CONFIG=" + s.config}}
			term := uitest.Start(t, screen, s.host)
			term.WaitFor("r tries again")
			s.logIn(t, "next")
			term.Type("r")
			term.WaitFor("shop/image-name")
		})
	}
}

// TestLogin_renewedInWatch: watch uses a new login in the next round, and says so once.
func TestLogin_renewedInWatch(t *testing.T) {
	t.Parallel()
	for name, s := range refusals() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			startLoginRegistry(t, s)
			ref := s.host + "/library/python:2.7.16"
			w := startWatchWith(t, []string{"DOCKER_CONFIG=" + s.config}, ref)
			if line := w.nextLine(w.lines); !strings.Contains(line, ref+" is sha256:") {
				t.Fatalf("%q", line)
			}
			s.setPassword("next")
			if line := w.nextLine(w.errors); !strings.Contains(line, `the login of user "me" in `) || !strings.HasSuffix(line, "(still watching)") {
				t.Fatalf("%q", line)
			}
			s.logIn(t, "next")
			if line := w.nextLine(w.errors); line != "tagdiff: "+s.host+" answers again" {
				t.Fatalf("%q", line)
			}
		})
	}
}
