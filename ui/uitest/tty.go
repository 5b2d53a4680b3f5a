package uitest

import "io"

// tty is the test's end of the program's terminal.
type tty interface {
	io.ReadWriteCloser
	resize(width, height int) error
	cooked() error // nil if it has the settings of a new terminal
}
