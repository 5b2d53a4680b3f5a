package packagediff

import (
	"bytes"
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/inside/insidetest"
	"github.com/tagdiff/tagdiff/model/packages"
)

const status = "var/lib/dpkg/status"

// layerOf is a layer with databases and other files: "deb curl 7.88 amd64" is a line of dpkg's status;
// "python requests 2.31 at usr/lib/python3" is a database of one package; "-path" is a whiteout of a
// path, "path" a file, "path of curl" a file that a package owns, "path -> target" a symbolic link and "path = target"
// a hard link. A line of dpkg's status can name another file than the usual one: "deb curl 7.88 amd64 opt/status".
func layerOf(lines ...string) *inside.Layer {
	l, owners := &inside.Layer{How: inside.Full}, map[string]packages.Owner{}
	var entries []inside.Entry
	file := func(path string) { entries = append(entries, inside.Entry{Kind: inside.File, Path: path}) }
	add := func(path string, p packages.Package) {
		if i := slices.IndexFunc(l.Packages.Databases, func(d packages.Database) bool { return d.Path == path }); i >= 0 {
			l.Packages.Databases[i].Packages = append(l.Packages.Databases[i].Packages, p)
			return
		}
		file(path)
		l.Packages.Databases = append(l.Packages.Databases, packages.Database{Path: path, Kind: p.Kind, Packages: []packages.Package{p}})
	}
	for _, line := range lines {
		f := append(strings.Fields(line), "", "", "")
		switch {
		case f[0] == "deb":
			add(cmp.Or(f[4], status), packages.Package{Kind: packages.Deb, Name: f[1], Version: f[2], Arch: f[3]})
		case f[0] == "status.d":
			add("var/lib/dpkg/status.d/"+f[1], packages.Package{Kind: packages.Deb, Name: f[1], Version: f[2]})
		case f[0] == "apk":
			add("lib/apk/db/installed", packages.Package{Kind: packages.Apk, Name: f[1], Version: f[2], Arch: f[3]})
		case f[0] == "python":
			add(f[4]+"/"+f[1]+"-"+f[2]+".dist-info/METADATA", packages.Package{Kind: packages.Python, Name: f[1], Version: f[2], Place: f[4]})
		case f[0] == "npm":
			add(f[4]+"/"+f[1]+"/package.json", packages.Package{Kind: packages.NPM, Name: f[1], Version: f[2], Place: f[4]})
		case f[0] == "java":
			add("app/x.jar", packages.Package{Kind: packages.Java, Name: f[1], Version: f[2], Place: f[4]})
		case f[1] == "->":
			entries = append(entries, inside.Entry{Kind: inside.Symlink, Path: f[0], Link: f[2]})
		case f[1] == "=":
			entries = append(entries, inside.Entry{Kind: inside.Hardlink, Path: f[0], Link: f[2]})
		case f[0] == "go":
			add(f[4], packages.Package{Kind: packages.Go, Name: f[1], Version: f[2], Place: f[4]})
		case f[0][0] == '-':
			entries = append(entries, inside.Entry{Kind: inside.Whiteout, Path: f[0][1:]})
		case f[1] == "of":
			file(f[0])
			owners[f[0]] = packages.Owner{Kind: packages.Deb, Name: f[2], Arch: f[3]}
		default:
			file(f[0])
		}
	}
	for _, e := range slices.Clone(entries) { // a layer that is read has these folders, too
		for folder := path.Dir(e.Path); folder != "."; folder = path.Dir(folder) {
			if !slices.ContainsFunc(entries, func(e inside.Entry) bool { return e.Path == folder }) {
				entries = append(entries, inside.Entry{Kind: inside.Folder, Path: folder, Implied: true})
			}
		}
	}
	l.Files = inside.NewList(entries)
	l.SetOwners(func(path string) (packages.Owner, bool) {
		o, ok := owners[path]
		return o, ok
	})
	return l
}

// unread is a layer that was not read. Two of one name have the same content.
type unread string

// side is an image of layers: *inside.Layer, or unread.
func side(layers ...any) []Step {
	var steps []Step
	for i, l := range layers {
		switch l := l.(type) {
		case *inside.Layer:
			steps = append(steps, Step{i, digest.FromString(fmt.Sprintf("%p", l)), l})
		case unread:
			steps = append(steps, Step{i, digest.FromString(string(l)), nil})
		}
	}
	return steps
}

func listText(all Packages) string {
	var out []string
	for _, p := range all.List() {
		out = append(out, fmt.Sprintf("%s %s %d", p.Name, p.Version, p.Step))
	}
	return strings.Join(out, ", ")
}

func sameIndex(a, b int) bool { return a == b }

func changesText(c Changes) string {
	var out []string
	for _, ch := range c.All {
		text := fmt.Sprintf("%s %s", ch.What, ch.Package().Name)
		if ch.Unknown {
			text += "?"
		}
		if ch.FileCount > 0 {
			text += fmt.Sprintf(" %d", ch.FileCount)
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

// TestOf checks which databases an image has at its end, and since which step a package is there.
func TestOf(t *testing.T) {
	full := layerOf("deb curl 7.88 amd64", "deb bash 5.2 amd64")
	tests := []struct {
		name   string
		layers []any
		list   string
		newest bool
	}{
		{"one layer", []any{full}, "bash 5.2 0, curl 7.88 0", true},
		{"a newer database replaces it", []any{full, layerOf("deb curl 7.89 amd64", "deb bash 5.2 amd64")}, "bash 5.2 0, curl 7.89 1", true},
		{"a whiteout deletes it", []any{full, layerOf("-" + status)}, "", true},
		{"a whiteout of a folder deletes it", []any{full, layerOf("-var/lib")}, "", true},
		{"a file replaces its folder", []any{full, layerOf("var/lib/dpkg")}, "", true},
		{"a whiteout in its own layer does not", []any{layerOf("deb curl 7.88 amd64", "-"+status)}, "curl 7.88 0", true},
		{"a file beside it does not", []any{full, layerOf("var/lib/dpkg/status-old")}, "bash 5.2 0, curl 7.88 0", true},
		{"gone and back", []any{full, layerOf("deb bash 5.2 amd64"), full}, "bash 5.2 0, curl 7.88 2", true},
		{"a layer above was not read", []any{full, unread("x")}, "bash 5.2 0, curl 7.88 0", false},
		{"a layer below was not read", []any{unread("x"), full}, "bash 5.2 1, curl 7.88 1", true},
		{"packages of their own", []any{layerOf("python pip 23 at lib", "python six 1 at lib"), layerOf("-lib/pip-23.dist-info", "python pip 24 at lib")},
			"pip 24 1, six 1 0", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			all := Of(side(tt.layers...))
			newest := !slices.ContainsFunc(all.Databases, func(d Database) bool { return !d.Newest })
			if got := listText(all); got != tt.list || newest != tt.newest {
				t.Errorf("%q, newest %t, want %q, %t", got, newest, tt.list, tt.newest)
			}
		})
	}
}

// TestOf_tableOfContents checks that a layer whose files are known by their table of contents alone hides
// only what it names.
func TestOf_tableOfContents(t *testing.T) {
	toc := layerOf("usr/bin/x")
	toc.How = inside.TOC
	if all := Of(side(layerOf("deb curl 7.88 amd64"), toc)); !all.Databases[0].Newest {
		t.Error("a table without the database leaves the older one in doubt")
	}
	named := layerOf(status)
	named.How = inside.TOC
	if all := Of(side(layerOf("deb curl 7.88 amd64"), named)); !all.IsEmpty() || len(all.mayHaveSteps(packages.Deb)) != 1 {
		t.Errorf("the older database of %v counts, though the table names a newer one", all.Databases)
	}
}

// TestCompare checks what happens to packages between two images.
func TestCompare(t *testing.T) {
	base := layerOf("deb curl 7.88 amd64", "deb bash 5.2 amd64")
	tests := []struct {
		name    string
		a, b    []any
		changes string
		same    int
		gaps    int
		certain bool
	}{
		{"the same", []any{base}, []any{layerOf("deb bash 5.2 amd64", "deb curl 7.88 amd64")}, "", 2, 0, true},
		{"up", []any{base}, []any{layerOf("deb curl 7.89 amd64", "deb bash 5.2 amd64")}, "up curl", 1, 0, true},
		{"down", []any{base}, []any{layerOf("deb curl 7.87 amd64", "deb bash 5.2 amd64")}, "down curl", 1, 0, true},
		{"a rebuild without changes", []any{layerOf("deb a 1-1 amd64")}, []any{layerOf("deb a 1-1+b1 amd64")}, "up a", 0, 0, true},
		{"added and removed", []any{base}, []any{layerOf("deb bash 5.2 amd64", "deb zsh 5 amd64")}, "added zsh, removed curl", 1, 0, true},
		{"two architectures", []any{layerOf("deb libc6 2 amd64", "deb libc6 2 i386")}, []any{layerOf("deb libc6 3 amd64", "deb libc6 2 i386")}, "up libc6", 1, 0, true},
		{"another architecture", []any{layerOf("deb x 1 all")}, []any{layerOf("deb x 1 amd64")}, "changed x", 0, 0, true},
		{"two versions of one name", []any{layerOf("deb k 1 amd64", "deb k 2 amd64")}, []any{layerOf("deb k 2 amd64", "deb k 3 amd64")}, "up k", 1, 0, true},
		{"more versions of one name", []any{layerOf("deb k 1 amd64")}, []any{layerOf("deb k 2 amd64", "deb k 3 amd64")}, "added k, added k, removed k", 0, 0, true},
		{"two kinds are never one package", []any{layerOf("deb curl 7 amd64")}, []any{layerOf("apk curl 8 x86_64")}, "added curl, removed curl", 0, 0, true},
		{"installed in another step", []any{layerOf("deb a 1 amd64"), layerOf("deb a 1 amd64", "deb b 1 amd64")},
			[]any{layerOf("deb a 1 amd64", "deb b 1 amd64"), layerOf("deb a 1 amd64", "deb b 1 amd64")}, "moved b", 1, 0, true},
		{"the step is not known", []any{unread("base"), layerOf("deb a 1 amd64")}, []any{unread("base"), layerOf("x"), layerOf("deb a 1 amd64")}, "", 1, 0, true},
		{"another place", []any{layerOf("python six 1 at lib/3.10")}, []any{layerOf("python six 1 at lib/3.11")}, "moved six", 0, 0, true},
		{"another place and version", []any{layerOf("python six 1 at lib/3.10")}, []any{layerOf("python six 2 at lib/3.11")}, "up six", 0, 0, true},
		{"nested packages", []any{layerOf("npm ms 2.0.0 at node_modules", "npm ms 2.1.0 at node_modules/x/node_modules")},
			[]any{layerOf("npm ms 2.0.1 at node_modules", "npm ms 2.1.0 at node_modules/x/node_modules")}, "up ms", 1, 0, true},
		{"one database in an unread layer", []any{unread("base")}, []any{layerOf("deb a 1 amd64")}, "", 0, 1, true},
		{"no database in the image", []any{layerOf("x")}, []any{layerOf("deb a 1 amd64")}, "", 0, 0, true},
		{"an unread layer may replace it", []any{base, unread("x")}, []any{base, unread("y")}, "", 2, 0, false},
		{"added, or replaced in an unread layer", []any{unread("base"), layerOf("x")}, []any{unread("base"), layerOf("python six 1 at lib")}, "added six?", 0, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := Compare(Of(side(tt.a...)), Of(side(tt.b...)), sameIndex)
			if got := changesText(c); got != tt.changes || c.Same != tt.same || len(c.Gaps) != tt.gaps || c.Certain != tt.certain {
				t.Errorf("%q, %d the same, gaps %v, certain %t; want %q, %d, %d, %t", got, c.Same, c.Gaps, c.Certain,
					tt.changes, tt.same, tt.gaps, tt.certain)
			}
		})
	}
}

// TestCompare_missing checks when the packages of a side are not known since it has no database, and when it has none of
// them.
func TestCompare_missing(t *testing.T) {
	base, other := layerOf("deb curl 7.88 amd64", "deb bash 5.2 amd64"), layerOf("deb curl 7.89 amd64")
	tests := []struct {
		name             string
		a, b             []any
		missing, changes string
	}{
		{"deleted", []any{base}, []any{base, layerOf("-" + status)}, "deb of B gone in 1", ""},
		{"deleted with its folder", []any{base}, []any{base, layerOf("x"), layerOf("-var/lib/dpkg")}, "deb of B gone in 2", ""},
		{"deleted with all of var", []any{base, layerOf("-var")}, []any{base}, "deb of A gone in 1", ""},
		{"deleted, the base unread", []any{unread("base")}, []any{unread("base"), layerOf("-var/lib/dpkg/status")}, "deb of B gone in 1", ""},
		{"deleted on both sides", []any{base, layerOf("-" + status)}, []any{base, layerOf("-" + status)}, "deb of A gone in 1, deb of B gone in 1", ""},
		{"deleted and an application beside it", []any{base, layerOf("python six 1 at lib")},
			[]any{base, layerOf("-"+status, "python six 2 at lib")}, "deb of B gone in 1", "up six"},
		{"files of status.d", []any{layerOf("deb a 1 amd64 var/lib/dpkg/status.d/a")},
			[]any{layerOf("deb a 1 amd64 var/lib/dpkg/status.d/a"), layerOf("-var/lib/dpkg/status.d/a")}, "deb of B gone in 1", ""},
		{"never there", []any{base}, []any{layerOf("usr/bin/curl")}, "deb of B", ""},
		{"never there in A", []any{layerOf("x")}, []any{base}, "deb of A", ""},

		{"another family", []any{layerOf("deb a 1 amd64")}, []any{layerOf("apk b 1 x86_64")}, "", "added b, removed a"},
		{"one file of status.d", []any{layerOf("deb a 1 amd64 var/lib/dpkg/status.d/a", "deb b 1 amd64 var/lib/dpkg/status.d/b")},
			[]any{layerOf("deb a 1 amd64 var/lib/dpkg/status.d/a", "deb b 1 amd64 var/lib/dpkg/status.d/b"), layerOf("-var/lib/dpkg/status.d/b")},
			"", "removed b"},
		{"deleted and written again", []any{base}, []any{base, layerOf("-" + status), other}, "", "up curl, removed bash"},
		{"a file beside it deleted", []any{base}, []any{base, layerOf("-var/lib/dpkg/status-old")}, "", ""},
		{"all of var deleted, the base unread", []any{unread("base")}, []any{unread("base"), layerOf("-var")}, "", ""},
		{"an unread layer above may have it", []any{base}, []any{base, layerOf("-" + status), unread("x")}, "", ""},
		{"none on both sides", []any{layerOf("x")}, []any{layerOf("y")}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := Compare(Of(side(tt.a...)), Of(side(tt.b...)), sameIndex)
			var out []string
			for _, m := range c.Missing {
				text := fmt.Sprintf("%s of %s", m.Kind, m.Side)
				if m.Deletion != nil {
					text += fmt.Sprintf(" gone in %d", m.Deletion.Step)
				}
				out = append(out, text)
			}
			if got := strings.Join(out, ", "); got != tt.missing || changesText(c) != tt.changes {
				t.Errorf("missing %q, changes %q; want %q, %q", got, changesText(c), tt.missing, tt.changes)
			}
		})
	}
}

// TestOf_links checks that a database is found where links lead from the path of a package manager, and only there.
func TestOf_links(t *testing.T) {
	moved := "deb a 1 amd64 opt/dpkg/status"
	tests := []struct {
		name   string
		layers []any
		list   string
	}{
		{"a link to the folder", []any{layerOf(moved, "var/lib/dpkg -> ../../opt/dpkg")}, "a 1 0"},
		{"an absolute link", []any{layerOf(moved, "var/lib/dpkg -> /opt/dpkg")}, "a 1 0"},
		{"a link to the file", []any{layerOf(moved, "var/lib/dpkg/status -> /opt/dpkg/status")}, "a 1 0"},
		{"a link of a newer layer", []any{layerOf(moved), layerOf("var/lib/dpkg -> /opt/dpkg")}, "a 1 0"},
		{"a newer file behind the link", []any{layerOf(moved, "var/lib/dpkg -> /opt/dpkg"), layerOf("deb a 2 amd64 opt/dpkg/status")}, "a 2 1"},
		{"a linked parent", []any{layerOf("deb a 1 amd64 data/lib/dpkg/status", "var -> data")}, "a 1 0"},
		{"links to links", []any{layerOf(moved, "var/lib -> /mnt/lib", "mnt/lib/dpkg -> ../../opt/dpkg")}, "a 1 0"},
		{"a hard link", []any{layerOf(moved, "var/lib/dpkg/status = opt/dpkg/status")}, "a 1 0"},
		{"a hard link to an older layer", []any{layerOf(moved), layerOf("var/lib/dpkg/status = opt/dpkg/status")}, "a 1 0"},
		{"the older database behind a link", []any{layerOf("deb b 1 amd64"), layerOf(moved, "var/lib/dpkg -> /opt/dpkg")}, "a 1 1"},

		{"without a link", []any{layerOf(moved)}, ""},
		{"beside the database", []any{layerOf("deb b 1 amd64", "deb a 1 amd64 srv/root/var/lib/dpkg/status")}, "b 1 0"},
		{"a link out of the root", []any{layerOf(moved, "var/lib/dpkg -> ../../../../../opt/dpkg")}, "a 1 0"},
		{"a loop", []any{layerOf(moved, "var/lib/dpkg -> x", "var/lib/x -> dpkg")}, ""},
		{"a link to itself", []any{layerOf(moved, "var/lib/dpkg/status = var/lib/dpkg/status")}, ""},
		{"a link to nothing", []any{layerOf(moved, "var/lib/dpkg -> /opt/other")}, ""},
		{"the link was deleted", []any{layerOf(moved, "var/lib/dpkg -> /opt/dpkg"), layerOf("-var/lib/dpkg")}, ""},
		{"the file was deleted", []any{layerOf(moved, "var/lib/dpkg -> /opt/dpkg"), layerOf("-opt/dpkg/status")}, ""},
		{"the layer of the link was not read", []any{layerOf(moved), unread("x")}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := listText(Of(side(tt.layers...))); got != tt.list {
				t.Errorf("%q, want %q", got, tt.list)
			}
		})
	}
}

// TestOwner_links checks that a database behind a link says which files are of its packages, and that one of another
// root inside the image does not.
func TestOwner_links(t *testing.T) {
	type items = []insidetest.Item
	file, link := insidetest.File, insidetest.Symlink
	dpkg := func(folder string) items {
		return items{file(folder+"/status", "Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n"),
			file(folder+"/info/a.list", "/.\n/bin/a\n/usr/share/a\n/n/node_modules/n/x.js\n"), file(folder+"/info/a.postinst", "")}
	}
	apk := func(path string) items {
		return items{file(path, "C:Q1\nP:a\nV:1\nA:x86_64\nF:bin\nR:a\n\n")}
	}
	files := items{file("usr/bin/a", "a"), file("usr/share/a", "a"), file("n/node_modules/n/package.json", `{"name":"n","version":"1"}`), file("n/node_modules/n/x.js", "")}
	for _, tt := range []struct {
		name   string
		layers []items
		want   map[string]string // name of the package by path
	}{
		{"a link to the folder", []items{slices.Concat(dpkg("opt/dpkg"), files, items{link("var/lib/dpkg", "/opt/dpkg")})},
			map[string]string{"usr/bin/a": "a", "usr/share/a": "a", "opt/dpkg/info/a.postinst": "a", "opt/dpkg/info/a.list": "a", "n/node_modules/n/x.js": "n"}},
		{"a link of a newer layer", []items{slices.Concat(dpkg("opt/dpkg"), files), {link("var/lib/dpkg", "/opt/dpkg")}}, map[string]string{"usr/share/a": "a"}},
		{"a linked parent", []items{slices.Concat(dpkg("data/lib/dpkg"), files, items{link("var", "data")})}, map[string]string{"usr/share/a": "a"}},
		{"apk", []items{slices.Concat(apk("opt/installed"), files, items{link("lib/apk/db/installed", "/opt/installed")})}, map[string]string{"usr/bin/a": "a"}},
		{"without a link", []items{slices.Concat(dpkg("opt/dpkg"), apk("opt/installed"), files)},
			map[string]string{"usr/bin/a": "", "usr/share/a": "", "opt/dpkg/info/a.postinst": "", "n/node_modules/n/x.js": "n"}},
		{"the link was deleted", []items{slices.Concat(dpkg("opt/dpkg"), files, items{link("var/lib/dpkg", "/opt/dpkg")}), {file("var/lib/.wh.dpkg", "")}},
			map[string]string{"usr/share/a": ""}},
		{"another root in the image", []items{slices.Concat(dpkg("var/lib/dpkg"), apk("srv/root/lib/apk/db/installed"), files)},
			map[string]string{"usr/bin/a": "a", "usr/share/a": "a"}},
	} {
		layers := make([]any, 0, len(tt.layers))
		for _, of := range tt.layers {
			read, err := inside.Read(bytes.NewReader(insidetest.Tar(of...)), inside.Options{})
			if err != nil {
				t.Fatal(err)
			}
			packed, err := read.MarshalBinary() // as on disk
			if err != nil {
				t.Fatal(err)
			}
			l := new(inside.Layer)
			if err := l.UnmarshalBinary(packed); err != nil {
				t.Fatal(err)
			}
			layers = append(layers, l)
		}
		all := Of(side(layers...))
		for p, want := range tt.want {
			got := ""
			if owner := all.Owner(p); owner != nil {
				got = owner.Name
			}
			if got != want {
				t.Errorf("%s: %s is of %q, want %q", tt.name, p, got, want)
			}
		}
	}
}

// TestChanges_problems checks that a database that cannot be read counts, unless both sides have the same file.
func TestChanges_problems(t *testing.T) {
	layer := func(content byte) *inside.Layer {
		l := &inside.Layer{How: inside.Full, Files: inside.NewList([]inside.Entry{
			{Kind: inside.File, Path: "app/x.jar", Sum: inside.Hash{content}}, {Kind: inside.File, Path: status, Sum: inside.Hash{content}},
		})}
		l.Packages.Databases = []packages.Database{
			{Path: "app/x.jar", Kind: packages.Java, Problem: "is larger than 32 MiB"}, {Path: status, Kind: packages.Deb, Problem: "is cut off"},
		}
		return l
	}
	for _, tt := range []struct {
		name     string
		a, b     byte
		problems int
		certain  bool
	}{{"the same file", 1, 1, 0, true}, {"another file", 1, 2, 4, false}, {"unknown contents", 0, 0, 4, false}} {
		c := Compare(Of(side(layer(tt.a))), Of(side(layer(tt.b))), sameIndex)
		if len(c.Problems()) != tt.problems || c.Certain != tt.certain || c.IsSameKind(packages.Deb) != tt.certain {
			t.Errorf("%s: problems %v, certain %t, want %d, %t", tt.name, c.Problems(), c.Certain, tt.problems, tt.certain)
		}
	}
}

// TestAddRebuilt_archives checks which package a program of Go or a jar stands for, if all packages in it are the same on
// both sides.
func TestAddRebuilt_archives(t *testing.T) {
	for _, tt := range []struct {
		name, path string
		a, b       []string
		want       string
	}{
		{"a program of Go", "app/run", []string{"go app 1 at app/run", "go dep 1 at app/run"}, []string{"go app 1 at app/run", "go dep 1 at app/run"},
			"rebuilt app 1"},
		{"with another module", "app/run", []string{"go app 1 at app/run", "go dep 1 at app/run"}, []string{"go app 1 at app/run", "go dep 2 at app/run"},
			"changed dep"},
		{"without a version", "app/run", []string{"go app (devel) at app/run", "go dep 1 at app/run"},
			[]string{"go app (devel) at app/run", "go dep 1 at app/run"}, ""},
		{"of changed files", "app/run", []string{"go app 1+dirty at app/run", "go dep 1 at app/run"},
			[]string{"go app 1+dirty at app/run", "go dep 1 at app/run"}, ""},
		{"a jar", "app/x.jar", []string{"java x 1 at app"}, []string{"java x 1 at app"}, "rebuilt x 1"},
		{"a jar of jars", "app/x.jar", []string{"java x 1 at app", "java y 1 at app/x.jar/lib"}, []string{"java x 1 at app", "java y 1 at app/x.jar/lib"},
			"rebuilt x 1"},
		{"a snapshot", "app/x.jar", []string{"java x 1-SNAPSHOT at app"}, []string{"java x 1-SNAPSHOT at app"}, ""},
		{"a jar that is two packages", "app/x.jar", []string{"java x 1 at app", "java y 1 at app"}, []string{"java x 1 at app", "java y 1 at app"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			withOwner := func(lines []string) *inside.Layer {
				l := layerOf(lines...)
				d := l.Packages.Databases[0]
				l.SetOwners(func(path string) (packages.Owner, bool) {
					p := d.Packages[0]
					return packages.Owner{Kind: p.Kind, Name: p.Name, Place: p.Place}, path == d.Path && len(d.Packages) == 1
				})
				return l
			}
			c := Compare(Of(side(withOwner(tt.a))), Of(side(withOwner(tt.b))), sameIndex)
			c.AddRebuilt([]string{tt.path})
			if got := changesText(c); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// TestCompare_sameSystem checks when the system packages are the same though no database was read.
func TestCompare_sameSystem(t *testing.T) {
	app, app2 := layerOf("app/x"), layerOf("app/x", "app/y")
	tests := []struct {
		name string
		a, b []any
		same bool
	}{
		{"the layers that differ have none", []any{unread("base"), app}, []any{unread("base"), app2}, true},
		{"equal layers above, too", []any{unread("base"), app, unread("top")}, []any{unread("base"), app2, unread("top")}, true},
		{"another base", []any{unread("base"), app}, []any{unread("other"), app2}, false},
		{"another order", []any{unread("a"), unread("b"), app}, []any{unread("b"), unread("a"), app2}, false},
		{"one deletes it", []any{unread("base"), app}, []any{unread("base"), layerOf("-var/lib/dpkg")}, false},
		{"one has it", []any{unread("base"), app}, []any{unread("base"), layerOf("deb a 1 amd64")}, false},
		{"all were read", []any{app}, []any{app2}, false},
		{"packages without dpkg", []any{unread("base"), layerOf("status.d tzdata 1")}, []any{unread("base"), layerOf("status.d tzdata 2")}, false},
		{"one deletes those", []any{unread("base"), app}, []any{unread("base"), layerOf("-var/lib/dpkg/status.d")}, false},
		{"packages of a language", []any{unread("base"), app}, []any{unread("base"), layerOf("python six 1 at lib")}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if c := Compare(Of(side(tt.a...)), Of(side(tt.b...)), sameIndex); c.SameSystem != tt.same {
				t.Errorf("the same system packages: %t, want %t", c.SameSystem, tt.same)
			}
		})
	}
}

// TestChanges_files checks which package owns a file that differs, and whether it explains the difference.
func TestChanges_files(t *testing.T) {
	a := layerOf("deb curl 7.88 amd64", "deb bash 5.2 amd64", "usr/bin/curl of curl amd64", "bin/bash of bash amd64", "deb tar 1 amd64", "usr/bin/tar of tar amd64",
		"etc/bash.conf of bash amd64", "python requests 2.31 at lib", "go app 1 at app/run", "go dep 1 at app/run", "go tool 1 at bin/tool")
	a2, b2 := layerOf("usr/bin/tar"), layerOf("usr/bin/tar")
	b := layerOf("deb curl 7.89 amd64", "deb bash 5.2 amd64", "usr/bin/curl of curl amd64", "bin/bash of bash", "deb tar 1 amd64", "usr/bin/tar of tar amd64", "python requests 2.32 at lib",
		"etc/bash.conf of bash", "go app 1 at app/run", "go dep 2 at app/run", "go tool 2 at bin/tool")
	tests := []struct {
		name, path, owner  string
		explained, rebuilt bool
	}{
		{"of a package with another version", "usr/bin/curl", "curl", true, false},
		{"of one with the same version", "bin/bash", "", false, true},
		{"a setting of one with the same version", "etc/bash.conf", "", false, false},
		{"the description of a package", "lib/requests-2.32.dist-info/METADATA", "requests", true, false},
		{"a record of packages", status, "", true, false},
		{"another record", "var/lib/dpkg/info/curl.md5sums", "", true, false},
		{"a program with modules", "app/run", "dep", false, false},
		{"a program of one module", "bin/tool", "tool", true, false},
		{"of no package", "app/main.py", "", false, false},
		{"changed by hand in a later step", "usr/bin/tar", "", false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := Compare(Of(side(a, a2)), Of(side(b, b2)), sameIndex)
			owner := ""
			if ch := c.OfFile(tt.path, tt.path); ch != nil {
				owner = ch.Package().Name
			}
			if got := c.Explains(tt.path, tt.path); got != tt.explained || owner != tt.owner && tt.name != "a program with modules" {
				t.Errorf("owner %q, explained %t; want %q, %t", owner, got, tt.owner, tt.explained)
			}
			before := c.Count(Rebuilt)
			c.AddRebuilt([]string{tt.path})
			if got := c.Count(Rebuilt) > before; got != tt.rebuilt {
				t.Errorf("rebuilt %t, want %t", got, tt.rebuilt)
			}
		})
	}
}
