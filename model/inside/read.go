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

	"github.com/tagdiff/tagdiff/model/packages"
	"github.com/tagdiff/tagdiff/model/privatekey"
	"github.com/tagdiff/tagdiff/model/program"
)

// Options of Read.
type Options struct {
	// Arrived, unless nil, is called with the entries as they are read, in batches, from the
	// goroutine of Read: after about 1,000 entries or 256 KiB of the blob.
	Arrived func(Progress)
	// Keep, unless nil, gets the content of small text files. See Shelf.
	Keep *Shelf
	// Side is the side of Keep that the layer belongs to: 0 for A, 1 for B.
	Side int

	isStart bool // the bytes are the first ones of a layer
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
	contentBuffer   = MaxHead  // whose first part says what program a file is
	tarBlock        = 512
)

// Read reads a layer to its end: gzip, zstd or plain, by its first bytes as runtimes do. It hashes
// the blob, the archive and each file in one pass. An error is one of r; what was read until then
// is returned with it, without digests. A broken archive is not an error: the entries before the
// fault are listed, and Broken says what is wrong. A limit is not an error either: Left says what
// it left out.
func Read(r io.Reader, o Options) (*Layer, error) { return read(r, o, usual) }

// ReadStart reads the first bytes of a layer: the entries that begin in them are listed. A file that
// is cut off has no hash, but its program if enough of it is there. Nothing is verified. Broken says
// what is wrong before the bytes end.
func ReadStart(start []byte) *Layer {
	l, _ := read(bytes.NewReader(start), Options{isStart: true}, usual) // the reader returns no error
	l.How, l.Blob, l.DiffID, l.TOCDigests, l.TOCDiffers = Start, "", "", nil, nil
	if l.Broken == cutOffText {
		l.Broken = ""
	}
	return l
}

const cutOffText = "is cut off"

func read(r io.Reader, o Options, max bounds) (*Layer, error) {
	l := &Layer{How: Full}
	src := &source{r: r, sum: sha256.New()}
	blob := bufio.NewReaderSize(src, blobBuffer)
	p, broken := decoder(src, blob, max.window)
	defer p.close()
	l.Format = p.format
	rd := &reader{
		collector: newCollector(l, max), o: o, blob: src, archive: newArchive(p, src, max),
		content: make([]byte, contentBuffer), sum: sha256.New(), normal: newNormalizer(),
	}
	if broken == "" {
		broken = rd.readArchive()
	}
	rd.readRest(blob)
	rd.report(true)
	l.Packed, l.Unpacked = src.n, rd.archive.n
	rd.finish()
	rd.finishPackages()
	defer func() { l.Files.shareAttributes() }() // the table of contents is compared with what is recorded
	if err := src.failed(); err != nil {
		l.DiffID = "" // the end of the archive may be before that of the blob, which is not proved
		return l, err
	}
	l.Broken, l.Blob = broken, digestOf(src.sum)
	rd.compareTOC()
	return l, nil
}

// reader reads one layer.
type reader struct {
	collector
	o       Options
	blob    *source
	archive *archive

	content  []byte // a buffer
	sum      hash.Hash
	normal   *normalizer
	sparse   int64 // the sizes of the sparse files that were hashed
	toc      foundTOC
	packages packages.Collector

	batch     []Entry
	told      int // entries
	toldBytes int64
}

// readArchive reads the archive to its end, and says what is wrong with it.
func (rd *reader) readArchive() (broken string) {
	in := bufio.NewReaderSize(rd.archive, archiveBuffer)
	err := rd.readEntries(tar.NewReader(in))
	hidden := int64(0)
	if errors.Is(err, io.EOF) {
		hidden = rd.skipTOC(in)
	}
	hidden += rd.drain(in)
	a := rd.archive
	if a.left != "" {
		rd.layer.Left = append(rd.layer.Left, Left{LeftEntries, a.left})
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
		return cutOffText
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

// readEntry reads the entry of a header.
func (rd *reader) readEntry(h *tar.Header, content io.Reader) error {
	if !rd.start(h.Name, h.Linkname, kindOf(h.Typeflag)) {
		return nil
	}
	e := &rd.entry
	e.Mode, e.UID, e.GID, e.Time = uint16(h.Mode&0o7777), h.Uid, h.Gid, h.ModTime.UTC() //nolint:gosec // 12 bits
	switch e.Kind {
	case File:
		err := rd.readContent(h, content)
		if err != nil && rd.o.isStart {
			rd.add()
		}
		if err != nil {
			return err
		}
	case CharDevice, BlockDevice:
		e.Major, e.Minor = h.Devmajor, h.Devminor
	}
	rd.setXattrs(xattrsOf(h))
	if replaced := rd.add(); replaced && e.Kind != File {
		rd.packages.Forget(e.Path)
		if rd.o.Keep != nil {
			rd.o.Keep.forget(rd.o.Side, e.Path)
		}
	}
	if rd.o.Arrived != nil {
		rd.batch = append(rd.batch, *e)
	}
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

// readContent hashes the content of a file. A sparse file has content that is not in the archive:
// zeros without end cost as much as the archive and a gibibyte, and are not hashed beyond that.
func (rd *reader) readContent(h *tar.Header, content io.Reader) error {
	e := &rd.entry
	e.Size = h.Size
	if isSparse(h) {
		if h.Size > rd.max.sparse+rd.archive.n-rd.sparse {
			rd.layer.Remarks.Unhashed++
			rd.packages.Forget(e.Path)
			return nil
		}
		rd.sparse += h.Size
	}
	if h.Size == 0 {
		e.Sum = NoContent
		rd.keep(nil)
		rd.beginPackages(nil).close()
		return nil
	}
	rd.sum.Reset()
	if e.Path == tocName {
		rd.keep(nil)
		err := rd.readTOC(io.TeeReader(content, rd.sum))
		rd.sum.Sum(e.Sum[:0])
		return err
	}
	var parser packageParser
	isKey := false
	for left := h.Size; left > 0; {
		chunk := rd.content[:min(left, int64(len(rd.content)))]
		if n, err := io.ReadFull(content, chunk); err != nil {
			if left == h.Size && n >= program.HeadSize {
				rd.setProgram(chunk[:n])
			}
			return cutOff(err)
		}
		_, _ = rd.sum.Write(chunk) // hashes return no error
		isFirst := left == h.Size
		if left -= int64(len(chunk)); left == 0 {
			rd.sum.Sum(e.Sum[:0])
		}
		if isFirst {
			rd.keep(chunk)
			rd.readAccounts(chunk)
			isKey = privatekey.IsOpen(chunk)
			rd.setProgram(chunk)
			rd.normal.start(e.Path, h.Size, chunk)
			parser = rd.beginPackages(chunk)
		}
		parser.write(chunk)
		rd.normal.write(chunk) // which may change it
		rd.report(false)
	}
	parser.close()
	e.Normal = rd.normal.end()
	if isKey {
		rd.addPrivateKey(e.Sum)
	}
	return nil
}

// readAccounts reads the users or groups of a file, if its content is all there.
func (rd *reader) readAccounts(chunk []byte) {
	if rd.entry.Size == int64(len(chunk)) {
		rd.layer.Accounts.Read(rd.entry.Path, chunk, rd.entry.Sum)
	}
}

// addPrivateKey notes that a content holds a private key.
func (rd *reader) addPrivateKey(sum Hash) {
	keys := rd.layer.PrivateKeys
	switch {
	case slices.Contains(keys, sum):
	case len(keys) >= rd.max.remarks:
		rd.moreRemarks++
	default:
		rd.layer.PrivateKeys = append(keys, sum)
	}
}

// keep offers the content of a file to the shelf, if it is all there.
func (rd *reader) keep(chunk []byte) {
	switch {
	case rd.o.Keep == nil:
	case rd.entry.Size == int64(len(chunk)):
		rd.o.Keep.offer(rd.o.Side, rd.entry.Path, rd.entry.Sum, chunk)
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

// skipTOC skips the zeros after the end of the archive, and the table of contents of an eStargz
// layer behind them: BuildKit appends it to a complete archive. It returns the bytes that it
// read and that are neither.
func (rd *reader) skipTOC(in *bufio.Reader) (other int64) {
	for {
		block, err := in.Peek(tarBlock)
		if err != nil {
			return 0
		}
		if bytes.Count(block, []byte{0}) < tarBlock {
			break
		}
		_, _ = in.Discard(tarBlock) // peeked
	}
	if block, _ := in.Peek(len(tocName) + 1); string(block) != tocName+"\x00" {
		return 0
	}
	t := tar.NewReader(in)
	if _, err := t.Next(); err != nil {
		return tarBlock
	}
	_ = rd.readTOC(t) // an error is also one of the archive
	return 0
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
