package model

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	_ "crypto/sha512" // for digest.SHA512
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"
)

func gzipped(t testing.TB, level int, header gzip.Header, raw []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	w.Header = header
	if _, err := w.Write(raw); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarOf(t testing.TB, name, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(content)), Mode: 0o644}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestUnpack(t *testing.T) {
	nothing, file := make([]byte, 1024), tarOf(t, "a", "b")
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		raw   []byte
		plain []byte // nil for an error
		empty bool

		broken   string
		trailing bool
	}{
		{"gzip of an unknown tool", gzipped(t, 9, gzip.Header{Name: "layer", Comment: "of a new tool", OS: 42}, nothing), nothing, true, "", false},
		{"zeros of another length", gzipped(t, 1, gzip.Header{}, make([]byte, 1536)), make([]byte, 1536), true, "", false},
		{"two members", append(gzipped(t, 6, gzip.Header{}, nothing[:512]), gzipped(t, 6, gzip.Header{}, nothing[512:])...), nothing, true, "", false},
		{"zstd", enc.EncodeAll(nothing, nil), nothing, true, "", false},
		{"plain", nothing, nothing, true, "", false},
		{"a file", gzipped(t, 6, gzip.Header{}, file), file, false, "", false},
		{"a file in zstd", enc.EncodeAll(file, nil), file, false, "", false},
		{"no byte", []byte{}, []byte{}, true, "", false},
		{"a bomb", gzipped(t, 9, gzip.Header{}, make([]byte, maxUnpacked+1)), nil, false, "", false},
		{"a bomb of zstd", enc.EncodeAll(make([]byte, maxUnpacked*2), nil), nil, false, "", false},
		{"cut off", gzipped(t, 6, gzip.Header{}, file)[:20], nil, false, "is cut off", false},
		{"cut off in its checksum", gzipped(t, 6, gzip.Header{}, file)[:len(gzipped(t, 6, gzip.Header{}, file))-1], nil, false, "is cut off", false},
		{"a second member that is cut off", append(gzipped(t, 6, gzip.Header{}, file), 0x1f, 0x8b, 8), nil, false, "is cut off", false},
		{"a changed checksum", changedAt(gzipped(t, 6, gzip.Header{}, file), -8), nil, false, "does not match the checksum at its end", false},
		{"not gzip", []byte("\x1f\x8bjunkjunkjunk"), nil, false, "is not valid gzip", false},
		{"zstd that is cut off", enc.EncodeAll(file, nil)[:20], nil, false, "is cut off", false},
		{"zstd with a changed checksum", changedAt(enc.EncodeAll(file, nil), -1), nil, false, "does not match the checksum at its end", false},
		{"bytes after the end", append(gzipped(t, 6, gzip.Header{}, file), "junk"...), file, false, "", true},
		{"zeros after the end", append(gzipped(t, 6, gzip.Header{}, file), 0, 0, 0), file, false, "", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Unpack(tt.raw)
			if (err != nil) != (tt.plain == nil && tt.broken == "") || c.Broken != tt.broken || c.Trailing != tt.trailing {
				t.Fatalf("%+v, error %v", c, err)
			}
			if err != nil || c.Broken != "" {
				return
			}
			if want := (Trailer{CRC: crc32.ChecksumIEEE(tt.plain), Size: uint32(len(tt.plain))}); err == nil && *c.Trailer != want { //nolint:gosec // small
				t.Errorf("trailer %+v, want %+v", *c.Trailer, want)
			}
			if c.DiffID != digest.FromBytes(tt.plain) || c.Size != int64(len(tt.plain)) || c.Empty != tt.empty {
				t.Errorf("%+v", c)
			}
		})
	}
}

// TestUnpack_archive has layers that are read whole: what is not an archive after decompression
// is not a layer.
func TestUnpack_archive(t *testing.T) {
	file := tarOf(t, "a", "b")
	pax := tarOf(t, strings.Repeat("long/", 60)+"a", "b") // more headers before that of the file
	binary := append([]byte("a text\x00\xff"), bytes.Repeat([]byte{0xfe}, 600)...)
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	const no = "does not hold a tar archive"
	for _, tt := range []struct {
		name string
		raw  []byte
		want string
	}{
		{"an archive", file, ""},
		{"an archive in gzip", gzipped(t, 6, gzip.Header{}, file), ""},
		{"an archive after a frame that is skipped", append([]byte("\x5a\x2a\x4d\x18\x02\x00\x00\x00hi"), enc.EncodeAll(file, nil)...), ""},
		{"a long name", gzipped(t, 6, gzip.Header{}, pax), ""},
		{"zeros, then bytes", gzipped(t, 6, gzip.Header{}, append(make([]byte, 1024), binary...)), ""},
		{"no byte", nil, ""},
		{"few zeros", make([]byte, 100), ""},
		{"xz", []byte("\xfd7zXZ\x00and so on"), ""},
		{"bytes", binary, no},
		{"bytes in gzip", gzipped(t, 6, gzip.Header{}, binary), no},
		{"a web page in zstd", enc.EncodeAll([]byte("<html>"), nil), no},
		{"a header with a wrong checksum", changedAt(slices.Clone(file), 0), no},
	} {
		if c, err := Unpack(tt.raw); c.NoTar != tt.want || err != nil {
			t.Errorf("%s: %q, error %v", tt.name, c.NoTar, err)
		}
	}
}

// changedAt returns bytes with one changed, counted from the end if i is negative.
func changedAt(raw []byte, i int) []byte {
	raw[(len(raw)+i)%len(raw)] ^= 0xff
	return raw
}

func FuzzUnpack(f *testing.F) {
	f.Add(gzipped(f, 6, gzip.Header{}, make([]byte, 1024)))
	f.Add([]byte{0x28, 0xb5, 0x2f, 0xfd, 4, 0})
	f.Add(tarOf(f, "a", "b"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) > MaxSmall {
			return
		}
		c, err := Unpack(raw)
		if err == nil && c.Broken == "" && (c.Size > maxUnpacked || c.DiffID.Validate() != nil) {
			t.Errorf("%+v", c)
		}
	})
}

func TestWithContents(t *testing.T) {
	blob := func(s string) digest.Digest { return digest.FromString("blob " + s) }
	files := func(s string) digest.Digest { return digest.FromString("files " + s) }
	var m Manifest
	var c Config
	for _, s := range []string{"odd nothing", "true", "false", "unread", "cut off", "sha512", "missing", "missing elsewhere"} {
		m.Layers = append(m.Layers, v1.Descriptor{Digest: blob(s), Size: 100})
		c.RootFS.DiffIDs = append(c.RootFS.DiffIDs, files(s))
	}
	c.RootFS.DiffIDs[5] = digest.SHA512.FromString("files sha512")
	img := NewImage(m, c)
	repo := Ref{Registry: "here", Repository: "app"}
	with, changed := img.WithContents(repo, map[digest.Digest]Contents{
		blob("odd nothing"): {DiffID: files("odd nothing"), Empty: true},
		blob("true"):        {DiffID: files("true")},
		blob("false"):       {DiffID: files("something else")},
		blob("elsewhere"):   {DiffID: files("elsewhere")},
		blob("cut off"):     {Broken: "is cut off", Packing: PackingGzip},
		blob("sha512"):      {DiffID: files("sha512"), Packing: PackingGzip},

		blob("missing"):           {MissingIn: repo},
		blob("missing elsewhere"): {MissingIn: Ref{Registry: "there", Repository: "app"}},
	})
	if !changed || img.Steps[0].Empty || img.Steps[2].ClaimedDiffID != "" {
		t.Fatal("nothing changed, or the old value did")
	}
	st := with.Steps
	switch {
	case !st[0].Empty || !st[0].Checked || st[0].ClaimedDiffID != "":
		t.Errorf("empty by content: %+v", st[0])
	case st[1].Empty || !st[1].Checked || st[1].ClaimedDiffID != "":
		t.Errorf("as claimed: %+v", st[1])
	case st[2].DiffID != files("something else") || st[2].ClaimedDiffID != files("false"):
		t.Errorf("a false claim: %+v", st[2])
	case st[3].Checked:
		t.Errorf("not read: %+v", st[3])
	case st[4].Checked || st[4].Broken != "is cut off" || st[4].DiffID != files("cut off"):
		t.Errorf("broken: %+v", st[4])
	case st[5].Checked || st[5].ClaimedDiffID != "" || st[5].Packing != PackingGzip:
		t.Errorf("a diff_id of another algorithm: %+v", st[5])
	case !st[6].Missing || st[6].Checked || st[7].Missing || st[7].Checked:
		t.Errorf("missing: %+v, elsewhere: %+v", st[6], st[7])
	}
	if _, again := with.WithContents(repo, map[digest.Digest]Contents{blob("true"): {DiffID: files("true")}}); again {
		t.Error("what is known changed something")
	}
}

// TestStartOf has first bytes of layers. Text is a fault only where it cannot be a packing.
func TestStartOf(t *testing.T) {
	old := make([]byte, 512) // an archive from before POSIX
	copy(old, "a/long/path/of/printable/characters")
	copy(old[100:], "0000644\x000000000\x000000000\x0000000000000\x0000000000000\x00")
	sum := 8 * int(' ')
	for _, b := range old[:148] {
		sum += int(b)
	}
	copy(old[148:156], fmt.Sprintf("%06o\x00 ", sum))
	spoilt := slices.Clone(old)
	spoilt[0]++
	for _, tt := range []struct{ name, raw, packing, text string }{
		{"a web page", "<html>404 not found</html>\xff\xfe", PackingUnknown, `starts with "<html>"`},
		{"a pointer of git-lfs", "version https://git-lfs.github.com/spec/v1\n", PackingUnknown, "is text"},
		{"a short text", "x\n", PackingUnknown, "is text"},
		{"another language", "Grüße aus dem Allgäu, heute", PackingUnknown, ""},
		{"bzip2", "BZh91AY&SY\x99\xff\x00", PackingUnknown, ""},
		{"a program", "\x7fELF\x02\x01\x01", PackingUnknown, ""},
		{"gzip", "\x1f\x8b<html>", PackingGzip, ""},
		{"a POSIX archive", "a/long/path/of/printable/characters" + strings.Repeat("\x00", 222) + "ustar", PackingTar, ""},
		{"an older archive", string(old), PackingTar, ""},
		{"with a wrong checksum", string(spoilt), PackingUnknown, "is text"},
		{"zeros", strings.Repeat("\x00", 1024), PackingTar, ""},
		{"no bytes", "", "", ""},
	} {
		if c := StartOf([]byte(tt.raw)); c.Packing != tt.packing || strings.TrimSuffix(c.NoTar, "; it is neither gzip, zstd nor tar") != tt.text {
			t.Errorf("%s: %q, %q", tt.name, c.Packing, c.NoTar)
		}
	}
}

// TestWithContents_text checks which layers that begin with text are broken.
func TestWithContents_text(t *testing.T) {
	for _, tt := range []struct {
		name, mediaType, annotation string
		broken                      bool
	}{
		{"gzip", v1.MediaTypeImageLayerGzip, "", true},
		{"gzip in Docker's format", "application/vnd.docker.image.rootfs.diff.tar.gzip", "", true},
		{"zstd", v1.MediaTypeImageLayerZstd, "", true},
		{"plain", v1.MediaTypeImageLayer, "", true},
		{"encrypted", v1.MediaTypeImageLayerGzip + "+encrypted", "", false},
		{"a blob of nydus", "application/vnd.oci.image.layer.nydus.blob.v1", "", false},
		{"a blob of overlaybd", v1.MediaTypeImageLayer, "containerd.io/snapshot/overlaybd/blob-digest", false},
		{"WebAssembly", "application/vnd.wasm.content.layer.v1+wasm", "", false},
		{"an SBOM", "application/spdx+json", "", false},
	} {
		for _, whole := range []bool{true, false} {
			d, id := digest.FromString("blob"), digest.FromString("text")
			layer := v1.Descriptor{MediaType: tt.mediaType, Digest: d, Size: 9000, Annotations: map[string]string{tt.annotation: "x"}}
			read := Contents{Packing: PackingUnknown, NoTar: "is text"}
			if whole {
				read.DiffID = id
			}
			img := NewImage(Manifest{Layers: []v1.Descriptor{layer}}, Config{Image: v1.Image{RootFS: v1.RootFS{DiffIDs: []digest.Digest{id}}}})
			with, _ := img.WithContents(Ref{}, map[digest.Digest]Contents{d: read})
			if s := with.Steps[0]; (s.Broken != "") != tt.broken || s.BrokenStart != (tt.broken && !whole) {
				t.Errorf("%s, whole: %v: %+v", tt.name, whole, s)
			}
		}
	}
}
