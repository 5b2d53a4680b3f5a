package registry

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/model"
)

// insecureCase is a registry that needs TLS, its login, and what a client notes about it.
type insecureCase struct {
	*server
	client   *Client
	notes    []string
	sent     []string // Authorization headers that the registry got
	homePath string
}

// newInsecureCase makes a client with a login for s. The files in the home say what is
// insecure; HOST in them is the registry.
func newInsecureCase(t *testing.T, s *server, files map[string]string) *insecureCase {
	t.Helper()
	all := map[string]string{".docker/config.json": fmt.Sprintf(`{"auths":{%q:{"username":"me","password":"hunter22"}}}`, s.host)}
	for path, text := range files {
		all[path] = strings.ReplaceAll(text, "HOST", s.host)
	}
	i := &insecureCase{server: s, homePath: home(t, all)}
	i.client = New(Options{CertDirs: []string{}, Warn: func(note string) { i.notes = append(i.notes, note) }})
	i.client.transport.RequireTLS = true // as if it were elsewhere
	front := s.front()
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		if sent := r.Header.Get("Authorization"); sent != "" {
			i.sent = append(i.sent, sent)
		}
		return front != nil && front(w, r)
	})
	return i
}

const (
	daemonJSON     = `{"insecure-registries":["HOST"]}`
	registriesConf = "[[registry]]\nlocation = \"HOST\"\ninsecure = true\n"
)

// TestInsecure_read checks that a registry that docker or podman declare insecure is read over
// plain http, or without a check of its certificate, with no request more, without a login, and
// with a note.
func TestInsecure_read(t *testing.T) {
	const http, unchecked = "over plain http", "without a check of its certificate"
	for name, tt := range map[string]struct {
		tls             bool
		file, text, how string
	}{
		"docker, http":        {false, ".docker/daemon.json", daemonJSON, http},
		"docker, certificate": {true, ".docker/daemon.json", daemonJSON, unchecked},
		"podman, http":        {false, ".config/containers/registries.conf", registriesConf, http},
		"podman, certificate": {true, ".config/containers/registries.conf", registriesConf, unchecked},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			if tt.tls {
				s, _ = newTLSServer(t)
			}
			for _, tag := range []string{"a", "b"} {
				s.pushImage(t, s.ref("app", tag), image(t, 1))
			}
			i := newInsecureCase(t, s, map[string]string{tt.file: tt.text})
			for _, tag := range []string{"a", "b"} {
				_, err := i.client.Load(deadline(t), s.ref("app", tag), nil)
				ok(t, err)
			}
			want := fmt.Sprintf("%s is read %s and without a login: %s declares it insecure", s.host, tt.how, filepath.Join(i.homePath, tt.file))
			if !slices.Equal(i.notes, []string{want}) || len(s.requests()) != 4 || len(i.sent) > 0 {
				t.Errorf("notes %q, requests %q, sent %q", i.notes, s.requests(), i.sent)
			}
		})
	}
}

// TestInsecure_loginRequired checks that an insecure registry gets no login, also where it asks
// for one, that its token service gets none, and what the error says.
func TestInsecure_loginRequired(t *testing.T) {
	basic := func(s *server) {
		s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
			status(401, "", "WWW-Authenticate", `Basic realm="here"`)(w, r)
			return true
		})
	}
	for name, tt := range map[string]struct {
		tls bool
		ask func(*server)
		say string // after the host
		n   int
	}{
		"basic, http": {false, basic,
			" requires a login, and tagdiff sends none over plain http (~FILE declares the registry insecure); run with --plain-http if you trust the network", 1},
		"token, http": {false, func(s *server) { askToken(s, "me", "hunter22") },
			" requires a login, and tagdiff sends none over plain http (~FILE declares the registry insecure); run with --plain-http if you trust the network", 2},
		"basic, certificate": {true, basic,
			" requires a login, and tagdiff sends none where it cannot verify the certificate (~FILE declares the registry insecure); " +
				"put the authority's certificate at /etc/docker/certs.d/HOST/ca.crt, or name it in SSL_CERT_FILE", 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			if tt.tls {
				s, _ = newTLSServer(t)
			}
			tt.ask(s)
			i := newInsecureCase(t, s, map[string]string{".docker/daemon.json": daemonJSON})
			_, err := i.client.Load(deadline(t), s.ref("app", "a"), nil)
			want := s.host + strings.NewReplacer("~FILE", i.homePath+"/.docker/daemon.json", "HOST", s.host).Replace(tt.say)
			if err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
			if len(i.sent) > 0 || len(s.requests()) != tt.n {
				t.Errorf("sent %q in %q", i.sent, s.requests())
			}
		})
	}
}

// TestInsecure_anonymousToken checks that an insecure registry that gives tokens to everybody is
// read with one.
func TestInsecure_anonymousToken(t *testing.T) {
	s := newServer(t)
	s.pushImage(t, s.ref("app", "a"), image(t, 1))
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/token" && r.Header.Get("Authorization") == "Bearer t" {
			return false
		}
		tokenThen(status(500, ""))(w, r)
		return true
	})
	i := newInsecureCase(t, s, map[string]string{".docker/daemon.json": daemonJSON})
	_, err := i.client.Load(deadline(t), s.ref("app", "a"), nil)
	ok(t, err)
	if !slices.Equal(slices.Compact(i.sent), []string{"Bearer t"}) || len(s.requests()) != 4 {
		t.Errorf("sent %q in %q", i.sent, s.requests())
	}
}

// TestInsecure_verified checks that a declared registry with a certificate that can be verified is
// read with its login, as any other, and without a note.
func TestInsecure_verified(t *testing.T) {
	s, certs := newTLSServer(t)
	s.pushImage(t, s.ref("app", "a"), image(t, 1))
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Authorization") != "" {
			return false
		}
		status(401, "", "WWW-Authenticate", `Basic realm="here"`)(w, r)
		return true
	})
	i := newInsecureCase(t, s, map[string]string{".docker/daemon.json": daemonJSON})
	i.client.transport.CertDirs = []string{certs}
	_, err := i.client.Load(deadline(t), s.ref("app", "a"), nil)
	ok(t, err)
	if len(i.notes) > 0 || len(i.sent) != 2 || len(s.requests()) != 3 {
		t.Errorf("notes %q, sent %q, requests %q", i.notes, i.sent, s.requests())
	}
}

// TestInsecure_declaredOnly checks that no other registry and no other namespace is read without
// TLS, also after an insecure namespace of the same registry was.
func TestInsecure_declaredOnly(t *testing.T) {
	s := newServer(t)
	for _, repo := range []string{"team/app", "other/app"} {
		s.pushImage(t, s.ref(repo, "a"), image(t, 1))
	}
	i := newInsecureCase(t, s, map[string]string{".config/containers/registries.conf": "[[registry]]\nprefix = \"HOST/team\"\ninsecure = true\n"})
	load := func(repo string) error {
		_, err := i.client.Load(deadline(t), s.ref(repo, "a"), nil)
		return err
	}
	refused := s.host + " answered with plain http, not https; run with --plain-http if you trust the network"
	for range 2 {
		if err := load("other/app"); err == nil || err.Error() != refused {
			t.Errorf("got %v", err)
		}
		ok(t, load("team/app"))
	}
	if n := len(s.requests()); n != 3 { // the second time HEAD is enough
		t.Errorf("%d requests: %q", n, s.requests())
	}
}

// TestInsecure_declaredLater checks that a registry that is declared insecure after a failure is
// read.
func TestInsecure_declaredLater(t *testing.T) {
	s, _ := newTLSServer(t)
	s.pushImage(t, s.ref("app", "a"), image(t, 1))
	i := newInsecureCase(t, s, nil)
	_, err := i.client.Load(deadline(t), s.ref("app", "a"), nil)
	says(t, err, "authority that this machine does not trust")
	ok(t, os.WriteFile(filepath.Join(i.homePath, ".docker/daemon.json"), []byte(strings.ReplaceAll(daemonJSON, "HOST", s.host)), 0o600))
	i.client.credentials.Forget(s.host)
	_, err = i.client.Load(deadline(t), s.ref("app", "a"), nil)
	ok(t, err)
}

// TestInsecure_lists checks that tags and repositories are listed too.
func TestInsecure_lists(t *testing.T) {
	s := newServer(t)
	s.pushImage(t, s.ref("app", "a"), image(t, 1))
	i := newInsecureCase(t, s, map[string]string{".docker/daemon.json": daemonJSON})
	var names []string
	add := func(more []string) { names = append(names, more...) }
	ok(t, i.client.Repositories(deadline(t), s.host, add))
	ok(t, i.client.Tags(deadline(t), model.Ref{Registry: s.host, Repository: "app"}, add))
	if !slices.Equal(names, []string{"app", "a"}) {
		t.Errorf("got %q", names)
	}
}

// TestInsecure_repositoriesRefused checks that the refusal of a list of repositories says that an
// insecure registry gets no login, and names none.
func TestInsecure_repositoriesRefused(t *testing.T) {
	const none = "tagdiff sends none over plain http (~FILE declares the registry insecure); run with --plain-http if you trust the network"
	bearer := func(token http.HandlerFunc) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/token" {
				token(w, r)
			} else {
				basicToken(w, r)
			}
			return true
		}
	}
	for name, tt := range map[string]struct {
		front func(http.ResponseWriter, *http.Request) bool
		say   string // after the host
		n     int
	}{
		"Basic":                {instead(ask(askBasic)), "requires a login, and " + none, 1},
		"no challenge":         {instead(status(401, "")), "requires a login, and " + none, 2},
		"403":                  {instead(denied), "does not list repositories without a login, or not at all, and " + none, 1},
		"a token service, 401": {bearer(status(401, "")), "requires a login, and " + none, 2},
		"a token service, 403": {bearer(denied), "does not list repositories without a login, or not at all, and " + none, 2},
		"an anonymous token":   {bearer(status(200, `{"token":"t"}`)), "requires a login, and " + none, 3},
		"404":                  {instead(status(404, "")), "does not list repositories; type or paste a reference, for example HOST/repository:tag", 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.setFront(tt.front)
			i := newInsecureCase(t, s, map[string]string{".docker/daemon.json": daemonJSON})
			err := i.client.Repositories(deadline(t), s.host, func([]string) {})
			saysExactly(t, s, err, strings.ReplaceAll(tt.say, "~FILE", i.homePath+"/.docker/daemon.json"))
			for _, sent := range i.sent {
				if sent != "Bearer t" {
					t.Errorf("sent %q", sent)
				}
			}
			if len(s.requests()) != tt.n {
				t.Errorf("sent %q", s.requests())
			}
		})
	}
}
