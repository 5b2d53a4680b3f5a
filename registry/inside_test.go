package registry

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/inside/insidetest"
	"github.com/tagdiff/tagdiff/registry/internal/registrytest"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// layerOf is a gzip layer with these items, and its descriptor.
func layerOf(items ...insidetest.Item) ([]byte, v1.Descriptor) {
	blob := insidetest.Gzip(insidetest.Tar(items...))
	return blob, v1.Descriptor{MediaType: v1.MediaTypeImageLayerGzip, Digest: digest.FromBytes(blob), Size: int64(len(blob))}
}

// pushLayer puts a layer into a repository.
func (s *server) pushLayer(t testing.TB, repo string, items ...insidetest.Item) v1.Descriptor {
	t.Helper()
	blob, d := layerOf(items...)
	s.putBlob(t, repo, blob)
	return d
}

// reads asks for layers of a repository.
func reads(repo model.Ref, layers ...v1.Descriptor) []model.LayerRead {
	var all []model.LayerRead
	for _, d := range layers {
		all = append(all, model.LayerRead{Repo: repo, Layer: d})
	}
	return all
}

// cachingClient is a client with a cache on disk, which the end of the test closes.
func cachingClient(t *testing.T, dir string) *Client {
	t.Helper()
	c := newClient(t, Options{Documents: dir})
	t.Cleanup(func() { c.disk.Close(time.Minute) })
	return c
}

// TestReadLayers checks that a layer is listed with its digests, that the failure of one does not
// end the others, and that a second call sends no request.
func TestReadLayers(t *testing.T) {
	s := newServer(t)
	items := insidetest.Random(1, 300)
	blob, d := layerOf(items...)
	s.putBlob(t, "app", blob)
	small := s.pushLayer(t, "app", insidetest.File("etc/motd", "hello\n"))
	_, missing := layerOf(insidetest.File("not", "there"))
	repo := s.ref("app", "").Repo()
	c := newClient(t, Options{})
	var states []model.LayerState
	got := c.ReadLayers(deadline(t), reads(repo, small, d, missing), func(st model.LayerState) { states = append(states, st) })
	l := got[d.Digest].Layer
	if l == nil || l.Blob != d.Digest || l.Packed != d.Size || l.DiffID != digest.FromBytes(insidetest.Tar(items...)) || l.How != inside.Full {
		t.Fatalf("got %+v", got[d.Digest])
	}
	if got[small.Digest].Layer.Files.Len() != 2 || got[small.Digest].Entries != 1 { // etc is implied
		t.Errorf("got %+v", got[small.Digest])
	}
	if !model.IsMissing(got[missing.Digest].Err) || got[missing.Digest].Layer != nil {
		t.Errorf("a missing layer: %+v", got[missing.Digest])
	}
	says(t, got[missing.Digest].Err, s.host+" has no "+model.ShortDigest(missing.Digest)+" in app")
	last := slices.IndexFunc(states, func(st model.LayerState) bool { return st.Layer == l })
	if last < 0 || slices.ContainsFunc(states[last+1:], func(st model.LayerState) bool { return st.Digest == d.Digest }) {
		t.Errorf("the list is not the last of %d states", len(states))
	}
	s.reset()
	again := c.ReadLayers(deadline(t), reads(repo, small, d), nil)
	if len(s.requests()) != 0 || again[d.Digest].Layer != l || again[d.Digest].Packed != d.Size {
		t.Errorf("again: %q, %+v", s.requests(), again[d.Digest])
	}
}

// TestReadLayers_new checks that the entries of a layer arrive before its end, each once.
func TestReadLayers_new(t *testing.T) {
	s := newServer(t)
	var items []insidetest.Item
	for i := range 5000 {
		items = append(items, insidetest.File(fmt.Sprintf("f%04d", i), "x"))
	}
	d := s.pushLayer(t, "app", items...)
	read := reads(s.ref("app", "").Repo(), d)
	read[0].WithNew = true
	n := 0
	newClient(t, Options{}).ReadLayers(deadline(t), read, func(st model.LayerState) {
		for _, e := range st.New {
			if e.Path != fmt.Sprintf("f%04d", n) {
				t.Fatalf("%s is entry %d", e.Path, n)
			}
			n++
		}
	})
	if n != 5000 {
		t.Errorf("%d entries", n)
	}
}

// TestReadLayers_unlistable checks that no request is sent for layers that hold no list of files.
func TestReadLayers_unlistable(t *testing.T) {
	s := newServer(t)
	c := newClient(t, Options{})
	_, d := layerOf(insidetest.File("a", "b"))
	nydus := d
	nydus.Annotations = map[string]string{nydusBlob: "true"}
	for want, change := range map[string]v1.Descriptor{
		"it is encrypted": {MediaType: "application/vnd.oci.image.layer.v1.tar+gzip+encrypted", Digest: d.Digest, Size: d.Size},
		"it is not for distribution, and registries need not have it":             {MediaType: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", Digest: d.Digest},
		`its media type is "application/vnd.cncf.helm.chart.content.v1.tar+gzip"`: {MediaType: "application/vnd.cncf.helm.chart.content.v1.tar+gzip", Digest: d.Digest},
		"it is a nydus blob": nydus,
	} {
		got := c.ReadLayers(deadline(t), reads(s.ref("app", "").Repo(), change), nil)[d.Digest]
		says(t, got.Err, "the files in layer "+model.ShortDigest(d.Digest)+" cannot be listed: "+want)
	}
	if len(s.requests()) != 0 {
		t.Errorf("requests %q", s.requests())
	}
}

// TestReadLayers_listableOnce checks that a layer is listed if one of the manifests says that it can be.
func TestReadLayers_listableOnce(t *testing.T) {
	s := newServer(t)
	d := s.pushLayer(t, "app", insidetest.File("a", "b"))
	foreign := d
	foreign.MediaType = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
	c := newClient(t, Options{})
	for range 2 { // the second time it is known
		for _, order := range [][]v1.Descriptor{{d, foreign}, {foreign, d}} {
			if got := c.ReadLayers(deadline(t), reads(s.ref("app", "").Repo(), order...), nil)[d.Digest]; got.Layer == nil {
				t.Error(got.Err)
			}
		}
	}
}

// TestReadLayers_otherRepository checks that a layer of two repositories is read once, and from the
// second if the first does not have it.
func TestReadLayers_otherRepository(t *testing.T) {
	s := newServer(t)
	d := s.pushLayer(t, "b", insidetest.File("a", "b"))
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool { // repository a does not have the layer of b
		gone := strings.HasPrefix(r.URL.Path, "/v2/a/")
		if gone {
			http.Error(w, `{"errors":[{"code":"BLOB_UNKNOWN"}]}`, http.StatusNotFound)
		}
		return gone
	})
	both := append(reads(s.ref("a", "").Repo(), d), reads(s.ref("b", "").Repo(), d)...)
	got := newClient(t, Options{}).ReadLayers(deadline(t), both, nil)
	if len(got) != 1 || got[d.Digest].Layer == nil || len(s.requests()) != 2 {
		t.Errorf("got %+v after %q", got, s.requests())
	}
}

// TestReadLayers_wrong checks the errors of a server that sends other bytes than the manifest names.
func TestReadLayers_wrong(t *testing.T) {
	blob, d := layerOf(insidetest.Random(2, 50)...)
	short := model.ShortDigest(d.Digest)
	other := bytes.Clone(blob)
	other[len(other)-1] ^= 1
	send := func(body []byte, header ...string) front {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			_, _ = w.Write(body)
			return true
		}
	}
	for name, of := range map[string]struct {
		answer   front
		say      string
		requests int
	}{
		"other bytes": {send(other), "sent a layer with the wrong digest sha256:" + digest.FromBytes(other).Encoded()[:12], 1},
		"longer":      {send(append(bytes.Clone(other), 1), "Content-Length", fmt.Sprint(d.Size+1)), fmt.Sprintf("sent a layer of %d bytes instead of %d (app@%s)", d.Size+1, d.Size, short), 1},
		"web page":    {send([]byte("<html>Log in"), "Content-Type", "text/html"), "answered with a web page", 1},
		"brotli":      {send(blob[:9], "Content-Encoding", "br"), "sent Content-Encoding br, which tagdiff did not request (app@" + short + ")", 1},
		"endless": {func(w http.ResponseWriter, _ *http.Request) bool {
			w.(http.Flusher).Flush()
			_, _ = w.Write(append(bytes.Clone(blob), make([]byte, 5000)...))
			return true
		}, "sent a layer that is larger than the manifest says", 1},
		"403": {func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(http.StatusForbidden)
			return true
		}, "denies access to app", 1},
	} {
		s := newServer(t)
		s.setFront(of.answer)
		c := newClient(t, Options{})
		got := c.ReadLayers(deadline(t), reads(s.ref("app", "").Repo(), d), nil)[d.Digest]
		says(t, got.Err, of.say)
		if got.Layer != nil || c.lists.size != 0 {
			t.Errorf("%s: there is a list", name)
		}
		if n := len(s.requests()); n < of.requests || n > of.requests+1 { // 403 asks /v2/ for a challenge
			t.Errorf("%s: requests %q", name, s.requests())
		}
	}
}

// tearing cuts the first response after some bytes, and answers later ones with again.
func tearing(s *server, after int, again front) {
	var mu sync.Mutex
	n := 0
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		n++
		isFirst := n == 1
		mu.Unlock()
		if !isFirst {
			return again(w, r)
		}
		s.real.ServeHTTP(registrytest.Torn(w, after), r)
		return true
	})
}

// TestReadLayers_torn checks that the list of a layer is right wherever the connection broke, and
// with every kind of answer to the second request.
func TestReadLayers_torn(t *testing.T) {
	s := newServer(t)
	items := insidetest.Random(3, 200)
	d := s.pushLayer(t, "app", items...)
	want := digest.FromBytes(insidetest.Tar(items...))
	answers := map[string]front{
		"range":    func(http.ResponseWriter, *http.Request) bool { return false },
		"no range": func(_ http.ResponseWriter, r *http.Request) bool { r.Header.Del("Range"); return false },
		"416 to ranges": func(w http.ResponseWriter, r *http.Request) bool {
			if r.Header.Get("Range") == "" {
				return false
			}
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
			return true
		},
		"a wrong range": func(w http.ResponseWriter, r *http.Request) bool {
			if r.Header.Get("Range") != "" {
				r.Header.Set("Range", "bytes=0-9")
			}
			return false
		},
	}
	for name, again := range answers {
		for _, after := range []int{1, 10, int(d.Size / 2), int(d.Size - 1)} {
			tearing(s, after, again)
			got := newClient(t, Options{}).ReadLayers(deadline(t), reads(s.ref("app", "").Repo(), d), nil)[d.Digest]
			if got.Err != nil || got.Layer.DiffID != want {
				t.Errorf("%s, cut after %d: %+v", name, after, got)
			}
		}
	}
}

// TestReadLayers_tornForEver checks that a server which always sends a wrong part is asked twice from
// the start, and named.
func TestReadLayers_tornForEver(t *testing.T) {
	s := newServer(t)
	d := s.pushLayer(t, "app", insidetest.Random(4, 200)...)
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Range") != "" {
			r.Header.Set("Range", "bytes=0-9")
			return false
		}
		s.real.ServeHTTP(registrytest.Torn(w, 100), r)
		return true
	})
	got := newClient(t, Options{}).ReadLayers(deadline(t), reads(s.ref("app", "").Repo(), d), nil)[d.Digest]
	saysExactly(t, s, got.Err, "sent another part of a layer than tagdiff requested; ask the administrator of the registry")
	if n := len(s.requests()); n != 4 {
		t.Errorf("%d requests: %q", n, s.requests())
	}
}

// TestReadLayers_slow checks what is said of a server that is silent in the middle, or too slow, and
// that the layer is not requested again.
func TestReadLayers_slow(t *testing.T) {
	s := newServer(t)
	_, d := layerOf(insidetest.Random(10, 50)...)
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Length", fmt.Sprint(d.Size))
		_, _ = w.Write([]byte{0x1f})
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		return true
	})
	for say, change := range map[string]func(*transport.Timeouts){
		"did not answer in time (no data for 0.05 s); try again, or check the network":   func(p *transport.Timeouts) { p.Silence = 50 * time.Millisecond },
		"sent less than 1099511627776 bytes in 1e-09 s; try again, or check the network": func(p *transport.Timeouts) { p.Rate, p.MinRate = 1, 1<<40 },
	} {
		s.reset()
		c := newClient(t, Options{})
		change(&c.transport.Timeouts)
		got := c.ReadLayers(deadline(t), reads(s.ref("app", "").Repo(), d), nil)[d.Digest]
		saysExactly(t, s, got.Err, say)
		if len(s.requests()) != 1 {
			t.Errorf("requests %q", s.requests())
		}
	}
}

// TestReadLayers_cancelled checks that a call ends with its context, and keeps what was read.
func TestReadLayers_cancelled(t *testing.T) {
	s := newServer(t)
	small := s.pushLayer(t, "app", insidetest.File("a", "b"))
	large := s.pushLayer(t, "app", insidetest.Random(5, 300)...)
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, large.Digest.Encoded()) {
			return false
		}
		w.Header().Set("Content-Length", fmt.Sprint(large.Size))
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		return true
	})
	ctx, cancel := context.WithCancel(deadline(t))
	defer cancel()
	got := newClient(t, Options{}).ReadLayers(ctx, reads(s.ref("app", "").Repo(), small, large), func(st model.LayerState) {
		if st.Digest == small.Digest && st.Layer != nil {
			cancel()
		}
	})
	if got[small.Digest].Layer == nil || !errors.Is(got[large.Digest].Err, context.Canceled) {
		t.Errorf("got %+v", got)
	}
	says(t, got[large.Digest].Err, "cancelled")
}

// TestReadLayers_shared checks that two calls at once read a layer once.
func TestReadLayers_shared(t *testing.T) {
	s := newServer(t)
	d := s.pushLayer(t, "app", insidetest.Random(6, 300)...)
	c := newClient(t, Options{})
	s.setFront(func(_ http.ResponseWriter, r *http.Request) bool {
		for c.inflight.Callers() < 2 && r.Context().Err() == nil {
			runtime.Gosched()
		}
		return false
	})
	var both sync.WaitGroup
	layers := make([]*inside.Layer, 2)
	for i := range layers {
		both.Go(func() {
			layers[i] = c.ReadLayers(deadline(t), reads(s.ref("app", "").Repo(), d), nil)[d.Digest].Layer
		})
	}
	both.Wait()
	if layers[0] == nil || layers[0] != layers[1] || len(s.requests()) != 1 {
		t.Errorf("got %p and %p after %q", layers[0], layers[1], s.requests())
	}
	if len(c.listeners.byKey) != 0 {
		t.Error("a listener stays")
	}
}

// TestReadLayers_row checks that both layers of a row are read at the same time, before larger rows
// have ended, and that the texts that differ are kept.
func TestReadLayers_row(t *testing.T) {
	s := newServer(t)
	filler := insidetest.Random(7, 400)
	shelf := new(inside.Shelf)
	a := s.pushLayer(t, "app", append(slices.Clone(filler), insidetest.File("etc/motd", "one\n"), insidetest.File("etc/same", "x\n"))...)
	b := s.pushLayer(t, "app", insidetest.File("etc/motd", "two\n"), insidetest.File("etc/same", "x\n"))
	repo := s.ref("app", "").Repo()
	waves(t, s, 2) // both requests arrive before one is answered
	c := newClient(t, Options{})
	c.ReadLayers(deadline(t), []model.LayerRead{
		{Repo: repo, Layer: a, Keep: shelf, Side: 0}, {Repo: repo, Layer: b, Keep: shelf, Side: 1},
	}, nil)
	one, two, ok := shelf.Texts("etc/motd")
	if !ok || string(one) != "one\n" || string(two) != "two\n" {
		t.Errorf("kept %q and %q, %v", one, two, ok)
	}
	if _, kept := shelf.Text(0, "etc/same"); kept {
		t.Error("an equal text is kept")
	}
}

// TestInReadingOrder checks that the rows with the largest layers come first, with both sides.
func TestInReadingOrder(t *testing.T) {
	one, two := new(inside.Shelf), new(inside.Shelf)
	layer := func(name string, size int64, keep *inside.Shelf) model.LayerRead {
		return model.LayerRead{Layer: v1.Descriptor{Digest: digest.Digest(name), Size: size}, Keep: keep}
	}
	var got []string
	for _, l := range inReadingOrder([]model.LayerRead{
		layer("a1", 5, one), layer("a2", 90, two), layer("alone", 50, nil), layer("b1", 100, one), layer("b2", 7, two), layer("alone", 50, nil),
	}) {
		got = append(got, fmt.Sprint(l[0].Layer.Digest, len(l)))
	}
	if want := "a11 b11 a21 b21 alone2"; strings.Join(got, " ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestReadLayers_disk checks that a later run reads a list from disk, also when another client has
// made it, that the cache holds it once for all repositories, and that a damaged one is replaced.
func TestReadLayers_disk(t *testing.T) {
	s := newServer(t)
	dir := t.TempDir()
	items := insidetest.Random(8, 300)
	d := s.pushLayer(t, "app", items...)
	s.pushLayer(t, "other", items...)
	list := func(c *Client, repo string) *inside.Layer {
		t.Helper()
		s.reset()
		got := c.ReadLayers(deadline(t), reads(s.ref(repo, "").Repo(), d), nil)[d.Digest]
		if got.Err != nil {
			t.Fatal(got.Err)
		}
		return got.Layer
	}
	a, b := cachingClient(t, dir), cachingClient(t, dir)
	first := list(a, "app")
	list(b, "app") // which writes the same file, perhaps at the same time
	a.disk.Close(time.Minute)
	b.disk.Close(time.Minute)
	later := cachingClient(t, dir)
	second := list(later, "other")
	if len(s.requests()) != 0 || second.DiffID != first.DiffID || second.Blob != d.Digest || !slices.Equal(entries(first), entries(second)) {
		t.Errorf("the list of an earlier run: %q, %+v", s.requests(), second)
	}
	kept, others := keptFiles(t, dir)
	if len(kept) != 1 || filepath.Base(filepath.Dir(filepath.Dir(kept[0]))) != "layers" {
		t.Fatalf("files %q, %q", kept, others)
	}
	whole, err := os.ReadFile(kept[0])
	ok(t, err)
	for _, damaged := range [][]byte{whole[:len(whole)/2], {}, append([]byte("x"), whole...), bytes.Replace(whole, whole[len(whole)-9:], []byte("123456789"), 1)} {
		ok(t, os.WriteFile(kept[0], damaged, 0o600))
		c := cachingClient(t, dir)
		if list(c, "app"); len(s.requests()) != 1 {
			t.Errorf("a damaged list of %d bytes: %q", len(damaged), s.requests())
		}
		c.disk.Close(time.Minute)
		if now, err := os.ReadFile(kept[0]); err != nil || !bytes.Equal(now, whole) {
			t.Errorf("a damaged list of %d bytes is not replaced: %v", len(damaged), err)
		}
	}
	if list(newClient(t, Options{}), "app"); len(s.requests()) != 1 {
		t.Errorf("without a cache: %q", s.requests())
	}
	wrong := d
	wrong.Size++
	got := cachingClient(t, dir).ReadLayers(deadline(t), reads(s.ref("app", "").Repo(), wrong), nil)[d.Digest]
	says(t, got.Err, fmt.Sprintf("sent a layer of %d bytes instead of %d", d.Size, wrong.Size))
}

// entries are the entries of a layer as text.
func entries(l *inside.Layer) []string {
	var all []string
	for e := range l.Files.All() {
		all = append(all, fmt.Sprint(e))
	}
	return all
}

// TestReadLayers_cacheIsFile checks that a cache that cannot be written costs nothing but the list.
func TestReadLayers_cacheIsFile(t *testing.T) {
	s := newServer(t)
	dir := filepath.Join(t.TempDir(), "file")
	ok(t, os.WriteFile(dir, nil, 0o600))
	d := s.pushLayer(t, "app", insidetest.File("a", "b"))
	c := newClient(t, Options{Documents: dir, Warn: func(text string) { t.Error(text) }})
	if got := c.ReadLayers(deadline(t), reads(s.ref("app", "").Repo(), d), nil)[d.Digest]; got.Layer == nil {
		t.Error(got.Err)
	}
	c.Close()
}

// TestReadLayers_sha512 checks that a layer with another algorithm is verified with it.
func TestReadLayers_sha512(t *testing.T) {
	s := newServer(t)
	blob, d := layerOf(insidetest.File("a", "b"))
	d.Digest = digest.SHA512.FromBytes(blob)
	s.setFront(func(w http.ResponseWriter, _ *http.Request) bool {
		_, _ = w.Write(blob)
		return true
	})
	repo := s.ref("app", "").Repo()
	got := newClient(t, Options{}).ReadLayers(deadline(t), reads(repo, d), nil)[d.Digest]
	if got.Layer == nil || got.Layer.Blob != d.Digest {
		t.Errorf("got %+v", got)
	}
	d.Digest = digest.SHA512.FromString("another")
	got = newClient(t, Options{}).ReadLayers(deadline(t), reads(repo, d), nil)[d.Digest]
	says(t, got.Err, "sent a layer with the wrong digest")
}

// TestReadLayers_broken checks that a layer whose bytes match and that is not an archive is returned,
// since it is broken for all.
func TestReadLayers_broken(t *testing.T) {
	s := newServer(t)
	junk := []byte("not an archive, and not compressed")
	s.putBlob(t, "app", junk)
	d := v1.Descriptor{MediaType: v1.MediaTypeImageLayerGzip, Digest: digest.FromBytes(junk), Size: int64(len(junk))}
	got := newClient(t, Options{}).ReadLayers(deadline(t), reads(s.ref("app", "").Repo(), d), nil)[d.Digest]
	if got.Err != nil || got.Layer.Broken == "" || got.Layer.Blob != d.Digest {
		t.Errorf("got %+v", got)
	}
}

// TestReadLayers_whileBusy checks that other requests are answered while all streams are open.
func TestReadLayers_whileBusy(t *testing.T) {
	s := newServer(t)
	r := s.ref("app", "a")
	s.pushImage(t, r, image(t, 1))
	var layers []v1.Descriptor
	for i := range transport.MaxStreams + 2 {
		layers = append(layers, s.pushLayer(t, "app", insidetest.File(fmt.Sprint(i), "x")))
	}
	release, open := make(chan struct{}), make(chan struct{}, len(layers))
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		if slices.ContainsFunc(layers, func(d v1.Descriptor) bool { return strings.HasSuffix(r.URL.Path, d.Digest.String()) }) {
			open <- struct{}{}
			<-release
		}
		return false
	})
	c := newClient(t, Options{Concurrency: transport.MaxStreams})
	done := make(chan model.LayerStates)
	go func() { done <- c.ReadLayers(deadline(t), reads(r.Repo(), layers...), nil) }()
	for range transport.MaxStreams {
		<-open
	}
	a, err := c.Load(deadline(t), r, nil)
	ok(t, err)
	whole(t, a, 1, 1)
	if len(open) != 0 {
		t.Error("more streams than allowed")
	}
	close(release)
	for _, st := range <-done {
		if st.Layer == nil {
			t.Error(st.Err)
		}
	}
}

// tocLayers are layers with a table of contents, by format, and their descriptors.
func tocLayers(t testing.TB, s *server, items ...insidetest.Item) map[string]v1.Descriptor {
	t.Helper()
	layers := map[string]v1.Descriptor{}
	add := func(name, mediaType string, blob []byte, annotations map[string]string) {
		s.putBlob(t, "app", blob)
		layers[name] = v1.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(blob), Size: int64(len(blob)), Annotations: annotations}
	}
	toc := insidetest.TOC(items...)
	blob, annotations := insidetest.EStargz(toc, true, items...)
	add("eStargz", v1.MediaTypeImageLayerGzip, blob, annotations)
	for name, podman := range map[string]bool{"zstd:chunked of podman": true, "zstd:chunked of stargz-snapshotter": false} {
		blob, annotations := insidetest.ZstdChunked(toc, podman, items...)
		add(name, v1.MediaTypeImageLayerZstd, blob, annotations)
	}
	return layers
}

// bigFiles are files with content that does not compress, so that a table of contents is small beside them.
func bigFiles() []insidetest.Item {
	content := make([]byte, 200_000)
	_, _ = rand.NewChaCha8([32]byte{2}).Read(content)
	return []insidetest.Item{
		insidetest.Folder("etc"), insidetest.File("etc/motd", "hello"), insidetest.File("big", string(content)), insidetest.Symlink("link", "big"),
	}
}

// TestReadLayers_toc checks that the table of contents of a layer is read with ranges alone, that it
// lists the same files as the layer, and that it is kept apart from the list of the layer.
func TestReadLayers_toc(t *testing.T) {
	s := newServer(t)
	repo := s.ref("app", "").Repo()
	for name, d := range tocLayers(t, s, bigFiles()...) {
		dir := t.TempDir()
		c := cachingClient(t, dir)
		read := model.LayerRead{Repo: repo, Layer: d, TOC: true}
		got := c.ReadLayers(deadline(t), []model.LayerRead{read}, nil)[d.Digest]
		if got.Layer == nil || got.Layer.How != inside.TOC || got.Layer.Blob != "" || got.Packed > 5000 || c.Traffic().Bytes > 6000 {
			t.Errorf("%s: %+v after %d bytes", name, got, c.Traffic().Bytes)
			continue
		}
		read.TOC = false
		whole := c.ReadLayers(deadline(t), []model.LayerRead{read}, nil)[d.Digest]
		if whole.Layer == nil || whole.Layer.How != inside.Full || whole.Layer.Blob != d.Digest {
			t.Errorf("%s, whole: %+v", name, whole)
			continue
		}
		for e := range got.Layer.Files.All() {
			if f, ok := whole.Layer.Files.Find(e.Path); !ok || f.Sum != e.Sum || f.Size != e.Size || f.Kind != e.Kind {
				t.Errorf("%s: the table has %+v, the archive %+v", name, e, f)
			}
		}
		c.disk.Close(time.Minute)
		s.reset()
		read.TOC = true
		again := cachingClient(t, dir).ReadLayers(deadline(t), []model.LayerRead{read}, nil)[d.Digest]
		if again.Layer == nil || again.Layer.How != inside.Full || len(s.requests()) != 0 {
			t.Errorf("%s, from disk: %+v, %q", name, again, s.requests())
		}
		d.Annotations = nil
		read.Layer = d
		if other := newClient(t, Options{}).ReadLayers(deadline(t), []model.LayerRead{read}, nil)[d.Digest]; other.Layer == nil || other.Layer.How != inside.Full {
			t.Errorf("%s, without annotations: %+v", name, other)
		}
	}
}

// TestReadLayers_tocOnDisk checks that the list of a table of contents is kept, for the manifest that
// states this table alone.
func TestReadLayers_tocOnDisk(t *testing.T) {
	s := newServer(t)
	dir := t.TempDir()
	d := tocLayers(t, s, bigFiles()...)["eStargz"]
	read := []model.LayerRead{{Repo: s.ref("app", "").Repo(), Layer: d, TOC: true}}
	c := cachingClient(t, dir)
	c.ReadLayers(deadline(t), read, nil)
	c.disk.Close(time.Minute)
	s.reset()
	got := cachingClient(t, dir).ReadLayers(deadline(t), read, nil)[d.Digest]
	if got.Layer == nil || got.Layer.How != inside.TOC || len(s.requests()) != 0 {
		t.Errorf("got %+v after %q", got, s.requests())
	}
	read[0].Layer.Annotations = map[string]string{"containerd.io/snapshot/stargz/toc.digest": digest.FromString("another").String()}
	read[0].MaxWhole = 1
	got = cachingClient(t, dir).ReadLayers(deadline(t), read, nil)[d.Digest]
	says(t, got.Err, "the table of contents does not match its digest")
	read[0].TOC = false
	got = cachingClient(t, dir).ReadLayers(deadline(t), read, nil)[d.Digest]
	if got.Layer == nil || got.Layer.How != inside.Full {
		t.Errorf("the whole layer: %+v", got)
	}
}

// TestReadLayers_noRanges checks that a layer is read whole if the server sends no ranges, up to the
// size that is allowed.
func TestReadLayers_noRanges(t *testing.T) {
	s := newServer(t)
	s.setFront(func(_ http.ResponseWriter, r *http.Request) bool {
		r.Header.Del("Range")
		return false
	})
	for name, d := range tocLayers(t, s, bigFiles()...) {
		read := []model.LayerRead{{Repo: s.ref("app", "").Repo(), Layer: d, TOC: true, MaxWhole: d.Size}}
		if got := newClient(t, Options{}).ReadLayers(deadline(t), read, nil)[d.Digest]; got.Layer == nil || got.Layer.How != inside.Full {
			t.Errorf("%s: %+v", name, got)
		}
		read[0].MaxWhole--
		got := newClient(t, Options{}).ReadLayers(deadline(t), read, nil)[d.Digest]
		saysExactly(t, s, got.Err, "does not send parts of blobs (app@"+model.ShortDigest(d.Digest)+"); push the image again, or ask the administrator of the registry")
	}
}

// TestReadLayers_rangeRefused checks that a layer is read whole if the server refuses ranges, and that the refusal
// is an error of the table of contents if that is too large.
func TestReadLayers_rangeRefused(t *testing.T) {
	s := newServer(t)
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Range") == "" {
			return false
		}
		w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
		return true
	})
	for name, d := range tocLayers(t, s, bigFiles()...) {
		read := []model.LayerRead{{Repo: s.ref("app", "").Repo(), Layer: d, TOC: true, MaxWhole: d.Size}}
		if got := newClient(t, Options{}).ReadLayers(deadline(t), read, nil)[d.Digest]; got.Layer == nil || got.Layer.How != inside.Full {
			t.Errorf("%s: %+v", name, got)
		}
		read[0].MaxWhole--
		got := newClient(t, Options{}).ReadLayers(deadline(t), read, nil)[d.Digest]
		says(t, got.Err, "answered 416 to a range of the blob (app@"+model.ShortDigest(d.Digest)+")")
		if worded, ok := errors.AsType[*model.ReadError](got.Err); !ok || !worded.Corrupt {
			t.Errorf("%s: %#v", name, got.Err)
		}
	}
}

// TestReadLayers_largeTOC checks that a table of contents that is larger than is allowed is not read, and its
// size is said.
func TestReadLayers_largeTOC(t *testing.T) {
	s := newServer(t)
	for name, d := range tocLayers(t, s, bigFiles()...) {
		read := model.LayerRead{Repo: s.ref("app", "").Repo(), Layer: d, TOC: true, MaxWhole: 1, MaxTOC: 10}
		got := newClient(t, Options{}).ReadLayers(deadline(t), []model.LayerRead{read}, nil)[d.Digest]
		larger, ok := errors.AsType[*model.TOCSizeError](got.Err)
		if !ok || larger.Size <= 10 {
			t.Fatalf("%s: %v", name, got.Err)
		}
		read.MaxTOC = larger.Size
		if got := newClient(t, Options{}).ReadLayers(deadline(t), []model.LayerRead{read}, nil)[d.Digest]; got.Layer == nil || got.Layer.How != inside.TOC {
			t.Errorf("%s: %+v", name, got)
		}
		read.MaxTOC--
		got = newClient(t, Options{}).ReadLayers(deadline(t), []model.LayerRead{read}, nil)[d.Digest]
		if _, ok := errors.AsType[*model.TOCSizeError](got.Err); !ok || !strings.HasSuffix(got.Err.Error(), "more than was to be read") {
			t.Errorf("%s: %v", name, got.Err)
		}
	}
}

// TestReadFile checks that the content of a file is found by its hash, that a layer is not read
// further, and what is said of a file that is not there.
func TestReadFile(t *testing.T) {
	s := newServer(t)
	rest := make([]byte, 2<<20)
	_, _ = rand.NewChaCha8([32]byte{}).Read(rest)
	d := s.pushLayer(t, "app", insidetest.File("etc/motd", "old\n"), insidetest.File("etc/motd", "new\n"), insidetest.File("rest", string(rest)))
	repo := s.ref("app", "").Repo()
	c := newClient(t, Options{})
	sum := func(text string) inside.Hash { return sha256.Sum256([]byte(text)) }
	want := inside.Entry{Path: "etc/motd", Size: 4, Sum: sum("new\n")}
	before := c.Traffic().Bytes
	got, err := c.ReadFile(deadline(t), repo, d, want, 100)
	if err != nil || string(got.Bytes) != "new\n" || !got.Verified {
		t.Errorf("got %q, %v, %v", got.Bytes, got.Verified, err)
	}
	if n := c.Traffic().Bytes - before; n >= d.Size {
		t.Errorf("%d of %d bytes were read", n, d.Size)
	}
	want.Sum = inside.Hash{}
	if got, err := c.ReadFile(deadline(t), repo, d, want, 100); err != nil || string(got.Bytes) != "new\n" || got.Verified {
		t.Errorf("without a hash: %q, %v, %v", got.Bytes, got.Verified, err)
	}
	for say, want := range map[string]inside.Entry{
		"has no such file":                     {Path: "etc/motd", Size: 4, Sum: sum("other")},
		"has a larger file there than is read": {Path: "etc/motd", Size: 101},
	} {
		_, err := c.ReadFile(deadline(t), repo, d, want, 100)
		says(t, err, "layer "+model.ShortDigest(d.Digest)+" "+say)
	}
}
