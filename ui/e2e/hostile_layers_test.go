package e2e

import (
	"archive/tar"
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model/inside/insidetest"
	"github.com/tagdiff/tagdiff/ui/uitest"
)

// hostileLayer is a layer that tries to confuse or to exhaust its reader.
type hostileLayer struct {
	name        string
	blob        []byte
	archive     []byte // unpacked; nil if the config names another layer
	annotations map[string]string
	report      []string // parts of the report with --inside
}

// zstdBomb is a zstd frame of 256 KiB with an archive of 8 GiB: a file of zeros.
func zstdBomb() []byte {
	var head bytes.Buffer
	const blocks, blockSize = 65_536, 128 << 10
	if err := tar.NewWriter(&head).WriteHeader(&tar.Header{Name: "zeros", Mode: 0o644, Size: blocks * blockSize, Format: tar.FormatGNU}); err != nil {
		panic(err)
	}
	block := func(kind, size uint32) []byte { // RFC 8878, 3.1.1.2: last block, type, size
		h := size<<3 | kind<<1
		return []byte{byte(h), byte(h >> 8), byte(h >> 16)}
	}
	blob := append([]byte{0x28, 0xb5, 0x2f, 0xfd, 0, 13 << 3}, block(0, uint32(head.Len()))...)
	blob = append(blob, head.Bytes()...)
	return append(blob, bytes.Repeat(append(block(1, blockSize), 0), blocks)...)
}

// hostileLayers are the layers of TestHostileLayers.
func hostileLayers() []hostileLayer {
	file := insidetest.File
	gzipped := func(name string, archive []byte, words ...string) hostileLayer {
		return hostileLayer{name: name, blob: insidetest.Gzip(archive), archive: archive, report: words}
	}
	of := func(name string, items []insidetest.Item, words ...string) hostileLayer {
		return gzipped(name, insidetest.Tar(items...), words...)
	}
	many := make([]insidetest.Item, 20_000)
	for i := range many {
		many[i] = file(fmt.Sprintf("f%d", i), "")
	}
	whole := insidetest.Tar(file("a", "1"), file("b", "2"))
	old := insidetest.Tar(file("old", ""))
	insidetest.SetTime(old, -1<<40)
	pax := insidetest.Tar(file("a", "x").With("comment", "y"))
	copy(pax, "./PaxHeaders.4711/a")
	insidetest.Checksummed(pax)
	liar, annotations := insidetest.EStargz(insidetest.TOC(file("other", "z")), true, file("a", "1"))
	return []hostileLayer{
		gzipped("sparse file of 1 TiB", append(insidetest.SparseFile("big", 1<<40)[:512], insidetest.Tar(file("after", "x"))...), "2 files added", "B: a limit left out the content of sparse files that are larger than the archive: 1"),
		{name: "zstd window of 512 MiB", blob: []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x98, 0x01, 0x00, 0x00}, report: []string{"B: a limit left out what needs a zstd window of more than 128 MiB", "1 file on one side only: good"}},
		{name: "zstd bomb", blob: zstdBomb(), report: []string{"B: a limit left out the rest of an archive that is more than 1,100 times the size of the layer", "1 file on one side only: good"}},
		of("20,000 entries", many, "20,000 files added"),
		of("name of 1 MB", []insidetest.Item{file(strings.Repeat("x", 1_000_000), "")}, "B: a limit left out entries with names of more than 4,096 bytes: 1"),
		of("names that leave the root", []insidetest.Item{file("../../etc/passwd", "1"), file("/etc/shadow", "2"), file("a/../../b", "3")}, "has names that leave the root (../../etc/passwd and a/../../b)", "etc/shadow"),
		of("two entries for one path", []insidetest.Item{file("a", "1"), file("./a", "22")}, "has two entries for a"),
		of("whiteout before its file", []insidetest.Item{file(".wh.a", ""), file("a", "1")}, "has and also deletes a"),
		of("whiteout after its file", []insidetest.Item{file("a", "1"), file(".wh.a", "")}, "has and also deletes a"),
		of("whiteouts without a name", []insidetest.Item{file(".wh.", ""), file(".wh..", ""), file(".wh...", ""), file("d/.wh..wh..opq", "")}, "has names that leave the root (.wh., .wh.. and .wh...)", "1 deletion without effect differs"),
		of("device 0,0", []insidetest.Item{insidetest.Of(tar.TypeChar, "gone")}, "has a device 0, 0 at gone", "1 deletion without effect differs"),
		of("control characters", []insidetest.Item{file("a\x1b[2J\x07\u202eb", "1"), insidetest.Symlink("l", "\x1b]0;x\x07")}, `a\x1b[2J\x07\u202eb`),
		gzipped("process id in a PAX name", pax, "+ a"),
		gzipped("time long before 1970", old, "+ old"),
		gzipped("torn archive", whole[:1024+100], "B is cut off: only the files before that are listed", "runtimes refuse it"),
		{name: "torn gzip", blob: insidetest.Gzip(whole)[:40], report: []string{"cannot be unpacked: it is cut off", "B is cut off: only the files before that are listed", "1 on one side only"}},
		{name: "garbage behind gzip", blob: append(insidetest.Gzip(whole), "garbage"...), archive: whole, report: []string{"has bytes after the end of the gzip stream", "+ b"}},
		gzipped("data behind the archive", append(whole[:len(whole):len(whole)], "hidden"...), "6 bytes follow the end of the archive", "+ b"),
		{name: "gzip of several members", blob: insidetest.Gzip(whole, 1, 100, 700), archive: whole, report: []string{"+ b"}},
		{name: "skippable frames", blob: append(insidetest.SkippableFrame("x"), insidetest.Zstd(whole)...), archive: whole, report: []string{"is zstd, but its media type says gzip", "+ b"}},
		{name: "text", blob: []byte(strings.Repeat("it works! ", 100)), report: []string{"it is neither gzip, zstd nor tar"}},
		{name: "table of contents that lies", blob: liar, annotations: annotations, report: []string{"the archive disagree about 2 paths: a and other"}},
	}
}

// pushHostile makes an image with one layer.
func (b *builds) pushHostile(t *testing.T, tag string, l hostileLayer) {
	t.Helper()
	id := digest.FromBytes(l.archive)
	if l.archive == nil {
		id = digest.FromString("unknown")
	}
	b.pushOne(t, tag, id, l)
}

// pushOne is pushHostile with the digest of the archive.
func (b *builds) pushOne(t *testing.T, tag string, id digest.Digest, l hostileLayer) {
	t.Helper()
	config := encodeJSON(t, v1.Image{
		Platform: v1.Platform{OS: "linux", Architecture: "amd64"}, RootFS: v1.RootFS{Type: "layers", DiffIDs: []digest.Digest{id}},
		History: []v1.History{{CreatedBy: "COPY . /"}},
	})
	manifest := encodeJSON(t, v1.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: v1.MediaTypeImageManifest,
		Config: v1.Descriptor{MediaType: v1.MediaTypeImageConfig, Digest: b.put(config), Size: int64(len(config))},
		Layers: []v1.Descriptor{{MediaType: v1.MediaTypeImageLayerGzip, Digest: b.put(l.blob), Size: int64(len(l.blob)), Annotations: l.annotations}},
	})
	b.put(manifest)
	b.change(func() { b.blobs[tag] = manifest })
}

// TestHostileLayers checks what is said of layers that try to confuse or to exhaust their reader, on
// the command line and on the screen, and that the program takes little memory.
func TestHostileLayers(t *testing.T) {
	t.Parallel()
	const allowed = 128 << 20 // bytes of memory
	b, host := startBuilds(t)
	good := insidetest.Tar(insidetest.File("good", "1"))
	b.pushHostile(t, "good", hostileLayer{blob: insidetest.Gzip(good), archive: good})
	for i, l := range hostileLayers() {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			tag := fmt.Sprint("t", i)
			b.pushHostile(t, tag, l)
			cmd := cleanCommand(t.Context(), t, uitest.Build(t), "-o", "text", "--inside", host+"/app:good", ":"+tag)
			start := time.Now()
			end := startCommand(t.Context(), t, cmd)
			memory := watchMemory(cmd.Process.Pid)
			got := end()
			m := memory()
			t.Logf("%.1f s, %.1f s of the processor, %d MiB", time.Since(start).Seconds(), cmd.ProcessState.UserTime().Seconds(), m>>20)
			for _, words := range l.report {
				if !wraps(words).MatchString(got.out + got.errors) {
					t.Errorf("the report does not say %q:\n%s%s", words, got.errors, got.out)
				}
			}
			if m > allowed && !uitest.HasRaceDetector() { // it doubles what a program takes
				t.Errorf("%d MiB of memory", m>>20)
			}
			term := uitest.Start(t, wide, "--inside", host+"/app:good", ":"+tag)
			term.WaitFor("Files")
			term.Type("4")
			term.WaitFor("Step 1 COPY . /", ", of ")
			term.Type("q")
			if code := term.Wait(); code != 0 {
				t.Errorf("q ended the program with %d", code)
			}
			if strings.ContainsAny(got.out, "\x1b\x07\u202e") {
				t.Error("the report has control characters")
			}
		})
	}
}

// watchMemory watches the resident memory of a process. The function that it returns says how much it
// was at most, in bytes; 0 where the system does not report it. What the system says of a process that
// has ended may be that of its parent.
func watchMemory(pid int) func() int {
	done, most := make(chan struct{}), make(chan int)
	go func() {
		ticks, m := time.NewTicker(5*time.Millisecond), 0
		defer ticks.Stop()
		for {
			select {
			case <-ticks.C:
				m = max(m, resident(pid))
			case <-done:
				most <- m
				return
			}
		}
	}()
	return func() int { close(done); return <-most }
}
