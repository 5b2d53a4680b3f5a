package registry

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"

	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/inside/insidetest"
)

// randomFile is a file that does not compress.
func randomFile(name string, size int) insidetest.Item {
	content := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{byte(size)}).Read(content)
	return insidetest.File(name, string(content))
}

// TestReadLayers_start checks how much is read where the first bytes of a layer will do.
func TestReadLayers_start(t *testing.T) {
	s := newServer(t)
	var ranges []string
	s.setFront(func(_ http.ResponseWriter, r *http.Request) bool {
		ranges = append(ranges, r.Header.Get("Range"))
		return false
	})
	large := s.pushLayer(t, "app", randomFile("a", 100<<10), randomFile("b", 300<<10), randomFile("c", 3<<20))
	small := s.pushLayer(t, "app", randomFile("a", 200<<10), randomFile("b", 200<<10))
	has := func(path string) func(*inside.Layer) bool {
		return func(l *inside.Layer) bool { _, ok := l.Files.Find(path); return ok }
	}
	for _, test := range []struct {
		name   string
		layer  v1.Descriptor
		enough func(*inside.Layer) bool
		how    inside.How
		ranges []string
	}{
		{"at once", large, has("a"), inside.Start, []string{"bytes=0-131071"}},
		{"the second time", large, has("c"), inside.Start, []string{"bytes=0-131071", "bytes=131072-524287"}},
		{"never", large, has("d"), inside.Start, []string{"bytes=0-131071", "bytes=131072-524287", "bytes=524288-2097151"}},
		{"a small layer", small, has("d"), inside.Full, []string{"bytes=0-131071", ""}},
	} {
		c := newClient(t, Options{})
		read := []model.LayerRead{{Repo: s.ref("app", "").Repo(), Layer: test.layer, Enough: test.enough}}
		ranges = nil
		got := c.ReadLayers(deadline(t), read, nil)[test.layer.Digest]
		if got.Layer == nil || got.Layer.How != test.how || got.Err != nil || !slices.Equal(withoutPing(ranges), test.ranges) {
			t.Errorf("%s: %+v, %q", test.name, got, ranges)
			continue
		}
		if isVerified := got.Layer.Blob == test.layer.Digest; isVerified != (test.how == inside.Full) {
			t.Errorf("%s: the digest is %q", test.name, got.Layer.Blob)
		}
		// The start of a layer is not its list.
		read[0].Enough = nil
		if whole := c.ReadLayers(deadline(t), read, nil)[test.layer.Digest]; whole.Layer == nil || whole.Layer.How != inside.Full {
			t.Errorf("%s: then the whole layer is %+v", test.name, whole)
		}
	}
}

// withoutPing leaves out the request that begins a session.
func withoutPing(ranges []string) []string {
	if len(ranges) > 0 && ranges[0] == "" {
		return ranges[1:]
	}
	return ranges
}

// TestReadLayers_startAgain sends no second request for the start of a layer.
func TestReadLayers_startAgain(t *testing.T) {
	s := newServer(t)
	d := s.pushLayer(t, "app", randomFile("a", 3<<20))
	c := newClient(t, Options{})
	read := []model.LayerRead{{Repo: s.ref("app", "").Repo(), Layer: d, Enough: func(*inside.Layer) bool { return true }}}
	first := c.ReadLayers(deadline(t), read, nil)[d.Digest].Layer
	s.reset()
	if again := c.ReadLayers(deadline(t), read, nil)[d.Digest].Layer; again != first || first == nil || len(s.requests()) != 0 {
		t.Errorf("%+v after %q", again, s.requests())
	}
}

// TestReadLayers_startWithoutRanges reads as much as it needs of a whole layer, and closes the connection.
func TestReadLayers_startWithoutRanges(t *testing.T) {
	s := newServer(t)
	s.setFront(func(_ http.ResponseWriter, r *http.Request) bool {
		r.Header.Del("Range")
		return false
	})
	d := s.pushLayer(t, "app", randomFile("a", 100<<10), randomFile("b", 20<<20))
	c := newClient(t, Options{})
	before := c.Traffic().Bytes
	read := []model.LayerRead{{Repo: s.ref("app", "").Repo(), Layer: d, Enough: func(*inside.Layer) bool { return true }}}
	got := c.ReadLayers(deadline(t), read, nil)[d.Digest]
	if got.Layer == nil || got.Layer.How != inside.Start || got.Layer.Files.Len() != 2 {
		t.Errorf("%+v", got)
	}
	if n := c.Traffic().Bytes - before; n > 6<<20 {
		t.Errorf("%d bytes of %d were read", n, d.Size)
	}
	_, missing := layerOf(randomFile("x", 1<<20))
	read[0].Layer = missing
	if got := c.ReadLayers(deadline(t), read, nil)[missing.Digest]; !model.IsMissing(got.Err) {
		t.Errorf("a missing layer: %+v", got)
	}
}
