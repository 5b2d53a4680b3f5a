//go:build unix

package credentials

import (
	"os/exec"
	"syscall"
)

// isolate runs a helper in a session of its own: it has no terminal to write to,
// and is ended with all that it has started.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
