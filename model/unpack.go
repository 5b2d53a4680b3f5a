package model

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"
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

	Packing string   // "gzip", "zstd" or "tar", by the first bytes
	Trailer *Trailer // the end of a gzip layer; with it alone the fields above are zero
}

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
	hash, zeros := digest.SHA256.Digester(), &zeroCheck{}
	n, err := io.Copy(io.MultiWriter(hash.Hash(), zeros), io.LimitReader(r, maxUnpacked+1))
	switch {
	case err != nil:
		return Contents{}, fmt.Errorf("it cannot be unpacked: %w", err)
	case n > maxUnpacked:
		return Contents{}, errBomb
	}
	return Contents{DiffID: hash.Digest(), Size: n, Empty: !zeros.nonZero, Packing: packingOf(raw)}, nil
}

// packingOf tells the compression of a layer by its first bytes (RFC 1952 and RFC 8878).
func packingOf(raw []byte) string {
	switch {
	case bytes.HasPrefix(raw, []byte{0x1f, 0x8b}):
		return "gzip"
	case bytes.HasPrefix(raw, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return "zstd"
	}
	return "tar"
}

func unpacker(raw []byte) (io.ReadCloser, error) {
	switch {
	case bytes.HasPrefix(raw, []byte{0x1f, 0x8b}):
		r, err := gzip.NewReader(bytes.NewReader(raw))
		if err != nil {
			return nil, fmt.Errorf("it is not valid gzip: %w", err)
		}
		return r, nil
	case bytes.HasPrefix(raw, []byte{0x28, 0xb5, 0x2f, 0xfd}):
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
		if !ok || !s.HasLayer || s.Checked || c.DiffID == "" && s.Trailer != nil {
			continue
		}
		changed = true
		if c.DiffID == "" {
			steps[i].Trailer = c.Trailer
			continue
		}
		steps[i].Checked, steps[i].Empty, steps[i].Packing = true, c.Empty, c.Packing
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
