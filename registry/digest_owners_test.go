package registry

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	gv1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
)

// TestLoad_owners: the error of an image ID has the tags that it belongs to. The search
// reads only the last tags.
func TestLoad_owners(t *testing.T) {
	s := newServer(t)
	img, other := image(t, 1), image(t, 2)
	s.pushImage(t, s.ref("app", "prod"), img)
	s.pushImage(t, s.ref("app", "v1"), img)
	s.pushImage(t, s.ref("app", "v2"), other)
	id, err := img.ConfigName()
	ok(t, err)
	owners := func(d string) (tags, next string) {
		t.Helper()
		_, err := newClient(t, Options{}).Load(deadline(t), s.ref("app", "").AtDigest(digest.Digest(d)), nil)
		got, isRead := errors.AsType[*model.ReadError](err)
		if !isRead || got.Blob.String() != d {
			t.Fatalf("%v", err)
		}
		for _, o := range got.Owners {
			tags += fmt.Sprintf("%s:%d ", o.Ref.Tag, o.Kind)
		}
		return tags, got.Next
	}
	if tags, _ := owners(id.String()); tags != "prod:2 v1:2 " {
		t.Errorf("%q", tags)
	}

	for i := range 2 * ownerTags {
		s.pushImage(t, s.ref("app", fmt.Sprint("z", i)), other)
	}
	s.reset()
	tags, next := owners(id.String())
	if tags != "" || !strings.Contains(next, "no image of the 32 tags that were read; open") {
		t.Errorf("%q, %s", tags, next)
	}
	if n := len(s.requests()); n > ownerTags+6 { // a HEAD for each tag, one image, the list, the blob and the manifest
		t.Errorf("%d requests: %q", n, s.requests())
	}
}

// TestLoad_ownersOfDigests: a diff_id, and what belongs to the second image of an index, are
// found too. The near miss is a digest of nothing, and an index with more images than are read.
func TestLoad_ownersOfDigests(t *testing.T) {
	s := newServer(t)
	one, first, second := image(t, 1), image(t, 2), image(t, 3)
	s.pushImage(t, s.ref("app", "one"), one)
	s.pushIndex(t, s.ref("app", "list"), mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: first}, mutate.IndexAddendum{Add: second,
		Descriptor: gv1.Descriptor{Platform: &gv1.Platform{OS: "linux", Architecture: "arm64"}}}))
	find := func(d gv1.Hash) (owners string, read *model.ReadError) {
		t.Helper()
		_, err := newClient(t, Options{}).Load(deadline(t), s.ref("app", "").AtDigest(digest.Digest(d.String())), nil)
		read, isRead := errors.AsType[*model.ReadError](err)
		if !isRead || read.Asked().String() != d.String() || !read.Missing {
			t.Fatalf("%v", err)
		}
		for _, o := range read.Owners {
			owners += fmt.Sprintf("%s:%d:%d:%s ", o.Ref.Tag, o.Kind, o.Step, o.Platform)
		}
		return owners, read
	}
	config := func(img gv1.Image) *gv1.ConfigFile {
		c, err := img.ConfigFile()
		ok(t, err)
		return c
	}
	id, err := second.ConfigName()
	ok(t, err)
	for _, tt := range []struct {
		d    gv1.Hash
		want string
	}{
		{config(one).RootFS.DiffIDs[0], "one:4:0: "},
		{id, "list:2:0:linux/arm64 "},
		{config(second).RootFS.DiffIDs[2], "list:4:2:linux/arm64 "},
		{gv1.Hash{Algorithm: "sha256", Hex: strings.Repeat("0", 64)}, ""},
	} {
		if got, _ := find(tt.d); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.d, got, tt.want)
		}
	}

	wide := gv1.ImageIndex(empty.Index)
	for i := range ownerImages + 2 {
		img, err := mutate.Config(first, gv1.Config{Env: []string{fmt.Sprint("N=", i)}})
		ok(t, err)
		wide = mutate.AppendManifests(wide, mutate.IndexAddendum{Add: img})
	}
	wide = mutate.AppendManifests(wide, mutate.IndexAddendum{Add: second})
	s.pushIndex(t, s.ref("app", "list"), wide)
	got, failed := find(id)
	if want := "it belongs to no image of the 2 tags that were read (of an index, not all images); open"; got != "" || !strings.Contains(failed.Next, want) {
		t.Errorf("%q, %s", got, failed.Next)
	}
}
