package diskcache

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry/internal/registrytest"
)

// writerEnv makes this test binary a process that does nothing but write
// documents into a folder until it is killed or has written so many.
const writerEnv = "TAGDIFF_TEST_WRITES_TO"

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerEnv); dir != "" {
		d := New(Options{Dir: dir, MaxDocument: testMaxDocument})
		d.limit = 150 * block
		for round := 0; ; round++ {
			for i := range numberedDocuments {
				doc := numbered(i)
				d.Put(doc)
				d.PutList(doc.Digest, func() ([]byte, error) { return doc.Raw, nil })
			}
			for len(d.queue) > 0 {
				runtime.Gosched()
			}
			if round == 2 && os.Getenv(writerEnv+"_AND_ENDS") != "" {
				d.Close(time.Minute)
				os.Exit(0)
			}
		}
	}
	os.Exit(m.Run())
}

// numberedDocuments is how many a writer writes again and again.
const numberedDocuments = 100

// numbered is one of many documents, large enough for a kill to hit it.
func numbered(i int) Document {
	raw := []byte(strings.Repeat(fmt.Sprintf("%08d", i), 1+i*40))
	return Document{Kind: "manifest", Repo: model.Ref{Registry: "here", Repository: "app"}, Digest: digest.FromBytes(raw), MediaType: v1.MediaTypeImageManifest, Raw: raw}
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
	d := New(Options{Dir: dir, MaxDocument: testMaxDocument, Warn: func(s string) { t.Error(s) }})
	n := 0
	for i := range numberedDocuments {
		doc := numbered(i)
		if list, there := d.List(doc.Digest); there && !bytes.Equal(list, doc.Raw) {
			t.Errorf("list %d is another or not whole", i)
		}
		if got, _, there := d.Get(doc.Kind, doc.Repo.AtDigest(doc.Digest)); there {
			n++
			if !bytes.Equal(got.Raw, doc.Raw) || got.MediaType != v1.MediaTypeImageManifest {
				t.Errorf("%d is another", i)
			}
		}
	}
	if _, others := registrytest.CacheFiles(t, dir); strings.Contains(strings.Join(others, " "), damagedSuffix) {
		t.Error("something was damaged")
	}
	return n
}

// TestPut_killed checks that a kill during a write damages no document.
func TestPut_killed(t *testing.T) {
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

// TestPut_twoProcesses checks that two processes can write to the same cache at once.
func TestPut_twoProcesses(t *testing.T) {
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
