package registry

import (
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/inside/insidetest"
)

// TestLineCounts checks that a later run knows the counts of an earlier one for the same two layers in the
// same order, that a damaged file counts as none, and that no text is on disk.
func TestLineCounts(t *testing.T) {
	dir := t.TempDir()
	one, two := digest.FromString("1"), digest.FromString("2")
	want := inside.LineCounts{{A: inside.Hash{1}, B: inside.Hash{2}}: {Added: 2, Removed: 1, Only: "dates"}}
	first := cachingClient(t, dir)
	first.KeepLineCounts(one, two, want)
	if got := first.LineCounts(one, two); !maps.Equal(got, want) {
		t.Errorf("in memory %v", got)
	}
	first.disk.Close(time.Minute)
	later := cachingClient(t, dir)
	if got := later.LineCounts(one, two); !maps.Equal(got, want) {
		t.Errorf("from disk %v", got)
	}
	for _, other := range [][2]digest.Digest{{two, one}, {one, one}} {
		if got := later.LineCounts(other[0], other[1]); got != nil {
			t.Errorf("other layers: %v", got)
		}
	}
	kept, _ := keptFiles(t, dir)
	if len(kept) != 1 {
		t.Fatalf("files %q", kept)
	}
	if info, err := os.Stat(kept[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	ok(t, os.WriteFile(kept[0], []byte("damaged"), 0o600))
	if got := cachingClient(t, dir).LineCounts(one, two); got != nil {
		t.Errorf("from a damaged file: %v", got)
	}
	if got := newClient(t, Options{}).LineCounts(one, two); got != nil {
		t.Errorf("without a cache: %v", got)
	}
}

// TestReadLayers_cheapAgain checks that a small layer which is known is read again beside a new one, so that
// their texts can be compared, that a large one is not, and that a failure leaves the known list.
func TestReadLayers_cheapAgain(t *testing.T) {
	s := newServer(t)
	repo := s.ref("app", "").Repo()
	noise := make([]byte, maxReadAgain+1)
	_, _ = rand.NewChaCha8([32]byte{}).Read(noise) // which never fails
	big := []insidetest.Item{insidetest.File("noise", string(noise))}
	for _, tt := range []struct {
		name     string
		old      []insidetest.Item
		requests int
		kept     bool
	}{
		{"small", nil, 2, true},
		{"large", big, 1, false},
	} {
		a := s.pushLayer(t, "app", append(slices.Clone(tt.old), insidetest.File("etc/motd", "one\n"))...)
		b := s.pushLayer(t, "app", insidetest.File("etc/motd", "two "+tt.name+"\n"))
		c := newClient(t, Options{})
		c.ReadLayers(deadline(t), reads(repo, a), nil)
		s.reset()
		shelf := new(inside.Shelf)
		row := []model.LayerRead{{Repo: repo, Layer: a, Keep: shelf}, {Repo: repo, Layer: b, Keep: shelf, Side: 1}}
		got := c.ReadLayers(deadline(t), row, nil)
		_, _, kept := shelf.Texts("etc/motd")
		if got[a.Digest].Layer == nil || got[b.Digest].Layer == nil || len(s.requests()) != tt.requests || kept != tt.kept {
			t.Errorf("%s: %+v, texts kept: %v, requests %q", tt.name, got, kept, s.requests())
		}
		s.reset()
		c.ReadLayers(deadline(t), row, nil)
		if len(s.requests()) != 0 {
			t.Errorf("%s: both are known, requests %q", tt.name, s.requests())
		}
	}
	a := s.pushLayer(t, "app", insidetest.File("x", "1"))
	_, gone := layerOf(insidetest.File("y", "2"))
	c := newClient(t, Options{})
	c.ReadLayers(deadline(t), reads(repo, a), nil)
	s.setFront(func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusForbidden)
		return true
	})
	shelf := new(inside.Shelf)
	row := []model.LayerRead{{Repo: repo, Layer: a, Keep: shelf}, {Repo: repo, Layer: gone, Keep: shelf, Side: 1}}
	got := c.ReadLayers(deadline(t), row, nil)
	if got[a.Digest].Layer == nil || got[a.Digest].Err != nil || got[gone.Digest].Err == nil {
		t.Errorf("after a failure: %+v", got)
	}
}

// TestReadLayers_onlyKnown checks that a layer of which only a known list is wanted costs no request.
func TestReadLayers_onlyKnown(t *testing.T) {
	s := newServer(t)
	repo := s.ref("app", "").Repo()
	a, b := s.pushLayer(t, "app", insidetest.File("x", "1")), s.pushLayer(t, "app", insidetest.File("x", "2"))
	c := newClient(t, Options{})
	c.ReadLayers(deadline(t), reads(repo, a), nil)
	s.reset()
	wanted := reads(repo, a, b)
	for i := range wanted {
		wanted[i].OnlyKnown = true
	}
	got := c.ReadLayers(deadline(t), wanted, nil)
	if len(got) != 1 || got[a.Digest].Layer == nil || len(s.requests()) != 0 {
		t.Errorf("%+v, requests %q", got, s.requests())
	}
}
