package registry

import (
	"context"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/inside/insidetest"
)

// TestExtractFile checks that a file is written whole and verified, and that nothing of it stays where that
// fails: content that is not there, no room, a name that is taken, a call that is cancelled, a client
// that is closed.
func TestExtractFile(t *testing.T) {
	s := newServer(t)
	big := make([]byte, 3<<20)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(big) // which never fails
	twin := append([]byte("another file of this size"), big[25:]...)
	d := s.pushLayer(t, "app", insidetest.File("first", string(twin)), insidetest.File("bin/app", string(big)), insidetest.File("rest", string(twin)))
	repo := s.ref("app", "").Repo()
	c := newClient(t, Options{})
	layer := c.ReadLayers(deadline(t), reads(repo, d), nil)[d.Digest].Layer
	want, _ := layer.Files.Find("bin/app")
	leaves := func(t *testing.T, folder string, names int) {
		t.Helper()
		if entries, err := os.ReadDir(folder); err != nil || len(entries) != names {
			t.Errorf("%d files in the folder, want %d: %v %v", len(entries), names, entries, err)
		}
	}
	t.Run("written", func(t *testing.T) {
		folder := t.TempDir()
		path := filepath.Join(folder, "app")
		read := int64(0)
		written, verified, err := c.ExtractFile(deadline(t), repo, d, want, path, func(n int64) { read = n })
		content, _ := os.ReadFile(path)
		if err != nil || written != path || !verified || string(content) != string(big) || read < int64(len(big)) || read > d.Size {
			t.Errorf("%q, %v, %v; %d bytes, %d of %d read", written, verified, err, len(content), read, d.Size)
		}
		if _, _, err := c.ExtractFile(deadline(t), repo, d, want, path, nil); err == nil || !strings.Contains(err.Error(), "exists in this folder") {
			t.Errorf("a second time: %v", err)
		}
		leaves(t, folder, 1)
	})
	other, large := want, want
	other.Sum = inside.Hash{1}
	large.Size = 1 << 60
	for _, tt := range []struct {
		name string
		want inside.Entry
		say  string
	}{{"not there", other, "has no such file"}, {"no room", large, "the disk has room for"}} {
		t.Run(tt.name, func(t *testing.T) {
			folder := t.TempDir()
			if _, _, err := c.ExtractFile(deadline(t), repo, d, tt.want, filepath.Join(folder, "app"), nil); err == nil || !strings.Contains(err.Error(), tt.say) {
				t.Errorf("%v, want %q", err, tt.say)
			}
			leaves(t, folder, 0)
		})
	}
	for name, end := range map[string]func(cancel func(), c *Client){
		"cancelled": func(cancel func(), _ *Client) { cancel() },
		"closed":    func(_ func(), c *Client) { c.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			folder, of := t.TempDir(), newClient(t, Options{})
			arrived := make(chan struct{})
			s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, "/blobs/") {
					return false
				}
				blob, _ := layerOf(insidetest.File("first", string(twin)), insidetest.File("bin/app", string(big)), insidetest.File("rest", string(twin)))
				_, _ = w.Write(blob[:len(blob)/2])
				w.(http.Flusher).Flush()
				close(arrived)
				<-r.Context().Done()
				return true
			})
			defer s.setFront(nil)
			ctx, cancel := context.WithCancel(deadline(t))
			ended := make(chan error)
			go func() {
				_, _, err := of.ExtractFile(ctx, repo, d, want, filepath.Join(folder, "app"), nil)
				ended <- err
			}()
			<-arrived
			end(cancel, of)
			if name == "closed" { // Close has waited
				leaves(t, folder, 0)
			}
			if err := <-ended; err == nil {
				t.Error("no error")
			}
			leaves(t, folder, 0)
			cancel()
		})
	}
	c.Close()
	if _, _, err := c.ExtractFile(deadline(t), repo, d, want, filepath.Join(t.TempDir(), "app"), nil); err == nil {
		t.Error("a closed client begins to write")
	}
}
