package rpmdb

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"iter"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// given counts what a database hands out.
type given struct{ packages, texts, paths int }

// readCounted reads a database and all of its files, and counts them. It keeps nothing.
func readCounted(p string, content []byte) (g given, problem string) {
	problem = Read(p, content, func(p Package, files iter.Seq[[]byte]) {
		g.packages++
		g.texts += len(p.Name) + len(p.Version) + len(p.Arch) + len(p.Source)
		for f := range files {
			g.paths += len(f)
		}
	})
	return g, problem
}

// checkBounds fails the test if a database handed out more than its size allows.
func checkBounds(t *testing.T, content []byte, g given) {
	t.Helper()
	if most := 2 * len(content); g.paths > most || g.packages > most/minHeader || g.texts > most+g.packages*len("4294967295:-") {
		t.Errorf("%d bytes hand out %+v", len(content), g)
	}
}

// minHeader is the size of the smallest header, or line of a manifest, that describes a package.
const minHeader = 10

// pagesOf returns the numbers of the pages for which ok is true, in steps of the size of a page.
func pagesOf(content []byte, size int, ok func(page []byte) bool) (numbers []int) {
	for n := 0; (n+1)*size <= len(content); n++ {
		if ok(content[n*size : (n+1)*size]) {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// TestRead_chains reads databases whose pages refer to themselves or to pages before them. The packages
// on other pages are read, and reading ends.
func TestRead_chains(t *testing.T) {
	const size = 4096
	for _, name := range []string{"bdb-little", "bdb-big"} {
		order, ok := hashOrder(fixture(t, name))
		if !ok {
			t.Fatal("not a hash")
		}
		more := pagesOf(fixture(t, name), size, func(page []byte) bool { return page[25] == pageMore })
		if len(more) < 3 {
			t.Fatalf("%s has %d pages of long items", name, len(more))
		}
		for _, n := range more {
			content := fixture(t, name)
			order.PutUint32(content[n*size+16:], uint32(n)) // the next page
			order.PutUint16(content[n*size+22:], 1)         // the bytes on the page
			checkDamaged(t, fmt.Sprintf("%s, page %d", name, n), name, content, 4)
		}
		for _, here := range []uint16{0, 1} { // no bytes, so that a chain never has enough
			content := fixture(t, name)
			for i, n := range more {
				order.PutUint16(content[n*size+22:], here)
				order.PutUint32(content[n*size+16:], uint32(more[(i+1)%len(more)]))
			}
			checkDamaged(t, fmt.Sprintf("%s, a ring of pages of %d bytes", name, here), name, content, 0)
		}
	}
	content := fixture(t, "bdb-little")
	pages := pagesOf(content, size, func(page []byte) bool { return page[25] == pageHash && page[20] > 2 })
	content[pages[0]*size+25] = 200
	checkDamaged(t, "a page of no type", "bdb-little", content, 4)

	content = fixture(t, "sqlite")
	root, err := packagesRoot(content)
	if err != nil {
		t.Fatal(err)
	}
	page := content[(root-1)*size:]
	if page[0] != 5 {
		t.Fatalf("the root has type %d, want the parent of several leaves", page[0])
	}
	binary.BigEndian.PutUint32(page[8:], uint32(root)) // the last child
	checkDamaged(t, "sqlite, a tree with a ring", "sqlite", content, 4)
	binary.BigEndian.PutUint32(page[8:], binary.BigEndian.Uint32(page[binary.BigEndian.Uint16(page[12:]):]))
	checkDamaged(t, "sqlite, one child twice", "sqlite", content, 4)
}

// packagesRoot returns the number of the page in which the table of packages begins, by the end of its name
// in the schema: "Packages" twice, then the page in one byte.
func packagesRoot(content []byte) (int, error) {
	name := []byte("tablePackagesPackages")
	i := bytes.Index(content, name)
	if i < 0 {
		return 0, fmt.Errorf("no table of packages")
	}
	return int(content[i+len(name)]), nil
}

// checkDamaged fails the test if a database has no problem, hands out too much, or has more
// packages than most. All of them must be packages of the sound database.
func checkDamaged(t *testing.T, what, name string, content []byte, most int) {
	t.Helper()
	rows, problem := readAll(fixtures[name], content)
	if problem == "" || len(rows) > most {
		t.Errorf("%s: problem %q, %d packages, want at most %d", what, problem, len(rows), most)
	}
	g, _ := readCounted(fixtures[name], content)
	checkBounds(t, content, g)
	sound, _ := readAll(fixtures[name], fixture(t, name))
	byName := map[string]string{}
	for _, r := range sound {
		byName[r.Name] = listing([]row{r})
	}
	for _, r := range rows {
		if diff := gocmp.Diff(byName[r.Name], listing([]row{r})); diff != "" {
			t.Errorf("%s: %s\n%s", what, r.Name, diff)
		}
	}
}

// TestRead_cut reads databases of which only the first pages are there. What is read is right, and what
// is missing is said, unless only pages without packages are missing.
func TestRead_cut(t *testing.T) {
	const size = 4096
	for name, p := range fixtures {
		whole, _ := readAll(p, fixture(t, name))
		for pages := 1; ; pages++ {
			content := fixture(t, name)
			if pages*size >= len(content) {
				break
			}
			rows, problem := readAll(p, content[:pages*size])
			if problem == "" && listing(sorted(rows)) != listing(sorted(whole)) {
				t.Errorf("%s: %d pages have no problem, and %d packages of %d", name, pages, len(rows), len(whole))
			}
		}
	}
}

// TestRead_sameBytes reads databases that refer to one header many times.
func TestRead_sameBytes(t *testing.T) {
	long := makeHeader(text(tagName, "long"), text(tagVersion, "1"),
		texts(tagDirNames, "/"+strings.Repeat("d", 4000)+"/"),
		texts(tagBasenames, strings.Split(strings.Repeat("x ", 5000)+"x", " ")...),
		numbers(tagDirIndexes, make([]uint32, 5001)...))
	content := makeNDB(long)
	rows, problem := readAll(fixtures["ndb"], content)
	if n := len(rows[0].Files); n < 2 || n > 2*len(content)/4000 || problem != "is damaged: its packages have more files than it can describe" {
		t.Errorf("long paths: %d files, problem %q", n, problem)
	}

	short := makeHeader(text(tagName, "short"), text(tagVersion, strings.Repeat("1", 1000)))
	content = makeNDB(short)
	slot := bytes.Clone(content[32:48])
	for i := 48; i < 4096; i += 16 {
		copy(content[i:], slot)
	}
	g, problem := readCounted(fixtures["ndb"], content)
	checkBounds(t, content, g)
	if g.packages < 5 || problem != "is damaged: several packages are in the same place" {
		t.Errorf("slots of one package: %+v, problem %q", g, problem)
	}

	content = makeSQLite(short)
	leaf := content[512:1024]
	binary.BigEndian.PutUint16(leaf[3:], 200) // cells
	for i := 8; i < 8+2*200; i += 2 {
		copy(leaf[i:], leaf[8:10])
	}
	g, problem = readCounted(fixtures["sqlite"], content)
	checkBounds(t, content, g)
	if problem == "" {
		t.Errorf("cells of one package: %+v and no problem", g)
	}
}

// TestRead_packages reads as many packages as one database may have, and one more.
func TestRead_packages(t *testing.T) {
	line := manifestLine("a", "1", "", "", "", "", "", "", "", "")
	content := []byte(strings.Repeat(line, MaxPackages))
	if g, problem := readCounted(manifest, content); g.packages != MaxPackages || problem != "" {
		t.Errorf("%d packages, problem %q", g.packages, problem)
	}
	content = append(content, line...)
	if g, problem := readCounted(manifest, content); g.packages != MaxPackages || problem != "has more than 200000 packages" {
		t.Errorf("%d packages, problem %q", g.packages, problem)
	}
}

// FuzzRead reads any bytes as a database of each kind.
func FuzzRead(f *testing.F) {
	for name := range fixtures {
		if name != "sqlite" { // it is large
			f.Add(fixture(f, name), false)
		}
	}
	small := makeHeader(text(tagName, "a"), text(tagVersion, "1"))
	f.Add(makeSQLite(small, makeHeader(text(tagName, "b"), text(tagVersion, strings.Repeat("1", 900)))), false)
	f.Add([]byte(manifestLine("a", "1", "", "", "", "", "", "", "", "")), true)
	f.Add(makeNDB(makeHeader(text(tagName, "a"), text(tagVersion, "1"), texts(tagDirNames, "/"), texts(tagBasenames, "a"), numbers(tagDirIndexes, 0))), false)
	f.Fuzz(func(t *testing.T, content []byte, asManifest bool) {
		p := fixtures["sqlite"]
		if asManifest {
			p = manifest
		}
		g, _ := readCounted(p, content)
		checkBounds(t, content, g)
	})
}

// FuzzHeader reads any bytes as the header of a package.
func FuzzHeader(f *testing.F) {
	f.Add(makeHeader(text(tagName, "a"), text(tagVersion, "1"), texts(tagDirNames, "/", "/b/"), texts(tagBasenames, "a", "c"),
		numbers(tagDirIndexes, 0, 1), numbers(tagEpoch, 1), texts(tagOldFilenames, "/x"), text(tagSourceRPM, "a-1-1.src.rpm")))
	f.Fuzz(func(t *testing.T, raw []byte) {
		content := makeNDB(raw)
		g, _ := readCounted(fixtures["ndb"], content)
		checkBounds(t, content, g)
		if g.packages > 1 {
			t.Errorf("%d packages in one header", g.packages)
		}
	})
}
