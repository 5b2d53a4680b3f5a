package diskcache

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry/internal/registrytest"
)

const testMaxDocument = 8 << 20

// TestPut_afterClose checks that nothing is written after Close.
func TestPut_afterClose(t *testing.T) {
	dir := t.TempDir()
	d := New(Options{Dir: dir, MaxDocument: testMaxDocument})
	d.Close(time.Minute)
	d.Close(time.Minute)
	d.Put(Document{Kind: "manifest", Digest: digest.FromString("{}"), Raw: []byte("{}")})
	if all, others := registrytest.CacheFiles(t, dir); len(all)+len(others) != 0 {
		t.Errorf("%d documents", len(all))
	}
}

// fill writes documents of a size, as used one second after the other.
func fill(t testing.TB, d *Cache, n, size int) []model.Ref {
	t.Helper()
	var refs []model.Ref
	start := time.Now().Add(-24 * time.Hour)
	for i := range n {
		raw := bytes.Repeat([]byte{byte(i), byte(i >> 8)}, size/2)
		r := model.Ref{Registry: "here", Repository: "app", Digest: digest.FromBytes(raw)}
		content, _ := Document{Kind: "config", Repo: r.Repo(), Digest: r.Digest, Raw: raw}.file()
		registrytest.OK(t, replaceFile(d.path("config", r), content))
		at := start.Add(time.Duration(i) * time.Second)
		registrytest.OK(t, os.Chtimes(d.path("config", r), at, at))
		refs = append(refs, r)
	}
	return refs
}

// TestCache_limit checks that the size of the cache is limited.
func TestCache_limit(t *testing.T) {
	d := New(Options{Dir: t.TempDir(), MaxDocument: testMaxDocument})
	d.limit = 40 * 2 * block
	refs := fill(t, d, 50, block+1)
	d.Touch("config", refs[0])
	d.recordWritten(50 * 2 * block)
	all, _ := registrytest.CacheFiles(t, d.dir)
	if len(all) != 30 {
		t.Errorf("%d documents, want 30: three quarters of the bound", len(all))
	}
	for i, r := range refs {
		if _, _, there := d.Get("config", r); there != (i == 0 || i > 20) {
			t.Errorf("%d is there: %v", i, there)
		}
	}
	if total, err := d.tally(0); err != nil || total != 60 {
		t.Errorf("the tally is %d, want 60: %v", total, err)
	}
}

// TestSweep_leftovers checks that a sweep removes old temporary and damaged files.
func TestSweep_leftovers(t *testing.T) {
	d := New(Options{Dir: t.TempDir(), MaxDocument: testMaxDocument})
	fill(t, d, 3, 100)
	now := time.Now()
	for name, old := range map[string]time.Duration{
		tempPrefix + "1": 2 * time.Hour, tempPrefix + "2": time.Minute,
		"x" + damagedSuffix: 8 * 24 * time.Hour, "y" + damagedSuffix: 6 * 24 * time.Hour,
	} {
		path := filepath.Join(d.dir, "00", name)
		registrytest.OK(t, os.MkdirAll(filepath.Dir(path), 0o700))
		registrytest.OK(t, os.WriteFile(path, nil, 0o600))
		registrytest.OK(t, os.Chtimes(path, now.Add(-old), now.Add(-old)))
	}
	d.recordWritten(1)
	for name, want := range map[string]bool{tempPrefix + "1": false, tempPrefix + "2": true, "x" + damagedSuffix: false, "y" + damagedSuffix: true} {
		if _, err := os.Stat(filepath.Join(d.dir, "00", name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if all, _ := registrytest.CacheFiles(t, d.dir); len(all) != 3 {
		t.Errorf("%d documents", len(all))
	}

	// Not again on the same day.
	stray := filepath.Join(d.dir, "00", tempPrefix+"3")
	registrytest.OK(t, os.WriteFile(stray, nil, 0o600))
	registrytest.OK(t, os.Chtimes(stray, now.Add(-2*time.Hour), now.Add(-2*time.Hour)))
	d.recordWritten(1)
	if _, err := os.Stat(stray); err != nil {
		t.Error("it was swept twice")
	}
	registrytest.OK(t, os.Chtimes(filepath.Join(d.dir, sweptStamp), now, now.Add(-25*time.Hour)))
	d.recordWritten(1)
	if _, err := os.Stat(stray); err == nil {
		t.Error("it was not swept on the next day")
	}
}

// TestSweep_clockWasAhead checks that a sweep stamp in the future does not prevent sweeps.
func TestSweep_clockWasAhead(t *testing.T) {
	d := New(Options{Dir: t.TempDir(), MaxDocument: testMaxDocument})
	d.limit = 1 << 20
	d.recordWritten(1)
	next := time.Now().Add(1000 * 24 * time.Hour)
	registrytest.OK(t, os.Chtimes(filepath.Join(d.dir, sweptStamp), next, next))
	d.recordWritten(2 << 20)
	info, err := os.Stat(filepath.Join(d.dir, sizeTally))
	registrytest.OK(t, err)
	if info.Size()*block > d.limit {
		t.Errorf("%d blocks, and no sweep", info.Size())
	}
}

// TestSweep_symlink checks that a cache folder that is a symbolic link is swept.
func TestSweep_symlink(t *testing.T) {
	folder, link := t.TempDir(), filepath.Join(t.TempDir(), "documents")
	if err := os.Symlink(folder, link); err != nil {
		t.Skip(err)
	}
	d := New(Options{Dir: link, MaxDocument: testMaxDocument})
	d.limit = 1 << 20
	registrytest.OK(t, os.Mkdir(filepath.Join(folder, "ab"), 0o700))
	for _, name := range []string{"1", "2", "3"} {
		registrytest.OK(t, os.WriteFile(filepath.Join(folder, "ab", name), make([]byte, 1<<19), 0o600))
	}
	d.sweep(time.Now())
	if left, _ := registrytest.CacheFiles(t, folder); len(left) != 1 {
		t.Errorf("%d files are left", len(left))
	}
}
