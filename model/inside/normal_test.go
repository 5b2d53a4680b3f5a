package inside

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tagdiff/tagdiff/model/inside/insidetest"
)

// zipOf returns a zip file of files with one time, which is also in an extra field of each.
func zipOf(t testing.TB, when time.Time, namesAndContents ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(namesAndContents); i += 2 {
		f, err := w.CreateHeader(&zip.FileHeader{Name: namesAndContents[i], Method: zip.Deflate, Modified: when})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(namesAndContents[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// arOf returns an ar archive of files with one time.
func arOf(when time.Time, namesAndContents ...string) []byte {
	out := []byte("!<arch>\n")
	for i := 0; i < len(namesAndContents); i += 2 {
		content := namesAndContents[i+1]
		out = fmt.Appendf(out, "%-16s%-12d%-6d%-6d%-8s%-10d`\n%s", namesAndContents[i]+"/", when.Unix(), 0, 0, "100644", len(content), content)
		if len(content)%2 == 1 {
			out = append(out, '\n')
		}
	}
	return out
}

// normalOf returns the hash without times, and checks that it does not depend on how the content arrives.
func normalOf(t testing.TB, path string, content []byte) Hash {
	t.Helper()
	want, _ := Normalized(path, bytes.Clone(content))
	for _, size := range []int{1, 7, 59, 64} {
		n := newNormalizer()
		first := true
		for rest := bytes.Clone(content); len(rest) > 0; {
			chunk := rest[:min(size, len(rest))]
			if first { // Read has 64 KiB of the first
				n.start(path, int64(len(content)), bytes.Clone(content[:min(len(content), 64)]))
				n.to = min(n.to, len(chunk))
				n.from = min(n.from, n.to)
			}
			if n.format == fixedTimes {
				return want
			}
			first, rest = false, rest[len(chunk):]
			n.write(chunk)
		}
		if got := n.end(); got != want {
			t.Fatalf("%s in parts of %d bytes: %x, want %x", path, size, got, want)
		}
	}
	return want
}

// TestNormalized checks archives whose recorded times alone differ, each beside one that differs in more.
func TestNormalized(t *testing.T) {
	early, late := time.Unix(1e9, 0), time.Unix(2e9, 0)
	text := strings.Repeat("some text ", 100)
	change := func(content []byte, at int) []byte {
		content = bytes.Clone(content)
		content[at] ^= 1
		return content
	}
	zipped := zipOf(t, early, "META-INF/MANIFEST.MF", "a", "x.class", text)
	directory := bytes.Index(zipped, zipDirectoryMagic)
	stored := storedZip(t, "PK\x03\x04"+strings.Repeat("\x00", 40))
	tests := []struct {
		name   string
		a, b   []byte
		normal bool // both have a hash
		same   bool
	}{
		{"a.jar", zipped, zipOf(t, late, "META-INF/MANIFEST.MF", "a", "x.class", text), true, true},
		{"content of a.jar", zipped, zipOf(t, late, "META-INF/MANIFEST.MF", "b", "x.class", text), true, false},
		{"name in a.zip", zipped, zipOf(t, late, "META-INF/MANIFEST.MG", "a", "x.class", text), true, false},
		{"one file more", zipped, zipOf(t, early, "META-INF/MANIFEST.MF", "a", "x.class", text, "y", ""), true, false},
		{"version in a header", zipped, change(zipped, 4), true, false},
		{"checksum in the directory", zipped, change(zipped, directory+16), true, false},
		{"bytes after the end", append(bytes.Clone(zipped), 0), append(bytes.Clone(zipped), 0), false, false},
		{"cut off", zipped[:len(zipped)-1], zipped[:len(zipped)-1], false, false},
		{"bytes before the start", append([]byte("PK\x03\x04"), zipped...), append([]byte("PK\x03\x04"), zipped...), false, false},
		{"a header inside a content", pointTo(stored, zipLocalSize+1), pointTo(stored, zipLocalSize+1), false, false},
		{"empty.zip", zipOf(t, early), zipOf(t, early), false, false},

		{"lib.a", arOf(early, "x.o", "1", "y.o", text), arOf(late, "x.o", "1", "y.o", text), true, true},
		{"content of lib.a", arOf(early, "x.o", "1", "y.o", text), arOf(late, "x.o", "2", "y.o", text), true, false},
		{"owner in lib.a", arOf(early, "x.o", "1"), bytes.Replace(arOf(early, "x.o", "1"), []byte("0     0 "), []byte("0     7 "), 1), true, false},
		{"text in place of a time.a", bytes.Replace(arOf(early, "x.o", "1"), []byte("1000000000"), []byte("rm -rf /;:"), 1),
			bytes.Replace(arOf(early, "x.o", "1"), []byte("1000000000"), []byte("rm -rf /;:"), 1), false, false},
		{"cut off.a", arOf(early, "x.o", text)[:200], arOf(early, "x.o", text)[:200], false, false},
		{"not.a", append([]byte("!<arch>\n"), text...), append([]byte("!<arch>\n"), text...), false, false},
		{"negative.a", negativeSize(), negativeSize(), false, false},
		{"text", []byte(text), []byte(text), false, false},
	}
	for _, test := range tests {
		a, b := normalOf(t, test.name, test.a), normalOf(t, test.name, test.b)
		if has := a != (Hash{}) && b != (Hash{}); has != test.normal || (a == b) != (test.same || !test.normal) {
			t.Errorf("%s: %x, %x", test.name, a, b)
		}
	}
}

// storedZip returns a zip file with one file that is not compressed.
func storedZip(t *testing.T, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.CreateRaw(&zip.FileHeader{Name: "x", CompressedSize64: uint64(len(content)), UncompressedSize64: uint64(len(content))})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// pointTo adds a second file to the directory of a zip file with one, whose header is at a place.
func pointTo(file []byte, at int) []byte {
	from, to, _ := zipDirectory(file)
	second := bytes.Clone(file[from:to])
	binary.LittleEndian.PutUint32(second[20:], 0)
	binary.LittleEndian.PutUint32(second[42:], uint32(at))
	out := bytes.Clone(file[:to])
	out = append(out, second...)
	end := bytes.Clone(file[to:])
	end[8], end[10] = 2, 2
	binary.LittleEndian.PutUint32(end[12:], uint32(2*(to-from)))
	return append(out, end...)
}

func negativeSize() []byte {
	a := arOf(time.Unix(0, 0), "x", "1")
	copy(a[8+arSizeAt:], "-60       ")
	return a
}

// TestRead_largeZip checks that a zip file above the limit has no hash without times: its directory comes
// too late.
func TestRead_largeZip(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.CreateHeader(&zip.FileHeader{Name: "x", Method: zip.Store})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(make([]byte, MaxZip-1000)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	small := b.String()
	archive := insidetest.Tar(insidetest.File("fits", small), insidetest.File("large", "PK\x03\x04"+strings.Repeat("x", MaxZip)))
	l := mustReadWell(t, archive, archive)
	for name, want := range map[string]bool{"fits": true, "large": false} {
		if e, _ := l.Files.Find(name); (e.Normal != Hash{}) != want {
			t.Errorf("%s: normal hash %x", name, e.Normal)
		}
	}
}

// FuzzNormalized checks that any content is read within bounds, and that only bytes in headers count as
// times: a content of the same length that has the same hash differs in few bytes.
func FuzzNormalized(f *testing.F) {
	f.Add("a.zip", zipOf(f, time.Unix(1e9, 0), "a", "b", "c", "d"))
	f.Add("a.a", arOf(time.Unix(1e9, 0), "x.o", "1", "y.o", "22"))
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, 1)
	if err != nil {
		f.Fatal(err)
	}
	_ = w.Close()
	f.Add("a.gz", append([]byte("\x1f\x8b\x08\x00aaaa\x00\x03"), b.Bytes()...))
	f.Add("a.pyc", []byte("\xa7\x0d\r\n\x00\x00\x00\x0011112222"))
	f.Fuzz(func(t *testing.T, path string, content []byte) {
		h := normalOf(t, path, content)
		cleared := bytes.Clone(content)
		again, ok := Normalized(path, cleared)
		if again != h || ok != (h != Hash{}) || len(cleared) != len(content) {
			t.Fatalf("%x, then %x", h, again)
		}
	})
}
