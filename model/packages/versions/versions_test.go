package versions

import (
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/model/packages"
)

// rising has for each kind versions from the lowest to the highest. Those between two spaces are of the same order.
var rising = map[packages.Kind][]string{
	packages.Deb: {
		"0~~", "0~~a", "0~", "0", "0a", "0+", "1.0~rc1-1", "1.0-0 1.0 1.0-00", "1.0-0.1", "1.0-1~deb12u1", "1.0-1", "1.0-1+b1", "1.0-1+deb12u1",
		"1.0a-1", "1.0+dfsg-1", "1.0.1-1", "1.9-1", "1.10-1 1.010-1", "2-1-1", "99999999999999999999999", "99999999999999999999999.1",
		"1:0.1 01:0.1 1:0.1-0", "2:0",
	},
	packages.RPM: {
		"1.0~rc1-1", "1.0-1 1_0-1 1.00-1 0:1.0-1", "1.0-1.el9", "1.0-1.el9_1", "1.0-2", "1.0^git1-1", "1.0a-1 1.0.a-1", "1.0.1-1", "1.9-1", "1.10-1",
		"20240101-1", "1:0.1-1", "2:0.1~a-1", "2:0.1-1",
	},
	packages.Apk: {
		"0.9", "1.0_alpha_pre2", "1.0_alpha", "1.0_alpha1", "1.0_beta", "1.0_pre1", "1.0_rc2", "1.0", "1.0-r0", "1.0-r9", "1.0-r10", "1.0~abc-r1", "1.0_cvs1", "1.0_svn1",
		"1.0_git20240101", "1.0_hg1", "1.0_p1-r0", "1.0_p9", "1.0_p10", "1.0a", "1.0.1", "1.02", "1.2", "1.10", "2 02", "20240101-r0",
	},
	packages.Python: {
		"0.9", "1.dev0 1.0.dev", "1a1.dev2", "1a1 1.0-ALPHA.1 v1.0_a_1", "1a1.post1", "1b2", "1rc1 1c1 1.0-preview-1", "1 1.0 1.0.0 v1", "1+abc", "1+abc.1", "1+5 1+05",
		"1+5.1 1+5-1", "1.post1.dev1", "1.post1 1-1 1.0.rev1 1r1", "1.1.dev1", "1.1", "1.10", "2024.1", "1!0.1",
	},
	packages.NPM: {
		"0.0.0", "1.0.0-0", "1.0.0-9", "1.0.0-10", "1.0.0-A", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
		"1.0.0 v1.0.0 1.0.0+a 1.0.0+b", "1.0.1", "1.2.0", "1.10.0", "9007199254740991.0.0",
	},
	packages.Go: {
		"v0.0.0-20230101000000-abcdefabcdef", "v0.0.0-20240101000000-0123456789ab", "v1.0.0-rc.1", "v1.0.0", "v1.0.1-0.20240101000000-0123456789ab", "v1.0.1",
		"v2.0.0 v2.0.0+incompatible",
	},
	packages.Java: {
		"1-alpha-1 1.0a1 1-alpha1", "1-beta", "1-m1 1-milestone-1", "1-rc 1-cr", "1-SNAPSHOT", "1 1.0 1.0.0 1-ga 1.Final 1.0.0.RELEASE", "1-sp", "1-foo", "1-1", "1.0.1",
		"1.2", "1.10", "31.1-android", "31.1-jre",
	},
	packages.Gem: {
		"0 0.0", "1.0.a", "1.0.a.1", "1.0.b1", "1.0.pre1 1.0-1 1-1", "1.0.rc1", "1.0 1 1.0.0", "1.0.1", "1.9", "1.10", "2.0.0.alpha", "2",
	},
}

func TestCompare(t *testing.T) {
	for kind, classes := range rising {
		for i, low := range classes {
			for j, high := range classes {
				want := 0
				switch {
				case i < j:
					want = -1
				case i > j:
					want = 1
				}
				for _, a := range strings.Fields(low) {
					for _, b := range strings.Fields(high) {
						if got, known := Compare(kind, a, b); got != want || !known {
							t.Errorf("%s: Compare(%q, %q) = %d, %v, want %d", kind, a, b, got, known, want)
						}
					}
				}
			}
		}
	}
}

// TestCompare_unknown compares texts that are no versions of their family with a version.
func TestCompare_unknown(t *testing.T) {
	tests := map[packages.Kind]struct {
		version string
		others  []string
	}{
		packages.Deb:    {"1.0-1", []string{"", "-1", "1.0-", "a1", ":1", "x:1", "2147483648:1", "1.0_1", "1.0 1", "1.0-1:2", "<none>", "1.0\x1b[31m"}},
		packages.RPM:    {"1.0-1", []string{"", "-1", "1.0-", ":1-1", "x:1-1", "1-1-1", "1.0-1 ", "(none)", "1.0-%{release}"}},
		packages.Apk:    {"1.0-r1", []string{"", "a", "1.", "1.0ab", "1.0_foo", "1.0_alpha.1", "1.0-1", "1.0-r", "1.0-r1-r2", "1.0~", "1.0a1", "1.0-r1_p1", "1.0A"}},
		packages.Python: {"1.0", []string{"", "a", "1.0.x", "1.0+", "1.0+a..b", "1.0+a b", "!1", "x!1", "1!", "1..0", "2004d", "1.0-dev1-dev2", "1.0 1"}},
		packages.NPM:    {"1.0.0", []string{"", "1", "1.0", "1.0.0.0", "01.0.0", "1.0.0-", "1.0.0-01", "1.0.0-a..b", "1.0.0+", "vv1.0.0", "1.0.x", "9007199254740992.0.0", "1.0.0-" + strings.Repeat("a", 256), "*", "latest", "git+ssh://x"}},
		packages.Go:     {"v1.0.0", []string{"", "1.0.0", "(devel)", "v1", "v1.0", "go1.26.0", "master", "v1.0.0-01"}},
		packages.Java:   {"1.0", []string{"", "1 0", "1.0\n", "1.ö", "\x00"}},
		packages.Gem:    {"1.0", []string{"a", ".1", "1..0", "1.", "1_0", "1.0-", "1.0-a..b", "1.0 1"}},
	}
	for kind, tt := range tests {
		for _, other := range append(tt.others, tt.version+strings.Repeat("1", maxVersion)) {
			if order, known := Compare(kind, tt.version, other); known || order != 0 {
				t.Errorf("%s: Compare(%q, %q) = %d, %v", kind, tt.version, other, order, known)
			}
			if order, known := Compare(kind, other, tt.version); known || order != 0 {
				t.Errorf("%s: Compare(%q, %q) = %d, %v", kind, other, tt.version, order, known)
			}
		}
	}
	if _, known := Compare("other", "1", "1"); known {
		t.Error("a kind without an order has one")
	}
}

// TestCompare_goItself compares versions of Go with each other, and with none of a module.
func TestCompare_goItself(t *testing.T) {
	for _, tt := range []struct {
		a, b  string
		order int
		known bool
	}{
		{"go1.9", "go1.10", -1, true},
		{"go1.26rc1", "go1.26.0", -1, true},
		{"go1.26.1", "go1.26.1", 0, true},
		{"go1.26.1", "v1.26.1", 0, false},
	} {
		if order, known := Compare(packages.Go, tt.a, tt.b); order != tt.order || known != tt.known {
			t.Errorf("Compare(%q, %q) = %d, %v", tt.a, tt.b, order, known)
		}
	}
}

// FuzzCompare checks that an order is one: of three versions it never goes in a circle. That of Maven does: its own
// tool says 1--SNAPSHOT < 1 < 1-sp < 1--SNAPSHOT, too.
func FuzzCompare(f *testing.F) {
	for kind, classes := range rising {
		for i := range len(classes) - 2 {
			f.Add(string(kind), strings.Fields(classes[i])[0], strings.Fields(classes[i+1])[0], strings.Fields(classes[i+2])[0])
		}
	}
	f.Fuzz(func(t *testing.T, kindName, a, b, c string) {
		kind := packages.Kind(kindName)
		ab, known := Compare(kind, a, b)
		ba, knownBack := Compare(kind, b, a)
		if ab != -ba || known != knownBack || ab < -1 || ab > 1 {
			t.Errorf("%s: %q and %q are %d, %v, and %d, %v", kind, a, b, ab, known, ba, knownBack)
		}
		if same, itself := Compare(kind, a, a); same != 0 || known && !itself {
			t.Errorf("%s: %q differs from itself", kind, a)
		}
		bc, knownBC := Compare(kind, b, c)
		if !known || !knownBC || kind == packages.Java {
			return
		}
		if ac, known := Compare(kind, a, c); !known || ab <= 0 && bc <= 0 && ac != min(ab, bc) || ab >= 0 && bc >= 0 && ac != max(ab, bc) {
			t.Errorf("%s: %q, %q, %q: %d, %d, but %d, %v", kind, a, b, c, ab, bc, ac, known)
		}
	})
}
