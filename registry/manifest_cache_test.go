package registry

import (
	"bytes"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry/diskcache"
	"github.com/tagdiff/tagdiff/registry/transport"
)

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

// TestLoad_secondTime checks that a second load is one round of two requests.
func TestLoad_secondTime(t *testing.T) {
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

// TestLoad_laterRun checks that a load in a later run is one round of HEAD requests.
func TestLoad_laterRun(t *testing.T) {
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

// TestLoad_cachedManifestDeleted checks that a manifest that the registry has deleted is reported as missing, although it is cached.
func TestLoad_cachedManifestDeleted(t *testing.T) {
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
		says(t, x.Entries[0].Err, " image ("+model.ShortDigest(m.Children[0].Digest)+") of app:a is missing in "+s.host)
		if x.Entries[2].Err != nil || x.Entries[2].Image == nil {
			t.Errorf("the others are lost too: %v", x.Entries[2].Err)
		}
		s.reset()
	}
	r := s.ref("app", "").AtDigest(m.Children[0].Digest)
	if _, _, there := diskcache.New(diskcache.Options{Dir: dir, MaxDocument: transport.MaxManifest}).Get("manifest", r); there {
		t.Error("the file is still there")
	}
}

// cachedFile is the path of the document with this digest.
func cachedFile(t testing.TB, dir string, d digest.Digest) string {
	t.Helper()
	all, _ := keptFiles(t, dir)
	for _, path := range all {
		content, err := os.ReadFile(path)
		ok(t, err)
		if line, _, _ := bytes.Cut(content, []byte("\n")); bytes.Contains(line, []byte(d)) {
			return path
		}
	}
	t.Fatalf("no file has %s", d)
	return ""
}

func readIndex(t testing.TB, s *server, dir string, d digest.Digest) model.Manifest {
	t.Helper()
	doc, _, there := diskcache.New(diskcache.Options{Dir: dir, MaxDocument: transport.MaxManifest}).Get("manifest", s.ref("app", "").AtDigest(d))
	if !there {
		t.Fatalf("%s is not kept", d)
	}
	m, err := manifestOnDisk(doc)
	ok(t, err)
	return m
}

// TestLoad_digestConfirmed checks that a reference by digest is always confirmed by the registry.
func TestLoad_digestConfirmed(t *testing.T) {
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
	x, err := c.Load(deadline(t), r, nil) // a registry that does not respond counts as having it
	ok(t, err)
	whole(t, x, 16, 8)
	s.setFront(func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(http.StatusNotFound); return true })
	_, err = c.Load(deadline(t), r, nil)
	says(t, err, "has no "+model.ShortDigest(known["a"])+" in app")
	if trouble := err.(*model.ReadError); !trouble.Missing { //nolint:errorlint // says has checked it
		t.Error("it is not said to be missing")
	}
}

// TestLoad_tagMoved checks that a tag that moved is read again.
func TestLoad_tagMoved(t *testing.T) {
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

// TestLoad_cachedTagDeleted checks that a deleted tag is reported as missing, although its manifest is cached.
func TestLoad_cachedTagDeleted(t *testing.T) {
	s, dir, known := filledCache(t)
	s.setFront(func(w http.ResponseWriter, _ *http.Request) bool {
		http.Error(w, `{"errors":[{"code":"MANIFEST_UNKNOWN"}]}`, http.StatusNotFound)
		return true
	})
	c, _ := secondRun(t, dir, known)
	_, err := c.Load(deadline(t), s.ref("app", "a"), nil)
	says(t, err, "has no tag a in app")
}

// TestHead_refused checks that a tag is read with GET where HEAD is refused.
func TestHead_refused(t *testing.T) {
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

// TestCache_perRepository checks that a cached document of one repository is not used for another.
func TestCache_perRepository(t *testing.T) {
	s, dir, known := filledCache(t)
	c, _ := secondRun(t, dir, nil)
	_, err := c.Load(deadline(t), s.ref("other", "").AtDigest(known["a"]), nil)
	says(t, err, "has no")
}

// TestCache_damagedFile checks that a damaged file is renamed and its content fetched again.
func TestCache_damagedFile(t *testing.T) {
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
			path := cachedFile(t, dir, readIndex(t, s, dir, known["a"]).Children[0].Digest)
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
			if len(*said) != 1 || !strings.Contains((*said)[0], path+".damaged") {
				t.Errorf("said %q", *said)
			}
			c.Close()
			if _, err := os.Stat(path + ".damaged"); err != nil {
				t.Error(err)
			}
			if again, err := os.ReadFile(path); err != nil || !bytes.Equal(again, content) {
				t.Errorf("it is not there again: %v", err)
			}
		})
	}
}

// TestSetAside_warnsOnce checks that only the first damaged file is reported.
func TestSetAside_warnsOnce(t *testing.T) {
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

// TestCache_deletedAtAnyTime checks that the cache may be deleted at any time.
func TestCache_deletedAtAnyTime(t *testing.T) {
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

// TestCache_notWritable checks that a cache that cannot be written has no effect on results.
func TestCache_notWritable(t *testing.T) {
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

// TestCache_fileModes checks that only the owner can read the cache.
func TestCache_fileModes(t *testing.T) {
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

// TestTouch_oncePerHour checks that the use of a document is recorded once per hour.
func TestTouch_oncePerHour(t *testing.T) {
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
