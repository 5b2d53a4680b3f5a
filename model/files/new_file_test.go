package files

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func namesIn(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestNewFile checks that a file has its name only once it is whole, that what was written before Restart
// is gone, and that it is for its owner only.
func TestNewFile(t *testing.T) {
	for _, size := range []int{0, 10, 1 << 20} {
		folder := t.TempDir()
		path := filepath.Join(folder, "new")
		n, err := CreateNew(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, wrong := range [][]byte{bytes.Repeat([]byte("x"), size+7), []byte("y")} {
			if _, err := n.Write(wrong); err != nil {
				t.Fatal(err)
			}
			if err := n.Restart(); err != nil {
				t.Fatal(err)
			}
		}
		want := bytes.Repeat([]byte("z"), size)
		if _, err := n.Write(want); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Lstat(path); err == nil {
			t.Error("the file has its name before it is whole")
		}
		if got, err := n.Commit(); err != nil || got != path {
			t.Fatalf("Commit = %q, %v", got, err)
		}
		content, err := os.ReadFile(path)
		if info, _ := os.Stat(path); err != nil || !bytes.Equal(content, want) || info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
			t.Errorf("%d bytes of %d, %v", len(content), size, err)
		}
		if names := namesIn(t, folder); len(names) != 1 {
			t.Errorf("files %q", names)
		}
	}
}

// TestNewFile_exists checks that nothing is replaced or written through: neither what is at the path at
// first, nor what comes to be there meanwhile, and that no part stays.
func TestNewFile_exists(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "old")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := CreateNew(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a file: %v", err)
	}
	link := filepath.Join(folder, "link")
	if err := os.Symlink(filepath.Join(folder, "target"), link); err != nil {
		t.Skip(err)
	}
	if _, err := CreateNew(link); !errors.Is(err, fs.ErrExist) {
		t.Errorf("through a link: %v", err)
	}
	late := filepath.Join(folder, "late")
	n, err := CreateNew(late)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path, late); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Commit(); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a link came meanwhile: %v", err)
	}
	if n, err = CreateNew(filepath.Join(folder, "discarded")); err != nil {
		t.Fatal(err)
	}
	n.Discard()
	if content, _ := os.ReadFile(path); string(content) != "old" || len(namesIn(t, folder)) != 3 {
		t.Errorf("%q, files %q", content, namesIn(t, folder))
	}
}

// TestFreeSpace checks that the space of a folder is known where the tests run, and not of a folder that is
// not there.
func TestFreeSpace(t *testing.T) {
	if free, ok := FreeSpace(t.TempDir()); !ok || free <= 0 {
		t.Errorf("%d, %v", free, ok)
	}
	if _, ok := FreeSpace(filepath.Join(t.TempDir(), "none")); ok {
		t.Error("a folder that is not there has space")
	}
}
