package inside

import (
	"archive/tar"
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
)

// ContentError says why the content of a file was not found in a layer that can be read.
type ContentError struct{ Text string }

func (e *ContentError) Error() string { return e.Text }

// Sink takes the content of a file. Restart drops what was written: it was another file of the same size.
type Sink interface {
	io.Writer
	Restart() error
}

// SinkError is the error of a Sink.
type SinkError struct{ Err error }

func (e *SinkError) Error() string { return e.Err.Error() }
func (e *SinkError) Unwrap() error { return e.Err }

// Content returns the content of a file as WriteContent finds it. A content of more than limit bytes is not
// read.
func Content(r io.Reader, want Entry, limit int64) ([]byte, error) {
	if want.Size > limit {
		return nil, &ContentError{"has a larger file there than is read"}
	}
	to := &memory{}
	to.content.Grow(int(want.Size))
	if err := WriteContent(r, want, to); err != nil {
		return nil, err
	}
	return to.content.Bytes(), nil
}

// memory is a Sink that holds a content.
type memory struct{ content bytes.Buffer }

func (m *memory) Write(p []byte) (int, error) { return m.content.Write(p) }

func (m *memory) Restart() error {
	m.content.Reset()
	return nil
}

// WriteContent writes the content of a file in a layer, and reads no further. want is the entry of a File
// in the list of the layer, or of a Hardlink with the size and the hash of the file. With a hash
// the content is what has the hash, whatever its path. Without one it is the last entry at the
// path. With an error, what was written is of no use. An error is a *ContentError, a *SinkError or one of r.
func WriteContent(r io.Reader, want Entry, to Sink) error {
	src := &source{r: r, sum: sha256.New()}
	blob := bufio.NewReaderSize(src, blobBuffer)
	p, broken := decoder(src, blob, usual.window)
	defer p.close()
	if broken != "" {
		return &ContentError{broken}
	}
	found, err := findContent(tar.NewReader(bufio.NewReaderSize(newArchive(p, src, usual), archiveBuffer)), want, to)
	switch _, isSink := errors.AsType[*SinkError](err); {
	case found, isSink:
		return err
	case src.failed() != nil:
		return src.failed()
	case err != nil:
		return &ContentError{"is not a valid archive"}
	}
	return &ContentError{"has no such file"}
}

// findContent writes the content of a file, and reports whether the archive has it.
func findContent(t *tar.Reader, want Entry, to Sink) (found bool, err error) {
	sum, buffer := sha256.New(), make([]byte, contentBuffer)
	for {
		h, err := t.Next()
		switch {
		case errors.Is(err, io.EOF):
			return found, nil
		case err != nil && !(errors.Is(err, tar.ErrInsecurePath) && h != nil):
			return false, err
		case kindOf(h.Typeflag) != File || h.Size != want.Size:
			continue
		case want.Sum == Hash{} && !isAt(h.Name, want.Path):
			continue
		}
		if err := to.Restart(); err != nil {
			return false, &SinkError{err}
		}
		sum.Reset()
		if err := copyContent(to, sum, t, h.Size, buffer); err != nil {
			return false, err
		}
		if isHashed := want.Sum != (Hash{}); !isHashed {
			found = true
		} else if Hash(sum.Sum(nil)) == want.Sum {
			return true, nil
		}
	}
}

// copyContent copies a content of a size to a sink and a hash.
func copyContent(to Sink, sum hash.Hash, from io.Reader, size int64, buffer []byte) error {
	for left := size; left > 0; {
		part := buffer[:min(left, int64(len(buffer)))]
		if _, err := io.ReadFull(from, part); err != nil {
			return cutOff(err)
		}
		_, _ = sum.Write(part) // hashes return no error
		if _, err := to.Write(part); err != nil {
			return &SinkError{err}
		}
		left -= int64(len(part))
	}
	return nil
}

// isAt reports whether a recorded name is that of an entry at a path, and not a whiteout.
func isAt(recorded, path string) bool {
	p := placeOf(recorded)
	return p.kind == 0 && p.path == path
}
