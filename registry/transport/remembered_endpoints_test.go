package transport

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tagdiff/tagdiff/registry/credentials"
	"github.com/tagdiff/tagdiff/registry/internal/registrytest"
)

// TestEndpointFile_limit checks that the number of remembered endpoints is limited.
func TestEndpointFile_limit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "endpoints.json")
	start := time.Now().UTC().Truncate(time.Second)
	all := map[string]endpoint{}
	for i := range 3 * maxEndpoints {
		all[fmt.Sprintf("r%03d.example", i)] = endpoint{Seen: start.Add(-time.Duration(i) * time.Hour)}
	}
	(&EndpointFile{path: path}).write(all)
	got := (&EndpointFile{path: path}).read()
	if _, newest := got["r000.example"]; len(got) != maxEndpoints || !newest {
		t.Errorf("%d are left", len(got))
	}
}

// TestEndpointFile_concurrentWrites checks that several processes can write the file of endpoints at once.
func TestEndpointFile_concurrentWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "endpoints.json")
	first := endpoint{Realm: "https://auth.example/token"}
	(&EndpointFile{path: path}).update("first.example", func(p *endpoint) { *p = first })
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			e := &EndpointFile{path: path}
			for j := range 20 {
				e.update(fmt.Sprintf("r%d-%d.example", i, j%4), func(p *endpoint) { p.Service = strings.Repeat("s", j) })
				if got := e.read()["first.example"]; got.Realm != first.Realm {
					t.Errorf("read %+v", got)
				}
			}
		})
	}
	all.Wait()
	files, err := os.ReadDir(filepath.Dir(path))
	registrytest.OK(t, err)
	if len(files) != 1 {
		t.Errorf("left behind: %v", files)
	}
}

// TestEndpointFile_unchangedNotWritten checks that an unchanged endpoint is not written again.
func TestEndpointFile_unchangedNotWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "endpoints.json")
	set := func(p *endpoint) { p.Realm = "https://auth.example/token" }
	e := &EndpointFile{path: path}
	e.update("r.example", set)
	registrytest.OK(t, os.Remove(path))
	e.update("r.example", set)
	if _, err := os.Stat(path); err == nil {
		t.Error("written again")
	}
	e.byHost["r.example"] = endpoint{Realm: "https://auth.example/token", Seen: time.Now().Add(-2 * endpointRefresh)}
	e.update("r.example", set)
	_, err := os.Stat(path)
	registrytest.OK(t, err)
}

// TestFingerprint checks that a fingerprint is of one login at one token service, that it has 16 bits
// of the hash, and that the last ones are kept.
func TestFingerprint(t *testing.T) {
	at := loginAt{"https://auth.example/token", "here", credentials.Login{Username: "me", Password: "pw", Source: "config.json"}}
	salt := make([]byte, saltSize)
	known := at.fingerprint(salt)
	if len(known) != 2*(saltSize+2) {
		t.Errorf("%q", known)
	}
	var p endpoint
	p.addLogin(known)
	for name, tt := range map[string]struct {
		change func(*loginAt)
		got    bool
	}{
		"the same":          {func(*loginAt) {}, true},
		"another file":      {func(l *loginAt) { l.login.Source = "auth.json" }, true},
		"another password":  {func(l *loginAt) { l.login.Password = "other" }, false},
		"another user":      {func(l *loginAt) { l.login.Username = "you" }, false},
		"an identity token": {func(l *loginAt) { l.login.RefreshToken = "idt" }, false},
		"another realm":     {func(l *loginAt) { l.realm = "https://other.example/token" }, false},
		"another service":   {func(l *loginAt) { l.service = "there" }, false},
	} {
		other := at
		tt.change(&other)
		if p.gotLogin(other) != tt.got {
			t.Errorf("%s: want %v", name, tt.got)
		}
	}
	salt[0] = 1
	if second := at.fingerprint(salt); second[2*saltSize:] == known[2*saltSize:] {
		t.Errorf("the salt has no effect: %s, %s", known, second)
	}
	for i := range maxLogins {
		p.addLogin(strings.Repeat(strconv.Itoa(i), 2*(saltSize+2)))
	}
	if all := strings.Fields(p.Logins); len(all) != maxLogins || all[0][0] != '0' || p.gotLogin(at) || len(p.Logins) > maxEndpointName {
		t.Errorf("kept %q", all)
	}
	for _, damaged := range []string{"", "x", "00", known[2:], known + "00", strings.ToUpper(known) + "z"} {
		if p.Logins = damaged; p.gotLogin(at) {
			t.Errorf("%q counts", damaged)
		}
	}
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
