package inside

import (
	"archive/tar"
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
)

// Options of Read.
type Options struct {
	// Packed is the size of the layer as its descriptor states it, in bytes.
	Packed int64
	// Arrived, unless nil, is called with the entries as they are read, in batches, from the
	// goroutine of Read: after about 1,000 entries or 256 KiB of the blob.
	Arrived func(Progress)
	// Keep, unless nil, gets the content of small text files. See Shelf.
	Keep *Shelf
	// Side is the side of Keep that the layer belongs to: 0 for A, 1 for B.
	Side int
}

// Progress says how far a layer has been read.
type Progress struct {
	Packed  int64 // bytes of the blob
	Entries int
	// New are the entries since the last call, as the archive has them. The slice is valid
	// during the call.
	New []Entry
}

const (
	progressEntries = 1000
	progressBytes   = 256 << 10
	blobBuffer      = 256 << 10
	archiveBuffer   = 64 << 10 // archive/tar reads headers of 512 bytes one by one
	contentBuffer   = 64 << 10
)

// Read reads a layer to its end: gzip, zstd or plain, by its first bytes as runtimes do. It hashes
// the blob, the archive and each file in one pass. An error is one of r; what was read until then
// is returned with it, without digests. A broken archive is not an error: the entries before the
// fault are listed, and Broken says what is wrong. A limit is not an error either: Left says what
// it left out.
func Read(r io.Reader, o Options) (*Layer, error) { return read(r, o, usual) }

func read(r io.Reader, o Options, max bounds) (*Layer, error) {
	l := &Layer{How: Full}
	src := &source{r: r, sum: sha256.New()}
	blob := bufio.NewReaderSize(src, blobBuffer)
	p, broken := decoder(blob, max.window)
	defer p.close()
	rd := &reader{
		o: o, max: max, layer: l, blob: src, archive: newArchive(p, src, max), list: newBuilder(),
		content: make([]byte, contentBuffer), sum: sha256.New(), normal: sha256.New(),
	}
	if broken == "" {
		broken = rd.readArchive()
	}
	rd.readRest(blob)
	rd.report(true)
	l.Packed, l.Unpacked = src.n, rd.archive.n
	rd.finish()
	if err := src.failed(); err != nil {
		l.DiffID = "" // the end of the archive may be before that of the blob, which is not proved
		return l, err
	}
	l.Broken, l.Blob = broken, digestOf(src.sum)
	return l, nil
}

// reader reads one layer.
type reader struct {
	o       Options
	max     bounds
	layer   *Layer
	blob    *source
	archive *archive
	list    *builder

	content     []byte // a buffer
	sum, normal hash.Hash
	entry       Entry // of the header that is being read

	entries    int   // of the archive
	extraBytes int   // of extended attributes
	sparse     int64 // the sizes of the sparse files that were hashed
	longNames  int   // entries that were left out
	bigXattrs  int   // entries without their extended attributes
	moreRemark int   // remarks that were left out
	stopped    string

	batch         []Entry
	told          int // entries
	toldBytes     int64
	repeatedPaths map[string]struct{}
}

// readArchive reads the archive to its end, and says what is wrong with it.
func (rd *reader) readArchive() (broken string) {
	in := bufio.NewReaderSize(rd.archive, archiveBuffer)
	err := rd.readEntries(tar.NewReader(in))
	hidden := rd.drain(in)
	a := rd.archive
	if a.left != "" {
		rd.layer.Left = append(rd.layer.Left, a.left)
		return ""
	}
	if errors.Is(a.err, io.EOF) {
		rd.layer.DiffID = digestOf(a.sum)
	}
	if wrong := a.wrong(); wrong != "" {
		return wrong
	}
	switch {
	case errors.Is(err, io.EOF):
		rd.layer.Remarks.Hidden = hidden
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "is cut off"
	case err != nil && rd.entries == 0:
		return "does not hold a tar archive"
	case errors.Is(err, tar.ErrFieldTooLong):
		return fmt.Sprintf("has a header of more than 1 MiB after %s", entriesText(rd.entries))
	case err != nil:
		return fmt.Sprintf("is not a valid tar archive after %s", entriesText(rd.entries))
	}
	return ""
}

func entriesText(n int) string {
	if n == 1 {
		return "1 entry"
	}
	return humanize.Comma(int64(n)) + " entries"
}

// readEntries reads the entries up to an error, which is io.EOF at the end of the archive. It
// returns nil where a limit ends the list.
func (rd *reader) readEntries(t *tar.Reader) error {
	for {
		h, err := t.Next()
		if err != nil && !(errors.Is(err, tar.ErrInsecurePath) && h != nil) { // which GODEBUG can ask for
			return err
		}
		if rd.isFull() {
			return nil
		}
		if h.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		if err := rd.readEntry(h, t); err != nil {
			return err
		}
		rd.entries++
		rd.report(false)
	}
}

// isFull reports whether a limit ends the list.
func (rd *reader) isFull() bool {
	switch {
	case rd.entries >= rd.max.entries, rd.list.t.n >= 2*rd.max.entries:
		rd.stopped = fmt.Sprintf("the entries after the first %s", humanize.Comma(int64(rd.entries)))
	case rd.list.held()+rd.extraBytes > rd.max.names:
		rd.stopped = fmt.Sprintf("the entries after the first %s, whose names take %s",
			humanize.Comma(int64(rd.entries)), humanize.IBytes(uint64(rd.max.names))) //nolint:gosec // 256 MiB
	default:
		return false
	}
	return true
}

// readEntry reads the entry of a header.
func (rd *reader) readEntry(h *tar.Header, content io.Reader) error {
	if len(h.Name) > rd.max.path || len(h.Linkname) > rd.max.path {
		rd.longNames++
		return nil
	}
	p := placeOf(h.Name)
	e := &rd.entry
	*e = Entry{
		Path: p.path, Kind: p.kind, Mode: uint16(h.Mode & 0o7777), UID: h.Uid, GID: h.Gid, Time: h.ModTime.UTC(), //nolint:gosec // 12 bits
	}
	if e.Kind == 0 {
		e.Kind = kindOf(h.Typeflag)
	}
	isRoot := e.Path == "" && e.Kind != Folder && e.Kind != OpaqueFolder
	if p.escapes || isRoot {
		rd.remark(&rd.layer.Remarks.Escaping, h.Name)
	}
	if p.ignored || p.unnamed || isRoot {
		return nil
	}
	switch e.Kind {
	case File:
		if err := rd.readContent(h, content); err != nil {
			return err
		}
	case Symlink:
		e.Link = h.Linkname
	case Hardlink:
		var escapes bool
		if e.Link, escapes = cleanName(h.Linkname); escapes {
			rd.remark(&rd.layer.Remarks.Escaping, h.Linkname)
		}
	case CharDevice, BlockDevice:
		e.Major, e.Minor = h.Devmajor, h.Devminor
	}
	rd.addXattrs(h)
	rd.add()
	return nil
}

func kindOf(typeflag byte) Kind {
	switch typeflag {
	case tar.TypeReg, tar.TypeGNUSparse:
		return File
	case tar.TypeDir:
		return Folder
	case tar.TypeSymlink:
		return Symlink
	case tar.TypeLink:
		return Hardlink
	case tar.TypeChar:
		return CharDevice
	case tar.TypeBlock:
		return BlockDevice
	case tar.TypeFifo:
		return Fifo
	}
	return Other
}

func (rd *reader) addXattrs(h *tar.Header) {
	xattrs, size := xattrsOf(h)
	if size > rd.max.xattrs {
		rd.bigXattrs++
		return
	}
	rd.entry.Xattrs = xattrs
	rd.extraBytes += size
}

// add adds the entry to the list.
func (rd *reader) add() {
	e := &rd.entry
	rd.list.implyParents(e.Path)
	if e.Kind == OpaqueFolder && e.Path != "" {
		rd.list.imply(e.Path)
	}
	if rd.list.put(e) {
		rd.remarkRepeated(e.Path)
		if rd.o.Keep != nil && e.Kind != File {
			rd.o.Keep.forget(rd.o.Side, e.Path)
		}
	}
	if rd.o.Arrived != nil {
		rd.batch = append(rd.batch, *e)
	}
}

// remark adds a path to a list of remarks.
func (rd *reader) remark(paths *[]string, path string) {
	if len(*paths) >= rd.max.remarks {
		rd.moreRemark++
		return
	}
	*paths = append(*paths, path)
}

func (rd *reader) remarkRepeated(path string) {
	if _, known := rd.repeatedPaths[path]; known {
		return
	}
	if rd.repeatedPaths == nil {
		rd.repeatedPaths = map[string]struct{}{}
	}
	if len(rd.repeatedPaths) < rd.max.remarks {
		rd.repeatedPaths[path] = struct{}{}
	}
	rd.remark(&rd.layer.Remarks.Repeated, path)
}

// readContent hashes the content of a file. A sparse file has content that is not in the archive:
// zeros without end cost as much as the archive and a gibibyte, and are not hashed beyond that.
func (rd *reader) readContent(h *tar.Header, content io.Reader) error {
	e := &rd.entry
	e.Size = h.Size
	if isSparse(h) {
		if h.Size > rd.max.sparse+rd.archive.n-rd.sparse {
			rd.layer.Remarks.Unhashed++
			return nil
		}
		rd.sparse += h.Size
	}
	if h.Size == 0 {
		e.Sum = NoContent
		rd.keep(nil)
		return nil
	}
	rd.sum.Reset()
	from, to := 0, 0 // where the format records a time
	for left := h.Size; left > 0; {
		chunk := rd.content[:min(left, int64(len(rd.content)))]
		if _, err := io.ReadFull(content, chunk); err != nil {
			return cutOff(err)
		}
		_, _ = rd.sum.Write(chunk) // hashes return no error
		if left == h.Size {
			rd.keep(chunk)
			if from, to = recordedTime(e.Path, chunk); to > 0 {
				rd.normal.Reset()
				clear(chunk[from:to])
			}
		}
		if to > 0 {
			_, _ = rd.normal.Write(chunk)
		}
		left -= int64(len(chunk))
		rd.report(false)
	}
	rd.sum.Sum(e.Sum[:0])
	if to > 0 {
		rd.normal.Sum(e.Normal[:0])
	}
	return nil
}

// keep offers the content of a file to the shelf, if it is all there.
func (rd *reader) keep(chunk []byte) {
	switch {
	case rd.o.Keep == nil:
	case rd.entry.Size == int64(len(chunk)):
		rd.o.Keep.offer(rd.o.Side, rd.entry.Path, chunk)
	default:
		rd.o.Keep.forget(rd.o.Side, rd.entry.Path)
	}
}

func isSparse(h *tar.Header) bool {
	if h.Typeflag == tar.TypeGNUSparse {
		return true
	}
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

// recordedTime says where the content of a file that starts with start records a time: a gzip
// file when it was made, one of Python's .pyc files when the source was changed. Python 3.7 and
// later write flags before the time; without flags, that is the time of the source and not its
// hash (PEP 552).
func recordedTime(path string, start []byte) (from, to int) {
	const pycHeader, gzipSmallest = 16, 18
	switch {
	case len(start) >= gzipSmallest && bytes.HasPrefix(start, gzipMagic) && start[2] == 8:
		return 4, 8
	case len(start) >= pycHeader && strings.HasSuffix(path, ".pyc") && start[2] == '\r' && start[3] == '\n' &&
		bytes.Equal(start[4:8], []byte{0, 0, 0, 0}):
		return 8, 12
	}
	return 0, 0
}

// drain reads the rest of the archive, and counts the bytes other than zero.
func (rd *reader) drain(in io.Reader) (nonZero int64) {
	for {
		n, err := in.Read(rd.content)
		nonZero += int64(n - bytes.Count(rd.content[:n], []byte{0}))
		if err != nil {
			return nonZero
		}
		rd.report(false)
	}
}

// readRest reads the rest of the blob.
func (rd *reader) readRest(blob io.Reader) {
	first := rd.archive.trailing()
	rest := int64(len(first))
	isPadding := len(bytes.Trim(first, "\x00")) == 0
	for {
		n, err := blob.Read(rd.content)
		rest += int64(n)
		isPadding = isPadding && bytes.Count(rd.content[:n], []byte{0}) == n
		if err != nil {
			break
		}
		rd.report(false)
	}
	if !isPadding && errors.Is(rd.archive.err, io.EOF) {
		rd.layer.Remarks.Trailing = rest
	}
}

// report calls Arrived with what was read since the last call, if it is enough.
func (rd *reader) report(last bool) {
	arrived := rd.o.Arrived
	if arrived == nil || !last && rd.entries-rd.told < progressEntries && rd.blob.n-rd.toldBytes < progressBytes {
		return
	}
	rd.told, rd.toldBytes = rd.entries, rd.blob.n
	arrived(Progress{Packed: rd.blob.n, Entries: rd.entries, New: rd.batch})
	rd.batch = rd.batch[:0]
}

// finish completes the list, the remarks and what limits left out.
func (rd *reader) finish() {
	l := rd.layer
	l.Files = rd.list.list()
	for path := range l.Files.deletedAndGiven() {
		rd.remark(&l.Remarks.DeletedAndGiven, path)
	}
	count := func(n int, text string) {
		if n > 0 {
			l.Left = append(l.Left, fmt.Sprintf(text, humanize.Comma(int64(n))))
		}
	}
	if rd.stopped != "" {
		l.Left = append(l.Left, rd.stopped)
	}
	count(rd.longNames, fmt.Sprintf("entries with names of more than %s bytes: %%s", humanize.Comma(int64(rd.max.path))))
	count(rd.bigXattrs, fmt.Sprintf("extended attributes of more than %s in an entry: %%s",
		humanize.IBytes(uint64(rd.max.xattrs)))) //nolint:gosec // 64 KiB
	count(l.Remarks.Unhashed, "the content of sparse files that are larger than the archive: %s")
	count(rd.moreRemark, "remarks on other paths: %s")
	l.Left = slices.Clip(l.Left)
}
