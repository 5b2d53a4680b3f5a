package inside

import (
	"archive/tar"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model/inside/chunks"
	"github.com/tagdiff/tagdiff/model/packages"
)

// Some layers have a table of contents with the hash of each file, so that a runtime can read
// files one by one: eStargz (gzip), and zstd:chunked as podman and as stargz-snapshotter write it.
// An annotation of the manifest has the digest of the table, so a table that matches says what the
// author of the image wants to be in the layer. It does not prove that the archive has it:
// podman makes files from the table, Docker from the archive.

// The annotations of tables of contents.
const (
	annotationTOC            = "containerd.io/snapshot/stargz/toc.digest" // of the unpacked table
	annotationPodmanPosition = "io.github.containers.zstd-chunked.manifest-position"
	annotationPodmanChecksum = "io.github.containers.zstd-chunked.manifest-checksum" // of the packed table
	annotationStargzPosition = "io.containers.zstd-chunked.manifest-position"
	annotationStargzChecksum = "io.containers.zstd-chunked.manifest-checksum"
)

// IsChunked reports whether the annotations of a layer say that it is zstd:chunked, in either dialect.
func IsChunked(annotations map[string]string) bool {
	return annotations[annotationPodmanPosition] != "" || annotations[annotationStargzPosition] != ""
}

// The footers of eStargz: an empty gzip member that has the offset of the table in an extra field.
const (
	footerSize       = 51
	legacyFooterSize = 47
	tocName          = "stargz.index.json"
)

// LazyPullFile reports whether a path is that of a file which eStargz adds to a layer: the table
// of contents, and marks for the files to load first. Runtimes that read eStargz hide them.
func LazyPullFile(path string) bool {
	return path == tocName || path == ".prefetch.landmark" || path == ".no.prefetch.landmark"
}

// IsTable reports whether a path is that of the table of contents which eStargz adds to a layer.
func IsTable(path string) bool { return path == tocName }

// TOCPlan says which bytes of a layer to read for its table of contents.
type TOCPlan struct {
	From, Length int64
	// IsFooter is set if the bytes are not the table, but say where it is: see WithFooter.
	IsFooter bool

	size             int64         // of the layer
	packed, unpacked digest.Digest // of the table; "" if the manifest does not state it
	isZstd           bool
}

// PlanTOC returns how to read the table of contents of a layer, by its descriptor. It reports
// false if the manifest states none that could be verified, or one beyond the limits.
func PlanTOC(d v1.Descriptor) (TOCPlan, bool) {
	p := TOCPlan{size: d.Size, unpacked: digest.Digest(d.Annotations[annotationTOC])}
	podman, stargz := d.Annotations[annotationPodmanPosition], d.Annotations[annotationStargzPosition]
	switch {
	case podman != "" && p.unpacked != "":
		return TOCPlan{}, false // two tables may differ: podman refuses the layer too
	case podman != "":
		p.isZstd, p.packed = true, digest.Digest(d.Annotations[annotationPodmanChecksum])
		return p.at(podman)
	case stargz != "":
		p.isZstd, p.packed = true, digest.Digest(d.Annotations[annotationStargzChecksum])
		return p.at(stargz)
	}
	p.From, p.Length, p.IsFooter = d.Size-footerSize, footerSize, true
	return p, isSHA256(p.unpacked) && p.From >= 0
}

func isSHA256(d digest.Digest) bool {
	return d.Validate() == nil && d.Algorithm() == digest.SHA256
}

// at returns the plan with a position as zstd:chunked writes it: the offset, the packed and the
// unpacked length, and a type that is 1 for this kind of table.
func (p TOCPlan) at(position string) (TOCPlan, bool) {
	var numbers []int64
	for field := range strings.SplitSeq(position, ":") {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil || n < 0 {
			return TOCPlan{}, false
		}
		numbers = append(numbers, n)
	}
	const fields = 4
	if len(numbers) != fields || numbers[2] > MaxUnpackedTOC || numbers[3] != 1 {
		return TOCPlan{}, false
	}
	p.From, p.Length = numbers[0], numbers[1]
	known := p.packed != "" || p.unpacked != ""
	valid := (p.packed == "" || isSHA256(p.packed)) && (p.unpacked == "" || isSHA256(p.unpacked))
	return p, known && valid && p.fits(p.size)
}

// fits reports whether the bytes of the plan are in a layer before an offset, and within the limit.
func (p TOCPlan) fits(end int64) bool {
	return p.Length > 0 && p.Length <= MaxTOC && p.From >= 0 && p.From <= end-p.Length
}

// WithFooter returns the plan for the table from the bytes of the footer.
func (p TOCPlan) WithFooter(footer []byte) (TOCPlan, bool) {
	if !p.IsFooter || len(footer) != footerSize {
		return TOCPlan{}, false
	}
	size := int64(footerSize)
	offset, ok := footerOffset(footer, "SG\x16\x00")
	if !ok {
		size = legacyFooterSize
		offset, ok = footerOffset(footer[footerSize-legacyFooterSize:], "")
	}
	p.From, p.Length, p.IsFooter = offset, p.size-size-offset, false
	return p, ok && p.fits(p.size-size)
}

// footerOffset reads the offset from an empty gzip member. subfield is the head of the extra
// field, by RFC 1952.
func footerOffset(footer []byte, subfield string) (int64, bool) {
	const head, digits, magic = 10, 16, "STARGZ"
	if !bytes.HasPrefix(footer, []byte{0x1f, 0x8b, 8, 4}) { // deflate, with an extra field
		return 0, false
	}
	length := int(binary.LittleEndian.Uint16(footer[head:]))
	extra := footer[head+2:]
	if length != len(subfield)+digits+len(magic) || length > len(extra) {
		return 0, false
	}
	text, ok := strings.CutPrefix(string(extra[:length]), subfield)
	if !ok || text[digits:] != magic {
		return 0, false
	}
	offset, err := strconv.ParseInt(text[:digits], 16, 64)
	return offset, err == nil
}

// Faults of tables of contents.
var (
	errTOCDigest = errors.New("the table of contents does not match its digest")
	errBlanks    = fmt.Errorf("it has more than %s of white space in a row", humanize.IBytes(maxBlanks))
	errTOCLarge  = fmt.Errorf("the table of contents unpacks to more than %s", humanize.IBytes(MaxUnpackedTOC))
)

// ReadTOC reads the table of contents of a layer from the bytes of its plan. The layer has no
// digests, as the archive was not read. An error means that the table says nothing: it does not
// match its digest, or it is not one.
func (p TOCPlan) ReadTOC(raw []byte) (*Layer, error) {
	if p.IsFooter || int64(len(raw)) != p.Length || p.packed != "" && digest.FromBytes(raw) != p.packed {
		return nil, errTOCDigest
	}
	in, done, err := p.unpack(raw)
	if err != nil {
		return nil, err
	}
	defer done()
	l, err := readTable(in, usual)
	switch {
	case err != nil:
		return nil, err
	case p.unpacked != "" && l.TOCDigests[0] != p.unpacked:
		return nil, errTOCDigest
	}
	l.Packed, l.TOCDigests = int64(len(raw)), nil
	l.chunked = chunked{files: l.chunked.index.Files(p.From), size: p.size, isZstd: p.isZstd}
	return l, nil
}

// readTable reads the JSON of a table to its end, with its digest.
func readTable(in io.Reader, max bounds) (*Layer, error) {
	limited := &limitReader{r: in, left: MaxUnpackedTOC, sum: sha256.New()}
	l, err := decodeTOC(limited, max)
	switch {
	case limited.left < 0:
		return nil, errTOCLarge
	case limited.blanks > maxBlanks:
		return nil, fmt.Errorf("the table of contents is not valid: %w", errBlanks)
	case err != nil:
		return nil, fmt.Errorf("the table of contents is not valid: %w", err)
	}
	l.TOCDigests = []digest.Digest{digestOf(limited.sum)}
	return l, nil
}

// unpack returns the JSON of the table.
func (p TOCPlan) unpack(raw []byte) (json io.Reader, done func(), err error) {
	src := &source{r: bytes.NewReader(raw), sum: sha256.New()}
	blob := bufio.NewReader(src)
	if p.isZstd {
		z := newFrames(blob, usual.window)
		return z, z.decoder.Close, nil
	}
	t := tar.NewReader(&members{src: src, blob: blob})
	h, err := t.Next()
	if err != nil {
		return nil, nil, fmt.Errorf("the table of contents is not an archive: %w", err)
	}
	if h.Name != tocName || isSparse(h) {
		return nil, nil, errors.New("the table of contents has another name")
	}
	return t, func() {}, nil
}

// limitReader hashes what passes, and fails after a number of bytes. It also fails at much white
// space in a row: the decoder of JSON takes a time for it that is the square of its length.
type limitReader struct {
	r      io.Reader
	left   int64
	sum    hash.Hash
	blanks int
}

const maxBlanks = 16 << 10

func (l *limitReader) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, errTOCLarge
	}
	_, _ = l.sum.Write(p[:n]) // hashes return no error
	if blanks := n - len(bytes.TrimRight(p[:n], " \t\r\n")); blanks == n {
		l.blanks += n
	} else {
		l.blanks = blanks
	}
	if l.blanks > maxBlanks {
		return 0, errBlanks
	}
	return n, err
}

// tocEntry is an entry of a table, with the members that both formats have in common.
type tocEntry struct {
	Name     string            `json:"name"`
	Type     string            `json:"type"`
	Link     string            `json:"linkName"`
	Mode     int64             `json:"mode"`
	UID      int               `json:"uid"`
	GID      int               `json:"gid"`
	Size     int64             `json:"size"`
	Time     string            `json:"modtime"`
	Xattrs   map[string][]byte `json:"xattrs"`
	Digest   string            `json:"digest"`
	DevMajor int64             `json:"devMajor"`
	DevMinor int64             `json:"devMinor"`

	// Where the content is: see the package chunks.
	Offset      int64  `json:"offset"`
	End         int64  `json:"endOffset"`   // of podman
	Skip        int64  `json:"innerOffset"` // of stargz-snapshotter
	ChunkOffset int64  `json:"chunkOffset"`
	ChunkDigest string `json:"chunkDigest"`
}

// decodeTOC reads a table to its end, entry by entry.
func decodeTOC(in io.Reader, max bounds) (*Layer, error) {
	c := newCollector(&Layer{How: TOC}, max)
	d := jsontext.NewDecoder(in, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if err := enterEntries(d); err != nil {
		return nil, err
	}
	for !c.isFull() && d.PeekKind() != jsontext.KindEndArray {
		var e tocEntry
		if err := json.UnmarshalDecode(d, &e, json.MatchCaseInsensitiveNames(true)); err != nil {
			return nil, err
		}
		if e.Type == "chunk" { // more of the file before
			c.chunks.Chunk(e.Offset, e.ChunkOffset, statedSum(e.ChunkDigest))
			continue
		}
		c.addTOC(&e)
		c.entries++
	}
	if c.stopped == "" {
		if _, err := d.ReadToken(); err != nil { // the end of the list
			return nil, err
		}
	}
	// The rest is hashed and not read: more members, of which none is in both formats.
	if _, err := io.Copy(io.Discard, io.MultiReader(bytes.NewReader(d.UnreadBuffer()), in)); err != nil {
		return nil, err
	}
	c.finish()
	c.layer.chunked.index = c.chunks
	return c.layer, nil
}

// enterEntries goes to the first element of the member entries.
func enterEntries(d *jsontext.Decoder) error {
	if t, err := d.ReadToken(); err != nil || t.Kind() != jsontext.KindBeginObject {
		return orError(err, "it is not an object")
	}
	for {
		key, err := d.ReadToken()
		if err != nil {
			return err
		}
		if key.Kind() == jsontext.KindEndObject {
			return errors.New("it has no entries")
		}
		if key.String() == "entries" {
			break
		}
		if err := d.SkipValue(); err != nil {
			return err
		}
	}
	t, err := d.ReadToken()
	if err != nil || t.Kind() != jsontext.KindBeginArray {
		return orError(err, "its entries are not a list")
	}
	return nil
}

// orError returns err, or an error with another text if it is nil.
func orError(err error, otherwise string) error {
	if err != nil {
		return err
	}
	return errors.New(otherwise)
}

func (c *collector) addTOC(t *tocEntry) {
	if !c.start(t.Name, t.Link, tocKind(t.Type)) {
		return
	}
	e := &c.entry
	e.Mode, e.UID, e.GID, e.Time = uint16(t.Mode&0o7777), t.UID, t.GID, time.Unix(0, 0).UTC() //nolint:gosec // 12 bits
	if when, err := time.Parse(time.RFC3339Nano, t.Time); err == nil {
		e.Time = when.UTC()
	}
	switch e.Kind {
	case File:
		e.Size = max(0, t.Size)
		e.Sum = tocSum(t)
	case CharDevice, BlockDevice:
		e.Major, e.Minor = t.DevMajor, t.DevMinor
	}
	size := 0
	var xattrs []Xattr
	for name, value := range t.Xattrs {
		xattrs = append(xattrs, Xattr{name, string(value)})
		size += len(name) + len(value)
	}
	slices.SortFunc(xattrs, func(a, b Xattr) int { return strings.Compare(a.Name, b.Name) })
	c.setXattrs(xattrs, size)
	c.add()
	f := chunks.File{Path: e.Path, Size: e.Size, Sum: e.Sum, Skip: t.Skip}
	c.chunks.Add(f, t.Offset, t.End, statedSum(t.ChunkDigest), e.Kind == File && (packages.IsRecord(e.Path) || MayHoldPackages(*e)))
}

func tocKind(name string) Kind {
	switch name {
	case "reg":
		return File
	case "dir":
		return Folder
	case "symlink":
		return Symlink
	case "hardlink":
		return Hardlink
	case "char":
		return CharDevice
	case "block":
		return BlockDevice
	case "fifo":
		return Fifo
	}
	return Other
}

// tocSum returns the hash that a table states for a file.
func tocSum(t *tocEntry) Hash {
	if t.Size == 0 && t.Digest == "" {
		return NoContent
	}
	return statedSum(t.Digest)
}

// statedSum returns the hash of a digest, zero if it is not one. A table has a digest for each file: Digest.Validate would
// take a tenth of the time for all.
func statedSum(digest string) Hash {
	var sum Hash
	encoded, ok := strings.CutPrefix(digest, "sha256:")
	if !ok || len(encoded) != hex.EncodedLen(len(sum)) || strings.ContainsAny(encoded, "ABCDEF") {
		return Hash{}
	}
	if _, err := hex.Decode(sum[:], []byte(encoded)); err != nil {
		return Hash{}
	}
	return sum
}
