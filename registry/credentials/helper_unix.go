//go:build unix

package credentials

import (
	"os/exec"
	"syscall"
)

// isolate runs a helper in another session: without a terminal, and killed
// together with the processes that it starts.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
