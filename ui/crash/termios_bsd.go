//go:build unix && !linux && !aix && !solaris

package crash

import "golang.org/x/sys/unix"

const (
	getTermios = unix.TIOCGETA
	setTermios = unix.TIOCSETA
)

// shrinkPipe does nothing: the system sets the capacity of pipes.
func shrinkPipe(fd int) {}
