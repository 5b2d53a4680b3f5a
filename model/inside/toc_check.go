package inside

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// A layer with a table of contents says twice what it holds, and can say two things. Read compares
// the two lists if it finds the table where runtimes look for it: at the place that the end of the
// blob states.

// maxTOCDigests is the number of digests by which one table can be stated.
const maxTOCDigests = 2

// foundTOC is a table of contents that Read met in an eStargz layer.
type foundTOC struct {
	layer *Layer // nil for none
	start int64  // of its gzip member in the blob
}

// readTOC reads a file of the name of a table of contents to its end. A later one replaces it.
func (rd *reader) readTOC(content io.Reader) error {
	rd.toc = foundTOC{}
	if m, ok := rd.archive.Reader.(*members); ok {
		start := m.start
		if l, err := readTable(content, rd.max); err == nil {
			rd.toc = foundTOC{l, start}
		}
	}
	_, err := io.Copy(io.Discard, content) // what is not valid, too
	return err
}

// compareTOC compares the table of contents of the layer with its archive, if it has one.
func (rd *reader) compareTOC() {
	l := rd.layer
	if l.Broken != "" || l.DiffID == "" || l.Left != nil {
		return
	}
	var table *Layer
	switch d := rd.archive.Reader.(type) {
	case *members:
		plan, ok := TOCPlan{IsFooter: true, size: rd.blob.n}.WithFooter(rd.blob.last[:])
		if ok && rd.toc.layer != nil && plan.From == rd.toc.start {
			table = rd.toc.layer
		}
	case *frames:
		table = d.blob.skipped.table(rd.max)
	}
	if table == nil || table.Left != nil {
		return
	}
	l.TOCDigests = table.TOCDigests
	l.TOCDiffers = tocDiffers(table.Files, l.Files, rd.max.remarks)
}

// HasTOC reports whether a manifest states the table of contents that was found in the layer.
// Runtimes use no other.
func (l *Layer) HasTOC(d v1.Descriptor) bool {
	p, ok := PlanTOC(d)
	stated := func(d digest.Digest) bool { return d == "" || slices.Contains(l.TOCDigests, d) }
	return ok && stated(p.packed) && stated(p.unpacked)
}

// tocDiffers returns the first paths that a table of contents and an archive describe in different
// ways.
func tocDiffers(table, archive List, most int) []string {
	var all []string
	add := func(e Entry) {
		if len(all) < most && !e.Implied && e.Path != "" && e.Kind != Other && !LazyPullFile(e.Path) {
			all = append(all, e.Path)
		}
	}
	for e := range archive.All() {
		i, ok := table.Partner(e)
		if !ok || !tocSays(table.At(i), e) {
			add(e)
		}
	}
	for e := range table.All() {
		if _, ok := archive.Partner(e); !ok {
			add(e)
		}
	}
	return all
}

// tocSays reports whether an entry of a table of contents says the same as one of the archive. Times
// do not count: eStargz rounds them. A table may lack the attributes of folders that are implied, of
// hard links, and extended attributes that no runtime sets.
func tocSays(table, archive Entry) bool {
	if table.Kind != archive.Kind {
		return false
	}
	switch table.Kind {
	case Whiteout, OpaqueFolder:
		return true
	case Hardlink:
		return table.Link == archive.Link
	}
	if table.Implied || archive.Implied {
		return true
	}
	sameContent := table.Size == archive.Size && (table.Sum == archive.Sum || table.Sum == Hash{} || archive.Sum == Hash{})
	sameMode := table.Mode == archive.Mode || table.Kind == Symlink // Linux ignores the mode of a link
	return sameContent && sameMode && table.Link == archive.Link && table.UID == archive.UID && table.GID == archive.GID &&
		table.Major == archive.Major && table.Minor == archive.Minor && sameXattrs(table.Xattrs, archive.Xattrs)
}

// sameXattrs reports whether a table of contents has the capabilities that the archive has, and no other
// extended attributes than the archive.
func sameXattrs(table, archive []Xattr) bool {
	for _, x := range table {
		if !slices.Contains(archive, x) {
			return false
		}
	}
	for _, x := range archive {
		if x.Name == "security.capability" && !slices.Contains(table, x) {
			return false
		}
	}
	return true
}

// skippedFrames keeps the skippable frames at the end of a zstd stream, as its bytes pass (RFC 8878,
// section 3.1). zstd:chunked has its table of contents and a footer in them.
type skippedFrames struct {
	at    int64 // in the blob
	head  []byte
	state frameState
	left  int64 // bytes of the part that passes
	crc   bool  // the frame ends with a checksum
	last  bool  // the block is the last of its frame
	kept  []skippedFrame
	size  int64 // of kept
	lost  bool  // the bytes are not frames
}

// skippedFrame is the content of a skippable frame, and where it begins in the blob.
type skippedFrame struct {
	from    int64
	content []byte // nil if the frame is too large
}

// frameState is a part of a frame.
type frameState uint8

const (
	frameMagic   frameState = iota
	frameSize               // of a skippable frame
	frameSkipped            // its content
	frameHead               // the first byte after the magic number
	frameFields             // the rest of the header
	blockHead
	blockContent
	frameChecksum
)

// The lengths of the parts of frames that have a fixed one.
const (
	magicLength     = 4
	sizeLength      = 4
	headLength      = 1
	blockHeadLength = 3
	checksumLength  = 4
)

// add takes the next bytes of the blob.
func (s *skippedFrames) add(p []byte) {
	for len(p) > 0 && !s.lost {
		n := len(p)
		if need := s.need(); need > 0 { // a part that is read as a whole
			n = min(n, need-len(s.head))
			s.head = append(s.head, p[:n]...)
			s.at += int64(n)
			if len(s.head) == need {
				s.enter(s.head)
				s.head = s.head[:0]
			}
		} else {
			n = int(min(int64(n), s.left))
			if s.state == frameSkipped {
				s.keep(p[:n])
			}
			s.at += int64(n)
			s.left -= int64(n)
		}
		s.leave()
		p = p[n:]
	}
}

// need is the length of a part that is read as a whole, 0 for a part that passes.
func (s *skippedFrames) need() int {
	switch s.state {
	case frameMagic:
		return magicLength
	case frameSize:
		return sizeLength
	case frameHead:
		return headLength
	case blockHead:
		return blockHeadLength
	}
	return 0
}

// enter goes on from a part that was read as a whole.
func (s *skippedFrames) enter(part []byte) {
	switch s.state {
	case frameMagic:
		switch {
		case bytes.Equal(part, zstdMagic):
			s.state, s.kept, s.size = frameHead, nil, 0
		case part[0]&0xf0 == 0x50 && bytes.Equal(part[1:], skipMagic):
			s.state = frameSize
		default:
			s.lost = true
		}
	case frameSize:
		s.state, s.left = frameSkipped, int64(binary.LittleEndian.Uint32(part))
		s.kept = append(s.kept, skippedFrame{from: s.at})
	case frameHead:
		s.state, s.left, s.crc = frameFields, fieldsLength(part[0]), part[0]&4 != 0
	case blockHead:
		const raw, rle = 0, 1
		head := uint32(part[0]) | uint32(part[1])<<8 | uint32(part[2])<<16
		s.state, s.last, s.left = blockContent, head&1 != 0, int64(head>>3)
		if head>>1&3 == rle {
			s.left = 1
		}
	}
}

// fieldsLength is the length of the header of a frame after its first byte: the window, the number of the
// dictionary and the size of the content.
func fieldsLength(first byte) int64 {
	isSingle := first&0x20 != 0
	n := [...]int64{0, 1, 2, 4}[first&3] + [...]int64{0, 2, 4, 8}[first>>6]
	if !isSingle || first>>6 == 0 {
		n++ // the window, or a size of one byte
	}
	return n
}

// leave goes on from parts that have passed.
func (s *skippedFrames) leave() {
	for s.left == 0 {
		switch s.state {
		case frameSkipped, frameChecksum:
			s.state = frameMagic
		case frameFields:
			s.state = blockHead
		case blockContent:
			switch {
			case !s.last:
				s.state = blockHead
			case s.crc:
				s.state, s.left = frameChecksum, checksumLength
			default:
				s.state = frameMagic
			}
		default:
			return
		}
	}
}

// maxSkippedFrames limits the frames that are kept: a table, what podman adds to it, and the footer.
const maxSkippedFrames = 8

// keep adds to the content of the last frame, within the limits.
func (s *skippedFrames) keep(p []byte) {
	f := &s.kept[len(s.kept)-1]
	if s.size += int64(len(p)); s.size > 2*MaxTOC || len(s.kept) > maxSkippedFrames {
		s.lost, s.kept = true, nil
		return
	}
	f.content = append(f.content, p...)
}

// The footers of zstd:chunked: the offset of the table, its packed and its unpacked length, and its
// type, each in 8 bytes. In the form of podman, three more numbers follow. A magic text ends them.
const (
	podmanFooter = 64
	stargzFooter = 40
	podmanMagic  = "GNUlInUx"
	stargzMagic  = "GnUlInUx"
)

// table returns the table of contents that the footer of zstd:chunked states, nil for none.
func (s *skippedFrames) table(max bounds) *Layer {
	if s.lost || s.state != frameMagic || len(s.kept) < 2 {
		return nil
	}
	footer := s.kept[len(s.kept)-1].content
	isPodman := len(footer) == podmanFooter && bytes.HasSuffix(footer, []byte(podmanMagic))
	if !isPodman && !(len(footer) == stargzFooter && bytes.HasSuffix(footer, []byte(stargzMagic))) {
		return nil
	}
	number := func(i int) uint64 { return binary.LittleEndian.Uint64(footer[8*i:]) }
	for _, f := range s.kept {
		if uint64(f.from) != number(0) || uint64(len(f.content)) != number(1) || number(3) != 1 { //nolint:gosec // not negative
			continue
		}
		z := newFrames(bytes.NewReader(f.content), usual.window)
		defer z.decoder.Close()
		l, err := readTable(z, max)
		if err != nil {
			return nil
		}
		l.TOCDigests = append(l.TOCDigests, digest.FromBytes(f.content))
		return l
	}
	return nil
}
