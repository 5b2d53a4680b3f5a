//go:build !windows

package uitest

import (
	"os"
	"os/exec"
	"reflect"

	"github.com/charmbracelet/x/term"
	"github.com/creack/pty"
)

type unixTTY struct{ *os.File }

// startOn starts cmd with a new controlling terminal. It sets the size before, because
// a program that starts at 0×0 may miss the change.
func startOn(cmd *exec.Cmd, width, height int) (tty, error) {
	f, err := pty.StartWithSize(cmd, winsize(width, height))
	if err != nil {
		return nil, err
	}
	return unixTTY{f}, nil
}

func (t unixTTY) resize(width, height int) error {
	return pty.Setsize(t.File, winsize(width, height))
}

// cooked reports whether the terminal has the settings of a new one.
func (t unixTTY) cooked() bool {
	control, other, err := pty.Open()
	if err != nil {
		return false
	}
	defer control.Close()
	defer other.Close()
	now, err := term.GetState(t.Fd())
	fresh, errFresh := term.GetState(control.Fd())
	return err == nil && errFresh == nil && reflect.DeepEqual(now, fresh)
}

func winsize(width, height int) *pty.Winsize {
	return &pty.Winsize{Cols: uint16(width), Rows: uint16(height)}
}
