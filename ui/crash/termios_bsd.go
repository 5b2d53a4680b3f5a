//go:build unix && !linux && !aix && !solaris

package crash

import "golang.org/x/sys/unix"

const (
	getTermios = unix.TIOCGETA
	setTermios = unix.TIOCSETA
)

// shrinkPipe does nothing: pipes have the room that the system gives them.
func shrinkPipe(fd int) {}
