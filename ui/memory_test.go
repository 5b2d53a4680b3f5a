package ui

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model/inside/insidetest"
	"github.com/tagdiff/tagdiff/registry"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
)

// filesInLayer is the number of files in each layer of manyLayers. A list takes 90 bytes for each.
const filesInLayer = 12_000

// manyLayers is a registry in which each tag is an image with its own layer. It makes an image when a
// request asks for it, and keeps only the tag of each digest.
type manyLayers struct {
	archive []byte // of all layers; the first file has the tag

	mu     sync.Mutex
	names  map[string]string        // tags by digest
	images map[string]*imageContent // the last ones by tag
}

// imageContent is an image with one layer.
type imageContent struct{ manifest, config, layer []byte }

func newManyLayers() *manyLayers {
	items := []insidetest.Item{insidetest.File("tag", fmt.Sprintf("%08d", 0))}
	for i := range filesInLayer {
		items = append(items, insidetest.File(fmt.Sprintf("usr/share/folder-%d/file-%d", i/20, i), ""))
	}
	return &manyLayers{archive: insidetest.Tar(items...), names: map[string]string{}, images: map[string]*imageContent{}}
}

// image returns the image of a tag or digest.
func (m *manyLayers) image(name string) *imageContent {
	m.mu.Lock()
	defer m.mu.Unlock()
	tag := name
	if of, ok := m.names[name]; ok {
		tag = of
	}
	i := m.images[tag]
	if i == nil {
		if len(m.images) == 4 {
			clear(m.images)
		}
		i = m.newImage(tag)
		m.images[tag] = i
	}
	return i
}

func (m *manyLayers) newImage(tag string) *imageContent {
	i, archive := &imageContent{}, bytes.Clone(m.archive)
	copy(archive[512:], fmt.Sprintf("%08s", tag))
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	if err != nil {
		panic(err)
	}
	_, errWrite := z.Write(archive)
	errClose := z.Close()
	i.layer = packed.Bytes()
	config, errConfig := json.Marshal(v1.Image{
		Platform: v1.Platform{OS: "linux", Architecture: "amd64"}, RootFS: v1.RootFS{Type: "layers", DiffIDs: []digest.Digest{digest.FromBytes(archive)}},
		History: []v1.History{{CreatedBy: "COPY . /"}},
	})
	i.config = config
	describe := func(mediaType string, content []byte) v1.Descriptor {
		d := digest.FromBytes(content)
		m.names[d.String()] = tag
		return v1.Descriptor{MediaType: mediaType, Digest: d, Size: int64(len(content))}
	}
	i.manifest, err = json.Marshal(v1.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: v1.MediaTypeImageManifest,
		Config: describe(v1.MediaTypeImageConfig, config), Layers: []v1.Descriptor{describe(v1.MediaTypeImageLayerGzip, i.layer)},
	})
	if err := errors.Join(errWrite, errClose, errConfig, err); err != nil {
		panic(err)
	}
	describe(v1.MediaTypeImageManifest, i.manifest)
	return i
}

func (m *manyLayers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := path.Base(r.URL.Path)
	if name == "v2" {
		return
	}
	i := m.image(name)
	content := i.manifest
	if strings.Contains(r.URL.Path, "/blobs/") {
		if content = i.layer; name == digest.FromBytes(i.config).String() {
			content = i.config
		}
	} else {
		w.Header().Set("Content-Type", v1.MediaTypeImageManifest)
		w.Header().Set("Docker-Content-Digest", digest.FromBytes(content).String())
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

// TestFiles_memory checks that memory does not grow with the number of comparisons of what is inside
// layers. The first comparisons fill the memory for lists that the registry client has.
func TestFiles_memory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	const (
		fill, more = 32, 10 // comparisons
		listSize   = 2 * filesInLayer * 90
		allowed    = more * listSize / 4
	)
	server := httptest.NewServer(newManyLayers())
	t.Cleanup(server.Close)
	client := registry.New(registry.Options{})
	t.Cleanup(client.Close)
	r := newAppRunner(t.Context(), Options{Registry: client, Glyphs: look.Unicode()})
	t.Cleanup(func() { close(r.done) })
	r.update(tea.WindowSizeMsg{Width: 80, Height: 24})
	r.update(startMsg{})
	host := strings.TrimPrefix(server.URL, "http://")
	n := 0
	compare := func() {
		n++
		r.update(tea.KeyPressMsg{Code: 'u', Mod: tea.ModCtrl})
		r.update(tea.PasteMsg{Content: fmt.Sprintf("%s/app:a%d :b%d", host, n, n)})
		r.keys("enter")
		r.updateUntil(t, "comparison", func() bool { return strings.Contains(r.app.content(), "1 file changed: tag") })
		r.keys("4")
		if !strings.Contains(r.app.content(), "8 B") {
			t.Fatalf("the file is not listed:\n%s", r.app.content())
		}
		for len(r.app.stack) > 1 {
			r.update(page.PopMsg{})
		}
	}
	heap := func() int {
		var stats runtime.MemStats
		runtime.GC()
		runtime.GC() // the first one runs finalizers
		runtime.ReadMemStats(&stats)
		return int(stats.HeapAlloc)
	}
	for range fill {
		compare()
	}
	before := heap()
	for range more {
		compare()
	}
	after := heap()
	t.Logf("%d MiB after %d comparisons, %d MiB after %d", before>>20, fill, after>>20, n)
	if after-before > allowed {
		t.Errorf("%d comparisons take %d bytes more, their lists %d", more, after-before, more*listSize)
	}
}
