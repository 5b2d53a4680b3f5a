package registry

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
)

// keptFiles are the files of a cache, leftovers and notes included, by what they are.
func keptFiles(t testing.TB, dir string) (documents, others []string) {
	t.Helper()
	ok(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		name := filepath.Base(path)
		switch {
		case err != nil || e.IsDir():
		case strings.HasPrefix(name, ".") || strings.HasSuffix(name, damagedEnding):
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

// secondRun is a client of a later run with the same cache.
func secondRun(t testing.TB, dir string, known map[string]digest.Digest) (*Client, *[]string) {
	t.Helper()
	var mu sync.Mutex
	said := []string{}
	c := newClient(t, Options{Documents: dir,
		Warn: func(s string) { mu.Lock(); defer mu.Unlock(); said = append(said, s) },
		Known: func(r model.Ref) (digest.Digest, bool) {
			d, ok := known[r.Tag]
			return d, ok
		},
	})
	t.Cleanup(c.Close)
	return c, &said
}

// filledCache fills a cache with two indexes of eight platforms.
func filledCache(t testing.TB) (s *server, dir string, known map[string]digest.Digest) {
	t.Helper()
	s, dir = newServer(t), filepath.Join(t.TempDir(), "documents")
	a, b := s.ref("app", "a"), s.ref("app", "b")
	s.pushIndex(t, a, eightPlatforms(t))
	s.pushIndex(t, b, eightPlatforms(t))
	c := newClient(t, Options{Documents: dir})
	x, y := loadBoth(t, c, a, b)
	c.Close()
	if n, _ := keptFiles(t, dir); len(n) != 34 {
		t.Fatalf("%d documents, want 34", len(n))
	}
	s.reset()
	return s, dir, map[string]digest.Digest{"a": x.Digest(), "b": y.Digest()}
}

// age makes all documents look as if they were last used at a time.
func age(t testing.TB, dir string, at time.Time) {
	t.Helper()
	all, _ := keptFiles(t, dir)
	for _, path := range all {
		ok(t, os.Chtimes(path, at, at))
	}
}

func TestASecondLookIsOneRoundOfTwoRequests(t *testing.T) {
	s, dir, known := filledCache(t)
	waves(t, s, 2)
	c, _ := secondRun(t, dir, known)
	x, y := loadBoth(t, c, s.ref("app", "a"), s.ref("app", "b"))
	whole(t, x, 16, 8)
	whole(t, y, 16, 8)
	for _, r := range s.requests() {
		if !strings.HasPrefix(r, "HEAD ") {
			t.Errorf("%s", r)
		}
	}
	if x.Top.MediaType == "" || x.Ref != s.ref("app", "a") {
		t.Errorf("got %s as %s", x.Ref, x.Top.MediaType)
	}
}

// What was kept for long is asked for all the same, in the same round.
func TestALaterLookIsOneRoundOfHEADs(t *testing.T) {
	s, dir, known := filledCache(t)
	age(t, dir, time.Now().Add(-2*time.Hour))
	waves(t, s, 2+16)
	c, _ := secondRun(t, dir, known)
	x, y := loadBoth(t, c, s.ref("app", "a"), s.ref("app", "b"))
	whole(t, x, 16, 8)
	whole(t, y, 16, 8)
	for _, r := range s.requests() {
		if !strings.HasPrefix(r, "HEAD ") {
			t.Errorf("%s", r)
		}
	}
	s.plain.Store(true)
	s.reset()
	c, _ = secondRun(t, dir, known) // within the hour now
	loadBoth(t, c, s.ref("app", "a"), s.ref("app", "b"))
	if n := len(s.requests()); n != 2 {
		t.Errorf("%d requests, want 2: %q", n, s.requests())
	}
}

// An old cache must not hide that a registry has lost a manifest.
func TestALostManifestIsMissingAlthoughItIsCached(t *testing.T) {
	s, dir, known := filledCache(t)
	age(t, dir, time.Now().Add(-2*time.Hour))
	m := readIndex(t, s, dir, known["a"])
	gone := m.Children[0].Digest.String()
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, gone) {
			http.Error(w, `{"errors":[{"code":"MANIFEST_UNKNOWN"}]}`, http.StatusNotFound)
			return true
		}
		return false
	})
	for range 2 {
		c, _ := secondRun(t, dir, known)
		x, err := c.Load(deadline(t), s.ref("app", "a"), nil)
		ok(t, err)
		says(t, x.Entries[0].Err, "has no "+shortDigest(m.Children[0].Digest)+" in app")
		if x.Entries[2].Err != nil || x.Entries[2].Image == nil {
			t.Errorf("the others are lost too: %v", x.Entries[2].Err)
		}
		s.reset()
	}
	r := s.ref("app", "").AtDigest(m.Children[0].Digest)
	if _, _, there := newDocuments(Options{Documents: dir}).get("manifest", r); there {
		t.Error("the file is still there")
	}
}

func readIndex(t testing.TB, s *server, dir string, d digest.Digest) model.Manifest {
	t.Helper()
	doc, _, there := newDocuments(Options{Documents: dir}).get("manifest", s.ref("app", "").AtDigest(d))
	if !there {
		t.Fatalf("%s is not kept", d)
	}
	m, err := manifestOnDisk(doc)
	ok(t, err)
	return m
}

// Who asks for an old digest wants to know whether it is still there.
func TestADigestIsAlwaysConfirmed(t *testing.T) {
	s, dir, known := filledCache(t)
	r := s.ref("app", "").AtDigest(known["a"])
	c, _ := secondRun(t, dir, nil)
	for range 2 {
		s.reset()
		x, err := c.Load(deadline(t), r, nil)
		ok(t, err)
		whole(t, x, 16, 8)
		if got := s.requests(); len(got) != 1 || got[0] != "HEAD /v2/app/manifests/"+string(known["a"]) {
			t.Errorf("requests %q", got)
		}
	}
	s.setFront(func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(http.StatusBadGateway); return true })
	x, err := c.Load(deadline(t), r, nil) // whoever cannot be asked is believed to have it
	ok(t, err)
	whole(t, x, 16, 8)
	s.setFront(func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(http.StatusNotFound); return true })
	_, err = c.Load(deadline(t), r, nil)
	says(t, err, "has no "+shortDigest(known["a"])+" in app")
	if trouble := err.(*model.Trouble); !trouble.Missing { //nolint:errorlint // says has checked it
		t.Error("it is not said to be missing")
	}
}

func TestATagThatMovedIsReadAnew(t *testing.T) {
	s, dir, known := filledCache(t)
	s.pushIndex(t, s.ref("app", "a"), eightPlatforms(t))
	c, _ := secondRun(t, dir, known)
	var shown []digest.Digest
	x, err := c.Load(deadline(t), s.ref("app", "a"), func(a model.Artifact) { shown = append(shown, a.Digest()) })
	ok(t, err)
	whole(t, x, 16, 8)
	if x.Digest() == known["a"] {
		t.Fatal("the tag has not moved")
	}
	for _, d := range shown {
		if d != x.Digest() {
			t.Error("what the tag was before has been shown")
		}
	}
	if n := len(s.requests()); n != 1+1+16 {
		t.Errorf("%d requests, want 18", n)
	}
}

func TestATagThatIsGoneIsMissingAlthoughItIsCached(t *testing.T) {
	s, dir, known := filledCache(t)
	s.setFront(func(w http.ResponseWriter, _ *http.Request) bool {
		http.Error(w, `{"errors":[{"code":"MANIFEST_UNKNOWN"}]}`, http.StatusNotFound)
		return true
	})
	c, _ := secondRun(t, dir, known)
	_, err := c.Load(deadline(t), s.ref("app", "a"), nil)
	says(t, err, "has no tag a in app")
}

func TestWithoutHEADATagIsReadWithGET(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"refused":   status(http.StatusMethodNotAllowed, ""),
		"forbidden": status(http.StatusForbidden, ""),
		"no digest": status(http.StatusOK, "", "Content-Type", ociManifest),
	} {
		t.Run(name, func(t *testing.T) {
			s, dir, known := filledCache(t)
			s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method == http.MethodHead {
					answer(w, r)
				}
				return r.Method == http.MethodHead
			})
			c, _ := secondRun(t, dir, known)
			x, err := c.Load(deadline(t), s.ref("app", "a"), nil)
			ok(t, err)
			whole(t, x, 16, 8)
			if got := s.requests(); len(got) != 2 || got[1] != "GET /v2/app/manifests/a" {
				t.Errorf("requests %q", got)
			}
		})
	}
}

func TestWhatOneRepositoryHasProvesNothingAboutAnother(t *testing.T) {
	s, dir, known := filledCache(t)
	c, _ := secondRun(t, dir, nil)
	_, err := c.Load(deadline(t), s.ref("other", "").AtDigest(known["a"]), nil)
	says(t, err, "has no")
}

// TestADamagedFileIsSetAsideAndFetchedAgain, whatever the damage is.
func TestADamagedFileIsSetAsideAndFetchedAgain(t *testing.T) {
	for name, damage := range map[string]func([]byte) []byte{
		"empty":         func([]byte) []byte { return nil },
		"cut off":       func(b []byte) []byte { return b[:len(b)-7] },
		"a bit flipped": func(b []byte) []byte { b[len(b)-9] ^= 1; return b },
		"other head":    func(b []byte) []byte { return bytes.Replace(b, []byte("/app"), []byte("/apq"), 1) },
		"other type": func(b []byte) []byte {
			return bytes.Replace(b, []byte("application/vnd."), []byte("application/vnc."), 1)
		},
		"zeros":        func(b []byte) []byte { return make([]byte, len(b)) },
		"far too long": func([]byte) []byte { return make([]byte, 20<<20) },
	} {
		t.Run(name, func(t *testing.T) {
			s, dir, known := filledCache(t)
			path := newDocuments(Options{Documents: dir}).path("manifest", s.ref("app", "").AtDigest(readIndex(t, s, dir, known["a"]).Children[0].Digest))
			content, err := os.ReadFile(path)
			ok(t, err)
			ok(t, os.WriteFile(path, damage(bytes.Clone(content)), 0o600))
			c, said := secondRun(t, dir, known)
			x, err := c.Load(deadline(t), s.ref("app", "a"), nil)
			ok(t, err)
			whole(t, x, 16, 8)
			if n := len(s.requests()); n != 2 {
				t.Errorf("requests %q, want a HEAD and a GET", s.requests())
			}
			if len(*said) != 1 || !strings.Contains((*said)[0], path+damagedEnding) {
				t.Errorf("said %q", *said)
			}
			c.Close()
			if _, err := os.Stat(path + damagedEnding); err != nil {
				t.Error(err)
			}
			if again, err := os.ReadFile(path); err != nil || !bytes.Equal(again, content) {
				t.Errorf("it is not there again: %v", err)
			}
		})
	}
}

func TestDamageIsToldOnce(t *testing.T) {
	s, dir, known := filledCache(t)
	all, _ := keptFiles(t, dir)
	for _, path := range all {
		ok(t, os.WriteFile(path, []byte("?"), 0o600))
	}
	c, said := secondRun(t, dir, known)
	x, err := c.Load(deadline(t), s.ref("app", "a"), nil)
	ok(t, err)
	whole(t, x, 16, 8)
	if len(*said) != 1 {
		t.Errorf("said %q", *said)
	}
}

func TestTheCacheMayBeDeletedAtAnyTime(t *testing.T) {
	s, dir, known := filledCache(t)
	c, _ := secondRun(t, dir, known)
	ok(t, os.RemoveAll(dir))
	x, err := c.Load(deadline(t), s.ref("app", "a"), nil)
	ok(t, err)
	whole(t, x, 16, 8)
	c.Close()
	if all, _ := keptFiles(t, dir); len(all) != 17 {
		t.Errorf("%d documents are there again, want 17", len(all))
	}
}

func TestACacheThatCannotBeWrittenHarmsNothing(t *testing.T) {
	s := newServer(t)
	s.pushImage(t, s.ref("app", "a"), image(t, 1))
	file := filepath.Join(t.TempDir(), "file")
	ok(t, os.WriteFile(file, nil, 0o600))
	c, said := secondRun(t, filepath.Join(file, "documents"), nil)
	x, err := c.Load(deadline(t), s.ref("app", "a"), nil)
	ok(t, err)
	whole(t, x, 1, 1)
	c.Close()
	if len(*said) != 0 {
		t.Errorf("said %q", *said)
	}
}

func TestTheCacheIsForItsOwnerAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("it has other permissions")
	}
	_, dir, _ := filledCache(t)
	ok(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		ok(t, err)
		info, err := e.Info()
		ok(t, err)
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is %s", path, info.Mode())
		}
		return nil
	}))
}

// A signed schema1 manifest's digest is not that of its bytes, and what has no
// digest of its own cannot be verified.
func TestWhatDoesNotVerifyIsNotKept(t *testing.T) {
	dir := t.TempDir()
	d := newDocuments(Options{Documents: dir})
	repo := model.Ref{Registry: "here", Repository: "app"}
	d.put(document{kind: "manifest", repo: repo, digest: digest.FromString("other"), raw: []byte("{}")})
	d.put(document{kind: "manifest", repo: repo, digest: digest.FromString("{}"), raw: []byte("{}")})
	d.close(time.Minute)
	if all, _ := keptFiles(t, dir); len(all) != 1 {
		t.Errorf("%d documents", len(all))
	}
}

func TestNothingIsKeptAfterClose(t *testing.T) {
	dir := t.TempDir()
	d := newDocuments(Options{Documents: dir})
	d.close(time.Minute)
	d.close(time.Minute)
	d.put(document{kind: "manifest", digest: digest.FromString("{}"), raw: []byte("{}")})
	if all, others := keptFiles(t, dir); len(all)+len(others) != 0 {
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
		ok(t, err)
		at := start.Add(time.Duration(i) * time.Second)
		ok(t, os.Chtimes(d.path("config", r), at, at))
		refs = append(refs, r)
	}
	return refs
}

func TestTheCacheIsBounded(t *testing.T) {
	d := newDocuments(Options{Documents: t.TempDir()})
	d.limit = 40 * 2 * block
	refs := fill(t, d, 50, block+1)
	d.touch("config", refs[0])
	d.account(50 * 2 * block)
	all, _ := keptFiles(t, d.dir)
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
	d := newDocuments(Options{Documents: t.TempDir()})
	fill(t, d, 3, 100)
	now := time.Now()
	for name, old := range map[string]time.Duration{
		newBeginning + "1": 2 * time.Hour, newBeginning + "2": time.Minute,
		"x" + damagedEnding: 8 * 24 * time.Hour, "y" + damagedEnding: 6 * 24 * time.Hour,
	} {
		path := filepath.Join(d.dir, "00", name)
		ok(t, os.MkdirAll(filepath.Dir(path), 0o700))
		ok(t, os.WriteFile(path, nil, 0o600))
		ok(t, os.Chtimes(path, now.Add(-old), now.Add(-old)))
	}
	d.account(1)
	for name, want := range map[string]bool{newBeginning + "1": false, newBeginning + "2": true, "x" + damagedEnding: false, "y" + damagedEnding: true} {
		if _, err := os.Stat(filepath.Join(d.dir, "00", name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if all, _ := keptFiles(t, d.dir); len(all) != 3 {
		t.Errorf("%d documents", len(all))
	}

	// Not again on the same day.
	stray := filepath.Join(d.dir, "00", newBeginning+"3")
	ok(t, os.WriteFile(stray, nil, 0o600))
	ok(t, os.Chtimes(stray, now.Add(-2*time.Hour), now.Add(-2*time.Hour)))
	d.account(1)
	if _, err := os.Stat(stray); err != nil {
		t.Error("it was swept twice")
	}
	ok(t, os.Chtimes(filepath.Join(d.dir, sweptStamp), now, now.Add(-25*time.Hour)))
	d.account(1)
	if _, err := os.Stat(stray); err == nil {
		t.Error("it was not swept on the next day")
	}
}

func TestUseIsNotedOncePerHour(t *testing.T) {
	s, dir, known := filledCache(t)
	age(t, dir, time.Now().Add(-30*time.Minute))
	c, _ := secondRun(t, dir, known)
	_, err := c.Load(deadline(t), s.ref("app", "a"), nil)
	ok(t, err)
	fresh := 0
	all, _ := keptFiles(t, dir)
	for _, path := range all {
		info, err := os.Stat(path)
		ok(t, err)
		if time.Since(info.ModTime()) < 20*time.Minute {
			fresh++
		}
	}
	if fresh != 1 {
		t.Errorf("%d were touched, want the index alone, which the HEAD has confirmed", fresh)
	}
}

// writerEnv makes this test binary a process that does nothing but write
// documents into a folder until it is killed or has written so many.
const writerEnv = "TAGDIFF_TEST_WRITES_TO"

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerEnv); dir != "" {
		d := newDocuments(Options{Documents: dir})
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
	return document{kind: "manifest", repo: model.Ref{Registry: "here", Repository: "app"}, digest: digest.FromBytes(raw), mediaType: ociManifest, raw: raw}
}

func writer(t *testing.T, dir string, more ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	ok(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(append(os.Environ(), writerEnv+"="+dir), more...)
	ok(t, cmd.Start())
	return cmd
}

// sound checks that whatever is in a cache verifies, and says how much it is.
func sound(t *testing.T, dir string) int {
	t.Helper()
	d := newDocuments(Options{Documents: dir, Warn: func(s string) { t.Error(s) }})
	n := 0
	for i := range numberedDocuments {
		doc := numbered(i)
		if got, _, there := d.get(doc.kind, doc.repo.AtDigest(doc.digest)); there {
			n++
			if !bytes.Equal(got.raw, doc.raw) || got.mediaType != ociManifest {
				t.Errorf("%d is another", i)
			}
		}
	}
	if _, others := keptFiles(t, dir); strings.Contains(strings.Join(others, " "), damagedEnding) {
		t.Error("something was damaged")
	}
	return n
}

func TestAKillInTheMiddleDamagesNothing(t *testing.T) {
	dir := t.TempDir()
	for kill := range 5 {
		cmd := writer(t, dir)
		for { // until it writes
			all, others := keptFiles(t, dir)
			if len(all) > 10*kill && len(others) > 0 {
				break
			}
			runtime.Gosched()
		}
		ok(t, cmd.Process.Kill())
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
		ok(t, cmd.Wait())
	}
	if n := sound(t, dir); n == 0 {
		t.Error("nothing is there")
	}
	if _, others := keptFiles(t, dir); len(others) != 2 {
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
	d := newDocuments(Options{Documents: t.TempDir()})
	d.limit = 1 << 20
	d.account(1)
	next := time.Now().Add(1000 * 24 * time.Hour)
	ok(t, os.Chtimes(filepath.Join(d.dir, sweptStamp), next, next))
	d.account(2 << 20)
	info, err := os.Stat(filepath.Join(d.dir, sizeTally))
	ok(t, err)
	if info.Size()*block > d.limit {
		t.Errorf("%d blocks, and nobody sweeps", info.Size())
	}
}

func TestSweepOfAFolderThatIsALink(t *testing.T) {
	folder, link := t.TempDir(), filepath.Join(t.TempDir(), "documents")
	if err := os.Symlink(folder, link); err != nil {
		t.Skip(err)
	}
	d := newDocuments(Options{Documents: link})
	d.limit = 1 << 20
	ok(t, os.Mkdir(filepath.Join(folder, "ab"), 0o700))
	for _, name := range []string{"1", "2", "3"} {
		ok(t, os.WriteFile(filepath.Join(folder, "ab", name), make([]byte, 1<<19), 0o600))
	}
	d.sweep(time.Now())
	if left, _ := keptFiles(t, folder); len(left) != 1 {
		t.Errorf("%d files are left", len(left))
	}
}
