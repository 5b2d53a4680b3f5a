package registry

import (
	"errors"
	"fmt"
	"strings"
	"testing"

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
	if tags != "" || !strings.Contains(next, "none of the 32 tags that were read (of an index, only its first image)") {
		t.Errorf("%q, %s", tags, next)
	}
	if n := len(s.requests()); n > ownerTags+6 { // a HEAD for each tag, one image, the list, the blob and the manifest
		t.Errorf("%d requests: %q", n, s.requests())
	}
}
