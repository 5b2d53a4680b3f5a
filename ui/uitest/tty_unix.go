//go:build !windows

package uitest

import (
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"sync"

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

// cooked returns an error if the terminal does not have the settings of a new one.
func (t unixTTY) cooked() error {
	fresh, err := newSettings()
	if err != nil {
		return fmt.Errorf("cannot open a new terminal to compare with: %w", err)
	}
	now, err := term.GetState(t.Fd())
	if err != nil {
		return fmt.Errorf("its settings are not known: %w", err)
	}
	if !reflect.DeepEqual(now, fresh) {
		return fmt.Errorf("it is still raw: %+v, a new one has %+v", *now, *fresh)
	}
	return nil
}

// newSettings are those of a new terminal.
var newSettings = sync.OnceValues(func() (*term.State, error) {
	control, other, err := pty.Open()
	if err != nil {
		return nil, err
	}
	defer control.Close()
	defer other.Close()
	return term.GetState(control.Fd())
})

func winsize(width, height int) *pty.Winsize {
	return &pty.Winsize{Cols: uint16(width), Rows: uint16(height)}
}
