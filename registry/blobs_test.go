package registry

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

// TestCheckBlobs asks for blobs that are there, gone, there though HEAD denies it, refused, of
// another size, and a web page. HEAD may be wrong about the size.
func TestCheckBlobs(t *testing.T) {
	s := newServer(t)
	here, denied := []byte("here"), []byte("denied by HEAD")
	long, lied := bytes.Repeat([]byte("long"), 300), []byte("HEAD states another size")
	page := []byte("<html>" + strings.Repeat("x", 5000))
	for _, b := range [][]byte{here, denied, long, lied, page} {
		s.putBlob(t, "app", b)
	}
	gone, secret := digest.FromString("gone"), digest.FromString("secret")
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		switch path.Base(r.URL.Path) {
		case digest.FromBytes(denied).String():
			if r.Method == http.MethodHead {
				w.WriteHeader(http.StatusNotFound)
				return true
			}
			if r.Header.Get("Range") != "bytes=0-13" {
				t.Errorf("more than the first bytes are requested: %q", r.Header.Get("Range"))
			}
		case digest.FromBytes(lied).String():
			if r.Method == http.MethodHead {
				w.Header().Set("Content-Length", "77")
				return true
			}
		case secret.String():
			w.WriteHeader(http.StatusForbidden)
			return true
		}
		return false
	})
	s.reset()
	got := map[digest.Digest]string{}
	of := func(raw []byte, size int) v1.Descriptor {
		return v1.Descriptor{Digest: digest.FromBytes(raw), Size: int64(size)}
	}
	layer := of(page, len(page))
	layer.MediaType = v1.MediaTypeImageLayerGzip
	blobs := []v1.Descriptor{
		of(here, len(here)), of(denied, len(denied)), {Digest: gone, Size: 1}, {Digest: secret}, {Digest: gone},
		of(long, 5), of(lied, len(lied)), layer,
	}
	err := newClient(t, Options{}).CheckBlobs(deadline(t), s.ref("app", "").Repo(), blobs, func(b model.BlobState) {
		got[b.Digest] = strings.TrimSpace(fmt.Sprint(b.Missing, b.Err != nil, b.Size, " ", b.Start.NoTar))
	})
	ok(t, err)
	for d, want := range map[digest.Digest]string{
		digest.FromBytes(here): "false false 0", digest.FromBytes(denied): "false false 0", gone: "true false 0", secret: "false true 0",
		digest.FromBytes(long): "false false 1200", digest.FromBytes(lied): "false false 0",
		layer.Digest: `false false 0 starts with "<html>"; it is neither gzip, zstd nor tar`,
	} {
		if got[d] != want {
			t.Errorf("%s: missing, unknown, size, text %q, want %q", d, got[d], want)
		}
	}
	asked := func(method string, d digest.Digest) int {
		return len(slices.DeleteFunc(s.requests(), func(line string) bool {
			return !strings.HasPrefix(line, method+" ") || !strings.HasSuffix(line, d.String())
		}))
	}
	if n, pages := asked("HEAD", gone), asked("GET", layer.Digest)+asked("HEAD", layer.Digest); n != 1 || pages != 1 {
		t.Errorf("%d HEAD requests for one digest, %d requests for a small layer", n, pages)
	}
}

// TestCheckBlobs_limits checks that at most 16 requests are in flight, and that a check
// that is cancelled reports no blob.
func TestCheckBlobs_limits(t *testing.T) {
	s := newServer(t)
	var blobs []v1.Descriptor
	for i := range 40 {
		blobs = append(blobs, v1.Descriptor{Digest: digest.FromString(fmt.Sprint(i))})
	}
	var mu sync.Mutex
	in, most := 0, 0
	full, release := make(chan struct{}), make(chan struct{})
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		in++
		most = max(most, in)
		if in == blobsAtOnce {
			close(full)
		}
		mu.Unlock()
		select {
		case <-release:
		case <-r.Context().Done():
		}
		w.WriteHeader(http.StatusNotFound)
		return true
	})
	t.Cleanup(func() { close(release) })
	ctx, cancel := context.WithCancel(deadline(t))
	go func() {
		<-full
		cancel()
	}()
	err := newClient(t, Options{Concurrency: 64}).CheckBlobs(ctx, s.ref("app", "").Repo(), blobs, func(b model.BlobState) { t.Errorf("%+v", b) })
	if err == nil {
		t.Error("the check was not cancelled")
	}
	mu.Lock()
	defer mu.Unlock()
	if most != blobsAtOnce {
		t.Errorf("%d requests at once, want %d", most, blobsAtOnce)
	}
}
