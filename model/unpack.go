package model

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// MaxSmall is the size in bytes up to which a layer is read to find out its
// content. The usual compressed forms of an archive without a file are 10 to
// 500 bytes long.
const MaxSmall = 4 << 10

// maxUnpacked limits the size of an unpacked small layer in bytes: 4 KiB can be
// a decompression bomb.
const maxUnpacked = 8 << 20

// Contents is the result of unpacking a layer.
type Contents struct {
	DiffID digest.Digest
	Size   int64
	Empty  bool // an archive without a file: only zeros

	Packing string   // one of the packings below, by the first bytes; "" if they were not read
	Trailer *Trailer // of the content of a whole layer, or the end of a gzip layer; nil if neither was read
}

// The packings of a layer. A tar archive from before POSIX counts as PackingUnknown.
const (
	PackingGzip    = "gzip"
	PackingZstd    = "zstd"
	PackingTar     = "tar"
	PackingUnknown = "unknown"
)

// LayerPart is a part of a layer that is to be read.
type LayerPart struct {
	v1.Descriptor
	Portion Portion
}

// Portion says which bytes of a layer are read.
type Portion int

// The portions of a layer. Only a whole layer, of MaxSmall bytes at most, can be checked
// against its digest.
const (
	WholeLayer Portion = iota
	LayerStart         // the first StartSize bytes, which tell the packing
	LayerEnd           // the last TrailerSize bytes of a gzip layer
)

// StartSize is the number of bytes that tell gzip from zstd.
const StartSize = 4

var errBomb = fmt.Errorf("it unpacks to more than %d MiB", maxUnpacked>>20)

// Unpack reads a small layer: gzip, zstd or plain, detected by its first bytes
// as runtimes do. It returns an error if the layer cannot be unpacked, or if it
// unpacks to more than 8 MiB.
func Unpack(raw []byte) (Contents, error) {
	r, err := unpacker(raw)
	if err != nil {
		return Contents{}, err
	}
	defer r.Close()
	hash, crc, zeros := digest.SHA256.Digester(), crc32.NewIEEE(), &zeroCheck{}
	n, err := io.Copy(io.MultiWriter(hash.Hash(), crc, zeros), io.LimitReader(r, maxUnpacked+1))
	switch {
	case err != nil:
		return Contents{}, fmt.Errorf("it cannot be unpacked: %w", err)
	case n > maxUnpacked:
		return Contents{}, errBomb
	}
	return Contents{
		DiffID: hash.Digest(), Size: n, Empty: !zeros.nonZero, Packing: PackingOf(raw),
		Trailer: &Trailer{CRC: crc.Sum32(), Size: uint32(n)}, //nolint:gosec // at most maxUnpacked
	}, nil
}

// PackingOf tells the packing of a layer by its first bytes: the magic numbers of gzip
// (RFC 1952) and zstd (RFC 8878), the word ustar of a POSIX archive, or the zeros of an
// archive without a file.
func PackingOf(raw []byte) string {
	const ustar = 257 // the offset of the word in the header of the first file
	switch {
	case bytes.HasPrefix(raw, []byte{0x1f, 0x8b}):
		return PackingGzip
	case bytes.HasPrefix(raw, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return PackingZstd
	case len(raw) > ustar && bytes.HasPrefix(raw[ustar:], []byte("ustar")), len(bytes.Trim(raw, "\x00")) == 0:
		return PackingTar
	}
	return PackingUnknown
}

func unpacker(raw []byte) (io.ReadCloser, error) {
	switch PackingOf(raw) {
	case PackingGzip:
		r, err := gzip.NewReader(bytes.NewReader(raw))
		if err != nil {
			return nil, fmt.Errorf("it is not valid gzip: %w", err)
		}
		return r, nil
	case PackingZstd:
		r, err := zstd.NewReader(bytes.NewReader(raw), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxUnpacked+1))
		if err != nil {
			return nil, fmt.Errorf("it is not valid zstd: %w", err)
		}
		return r.IOReadCloser(), nil
	}
	return io.NopCloser(bytes.NewReader(raw)), nil
}

// zeroCheck records whether a byte other than zero was written to it.
type zeroCheck struct{ nonZero bool }

func (z *zeroCheck) Write(b []byte) (int, error) {
	z.nonZero = z.nonZero || len(bytes.Trim(b, "\x00")) > 0
	return len(b), nil
}

// WithContents returns the image with the contents of some of its layers, by
// blob digest. They decide whether a step is empty and replace the diff_id that
// the config claims. changed is false if no step changed.
func (img Image) WithContents(contents map[digest.Digest]Contents) (with Image, changed bool) {
	steps := make([]Step, len(img.Steps))
	for i, s := range img.Steps {
		steps[i] = s
		c, ok := contents[s.Layer.Digest]
		if !ok || !s.HasLayer || s.Checked {
			continue
		}
		if c.DiffID == "" { // a part of the layer
			steps[i].Trailer, steps[i].Packing = cmp.Or(s.Trailer, c.Trailer), cmp.Or(s.Packing, c.Packing)
			changed = changed || steps[i].Trailer != s.Trailer || steps[i].Packing != s.Packing
			continue
		}
		changed = true
		steps[i].Checked, steps[i].Empty, steps[i].Packing, steps[i].Trailer = true, c.Empty, c.Packing, c.Trailer
		if s.DiffID != "" && s.DiffID != c.DiffID {
			steps[i].ClaimedDiffID, steps[i].DiffID = s.DiffID, c.DiffID
		}
	}
	img.Steps = steps
	return img, changed
}

// WithContents returns the artifact with the contents of some of its layers, by
// blob digest.
func (a Artifact) WithContents(contents map[digest.Digest]Contents) Artifact {
	entries := make([]Entry, len(a.Entries))
	for i, e := range a.Entries {
		if e.Image != nil {
			if img, changed := e.Image.WithContents(contents); changed {
				e.Image = &img
			}
		}
		entries[i] = e
	}
	a.Entries = entries
	return a
}
