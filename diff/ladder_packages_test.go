package diff

import (
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/diff/packagediff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/inside/insidetest"
	"github.com/tagdiff/tagdiff/model/packages"
	"github.com/tagdiff/tagdiff/model/safe"
)

const statusPath = "var/lib/dpkg/status"

// withDebs adds a database to a layer that has a file at its path. Each line is "name version [source]",
// or "owns path name".
func withDebs(l *inside.Layer, lines ...string) *inside.Layer {
	d := packages.Database{Path: statusPath, Kind: packages.Deb}
	owners := map[string]packages.Owner{}
	for _, line := range lines {
		f := append(strings.Fields(line), "")
		if f[0] == "owns" {
			owners[f[1]] = packages.Owner{Kind: packages.Deb, Name: f[2], Arch: "amd64"}
			continue
		}
		d.Packages = append(d.Packages, packages.Package{Kind: packages.Deb, Name: f[0], Version: f[1], Arch: "amd64", Source: f[2]})
	}
	l.Packages = packages.Found{Databases: []packages.Database{d}}
	l.SetOwners(func(path string) (packages.Owner, bool) {
		o, ok := owners[path]
		return o, ok
	})
	return l
}

// debs is what a layer holds in a test: packages as in withDebs, and files.
type debs struct {
	lines []string
	items []insidetest.Item
}

// packagesOf compares two builds whose second layers hold packages.
func packagesOf(t *testing.T, a, b debs) Comparison {
	t.Helper()
	c := twoBuilds(t, a.items, b.items)
	p := c.Pairs[0]
	layers := map[string]*inside.Layer{}
	for _, side := range []struct {
		entry *model.Entry
		has   debs
	}{{p.A, a}, {p.B, b}} {
		l := p.Inside.Layers[side.entry.Image.Steps[1].Layer.Digest]
		if len(side.has.lines) > 0 {
			withDebs(l, side.has.lines...)
		}
		layers[string(l.Blob)] = l
	}
	var read []*inside.Layer
	for _, l := range layers {
		read = append(read, l)
	}
	return readInside(c, nil, read...)
}

func database(content string) insidetest.Item { return aFile(statusPath, content) }

// TestPackages_verdict checks the headline of packages that differ.
func TestPackages_verdict(t *testing.T) {
	type items = []insidetest.Item
	one, two := database("1"), database("2")
	curl, curl2 := aFile("usr/bin/curl", "1"), aFile("usr/bin/curl", "2")
	app, app2 := aFile("app/x", "1"), aFile("app/x", "2")
	many := func(version string) []string {
		var all []string
		for _, name := range []string{"adduser", "apt", "openssl", "libssl3", "tar", "zlib1g"} {
			line := name + " " + version
			if name == "libssl3" {
				line += " openssl"
			}
			all = append(all, line)
		}
		return all
	}
	tests := []struct {
		name     string
		a, b     debs
		code     InsideCode
		trust    Trust
		headline string
	}{
		{"up", debs{[]string{"curl 7.88-1", "bash 5", "owns usr/bin/curl curl"}, items{one, curl}},
			debs{[]string{"curl 7.89-1", "bash 5", "owns usr/bin/curl curl"}, items{two, curl2}}, InsidePackages, Proved, "curl 7.88 → 7.89"},
		{"down", debs{[]string{"curl 7.89-1", "bash 5"}, items{one}}, debs{[]string{"curl 7.88-1", "bash 6"}, items{two}}, InsidePackages, Proved,
			"curl 7.89 → 7.88 (down), bash 5 → 6"},
		{"only the revision", debs{[]string{"curl 7.88-1"}, items{one}}, debs{[]string{"curl 7.88-1+b1"}, items{two}}, InsidePackages, Proved,
			"curl 7.88-1 → 7.88-1+b1"},
		{"added and removed", debs{[]string{"a 1"}, items{one}}, debs{[]string{"b 1"}, items{two}}, InsidePackages, Proved, "b added, a removed"},
		{"only the epoch", debs{[]string{"git 2.46.0-1"}, items{one}}, debs{[]string{"git 1:1.0-1"}, items{two}}, InsidePackages, Proved, "git 2.46.0 → 1:1.0"},
		{"the same epoch", debs{[]string{"git 1:2.46.0-1"}, items{one}}, debs{[]string{"git 1:2.47.0-1"}, items{two}}, InsidePackages, Proved,
			"git 2.46.0 → 2.47.0"},
		{"the folders of a package", debs{[]string{"a 1", "b 1", "owns usr/share/b/x b"}, items{one, insidetest.Folder("usr/share/b"), aFile("usr/share/b/x", "1")}},
			debs{[]string{"a 1"}, items{two}}, InsidePackages, Proved, "b removed"},
		{"a folder with another file", debs{[]string{"a 1", "b 1", "owns opt/b/x b"}, items{one, insidetest.Folder("opt/b"), aFile("opt/b/x", "1"), aFile("opt/b/y", "1")}},
			debs{[]string{"a 1"}, items{two}}, InsideFiles, Proved, "b removed; step 2: 2 paths removed or replaced: opt/b/y, opt/b"},
		{"the database deleted", debs{[]string{"a 1", "b 1"}, items{one, app}}, debs{nil, items{app, aFile("var/lib/dpkg/.wh.status", "")}}, InsidePackages, Inferred,
			"The database of deb packages is gone in B"},
		{"many", debs{many("1.0-1"), items{one}}, debs{many("1.1-1"), items{two}}, InsidePackages, Proved,
			"openssl 1.0 → 1.1, adduser 1.0 → 1.1, apt 1.0 → 1.1, 2 other packages"},
		{"and a file of no package", debs{[]string{"curl 7.88-1"}, items{one, app}}, debs{[]string{"curl 7.89-1"}, items{two, app2}}, InsideFiles, Proved,
			"curl 7.88 → 7.89; step 2: 1 file changed: app/x"},
		{"and other permissions", debs{[]string{"curl 7.88-1"}, items{one, app}}, debs{[]string{"curl 7.89-1"}, items{two, app.As(0o600, 0, 0)}},
			InsideFiles, Proved, "curl 7.88 → 7.89; step 2: 1 file changed: app/x (mode 0644 → 0600)"},
		{"the same packages and a log", debs{[]string{"curl 7.88-1"}, items{one, aFile("var/log/dpkg.log", "1")}},
			debs{[]string{"curl 7.88-1"}, items{one, aFile("var/log/dpkg.log", "2")}}, InsideGenerated, Suggested,
			"Built again with the same result: 1 log differs, no program, no package"},
		{"the same version with other bytes", debs{[]string{"curl 7.88-1", "owns usr/bin/curl curl"}, items{one, curl}},
			debs{[]string{"curl 7.88-1", "owns usr/bin/curl curl"}, items{one, curl2}}, InsideFiles, Proved, "Step 2: 1 file changed: usr/bin/curl"},
		{"one side's database was not read", debs{nil, items{app}}, debs{[]string{"curl 7.88-1"}, items{two, app}}, InsideFiles, Proved,
			"Step 2: 1 file added or replaced: var/lib/dpkg/status"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := packagesOf(t, tt.a, tt.b).Verdict
			if v.Headline.String() != tt.headline || v.Inside != tt.code || v.Trust != tt.trust {
				t.Errorf("%q (%s) inside %q\nwant %q (%s) inside %q", v.Headline, v.Trust, v.Inside, tt.headline, tt.trust, tt.code)
			}
		})
	}
}

// TestPackagesText checks that the count of files is the sum of what is listed for each package: without folders and
// without the records of package managers.
func TestPackagesText(t *testing.T) {
	type items = []insidetest.Item
	app, app2 := aFile("app/x", "1"), aFile("app/x", "2")
	a := []string{"a 1", "b 1", "owns bin/a a", "owns usr/share/b/x b"}
	gone := items{database("1"), aFile("bin/a", "1"), insidetest.Folder("usr/share/b"), aFile("usr/share/b/x", "1"), app}
	for _, tt := range []struct {
		name string
		a, b debs
		want string
	}{
		{"a record, a folder and a file of no package", debs{a, gone}, debs{[]string{"c 1"}, items{database("2"), app2}}, "2 files of 2 packages"},
		{"all changes", debs{a, gone}, debs{[]string{"c 1"}, items{database("2"), app}}, "all of 2 packages"},
		{"one package", debs{[]string{"a 1", "owns bin/a a"}, items{database("1"), aFile("bin/a", "1"), app}},
			debs{[]string{"a 2", "owns bin/a a"}, items{database("2"), aFile("bin/a", "2"), app2}}, "1 file of a 1 → 2"},
		{"only a record", debs{[]string{"a 1"}, items{database("1"), app}}, debs{[]string{"a 2"}, items{database("2"), app2}}, "1 record of packages"},
		{"no package", debs{nil, items{app}}, debs{nil, items{app2}}, ""},
	} {
		rows, _ := packagesOf(t, tt.a, tt.b).Pairs[0].readRows()
		if got := rows[0].PackagesText().String(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestPackages_accept checks that a package that moved is never accepted, even if it has no file of its
// own and its database is one that differs in every build, and that a database is not accepted unread.
func TestPackages_accept(t *testing.T) {
	const installed, world, venv = "lib/apk/db/installed", "etc/apk/world", "tmp/venv/lib/site-packages/six-1.dist-info/METADATA"
	type db struct{ path, version, problem string }
	for _, tt := range []struct {
		name  string
		a, b  []db
		files []string
		want  Acceptance
	}{
		{"the same packages", []db{{installed, "1", ""}}, []db{{installed, "1", ""}}, nil, Accepted},
		{"another version", []db{{installed, "1", ""}}, []db{{installed, "2", ""}}, nil, Refused},
		{"not read to its end", []db{{installed, "1", "is cut off"}}, []db{{installed, "1", "is cut off"}}, nil, Refused},
		{"not read", nil, nil, []string{installed}, Refused},
		{"on one side only", []db{{installed, "1", ""}}, nil, nil, Refused},
		{"a record beside the same packages", []db{{installed, "1", ""}}, []db{{installed, "1", ""}}, []string{world}, Accepted},
		{"a record without a database", nil, nil, []string{world}, Refused},
		{"a log", nil, nil, []string{"var/log/apk.log"}, Accepted},
		{"the same packages among leftovers", []db{{venv, "1", ""}}, []db{{venv, "1", ""}}, nil, Accepted},
		{"another version among leftovers", []db{{venv, "1", ""}}, []db{{venv, "2", ""}}, nil, Refused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var items [2][]insidetest.Item
			for i, dbs := range [][]db{tt.a, tt.b} {
				for _, d := range dbs {
					items[i] = append(items[i], aFile(d.path, string(rune('1'+i))))
				}
				for _, f := range tt.files {
					items[i] = append(items[i], aFile(f, string(rune('1'+i))))
				}
			}
			c := twoBuilds(t, items[0], items[1])
			p := c.Pairs[0]
			for i, dbs := range [][]db{tt.a, tt.b} {
				l := p.Inside.Layers[[]*model.Entry{p.A, p.B}[i].Image.Steps[1].Layer.Digest]
				l.Packages = packages.Found{}
				for _, d := range dbs {
					l.Packages.Databases = append(l.Packages.Databases, packages.Database{
						Path: d.path, Kind: packages.Apk, Problem: d.problem,
						Packages: []packages.Package{{Kind: packages.Apk, Name: "meta", Version: d.version}},
					})
				}
			}
			c = c.WithInside(Inside{p.Manifests(): CompareInside(p, p.Inside.Layers, nil)})
			if got := c.Accept(InsideGenerated); got != tt.want {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}

// TestLayersWithPackages checks which layer is read for a database that one side lacks.
func TestLayersWithPackages(t *testing.T) {
	c := packagesOf(t, debs{nil, nil}, debs{[]string{"curl 1"}, []insidetest.Item{database("1")}})
	p := c.Pairs[0]
	readable, _ := LayersWithPackages(p)
	base := p.A.Image.Steps[0].Layer.Digest
	if n := len(readable); n != 3 || readable[n-1].Digest != base {
		t.Errorf("%v, want the two layers that differ and that of the base", readable)
	}
	gaps := p.PackageGaps()
	if len(gaps) != 1 || gaps[0].Step == nil || gaps[0].Step.Index != 0 {
		t.Errorf("gaps %v, want one of step 1", gaps)
	}
	p.Inside.Layers[base] = withDebs(holding(t, files("base"), database("0")))
	found := CompareInside(p, p.Inside.Layers, nil).Packages()
	if len(found.Gaps) != 0 || found.Others() != 1 {
		t.Errorf("gaps %v, %d packages after the base was read; want the package added", found.Gaps, found.Others())
	}
	p.Inside.Layers[base] = holding(t, files("base"))
	found = CompareInside(p, p.Inside.Layers, nil).Packages()
	if len(found.Missing) != 1 || found.Others() != 0 {
		t.Errorf("missing %v, %d packages after a base without a database was read", found.Missing, found.Others())
	}
}

// TestPackages_verified checks that packages of a layer with another digest prove nothing.
func TestPackages_verified(t *testing.T) {
	c := packagesOf(t, debs{[]string{"curl 1"}, []insidetest.Item{database("1")}}, debs{[]string{"curl 2"}, []insidetest.Item{database("2")}})
	p := c.Pairs[0]
	p.Inside.Layers[p.B.Image.Steps[1].Layer.Digest].DiffID = files("another").diffID()
	if v := c.WithInside(Inside{p.Manifests(): CompareInside(p, p.Inside.Layers, nil)}).Verdict; v.Trust != Inferred {
		t.Errorf("%q is %s, though the layer is not that of the config", v.Headline, v.Trust)
	}
}

// TestPackageWords: the words of packages follow from what lists them, and what a headline has is not said twice.
func TestPackageWords(t *testing.T) {
	version := func(kind packages.Kind, name, a, b string) packagediff.Change {
		ch := packagediff.Change{What: packagediff.Up}
		if a != "" {
			ch.A = &packages.Package{Kind: kind, Name: name, Version: a}
		}
		if ch.B = (&packages.Package{Kind: kind, Name: name, Version: b}); a == "" {
			ch.What = packagediff.Added
		}
		return ch
	}
	python := version(packages.Deb, "python2.7", "2.7.16", "2.7.17")
	for _, tt := range []struct {
		changes                 []packagediff.Change
		headline, sources, text string
	}{
		{[]packagediff.Change{python}, "", "the package databases", "python2.7 2.7.16 → 2.7.17"},
		{[]packagediff.Change{python}, "python 2.7.16 → 2.7.17", "the package databases", ""},
		{[]packagediff.Change{python}, "python 2.7.15 → 2.7.17", "the package databases", "python2.7 2.7.16 → 2.7.17"},
		{[]packagediff.Change{version(packages.Go, "stdlib", "", "1.22.1")}, "", "the build information of Go programs",
			"Go standard library added"},
		{[]packagediff.Change{version(packages.NPM, "stdlib", "1", "2")}, "", "the metadata of packages", "stdlib 1 → 2"},
		{[]packagediff.Change{python, version(packages.Go, "stdlib", "1.21", "1.22")}, "",
			"the package databases and the build information of Go programs", "python2.7 2.7.16 → 2.7.17, Go standard library 1.21 → 1.22"},
	} {
		p := Pair{Inside: &PairInside{packages: &PairPackages{Changes: packagediff.Changes{All: tt.changes}}}}
		if got := p.packageSources(); got != tt.sources {
			t.Errorf("sources %q, want %q", got, tt.sources)
		}
		if got := p.packagesText(safe.Clean(tt.headline)).String(); got != tt.text {
			t.Errorf("after %q: %q, want %q", tt.headline, got, tt.text)
		}
	}
}
