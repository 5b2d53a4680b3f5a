package registry

import (
	"bytes"
	"fmt"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/tagdiff/tagdiff/registry/internal/registrytest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
)

const testMaxDocument = 8 << 20

// A signed schema1 manifest's digest is not that of its bytes, and what has no
// digest of its own cannot be verified.
func TestWhatDoesNotVerifyIsNotKept(t *testing.T) {
	dir := t.TempDir()
	d := newDocuments(cacheOptions{Dir: dir, MaxDocument: testMaxDocument})
	repo := model.Ref{Registry: "here", Repository: "app"}
	d.put(document{kind: "manifest", repo: repo, digest: digest.FromString("other"), raw: []byte("{}")})
	d.put(document{kind: "manifest", repo: repo, digest: digest.FromString("{}"), raw: []byte("{}")})
	d.close(time.Minute)
	if all, _ := registrytest.CacheFiles(t, dir); len(all) != 1 {
		t.Errorf("%d documents", len(all))
	}
}

func TestNothingIsKeptAfterClose(t *testing.T) {
	dir := t.TempDir()
	d := newDocuments(cacheOptions{Dir: dir, MaxDocument: testMaxDocument})
	d.close(time.Minute)
	d.close(time.Minute)
	d.put(document{kind: "manifest", digest: digest.FromString("{}"), raw: []byte("{}")})
	if all, others := registrytest.CacheFiles(t, dir); len(all)+len(others) != 0 {
		t.Errorf("%d documents", len(all))
	}
}

// fill writes documents of a size, as used one second after the other.
func fill(t testing.TB, d *documents, n, size int) []model.Ref {
	t.Helper()
	var refs []model.Ref
	start := time.Now().Add(-24 * time.Hour)
	for i := range n {
		raw := bytes.Repeat([]byte{byte(i), byte(i >> 8)}, size/2)
		r := model.Ref{Registry: "here", Repository: "app", Digest: digest.FromBytes(raw)}
		_, err := d.store(document{kind: "config", repo: r.Repo(), digest: r.Digest, raw: raw})
		registrytest.OK(t, err)
		at := start.Add(time.Duration(i) * time.Second)
		registrytest.OK(t, os.Chtimes(d.path("config", r), at, at))
		refs = append(refs, r)
	}
	return refs
}

func TestTheCacheIsBounded(t *testing.T) {
	d := newDocuments(cacheOptions{Dir: t.TempDir(), MaxDocument: testMaxDocument})
	d.limit = 40 * 2 * block
	refs := fill(t, d, 50, block+1)
	d.touch("config", refs[0])
	d.account(50 * 2 * block)
	all, _ := registrytest.CacheFiles(t, d.dir)
	if len(all) != 30 {
		t.Errorf("%d documents, want 30: three quarters of the bound", len(all))
	}
	for i, r := range refs {
		if _, _, there := d.get("config", r); there != (i == 0 || i > 20) {
			t.Errorf("%d is there: %v", i, there)
		}
	}
	if total, err := d.tally(0); err != nil || total != 60 {
		t.Errorf("the tally is %d, want 60: %v", total, err)
	}
}

func TestLeftoversAreSwept(t *testing.T) {
	d := newDocuments(cacheOptions{Dir: t.TempDir(), MaxDocument: testMaxDocument})
	fill(t, d, 3, 100)
	now := time.Now()
	for name, old := range map[string]time.Duration{
		newBeginning + "1": 2 * time.Hour, newBeginning + "2": time.Minute,
		"x" + damagedEnding: 8 * 24 * time.Hour, "y" + damagedEnding: 6 * 24 * time.Hour,
	} {
		path := filepath.Join(d.dir, "00", name)
		registrytest.OK(t, os.MkdirAll(filepath.Dir(path), 0o700))
		registrytest.OK(t, os.WriteFile(path, nil, 0o600))
		registrytest.OK(t, os.Chtimes(path, now.Add(-old), now.Add(-old)))
	}
	d.account(1)
	for name, want := range map[string]bool{newBeginning + "1": false, newBeginning + "2": true, "x" + damagedEnding: false, "y" + damagedEnding: true} {
		if _, err := os.Stat(filepath.Join(d.dir, "00", name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if all, _ := registrytest.CacheFiles(t, d.dir); len(all) != 3 {
		t.Errorf("%d documents", len(all))
	}

	// Not again on the same day.
	stray := filepath.Join(d.dir, "00", newBeginning+"3")
	registrytest.OK(t, os.WriteFile(stray, nil, 0o600))
	registrytest.OK(t, os.Chtimes(stray, now.Add(-2*time.Hour), now.Add(-2*time.Hour)))
	d.account(1)
	if _, err := os.Stat(stray); err != nil {
		t.Error("it was swept twice")
	}
	registrytest.OK(t, os.Chtimes(filepath.Join(d.dir, sweptStamp), now, now.Add(-25*time.Hour)))
	d.account(1)
	if _, err := os.Stat(stray); err == nil {
		t.Error("it was not swept on the next day")
	}
}

// writerEnv makes this test binary a process that does nothing but write
// documents into a folder until it is killed or has written so many.
const writerEnv = "TAGDIFF_TEST_WRITES_TO"

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerEnv); dir != "" {
		d := newDocuments(cacheOptions{Dir: dir, MaxDocument: testMaxDocument})
		d.limit = 150 * block
		for round := 0; ; round++ {
			for i := range numberedDocuments {
				d.put(numbered(i))
			}
			for len(d.queue) > 0 {
				runtime.Gosched()
			}
			if round == 2 && os.Getenv(writerEnv+"_AND_ENDS") != "" {
				d.close(time.Minute)
				os.Exit(0)
			}
		}
	}
	os.Exit(m.Run())
}

// numberedDocuments is how many a writer writes again and again.
const numberedDocuments = 100

// numbered is one of many documents, large enough for a kill to hit it.
func numbered(i int) document {
	raw := []byte(strings.Repeat(fmt.Sprintf("%08d", i), 1+i*40))
	return document{kind: "manifest", repo: model.Ref{Registry: "here", Repository: "app"}, digest: digest.FromBytes(raw), mediaType: v1.MediaTypeImageManifest, raw: raw}
}

func writer(t *testing.T, dir string, more ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	registrytest.OK(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(append(os.Environ(), writerEnv+"="+dir), more...)
	registrytest.OK(t, cmd.Start())
	return cmd
}

// sound checks that whatever is in a cache verifies, and says how much it is.
func sound(t *testing.T, dir string) int {
	t.Helper()
	d := newDocuments(cacheOptions{Dir: dir, MaxDocument: testMaxDocument, Warn: func(s string) { t.Error(s) }})
	n := 0
	for i := range numberedDocuments {
		doc := numbered(i)
		if got, _, there := d.get(doc.kind, doc.repo.AtDigest(doc.digest)); there {
			n++
			if !bytes.Equal(got.raw, doc.raw) || got.mediaType != v1.MediaTypeImageManifest {
				t.Errorf("%d is another", i)
			}
		}
	}
	if _, others := registrytest.CacheFiles(t, dir); strings.Contains(strings.Join(others, " "), damagedEnding) {
		t.Error("something was damaged")
	}
	return n
}

func TestAKillInTheMiddleDamagesNothing(t *testing.T) {
	dir := t.TempDir()
	for kill := range 5 {
		cmd := writer(t, dir)
		for { // until it writes
			all, others := registrytest.CacheFiles(t, dir)
			if len(all) > 10*kill && len(others) > 0 {
				break
			}
			runtime.Gosched()
		}
		registrytest.OK(t, cmd.Process.Kill())
		_ = cmd.Wait()
		if sound(t, dir) == 0 {
			t.Error("nothing is there")
		}
	}
}

func TestTwoProcessesWriteAtOnce(t *testing.T) {
	dir := t.TempDir()
	both := []*exec.Cmd{writer(t, dir, writerEnv+"_AND_ENDS=1"), writer(t, dir, writerEnv+"_AND_ENDS=1")}
	for range 3 {
		sound(t, dir) // while they write
	}
	for _, cmd := range both {
		registrytest.OK(t, cmd.Wait())
	}
	if n := sound(t, dir); n == 0 {
		t.Error("nothing is there")
	}
	if _, others := registrytest.CacheFiles(t, dir); len(others) != 2 {
		t.Errorf("leftovers %q, want the stamp and the tally alone", others)
	}
}

func FuzzDocument(f *testing.F) {
	r := model.Ref{Registry: "here", Repository: "app", Digest: digest.FromString("{}")}
	f.Add([]byte(`{"repository":"here/app","digest":"` + r.Digest.String() + `","mediaType":"x"}` + "\n{}"))
	f.Add([]byte("\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		doc, err := parseDocument(content, "manifest", r)
		if err == nil && (string(doc.raw) != "{}" || doc.digest != r.Digest) {
			t.Errorf("%q is taken for %s", doc.raw, r.Digest)
		}
	})
}

// A clock that was ahead once must not keep the cache from ever being swept.
func TestSweepAfterAClockThatWasAhead(t *testing.T) {
	d := newDocuments(cacheOptions{Dir: t.TempDir(), MaxDocument: testMaxDocument})
	d.limit = 1 << 20
	d.account(1)
	next := time.Now().Add(1000 * 24 * time.Hour)
	registrytest.OK(t, os.Chtimes(filepath.Join(d.dir, sweptStamp), next, next))
	d.account(2 << 20)
	info, err := os.Stat(filepath.Join(d.dir, sizeTally))
	registrytest.OK(t, err)
	if info.Size()*block > d.limit {
		t.Errorf("%d blocks, and nobody sweeps", info.Size())
	}
}

func TestSweepOfAFolderThatIsALink(t *testing.T) {
	folder, link := t.TempDir(), filepath.Join(t.TempDir(), "documents")
	if err := os.Symlink(folder, link); err != nil {
		t.Skip(err)
	}
	d := newDocuments(cacheOptions{Dir: link, MaxDocument: testMaxDocument})
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
