package files

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// NewFile is a file that is being written. It has a temporary name beside its own until Commit, so that
// there is never a part of it under its own name.
type NewFile struct {
	path    string
	file    *os.File
	buffer  *bufio.Writer
	flushed bool // something of the content may be in the file
}

// CreateNew begins a file with mode 0600. If there is anything at the path, also a link, the error is
// fs.ErrExist. The caller must call Commit or Discard.
func CreateNew(path string) (*NewFile, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if _, err := os.Lstat(path); err == nil {
		return nil, &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.part")
	if err != nil {
		return nil, err
	}
	const buffer = 256 << 10
	return &NewFile{path: path, file: f, buffer: bufio.NewWriterSize(f, buffer)}, nil
}

func (n *NewFile) Write(p []byte) (int, error) {
	n.flushed = n.flushed || len(p) > n.buffer.Available()
	return n.buffer.Write(p)
}

// Restart drops what was written.
func (n *NewFile) Restart() error {
	n.buffer.Reset(n.file)
	if !n.flushed {
		return nil
	}
	n.flushed = false
	if _, err := n.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return n.file.Truncate(0)
}

// Commit gives the file its name, and returns its absolute path. If there is something at the path by
// now, the error is fs.ErrExist. After an error the file is removed.
func (n *NewFile) Commit() (string, error) {
	err := errors.Join(n.buffer.Flush(), n.file.Close())
	if err == nil {
		err = moveToFree(n.file.Name(), n.path)
	}
	if err != nil {
		_ = os.Remove(n.file.Name()) // best effort: the error that matters is err
		return "", err
	}
	return n.path, nil
}

// Discard removes the file.
func (n *NewFile) Discard() {
	_ = n.file.Close()
	_ = os.Remove(n.file.Name()) // best effort: the caller has another error
}

// moveToFree renames a file to a path where nothing is. A link is made first, since it never replaces
// anything; some file systems have no links.
func moveToFree(from, to string) error {
	switch err := os.Link(from, to); {
	case err == nil:
		return os.Remove(from)
	case errors.Is(err, fs.ErrExist):
		return err
	}
	if _, err := os.Lstat(to); err == nil {
		return &fs.PathError{Op: "create", Path: to, Err: fs.ErrExist}
	}
	return os.Rename(from, to)
}
