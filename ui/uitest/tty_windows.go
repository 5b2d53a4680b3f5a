package uitest

import (
	"errors"
	"os/exec"
)

// startOn is for systems with Unix terminals; on others the tests are skipped.
func startOn(*exec.Cmd, int, int) (tty, error) { return nil, errors.ErrUnsupported }
