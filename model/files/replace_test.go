package files

import (
	"os"
	"path/filepath"
	"testing"
)

// TestReplace_wholeFile checks that the new content replaces the old, that only
// the owner can read it, and that no temporary file remains.
func TestReplace_wholeFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for _, content := range []string{"first, which is longer", "second", ""} {
		if err := Replace(path, ".new-", []byte(content)); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != content {
			t.Errorf("read %q, %v, want %q", got, err, content)
		}
	}
	onlyFile(t, path)
}

// TestReplaceSynced_info checks that the returned info is that of the new file.
func TestReplaceSynced_info(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	info, err := ReplaceSynced(path, ".new-", []byte("content"))
	if err != nil {
		t.Fatal(err)
	}
	now, err := os.Stat(path)
	if err != nil || !os.SameFile(info, now) || info.Size() != 7 {
		t.Errorf("info %+v, file %+v, %v", info, now, err)
	}
	onlyFile(t, path)
}

// TestReplace_failure checks that a failed rename keeps what was at path and
// removes the temporary file.
func TestReplace_failure(t *testing.T) {
	path := filepath.Join(t.TempDir(), "folder")
	if err := os.MkdirAll(filepath.Join(path, "inside"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Replace(path, ".new-", []byte("content")); err == nil {
		t.Error("a folder was replaced")
	}
	onlyFile(t, path)
	if err := Replace(filepath.Join(t.TempDir(), "none", "file"), ".new-", nil); err == nil {
		t.Error("a file was written to a folder that does not exist")
	}
}

// onlyFile checks that the folder of path holds nothing else.
func onlyFile(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 || entries[0].Name() != filepath.Base(path) {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
}
