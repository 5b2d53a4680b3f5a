//go:build unix

package e2e

import (
	"bufio"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tagdiff/tagdiff/ui/uitest"
)

func fifo(t *testing.T, path string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestFifos: opening a fifo blocks until the other end is open. The program treats its own
// files and docker's settings as missing if they are fifos.
func TestFifos(t *testing.T) {
	t.Parallel()
	host := newFaulty(t, nil)
	host.repaired.Store(true)
	args := at(host.host, twoTags...)
	fill := func(t *testing.T, cmd *exec.Cmd) {
		t.Helper()
		home := cmd.Dir
		for _, name := range []string{".docker/config.json", "tagdiff/endpoints.json", "tagdiff/places.json", "tagdiff/journal/lock"} {
			fifo(t, filepath.Join(home, name))
		}
	}
	t.Run("a report", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(t.Context(), commandTimeout)
		defer cancel()
		cmd := cleanCommand(ctx, t, uitest.Build(t), append([]string{"-o", "text"}, args...)...)
		fill(t, cmd)
		if got := runCommand(ctx, t, cmd); got.code != 0 || !strings.HasPrefix(got.out, "Same image, packed differently") {
			t.Errorf("%+v", got)
		}
	})
	t.Run("a journal", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(t.Context(), commandTimeout)
		defer cancel()
		cmd := cleanCommand(ctx, t, uitest.Build(t), append([]string{"-o", "text"}, args...)...)
		name, port, err := net.SplitHostPort(host.host)
		if err != nil {
			t.Fatal(err)
		}
		fifo(t, filepath.Join(cmd.Dir, "tagdiff", "journal", name+"%3a"+port+"%2fshop%2fimage-name.jsonl"))
		if got := runCommand(ctx, t, cmd); got.code != 0 || !strings.Contains(got.errors, "not a regular file") {
			t.Errorf("%+v", got)
		}
	})
	t.Run("the first screen", func(t *testing.T) {
		t.Parallel()
		state := t.TempDir()
		fifo(t, filepath.Join(state, "tagdiff", "places.json"))
		opts := small
		opts.Env = []string{"XDG_STATE_HOME=" + state}
		term := uitest.Start(t, opts)
		term.WaitFor("Are these two tags the same image")
		term.Type("ctrl+c")
		if code := term.Wait(); code != 0 {
			t.Errorf("ctrl+c ended the program with %d", code)
		}
	})
	t.Run("a log", func(t *testing.T) {
		t.Parallel()
		log := fifo(t, filepath.Join(t.TempDir(), "log"))
		cli(t, append([]string{"-o", "text", "--log", log}, args...)...).oneLine(t, "the log file ", log)
	})
}

// TestMetadata_fifo: the metadata file may be a fifo. The program waits for the build at the
// other end, and ctrl-c ends the wait.
func TestMetadata_fifo(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), commandTimeout)
	defer cancel()
	built := fifo(t, filepath.Join(t.TempDir(), "built"))
	host := newFaulty(t, nil)
	host.repaired.Store(true)
	command := func() *exec.Cmd {
		return cleanCommand(ctx, t, uitest.Build(t), "-o", "text", "--metadata", built, host.host+"/shop/image-name")
	}
	end := startCommand(ctx, t, command())
	w, err := os.OpenFile(built, os.O_WRONLY, 0) // returns when the program opens it
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteString(`{"containerimage.digest":"nonsense"}`); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	end().oneLine(t, "metadata file "+built)

	cmd := command()
	end = startCommand(ctx, t, cmd)
	w, err = os.OpenFile(built, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	end().oneLine(t, "cancelled")
}

// TestReport_blockedOutput: a signal ends the program while its standard output blocks.
func TestReport_blockedOutput(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), commandTimeout)
	defer cancel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	entry := `{"created_by":"` + strings.Repeat("x", 100) + `","empty_layer":true}`
	answer := craft(piece{config: `{"architecture":"arm64","os":"linux","rootfs":{"type":"layers","diff_ids":[]},"history":[` + entry + strings.Repeat(","+entry, 4_999) + `]}`})
	host := newFaulty(t, answer).host
	cmd := cleanCommand(ctx, t, uitest.Build(t), append([]string{"-o", "json"}, at(host, odd...)...)...)
	cmd.Stdout = w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	// The program writes, and then its output blocks.
	if _, err := bufio.NewReaderSize(r, 16).Peek(1); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	cmd.Wait() //nolint:errcheck // the exit code is what counts
	if code := cmd.ProcessState.ExitCode(); code != 2 || ctx.Err() != nil {
		t.Errorf("exit code %d, %v", code, ctx.Err())
	}
}

// TestReport_fileSizeLimit: a limit on the size of files (ulimit -f) is like a full disk,
// and the report is complete.
func TestReport_fileSizeLimit(t *testing.T) {
	t.Parallel()
	requireInstalled(t, "sh")
	host := newFaulty(t, nil)
	host.repaired.Store(true)
	ctx, cancel := context.WithTimeout(t.Context(), commandTimeout)
	defer cancel()
	cmd := cleanCommand(ctx, t, "sh", append([]string{"-c", `ulimit -f 0; exec "$@"`, "sh", uitest.Build(t), "-o", "text"}, at(host.host, twoTags...)...)...)
	if got := runCommand(ctx, t, cmd); got.code != 0 || !strings.HasPrefix(got.out, "Same image, packed differently") {
		t.Errorf("%+v", got)
	}
}
