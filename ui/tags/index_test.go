package tags

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// TestListedInMany: names are left out with a word.
func TestListedInMany(t *testing.T) {
	for n, want := range map[int]string{6: "listed in 2.0, 2.1, 2.2, 2.3, 2.4, 2.5", 9: "2.5 and 3 more", 70: "2.5 and many more"} {
		s := fakereg.NewRepo(map[string]string{"1.0": "base"})
		for i := range n {
			tag := fmt.Sprintf("2.%d", i)
			s.Points[tag], s.TagNames, s.Members[tag] = tag, append(s.TagNames, tag), []string{"base", tag + "/other"}
		}
		k := newIndex()
		k.setTarget(model.Tagged{Tag: "1.0", Digest: fakereg.Named("base")})
		for i := range n {
			tag := fmt.Sprintf("2.%d", i)
			k.setTarget(model.Tagged{Tag: tag, Digest: fakereg.Named(tag), MediaType: v1.MediaTypeImageIndex})
			k.addChildren(fakereg.Named(tag), s.List(fakereg.Named(tag)))
		}
		said := tagsPage{index: k}.sharedImages(fakereg.Named("base"))
		if len(said) == 0 || !strings.HasSuffix(said[0].String(), want) {
			t.Errorf("%d indexes: %q", n, said)
		}
	}
}

// TestAttachedTagsDoNotCount: else a list of which one tag has not been asked
// would pass for whole.
func TestAttachedTagsDoNotCount(t *testing.T) {
	k := newIndex()
	k.setTarget(model.Tagged{Tag: "1", Digest: fakereg.Named("a")})
	k.setTarget(model.Tagged{Tag: "sha256-" + fakereg.Named("a").Encoded() + ".sig", Digest: fakereg.Named("s")})
	set := k.tagSet(model.Ref{}, widget.NameList{All: []string{"1", "2"}})
	if len(set.Tags) >= set.Total {
		t.Error("2 has not been asked")
	}
}

// TestAnIndexHoldsAnImageOnce: an index may list an image for two platforms.
func TestAnIndexHoldsAnImageOnce(t *testing.T) {
	k := newIndex()
	c := v1.Descriptor{Digest: fakereg.Named("x"), MediaType: v1.MediaTypeImageManifest, Platform: &v1.Platform{OS: "linux", Architecture: "arm"}}
	k.addChildren(fakereg.Named("i"), []v1.Descriptor{c, c})
	if !slices.Equal(k.listedIn[fakereg.Named("x")], []digest.Digest{fakereg.Named("i")}) {
		t.Error(k.listedIn)
	}
}

// TestListedInNobody: the tag of an index may have moved away.
func TestListedInNobody(t *testing.T) {
	k := newIndex()
	c := v1.Descriptor{Digest: fakereg.Named("x"), MediaType: v1.MediaTypeImageManifest}
	k.addChildren(fakereg.Named("i"), []v1.Descriptor{c})
	p := tagsPage{index: k}
	for _, text := range p.sharedImages(fakereg.Named("x")) {
		t.Errorf("%q", text)
	}
}
