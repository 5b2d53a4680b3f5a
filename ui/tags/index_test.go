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

// TestSharedImages_manyIndexes checks that a long list of names ends with a count.
func TestSharedImages_manyIndexes(t *testing.T) {
	for n, want := range map[int]string{6: "listed in 2.0, 2.1, 2.2, 2.3, 2.4, 2.5", 9: "2.5 and 3 more", 70: "2.5 and many more"} {
		s := fakereg.NewRepo(map[string]string{"1.0": "base"})
		for i := range n {
			tag := fmt.Sprintf("2.%d", i)
			s.Points[tag], s.TagNames, s.Members[tag] = tag, append(s.TagNames, tag), []string{"base", tag + "/other"}
		}
		x := newIndex()
		x.setTarget(model.Tagged{Tag: "1.0", Digest: fakereg.Named("base")})
		for i := range n {
			tag := fmt.Sprintf("2.%d", i)
			x.setTarget(model.Tagged{Tag: tag, Digest: fakereg.Named(tag), MediaType: v1.MediaTypeImageIndex})
			x.addChildren(fakereg.Named(tag), s.List(fakereg.Named(tag)))
		}
		texts := tagsPage{index: x}.sharedImages(fakereg.Named("base"))
		if len(texts) == 0 || !strings.HasSuffix(texts[0].String(), want) {
			t.Errorf("%d indexes: %q", n, texts)
		}
	}
}

// TestTagSet_attachedTag checks that the tag of a signature is not in the set:
// otherwise a set that lacks one tag would seem complete.
func TestTagSet_attachedTag(t *testing.T) {
	x := newIndex()
	x.setTarget(model.Tagged{Tag: "1", Digest: fakereg.Named("a")})
	x.setTarget(model.Tagged{Tag: "sha256-" + fakereg.Named("a").Encoded() + ".sig", Digest: fakereg.Named("s")})
	set := x.tagSet(model.Ref{}, widget.NameList{All: []string{"1", "2"}})
	if len(set.Tags) >= set.Total {
		t.Error("tag 2 is not resolved")
	}
}

// TestAddChildren_twice checks an index that lists one image for two platforms.
func TestAddChildren_twice(t *testing.T) {
	x := newIndex()
	c := v1.Descriptor{Digest: fakereg.Named("x"), MediaType: v1.MediaTypeImageManifest, Platform: &v1.Platform{OS: "linux", Architecture: "arm"}}
	x.addChildren(fakereg.Named("i"), []v1.Descriptor{c, c})
	if !slices.Equal(x.listedIn[fakereg.Named("x")], []digest.Digest{fakereg.Named("i")}) {
		t.Error(x.listedIn)
	}
}

// TestSharedImages_untaggedIndex checks an index whose tag moved away.
func TestSharedImages_untaggedIndex(t *testing.T) {
	x := newIndex()
	c := v1.Descriptor{Digest: fakereg.Named("x"), MediaType: v1.MediaTypeImageManifest}
	x.addChildren(fakereg.Named("i"), []v1.Descriptor{c})
	p := tagsPage{index: x}
	for _, text := range p.sharedImages(fakereg.Named("x")) {
		t.Errorf("%q", text)
	}
}

// TestIndex_otherImages counts the images of an index that were not read.
func TestIndex_otherImages(t *testing.T) {
	of := fakereg.Named("list")
	amd := v1.Descriptor{Digest: fakereg.Named("amd"), MediaType: v1.MediaTypeImageManifest, Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}
	nested := v1.Descriptor{Digest: fakereg.Named("nested"), MediaType: v1.MediaTypeImageIndex}
	attestation := v1.Descriptor{Digest: fakereg.Named("att"), MediaType: v1.MediaTypeImageManifest,
		Annotations: map[string]string{"vnd.docker.reference.type": "attestation-manifest"}}
	id := model.Part{Digest: fakereg.Named("id"), Kind: model.PartImageID}
	for name, tt := range map[string]struct {
		children []v1.Descriptor
		parts    []model.Part
		want     int
	}{
		"one image, read":         {[]v1.Descriptor{amd}, []model.Part{id}, 0},
		"the first of two":        {[]v1.Descriptor{amd, amd}, []model.Part{id}, 1},
		"an index in an index":    {[]v1.Descriptor{amd, nested}, []model.Part{id}, 1},
		"an attestation":          {[]v1.Descriptor{amd, attestation}, []model.Part{id}, 0},
		"all, after a comparison": {[]v1.Descriptor{amd, nested}, []model.Part{id, id, id}, 0},
	} {
		x := newIndex()
		if got := x.otherImages(of); got != 0 {
			t.Errorf("%s: %d before it is read", name, got)
		}
		x.addImage(model.TagInfo{Digest: of, Children: tt.children, Parts: tt.parts})
		if got := x.otherImages(of); got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
}
