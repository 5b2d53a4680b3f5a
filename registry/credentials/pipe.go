package credentials

import (
	"os"
	"syscall"
	"time"
)

// PipeTimeout limits the reading of a pipe. Shells pass the output of a command as
// a pipe, and the command may prompt the person.
const PipeTimeout = 10 * time.Second

// openFileOrPipe opens a file that may be a pipe. Reading from a pipe ends after
// PipeTimeout; a pipe without a writer is empty.
func openFileOrPipe(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err == nil {
		_ = f.SetReadDeadline(time.Now().Add(PipeTimeout)) // regular files have none
	}
	return f, err
}
