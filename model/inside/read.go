package inside

import (
	"errors"
	"io"
)

// Options of Read.
type Options struct {
	// Packed is the size of the layer as its descriptor states it, in bytes.
	Packed int64
	// Arrived, unless nil, is called with the entries as they are read, in batches, from the
	// goroutine of Read.
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
}

// Read reads a layer to its end: gzip, zstd or plain, by its first bytes as runtimes do. It hashes
// the blob, the archive and each file in one pass. An error is one of r. A broken archive is not an
// error: the entries before the fault are listed, and Broken says what is wrong.
func Read(r io.Reader, o Options) (*Layer, error) { return nil, errors.ErrUnsupported }

// Shelf keeps small text files of two layers that are read at the same time, as long as the
// other side may have another content at the same path. Its methods may be called from two
// goroutines.
type Shelf struct{}

// Texts returns the two contents of a path that differ. It reports false unless both were kept.
func (s *Shelf) Texts(path string) (a, b []byte, ok bool) { return nil, nil, false }
