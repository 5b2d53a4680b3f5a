package rpmdb

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// row is a package with its files.
type row struct {
	Package
	Files []string
}

// readAll reads a database with the files of its packages.
func readAll(p string, content []byte) (rows []row, problem string) {
	problem = Read(p, content, func(p Package, files iter.Seq[[]byte]) {
		r := row{Package: p}
		for f := range files {
			r.Files = append(r.Files, string(f))
		}
		rows = append(rows, r)
	})
	return rows, problem
}

func sorted(rows []row) []row {
	slices.SortFunc(rows, func(a, b row) int { return cmp.Compare(a.Name, b.Name) })
	return rows
}

// listing returns rows as text.
func listing(rows []row) string {
	var b strings.Builder
	for _, r := range rows {
		fmt.Fprintf(&b, "%+v\n", r.Package)
		for _, f := range r.Files {
			fmt.Fprintf(&b, "\t%s\n", f)
		}
	}
	return b.String()
}

// fixtures are the databases in testdata, with the path of each.
var fixtures = map[string]string{
	"sqlite":     "var/lib/rpm/rpmdb.sqlite",
	"ndb":        "usr/lib/sysimage/rpm/Packages.db",
	"bdb-little": "var/lib/rpm/Packages",
	"bdb-big":    "var/lib/rpm/Packages",
}

// fixture returns a database of testdata.
func fixture(t testing.TB, name string) []byte {
	t.Helper()
	packed, err := os.Open(filepath.Join("testdata", name+".gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	r, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// TestRead reads databases that rpm and Berkeley DB wrote from the same packages. TestReal_rpm writes them.
func TestRead(t *testing.T) {
	want, err := os.ReadFile(filepath.Join("testdata", "packages.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range fixtures {
		t.Run(name, func(t *testing.T) {
			if !slices.Contains(Paths, p) {
				t.Errorf("%s is not the path of a database", p)
			}
			if content := fixture(t, name); p != manifest && !IsDatabase(content[:512]) {
				t.Error("the first bytes are not those of a database")
			}
			rows, problem := readAll(p, fixture(t, name))
			if problem != "" {
				t.Error(problem)
			}
			if diff := gocmp.Diff(string(want), listing(sorted(rows))); diff != "" {
				t.Errorf("rpm (-) and Read (+) differ:\n%s", diff)
			}
		})
	}
}

// TestPaths checks that no file beside a database, or of another root, is taken for one.
func TestPaths(t *testing.T) {
	for _, p := range []string{
		"var/lib/rpmmanifest/container-manifest-1", "var/lib/rpm/rpmdb.sqlite-wal", "var/lib/rpm/Name", "var/lib/rpm/backup/Packages",
		"rootfs/var/lib/rpm/Packages", "usr/share/doc/rpm/Packages", "var/lib/rpm",
	} {
		if slices.Contains(Paths, p) {
			t.Errorf("%s is the path of a database", p)
		}
	}
	for _, content := range []string{"", "Packages", "Package: a\nVersion: 1\n"} {
		if IsDatabase([]byte(content)) {
			t.Errorf("%q is taken for a database", content)
		}
	}
}

// manifestLine returns a line of a manifest.
func manifestLine(fields ...string) string { return strings.Join(fields, "\t") + "\n" }

func TestRead_manifest(t *testing.T) {
	content := manifestLine("filesystem", "1.1-20.cm2", "1700000000", "1690000000", "Microsoft Corporation", "(none)", "7596", "x86_64", "0", "filesystem-1.1-20.cm2.src.rpm") +
		"\n" +
		manifestLine("openssl-libs", "1.1.1k-28.cm2", "1", "1", "(none)", "1", "1", "x86_64", "1", "openssl-1.1.1k-28.cm2.src.rpm") +
		manifestLine("gpg-pubkey", "3135ce90-5e6fda74", "1", "1", "(none)", "(none)", "0", "(none)", "0", "(none)")
	rows, problem := readAll(manifest, []byte(content))
	want := []row{
		{Package: Package{Name: "filesystem", Version: "1.1-20.cm2", Arch: "x86_64"}},
		{Package: Package{Name: "openssl-libs", Version: "1:1.1.1k-28.cm2", Arch: "x86_64", Source: "openssl"}},
		{Package: Package{Name: "gpg-pubkey", Version: "3135ce90-5e6fda74", Key: true}},
	}
	if diff := gocmp.Diff(want, rows); diff != "" || problem != "" {
		t.Errorf("problem %q, packages:\n%s", problem, diff)
	}
	rows, problem = readAll(manifest, []byte(content+"cut\t1.0-1\n"))
	if diff := gocmp.Diff(want, rows); diff != "" || problem != "is damaged: 1 part cannot be read" {
		t.Errorf("with a cut line: problem %q, packages:\n%s", problem, diff)
	}
}

func TestSourceName(t *testing.T) {
	for file, want := range map[string]string{
		"bash-5.2.15-1.el9.src.rpm":      "bash",
		"gcc-c++-12-1.src.rpm":           "gcc-c++",
		"kernel-default-6.4-1.nosrc.rpm": "kernel-default",
		"bash-5.2.src.rpm":               "",
		"bash":                           "",
		"":                               "",
	} {
		if got := sourceName(file); got != want {
			t.Errorf("sourceName(%q) = %q, want %q", file, got, want)
		}
	}
}

// tagged is a tag of a header that a test makes.
type tagged struct {
	tag, kind, count uint32
	data             []byte
}

func text(tag uint32, s string) tagged { return tagged{tag, typeString, 1, []byte(s + "\x00")} }

func texts(tag uint32, all ...string) tagged {
	return tagged{tag, typeStringArray, uint32(len(all)), []byte(strings.Join(all, "\x00") + "\x00")}
}

func numbers(tag uint32, all ...uint32) tagged {
	t := tagged{tag: tag, kind: typeInt32, count: uint32(len(all))}
	for _, n := range all {
		t.data = binary.BigEndian.AppendUint32(t.data, n)
	}
	return t
}

// makeHeader returns a header with tags.
func makeHeader(tags ...tagged) []byte {
	var index, data []byte
	for _, t := range tags {
		for _, n := range []uint32{t.tag, t.kind, uint32(len(data)), t.count} {
			index = binary.BigEndian.AppendUint32(index, n)
		}
		data = append(data, t.data...)
	}
	raw := binary.BigEndian.AppendUint32(nil, uint32(len(tags)))
	raw = binary.BigEndian.AppendUint32(raw, uint32(len(data)))
	return slices.Concat(raw, index, data)
}

// makeNDB returns a database of ndb with headers.
func makeNDB(headers ...[]byte) []byte {
	const page, block = 4096, 16
	le := binary.LittleEndian
	pages := (len(headers)+2)*16/page + 1
	content := append([]byte(ndbMagic), make([]byte, pages*page-len(ndbMagic))...)
	le.PutUint32(content[12:], uint32(pages))
	for i := 32; i < len(content); i += 16 {
		copy(content[i:], "Slot")
	}
	for i, h := range headers {
		slot := content[32+16*i:]
		le.PutUint32(slot[4:], uint32(i+1))
		le.PutUint32(slot[8:], uint32(len(content)/block))
		le.PutUint32(slot[12:], uint32((16+len(h)+12+block-1)/block))
		content = append(content, "BlbS"...)
		content = le.AppendUint32(content, uint32(i+1))
		content = le.AppendUint32(content, 0)
		content = le.AppendUint32(content, uint32(len(h)))
		content = append(content, h...)
		for (len(content)+12)%block != 0 {
			content = append(content, 0)
		}
		content = append(content, make([]byte, 8)...)
		content = append(content, "BlbE"...)
	}
	return content
}

// makeSQLite returns a database of SQLite with headers, in pages of 512 bytes.
func makeSQLite(headers ...[]byte) []byte {
	const size = 512
	be := binary.BigEndian
	content := make([]byte, 2*size)
	copy(content, sqliteMagic)
	be.PutUint16(content[16:], size)
	number := func(n int) []byte { return []byte{0x80 | byte(n>>7), byte(n & 0x7f)} } // in two bytes
	// put adds a cell to a leaf whose own header is at a place.
	put := func(page, start int, cell []byte) {
		head := content[page*size+start:]
		head[0] = 13
		end, cells := int(be.Uint16(head[5:])), int(be.Uint16(head[3:]))
		if cells == 0 {
			end = size
		}
		copy(content[page*size+end-len(cell):], cell)
		be.PutUint16(head[3:], uint16(cells+1))
		be.PutUint16(head[5:], uint16(end-len(cell)))
		be.PutUint16(head[8+2*cells:], uint16(end-len(cell)))
	}
	texts := "tablePackagesPackages"
	put(0, 100, slices.Concat([]byte{byte(5 + len(texts) + 1), 1, 5, 5*2 + 13, 8*2 + 13, 8*2 + 13, 1}, []byte(texts), []byte{2}))
	for i, h := range headers {
		record := slices.Concat([]byte{4, 0}, number(2*len(h)+12), h)
		cell := append(number(len(record)), byte(i+1))
		local := sqliteFile{usable: size}.local(len(record))
		cell = append(cell, record[:local]...)
		if local < len(record) {
			cell = be.AppendUint32(cell, uint32(len(content)/size+1))
		}
		put(1, 0, cell)
		for rest := record[local:]; len(rest) > 0; {
			page := make([]byte, size)
			n := copy(page[4:], rest)
			if rest = rest[n:]; len(rest) > 0 {
				be.PutUint32(page, uint32(len(content)/size+2))
			}
			content = append(content, page...)
		}
	}
	return content
}

// TestRead_makeSQLite checks the databases that other tests damage.
func TestRead_makeSQLite(t *testing.T) {
	header := func(name, version string) []byte { return makeHeader(text(tagName, name), text(tagVersion, version)) }
	rows, problem := readAll(fixtures["sqlite"], makeSQLite(header("a", "1"), header("b", strings.Repeat("1", 1000)), header("c", "2")))
	if got := listing(rows); problem != "" || strings.Count(got, "\n") != 3 || !strings.Contains(got, "{Name:c Version:2 ") {
		t.Errorf("problem %q, packages:\n%s", problem, got)
	}
}

// TestRead_headers reads headers that no tool here writes any more, and those that are damaged.
func TestRead_headers(t *testing.T) {
	const (
		file, folder = "\x81\xa4", "\x41\xed" // modes
		typeBinary   = 7
	)
	bash := []tagged{text(tagName, "bash"), text(tagVersion, "5.2"), text(tagRelease, "1")}
	with := func(more ...tagged) []byte { return makeHeader(slices.Concat(bash, more)...) }
	want := func(files ...string) []row {
		return []row{{Package{Name: "bash", Version: "5.2-1"}, files}}
	}
	const damaged = "is damaged: 1 part cannot be read"
	tests := []struct {
		name    string
		header  []byte
		want    []row
		problem string
	}{
		{"no files", with(), want(), ""},
		{"whole paths", with(texts(tagOldFilenames, "/bin/bash", "//etc/./bashrc")), want("bin/bash", "etc/bashrc"), ""},
		{"states and modes", with(
			texts(tagDirNames, "/", "/usr/bin/"), texts(tagBasenames, "bin", "a", "b", "c", "d"),
			numbers(tagDirIndexes, 0, 1, 1, 1, 1), tagged{tagFileStates, typeChar, 5, []byte{0, 0, 1, 2, 0}},
			tagged{tagFileModes, typeInt16, 5, []byte(folder + file + file + file + file)}),
			want("usr/bin/a", "usr/bin/d"), ""},
		{"the last of two tags counts", with(text(tagRelease, "2")), []row{{Package{Name: "bash", Version: "5.2-2"}, nil}}, ""},
		{"other tags", with(tagged{63, typeBinary, 16, make([]byte, 16)}, tagged{5000, typeBinary, 16, nil}), want(), ""},
		{"paths that leave the root", with(texts(tagDirNames, "/../../etc/"), texts(tagBasenames, "..", "a/b", "", "passwd"), numbers(tagDirIndexes, 0, 0, 0, 0)),
			want("etc/passwd"), ""},
		{"no such folder", with(texts(tagDirNames, "/etc/"), texts(tagBasenames, "a", "b"), numbers(tagDirIndexes, 0, 1)), want("etc/a"), damaged},
		{"too many folders", with(texts(tagDirNames, make([]string, MaxFolders+1)...), texts(tagBasenames, "a", "b"), numbers(tagDirIndexes, MaxFolders-1, MaxFolders)),
			want("a"), damaged},
		{"fewer indexes than names", with(texts(tagDirNames, "/etc/"), texts(tagBasenames, "a", "b"), numbers(tagDirIndexes, 0)), want("etc/a"), damaged},
		{"no name", makeHeader(bash[1:]...), nil, damaged},
		{"a name that is too long", makeHeader(text(tagName, strings.Repeat("x", maxText+1)), bash[1]), nil, damaged},
		{"a path that is too long", with(texts(tagOldFilenames, "/"+strings.Repeat("x", maxPath+1), "/a")), want("a"), ""},
		{"a name of another type", makeHeader(tagged{tagName, typeInt32, 1, make([]byte, 4)}, bash[1]), nil, damaged},
		{"a count beyond the data", with(tagged{tagBasenames, typeStringArray, 1 << 31, []byte{0}}), nil, damaged},
		{"an offset beyond the data", slices.Concat(with()[:16], []byte{0xff}, with()[17:]), nil, damaged},
		{"more tags than bytes", slices.Concat([]byte{0xff}, with()[1:]), nil, damaged},
		{"cut", with()[:30], nil, damaged},
		{"empty", nil, nil, damaged},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rows, problem := readAll(fixtures["ndb"], makeNDB(tt.header))
			if diff := gocmp.Diff(tt.want, rows); diff != "" || problem != tt.problem {
				t.Errorf("problem %q, packages:\n%s", problem, diff)
			}
		})
	}
}

// TestRead_otherContents reads files that are no databases, or cut ones.
func TestRead_otherContents(t *testing.T) {
	patched := func(name string, at int, with ...byte) []byte {
		content := fixture(t, name)
		copy(content[at:], with)
		return content
	}
	withoutTable := bytes.ReplaceAll(fixture(t, "sqlite"), []byte("tablePackagesPackages"), []byte("tablePackedUpPackages"))
	for _, tt := range []struct {
		name, path string
		content    []byte
		problem    string
	}{
		{"empty", fixtures["sqlite"], nil, "is empty"},
		{"empty manifest", manifest, nil, ""},
		{"text", fixtures["sqlite"], []byte(strings.Repeat("text\n", 200)), "is not in a format that is known"},
		{"SQLite's first bytes", fixtures["sqlite"], []byte(sqliteMagic), "is damaged: it ends in its first page"},
		{"page size", fixtures["sqlite"], patched("sqlite", 16, 0x11, 0), "is damaged: its page size is not possible"},
		{"no table", fixtures["sqlite"], withoutTable, "has no table of packages"},
		{"ndb's first bytes", fixtures["ndb"], []byte(ndbMagic), "is damaged: it ends in its first page"},
		{"ndb of another version", fixtures["ndb"], patched("ndb", 4, 1), "has a version that is not known"},
		{"hash of another version", fixtures["bdb-little"], patched("bdb-little", 16, 11), "has a version that is not known"},
		{"encrypted", fixtures["bdb-big"], patched("bdb-big", 24, 1), "is encrypted"},
		{"checksums", fixtures["bdb-big"], patched("bdb-big", 26, 1), "has checksums, which are not supported"},
		{"hash's page size", fixtures["bdb-big"], patched("bdb-big", 20, 0, 0, 0x11, 0), "is damaged: its page size is not possible"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rows, problem := readAll(tt.path, tt.content)
			if problem != tt.problem || len(rows) > 0 {
				t.Errorf("problem %q, want %q; packages %v", problem, tt.problem, rows)
			}
		})
	}
}
