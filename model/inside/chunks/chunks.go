// Package chunks reads single files of a layer that has a table of contents. The table says which bytes of the layer
// unpack to the content of a file, and the hash of the content. A table of contents can lie: what is read here is what
// the table says, or nothing.
package chunks

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/dustin/go-humanize"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// The limits of what is read of one layer by chunks.
const (
	MaxFile     = 64 << 20  // bytes of the content of a file
	MaxUnpacked = 512 << 20 // bytes of all that is unpacked
	MaxRanges   = 32        // requests
	MaxParts    = 100_000   // chunks of the files that are wanted
	window      = 128 << 20 // of zstd, in bytes
	firstGap    = 64 << 10  // bytes between two files that are read with them rather than by another request
)

// Sum is a SHA-256, zero if it is not known.
type Sum = [sha256.Size]byte

// File is a file in a layer, by its table of contents.
type File struct {
	Path string // clean
	Size int64  // of the content, in bytes
	Sum  Sum    // of the content
	// From and To are the bytes of the layer that have the content. They unpack to Skip other bytes first, and others
	// may follow.
	From, To, Skip int64
	// Parts are the chunks of the file after the first one, and Sums those of all chunks, zero where the table does
	// not state one.
	Parts []int64 // where each begins in the content
	Sums  []Sum

	last int64 // where the last chunk begins in the layer
}

// Index collects the rows of a table of contents, in their order. The zero value is ready.
type Index struct {
	offsets []int64 // of the contents of all files
	files   map[string]*File
	open    *File // the file that the next rows may continue
	parts   int
	full    bool
}

// Add adds the row of a file. Content begins at offset in the layer, 0 for an empty one, and ends at end, 0 if the table
// does not say that. chunk is the sum of the first chunk. Only a wanted file is kept.
func (x *Index) Add(f File, offset, end int64, chunk Sum, wanted bool) {
	x.open = nil
	x.note(offset)
	if !wanted {
		delete(x.files, f.Path)
		return
	}
	f.From, f.To, f.last, f.Sums = offset, end, offset, []Sum{chunk}
	if x.files == nil {
		x.files = map[string]*File{}
	}
	x.open = &f
	x.files[f.Path] = &f
}

// Chunk adds the row of a further chunk of the file before it: it begins at an offset in the layer, and at another one in
// the content.
func (x *Index) Chunk(offset, inContent int64, chunk Sum) {
	x.note(offset)
	f := x.open
	if f == nil || x.full {
		return
	}
	if x.parts++; x.parts > MaxParts {
		x.full = true
		return
	}
	f.Parts, f.Sums, f.last = append(f.Parts, inContent), append(f.Sums, chunk), max(f.last, offset)
}

func (x *Index) note(offset int64) {
	if offset > 0 {
		x.offsets = append(x.offsets, offset)
	}
}

// Files returns the wanted files in the order of the layer. tableAt is where the table of contents begins.
func (x *Index) Files(tableAt int64) []File {
	slices.Sort(x.offsets)
	var all []File
	for _, f := range x.files {
		if x.full {
			f.To = -1 // not to be read
		}
		if f.To == 0 { // the content ends before that of the next file
			f.To = tableAt
			if i, found := slices.BinarySearch(x.offsets, f.last+1); found || i < len(x.offsets) {
				f.To = min(f.To, x.offsets[i])
			}
		}
		all = append(all, *f)
	}
	slices.SortFunc(all, func(a, b File) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.Path, b.Path)) })
	return all
}

// Reasons not to read by chunks.
var (
	errNowhere  = errors.New("does not say where a file is")
	errNoSum    = errors.New("does not state the digest of a file")
	errFile     = fmt.Errorf("has a file of more than %s", humanize.IBytes(MaxFile))
	errUnpacked = fmt.Errorf("has files of more than %s", humanize.IBytes(MaxUnpacked))
	errContent  = errors.New("states another digest than that of a file")
)

// ErrSpread says that reading single files costs about as much as the whole layer.
var ErrSpread = errors.New("has files that are spread over most of the layer")

// Range is some bytes of a layer, with the files that they hold.
type Range struct {
	From, Length int64
	Files        []File
}

// Plan returns the ranges to read for some files of a layer of a size. An error says why they cannot be read by chunks,
// or that the whole layer costs little more; its text follows "the table of contents".
func Plan(files []File, size int64) ([]Range, error) {
	var sizes int64
	for _, f := range files {
		switch {
		case f.Size == 0:
		case f.From <= 0 || f.To <= f.From || f.To > size || f.Skip < 0 || !f.hasParts():
			return nil, errNowhere
		case f.Sum == Sum{}:
			return nil, errNoSum
		case f.Size < 0 || f.Size > MaxFile || f.Skip > MaxFile || f.To-f.From > MaxFile+firstGap:
			return nil, errFile
		}
		if sizes += f.Size + f.Skip; sizes > MaxUnpacked {
			return nil, errUnpacked
		}
	}
	for gap := int64(firstGap); ; gap *= 2 {
		ranges := join(files, gap)
		if len(ranges) > MaxRanges && gap < size {
			continue
		}
		if Bytes(ranges) > size/2 { //nolint:mnd // half of the layer
			return nil, ErrSpread
		}
		return ranges, nil
	}
}

// hasParts reports whether the chunks follow each other in the content.
func (f File) hasParts() bool {
	at := int64(0)
	for _, next := range f.Parts {
		if next <= at || next >= f.Size {
			return false
		}
		at = next
	}
	return true
}

// Bytes is the number of bytes of some ranges.
func Bytes(ranges []Range) int64 {
	var n int64
	for _, r := range ranges {
		n += r.Length
	}
	return n
}

// join puts files with at most a gap between them into one range. The files are in the order of the layer. Empty ones
// need no bytes: they are in a range without any.
func join(files []File, gap int64) []Range {
	const most = 16 << 20 // bytes of a range of several files, which is kept in memory
	var all []Range
	var empty Range
	for _, f := range files {
		if f.Size == 0 {
			empty.Files = append(empty.Files, f)
			continue
		}
		if n := len(all); n > 0 {
			r := &all[n-1]
			if end := max(r.From+r.Length, f.To); f.From-(r.From+r.Length) <= gap && end-r.From <= most {
				r.Length, r.Files = end-r.From, append(r.Files, f)
				continue
			}
		}
		all = append(all, Range{From: f.From, Length: f.To - f.From, Files: []File{f}})
	}
	if len(empty.Files) > 0 {
		all = append(all, empty)
	}
	return all
}

// Read unpacks the files of a range from its bytes. open gets each file with its first bytes, all or at least 4 KiB of
// them, and returns where to write the content, nil for nowhere. An error means that a content is not what the table
// says: nothing that was written counts.
func (r Range) Read(raw []byte, isZstd bool, open func(f File, start []byte) io.WriteCloser) error {
	if int64(len(raw)) != r.Length {
		return errContent
	}
	for _, f := range r.Files {
		if f.Size == 0 {
			if w := open(f, nil); w != nil {
				_ = w.Close() // parsers return no error
			}
			continue
		}
		in, done, err := unpack(raw[f.From-r.From:f.To-r.From], isZstd)
		if err == nil {
			err = f.read(in, open)
			done()
		}
		if err != nil {
			return errContent
		}
	}
	return nil
}

func unpack(raw []byte, isZstd bool) (in io.Reader, done func(), err error) {
	if !isZstd {
		z, err := gzip.NewReader(bytes.NewReader(raw))
		return z, func() {}, err
	}
	z, err := zstd.NewReader(bytes.NewReader(raw), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(window))
	if err != nil {
		return nil, nil, err
	}
	return z, z.Close, nil
}

// read passes the content on and verifies it: each chunk, and the whole.
func (f File) read(from io.Reader, open func(f File, start []byte) io.WriteCloser) error {
	if _, err := io.CopyN(io.Discard, from, f.Skip); err != nil {
		return err
	}
	const size = 64 << 10 // of the buffers, as for other contents
	in, buffer := bufio.NewReaderSize(from, size), make([]byte, size)
	start, _ := in.Peek(int(min(f.Size, size))) // an error comes again
	out := io.Discard
	to := open(f, start)
	if to != nil {
		out = to
	}
	whole, at := sha256.New(), int64(0)
	for i, want := range f.Sums {
		end := f.Size
		if i < len(f.Parts) {
			end = f.Parts[i]
		}
		chunk := sha256.New()
		n, err := io.CopyBuffer(io.MultiWriter(whole, chunk, out), struct{ io.Reader }{io.LimitReader(in, end-at)}, buffer)
		switch {
		case err != nil:
			return err
		case n < end-at:
			return io.ErrUnexpectedEOF
		case want != Sum{} && Sum(chunk.Sum(nil)) != want:
			return errContent
		}
		at = end
	}
	if Sum(whole.Sum(nil)) != f.Sum {
		return errContent
	}
	if to != nil {
		_ = to.Close() // parsers return no error
	}
	return nil
}
