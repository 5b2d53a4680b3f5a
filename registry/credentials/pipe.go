package credentials

import (
	"os"
	"syscall"
	"time"
)

// PipeTimeout is how long a pipe is read: shells make those that stand for the output
// of a command, which may have to be asked for.
const PipeTimeout = 10 * time.Second

// openFileOrPipe opens a file that may be a pipe, and is then read for so long at
// most. One that nobody writes to is empty.
func openFileOrPipe(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err == nil {
		_ = f.SetReadDeadline(time.Now().Add(PipeTimeout)) // regular files have none
	}
	return f, err
}
