package inside

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model/inside/insidetest"
)

// TestRead_tocDiffers checks in all formats what a table of contents says of other entries than
// the archive has, and what may differ.
func TestRead_tocDiffers(t *testing.T) {
	const capability = "SCHILY.xattr.security.capability"
	a := insidetest.File("app/a", "content")
	type items = []insidetest.Item
	for _, c := range []struct {
		name           string
		table, archive items
		want           string
	}{
		{"the same", items{a}, items{a}, ""},
		{"many entries", insidetest.Random(5, 300), insidetest.Random(5, 300), ""},
		{"content", items{a}, items{insidetest.File("app/a", "CONTENT")}, "app/a"},
		{"size", items{a}, items{insidetest.File("app/a", "content and more")}, "app/a"},
		{"only in the table", items{a, insidetest.File("b", "1")}, items{a}, "b"},
		{"only in the archive", items{a}, items{a, insidetest.File("b", "1")}, "b"},
		{"a whiteout", items{a, insidetest.File(".wh.b", "")}, items{a}, "b"},
		{"permissions", items{a.As(0o755, 0, 0)}, items{a.As(0o4755, 0, 0)}, "app/a"},
		{"owner", items{a.As(0o644, 0, 0)}, items{a.As(0o644, 1000, 0)}, "app/a"},
		{"type", items{insidetest.Folder("x")}, items{insidetest.File("x", "1")}, "x"},
		{"target", items{insidetest.Symlink("x", "a")}, items{insidetest.Symlink("x", "b")}, "x"},
		{"capabilities", items{a}, items{a.With(capability, "1")}, "app/a"},
		{"an extended attribute of the table", items{a.With("SCHILY.xattr.user.a", "1")}, items{a}, "app/a"},
		{"an extended attribute that is not set", items{a}, items{a.With("SCHILY.xattr.user.a", "1")}, ""},
		{"parts of a second", items{a}, items{a.At(insidetest.Then.Add(time.Second / 3))}, ""},
		{"another time", items{a}, items{a.At(insidetest.Then.Add(time.Hour))}, ""},
		{"an implied folder", items{a}, items{insidetest.Folder("app").As(0o700, 5, 5), a}, ""},
		{"hard links", items{a, insidetest.Hardlink("b", "./app/a").As(0, 0, 0)}, items{a, insidetest.Hardlink("b", "app/a").As(0o644, 0, 0)}, ""},
		{"another hard link", items{a, insidetest.Hardlink("b", "app/a")}, items{a, insidetest.Hardlink("b", "app/c")}, "b"},
		{"landmarks", items{a}, items{a, insidetest.File(".no.prefetch.landmark", "\x0f")}, ""},
		{"the root", items{insidetest.Folder("./").As(0o700, 0, 0), a}, items{insidetest.Folder("./"), a}, ""},
		{"a type that runtimes do not know", items{a}, items{a, insidetest.Of('Z', "odd")}, ""},
	} {
		for _, f := range tocFixtures(insidetest.TOC(c.table...), c.archive...) {
			l := mustRead(t, f.blob)
			if got := strings.Join(l.TOCDiffers, " "); got != c.want || !l.HasTOC(v1.Descriptor{Size: l.Packed, Annotations: f.annotations}) {
				t.Errorf("%s, %s: %q, want %q; digests %q", c.name, f.name, got, c.want, l.TOCDigests)
			}
			if again := new(Layer); again.UnmarshalBinary(marshal(t, l)) != nil || !slices.Equal(again.TOCDiffers, l.TOCDiffers) ||
				!slices.Equal(again.TOCDigests, l.TOCDigests) {
				t.Errorf("%s, %s: %+v from disk", c.name, f.name, again)
			}
		}
	}
}

// TestRead_otherTOC: a table that the end of the blob does not state is a file like any other, and one
// that the manifest does not state is none of the layer's.
func TestRead_otherTOC(t *testing.T) {
	item, other := insidetest.File("a", "1"), insidetest.File("b", "1")
	blob, annotations := insidetest.EStargz(insidetest.TOC(other), false, item)
	chunked, chunkedAnnotations := insidetest.ZstdChunked(insidetest.TOC(other), true, item)
	table := insidetest.File(tocName, string(insidetest.TOC(other)))
	for name, b := range map[string][]byte{
		"compressed again":         insidetest.Gzip(insidetest.Tar(item, table)),
		"not compressed":           insidetest.Tar(item, table),
		"footer of another offset": slices.Concat(blob[:len(blob)-footerSize], insidetest.Footer(7, "SG\x16\x00")),
		"zstd without a footer":    chunked[:len(chunked)-podmanFooter-8],
		"zstd with another footer": slices.Concat(chunked[:len(chunked)-8], []byte("GNUlInUy")),
		"zstd of another offset":   slices.Concat(chunked[:len(chunked)-podmanFooter], []byte{1}, chunked[len(chunked)-podmanFooter+1:]),
		"no table":                 slices.Concat(insidetest.Gzip(insidetest.Tar(item)), insidetest.Footer(0, "SG\x16\x00")),
		"not valid": func() []byte {
			b, _ := insidetest.EStargz([]byte(`{"entries":[{"name":`), false, item)
			return b
		}(),
	} {
		if l := mustRead(t, b); l.TOCDigests != nil || l.TOCDiffers != nil || l.Broken != "" || l.Files.Len() == 0 {
			t.Errorf("%s: %+v", name, l)
		}
	}
	for _, c := range []struct {
		blob        []byte
		annotations map[string]string
	}{{blob, annotations}, {chunked, chunkedAnnotations}} {
		l := mustRead(t, c.blob)
		if !l.HasTOC(v1.Descriptor{Size: l.Packed, Annotations: c.annotations}) || len(l.TOCDiffers) != 2 {
			t.Errorf("%+v", l)
		}
		for key := range c.annotations {
			if strings.HasSuffix(key, "digest") || strings.HasSuffix(key, "checksum") {
				c.annotations[key] = digest.FromString("another").String()
			}
		}
		if l.HasTOC(v1.Descriptor{Size: l.Packed, Annotations: c.annotations}) || l.HasTOC(v1.Descriptor{Size: l.Packed}) {
			t.Error("a table counts that no manifest states")
		}
	}
}

// TestSkippedFrames: the frames at the end are found behind content frames of all kinds, however
// the bytes arrive.
func TestSkippedFrames(t *testing.T) {
	var noise [300_000]byte // blocks that are not compressed
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	for name, content := range map[string][]byte{
		"empty": nil, "small": []byte("abc"), "zeros": make([]byte, 3_000_000), "noise": noise[:], "text": bytes.Repeat([]byte("some text "), 50_000),
	} {
		for _, o := range [][]zstd.EOption{{}, {zstd.WithEncoderCRC(false)}, {zstd.WithSingleSegment(true)}, {zstd.WithZeroFrames(true)}} {
			w, err := zstd.NewWriter(nil, append(o, zstd.WithEncoderConcurrency(1))...)
			if err != nil {
				t.Fatal(err)
			}
			frame := w.EncodeAll(content, nil)
			blob := slices.Concat(insidetest.SkippableFrame("before"), frame, frame, insidetest.SkippableFrame("table"), insidetest.SkippableFrame(""))
			var s skippedFrames
			for rest := blob; len(rest) > 0; {
				n := 1 + rand.IntN(min(len(rest), 5000))
				s.add(rest[:n])
				rest = rest[n:]
			}
			if len(content) == 0 && len(frame) == 0 {
				s.kept = s.kept[1:] // no frame ends what stands before
			}
			from := int64(len(blob) - len("table") - 8)
			if s.lost || len(s.kept) != 2 || string(s.kept[0].content) != "table" || s.kept[0].from != from || s.kept[1].from != int64(len(blob)) {
				t.Errorf("%s: %+v, want a table at %d", name, s, from)
			}
		}
	}
	var s skippedFrames
	s.add(append(insidetest.Zstd(insidetest.Tar()), "garbage"...))
	if !s.lost {
		t.Error("other bytes are taken for frames")
	}
}

// TestSkippedFrames_large: frames beyond the limit are not kept.
func TestSkippedFrames_large(t *testing.T) {
	var s skippedFrames
	s.add([]byte{0x50, 0x2a, 0x4d, 0x18, 0xff, 0xff, 0xff, 0xff})
	part := make([]byte, 1<<20)
	for range 100 {
		s.add(part)
	}
	if !s.lost || s.kept != nil {
		t.Error("100 MiB are kept")
	}
	s = skippedFrames{}
	for range maxSkippedFrames + 1 {
		s.add(insidetest.SkippableFrame("x"))
	}
	if !s.lost {
		t.Error("any number of frames is kept")
	}
}
