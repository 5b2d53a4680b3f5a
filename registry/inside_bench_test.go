package registry

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside/insidetest"
)

// BenchmarkReadLayers reads the two layers of a row. Its floor reads the same two at once, unpacks
// them, and hashes the blob, the archive and each file. It must stay below 1.25 floors.
func BenchmarkReadLayers(b *testing.B) {
	s := newServer(b)
	layers := []v1.Descriptor{s.pushLayer(b, "app", manyFiles(1)...), s.pushLayer(b, "app", manyFiles(2)...)}
	want := reads(s.ref("app", "").Repo(), layers...)
	var least time.Duration
	for b.Loop() {
		c := newClient(b, Options{})
		listAll(b, c, want)
		c.Close()
		b.StopTimer()
		start := time.Now()
		var both sync.WaitGroup
		for _, d := range layers {
			both.Go(func() { leastListing(b, s.URL+"/v2/app/blobs/"+d.Digest.String()) })
		}
		both.Wait()
		least += time.Since(start)
		b.StartTimer()
	}
	b.ReportMetric(float64(b.Elapsed())/float64(least), "floors")
	b.SetBytes(layers[0].Size + layers[1].Size)
}

// BenchmarkReadLayersAgain reads the same two lists from disk. It must take at most 0.05 of the
// first time.
func BenchmarkReadLayersAgain(b *testing.B) {
	s := newServer(b)
	want := reads(s.ref("app", "").Repo(), s.pushLayer(b, "app", manyFiles(1)...), s.pushLayer(b, "app", manyFiles(2)...))
	dir := b.TempDir()
	start := time.Now()
	first := newClient(b, Options{Documents: dir})
	first.ReadLayers(deadline(b), want, nil)
	took := time.Since(start)
	first.disk.Close(time.Minute)
	s.reset()
	for b.Loop() {
		listAll(b, newClient(b, Options{Documents: dir}), want)
	}
	if len(s.requests()) != 0 {
		b.Errorf("requests %q", s.requests())
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(took), "firsts")
}

// BenchmarkReadLayersTOC lists two layers from their tables of contents. It must take at most 0.15 of
// the time of the whole layers. The tables have about 0.03 of the bytes, as the files are small.
func BenchmarkReadLayersTOC(b *testing.B) {
	s := newServer(b)
	var want []model.LayerRead
	size := int64(0)
	for seed := range uint64(2) {
		d := tocLayers(b, s, manyFiles(seed+1)...)["eStargz"]
		want = append(want, model.LayerRead{Repo: s.ref("app", "").Repo(), Layer: d})
		size += d.Size
	}
	start := time.Now()
	listAll(b, newClient(b, Options{}), want)
	took := time.Since(start)
	for i := range want {
		want[i].TOC = true
	}
	var c *Client
	for b.Loop() {
		c = newClient(b, Options{})
		listAll(b, c, want)
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(took), "wholes")
	b.ReportMetric(float64(c.Traffic().Bytes)/float64(size), "of-the-bytes")
}

func listAll(b *testing.B, c *Client, want []model.LayerRead) {
	b.Helper()
	for _, st := range c.ReadLayers(deadline(b), want, nil) {
		if st.Layer == nil {
			b.Fatal(st.Err)
		}
	}
}

// manyFiles are 5,000 files of some 8 KiB of text, of which a tenth depends on the seed.
func manyFiles(seed uint64) []insidetest.Item {
	var items []insidetest.Item
	for i := range uint64(5000) {
		if i%10 != 0 {
			seed = 0
		}
		r := rand.New(rand.NewPCG(seed, i))
		text := make([]byte, 0, 16<<10)
		for n := r.IntN(16 << 10); len(text) < n; {
			text = fmt.Appendf(text, "%d word%d ", r.IntN(1000), r.IntN(300))
		}
		items = append(items, insidetest.File(fmt.Sprintf("usr/lib/%02d/file-%04d", i/100, i), string(text)))
	}
	return items
}

// leastListing reads a layer as insidetest.ReadLeast does.
func leastListing(b *testing.B, url string) {
	b.Helper()
	resp, err := http.Get(url)
	if err != nil {
		b.Error(err)
		return
	}
	defer resp.Body.Close()
	if err := insidetest.ReadLeast(resp.Body); err != nil {
		b.Error(err)
	}
}
