package inside

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"
)

// source reads the blob. It hashes what passes, and keeps the first error: only its errors are
// errors of Read.
type source struct {
	r    io.Reader
	sum  hash.Hash
	n    int64
	last [footerSize]byte
	err  error
}

// keepLast makes last the last bytes of what was read: those that it has, and p after them.
func keepLast(last, p []byte) {
	if n := len(p); n < len(last) {
		copy(last, last[n:])
		copy(last[len(last)-n:], p)
	} else {
		copy(last, p[n-len(last):])
	}
}

func (s *source) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.r.Read(p)
	_, _ = s.sum.Write(p[:n]) // hashes return no error
	s.n += int64(n)
	keepLast(s.last[:], p[:n])
	s.err = err
	return n, err
}

// failed returns the error of the reader, nil at its end.
func (s *source) failed() error {
	if errors.Is(s.err, io.EOF) {
		return nil
	}
	return s.err
}

func digestOf(h hash.Hash) digest.Digest { return digest.NewDigest(digest.SHA256, h) }

// packed is the decoder of a blob. trailing returns the bytes after the compressed stream that
// were read already; more may follow in the blob.
type packed struct {
	io.Reader
	format   string // gzip or zstd
	trailing func() []byte
	close    func()
}

var (
	gzipMagic  = []byte{0x1f, 0x8b}
	zstdMagic  = []byte{0x28, 0xb5, 0x2f, 0xfd}
	skipMagic  = []byte{0x2a, 0x4d, 0x18} // after a byte from 0x50 to 0x5f
	bzip2Magic = []byte("BZh")
	xzMagic    = []byte("\xfd7zXZ\x00")
)

const onlyDockerReads = ", which only Docker reads"

// IsUnreadable reports whether the layer was read to its end, and no runtime can unpack it.
func (l *Layer) IsUnreadable() bool {
	return l.Broken != "" && l.Blob != "" && !strings.HasSuffix(l.Broken, onlyDockerReads)
}

// decoder chooses the decoder of a blob by its first bytes, as runtimes do. broken says why there
// is none.
func decoder(src *source, blob *bufio.Reader, window uint64) (p packed, broken string) {
	start, _ := blob.Peek(6) //nolint:mnd // the longest of them; a shorter blob has none
	p = packed{Reader: blob, trailing: func() []byte { return nil }, close: func() {}}
	switch {
	case bytes.HasPrefix(start, bzip2Magic):
		return p, "is bzip2" + onlyDockerReads
	case bytes.HasPrefix(start, xzMagic):
		return p, "is xz" + onlyDockerReads
	case bytes.HasPrefix(start, gzipMagic):
		p.Reader, p.format = &members{src: src, blob: blob}, "gzip"
	case bytes.HasPrefix(start, zstdMagic), len(start) > 3 && start[0]&0xf0 == 0x50 && bytes.HasPrefix(start[1:], skipMagic):
		z := newFrames(blob, window)
		p.Reader, p.format, p.trailing, p.close = z, "zstd", z.trailing, z.decoder.Close
	}
	return p, ""
}

// members reads gzip members one after the other: eStargz has one for each chunk. The package
// can do that itself, but fails at bytes after the last one, which are remarked here.
type members struct {
	src    *source
	blob   *bufio.Reader // reads src
	member *gzip.Reader
	start  int64 // where the member begins in the blob
}

// offset is where the next byte of the blob is.
func (m *members) offset() int64 { return m.src.n - int64(m.blob.Buffered()) }

func (m *members) Read(p []byte) (int, error) {
	for {
		if m.member == nil {
			member, err := gzip.NewReader(m.blob)
			if err != nil {
				return 0, cutOff(err)
			}
			member.Multistream(false)
			m.member = member
		}
		n, err := m.member.Read(p)
		if !errors.Is(err, io.EOF) {
			return n, err
		}
		if n > 0 {
			return n, nil
		}
		if start, _ := m.blob.Peek(len(gzipMagic)); !bytes.Equal(start, gzipMagic) {
			return 0, io.EOF
		}
		m.start = m.offset()
		if err := m.member.Reset(m.blob); err != nil {
			return 0, cutOff(err)
		}
		m.member.Multistream(false)
	}
}

// cutOff is the error of an end inside a header.
func cutOff(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// frames reads zstd frames, and skips those that hold no content. Other bytes after a frame end
// the stream.
type frames struct {
	blob    *tail
	decoder *zstd.Decoder
	decoded bool   // content was read
	rest    []byte // the first bytes that are not of a frame
}

// newFrames starts no goroutine. The window is limited, since 10 bytes can ask for 512 MiB.
func newFrames(blob io.Reader, window uint64) *frames {
	f := &frames{blob: &tail{r: blob}}
	d, err := zstd.NewReader(f.blob, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(window))
	if err != nil {
		panic(err) // an option is wrong
	}
	f.decoder = d
	return f
}

func (f *frames) Read(p []byte) (int, error) {
	n, err := f.decoder.Read(p)
	f.decoded = f.decoded || n > 0
	if f.decoded && errors.Is(err, zstd.ErrMagicMismatch) {
		f.rest, err = f.blob.last[:], io.EOF
	}
	return n, err
}

func (f *frames) trailing() []byte { return f.rest }

// tail keeps the last 4 bytes that were read: the decoder has read them when it finds that they
// begin no frame.
type tail struct {
	r       io.Reader
	last    [4]byte
	skipped skippedFrames
}

func (t *tail) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	keepLast(t.last[:], p[:n])
	t.skipped.add(p[:n])
	return n, err
}

var errUnpackedLimit = errors.New("the archive exceeds a limit")

// archive reads the unpacked archive. It hashes what passes, and ends at the limits of bounds.
type archive struct {
	packed
	blob *source
	sum  hash.Hash
	n    int64
	max  bounds
	err  error // the first error
	left string
}

func newArchive(p packed, blob *source, max bounds) *archive {
	return &archive{packed: p, blob: blob, sum: sha256.New(), max: max}
}

func (a *archive) Read(p []byte) (int, error) {
	if a.err != nil {
		return 0, a.err
	}
	n, err := a.packed.Read(p)
	_, _ = a.sum.Write(p[:n]) // hashes return no error
	a.n += int64(n)
	switch {
	case a.n > a.max.unpacked:
		a.left, err = fmt.Sprintf("what follows the first %s of the archive", humanize.IBytes(uint64(a.max.unpacked))), errUnpackedLimit
	case a.n > a.max.ratioFree+a.max.ratio*a.blob.n:
		a.left, err = "the rest of an archive that is more than "+humanize.Comma(a.max.ratio)+" times the size of the layer", errUnpackedLimit
	case errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, zstd.ErrWindowSizeExceeded):
		a.left = "what needs a zstd window of more than " + humanize.IBytes(a.max.window)
	}
	a.err = err
	return n, err
}

// wrong says what is wrong with the compressed stream, "" if nothing is.
func (a *archive) wrong() string {
	switch {
	case a.err == nil, errors.Is(a.err, io.EOF), a.left != "":
		return ""
	case errors.Is(a.err, io.ErrUnexpectedEOF):
		return cutOffText
	case errors.Is(a.err, gzip.ErrChecksum), errors.Is(a.err, zstd.ErrCRCMismatch):
		return "does not match the checksum at its end"
	case errors.Is(a.err, zstd.ErrUnknownDictionary):
		return "needs a zstd dictionary"
	}
	return "is not valid " + a.format
}
