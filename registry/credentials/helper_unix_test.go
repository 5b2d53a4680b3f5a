//go:build unix

package credentials

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/tagdiff/tagdiff/registry/internal/registrytest"
)

// TestHelper_childProcessesEnd checks that a helper is killed together with the processes that it started.
func TestHelper_childProcessesEnd(t *testing.T) {
	dir := registrytest.Home(t, map[string]string{
		// The child holds the pipe open. When the fifo has no writer any more, it is gone.
		"bin/docker-credential-x": "#!/bin/sh\n(exec 3>\"$HOME/fifo\"; sleep 60) &\nwait\n",
	})
	registrytest.OK(t, syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600))
	ctx, cancel := context.WithCancel(registrytest.Deadline(t))
	done := make(chan error)
	go func() { _, err := new(helpers).get(ctx, "docker-credential-x", "reg.example"); done <- err }()
	reader, err := os.Open(filepath.Join(dir, "fifo")) // waits for the child
	registrytest.OK(t, err)
	defer reader.Close()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	rest, err := io.ReadAll(reader) // ends with the child
	registrytest.OK(t, err)
	if len(rest) > 0 {
		t.Errorf("got %q", rest)
	}
}

// TestHelper_noTerminal checks that a helper has no terminal.
func TestHelper_noTerminal(t *testing.T) {
	l, err := runScript(t, `read s; printf '{"Username":"%s","Secret":"%s"}' "$(ps -o sid= -p $$ | tr -d ' ')" "$$"`)
	registrytest.OK(t, err)
	if l.Username != l.Password || l.Username == "" {
		t.Errorf("session %q, process %q: want the helper in a new session", l.Username, l.Password)
	}
}
