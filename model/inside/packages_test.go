package inside

import (
	"archive/tar"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagdiff/tagdiff/model/inside/insidetest"
	"github.com/tagdiff/tagdiff/model/packages"
)

const dpkgStatus = "Package: a\nVersion: 1\nArchitecture: amd64\nSource: s\nStatus: install ok installed\n\n" +
	"Package: ab\nVersion: 1.2\nArchitecture: amd64\nStatus: install ok installed\n"

// packagesLayer has packages, their files, and files of none.
func packagesLayer(more ...insidetest.Item) []byte {
	return insidetest.Tar(append([]insidetest.Item{
		insidetest.Folder("usr"), insidetest.Folder("usr/bin"),
		insidetest.File("usr/bin/a", "#!/bin/sh\n"), insidetest.File("usr/bin/ab", "x"), insidetest.File("usr/bin/own", "x"),
		insidetest.File("usr/bin/.wh.z", ""), insidetest.Symlink("usr/bin/link", "a"),
		insidetest.File("var/lib/dpkg/info/a.list", "/usr\n/usr/bin\n/usr/bin/a\n/usr/bin/link\n/usr/bin/z\n"),
		insidetest.File("var/lib/dpkg/info/ab:amd64.list", "/bin/ab\n"),
		insidetest.File("var/lib/dpkg/status", dpkgStatus),
		insidetest.File("n/node_modules/x/package.json", `{"name":"x","version":"1"}`),
		insidetest.File("n/node_modules/y/package.json", `{`),
	}, more...)...)
}

// ownersOf returns the owners of the entries of a layer by path.
func ownersOf(l *Layer) map[string]string {
	all := map[string]string{}
	for e := range l.Files.All() {
		if o, ok := l.Owner(e.Path); ok {
			all[e.Path] = fmt.Sprintf("%s %s %s %s", o.Kind, o.Name, o.Arch, o.Place)
		}
	}
	return all
}

func TestRead_packages(t *testing.T) {
	dpkg := packages.Database{Path: "var/lib/dpkg/status", Kind: packages.Deb, Packages: []packages.Package{
		{Kind: packages.Deb, Name: "a", Version: "1", Arch: "amd64", Source: "s"}, {Kind: packages.Deb, Name: "ab", Version: "1.2", Arch: "amd64"}}}
	npm := packages.Database{Path: "n/node_modules/x/package.json", Kind: packages.NPM, Packages: []packages.Package{
		{Kind: packages.NPM, Name: "x", Version: "1", Place: "n/node_modules"}}}
	bad := packages.Database{Path: "n/node_modules/y/package.json", Kind: packages.NPM, Problem: "is not a package.json"}
	owners := map[string]string{"usr/bin/a": "deb a  ", "usr/bin/ab": "deb ab amd64 ", "usr/bin/link": "deb a  ",
		"var/lib/dpkg/info/a.list": "deb a  ", "var/lib/dpkg/info/ab:amd64.list": "deb ab amd64 ",
		"n/node_modules/x/package.json": "npm x  n/node_modules"}
	for _, test := range []struct {
		name      string
		more      []insidetest.Item
		databases []packages.Database
		owners    map[string]string
	}{
		{"as it is", nil, []packages.Database{dpkg, npm, bad}, owners},
		{"a link and a whiteout replace databases", []insidetest.Item{insidetest.Symlink("var/lib/dpkg/status", "x"), insidetest.File("n/node_modules/x/.wh.package.json", ""),
			insidetest.Of(tar.TypeFifo, "n/node_modules/y/package.json"), insidetest.Symlink("var/lib/dpkg/info/a.list", "x")},
			[]packages.Database{npm}, map[string]string{"usr/bin/ab": "deb ab amd64 ",
				"var/lib/dpkg/info/ab:amd64.list": "deb ab amd64 ", "n/node_modules/x/package.json": "npm x  n/node_modules"}},
		{"an empty file replaces a database", []insidetest.Item{insidetest.File("n/node_modules/y/package.json", ""), insidetest.File("var/lib/dpkg/status", "")},
			[]packages.Database{npm, bad, {Path: "var/lib/dpkg/status", Kind: packages.Deb}}, owners},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := mustRead(t, packagesLayer(test.more...))
			var back Layer
			if err := back.UnmarshalBinary(marshal(t, l)); err != nil {
				t.Fatal(err)
			}
			for _, l := range []*Layer{l, &back} {
				if diff := cmp.Diff(test.databases, l.Packages.Databases); diff != "" {
					t.Error(diff)
				}
				if diff := cmp.Diff(test.owners, ownersOf(l)); diff != "" {
					t.Error(diff)
				}
			}
			checkSame(t, l, &back)
		})
	}
}

// TestRead_packagesCutOff: a layer that ends in a database has what was read of it.
func TestRead_packagesCutOff(t *testing.T) {
	archive := insidetest.Tar(insidetest.File("var/lib/dpkg/status", dpkgStatus+"\n"+string(make([]byte, 200<<10))))
	l := mustRead(t, archive[:128<<10])
	if l.Broken == "" || len(l.Packages.Databases) != 1 || len(l.Packages.Databases[0].Packages) != 2 || l.Packages.Databases[0].Problem != "is cut off" {
		t.Errorf("%q, %+v", l.Broken, l.Packages)
	}
}

// packagesArchive is a layer as a distribution has them: programs, and files that 400 packages own, with the
// metadata of packages of Python and npm beside.
func packagesArchive() []byte {
	r := rand.New(rand.NewPCG(7, 7))
	var items []insidetest.Item
	var status strings.Builder
	text := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = "aaabbcdefghi \n\x00\xff"[r.IntN(16)]
		}
		return string(b)
	}
	for p := range 400 {
		var list strings.Builder
		for f := range 15 {
			name := fmt.Sprintf("usr/lib/p%d/f%d", p, f)
			body := text(1000 * (1 + r.IntN(10)))
			if f == 0 {
				name, body = fmt.Sprintf("usr/bin/p%d", p), "\x7fELF\x02\x01\x01"+text(100_000)
			}
			items = append(items, insidetest.File(name, body))
			fmt.Fprintf(&list, "/%s\n", name)
		}
		items = append(items, insidetest.File(fmt.Sprintf("var/lib/dpkg/info/p%d.list", p), list.String()))
		fmt.Fprintf(&status, "Package: p%d\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.%d-1\nDescription: x\n%s\n\n", p, p,
			strings.Repeat(" a line of the description, which is longer than most of them\n", 12))
		items = append(items, insidetest.File(fmt.Sprintf("app/node_modules/n%d/package.json", p), fmt.Sprintf(`{"name":"n%d","version":"1.0.0","x":%q}`, p, status.String()[:800])),
			insidetest.File(fmt.Sprintf("usr/lib/python3/site-packages/y%d-1.dist-info/METADATA", p), fmt.Sprintf("Name: y%d\nVersion: 1\n\n%s", p, text(5000))))
	}
	return insidetest.Tar(append(items, insidetest.File("var/lib/dpkg/status", status.String()))...)
}

// BenchmarkRead_packages compares Read with and without what is read of packages. At most 1.05 times as
// much is good.
func BenchmarkRead_packages(b *testing.B) {
	blob := insidetest.Gzip(packagesArchive())
	if path := os.Getenv("TAGDIFF_BENCH_LAYER"); path != "" {
		var err error
		if blob, err = os.ReadFile(path); err != nil {
			b.Fatal(err)
		}
	}
	without := usual
	without.noPackages = true
	var times [2]time.Duration // the shortest ones, which other programs disturb least
	count := 0
	for b.Loop() {
		for i, limits := range []bounds{usual, without} {
			start := time.Now()
			l, err := read(bytes.NewReader(blob), Options{}, limits)
			if err != nil {
				b.Fatal(err)
			}
			if took := time.Since(start); times[i] == 0 || took < times[i] {
				times[i] = took
			}
			count = max(count, len(l.Packages.Databases))
		}
	}
	b.ReportMetric(float64(times[0])/float64(times[1]), "x-of-without")
	b.ReportMetric(float64(count), "databases")
}
