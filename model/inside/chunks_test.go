package inside

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tagdiff/tagdiff/model/inside/insidetest"
	"github.com/tagdiff/tagdiff/model/packages"
)

// noise does not compress.
func noise(n int) string {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{}).Read(b)
	return string(b)
}

// withPackages reads the packages of a layer by its table of contents. It returns the bytes and the number of the ranges.
func withPackages(t *testing.T, blob []byte, annotations map[string]string, programs ...string) (l *Layer, read, requests int, err error) {
	t.Helper()
	table, err := readTOC(t, blob, annotations)
	if err != nil {
		t.Fatal(err)
	}
	said := int64(-1)
	l, err = table.WithPackages(programs, func(n int64) error { said = n; return nil }, func(from, length int64) ([]byte, error) {
		read, requests = read+int(length), requests+1
		return blob[from : from+length], nil
	})
	if err == nil && said != int64(read) {
		t.Errorf("the cost is said to be %d, %d bytes were read", said, read)
	}
	return l, read, requests, err
}

const apkInstalled = "C:Q1x\nP:musl\nV:1.2.4\nA:x86_64\n\n"

// TestWithPackages compares the packages by chunks with those of the whole layer.
func TestWithPackages(t *testing.T) {
	var folder []insidetest.Item
	for i := range 300 {
		folder = append(folder,
			insidetest.File(fmt.Sprintf("var/lib/dpkg/status.d/p%03d", i), fmt.Sprintf("Package: p%d\nVersion: 1.%d\nArchitecture: amd64\n", i, i)),
			insidetest.File(fmt.Sprintf("var/lib/dpkg/status.d/p%03d.md5sums", i), "d41d8cd98f00b204e9800998ecf8427e  etc/x\n"))
	}
	var spread []insidetest.Item
	for i := range 60 {
		spread = append(spread, insidetest.File(fmt.Sprintf("app/node_modules/m%02d/package.json", i), fmt.Sprintf(`{"name":"m%d","version":"1"}`, i)),
			insidetest.File(fmt.Sprintf("app/node_modules/m%02d/index.js", i), noise(4<<10)))
	}
	ballast := insidetest.File("opt/data", noise(600_000))
	for _, tt := range []struct {
		name  string
		items []insidetest.Item
	}{
		{"dpkg", []insidetest.Item{insidetest.File("var/lib/dpkg/status", strings.Repeat(dpkgStatus+"\n", 1)), insidetest.File("x", "y")}},
		{"many packages", []insidetest.Item{insidetest.File("var/lib/dpkg/status", manyPackages(3000))}},
		{"a folder of files", folder},
		{"apk, and files after it", []insidetest.Item{insidetest.File("lib/apk/db/installed", apkInstalled), insidetest.File("lib/z", "z")}},
		{"a database without packages", []insidetest.Item{insidetest.File("var/lib/dpkg/status", "")}},
		{"behind a link", []insidetest.Item{insidetest.File("data/apk/installed", apkInstalled), insidetest.Symlink("lib/apk/db", "/data/apk")}},
		{"behind a hard link", []insidetest.Item{
			insidetest.File("usr/lib/apk/db/installed", apkInstalled), insidetest.Hardlink("lib/apk/db/installed", "usr/lib/apk/db/installed")}},
		{"a file that is only named so", []insidetest.Item{insidetest.File("srv/status", "all is well\n"), insidetest.File("x/Packages", noise(5000))}},
		{"pip, npm, gem", []insidetest.Item{
			insidetest.File("usr/lib/python3/dist-packages/a-1.dist-info/METADATA", "Name: a\nVersion: 1\n\ntext\n"),
			insidetest.File("app/node_modules/b/package.json", `{"name":"b","version":"2"}`),
			insidetest.File("app/node_modules/b/test/package.json", `{"name":"not","version":"2"}`),
			insidetest.File("usr/share/gems/specifications/c-3.gemspec", "# stub: c 3 ruby lib\n")}},
		{"spread files", spread},
		{"a database that is cut off", []insidetest.Item{insidetest.File("var/lib/rpm/rpmdb.sqlite", "SQLite format 3\x00"+noise(9000))}},
		{"changes in a log", []insidetest.Item{
			insidetest.File("var/lib/rpm/rpmdb.sqlite", "SQLite format 3\x00"+noise(9000)), insidetest.File("var/lib/rpm/rpmdb.sqlite-wal", "x")}},
		{"the last of two", []insidetest.Item{
			insidetest.File("var/lib/dpkg/status", "Package: old\nVersion: 1\n"), insidetest.File("./var/lib/dpkg/status", dpkgStatus)}},
		{"replaced by a folder", []insidetest.Item{
			insidetest.File("var/lib/dpkg/status", dpkgStatus), insidetest.Folder("var/lib/dpkg/status")}},
	} {
		for format := insidetest.EStargzFormat; format <= insidetest.StargzFormat; format++ {
			for _, chunk := range []int{100, 5000, 4 << 20} {
				items := slices.Concat([]insidetest.Item{insidetest.File("bin/first", noise(70_000))}, tt.items, []insidetest.Item{ballast})
				blob, annotations := insidetest.Chunked(format, chunk, nil, items...)
				got, read, requests, err := withPackages(t, blob, annotations)
				whole := mustRead(t, blob)
				if err != nil || !got.HasRecords || got.How != TOC {
					t.Errorf("%s, format %d, chunk %d: %v %+v", tt.name, format, chunk, err, got)
					continue
				}
				if whole.Broken != "" || whole.TOCDiffers != nil {
					t.Errorf("%s, format %d: the layer is %q, and %q differ", tt.name, format, whole.Broken, whole.TOCDiffers)
				}
				if d := cmp.Diff(whole.Packages, got.Packages, cmpopts.EquateEmpty()); d != "" {
					t.Errorf("%s, format %d, chunk %d: the whole layer (-) and the chunks (+) say:\n%s", tt.name, format, chunk, d)
				}
				if read > len(blob)/2 || requests > 32 {
					t.Errorf("%s, format %d, chunk %d: %d of %d bytes in %d requests", tt.name, format, chunk, read, len(blob), requests)
				}
			}
		}
	}
}

func manyPackages(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "Package: package-%d\nVersion: %d.%d\nArchitecture: amd64\nStatus: install ok installed\n\n", i, i, i*7919%1000)
	}
	return b.String()
}

// TestWithPackages_programs reads only the programs and jars that are asked for.
func TestWithPackages_programs(t *testing.T) {
	build := "\xff Go buildinf:\x08\x02" + strings.Repeat("\x00", 16)
	mod := strings.Repeat("m", 16) + "path\texample.com/app\nmod\texample.com/app\tv1.2.3\t\n" + strings.Repeat("m", 16)
	build += "\x06go1.26" + string(binary.AppendUvarint(nil, uint64(len(mod)))) + mod
	goProgram := "\x7fELF" + strings.Repeat("\x00", 4092) + build + strings.Repeat("\x00", 300<<10)
	items := []insidetest.Item{
		insidetest.File("app/one", goProgram).As(0o755, 0, 0), insidetest.File("app/two", goProgram).As(0o755, 0, 0),
		insidetest.File("app/data", goProgram), insidetest.File("app/small", "#!/bin/sh\n").As(0o755, 0, 0),
		insidetest.File("app/a.jar", "PK\x03\x04"), insidetest.File("z", noise(700_000)),
	}
	blob, annotations := insidetest.Chunked(insidetest.PodmanFormat, 100_000, nil, items...)
	l, _, _, err := withPackages(t, blob, annotations, "app/two", "not/there")
	if err != nil {
		t.Fatal(err)
	}
	var paths, candidates []string
	for _, d := range l.Packages.Databases {
		paths = append(paths, d.Path)
	}
	for e := range l.Files.All() {
		if MayHoldPackages(e) {
			candidates = append(candidates, e.Path)
		}
	}
	if !slices.Equal(paths, []string{"app/two"}) || !slices.Equal(candidates, []string{"app/one", "app/two", "app/a.jar"}) {
		t.Errorf("%q have packages, of %q", paths, candidates)
	}
}

// TestWithPackages_tooLarge: a database of rpm beyond the limit is not requested, and that is said as after a full read.
func TestWithPackages_tooLarge(t *testing.T) {
	const path = "var/lib/rpm/Packages"
	for size, problem := range map[int]string{packages.MaxRPM + 1: "is larger than 64 MiB", 20_000: "is not a database of rpm"} {
		change := func(rows []map[string]any) { rows[0]["size"] = size }
		if size < packages.MaxRPM {
			change = nil
		}
		blob, annotations := insidetest.Chunked(insidetest.EStargzFormat, 4<<20, change,
			insidetest.File(path, "none"+noise(19_996)), insidetest.File("z", noise(100_000)))
		l, read, _, err := withPackages(t, blob, annotations)
		if err != nil || len(l.Packages.Databases) != 1 || (read == 0) != (size > packages.MaxRPM) {
			t.Fatalf("%d bytes: %d were read: %v %+v", size, read, err, l)
		}
		if got := l.Packages.Databases[0].Problem; size > packages.MaxRPM && got != problem || got == "" {
			t.Errorf("%d bytes: the problem is %q, want %q", size, got, problem)
		}
	}
}

// TestWithPackages_lies: a table that lies, or a server that sends other bytes, gives no packages.
func TestWithPackages_lies(t *testing.T) {
	const status = 1 // the row
	row := func(key string, value any) func([]map[string]any) {
		return func(rows []map[string]any) { rows[status][key] = value }
	}
	other := "sha256:" + strings.Repeat("0a", 32)
	for _, tt := range []struct {
		name   string
		change func(rows []map[string]any)
		text   string // of the error, "" for none
	}{
		{"nothing", func([]map[string]any) {}, ""},
		{"another digest of a chunk", row("chunkDigest", other), "states another digest"},
		{"no digest of a chunk", row("chunkDigest", ""), ""},
		{"another digest of the file", row("digest", other), "states another digest"},
		{"no digest of the file", row("digest", ""), "does not state the digest"},
		{"another place", row("offset", 1), "states another digest"},
		{"no place", row("offset", 0), "does not say where"},
		{"a place outside of the layer", row("offset", 1<<40), "does not say where"},
		{"a negative place", row("offset", -5), "does not say where"},
		{"more bytes than there are", row("size", 1<<20), "states another digest"},
		{"fewer bytes", row("size", 3), "does not say where"},
		{"a huge file", row("size", int64(1)<<40), "has a file of more than"},
		{"much to skip", row("innerOffset", int64(1)<<40), "has a file of more than"},
		{"something to skip", row("innerOffset", 3), "states another digest"},
		{"less than nothing to skip", row("innerOffset", -3), "does not say where"},
		{"chunks in another order", func(rows []map[string]any) { rows[status+1]["chunkOffset"] = 0 }, "does not say where"},
		{"a chunk at another place of the content", func(rows []map[string]any) { rows[status+1]["chunkOffset"] = 7 }, "states another digest"},
		{"a chunk of no file", func(rows []map[string]any) { rows[0]["type"] = "chunk" }, ""},
		{"most of the layer", func(rows []map[string]any) { rows[0]["offset"], rows[status]["endOffset"] = 1, 190_000 }, "spread over most"},
	} {
		for format := insidetest.EStargzFormat; format <= insidetest.StargzFormat; format++ {
			blob, annotations := insidetest.Chunked(format, 100, tt.change,
				insidetest.Folder("first"), insidetest.File("var/lib/dpkg/status", dpkgStatus), insidetest.File("z", noise(200_000)))
			l, _, _, err := withPackages(t, blob, annotations)
			if tt.text == "" {
				if err != nil || len(l.Packages.Databases) != 1 || len(l.Packages.Databases[0].Packages) != 2 {
					t.Errorf("%s, format %d: %v %+v", tt.name, format, err, l)
				}
				continue
			}
			if !errors.Is(err, ErrNoChunks) || !strings.Contains(err.Error(), tt.text) || l != nil {
				t.Errorf("%s, format %d: %v %+v, want %q", tt.name, format, err, l, tt.text)
			}
		}
	}
	blob, annotations := insidetest.Chunked(insidetest.PodmanFormat, 100, nil, insidetest.File("var/lib/dpkg/status", dpkgStatus), insidetest.File("z", noise(9999)))
	table, err := readTOC(t, blob, annotations)
	if err != nil {
		t.Fatal(err)
	}
	free := func(int64) error { return nil }
	for name, send := range map[string]func(from, length int64) []byte{
		"other bytes": func(_, length int64) []byte { return make([]byte, length) },
		"fewer bytes": func(from, length int64) []byte { return blob[from : from+length-1] },
		"none":        func(_, _ int64) []byte { return nil },
	} {
		l, err := table.WithPackages(nil, free, func(from, length int64) ([]byte, error) { return send(from, length), nil })
		if !errors.Is(err, ErrNoChunks) || l != nil {
			t.Errorf("%s: %v %+v", name, err, l)
		}
	}
	stop := errors.New("stop")
	if _, err := table.WithPackages(nil, free, func(_, _ int64) ([]byte, error) { return nil, stop }); !errors.Is(err, stop) || errors.Is(err, ErrNoChunks) {
		t.Error(err)
	}
	if _, err := table.WithPackages(nil, func(int64) error { return stop }, nil); !errors.Is(err, stop) {
		t.Error(err)
	}
}

// FuzzWithPackages reads packages by tables that may say anything: it ends, requests bytes of the layer alone and no more
// than it said, and finds nothing but what has the digest in the table.
func FuzzWithPackages(f *testing.F) {
	items := []insidetest.Item{insidetest.File("var/lib/dpkg/status", dpkgStatus), insidetest.File("z", noise(1000))}
	blob, _ := insidetest.Chunked(insidetest.PodmanFormat, 100, func(rows []map[string]any) {
		table, err := json.Marshal(map[string]any{"entries": rows})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(table)
	}, items...)
	max := usual
	max.entries = 50
	f.Fuzz(func(t *testing.T, raw []byte) {
		table, err := decodeTOC(bytes.NewReader(raw), max)
		if err != nil {
			return
		}
		size := int64(len(blob))
		table.chunked = chunked{files: table.chunked.index.Files(size), size: size, isZstd: true}
		said, read := int64(0), int64(0)
		l, err := table.WithPackages([]string{"z"}, func(n int64) error { said = n; return nil }, func(from, length int64) ([]byte, error) {
			read += length
			return blob[from : from+length], nil
		})
		if read > said || said > size || (l == nil) == (err == nil) {
			t.Errorf("%d bytes were read of %d, said were %d: %v %+v", read, size, said, err, l)
		}
		if l == nil {
			return
		}
		for _, d := range l.Packages.Databases {
			if e, _ := l.Files.Find(d.Path); e.Sum != sumOf(dpkgStatus) && e.Size > 0 && d.Problem == "" {
				t.Errorf("%q of %+v", d.Packages, e)
			}
		}
	})
}
