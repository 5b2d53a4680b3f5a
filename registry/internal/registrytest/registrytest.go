// Package registrytest has what the tests of package registry and of the
// packages below it share: checks, a home folder, a certificate authority. Only
// tests import it.
package registrytest

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tagdiff/tagdiff/model"
)

// Deadline is far beyond what any test takes; it turns a hang into a failure.
func Deadline(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// OK ends the test on an error.
func OK(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Says checks that err is a *model.ReadError that contains all words.
func Says(t testing.TB, err error, words ...string) {
	t.Helper()
	trouble, isTrouble := any(err).(*model.ReadError)
	if !isTrouble {
		t.Fatalf("got %#v, want a *model.ReadError", err)
	}
	for _, w := range words {
		if !strings.Contains(trouble.Error(), w) {
			t.Errorf("%q does not say %q", trouble, w)
		}
	}
	if len(trouble.Error()) > 1000 || bytes.ContainsAny([]byte(trouble.Message), "\n\r") {
		t.Errorf("not one short line: %q", trouble)
	}
}

// Home makes a home folder with these files and no other source of logins.
func Home(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		OK(t, os.MkdirAll(filepath.Dir(path), 0o700))
		OK(t, os.WriteFile(path, []byte(text), 0o700))
	}
	for _, name := range []string{"DOCKER_CONFIG", "DOCKER_AUTH_CONFIG", "REGISTRY_AUTH_FILE", "XDG_CONFIG_HOME", "REGCTL_CONFIG"} {
		t.Setenv(name, "")
	}
	t.Setenv("XDG_RUNTIME_DIR", filepath.Join(dir, "run")) // without it podman's logins are below /run
	t.Setenv("HOME", dir)
	t.Setenv("PATH", filepath.Join(dir, "bin")+":"+os.Getenv("PATH"))
	return dir
}

// CacheFiles are the files of a cache, leftovers and notes included, by what they are.
func CacheFiles(t testing.TB, dir string) (documents, others []string) {
	t.Helper()
	OK(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		name := filepath.Base(path)
		switch {
		case err != nil || e.IsDir():
		case strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".damaged"):
			others = append(others, path)
		default:
			documents = append(documents, path)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}))
	return documents, others
}
