package diskcache

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/registry/internal/registrytest"
)

// TestList checks that a list is found by the digest of its blob in a later run, that a new one
// replaces it, and that one that cannot be made or is too large is not kept.
func TestList(t *testing.T) {
	dir := t.TempDir()
	a, b, c := digest.FromString("a"), digest.FromString("b"), digest.FromString("c")
	text := func(s string, err error) func() ([]byte, error) {
		return func() ([]byte, error) { return []byte(s), err }
	}
	d := New(Options{Dir: dir, MaxDocument: testMaxDocument})
	d.PutList(a, text("old", nil))
	d.PutList(a, text("new", nil))
	d.PutList(b, text("", errors.New("no form")))
	d.PutList(c, func() ([]byte, error) { return make([]byte, MaxListFile+1), nil })
	d.Close(time.Minute)
	later := New(Options{Dir: dir, MaxDocument: testMaxDocument})
	if got, ok := later.List(a); !ok || string(got) != "new" {
		t.Errorf("got %q, %v", got, ok)
	}
	for _, of := range []digest.Digest{b, c} {
		if got, ok := later.List(of); ok {
			t.Errorf("%s: %d bytes", of, len(got))
		}
	}
	if _, ok := New(Options{}).List(a); ok {
		t.Error("a list without a cache")
	}
}

// TestList_swept checks that lists count for the limit of the cache and that the least recently
// used are removed, among the documents.
func TestList_swept(t *testing.T) {
	d := New(Options{Dir: t.TempDir(), MaxDocument: testMaxDocument})
	d.limit = 8 * block
	old, used := digest.FromString("old"), digest.FromString("used")
	for _, of := range []digest.Digest{old, used} {
		registrytest.OK(t, replaceFile(d.listPath(of), make([]byte, block)))
		registrytest.OK(t, os.Chtimes(d.listPath(of), time.Time{}, time.Now().Add(-48*time.Hour)))
	}
	refs := fill(t, d, 7, block/2)
	if _, ok := d.List(used); !ok {
		t.Fatal("the list is not there")
	}
	d.recordWritten(9 * block)
	_, hasOld := d.List(old)
	_, hasUsed := d.List(used)
	_, _, hasFirst := d.Get("config", refs[0])
	if hasOld || !hasUsed || hasFirst {
		t.Errorf("the old list %v, the used one %v, the oldest document %v", hasOld, hasUsed, hasFirst)
	}
}

// TestList_readOnly checks that a cache that cannot be written costs the list alone.
func TestList_readOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "file")
	registrytest.OK(t, os.WriteFile(dir, nil, 0o600)) // where the folder should be
	d := New(Options{Dir: dir, MaxDocument: testMaxDocument, Warn: func(s string) { t.Error(s) }})
	d.PutList(digest.FromString("a"), func() ([]byte, error) { return []byte("list"), nil })
	d.Close(time.Minute)
	if _, ok := d.List(digest.FromString("a")); ok {
		t.Error("a list")
	}
}
