//go:build unix

package e2e

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model/inside/insidetest"
	"github.com/tagdiff/tagdiff/ui/uitest"
)

// startLists returns a registry with two images of many files, and the digests of the layers that
// differ.
func startLists(t *testing.T) (b *builds, host string, layers []digest.Digest) {
	t.Helper()
	b, host = startBuilds(t)
	noon := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	for _, tag := range []string{"a", "b"} {
		items := []insidetest.Item{insidetest.File("tag", tag)}
		for i := range 5000 {
			items = append(items, insidetest.File(fmt.Sprintf("usr/share/folder-%d/file-%d", i/20, i), fmt.Sprint(i)))
		}
		layers = append(layers, b.push(t, tag, noon, "fast", items...))
	}
	return b, host, layers
}

// inCache returns a command that compares the two images, with the cache of a folder.
func inCache(t *testing.T, dir, host string) *exec.Cmd {
	t.Helper()
	cmd := cleanCommand(t.Context(), t, uitest.Build(t), "-o", "text", "--inside", host+"/app:a", ":b")
	cmd.Env = append(cmd.Env, "XDG_CACHE_HOME="+dir)
	return cmd
}

// listFiles returns the files with lists in a cache, also those that are not whole yet.
func listFiles(t *testing.T, dir string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(dir, "tagdiff", "documents", "layers"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, path)
		}
		if errors.Is(err, fs.ErrNotExist) { // it was renamed meanwhile, or nothing was written yet
			return nil
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// comparesFiles checks that a report is whole and that nothing was wrong.
func comparesFiles(t *testing.T, got runResult) {
	t.Helper()
	if got.code != 1 || got.errors != "" || !strings.Contains(got.out, "1 file changed: tag") {
		t.Errorf("exit code %d: %s%s", got.code, got.errors, got.out)
	}
}

// withoutLayers checks that a report needs no layer from the registry.
func withoutLayers(t *testing.T, b *builds, layers []digest.Digest, dir, host string) {
	t.Helper()
	b.change(func() {
		for _, d := range layers {
			b.missing[d.String()] = true
		}
	})
	comparesFiles(t, runCommand(t.Context(), t, inCache(t, dir, host)))
	b.change(func() { clear(b.missing) })
}

// TestLists_killed checks that a program that is killed while it writes lists leaves none that is
// broken.
func TestLists_killed(t *testing.T) {
	t.Parallel()
	b, host, layers := startLists(t)
	dir := t.TempDir()
	for kill := range 8 {
		for _, path := range listFiles(t, dir) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
		cmd := inCache(t, dir, host)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() {
			_ = cmd.Wait() // it is killed
			close(ended)
		}()
		for isRunning := true; isRunning && len(listFiles(t, dir)) <= kill%2; { // while it writes the first or the second list
			select {
			case <-ended:
				isRunning = false
			default:
			}
		}
		_ = cmd.Process.Kill() // it may have ended
		<-ended
		comparesFiles(t, runCommand(t.Context(), t, inCache(t, dir, host)))
	}
	withoutLayers(t, b, layers, dir, host)
}

// TestLists_twoPrograms checks that programs that run at once share the lists.
func TestLists_twoPrograms(t *testing.T) {
	t.Parallel()
	b, host, layers := startLists(t)
	for range 3 {
		dir := t.TempDir()
		var ends []func() runResult
		for range 4 {
			ends = append(ends, startCommand(t.Context(), t, inCache(t, dir, host)))
		}
		for _, end := range ends {
			comparesFiles(t, end())
		}
		files := listFiles(t, dir)
		isTemporary := func(path string) bool { return len(filepath.Base(path)) != 62 } // not the rest of a SHA-256
		if len(files) < len(layers) || slices.ContainsFunc(files, isTemporary) {
			t.Errorf("files %q, want one for each layer, and no temporary ones", files)
		}
		withoutLayers(t, b, layers, dir, host)
	}
}

// TestLists_noSpace checks that a disk without space costs the lists and not the report. The limit of
// the size of a file has the same effect as a full disk: a write fails in the middle.
func TestLists_noSpace(t *testing.T) {
	t.Parallel()
	b, host, layers := startLists(t)
	dir := t.TempDir()
	cmd := inCache(t, dir, host)
	cmd.Args = append([]string{"sh", "-c", `ulimit -f 16; exec "$0" "$@"`}, cmd.Args...) // 8 or 16 KiB
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip(err)
	}
	cmd.Path = sh
	comparesFiles(t, runCommand(t.Context(), t, cmd))
	if files := listFiles(t, dir); len(files) > 0 {
		t.Errorf("files %q, want none", files)
	}
	comparesFiles(t, runCommand(t.Context(), t, inCache(t, dir, host)))
	withoutLayers(t, b, layers, dir, host)
}

// TestLists_lineCounts checks that a second look has the numbers of changed lines without a request for a layer:
// they are on disk beside the lists.
func TestLists_lineCounts(t *testing.T) {
	t.Parallel()
	b, host := startBuilds(t)
	noon := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	layers := []digest.Digest{
		b.push(t, "a", noon, "fast", insidetest.File("app/main.py", "one\ntwo\nthree\n")),
		b.push(t, "b", noon, "fast", insidetest.File("app/main.py", "one\n2\nthree\nfour\n")),
	}
	dir := t.TempDir()
	o := wide
	o.Env = []string{"XDG_CACHE_HOME=" + dir}
	for look := range 2 {
		term := uitest.Start(t, o, host+"/app:a", ":b")
		term.WaitFor("1 file changed: app/main.py +2 −1 lines")
		term.Type("4")
		term.WaitUntil("the row of the file with its lines", func(f uitest.Frame) bool {
			return slices.ContainsFunc(f.Rows(), changedMain.MatchString)
		})
		term.Type("q")
		if code := term.Wait(); code != 0 {
			t.Errorf("look %d: q ended the program with %d", look+1, code)
		}
		b.change(func() {
			for _, d := range layers {
				b.missing[d.String()] = true
			}
		})
	}
}

var changedMain = regexp.MustCompile(`≠ app/main\.py.* \+2 −1 lines`)
