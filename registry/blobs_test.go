package registry

import (
	"context"
	"fmt"
	"net/http"
	"path"
	"strings"
	"sync"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
)

// TestCheckBlobs asks for blobs that are there, gone, there though HEAD denies it, and
// refused.
func TestCheckBlobs(t *testing.T) {
	s := newServer(t)
	here, denied := []byte("here"), []byte("denied by HEAD")
	s.putBlob(t, "app", here)
	s.putBlob(t, "app", denied)
	gone, secret := digest.FromString("gone"), digest.FromString("secret")
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		switch path.Base(r.URL.Path) {
		case digest.FromBytes(denied).String():
			if r.Method == http.MethodHead {
				w.WriteHeader(http.StatusNotFound)
				return true
			}
			if r.Header.Get("Range") != "bytes=0-0" {
				t.Errorf("more than the first byte is requested: %q", r.Header.Get("Range"))
			}
		case secret.String():
			w.WriteHeader(http.StatusForbidden)
			return true
		}
		return false
	})
	s.reset()
	got := map[digest.Digest]string{}
	blobs := []digest.Digest{digest.FromBytes(here), digest.FromBytes(denied), gone, secret, gone}
	err := newClient(t, Options{}).CheckBlobs(deadline(t), s.ref("app", "").Repo(), blobs, func(b model.BlobState) {
		got[b.Digest] = fmt.Sprint(b.Missing, b.Err != nil)
	})
	ok(t, err)
	for d, want := range map[digest.Digest]string{digest.FromBytes(here): "false false", digest.FromBytes(denied): "false false", gone: "true false", secret: "false true"} {
		if got[d] != want {
			t.Errorf("%s: missing, unknown %q, want %q", d, got[d], want)
		}
	}
	heads := 0
	for _, line := range s.requests() {
		if strings.HasPrefix(line, "HEAD ") && strings.HasSuffix(line, gone.String()) {
			heads++
		}
	}
	if heads != 1 {
		t.Errorf("%d HEAD requests for one digest", heads)
	}
}

// TestCheckBlobs_limits checks that at most 16 requests are in flight, and that a check
// that is cancelled reports no blob.
func TestCheckBlobs_limits(t *testing.T) {
	s := newServer(t)
	var blobs []digest.Digest
	for i := range 40 {
		blobs = append(blobs, digest.FromString(fmt.Sprint(i)))
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
