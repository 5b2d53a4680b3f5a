package inside

import (
	"archive/tar"
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
)

// ContentError says why the content of a file was not found in a layer that can be read.
type ContentError struct{ Text string }

func (e *ContentError) Error() string { return e.Text }

// Content reads the content of a file from a layer, and no further. want is the entry of a File
// in the list of the layer, or of a Hardlink with the size and the hash of the file. With a hash
// the content is what has the hash, whatever its path. Without one it is the last entry at the
// path. A content of more than limit bytes is not read. An error is a *ContentError or one of r.
func Content(r io.Reader, want Entry, limit int64) ([]byte, error) {
	if want.Size > limit {
		return nil, &ContentError{"has a larger file there than is read"}
	}
	src := &source{r: r, sum: sha256.New()}
	blob := bufio.NewReaderSize(src, blobBuffer)
	p, broken := decoder(src, blob, usual.window)
	defer p.close()
	if broken != "" {
		return nil, &ContentError{broken}
	}
	content, err := findContent(tar.NewReader(bufio.NewReaderSize(newArchive(p, src, usual), archiveBuffer)), want)
	switch {
	case content != nil:
		return content, nil
	case src.failed() != nil:
		return nil, src.failed()
	case err != nil:
		return nil, &ContentError{"is not a valid archive"}
	}
	return nil, &ContentError{"has no such file"}
}

// findContent returns the content of a file, nil if the archive has none. With an error it returns
// none.
func findContent(t *tar.Reader, want Entry) (found []byte, err error) {
	for {
		h, err := t.Next()
		switch {
		case errors.Is(err, io.EOF):
			return found, nil
		case err != nil && !(errors.Is(err, tar.ErrInsecurePath) && h != nil):
			return nil, err
		case kindOf(h.Typeflag) != File || h.Size != want.Size:
			continue
		case want.Sum == Hash{} && !isAt(h.Name, want.Path):
			continue
		}
		content := bytes.NewBuffer(make([]byte, 0, want.Size+bytes.MinRead))
		if _, err := content.ReadFrom(t); err != nil {
			return nil, err
		}
		found = content.Bytes()
		if want.Sum != (Hash{}) {
			if sha256.Sum256(found) == want.Sum {
				return found, nil
			}
			found = nil
		}
	}
}

// isAt reports whether a recorded name is that of an entry at a path, and not a whiteout.
func isAt(recorded, path string) bool {
	p := placeOf(recorded)
	return p.kind == 0 && p.path == path
}
