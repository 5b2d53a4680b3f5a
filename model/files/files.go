// Package files opens and reads local files safely, and knows the folders where
// the program keeps its state and its cache. What the files mean is elsewhere.
package files

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// Open opens a file that must be one. A pipe in its place would be waited for
// until somebody writes to it, and a device may have no end.
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
