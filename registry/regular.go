package registry

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// openRegular opens a file that must be one. A pipe in its place would be waited
// for until somebody writes to it, and no context ends that.
func openRegular(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "read", Path: path, Err: errors.New("not a regular file")}
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// tooManyFiles reports whether it is not the file's fault that it does not open,
// nor a registry's that it cannot be reached.
func tooManyFiles(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

const fewerFiles = "raise the limit (ulimit -n), or run with a smaller --parallel"

// pipeTime is how long a pipe is read: shells make those that stand for the output
// of a command, which may have to be asked for.
const pipeTime = 10 * time.Second

// openPatiently opens a file that may be a pipe, and is then read for so long at
// most. One that nobody writes to is empty.
func openPatiently(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err == nil {
		_ = f.SetReadDeadline(time.Now().Add(pipeTime)) // regular files have none
	}
	return f, err
}
