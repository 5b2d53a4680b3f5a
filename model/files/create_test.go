package files

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestCreate: a file is written once, for its owner only, and never through a link.
func TestCreate(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "new")
	got, err := Create(path, []byte("content"))
	if err != nil || got != path {
		t.Fatalf("Create = %q, %v", got, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
		t.Errorf("the file is %v, %v", info, err)
	}
	if _, err := Create(path, []byte("other")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second Create: %v, want fs.ErrExist", err)
	}
	if content, _ := os.ReadFile(path); string(content) != "content" {
		t.Errorf("the file has %q", content)
	}
	link := filepath.Join(folder, "link")
	if err := os.Symlink(filepath.Join(folder, "target"), link); err != nil {
		t.Skip(err)
	}
	if _, err := Create(link, nil); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Create through a link: %v, want fs.ErrExist", err)
	}
}
