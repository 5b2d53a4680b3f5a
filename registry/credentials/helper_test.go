package credentials

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/registry/internal/registrytest"
)

func FuzzHelped(f *testing.F) {
	f.Add([]byte(`{"ServerURL":"x","Username":"<token>","Secret":"s"}`))
	f.Add([]byte(`{"Username":"me","Secret":"s"}`))
	f.Add([]byte("credentials not found in native keychain\n"))
	f.Fuzz(func(t *testing.T, out []byte) {
		l, err := parseHelperOutput("docker-credential-x", out)
		if err != nil && l != (Login{}) || l.RefreshToken != "" && l.Username+l.Password != "" || l.Username == refreshTokenUser || l.BearerToken != "" {
			t.Errorf("%+v, %v", l, err)
		}
	})
}

// runScript asks the helper of a made up home for a login.
func runScript(t *testing.T, script string) (Login, error) {
	t.Helper()
	registrytest.Home(t, map[string]string{"bin/docker-credential-x": "#!/bin/sh\n" + script})
	return new(helpers).get(registrytest.Deadline(t), "docker-credential-x", "reg.example")
}

// TestHelper_endlessOutput checks that a helper with endless output is ended.
func TestHelper_endlessOutput(t *testing.T) {
	_, err := runScript(t, "while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done\n")
	registrytest.Says(t, err, "docker-credential-x failed: it wrote more than 1048576 bytes")
}

// TestHelper_failureHidesLogin checks that the error of a helper does not contain its output if that may be a login.
func TestHelper_failureHidesLogin(t *testing.T) {
	_, err := runScript(t, `echo '{"Username":"me","Secret":"hunter22"}'; echo hunter22 >&2; exit 3`)
	registrytest.Says(t, err, "docker-credential-x failed: exit status 3")
	if strings.Contains(fmt.Sprintf("%+v", err), "hunter22") {
		t.Error(err)
	}
	_, err = runScript(t, `printf 'first\r\nsecond\n'; exit 1`)
	registrytest.Says(t, err, "failed: first;")
}

// TestHelper_failures checks what is said of a helper that gives no login.
func TestHelper_failures(t *testing.T) {
	for name, tt := range map[string]struct{ script, want string }{
		"standard error": {"echo >&2; echo 'the agent starts' >&2; echo 'the vault is locked' >&2; echo >&2; exit 3", "failed: the vault is locked;"},
		"a warning":      {"echo 'WARNING: an update is available' >&2; echo 'ERROR: no active account is selected.' >&2; exit 1", "failed: ERROR: no active account is selected;"},
		"advice":         {"printf 'ERROR: no account\\nPlease run:\\n\\n  $ gcloud auth login\\n\\nto obtain new credentials.\\n' >&2; exit 1", "failed: ERROR: no account;"},
		"a traceback":    {"printf 'Traceback:\\n  File \"x\", line 1\\nModuleNotFoundError: No module named x\\n' >&2; exit 1", "failed: ModuleNotFoundError: No module named x;"},
		"a long trace":   {"head -c 100000 /dev/zero | tr '\\0' 'x' >&2; echo >&2; echo 'the vault is locked' >&2; exit 1", "failed: the vault is locked;"},
		"a cut secret":   {"printf 'password=hunter22x9Q%4090s\\n' hunter22x9Q >&2; echo locked >&2; exit 1", "failed: locked;"},
		"a sentence":     {"echo 'The vault is locked.' >&2; exit 3", "failed: The vault is locked; try it:"},
		"a cut sentence": {"echo 'locked...' >&2; exit 3", "failed: locked; try it:"},
		"both outputs":   {"echo words >&2; echo said; exit 1", "failed: said;"},
		"a secret":       {"echo 'cannot use password=hunter22x9Q' >&2; exit 1", "failed: cannot use password=(masked);"},
		"a long line":    {"head -c 100000 /dev/zero | tr '\\0' x >&2; exit 1", "failed: " + strings.Repeat("x", 100) + "…;"},
		"no word":        {"exit 3", "failed: exit status 3;"},
		"killed":         {"kill -9 $$", "failed: signal: killed;"},
		"nonsense":       {"echo hunter22", "failed: its output is not a login in JSON;"},
		"a list":         {"echo '[\"hunter22\"]'", "failed: its output is not a login in JSON;"},
		"nothing":        {"echo", "failed: it printed nothing;"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := runScript(t, tt.script)
			registrytest.Says(t, err, "the credential helper docker-credential-x "+tt.want, "try it: echo reg.example | docker-credential-x get")
			if strings.Contains(fmt.Sprintf("%+v", err), "hunter22") {
				t.Error(err)
			}
		})
	}
	l, err := runScript(t, "echo 'credentials not found in native keychain'; echo oops >&2; exit 1")
	registrytest.OK(t, err)
	if !l.IsZero() {
		t.Error(l)
	}
}

// TestHelper_cannotStart checks that the error of a missing helper names the file that names it.
func TestHelper_cannotStart(t *testing.T) {
	dir := registrytest.Home(t, map[string]string{"plain": "no program", "bin/docker-credential-noexec": "#!/bin/sh\n"})
	registrytest.OK(t, os.Chmod(dir+"/plain", 0o600))
	registrytest.OK(t, os.Chmod(dir+"/bin/docker-credential-noexec", 0o600))
	for _, name := range []string{"gone", "noexec"} {
		k := NewStatic()
		k.AddAuthFile("config.json", fmt.Appendf(nil, `{"credHelpers":{"reg.example":%q}}`, name))
		_, err := k.Lookup(registrytest.Deadline(t), "reg.example", "app")
		registrytest.Says(t, err, "the credential helper docker-credential-"+name+" is not a program in PATH; install it, or remove it from config.json")
	}
	k := NewStatic()
	k.AddRegctlConfig("regctl.json", fmt.Appendf(nil, `{"hosts":{"reg.example":{"credHelper":%q},"b.example":{"credHelper":%q}}}`, dir+"/plain", dir+"/none"))
	_, err := k.Lookup(registrytest.Deadline(t), "reg.example", "app")
	registrytest.Says(t, err, "failed: it cannot be started: permission denied; try it: echo reg.example | "+dir+"/plain get")
	_, err = k.Lookup(registrytest.Deadline(t), "b.example", "app")
	registrytest.Says(t, err, "failed: it cannot be started: no such file or directory")
}

// TestHelper_relativePath checks that a helper whose name is a relative path is not run.
func TestHelper_relativePath(t *testing.T) {
	dir := registrytest.Home(t, map[string]string{"docker-credential-x/helper": "#!/bin/sh\ntouch ran\n", "evil": "#!/bin/sh\ntouch ran\n"})
	t.Chdir(dir)
	for _, name := range []string{"x/helper", "x/../evil", "/../evil", `x\helper`} {
		k := NewStatic()
		k.AddAuthFile("config.json", fmt.Appendf(nil, `{"credHelpers":{"reg.example":%q},"credsStore":%q}`, name, name))
		_, err := k.Lookup(registrytest.Deadline(t), "reg.example", "app")
		const relative = " is a relative path; write its name without a path in config.json, or remove it there"
		registrytest.Says(t, err, "the name of the credential helper docker-credential-"+name+relative)
		_, err = k.Lookup(registrytest.Deadline(t), "other.example", "app")
		registrytest.Says(t, err, "the name of the credential helper docker-credential-"+name+relative)
	}
	if _, err := os.Stat("ran"); err == nil {
		t.Error("it was run")
	}
}

// TestHelper_emptyName checks that a registry whose helper has an empty name uses the logins
// in the file, as docker does, and that the error says so where there is none.
func TestHelper_emptyName(t *testing.T) {
	registrytest.Home(t, map[string]string{"bin/docker-credential-store": "#!/bin/sh\necho '{\"Username\":\"kept\",\"Secret\":\"s\"}'\n"})
	lookup := func(auths string) (Login, error) {
		k := NewStatic()
		k.AddAuthFile("config.json", []byte(`{"auths":{`+auths+`},"credHelpers":{"reg.example":""},"credsStore":"store"}`))
		return k.Lookup(registrytest.Deadline(t), "reg.example", "app")
	}
	l, err := lookup(`"reg.example":{"username":"a","password":"b"}`)
	registrytest.OK(t, err)
	if l.Username != "a" {
		t.Errorf("got %v", l)
	}
	_, err = lookup("")
	const want = "config.json has an empty name for the credential helper of reg.example; write its name there, or remove the entry, and log in again"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// isNoLogin reports whether the error of a lookup is a *NoLoginError without a login, and nil with one.
func isNoLogin(err error, l Login) bool {
	_, ok := errors.AsType[*NoLoginError](err)
	return ok == l.IsZero() && ok == (err != nil)
}

// TestLogin_nameOfHelper checks that the name of a login names the helper that supplied it, and
// that the helper is found in the name.
func TestLogin_nameOfHelper(t *testing.T) {
	for _, tt := range []struct {
		login        Login
		name, helper string
	}{
		{Login{Username: "me", Password: "pw", Helper: "docker-credential-x"}, `the login of user "me" from the credential helper docker-credential-x`, "docker-credential-x"},
		{Login{RefreshToken: "t", Helper: "/opt/x"}, "the token from the credential helper /opt/x", "/opt/x"},
		{Login{Username: "me", Password: "pw", Source: "f.json"}, `the login of user "me" in f.json`, ""},
		{Login{BearerToken: "t", Source: "f.json"}, "the token in f.json", ""},
		{Login{Helper: "docker-credential-x"}, "", ""},
	} {
		if name := tt.login.String(); name != tt.name || HelperOf(name) != tt.helper {
			t.Errorf("got %s of %q, want %s of %q", name, HelperOf(name), tt.name, tt.helper)
		}
	}
}

// TestLookup_noLogin checks that a helper without a login is named only if no login is found
// elsewhere, and no other helper fails.
func TestLookup_noLogin(t *testing.T) {
	registrytest.Home(t, map[string]string{
		"bin/docker-credential-none": "#!/bin/sh\necho 'credentials not found in native keychain'; exit 1\n",
		"bin/docker-credential-bad":  "#!/bin/sh\necho 'out of order'; exit 1\n",
	})
	const none, bad = `{"credsStore":"none"}`, `{"credHelpers":{"reg.example":"bad"}}`
	const noLogin, failed = "the credential helper docker-credential-none has no login for it", "the credential helper docker-credential-bad failed"
	for _, tt := range []struct {
		files []string
		want  string
	}{
		{[]string{none}, noLogin},
		{[]string{`{"credHelpers":{"reg.example":"none"}}`}, noLogin},
		{[]string{none, `{}`}, noLogin},
		{[]string{none, bad}, failed},
		{[]string{bad, none}, failed},
		{[]string{none, `{"auths":{"reg.example":{"username":"a","password":"b"}}}`}, ""},
		{[]string{`{}`}, ""},
	} {
		k := NewStatic()
		for _, f := range tt.files {
			k.AddAuthFile("config.json", []byte(f))
		}
		_, err := k.Lookup(registrytest.Deadline(t), "reg.example", "app")
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.want)) {
			t.Errorf("%q: got %v, want %q", tt.files, err, tt.want)
		}
	}
}

// TestHelper_urlOfRegistry checks that a helper without a login for the name of a registry is
// asked for its URL, under which older versions of docker stored logins, once.
func TestHelper_urlOfRegistry(t *testing.T) {
	const helper = "#!/bin/sh\nread s; echo $s >>\"$HOME/asked\"\n" +
		"case $s in https://old.example) echo '{\"Username\":\"u\",\"Secret\":\"p\"}';; *) echo 'credentials not found in native keychain'; exit 1;; esac\n"
	dir := registrytest.Home(t, map[string]string{"bin/docker-credential-x": helper})
	k := NewStatic()
	k.AddAuthFile("config.json", []byte(`{"credsStore":"x"}`))
	for range 2 {
		for host, user := range map[string]string{"old.example": "u", "none.example": "", "docker.io": ""} {
			l, err := k.Lookup(registrytest.Deadline(t), host, "app")
			if !isNoLogin(err, l) || l.Username != user {
				t.Errorf("%s: got %v, %v", host, l, err)
			}
		}
	}
	asked, err := os.ReadFile(dir + "/asked")
	registrytest.OK(t, err)
	names := strings.Fields(string(asked))
	slices.Sort(names)
	want := []string{"https://index.docker.io/v1/", "https://none.example", "https://old.example", "none.example", "old.example"}
	if !slices.Equal(names, want) {
		t.Errorf("asked for %q", names)
	}
}
