package registry

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

// blobServer serves one blob of one repository, with ranges or without.
func blobServer(t *testing.T, blob []byte, ranges bool) (model.Ref, *[]string) {
	t.Helper()
	var asked []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/v2/":
		case strings.HasSuffix(r.URL.Path, "/blobs/"+digest.FromBytes(blob).String()):
			asked = append(asked, r.Method+" "+r.Header.Get("Range"))
			if !ranges {
				r.Header.Del("Range")
			}
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(blob))
		default:
			http.Error(w, `{"errors":[{"code":"MANIFEST_UNKNOWN"}]}`, http.StatusNotFound)
		}
	}))
	t.Cleanup(s.Close)
	return model.Ref{Registry: strings.TrimPrefix(s.URL, "http://"), Repository: "app"}, &asked
}

func gzipOf(t *testing.T, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(content); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The end of a large gzip layer is read with one request of eight bytes, its start with
// one of the first block.
func TestContents_trailer(t *testing.T) {
	content := make([]byte, 64<<10)
	random := rand.NewChaCha8([32]byte{})
	if _, err := random.Read(content); err != nil {
		t.Fatal(err)
	}
	blob := gzipOf(t, content)
	layer := v1.Descriptor{MediaType: v1.MediaTypeImageLayerGzip, Digest: digest.FromBytes(blob), Size: int64(len(blob))}
	repo, asked := blobServer(t, blob, true)
	c := New(Options{})
	t.Cleanup(c.Close)
	for range 2 { // the second time from memory
		got, err := c.Contents(t.Context(), repo, []model.LayerPart{{Descriptor: layer, Portion: model.LayerEnd}})
		if tr := got[layer.Digest].Trailer; err != nil || tr == nil || *tr != *model.ParseTrailer(blob[len(blob)-8:]) || tr.Size != 64<<10 {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	got, err := c.Contents(t.Context(), repo, []model.LayerPart{{Descriptor: layer, Portion: model.LayerStart}})
	if p := got[layer.Digest].Packing; err != nil || p != model.PackingGzip {
		t.Errorf("%q, %v", p, err)
	}
	if want := []string{fmt.Sprintf("GET bytes=%d-%d", len(blob)-8, len(blob)-1), "GET bytes=0-511"}; !slices.Equal(*asked, want) {
		t.Errorf("asked %q, want %q", *asked, want)
	}
}

// A registry that ignores ranges would send the whole layer: that is not read.
func TestContents_trailerWithoutRanges(t *testing.T) {
	blob := gzipOf(t, bytes.Repeat([]byte("0123456789abcdef"), 1<<20))
	layer := v1.Descriptor{MediaType: v1.MediaTypeImageLayerGzip, Digest: digest.FromBytes(blob), Size: int64(len(blob))}
	repo, _ := blobServer(t, blob, false)
	c := New(Options{})
	t.Cleanup(c.Close)
	got, err := c.Contents(t.Context(), repo, []model.LayerPart{{Descriptor: layer, Portion: model.LayerEnd}})
	if err == nil || len(got) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	if read := c.Traffic().Bytes; read > model.MaxSmall {
		t.Errorf("read %d bytes", read)
	}
}

// A digest that is a blob and not a manifest is said to be one.
func TestLoad_blobDigest(t *testing.T) {
	blob := []byte(`{"os":"linux"}`)
	repo, asked := blobServer(t, blob, true)
	c := New(Options{})
	t.Cleanup(c.Close)
	_, err := c.Load(t.Context(), repo.AtDigest(digest.FromBytes(blob)), nil)
	got, ok := err.(*model.ReadError) //nolint:errorlint // the type is the contract
	if !ok || got.Blob != digest.FromBytes(blob) || !strings.Contains(got.Message, "is not a manifest in") {
		t.Errorf("%v", err)
	}
	if len(*asked) != 1 || (*asked)[0] != "HEAD " {
		t.Errorf("asked %q", *asked)
	}
	_, err = c.Load(t.Context(), repo.AtDigest(digest.FromString("other")), nil)
	if got, ok := err.(*model.ReadError); !ok || got.Blob != "" || !strings.Contains(got.Error(), "image ID") { //nolint:errorlint // as above
		t.Errorf("%v", err)
	}
}
