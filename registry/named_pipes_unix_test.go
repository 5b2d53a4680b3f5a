//go:build unix

package registry

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/tagdiff/tagdiff/model/files"
)

// pipe makes a pipe without a writer in place of a file.
func pipe(t testing.TB, path string) {
	t.Helper()
	ok(t, os.MkdirAll(filepath.Dir(path), 0o700))
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	ok(t, syscall.Mkfifo(path, 0o600))
}

// TestFiles_pipes checks that a pipe in place of a file does not block.
func TestFiles_pipes(t *testing.T) {
	s := newServer(t)
	r := s.ref("app", "a")
	s.pushImage(t, r, image(t, 1))
	dir := home(t, nil)
	opts := Options{Endpoints: filepath.Join(dir, "endpoints.json"), Documents: filepath.Join(dir, "documents"), CertDirs: []string{}}
	kept := func() []string {
		paths, err := filepath.Glob(filepath.Join(opts.Documents, "*", "*"))
		ok(t, err)
		return paths
	}
	read := func() {
		t.Helper()
		c := newClient(t, opts)
		a, err := c.Load(deadline(t), r, nil)
		ok(t, err)
		whole(t, a, 1, 1)
		c.disk.Close(time.Minute)
	}
	read()
	paths := kept()
	if len(paths) == 0 {
		t.Fatal("nothing is kept")
	}
	for _, f := range append(paths, filepath.Join(opts.Documents, ".tally"), filepath.Join(opts.Documents, ".swept"), opts.Endpoints,
		filepath.Join(dir, ".docker", "config.json"), filepath.Join(dir, ".regctl", "config.json")) {
		pipe(t, f)
	}
	read()
	for _, path := range paths {
		f, err := files.Open(path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		f.Close()
	}
}

// TestTLS_certificateIsPipe checks that a pipe in place of a certificate is reported.
func TestTLS_certificateIsPipe(t *testing.T) {
	for _, name := range []string{"ca.crt", "client.cert"} {
		s, certs := newTLSServer(t)
		file := filepath.Join(certs, s.host, name)
		pipe(t, file)
		_, err := newClient(t, Options{CertDirs: []string{certs}}).Load(deadline(t), s.ref("app", "a"), nil)
		says(t, err, file, "not a regular file", "repair or remove")
	}
}
