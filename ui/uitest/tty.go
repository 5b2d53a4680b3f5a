package uitest

import "io"

// tty is our side of the terminal that the program runs on.
type tty interface {
	io.ReadWriteCloser
	resize(width, height int) error
	cooked() bool // as a new one
}
