//go:build !unix

package credentials

import "os/exec"

// isolate does nothing: this system has no sessions.
func isolate(*exec.Cmd) {}
