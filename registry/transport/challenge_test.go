package transport

import (
	"net/url"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/registry/internal/registrytest"
)

func TestChallenges(t *testing.T) {
	for _, tt := range []struct{ header, scheme, realm, service string }{
		{`Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a:pull,push"`, "bearer", "https://auth.docker.io/token", "registry.docker.io"},
		{`Basic realm="Bearer of tea, yes"`, "basic", "Bearer of tea, yes", ""},
		{`BASIC realm=plain`, "basic", "plain", ""},
		{`Basic realm="x", bearer realm="https://y/t", service=z`, "bearer", "https://y/t", "z"},
		{`Negotiate, Basic realm="x \"q\""`, "basic", `x "q"`, ""},
		{`Negotiate`, "", "", ""},
		{``, "", "", ""},
	} {
		c, _ := pickChallenge(parseChallenges([]string{tt.header}))
		if c.scheme != tt.scheme || c.realm != tt.realm || c.params["service"] != tt.service {
			t.Errorf("%s: got %+v", tt.header, c)
		}
	}
}

func FuzzChallenges(f *testing.F) {
	for _, h := range []string{
		`Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a:pull,push"`, `Basic realm="x"`,
		`Negotiate, Basic realm="x \"q\"", bearer realm=y`, `Bearer realm=""`, `a=b`, strings.Repeat("a ", 300), "Bearer\trealm = \"\\",
	} {
		f.Add(h, h)
	}
	f.Fuzz(func(t *testing.T, one, two string) {
		all := parseChallenges([]string{one, two})
		if len(all) > 2*MaxChallengeParts {
			t.Errorf("%d challenges", len(all))
		}
		for _, c := range all {
			size := len(c.scheme)
			for name, value := range c.params {
				size += len(name) + len(value)
				if name != strings.ToLower(name) {
					t.Errorf("parameter %q", name)
				}
			}
			if size > len(one)+len(two) || c.scheme != strings.ToLower(c.scheme) {
				t.Errorf("%q has more than was sent", c.scheme)
			}
		}
		if c, ok := pickChallenge(all); ok && c.scheme != "basic" && (c.scheme != "bearer" || c.realm == "") {
			t.Errorf("picked %+v", c)
		}
	})
}

// TestRealmURL checks where a token is asked for: a realm that names the registry itself with http
// is asked over https, also if it is written in capital letters.
func TestRealmURL(t *testing.T) {
	for _, tt := range []struct{ base, realm, want string }{
		{"https://reg.example/v2/", "http://reg.example/token", "https://reg.example/token"},
		{"https://reg.example/v2/", "HTTP://reg.example/token", "https://reg.example/token"},
		{"https://reg.example/v2/", "HTTP://REG.example:80/token", "https://reg.example/token"},
		{"https://reg.example:443/v2/", "http://Reg.Example/token", "https://reg.example:443/token"},
		{"https://reg.example/v2/", "/token", "https://reg.example/token"},
		{"https://reg.example/v2/", "HTTP://auth.example/token", "http://auth.example/token"},
		{"https://reg.example/v2/", "HTTP://reg.example:5000/token", "http://reg.example:5000/token"},
		{"http://reg.example/v2/", "HTTP://REG.example/token", "http://REG.example/token"},
	} {
		base, err := url.Parse(tt.base)
		registrytest.OK(t, err)
		if got := realmURL(tt.realm, base); got != tt.want {
			t.Errorf("%s of %s is %s, want %s", tt.realm, tt.base, got, tt.want)
		}
	}
}
