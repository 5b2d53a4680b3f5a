package inside

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model/inside/insidetest"
)

func sumOf(content string) Hash { return sha256.Sum256([]byte(content)) }

// mustRead reads a layer, and checks that the digests are those of what it was made from.
func mustRead(t *testing.T, blob []byte) *Layer {
	t.Helper()
	l, err := Read(bytes.NewReader(blob), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if want := digest.FromBytes(blob); l.Blob != want || l.Packed != int64(len(blob)) {
		t.Errorf("blob is %s of %d bytes, want %s of %d", l.Blob, l.Packed, want, len(blob))
	}
	return l
}

func mustReadWell(t *testing.T, archive []byte, blob []byte) *Layer {
	t.Helper()
	l := mustRead(t, blob)
	if want := digest.FromBytes(archive); l.DiffID != want || l.Unpacked != int64(len(archive)) {
		t.Errorf("diff_id is %s of %d bytes, want %s of %d", l.DiffID, l.Unpacked, want, len(archive))
	}
	if l.Broken != "" || l.Left != nil {
		t.Errorf("broken %q, left %q", l.Broken, l.Left)
	}
	return l
}

func paths(l List) []string {
	out := []string{}
	for e := range l.All() {
		out = append(out, e.Path)
	}
	return out
}

func TestRead_packings(t *testing.T) {
	archive := insidetest.Tar(insidetest.Random(1, 300)...)
	want := slices.Collect(mustReadWell(t, archive, archive).Files.All())
	if len(want) < 300 {
		t.Fatalf("%d entries", len(want))
	}
	halves := slices.Concat(insidetest.Zstd(archive[:5000]), insidetest.SkippableFrame("x"), insidetest.Zstd(archive[5000:]))
	for name, blob := range map[string][]byte{
		"gzip":                  insidetest.Gzip(archive),
		"gzip members":          insidetest.Gzip(archive, 100, 0, 512, 10000),
		"gzip and padding":      append(insidetest.Gzip(archive), make([]byte, 100)...),
		"zstd":                  insidetest.Zstd(archive),
		"zstd frames":           halves,
		"zstd, skippable first": append(insidetest.SkippableFrame(strings.Repeat("y", 1000)), halves...),
		"zstd, skippable last":  append(halves, insidetest.SkippableFrame("")...),
		"zstd and padding":      append(insidetest.Zstd(archive), make([]byte, 100)...),
	} {
		l := mustReadWell(t, archive, blob)
		if diff := cmp.Diff(want, slices.Collect(l.Files.All())); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if l.Remarks.Trailing != 0 || l.Remarks.Hidden != 0 {
			t.Errorf("%s: %+v", name, l.Remarks)
		}
	}
}

func TestRead_entry(t *testing.T) {
	device := insidetest.Of(tar.TypeBlock, "dev/sda")
	device.Devmajor, device.Devminor = 8, 1
	fraction := time.Unix(1714566615, 123456789).UTC()
	withTime := insidetest.File("etc/passwd", "root").As(0o4755, 7, 8).At(fraction)
	again := insidetest.Hardlink("etc/again", "./etc//passwd").As(0o4755, 7, 8).At(fraction)
	withTime.Format, again.Format = tar.FormatPAX, tar.FormatPAX
	archive := insidetest.Tar(insidetest.Folder("./etc"), withTime, insidetest.File("/empty", ""),
		insidetest.Symlink("lib", "/usr/../lib"), again, device, insidetest.Of(tar.TypeFifo, "pipe"),
		insidetest.File("bin/ping", "x").With("SCHILY.xattr.security.capability", "\x01\x00").With("SCHILY.xattr.a", "b"),
		insidetest.File("bin/odd", "x").With("LIBARCHIVE.xattr.user.%20a", "aGk"), insidetest.Of('7', "contiguous"),
		insidetest.File("etc/.wh.shadow", ""), insidetest.File("usr/share/.wh..wh..opq", ""))
	entry := func(path string, kind Kind, mode uint16) Entry {
		return Entry{Path: path, Kind: kind, Mode: mode, Time: insidetest.Then}
	}
	file := func(path, content string) Entry {
		e := entry(path, File, 0o644)
		e.Size, e.Sum = int64(len(content)), sumOf(content)
		return e
	}
	want := []Entry{
		entry("etc", Folder, 0o755),
		{Path: "etc/passwd", Kind: File, Mode: 0o4755, UID: 7, GID: 8, Size: 4, Sum: sumOf("root"), Time: fraction},
		file("empty", ""), entry("lib", Symlink, 0o644), entry("etc/again", Hardlink, 0o4755),
		{Path: "dev", Kind: Folder, Mode: 0o755, Implied: true}, entry("dev/sda", BlockDevice, 0o644), entry("pipe", Fifo, 0o644),
		{Path: "bin", Kind: Folder, Mode: 0o755, Implied: true}, file("bin/ping", "x"), file("bin/odd", "x"), entry("contiguous", Other, 0o644),
		entry("etc/shadow", Whiteout, 0o644),
		{Path: "usr", Kind: Folder, Mode: 0o755, Implied: true}, {Path: "usr/share", Kind: Folder, Mode: 0o755, Implied: true}, entry("usr/share", OpaqueFolder, 0o644),
	}
	want[3].Link, want[4].Link = "/usr/../lib", "etc/passwd"
	want[4].UID, want[4].GID, want[4].Time = 7, 8, fraction
	want[6].Major, want[6].Minor = 8, 1
	want[9].Xattrs = []Xattr{{"a", "b"}, {"security.capability", "\x01\x00"}}
	want[10].Xattrs = []Xattr{{"user. a", "hi"}}
	l := mustReadWell(t, archive, insidetest.Gzip(archive))
	if diff := cmp.Diff(want, slices.Collect(l.Files.All())); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(Remarks{}, l.Remarks); diff != "" {
		t.Error(diff)
	}
	linked, ok := l.Files.Resolve(want[4])
	if !ok || linked.Path != "etc/again" || linked.Sum != sumOf("root") {
		t.Errorf("the hard link leads to %+v, %v", linked, ok)
	}
}

// TestRead_hardlinks checks the attributes of files with several names against what podman's overlay storage
// makes of the same archives.
func TestRead_hardlinks(t *testing.T) {
	const capability = "SCHILY.xattr.security.capability"
	file, hard, link := insidetest.File, insidetest.Hardlink, insidetest.Symlink
	later := insidetest.Then.Add(time.Hour)
	for _, c := range []struct {
		name    string
		archive items
		want    []string // path, mode, owner, hours after Then, extended attributes
	}{
		{"equal", items{file("a", "1").As(0o755, 1, 2), hard("b", "a").As(0o755, 1, 2)}, []string{"a 755 1:2 0", "b 755 1:2 0"}},
		{"the last entry counts", items{file("a", "1"), hard("b", "a").As(0o4755, 5, 6).At(later), hard("c", "b").As(0o600, 3, 0), file("d", "1")},
			[]string{"a 600 3:0 0", "b 600 3:0 0", "c 600 3:0 0", "d 644 0:0 0"}},
		{"back to the first", items{file("a", "1"), hard("b", "a").As(0o4755, 5, 6), hard("c", "a")}, []string{"a 644 0:0 0", "b 644 0:0 0", "c 644 0:0 0"}},
		{"attributes stay and capabilities go", items{file("a", "1").With(capability, "x").With("SCHILY.xattr.user.a", "1").With("SCHILY.xattr.user.b", "2"),
			hard("b", "a").With("SCHILY.xattr.user.b", "3")}, []string{"a 644 0:0 0 user.a=1 user.b=3", "b 644 0:0 0 user.a=1 user.b=3"}},
		{"capabilities of the last entry", items{file("a", "1"), hard("b", "a").With(capability, "x")},
			[]string{"a 644 0:0 0 security.capability=x", "b 644 0:0 0 security.capability=x"}},
		{"a symbolic link", items{link("a", "x").As(0o777, 0, 0), hard("b", "a").As(0o600, 5, 0).At(later)}, []string{"a 777 5:0 0", "b 777 5:0 0"}},
		{"a file that is not there", items{hard("b", "a").As(0o600, 5, 0), file("c", "")}, []string{"b 600 5:0 0", "c 644 0:0 0"}},
		{"links in a circle", items{hard("b", "a").As(0o600, 5, 0), hard("a", "b")}, []string{"b 600 5:0 0", "a 644 0:0 0"}},
	} {
		archive := insidetest.Tar(c.archive...)
		var got []string
		for e := range mustReadWell(t, archive, archive).Files.All() {
			text := fmt.Sprintf("%s %o %d:%d %.0f", e.Path, e.Mode, e.UID, e.GID, e.Time.Sub(insidetest.Then).Hours())
			for _, x := range e.Xattrs {
				text += " " + x.Name + "=" + x.Value
			}
			got = append(got, text)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestList_lastName(t *testing.T) {
	archive := insidetest.Tar(insidetest.File("a", "1"), insidetest.File("x", "1"), insidetest.Hardlink("c", "a"), insidetest.Hardlink("b", "c"),
		insidetest.Hardlink("y", "gone"))
	l := mustReadWell(t, archive, archive).Files
	for path, want := range map[string]string{"a": "b", "b": "b", "c": "b", "x": "x", "y": "y", "none": "none"} {
		if got := l.LastName(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

// TestRead_deviceDeletions checks that a device 0, 0 is a deletion, and that others are devices.
func TestRead_deviceDeletions(t *testing.T) {
	null, block := insidetest.Of(tar.TypeChar, "dev/null"), insidetest.Of(tar.TypeBlock, "dev/b")
	null.Devmajor, null.Devminor = 1, 3
	archive := insidetest.Tar(insidetest.Of(tar.TypeChar, "bin/sh"), null, block)
	l := mustReadWell(t, archive, archive)
	if !l.Files.Deletes("bin/sh") || l.Files.Deletes("dev/null") || l.Files.Deletes("dev/b") {
		t.Errorf("%+v", slices.Collect(l.Files.All()))
	}
	if diff := cmp.Diff(Remarks{DeviceDeletions: []string{"bin/sh"}}, l.Remarks); diff != "" {
		t.Error(diff)
	}
	if _, ok := Merge([]*Layer{layersOf(t, items{insidetest.File("bin/sh", "1")})[0], l}).Find("bin/sh"); ok {
		t.Error("the file of the older layer is there")
	}
}

func TestRead_names(t *testing.T) {
	for _, c := range []struct {
		name, path string
		kind       Kind
		escapes    bool
	}{
		{"a", "a", File, false}, {"./a", "a", File, false}, {"//a//b/../c", "a/c", File, false},
		{"../a", "a", File, true}, {"/../../a", "a", File, true}, {"a/../../b", "b", File, true}, {"a/../b", "b", File, false},
		{"..a", "..a", File, false}, {"...", "...", File, false}, {"a\xff", "a\xff", File, false},
		{"d/.wh.a", "d/a", Whiteout, false}, {".wh.a", "a", Whiteout, false}, {".wh.a.wh.", "a.wh.", Whiteout, false}, {"a.wh.b", "a.wh.b", File, false},
		{"d/.wh..wh..opq", "d", OpaqueFolder, false}, {".wh..wh..opq", "", OpaqueFolder, false}, {"d/.wh..a", "d/.a", Whiteout, false},
		{"d/.wh.", "", 0, true}, {".wh..", "", 0, true}, {".wh...", "", 0, true}, {".wh....", "...", Whiteout, false},
		{".wh..wh.plnk", "", 0, false}, {"d/.wh..wh.aufs", "", 0, false}, {".", "", 0, true}, {"..", "", 0, true}, {"../.wh.a", "a", Whiteout, true},
	} {
		archive := insidetest.Tar(insidetest.File(c.name, ""))
		l := mustReadWell(t, archive, archive)
		var got *Entry
		for e := range l.Files.All() {
			if !e.Implied && (e.Kind != Folder || e.Path != "") {
				got = &e
			}
		}
		switch {
		case got == nil && c.kind != 0, got != nil && (got.Path != c.path || got.Kind != c.kind):
			t.Errorf("%q is %+v, want %+v", c.name, got, c)
		}
		if escapes := slices.Equal(l.Remarks.Escaping, []string{c.name}); escapes != c.escapes {
			t.Errorf("%q: escaping %q", c.name, l.Remarks.Escaping)
		}
	}
}

func TestRead_root(t *testing.T) {
	archive := insidetest.Tar(insidetest.Folder("./").As(0o700, 1, 2), insidetest.File("a", ""))
	l := mustReadWell(t, archive, archive)
	if root, ok := l.Files.Find(""); !ok || root.Mode != 0o700 || root.Kind != Folder || l.Files.Len() != 2 || l.Remarks.Escaping != nil {
		t.Errorf("%+v, %v, %+v", root, ok, l.Remarks)
	}
}

func TestRead_repeated(t *testing.T) {
	archive := insidetest.Tar(insidetest.File("a/b", "1"), insidetest.Folder("a"), insidetest.File("c", ""), insidetest.File("./a/b", "2"),
		insidetest.Folder("a"), insidetest.Folder("a"), insidetest.File("x", ""), insidetest.File(".wh.x", ""), insidetest.File(".wh.y", ""),
		insidetest.File("y", ""), insidetest.File(".wh.z", ""))
	l := mustReadWell(t, archive, archive)
	if diff := cmp.Diff([]string{"a", "a/b", "c", "x", "x", "y", "y", "z"}, paths(l.Files)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(Remarks{Repeated: []string{"a/b", "a"}, Replaced: []string{"a/b"}, DeletedAndGiven: []string{"x", "y"}}, l.Remarks); diff != "" {
		t.Error(diff)
	}
	if b, _ := l.Files.Find("a/b"); b.Sum != sumOf("2") {
		t.Error("the first of two entries counts")
	}
	if a, _ := l.Files.Find("a"); a.Implied || a.Mode != 0o755 {
		t.Errorf("%+v is not the folder of the archive", a)
	}
}

func gzipAt(t *testing.T, when time.Time, content string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.ModTime = when
	if _, err := io.WriteString(w, content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestRead_normal(t *testing.T) {
	early, late := time.Unix(1e9, 0), time.Unix(2e9, 0)
	const magic = "\xa7\x0d\r\n"
	big := strings.Repeat("0123456789", 20000)
	for _, c := range []struct {
		name, a, b string
		normal     bool // both have a normal hash
		same       bool
	}{
		{"man.gz", gzipAt(t, early, "x"), gzipAt(t, late, "x"), true, true},
		{"man.gz", gzipAt(t, early, "x"), gzipAt(t, early, "y"), true, false},
		{"gzip without the suffix", gzipAt(t, time.Time{}, "x"), gzipAt(t, late, "x"), true, true},
		{"short.gz", "\x1f\x8b\x081111", "\x1f\x8b\x082222", false, false},
		{"a.pyc", magic + "\x00\x00\x00\x0011112222" + big, magic + "\x00\x00\x00\x0033332222" + big, true, true},
		{"a.pyc", magic + "\x00\x00\x00\x0011112222", magic + "\x00\x00\x00\x0011113333", true, false},
		{"hashed.pyc", magic + "\x01\x00\x00\x0011112222", magic + "\x01\x00\x00\x0033332222", false, false},
		{"a.py", magic + "\x00\x00\x00\x0011112222", magic + "\x00\x00\x00\x0033332222", false, false},
		{"no magic.pyc", "0123\x00\x00\x00\x0011112222", "0123\x00\x00\x00\x0033332222", false, false},
	} {
		var found [2]Entry
		for i, content := range []string{c.a, c.b} {
			archive := insidetest.Tar(insidetest.File("other", ""), insidetest.File(c.name, content))
			found[i], _ = mustReadWell(t, archive, archive).Files.Find(c.name)
			if found[i].Sum != sumOf(content) {
				t.Errorf("%s: the hash is not that of the content", c.name)
			}
		}
		a, b := found[0].Normal, found[1].Normal
		if has := a != (Hash{}) && b != (Hash{}); has != c.normal || (a == b) != (c.same || !c.normal) {
			t.Errorf("%s: %x, %x", c.name, a, b)
		}
	}
}

func TestRead_broken(t *testing.T) {
	archive := insidetest.Tar(insidetest.File("a", "1"), insidetest.File("b", "22"))
	zipped, zstd := insidetest.Gzip(archive), insidetest.Zstd(archive)
	change := func(blob []byte, at int) []byte {
		blob = bytes.Clone(blob)
		blob[at] ^= 0xff
		return blob
	}
	for _, c := range []struct {
		name   string
		blob   []byte
		broken string
		paths  int
		whole  bool // the archive has a digest
	}{
		{"bzip2", []byte("BZh91AY"), "is bzip2, which only Docker reads", 0, false},
		{"xz", []byte("\xfd7zXZ\x00\x00"), "is xz, which only Docker reads", 0, false},
		{"text", []byte(strings.Repeat("<html>", 100)), "does not hold a tar archive", 0, true},
		{"gzip of text", insidetest.Gzip([]byte(strings.Repeat("<html>", 100))), "does not hold a tar archive", 0, true},
		{"short text", []byte("hello"), "is cut off", 0, true},
		{"second header", change(archive, 1024+10), "is not a valid tar archive after 1 entry", 1, true},
		{"torn archive", archive[:1024+512+1], "is cut off", 1, true},
		{"torn gzip archive", insidetest.Gzip(archive[:1024+512+1]), "is cut off", 1, true},
		{"torn gzip", zipped[:len(zipped)-9], "is cut off", 2, false},
		{"gzip checksum", change(zipped, len(zipped)-8), "does not match the checksum at its end", 2, false},
		{"gzip method", []byte("\x1f\x8b\x07\x00\x00\x00\x00\x00\x00\x00\x00"), "is not valid gzip", 0, false},
		{"torn zstd", zstd[:len(zstd)-2], "is cut off", 0, false},
		{"zstd checksum", change(zstd, len(zstd)-1), "does not match the checksum at its end", 0, false},
		{"zstd block", append([]byte{0x28, 0xb5, 0x2f, 0xfd, 0, 0x50}, 0xff, 0xff, 0xff, 0), "is not valid zstd", 0, false},
	} {
		l := mustRead(t, c.blob)
		if l.Broken != c.broken || l.Files.Len() != c.paths || (l.DiffID != "") != c.whole || l.Left != nil {
			t.Errorf("%s: %+v, %q", c.name, l, paths(l.Files))
		}
	}
}

func TestRead_trailing(t *testing.T) {
	archive := insidetest.Tar(insidetest.File("a", "1"))
	garbage := []byte("garbage")
	for name, blob := range map[string][]byte{
		"gzip": append(insidetest.Gzip(archive), garbage...), "zstd": append(insidetest.Zstd(archive), garbage...),
	} {
		if l := mustReadWell(t, archive, blob); l.Remarks.Trailing != 7 || l.Remarks.Hidden != 0 {
			t.Errorf("%s: %+v", name, l.Remarks)
		}
	}
	archive = append(archive, append(make([]byte, 5000), "hidden\x00data"...)...)
	for name, blob := range map[string][]byte{"gzip": insidetest.Gzip(archive), "tar": archive} {
		if l := mustReadWell(t, archive, blob); l.Remarks.Hidden != 10 || l.Remarks.Trailing != 0 {
			t.Errorf("%s: %+v", name, l.Remarks)
		}
	}
	noEnd := insidetest.Tar(insidetest.File("a", "1"))[:1024]
	if l := mustReadWell(t, noEnd, noEnd); l.Files.Len() != 1 {
		t.Error("an archive without its end blocks is not read")
	}
}

// TestRead_torn: what stands before the cut is listed, wherever the cut is, and what is behind
// it is never guessed.
func TestRead_torn(t *testing.T) {
	archive := insidetest.Tar(insidetest.Random(2, 60)...)
	whole := slices.Collect(mustReadWell(t, archive, archive).Files.All())
	for n := 0; n < len(archive); n += 512 {
		l := mustRead(t, archive[:n])
		if l.Broken != "" && l.Broken != "is cut off" {
			t.Fatalf("%d bytes: %q", n, l.Broken)
		}
		if got := slices.Collect(l.Files.All()); !slices.EqualFunc(got, whole[:len(got)], func(a, b Entry) bool { return cmp.Equal(a, b) }) {
			t.Fatalf("%d bytes: %s", n, cmp.Diff(whole[:len(got)], got))
		}
	}
	zipped := insidetest.Gzip(archive)
	for n := 3; n < len(zipped); n += 512 {
		l := mustRead(t, zipped[:n])
		if l.Broken != "is cut off" || l.DiffID != "" {
			t.Fatalf("%d packed bytes: %+v", n, l)
		}
	}
}

// TestRead_error: only an error of the reader is one of Read, and nothing is proved then.
func TestRead_error(t *testing.T) {
	lost := errors.New("the connection is lost")
	archive := insidetest.Tar(insidetest.Random(3, 300)...)
	for _, blob := range [][]byte{archive, insidetest.Gzip(archive), insidetest.Zstd(archive)} {
		for _, n := range []int{0, 3, len(blob) / 2, len(blob)} {
			l, err := Read(io.MultiReader(bytes.NewReader(blob[:n]), iotest.ErrReader(lost)), Options{})
			if !errors.Is(err, lost) || l.Blob != "" || l.DiffID != "" || l.Broken != "" || l.Packed != int64(n) {
				t.Errorf("%d bytes: %v, %+v", n, err, l)
			}
		}
	}
	torn := io.MultiReader(bytes.NewReader(archive[:9000]), iotest.ErrReader(io.ErrUnexpectedEOF))
	if l, err := Read(torn, Options{}); !errors.Is(err, io.ErrUnexpectedEOF) || l.Files.Len() == 0 {
		t.Errorf("%v, %+v", err, l)
	}
}

func TestRead_progress(t *testing.T) {
	archive := insidetest.Tar(append(insidetest.Random(4, 2500), insidetest.File("big", strings.Repeat("x", 3<<20)))...)
	var got []Entry
	calls, last := 0, Progress{}
	l, err := Read(bytes.NewReader(archive), Options{Arrived: func(p Progress) {
		if p.Packed < last.Packed || p.Entries < last.Entries {
			t.Errorf("%d bytes, %d entries after %d and %d", p.Packed, p.Entries, last.Packed, last.Entries)
		}
		calls, last = calls+1, p
		got = append(got, p.New...)
	}})
	if err != nil || calls < 12 || last.Packed != l.Packed || last.Entries != 2501 {
		t.Fatalf("%v, %d calls, last %d bytes, %d entries", err, calls, last.Packed, last.Entries)
	}
	want := slices.DeleteFunc(slices.Collect(l.Files.All()), func(e Entry) bool { return e.Implied })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRead_globalHeader(t *testing.T) {
	global := insidetest.Of(tar.TypeXGlobalHeader, "").With("comment", "0123")
	archive := insidetest.Tar(global, insidetest.File("a", ""))
	if l := mustReadWell(t, archive, archive); !slices.Equal(paths(l.Files), []string{"a"}) {
		t.Errorf("%q", paths(l.Files))
	}
}

func ExampleRead() {
	blob := insidetest.Gzip(insidetest.Tar(insidetest.File("etc/motd", "hello\n"), insidetest.File("etc/.wh.issue", "")))
	l, err := Read(bytes.NewReader(blob), Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for e := range l.Files.All() {
		fmt.Println(e.Path, e.Kind == Whiteout, e.Size, e.Implied)
	}
	// Output:
	// etc false 0 true
	// etc/motd false 6 false
	// etc/issue true 0 false
}
