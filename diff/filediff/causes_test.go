package filediff

import "testing"

// TestCauses checks each cause with a path that has it and one that looks like it.
func TestCauses(t *testing.T) {
	tests := []struct{ name, path, near string }{
		{"logs", "var/log/apt/history.log", "srv/log/apt/history.log"},
		{"logs", "var/log/alternatives.log", "var/log/app.log"},
		{"caches", "var/cache/ldconfig/aux-cache", "etc/ld.so.cache"},
		{"caches", "var/cache/fontconfig/a-le64.cache-8", "var/cache/fontconfig/a/b"},
		{"caches", "usr/share/icons/hicolor/icon-theme.cache", "usr/share/icons/hicolor/theme.cache"},
		{"host keys", "etc/ssh/ssh_host_rsa_key.pub", "etc/ssh/sshd_config"},
		{"random identities", "etc/machine-id", "etc/machine-info"},
		{"package lists", "var/lib/apt/lists/deb.debian.org_x", "var/lib/apt/extended_states"},
		{"package databases", "var/lib/rpm/rpmdb.sqlite", "var/lib/dpkg/status"},
		{"caches", "root/.npm/_cacache/index-v5/a/b/c", "root/.npm/_cacache/content-v2/a"},
		{"leftovers", "home/me/.bash_history", "home/me/.bashrc"},
		{"files of the builder", ".dockerenv", "etc/hosts.allow"},
		{"files for lazy pulling", ".no.prefetch.landmark", "app/stargz.index.json"},
		{"build IDs", "app/.next/BUILD_ID", "app/BUILD_ID"},
		{"compiled Python files", "usr/lib/python3/__pycache__/a.pyc", "usr/lib/python3/a.pyc"},
		{"compressed files", "usr/share/doc/x/changelog.gz", "usr/share/doc/x/changelog"},
		{"archives", "app/lib/x.jar", "app/lib/x.so"},
		{"password files", "etc/shadow", "etc/passwd"},
		{"certificate stores", "etc/ssl/certs/java/cacerts", "etc/ssl/certs/ca-certificates.crt"},
		{"build records", "usr/lib/python3/x.dist-info/RECORD", "usr/lib/python3/x.dist-info/METADATA"},
	}
	name := func(path string) string {
		if i := causeOf(path); i >= 0 {
			return Causes[i].Name
		}
		return ""
	}
	tested := map[string]bool{}
	for _, test := range tests {
		if got := name(test.path); got != test.name {
			t.Errorf("%s: cause %q, want %q", test.path, got, test.name)
		}
		if got := name(test.near); got != "" {
			t.Errorf("%s: cause %q, want none", test.near, got)
		}
		tested[test.name] = true
	}
	for _, c := range Causes {
		if !tested[c.Name] || c.Why == "" || c.One == "" || len(c.patterns) == 0 {
			t.Errorf("%q has no test, no reason or no pattern", c.Name)
		}
	}
}

// TestCompareTexts checks what alone differs between two texts, and the counts of lines.
func TestCompareTexts(t *testing.T) {
	tests := []struct {
		name, a, b string
		want       TextChange
	}{
		{"a line changed", "a\nb\n", "a\nc\n", TextChange{Added: 1, Removed: 1}},
		{"lines added", "a\n", "a\nb\nc\n", TextChange{Added: 2}},
		{"another order", "a\nb\nc\n", "c\na\nb\n", TextChange{Added: 1, Removed: 1, Only: "the order of the lines"}},
		{"a date", "built 2024-02-03T10:00:00Z\n", "built 2024-02-04T11:30:00Z\n", TextChange{Added: 1, Removed: 1, Only: "dates"}},
		{"a date and more", "built 2024-02-03 by a\n", "built 2024-02-04 by b\n", TextChange{Added: 1, Removed: 1}},
		{"a version is not a date", "v 2024.1\n", "v 2024.2\n", TextChange{Added: 1, Removed: 1}},
		{
			"a UUID", "id=0b7e1c2a-3f4d-4a5b-8c6d-7e8f9a0b1c2d\n", "id=1b7e1c2a-3f4d-4a5b-8c6d-7e8f9a0b1c2d\n",
			TextChange{Added: 1, Removed: 1, Only: "UUIDs"},
		},
		{"seconds since 1970", "t: 1706954400\n", "t: 1706958000\n", TextChange{Added: 1, Removed: 1, Only: "dates"}},
		{
			"a temporary path", "prefix = /tmp/pip-build-x1/a\n", "prefix = /tmp/pip-build-y2/a\n",
			TextChange{Added: 1, Removed: 1, Only: "temporary paths"},
		},
		{"a port is not a time", "port: 8080\n", "port: 8081\n", TextChange{Added: 1, Removed: 1}},
	}
	for _, test := range tests {
		if got := CompareTexts([]byte(test.a), []byte(test.b)); got != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}
