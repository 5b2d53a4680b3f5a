package credentials

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/regclient/regclient/config"

	"github.com/tagdiff/tagdiff/registry/internal/registrytest"
)

// me:secret and pod:man in the base64 of the files.
const dockerConfig = `{"auths":{"https://index.docker.io/v1/":{"auth":"bWU6c2VjcmV0"},"reg.example":{},"quoted.example":{"auth":"bWU6c2VjcmV0"}},
		"credHelpers":{"cloud.example":"good"},"credsStore":"store"}`

const podmanAuth = `{"auths":{"quay.io/team":{"auth":"cG9kOm1hbg=="},"quay.io":{"auth":"bWU6c2VjcmV0"}}}`

const regctlConfig = `{"hosts":{"mine.example:5000":{"tls":"disabled","user":"reg","pass":"ctl"},"bad.example":{"credHelper":"docker-credential-bad"}}}`

const goodHelper = "#!/bin/sh\necho noise >&2\nread s; echo \"{\\\"ServerURL\\\":\\\"$s\\\",\\\"Username\\\":\\\"<token>\\\",\\\"Secret\\\":\\\"for $s\\\"}\"\n"

const storeHelper = "#!/bin/sh\nread s; if [ \"$s\" = reg.example ]; then echo '{\"Username\":\"kept\",\"Secret\":\"s\"}'; else echo 'credentials not found in native keychain'; exit 1; fi\n"

const badHelper = "#!/bin/sh\necho out of order; exit 1\n"

// TestLookup_filesOfTools checks that logins are found in the files of docker, podman and regctl.
func TestLookup_filesOfTools(t *testing.T) {
	dir := registrytest.Home(t, map[string]string{
		".docker/config.json": dockerConfig, ".config/containers/auth.json": podmanAuth, ".regctl/config.json": regctlConfig,
		"bin/docker-credential-good": goodHelper, "bin/docker-credential-store": storeHelper, "bin/docker-credential-bad": badHelper,
	})
	t.Setenv("DOCKER_AUTH_CONFIG", `{"auths":{"env.example":{"username":"e","password":"nv"}}}`)
	k := NewKeychain()
	docker := filepath.Join(dir, ".docker/config.json")
	podman := filepath.Join(dir, ".config/containers/auth.json")
	for _, tt := range []struct {
		host, repo string
		want       Login
	}{
		{"docker.io", "library/app", Login{Username: "me", Password: "secret", Source: docker}},
		{"env.example", "a", Login{Username: "e", Password: "nv", Source: "DOCKER_AUTH_CONFIG"}},
		{"cloud.example", "a/b", Login{RefreshToken: "for cloud.example", Source: "docker-credential-good"}},
		{"reg.example", "a", Login{Username: "kept", Password: "s", Source: "docker-credential-store"}},
		{"quay.io", "team/app", Login{Username: "pod", Password: "man", Source: podman}},
		{"quay.io", "teammate/app", Login{Username: "me", Password: "secret", Source: podman}},
		{"quay.io", "", Login{Username: "me", Password: "secret", Source: podman}},
		{"mine.example:5000", "a", Login{Username: "reg", Password: "ctl", Source: filepath.Join(dir, ".regctl/config.json")}},
		{"mine.example", "a", Login{}},
		{"unknown.example", "a", Login{}},
	} {
		got, err := k.Lookup(registrytest.Deadline(t), tt.host, tt.repo)
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s/%s: got %+v, %v", tt.host, tt.repo, got, err)
		}
	}
	_, err := k.Lookup(registrytest.Deadline(t), "bad.example", "a")
	registrytest.Says(t, err, "docker-credential-bad failed: out of order", "echo bad.example | docker-credential-bad get")

	want := []string{"bad.example", "cloud.example", "docker.io", "env.example", "mine.example:5000", "quay.io", "quoted.example", "reg.example"}
	if got := k.Hosts(); !slices.Equal(got, want) {
		t.Errorf("known hosts %q", got)
	}
	if k.HostSettings("mine.example:5000").TLS != config.TLSDisabled {
		t.Error("regctl's TLS setting is lost")
	}
}

// FuzzLogins reads files of docker's and podman's, and one of regctl's.
func FuzzLogins(f *testing.F) {
	f.Add([]byte(dockerConfig), []byte(regctlConfig), "quay.io", "team/app")
	f.Add([]byte(podmanAuth), []byte(`{"hosts":{"a":null,"":{},"b":{"user":"x","pass":"y","tls":"odd"}}}`), "docker.io", "library/app")
	f.Add([]byte(`{"auths":{"https://index.docker.io/v1/":null,"/":{},"://":{"auth":"bWU6c2VjcmV0"}},"credHelpers":{"x":"../../x"}}`), []byte(`[]`), "x", "")
	f.Fuzz(func(t *testing.T, file, regctl []byte, host, repo string) {
		k := NewKeychain()
		k.loaded = true
		k.AddAuthFile("config.json", file)
		for _, s := range k.authFiles {
			for _, prog := range slices.AppendSeq([]string{s.helper}, maps.Values(s.helpers)) {
				if prog != "" && (!strings.HasPrefix(prog, helperPrefix) || filepath.IsAbs(prog)) {
					t.Errorf("would run %q", prog)
				}
			}
		}
		k.AddRegctlConfig("regctl.json", regctl)
		for i := range k.authFiles { // none is run here
			k.authFiles[i].helper, k.authFiles[i].helpers = "", nil
		}
		hosts := k.Hosts()
		if !slices.IsSorted(hosts) || slices.Contains(hosts, "") {
			t.Errorf("hosts %q", hosts)
		}
		l, err := k.Lookup(t.Context(), host, repo)
		if err != nil && (!l.IsZero() || !strings.Contains(err.Error(), "cannot be read")) {
			t.Error(err)
		}
		if !l.IsZero() && (!slices.Contains(hosts, hostOfKey(host)) || strings.Contains(l.String(), l.Password) && len(l.Password) > len(l.Username+l.Source)+30) {
			t.Errorf("a login for %q, one of %q", host, hosts)
		}
		if k.HostSettings(host).Name != host {
			t.Error("settings of another host")
		}
	})
}

// TestAuthFile_tooLarge checks that a file of logins beyond the limit is ignored.
func TestAuthFile_tooLarge(t *testing.T) {
	dir := registrytest.Home(t, map[string]string{".docker/config.json": `{"auths":{"reg.example":{"username":"a","password":"b"}}}` + strings.Repeat(" ", MaxFile)})
	if got := NewKeychain().Hosts(); len(got) > 0 {
		t.Errorf("read %q", got)
	}
	registrytest.OK(t, os.Truncate(dir+"/.docker/config.json", 100))
	if got := NewKeychain().Hosts(); len(got) != 1 {
		t.Errorf("read %q", got)
	}
}

// TestFileError checks that a file of logins that cannot be used is named, without its content.
func TestFileError(t *testing.T) {
	const file = ".docker/config.json"
	for name, tt := range map[string]struct{ path, content, why string }{
		"not JSON":           {file, `{"auths":hunter22}`, "it is not JSON"},
		"cut off":            {file, `{"auths":{"reg.example":{"auth":"hunter22`, "it ends too early"},
		"another form":       {file, `{"auths":{"reg.example":{"password":22222222}}}`, "it is not a Docker config file"},
		"a list":             {".regctl/config.json", `["hunter22"]`, "it is not a regctl config file"},
		"a text":             {".config/containers/auth.json", `"hunter22"`, "it is not a podman auth file"},
		"a folder":           {file + "/x", "", "is a directory"},
		"too large":          {file, strings.Repeat(" ", MaxFile+1), "it is larger than 4 MiB"},
		"empty":              {file, "\n", ""},
		"no logins":          {file, "{}", ""},
		"none":               {"other", "", ""},
		"of podman":          {".config/containers/auth.json", "x", "it is not JSON"},
		"other JSON members": {file, `{"auths":{},"HttpHeaders":{"a":1},"plugins":[]}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := registrytest.Home(t, map[string]string{tt.path: tt.content})
			k := NewKeychain()
			err := k.FileError()
			if tt.why == "" {
				registrytest.OK(t, err)
				return
			}
			path := filepath.Join(dir, strings.TrimSuffix(tt.path, "/x"))
			registrytest.Says(t, err, "the logins in "+path+" cannot be read: "+tt.why+"; repair or remove it, and log in again")
			if text := err.Error(); strings.Contains(text, "hunter22") || strings.Contains(text, "2222") {
				t.Error(text)
			}
			registrytest.OK(t, os.RemoveAll(path))
			k.Forget()
			registrytest.OK(t, k.FileError())
		})
	}
	registrytest.Home(t, nil)
	t.Setenv("DOCKER_AUTH_CONFIG", "hunter22")
	registrytest.Says(t, NewKeychain().FileError(), "the logins in DOCKER_AUTH_CONFIG cannot be read: it is not JSON")
}

// TestLookup_damagedEntry checks that an entry whose auth cannot be decoded is an error if no
// other login is found.
func TestLookup_damagedEntry(t *testing.T) {
	const damaged = `"reg.example":{"auth":"hunter22"}`
	for name, tt := range map[string]struct {
		files []string
		want  string // "" for no error
	}{
		"not base64":    {[]string{`{"auths":{"reg.example":{"auth":"%%%"}}}`}, "the login for reg.example in file 0 cannot be read: its auth is not user:password in base64"},
		"no colon":      {[]string{`{"auths":{` + damaged + `}}`}, "the login for reg.example in file 0 cannot be read: "},
		"a second file": {[]string{`{"auths":{` + damaged + `}}`, `{"auths":{"reg.example":{"auth":"bWU6c2VjcmV0"}}}`}, ""},
		"a token too":   {[]string{`{"auths":{"reg.example":{"auth":"%","identitytoken":"t"}}}`}, ""},
		"another host":  {[]string{`{"auths":{"other.example":{"auth":"%"}}}`}, ""},
		"no auth":       {[]string{`{"auths":{"reg.example":{}}}`}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			k := NewStatic()
			for i, file := range tt.files {
				k.AddAuthFile(fmt.Sprintf("file %d", i), []byte(file))
			}
			_, err := k.Lookup(registrytest.Deadline(t), "reg.example", "app")
			if tt.want == "" {
				registrytest.OK(t, err)
				return
			}
			registrytest.Says(t, err, tt.want)
			if strings.Contains(err.Error(), "hunter22") {
				t.Error(err)
			}
		})
	}
}
