package credentials

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tagdiff/tagdiff/registry/internal/registrytest"
)

// TestInsecure checks which registries count as insecure, as docker and podman configure
// them, and which file is named.
func TestInsecure(t *testing.T) {
	const (
		daemon, rootless, desktop = "sys/etc/docker/daemon.json", ".config/docker/daemon.json", ".docker/daemon.json"
		system, dropIn            = "sys/etc/containers/registries.conf", "sys/etc/containers/registries.conf.d/50-x.conf"
		user, userDropIn          = ".config/containers/registries.conf", ".config/containers/registries.conf.d/x.conf"
		insecure                  = "[[registry]]\nlocation = \"reg.example\"\ninsecure = true\n"
		secure                    = "[[registry]]\nprefix = \"reg.example\"\ninsecure = false\n"
	)
	type files = map[string]string
	for name, tt := range map[string]struct {
		files      files
		host, repo string
		want       string // the file that is named
	}{
		"none":                       {files{}, "reg.example", "app", ""},
		"dockerd":                    {files{daemon: `{"insecure-registries":["a.example","reg.example"]}`}, "reg.example", "app", daemon},
		"dockerd, another port":      {files{daemon: `{"insecure-registries":["reg.example"]}`}, "reg.example:5000", "app", ""},
		"dockerd, the port":          {files{daemon: `{"insecure-registries":["reg.example:5000"]}`}, "reg.example:5000", "app", daemon},
		"dockerd, a URL":             {files{daemon: `{"insecure-registries":["http://reg.example:5000"]}`}, "reg.example:5000", "app", daemon},
		"dockerd, addresses":         {files{daemon: `{"insecure-registries":["192.0.2.0/24"]}`}, "192.0.2.7:5000", "app", daemon},
		"dockerd, other addresses":   {files{daemon: `{"insecure-registries":["192.0.2.0/24"]}`}, "198.51.100.7:5000", "app", ""},
		"dockerd, a name there":      {files{daemon: `{"insecure-registries":["127.0.0.0/8"]}`}, "localhost:5000", "app", daemon},
		"dockerd, IPv6":              {files{daemon: `{"insecure-registries":["fd00::/8"]}`}, "[fd00::1]:5000", "app", daemon},
		"dockerd, broken":            {files{daemon: `{"insecure-registries":["reg.example"],}`}, "reg.example", "app", ""},
		"dockerd without root":       {files{rootless: `{"insecure-registries":["reg.example"]}`}, "reg.example", "app", rootless},
		"Docker Desktop":             {files{desktop: `{"insecure-registries":["reg.example"]}`}, "reg.example", "app", desktop},
		"podman":                     {files{system: insecure}, "reg.example", "app", system},
		"podman, the catalog":        {files{system: insecure}, "reg.example", "", system},
		"podman, another registry":   {files{system: insecure}, "other.example", "app", ""},
		"podman, a part of a name":   {files{system: insecure}, "reg.example.org", "app", ""},
		"podman, not insecure":       {files{system: secure}, "reg.example", "app", ""},
		"podman, the user's":         {files{system: insecure, user: secure}, "reg.example", "app", ""},
		"podman, a drop-in":          {files{dropIn: insecure}, "reg.example", "app", dropIn},
		"podman, a later drop-in":    {files{dropIn: insecure, userDropIn: secure}, "reg.example", "app", ""},
		"podman, the user's drop-in": {files{dropIn: secure, userDropIn: insecure}, "reg.example", "app", userDropIn},
		"podman, a namespace":        {files{system: "[[registry]]\nprefix='reg.example/team'\ninsecure=true"}, "reg.example", "team/app", system},
		"podman, another namespace":  {files{system: "[[registry]]\nprefix='reg.example/team'\ninsecure=true"}, "reg.example", "teammate/app", ""},
		"podman, the longest prefix": {files{system: insecure + "[[registry]]\nprefix='reg.example/team'\ninsecure=false"}, "reg.example", "team/app", ""},
		"podman, a domain":           {files{system: "[[registry]]\nprefix = \"*.example\"\ninsecure = true"}, "a.b.example", "app", system},
		"podman, a domain, a port":   {files{system: "[[registry]]\nprefix = \"*.example\"\ninsecure = true"}, "a.example:5000", "app", system},
		"podman, another domain":     {files{system: "[[registry]]\nprefix = \"*.example\"\ninsecure = true"}, "a.example.org", "app", ""},
		"podman, all ports":          {files{system: insecure}, "reg.example:5000", "app", system},
		"podman, the repository":     {files{system: "[[registry]]\nprefix='reg.example/app'\ninsecure=true"}, "reg.example", "app", system},
		"podman, not the domain":     {files{system: "[[registry]]\nprefix = \"*.example\"\ninsecure = true"}, "example", "app", ""},
		"podman, another location":   {files{system: "[[registry]]\nprefix='reg.example'\nlocation='b.example'\ninsecure=true"}, "reg.example", "app", ""},
		"podman, a mirror":           {files{system: "[[registry]]\nlocation='reg.example'\n[[registry.mirror]]\nlocation='b.example'\ninsecure=true"}, "reg.example", "app", ""},
		"podman, version 1":          {files{system: "[registries.insecure]\nregistries = [\n  'a.example', # first\n  'reg.example',\n]\n"}, "reg.example", "app", system},
		"podman, comments":           {files{system: "# [[registry]]\n[[registry]] # x\n  location = \"reg.example\" # \"y\"\n# insecure = true\n"}, "reg.example", "app", ""},
		"podman, a byte \\r":         {files{system: "[[registry]]\r\nlocation = \"reg.example\"\r\ninsecure = true\r\n"}, "reg.example", "app", system},
	} {
		t.Run(name, func(t *testing.T) {
			dir := registrytest.Home(t, tt.files)
			k := NewKeychain()
			k.system = filepath.Join(dir, "sys")
			want := tt.want
			if want != "" {
				want = filepath.Join(dir, want)
			}
			if got := k.Insecure(registrytest.Deadline(t), tt.host, tt.repo); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// TestInsecure_variable checks the variable that names registries.conf.
func TestInsecure_variable(t *testing.T) {
	dir := registrytest.Home(t, map[string]string{"x.conf": "[[registry]]\nlocation = \"reg.example\"\ninsecure = true\n"})
	k := NewKeychain()
	k.system = filepath.Join(dir, "sys")
	insecure := func() string { return k.Insecure(registrytest.Deadline(t), "reg.example", "app") }
	if got := insecure(); got != "" {
		t.Errorf("got %q", got)
	}
	t.Setenv("CONTAINERS_REGISTRIES_CONF", filepath.Join(dir, "x.conf"))
	k.Forget("reg.example")
	if got := insecure(); got != filepath.Join(dir, "x.conf") {
		t.Errorf("got %q", got)
	}
}

// TestLookup_helpersOfPodman checks that the credential helpers of registries.conf are asked
// where no file has a login.
func TestLookup_helpersOfPodman(t *testing.T) {
	const helper = "#!/bin/sh\nread s; if [ $s = reg.example ]; then echo '{\"Username\":\"kept\",\"Secret\":\"s\"}'; else echo 'credentials not found in native keychain'; exit 1; fi\n"
	dir := registrytest.Home(t, map[string]string{
		"sys/etc/containers/registries.conf":  "unqualified-search-registries = [\"docker.io\"]\ncredential-helpers = [\"containers-auth.json\", \"secretservice\"]\n",
		"bin/docker-credential-secretservice": helper,
		".docker/config.json":                 `{"auths":{"filed.example":{"username":"filed","password":"p"}}}`,
	})
	k := NewKeychain()
	k.system = filepath.Join(dir, "sys")
	for host, user := range map[string]string{"reg.example": "kept", "filed.example": "filed", "none.example": ""} {
		l, err := k.Lookup(registrytest.Deadline(t), host, "app")
		if !isNoLogin(err, l) || l.Username != user {
			t.Errorf("%s: got %v, %v", host, l, err)
		}
	}
	registrytest.OK(t, os.RemoveAll(filepath.Join(dir, "bin")))
	k.Forget("none.example")
	_, err := k.Lookup(registrytest.Deadline(t), "none.example", "app")
	registrytest.Says(t, err, "docker-credential-secretservice is not a program in PATH; install it, or remove it from "+k.system+"/etc/containers/registries.conf")
}

// FuzzTOML checks that any file can be parsed, and that a list of texts is read as TOML says.
func FuzzTOML(f *testing.F) {
	f.Add("[[registry]]\nlocation = 'a'\n", "x")
	f.Add("a = [\n", "#\"")
	f.Fuzz(func(t *testing.T, content, text string) {
		parseTOML(content)
		if tomlLiteral(text) {
			got := parseTOML("[t]\nk = ['a', '" + text + "'] # c\n")
			if last := got[len(got)-1]; last.name != "t" || !slices.Equal(last.values["k"], []string{"a", text}) {
				t.Errorf("%q: got %v", text, slices.Collect(maps.Values(last.values)))
			}
		}
	})
}

// tomlLiteral reports whether a text can be between single quotes.
func tomlLiteral(s string) bool {
	for _, r := range s {
		if r < ' ' || r == '\'' || r == 0xFFFD || r > '~' {
			return false
		}
	}
	return true
}
