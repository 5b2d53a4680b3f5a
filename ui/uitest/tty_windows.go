package uitest

import (
	"errors"
	"os/exec"
)

// startOn is not supported without Unix terminals: the tests are skipped.
func startOn(*exec.Cmd, int, int) (tty, error) { return nil, errors.ErrUnsupported }
