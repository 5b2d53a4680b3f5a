package registry

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

func TestContents(t *testing.T) {
	s := newServer(t)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(make([]byte, 1024)); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	large, junk := bytes.Repeat([]byte("x"), model.MaxSmall+1), []byte("\x1f\x8bjunk")
	for _, b := range [][]byte{packed.Bytes(), large, junk} {
		s.putBlob(t, "app", b)
	}
	d := func(b []byte, size int64) v1.Descriptor {
		return v1.Descriptor{Digest: digest.FromBytes(b), Size: size}
	}
	repo := s.ref("app", "").Repo()
	c := newClient(t, Options{})
	s.reset()
	missing := d([]byte("not there"), 9)
	seen, err := c.Contents(deadline(t), repo, wholeLayers(d(packed.Bytes(), int64(packed.Len())), d(junk, 6), missing, d(large, int64(len(large)))))
	if got := seen[digest.FromBytes(junk)]; got.Broken == "" {
		t.Errorf("a layer that is not gzip: %+v", got)
	}
	if got := seen[missing.Digest]; got.MissingIn != repo {
		t.Errorf("a layer that is missing: %+v", got)
	}
	if got := seen[digest.FromBytes(packed.Bytes())]; len(seen) != 3 || !got.Empty || got.DiffID != model.EmptyTar || got.Size != 1024 {
		t.Errorf("%+v", seen)
	}
	if err == nil {
		t.Error("there is no error for a layer that cannot be read")
	}
	for _, line := range s.requests() {
		if strings.Contains(line, d(large, 0).Digest.String()) {
			t.Errorf("a layer that is too large was requested: %s", line)
		}
	}
	// Of unknown size, it is not read to the end.
	before := c.Traffic().Bytes
	if _, err := c.Contents(deadline(t), repo, wholeLayers(d(large, 0))); err == nil || c.Traffic().Bytes-before > model.MaxSmall+bytes.MinRead {
		t.Errorf("error %v after %d bytes", err, c.Traffic().Bytes-before)
	}
	// A second call sends no request.
	s.reset()
	if _, err := c.Contents(deadline(t), repo, wholeLayers(d(packed.Bytes(), 0))); err != nil || len(s.requests()) != 0 {
		t.Errorf("%v, %q", err, s.requests())
	}
}

// wholeLayers asks for whole layers.
func wholeLayers(layers ...v1.Descriptor) []model.LayerPart {
	var parts []model.LayerPart
	for _, d := range layers {
		parts = append(parts, model.LayerPart{Descriptor: d})
	}
	return parts
}
