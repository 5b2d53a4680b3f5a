package model

import (
	"bytes"
	"testing"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/inside/insidetest"
)

// TestContentsOf checks what reading a layer whole shows of its step.
func TestContentsOf(t *testing.T) {
	archive := insidetest.Tar(insidetest.File("a", "1"), insidetest.File("b", "2"))
	zipped := insidetest.Gzip(archive)
	chunked := map[string]string{"io.containers.zstd-chunked.manifest-position": "1:2:3:1"}
	for _, tt := range []struct {
		name        string
		blob        []byte
		mediaType   string
		annotations map[string]string
		want        Contents
	}{
		{"whole", zipped, v1.MediaTypeImageLayerGzip, nil, Contents{Packing: PackingGzip, DiffID: digest.FromBytes(archive), Size: int64(len(archive))}},
		{"zstd:chunked", insidetest.Zstd(archive), v1.MediaTypeImageLayerZstd, chunked,
			Contents{Packing: PackingZstd, DiffID: digest.FromBytes(archive), Size: int64(len(archive))}},
		{"a plain archive of another type", archive, v1.MediaTypeImageLayerGzip, nil,
			Contents{Packing: PackingTar, DiffID: digest.FromBytes(archive), Size: int64(len(archive))}},
		{"cut off", zipped[:len(zipped)-9], v1.MediaTypeImageLayerGzip, nil, Contents{Broken: "is cut off"}},
		{"a cut archive", archive[:1100], v1.MediaTypeImageLayer, nil, Contents{Broken: "is cut off"}},
		{"bzip2", []byte("BZh91AY&SY"), v1.MediaTypeImageLayer, nil, Contents{}},
		{"no layer of files", []byte("hello"), "application/vnd.example.model", nil,
			Contents{DiffID: digest.FromString("hello"), Size: 5, Empty: true}},
	} {
		l, err := inside.Read(bytes.NewReader(tt.blob), inside.Options{})
		if err != nil {
			t.Fatal(err)
		}
		d := v1.Descriptor{MediaType: tt.mediaType, Digest: digest.FromBytes(tt.blob), Size: int64(len(tt.blob)), Annotations: tt.annotations}
		if got := ContentsOf(d, l); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
		d.Digest = digest.FromString("another")
		if got := ContentsOf(d, l); got.Broken != "" {
			t.Errorf("%s: a blob of another digest is broken: %+v", tt.name, got)
		}
	}
}
