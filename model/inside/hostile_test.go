package inside

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	fastgzip "github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/tagdiff/tagdiff/model/inside/insidetest"
)

// allocated returns the bytes that work allocates.
func allocated(work func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	work()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestRead_sparse: a layer of 200 bytes with a file of 1 TiB costs no more than its bytes. A
// sparse file that the limit allows is hashed as it is unpacked.
func TestRead_sparse(t *testing.T) {
	const small, large = 3 << 20, 1 << 40
	archive := insidetest.SparseFile("small", small)[:512]
	archive = append(archive, insidetest.SparseFile("large", large)[:512]...)
	archive = append(archive, insidetest.Tar(insidetest.File("after", "x"))...)
	blob := insidetest.Gzip(archive)
	l := mustRead(t, blob)
	got := slices.Collect(l.Files.All())
	if len(blob) > 300 || len(got) != 3 || l.DiffID == "" || l.Broken != "" {
		t.Fatalf("%d bytes: %+v, %+v", len(blob), l, got)
	}
	if got[0].Size != small || got[0].Sum != sumOf(string(make([]byte, small))) {
		t.Errorf("the small file is %+v", got[0])
	}
	if got[1].Size != large || got[1].Sum != (Hash{}) || l.Remarks.Unhashed != 1 {
		t.Errorf("the large file is %+v", got[1])
	}
	if diff := cmp.Diff([]Left{{LeftContent, "the content of sparse files that are larger than the archive: 1"}}, l.Left); diff != "" {
		t.Error(diff)
	}
}

// TestRead_manySparse: the limit is for all sparse files together.
func TestRead_manySparse(t *testing.T) {
	archive := []byte{}
	for range 5 {
		archive = append(archive, insidetest.SparseFile("x", 1<<20)[:512]...)
	}
	max := usual
	max.sparse = 3 << 20
	l, err := read(bytes.NewReader(archive), Options{}, max)
	if err != nil || l.Remarks.Unhashed != 2 {
		t.Errorf("%v, %+v", err, l)
	}
}

// TestRead_window: 10 bytes ask for a window of 512 MiB.
func TestRead_window(t *testing.T) {
	frame := []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x98, 0x01, 0x00, 0x00}
	var l *Layer
	if n := allocated(func() { l = mustRead(t, frame) }); n > 4<<20 {
		t.Errorf("%d bytes are allocated", n)
	}
	if diff := cmp.Diff([]Left{{LeftEntries, "what needs a zstd window of more than 128 MiB"}}, l.Left); diff != "" || l.Broken != "" || l.DiffID != "" {
		t.Errorf("%s%+v", diff, l)
	}
}

// TestRead_bombs: an archive ends at the limits, and what stands before them is listed.
func TestRead_bombs(t *testing.T) {
	max := usual
	max.unpacked, max.ratioFree, max.ratio = 4<<20, 1<<20, 100
	before := insidetest.Tar(insidetest.File("before", "x"), insidetest.File("text", strings.Repeat("0123456789abcdef", 1<<10)))
	archive := append(before[:len(before)-1024], insidetest.Tar(insidetest.File("zeros", string(make([]byte, 8<<20))))...)
	for _, c := range []struct {
		name string
		blob []byte
		left string
	}{
		{"tar", archive, "what follows the first 4.0 MiB of the archive"},
		{"gzip", insidetest.Gzip(archive), "the rest of an archive that is more than 100 times the size of the layer"},
		{"zstd", insidetest.Zstd(archive), "the rest of an archive that is more than 100 times the size of the layer"},
	} {
		l, err := read(bytes.NewReader(c.blob), Options{}, max)
		if err != nil || l.Blob == "" || l.DiffID != "" || l.Broken != "" || !slices.Equal(l.Left, []Left{{LeftEntries, c.left}}) {
			t.Errorf("%s: %v, %+v", c.name, err, l)
		}
		if got := paths(l.Files); !slices.Equal(got, []string{"before", "text"}) {
			t.Errorf("%s: %q", c.name, got)
		}
		if l.Unpacked > 5<<20 {
			t.Errorf("%s: %d bytes were unpacked", c.name, l.Unpacked)
		}
	}
}

func TestRead_limits(t *testing.T) {
	max := usual
	max.entries, max.names, max.xattrs, max.remarks = 20, 1000, 100, 2
	many := func(n int, name string) []insidetest.Item {
		items := make([]insidetest.Item, n)
		for i := range items {
			items[i] = insidetest.File(fmt.Sprintf(name, i), "")
		}
		return items
	}
	for _, c := range []struct {
		name  string
		items []insidetest.Item
		n     int
		left  []Left
	}{
		{"entries", many(20, "%d"), 20, nil},
		{"too many entries", many(21, "%d"), 20, []Left{{LeftEntries, "the entries after the first 20"}}},
		{"too many entries of one path", slices.Repeat(many(1, "%d"), 25), 1, []Left{{LeftEntries, "the entries after the first 20"}}},
		{"implied entries", many(5, "%d/2/3/4/5/6/7/8/9/10"), 40, []Left{{LeftEntries, "the entries after the first 4"}}},
		{"names", many(9, "%0500d"), 3, []Left{{LeftEntries, "the entries after the first 3, whose names take 1000 B"}}},
		{"path", many(1, "%04096d"), 1, nil},
		{"long path", many(1, "%04097d"), 0, []Left{{LeftEntries, "entries with names of more than 4,096 bytes: 1"}}},
		{"path of a mebibyte", many(1, "%01000000d"), 0, []Left{{LeftEntries, "entries with names of more than 4,096 bytes: 1"}}},
		{"link", []insidetest.Item{insidetest.Symlink("a", strings.Repeat("x", 4097))}, 0, []Left{{LeftEntries, "entries with names of more than 4,096 bytes: 1"}}},
		{"xattrs", []insidetest.Item{insidetest.File("a", "").With("SCHILY.xattr.user.a", strings.Repeat("x", 101))}, 1,
			[]Left{{LeftXattrs, "extended attributes of more than 100 B in an entry: 1"}}},
		{"remarks", many(5, "../%d"), 5, []Left{{LeftRemarks, "remarks on other paths: 3"}}},
	} {
		archive := insidetest.Tar(c.items...)
		l, err := read(bytes.NewReader(archive), Options{}, max)
		if err != nil || l.DiffID == "" || l.Broken != "" {
			t.Errorf("%s: %v, %+v", c.name, err, l)
		}
		if diff := cmp.Diff(c.left, l.Left); diff != "" || l.Files.Len() != c.n {
			t.Errorf("%s: %d entries %s", c.name, l.Files.Len(), diff)
		}
	}
}

func TestRead_oddHeaders(t *testing.T) {
	old := insidetest.Tar(insidetest.File("old", ""))
	insidetest.SetTime(old, -1<<40)
	l := mustReadWell(t, old, old)
	if e, _ := l.Files.Find("old"); e.Time != time.Unix(-1<<40, 0).UTC() {
		t.Errorf("the time is %v", e.Time)
	}
	// Two archives that differ in the name of a PAX header only, as .NET writes them.
	pax := insidetest.Tar(insidetest.File("a", "x").With("comment", "y"))
	other := bytes.Clone(pax)
	copy(other, "./PaxHeaders.4711/a")
	insidetest.Checksummed(other)
	a, b := mustReadWell(t, pax, pax), mustReadWell(t, other, other)
	if diff := cmp.Diff(slices.Collect(a.Files.All()), slices.Collect(b.Files.All())); diff != "" || a.DiffID == b.DiffID {
		t.Error(diff)
	}
}

// millionEntries returns an archive of 8 MB with n entries.
func millionEntries(t testing.TB, n int) io.Reader {
	t.Helper()
	r, w := io.Pipe()
	go func() {
		z, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
		if err != nil {
			panic(err)
		}
		tw := tar.NewWriter(z)
		for i := range n {
			h := &tar.Header{Typeflag: tar.TypeReg, Name: fmt.Sprintf("usr/share/folder-%d/file-%d", i/10, i), Mode: 0o644, ModTime: insidetest.Then, Format: tar.FormatUSTAR}
			if err := tw.WriteHeader(h); err != nil {
				break
			}
		}
		_ = tw.Close()
		_ = z.Close()
		_ = w.Close()
	}()
	return r
}

// TestRead_million: a million entries take 90 bytes each, and no more are listed.
func TestRead_million(t *testing.T) {
	if testing.Short() || raceDetector {
		t.Skip("takes seconds")
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	l, err := Read(millionEntries(t, 1_000_000), Options{})
	runtime.GC()
	runtime.ReadMemStats(&after)
	if err != nil || l.Files.Len() != 1_000_000+100_002 || l.DiffID == "" || l.Left != nil {
		t.Fatalf("%v, %d entries, %q", err, l.Files.Len(), l.Left)
	}
	each := float64(after.HeapAlloc-before.HeapAlloc) / float64(l.Files.Len())
	t.Logf("%.1f bytes an entry", each)
	if each > 90 {
		t.Errorf("an entry takes %.1f bytes", each)
	}
	if e, ok := l.Files.Find("usr/share/folder-77/file-777"); !ok || e.Sum != NoContent {
		t.Errorf("%+v, %v", e, ok)
	}
}

func FuzzRead(f *testing.F) {
	archive := insidetest.Tar(insidetest.Random(5, 20)...)
	items := insidetest.Random(6, 10)
	lazy, _ := insidetest.EStargz(insidetest.TOC(items...), true, items[1:]...)
	chunked, _ := insidetest.ZstdChunked(insidetest.TOC(items...), true, items[1:]...)
	for _, blob := range [][]byte{
		archive, lazy, chunked, insidetest.Gzip(archive, 700), insidetest.Zstd(archive), insidetest.SparseFile("a", 1<<40), []byte("BZh9"),
		insidetest.Tar(insidetest.File("../a", ""), insidetest.File(".wh.a", ""), insidetest.File("b/.wh..wh..opq", "")),
	} {
		f.Add(blob)
	}
	max := usual
	max.entries, max.names, max.sparse, max.ratioFree, max.window, max.remarks = 100, 1<<16, 1<<20, 4<<20, 1<<20, 10
	f.Fuzz(func(t *testing.T, blob []byte) {
		l, err := read(bytes.NewReader(blob), Options{Keep: &Shelf{}}, max)
		if err != nil || l.Blob == "" || l.Packed != int64(len(blob)) {
			t.Fatalf("%v, %+v", err, l)
		}
		seen := map[string]bool{}
		for e := range l.Files.All() {
			key := fmt.Sprint(e.Path, e.Kind.class())
			if seen[key] || e.Kind == 0 || strings.HasPrefix(e.Path, "/") || e.Path == ".." || strings.HasPrefix(e.Path, "../") || len(e.Path) > usual.path {
				t.Errorf("%+v", e)
			}
			seen[key] = true
			if found, ok := l.Files.find(e.Path, e.Kind.class()); !ok || !cmp.Equal(found, e) {
				t.Errorf("%+v is found as %+v", e, found)
			}
			if parent, _ := split(e.Path); parent != "" {
				if _, ok := l.Files.Find(parent); !ok {
					t.Errorf("%q has no folder", e.Path)
				}
			}
		}
	})
}

// benchmarkArchive is like a layer of programs and texts.
func benchmarkArchive() []byte {
	var items []insidetest.Item
	r := rand.New(rand.NewPCG(6, 6))
	for i, item := range insidetest.Random(6, 6000) {
		if item.Typeflag == tar.TypeReg && item.Body != "" {
			var text strings.Builder
			for range 500 * (1 + i%4) {
				fmt.Fprintf(&text, "%c%d ", 'a'+r.IntN(26), r.IntN(3000))
			}
			item.Body += text.String()
		}
		items = append(items, item)
	}
	return insidetest.Tar(items...)
}

// BenchmarkRead compares Read, which hashes everything, with unpacking and listing alone. At
// most 1.35 times as much is good.
func BenchmarkRead(b *testing.B) {
	archive := benchmarkArchive()
	for _, c := range []struct {
		name string
		blob []byte
	}{{"gzip", insidetest.Gzip(archive)}, {"zstd", insidetest.Zstd(archive)}} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(archive)))
			var all, bare time.Duration
			for b.Loop() {
				start := time.Now()
				if _, err := Read(bytes.NewReader(c.blob), Options{}); err != nil {
					b.Fatal(err)
				}
				middle := time.Now()
				list(b, c.blob)
				all, bare = all+middle.Sub(start), bare+time.Since(middle)
			}
			b.ReportMetric(float64(all)/float64(bare), "x-of-list")
		})
	}
}

// list unpacks and lists a blob without hashes.
func list(tb testing.TB, blob []byte) {
	tb.Helper()
	var in io.Reader
	var err error
	in, err = fastgzip.NewReader(bytes.NewReader(blob))
	if err != nil {
		if in, err = zstd.NewReader(bytes.NewReader(blob), zstd.WithDecoderConcurrency(1)); err != nil {
			tb.Fatal(err)
		}
	}
	n := 0
	for t := tar.NewReader(in); ; n++ {
		if _, err := t.Next(); err != nil {
			break
		}
	}
	if n == 0 {
		tb.Fatal("nothing is listed")
	}
}
