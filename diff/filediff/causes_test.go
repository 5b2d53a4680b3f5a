package filediff

import (
	"slices"
	"testing"

	"github.com/tagdiff/tagdiff/model/inside"
)

// TestCauses checks each row of the table with a pair of files that differ at each of its paths, and with
// a pair at a path that looks like it.
func TestCauses(t *testing.T) {
	tests := []struct {
		name  string
		paths []string
		near  string
	}{
		{"logs", []string{
			"var/log/dpkg.log", "var/log/alternatives.log", "var/log/apt/history.log", "var/log/dnf.librepo.log", "var/log/yum.log",
			"var/log/hawkey.log", "var/log/apk.log", "var/log/bootstrap.log", "var/log/fontconfig.log", "root/.npm/_logs/1-debug.log",
		}, "srv/log/apt/history.log"},
		{"caches", []string{"var/cache/ldconfig/aux-cache"}, "etc/ld.so.cache"},
		{"caches", []string{
			"var/cache/fontconfig/a-le64.cache-8", "usr/share/icons/hicolor/icon-theme.cache", "usr/share/applications/mimeinfo.cache",
		}, "var/cache/fontconfig/a/b"},
		{"host keys", []string{"etc/ssh/ssh_host_rsa_key.pub"}, "etc/ssh/sshd_config"},
		{"random identities", []string{
			"etc/machine-id", "var/lib/dbus/machine-id", "var/lib/systemd/random-seed", "etc/ssl/private/ssl-cert-snakeoil.key",
			"etc/ssl/certs/ssl-cert-snakeoil.pem",
		}, "etc/machine-info"},
		{"folders of apt", []string{"var/lib/apt/lists/partial", "var/cache/apt/archives/partial"}, "var/lib/apt/partial"},
		{"downloaded packages", []string{
			"var/cache/apt/archives/x_1_amd64.deb", "var/cache/dnf/x/packages/x.rpm", "var/cache/yum/x/packages/x.rpm", "var/cache/libdnf5/x/packages/x.rpm",
			"var/cache/apk/x-1.apk",
		}, "opt/x_1_amd64.deb"},
		{"package lists", []string{
			"var/lib/apt/lists/deb.debian.org_x", "var/cache/apt/pkgcache.bin", "var/cache/dnf/x/repodata/a", "var/cache/yum/x",
			"var/cache/apk/APKINDEX.1", "var/cache/libdnf5/x/y",
		}, "var/lib/apt/extended_states"},
		{"package databases", []string{
			"var/lib/rpm/rpmdb.sqlite", "usr/lib/sysimage/rpm/Packages.db", "var/lib/dnf/history.sqlite", "usr/lib/sysimage/libdnf5/packages.toml",
			"lib/apk/db/scripts.tar", "lib/apk/db/installed", "usr/lib/apk/db/scripts.tar", "usr/lib/apk/db/installed", "etc/apk/world",
		}, "var/lib/dpkg/status"},
		{"caches", []string{
			"root/.npm/_cacache/index-v5/a/b/c", "root/.npm/_update-notifier-last-checked", "root/.wget-hsts", "root/.cache/pip/x",
			"home/me/.cache/pypoetry/cache/x", "root/.cache/pypoetry/artifacts/x", "root/.cache/go-build/x", "root/.cache/golangci-lint/x",
			"root/.cache/yarn/x", "root/.cache/composer/x", "root/.cache/node-gyp/x", "root/.cache/fontconfig/x",
		}, "root/.cache/pypoetry/virtualenvs/x/lib/python3.12/site-packages/six.py"},
		{"leftovers", []string{"root/.gnupg/trustdb.gpg", "tmp/a/b", "var/tmp/a", "home/me/.bash_history"}, "home/me/.bashrc"},
		{"files of the builder", []string{"etc/hostname", "etc/hosts", "etc/resolv.conf", "etc/mtab", ".dockerenv"}, "etc/hosts.allow"},
		{"files for lazy pulling", []string{".prefetch.landmark", ".no.prefetch.landmark", "stargz.index.json"}, "app/stargz.index.json"},
		{"build IDs", []string{"app/.next/BUILD_ID"}, "app/BUILD_ID"},
		{"compiled Python files", []string{"usr/lib/python3/__pycache__/a.pyc"}, "usr/lib/python3/a.pyc"},
		{"compressed files", []string{"usr/share/doc/x/changelog.gz", "a.tgz"}, "usr/share/doc/x/changelog"},
		{"archives", []string{"a.zip", "app/lib/x.jar", "x.war", "x/y.whl", "x/y.tar", "usr/lib/libx.a"}, "app/lib/x.so"},
		{"password files", []string{"etc/shadow", "etc/shadow-"}, "etc/passwd"},
		{"certificate stores", []string{"etc/ssl/certs/java/cacerts", "opt/jdk/lib/security/cacerts"}, "etc/ssl/certs/ca-certificates.crt"},
		{"build records", []string{
			"usr/lib/python3/x.dist-info/direct_url.json", "usr/lib/python3/x.dist-info/RECORD", "x/gem_make.out", "x/mkmf.log", "usr/lib/libx.la",
			"opt/conda-meta/history", "app/node_modules/.package-lock.json",
		}, "usr/lib/python3/x.dist-info/METADATA"},
	}
	if len(tests) != len(Causes) {
		t.Fatalf("%d rows are tested, the table has %d", len(tests), len(Causes))
	}
	pair := func(path string, row *Cause) Change {
		a, b := []inside.Entry{file(path, "1")}, []inside.Entry{file(path, "2")}
		if row.IsDownloads() { // one of the same name with another content has no cause
			if c := Compare(inside.NewList(a), inside.NewList(b), false); c.Worst() != Files {
				t.Errorf("%s with another content: rung %s", path, c.Worst())
			}
			a = nil
		}
		return Compare(inside.NewList(a), inside.NewList(b), false).At(0)
	}
	for i, test := range tests {
		row := &Causes[i]
		if row.Name != test.name || row.One == "" || row.Why == "" {
			t.Errorf("row %d is %+v, want the name %q", i, row, test.name)
		}
		rung := map[bool]Rung{true: Generated, false: Files}[row.Generated]
		for _, path := range test.paths {
			if ch := pair(path, row); ch.Cause != row || ch.Rung != rung {
				t.Errorf("%s: %+v on rung %s, want %q on %s", path, ch.Cause, ch.Rung, row.Name, rung)
			}
		}
		if ch := pair(test.near, row); ch.Cause != nil || ch.Rung != Files {
			t.Errorf("%s: %+v on rung %s, want no cause", test.near, ch.Cause, ch.Rung)
		}
		for _, pattern := range row.patterns {
			if !slices.ContainsFunc(test.paths, func(path string) bool { return matches(pattern, path) }) {
				t.Errorf("%s of %q has no test", pattern, row.Name)
			}
		}
	}
}

// TestCauses_emptied checks that no cause is given for a file that is empty or missing on one side, even
// if every build writes another content to it.
func TestCauses_emptied(t *testing.T) {
	const id, log = "etc/machine-id", "var/log/dpkg.log"
	for _, tt := range []struct {
		name string
		a, b []inside.Entry
		want Rung
	}{
		{"another identity", []inside.Entry{file(id, "1")}, []inside.Entry{file(id, "2")}, Generated},
		{"emptied", []inside.Entry{file(id, "1")}, []inside.Entry{file(id, "")}, Files},
		{"filled", []inside.Entry{file(id, "")}, []inside.Entry{file(id, "2")}, Files},
		{"removed", []inside.Entry{file(id, "1")}, nil, Files},
		{"an empty one removed", []inside.Entry{file(id, "")}, nil, Generated},
		{"a log emptied", []inside.Entry{file(log, "1")}, []inside.Entry{file(log, "")}, Generated},
		{"a log removed", []inside.Entry{file(log, "1")}, nil, Generated},
	} {
		c := Compare(inside.NewList(tt.a), inside.NewList(tt.b), false)
		if c.Worst() != tt.want {
			t.Errorf("%s: %s, want rung %s", tt.name, changesText(c), tt.want)
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
		{"an empty text", "", "a\n", TextChange{Added: 1}},
		{"an empty text without a newline", "", "a", TextChange{Added: 1}},
		{"emptied", "a\nb\n", "", TextChange{Removed: 2}},
		{"an empty line at the end", "", "a\n\n", TextChange{Added: 2}},
		{"empty lines removed", "a\n\n\n", "a\n", TextChange{Removed: 2}},
		{"a newline at the end", "a\nb", "a\nb\n", TextChange{Added: 1, Removed: 1, Only: "the newline at the end"}},
		{"a newline at the end and more", "a\nb", "c\nb\n", TextChange{Added: 2, Removed: 2}},
		{"a last line without a newline goes on", "a", "a\nb\n", TextChange{Added: 2, Removed: 1}},
		{"another order without a newline", "a\nb", "b\na", TextChange{Added: 2, Removed: 2, Only: "the order of the lines"}},
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
