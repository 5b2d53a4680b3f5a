//go:build unix

package transport

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/tagdiff/tagdiff/registry/internal/registrytest"
)

// TestEndpointFile_pipe checks that a pipe in place of the file is replaced and does not
// block a reader.
func TestEndpointFile_pipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "endpoints.json")
	registrytest.OK(t, syscall.Mkfifo(path, 0o600))
	NewEndpointFile(path).update("r.example", func(p *endpoint) { p.Blobs = "blobs.example" })
	info, err := os.Stat(path)
	registrytest.OK(t, err)
	if !info.Mode().IsRegular() {
		t.Errorf("it is still %s", info.Mode())
	}
	if got, known := NewEndpointFile(path).get("r.example"); !known || got.Blobs != "blobs.example" {
		t.Errorf("read %+v, %v", got, known)
	}
}
