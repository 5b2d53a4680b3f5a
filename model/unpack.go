package model

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"

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
	MissingIn Ref // the repository that was asked for the layer and does not have it; zero if it was read

	DiffID digest.Digest
	Size   int64
	Empty  bool // an archive without a file: only zeros

	Untimed digest.Digest // of an archive without the times of its files, see [Step]; "" if it is not known
	Times   digest.Digest // of the times of the files of this archive

	Packing string   // one of the packings below, by the first bytes; "" if there are none or they were not read
	NoTar   string   // of a layer that cannot be an archive: why, as "starts with \"<html>\"; it is neither gzip, zstd nor tar"
	Trailer *Trailer // of the content of a whole layer, or the end of a gzip layer; nil if neither was read

	Broken   string // why a whole layer cannot be unpacked, as "is cut off"; "" if it can
	Trailing bool   // bytes follow the gzip stream
}

// The packings of a layer.
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
	LayerStart         // the first StartSize bytes, which tell the packing; of a layer that is larger than MaxSmall
	LayerEnd           // the last TrailerSize bytes of a gzip layer
)

// StartSize is the number of bytes that tell gzip, zstd and tar apart: the header of the
// first file of an archive.
const StartSize = 512

var errBomb = fmt.Errorf("it unpacks to more than %d MiB", maxUnpacked>>20)

// Unpack reads a small layer: gzip, zstd or plain, detected by its first bytes as runtimes
// do. A layer that cannot be unpacked is Broken. Of xz and bzip2, which only Docker unpacks, no
// more than the start is known. It returns an error if the layer unpacks to more than 8 MiB, or
// in a way that this program does not know.
func Unpack(raw []byte) (Contents, error) {
	out := &unpacked{hash: digest.SHA256.Digester(), crc: crc32.NewIEEE()}
	c := StartOf(raw)
	if bytes.HasPrefix(raw, []byte("\xfd7zXZ\x00")) || bytes.HasPrefix(raw, []byte("BZh")) {
		return c, nil
	}
	var err error
	switch c.Packing {
	case PackingGzip:
		c.Trailing, err = gunzip(out, raw)
	case PackingZstd:
		err = unzstd(out, raw)
	default:
		_, err = out.Write(raw)
	}
	if why := brokenText(c.Packing, err); why != "" {
		return Contents{Packing: c.Packing, Broken: why}, nil
	} else if err != nil {
		return Contents{}, fmt.Errorf("it cannot be unpacked: %w", err)
	}
	c.DiffID, c.Size, c.Empty = out.hash.Digest(), out.size, !out.nonZero
	if out.size <= maxUntimed {
		c.Untimed, c.Times = untimed(out.start)
	}
	c.Trailer = &Trailer{CRC: out.crc.Sum32(), Size: uint32(out.size)} //nolint:gosec // at most maxUnpacked
	if c.NoTar == "" && !out.isArchive() {
		c.NoTar = "does not hold a tar archive"
	}
	return c, nil
}

// brokenText says what is wrong with the bytes of a layer, "" if an error does not show that
// they are wrong: the limits of this program and dictionaries of zstd do not.
func brokenText(packing string, err error) string {
	_, corrupt := errors.AsType[flate.CorruptInputError](err)
	is := func(targets ...error) bool {
		return slices.ContainsFunc(targets, func(target error) bool { return errors.Is(err, target) })
	}
	switch {
	case is(io.EOF, io.ErrUnexpectedEOF):
		return "is cut off"
	case is(gzip.ErrChecksum, zstd.ErrCRCMismatch):
		return "does not match the checksum at its end"
	case corrupt, is(gzip.ErrHeader, zstd.ErrMagicMismatch, zstd.ErrReservedBlockType):
		return "is not valid " + packing
	}
	return ""
}

// gunzip unpacks all members of a gzip layer. trailing is whether bytes follow the last
// member that do not begin another one: Go's reader fails there, pigz ignores them.
func gunzip(w io.Writer, raw []byte) (trailing bool, err error) {
	in := bytes.NewReader(raw)
	r, err := gzip.NewReader(in)
	for err == nil {
		r.Multistream(false)
		if _, err = io.Copy(w, r); err != nil { //nolint:gosec // w has a limit
			break
		}
		if rest := raw[len(raw)-in.Len():]; PackingOf(rest) != PackingGzip {
			return len(rest) > 0, nil
		}
		err = r.Reset(in)
	}
	return false, err
}

func unzstd(w io.Writer, raw []byte) error {
	r, err := zstd.NewReader(bytes.NewReader(raw), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxUnpacked+1))
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = r.WriteTo(w)
	return err
}

// PackingOf tells the packing of a layer by its first bytes: the magic numbers of gzip
// (RFC 1952) and zstd (RFC 8878, also of frames that are skipped), the word ustar of a POSIX archive, the checksum in the
// header of an older one, or the zeros of an archive without a file. It is "" for no bytes.
func PackingOf(raw []byte) string {
	const ustar = 257 // the offset of the word in the header of the first file
	switch {
	case len(raw) == 0:
		return ""
	case bytes.HasPrefix(raw, []byte{0x1f, 0x8b}):
		return PackingGzip
	case bytes.HasPrefix(raw, []byte{0x28, 0xb5, 0x2f, 0xfd}), raw[0]&0xf0 == 0x50 && bytes.HasPrefix(raw[1:], []byte{0x2a, 0x4d, 0x18}):
		return PackingZstd
	case len(raw) > ustar && bytes.HasPrefix(raw[ustar:], []byte("ustar")), len(bytes.Trim(raw, "\x00")) == 0, isTarHeader(raw):
		return PackingTar
	}
	return PackingUnknown
}

// isTarHeader reports whether a layer begins with the header of a file in an archive, by its
// checksum: the sum of its bytes, with spaces in place of the checksum itself.
func isTarHeader(raw []byte) bool {
	const size, from, to = 512, 148, 156
	if len(raw) < size {
		return false
	}
	claimed, err := strconv.ParseInt(strings.Trim(string(raw[from:to]), " \x00"), 8, 64)
	sum := int64(' ') * (to - from)
	for i, b := range raw[:size] {
		if i < from || i >= to {
			sum += int64(b)
		}
	}
	return err == nil && claimed == sum
}

// StartOf is what the first bytes of a layer tell: its packing, or that it is text. Some archives
// of old tools begin with neither, so other bytes say nothing.
func StartOf(raw []byte) Contents {
	const enough = 24 // printable characters that no known packing begins with
	c := Contents{Packing: PackingOf(raw)}
	start := string(raw[:min(len(raw), enough)])
	isBinary := func(r rune) bool { return r > unicode.MaxASCII || r < ' ' && !strings.ContainsRune("\t\r\n", r) }
	if c.Packing == PackingUnknown && !strings.ContainsFunc(start, isBinary) {
		begins := "is text"
		if tag, _, ok := strings.Cut(start, ">"); ok && strings.HasPrefix(tag, "<") {
			begins = fmt.Sprintf("starts with %q", tag+">")
		}
		c.NoTar = begins + "; it is neither gzip, zstd nor tar"
	}
	return c
}

// IsArchive reports whether a layer is an archive by its media type and its annotations:
// those of a snapshotter (nydus, overlaybd) can have another format.
func IsArchive(d v1.Descriptor) bool {
	for key := range d.Annotations {
		if strings.HasPrefix(key, "containerd.io/snapshot/") {
			return false
		}
	}
	return ClaimedPacking(d.MediaType) != ""
}

// ClaimedPacking is the compression that the media type of a layer states, "" for a type
// that states none.
func ClaimedPacking(mediaType string) string {
	switch mediaType {
	case "application/vnd.oci.image.layer.v1.tar+gzip", "application/vnd.docker.image.rootfs.diff.tar.gzip":
		return PackingGzip
	case "application/vnd.oci.image.layer.v1.tar+zstd", "application/vnd.docker.image.rootfs.diff.tar.zstd":
		return PackingZstd
	case "application/vnd.oci.image.layer.v1.tar", "application/vnd.docker.image.rootfs.diff.tar":
		return PackingTar
	}
	return ""
}

// IsNotPlain reports whether a layer has the media type of a plain archive and is not the one
// that the config claims: the digest of a plain archive is its diff_id.
func (s Step) IsNotPlain() bool {
	return IsArchive(s.Layer) && ClaimedPacking(s.Layer.MediaType) == PackingTar && s.Layer.Digest != "" && s.DiffID != "" &&
		s.Layer.Digest != s.DiffID && s.Layer.Digest.Algorithm() == s.DiffID.Algorithm()
}

// unpacked takes the content of a layer, and remembers what is said of it.
type unpacked struct {
	hash    digest.Digester
	crc     hash.Hash32
	size    int64
	nonZero bool   // a byte other than zero was written
	start   []byte // at most maxUntimed bytes
}

// Write implements [io.Writer]. It fails after maxUnpacked bytes.
func (u *unpacked) Write(b []byte) (int, error) {
	if u.size += int64(len(b)); u.size > maxUnpacked {
		return 0, errBomb
	}
	u.nonZero = u.nonZero || len(bytes.Trim(b, "\x00")) > 0
	u.start = append(u.start, b[:min(len(b), maxUntimed-len(u.start))]...)
	_, _ = u.crc.Write(b) // hashes return no error
	return u.hash.Hash().Write(b)
}

// isArchive reports whether the content begins as an archive does. Runtimes use the same reader.
func (u *unpacked) isArchive() bool {
	_, err := tar.NewReader(bytes.NewReader(u.start[:min(len(u.start), StartSize)])).Next()
	return !u.nonZero || u.size >= StartSize && !errors.Is(err, tar.ErrHeader)
}

// WithContents returns the image with the contents of some of its layers, by
// blob digest. They decide whether a step is empty and replace the diff_id that
// the config claims. A layer that is missing in repo is marked. changed is false if no step
// changed.
func (img Image) WithContents(repo Ref, contents map[digest.Digest]Contents) (with Image, changed bool) {
	img.Steps = slices.Clone(img.Steps)
	for i := range img.Steps {
		s := &img.Steps[i]
		if c, ok := contents[s.Layer.Digest]; ok && s.HasLayer && s.Broken == "" && (!s.Checked || c.Broken != "") {
			changed = s.add(c, repo) || changed
		}
	}
	return img, changed
}

// add adds the contents of the layer of a step, which was asked for in repo, and reports
// whether they change the step.
func (s *Step) add(c Contents, repo Ref) (changed bool) {
	switch {
	case c.MissingIn != Ref{}:
		if changed = c.MissingIn == repo && !s.Missing; changed {
			s.Missing, s.FoundMissing = true, true
		}
		return changed
	case c.Broken != "":
		s.Broken, s.Packing = c.Broken, c.Packing
		return true
	case c.NoTar != "" && IsArchive(s.Layer):
		s.Broken, s.Packing, s.BrokenStart = c.NoTar, c.Packing, c.DiffID == ""
		return true
	case c.DiffID == "": // a part of the layer
		trailer, packing := cmp.Or(s.Trailer, c.Trailer), cmp.Or(s.Packing, c.Packing)
		changed = trailer != s.Trailer || packing != s.Packing
		s.Trailer, s.Packing = trailer, packing
		return changed
	}
	s.Checked = s.DiffID == "" || s.DiffID.Algorithm() == c.DiffID.Algorithm() // Unpack computes one algorithm
	changed = s.Checked || s.Packing == ""
	s.Empty, s.Packing, s.Trailer, s.Trailing = c.Empty, c.Packing, c.Trailer, c.Trailing
	s.Untimed, s.Times = c.Untimed, c.Times
	if s.Checked && s.DiffID != "" && s.DiffID != c.DiffID {
		s.ClaimedDiffID, s.DiffID = s.DiffID, c.DiffID
	}
	return changed
}

// WithContents returns the artifact with the contents of some of its layers, by
// blob digest.
func (a Artifact) WithContents(contents map[digest.Digest]Contents) Artifact {
	a.Entries = slices.Clone(a.Entries)
	for i, e := range a.Entries {
		if e.Image == nil {
			continue
		}
		if img, changed := e.Image.WithContents(a.Ref.Repo(), contents); changed {
			a.Entries[i].Image = &img
		}
	}
	return a
}
