//go:build unix

package registry

import (
	"os/exec"
	"syscall"
)

// apart runs a helper in a session of its own: it has no terminal to write to,
// and is ended with all that it has started.
func apart(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
