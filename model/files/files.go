// Package files opens and reads local files safely, and knows the folders where
// the program keeps its state, its cache and its config file. It does not interpret their
// content.
package files

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Open opens a regular file for reading and returns an error for anything else.
// A pipe would block until something writes to it, and a device may have no
// end.
func Open(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "read", Path: path, Err: errors.New("not a regular file")}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// ErrTooLarge is the error of content beyond a limit.
var ErrTooLarge = errors.New("too large")

// ReadLimit reads r to its end. More than limit bytes are ErrTooLarge.
func ReadLimit(r io.Reader, limit int64) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(content)) > limit {
		err = ErrTooLarge
	}
	return content, err
}

// Read returns the content of a regular file of at most limit bytes.
func Read(path string, limit int64) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadLimit(f, limit)
}

// TooManyOpen reports whether a file or a connection does not open since the
// process or the machine has too many open ones.
func TooManyOpen(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// TooManyOpenRemedy is what to do then.
const TooManyOpenRemedy = "raise the limit (ulimit -n), or run with a smaller --parallel"

// Replace writes content to a temporary file in the folder of path and renames it
// to path. A reader therefore sees the old file or the new one, never a part of
// either, also with several writers: the last rename counts. The name of the
// temporary file begins with tempPrefix; one is left behind only if the process
// ends between the two steps. The folder must exist. The file has mode 0600.
//
// Replace does not sync: after a crash of the machine the file may be empty.
func Replace(path, tempPrefix string, content []byte) error {
	_, err := replace(path, tempPrefix, content, false)
	return err
}

// ReplaceSynced is Replace for content that must survive a crash of the machine:
// the content is on disk before the rename. It returns the file info of the new
// file, which identifies it for os.SameFile.
func ReplaceSynced(path, tempPrefix string, content []byte) (os.FileInfo, error) {
	return replace(path, tempPrefix, content, true)
}

func replace(path, tempPrefix string, content []byte, sync bool) (os.FileInfo, error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), tempPrefix+"*")
	if err != nil {
		return nil, err
	}
	_, err = tmp.Write(content)
	if err == nil && sync {
		err = tmp.Sync()
	}
	info, statErr := tmp.Stat()
	if err = errors.Join(err, statErr, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(tmp.Name()) // best effort: the error that matters is err
		return nil, err
	}
	return info, nil
}
