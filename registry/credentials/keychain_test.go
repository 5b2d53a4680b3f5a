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
		{"cloud.example", "a/b", Login{RefreshToken: "for cloud.example", Helper: "docker-credential-good"}},
		{"reg.example", "a", Login{Username: "kept", Password: "s", Helper: "docker-credential-store"}},
		{"quay.io", "team/app", Login{Username: "pod", Password: "man", Source: podman}},
		{"quay.io", "teammate/app", Login{Username: "me", Password: "secret", Source: podman}},
		{"quay.io", "", Login{Username: "me", Password: "secret", Source: podman}},
		{"mine.example:5000", "a", Login{Username: "reg", Password: "ctl", Source: filepath.Join(dir, ".regctl/config.json")}},
		{"mine.example", "a", Login{}},
		{"unknown.example", "a", Login{}},
	} {
		got, err := k.Lookup(registrytest.Deadline(t), tt.host, tt.repo)
		if !isNoLogin(err, got) || !reflect.DeepEqual(got, tt.want) {
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
		if !l.IsZero() && (!slices.Contains(hosts, hostOfKey(host)) || strings.Contains(l.String(), l.Password) && len(l.Password) > len(l.Username+l.Source+l.Helper)+30) {
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
		"a trailing comma":   {file, "{\n\"auths\":{},\n}", "it is not JSON (line 3)"},
		"another form":       {file, `{"auths":{"reg.example":{"password":22222222}}}`, "a value of auths.password has the wrong type"},
		"an odd part":        {file, `{"auths":{},"credHelpers":["hunter22"]}`, "a value of credHelpers has the wrong type"},
		"a byte order mark":  {file, "\ufeff{}", ""},
		"of old docker":      {".dockercfg", "[]", "it is not an old Docker config file"},
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
			if text := err.Error(); strings.Contains(text, "hunter22") || strings.Contains(text, "22222222") {
				t.Error(text)
			}
			registrytest.OK(t, os.RemoveAll(path))
			k.Forget("reg.example")
			registrytest.OK(t, k.FileError())
		})
	}
	dir := registrytest.Home(t, map[string]string{"config.json": "{}"})
	t.Setenv("DOCKER_CONFIG", filepath.Join(dir, "config.json"))
	registrytest.Says(t, NewKeychain().FileError(), "DOCKER_CONFIG names the file "+filepath.Join(dir, "config.json")+"; let it name the folder of config.json")
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

// TestLookup_keys checks which key of a file counts: the one that docker writes today, before
// what older versions wrote, each time.
func TestLookup_keys(t *testing.T) {
	const old, now = `{"username":"old","password":"p"}`, `{"username":"now","password":"p"}`
	for name, tt := range map[string]struct{ file, host, repo, want string }{
		"a URL and the name":         {`{"auths":{"https://reg.example":` + old + `,"reg.example":` + now + `,"http://reg.example/v2/":` + old + `}}`, "reg.example", "app", "now"},
		"a URL with a path":          {`{"auths":{"https://reg.example/artifactory/api/docker":` + now + `}}`, "reg.example", "app", "now"},
		"a URL is no namespace":      {`{"auths":{"https://reg.example/team":` + now + `}}`, "reg.example", "other/app", "now"},
		"a namespace":                {`{"auths":{"reg.example/team":` + old + `}}`, "reg.example", "other/app", ""},
		"a namespace, its own":       {`{"auths":{"reg.example/team":` + now + `,"reg.example":` + old + `}}`, "reg.example", "team/app", "now"},
		"a part of a name":           {`{"auths":{"reg.example/team":` + now + `}}`, "reg.example", "teammate/app", ""},
		"two keys of Docker Hub":     {`{"auths":{"docker.io":` + old + `,"https://index.docker.io/v1/":` + now + `}}`, "docker.io", "library/app", "now"},
		"an empty entry of the name": {`{"auths":{"reg.example":{},"https://reg.example":` + now + `}}`, "reg.example", "app", "now"},
		"an odd entry beside":        {`{"auths":{"other.example":"x","reg.example":` + now + `}}`, "reg.example", "app", "now"},
		"odd helpers beside":         {`{"auths":{"reg.example":` + now + `},"credHelpers":[]}`, "reg.example", "app", "now"},
		"a byte order mark":          {"\ufeff" + `{"auths":{"reg.example":` + now + `}}`, "reg.example", "app", "now"},
	} {
		t.Run(name, func(t *testing.T) {
			k := NewStatic()
			k.AddAuthFile("config.json", []byte(tt.file))
			for range 20 { // a map has another order each time
				l, err := k.Lookup(registrytest.Deadline(t), tt.host, tt.repo)
				if err != nil || l.Username != tt.want {
					t.Fatalf("got %v, %v", l, err)
				}
			}
		})
	}
}

// TestLookup_regctlKeys checks that of two names of a host the exact one counts, each time.
func TestLookup_regctlKeys(t *testing.T) {
	k := NewStatic()
	for range 20 {
		k.AddRegctlConfig("regctl.json", []byte(`{"hosts":{"https://reg.example":{"tls":"disabled"},"reg.example":{"tls":"insecure"}}}`))
		if got := k.HostSettings("reg.example").TLS; got != config.TLSInsecure {
			t.Fatalf("got %v", got)
		}
	}
}

// TestLookup_podmanWithoutRuntimeDir checks where podman keeps logins if XDG_RUNTIME_DIR is
// not set, as with sudo and in CI, and that of docker before version 1.7.
func TestLookup_podmanWithoutRuntimeDir(t *testing.T) {
	user := fmt.Sprint(os.Getuid())
	auth := func(name string) string {
		return `{"auths":{"reg.example":{"username":"` + name + `","password":"p"}}}`
	}
	home := map[string]string{
		"sys/run/containers/" + user + "/auth.json":      auth("system"),
		"sys/run/user/" + user + "/containers/auth.json": auth("user"),
		".config/containers/auth.json":                   auth("home"),
		".dockercfg":                                     `{"https://reg.example/v1/":{"auth":"b2xkOnA=","email":"a@b"}}`,
	}
	dir := registrytest.Home(t, home)
	lookup := func() string {
		k := NewKeychain()
		k.system = filepath.Join(dir, "sys")
		l, err := k.Lookup(registrytest.Deadline(t), "reg.example", "app")
		registrytest.OK(t, err)
		return l.Username
	}
	if got := lookup(); got != "home" {
		t.Errorf("with XDG_RUNTIME_DIR: %q", got)
	}
	t.Setenv("XDG_RUNTIME_DIR", "")
	for _, step := range []struct{ want, path string }{
		{"system", "sys/run/containers"}, {"user", "sys/run/user"}, {"home", ".config"}, {"old", ".dockercfg"}, {"", "sys"},
	} {
		if got := lookup(); got != step.want {
			t.Errorf("got the login of %q, want %q", got, step.want)
		}
		registrytest.OK(t, os.RemoveAll(filepath.Join(dir, step.path)))
	}
}

// TestRefuse checks that a refused login is not returned again for its repository, that the
// next one is, that files and helpers are read again, and that Forget ends the refusal.
func TestRefuse(t *testing.T) {
	const helper = "#!/bin/sh\necho x >>\"$HOME/runs\"; echo \"{\\\"Username\\\":\\\"run$(wc -l <\"$HOME/runs\" | tr -d ' ')\\\",\\\"Secret\\\":\\\"p\\\"}\"\n"
	dir := registrytest.Home(t, map[string]string{
		".docker/config.json":          `{"auths":{"reg.example":{"username":"docker","password":"p"}},"credHelpers":{"cloud.example":"cloud"}}`,
		".config/containers/auth.json": `{"auths":{"reg.example":{"username":"podman","password":"p"}}}`,
		"bin/docker-credential-cloud":  helper,
	})
	k := NewKeychain()
	lookup := func(host, repo, want string) Login {
		t.Helper()
		l, err := k.Lookup(registrytest.Deadline(t), host, repo)
		if err != nil || l.Username != want {
			t.Errorf("%s/%s: got %v, %v; want %q", host, repo, l, err, want)
		}
		return l
	}
	k.Refuse("reg.example", "app", lookup("reg.example", "app", "docker"))
	lookup("reg.example", "other", "docker")
	k.Refuse("reg.example", "app", lookup("reg.example", "app", "podman"))
	lookup("reg.example", "app", "")
	registrytest.OK(t, os.WriteFile(dir+"/.docker/config.json", []byte(`{"auths":{"reg.example":{"username":"docker","password":"fresh"}},"credHelpers":{"cloud.example":"cloud"}}`), 0o600))
	lookup("reg.example", "app", "")
	k.Forget("reg.example")
	lookup("reg.example", "app", "docker")

	lookup("cloud.example", "app", "run1")
	k.Refuse("cloud.example", "app", lookup("cloud.example", "app", "run1"))
	lookup("cloud.example", "app", "run2")
}
