package main

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
)

// TestLayout_upToDate checks that the embedded files are what generate makes:
// on every machine, and with every version of Go and of the libraries.
func TestLayout_upToDate(t *testing.T) {
	want := contents().files()
	got := map[string][]byte{}
	root := os.DirFS(filepath.Join("..", "layout"))
	for _, name := range generated {
		err := fs.WalkDir(root, name, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			got[path], err = fs.ReadFile(root, path)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	const remedy = "run go generate ./registry/demo"
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if content, ok := got[name]; !ok || !bytes.Equal(content, want[name]) {
			t.Errorf("%s is missing or out of date: %s", name, remedy)
		}
		delete(got, name)
	}
	for name := range got {
		t.Errorf("%s is not generated: %s", name, remedy)
	}
}

// TestDemo_knownDigests checks the digests of the empty layers that Go 1.7 and 1.8 write.
func TestDemo_knownDigests(t *testing.T) {
	if empty.digest != model.EmptyGzipGo18 || emptyGo17.digest != model.EmptyGzipGo17 {
		t.Errorf("empty layers are %s and %s", empty.digest, emptyGo17.digest)
	}
	for _, l := range []layer{empty, emptyGo17} {
		if got := digest.FromBytes(l.unpacked()); got != model.EmptyTar || l.diffID != model.EmptyTar || l.size != 32 {
			t.Errorf("%s of %d bytes unpacks to %s", l.digest, l.size, got)
		}
	}
}
