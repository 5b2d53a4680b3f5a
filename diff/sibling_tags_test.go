package diff

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

func named(name string) digest.Digest { return digest.FromString(name) }

// tagSet parses "tag=image" for each tag, in that order, and
// "image:platform=image,…" for the children of an index.
func tagSet(entries ...string) model.TagSet {
	set := model.TagSet{Repo: ref("").Repo(), Children: map[digest.Digest][]v1.Descriptor{}}
	for _, e := range entries {
		name, what, _ := strings.Cut(e, "=")
		if index, isIndex := strings.CutSuffix(name, ":"); isIndex {
			for _, child := range strings.Split(what, ",") {
				set.Children[named(index)] = append(set.Children[named(index)], childOf(child))
			}
			continue
		}
		set.Tags = append(set.Tags, model.Tagged{Tag: name, Digest: named(what), MediaType: v1.MediaTypeImageManifest})
	}
	for i, t := range set.Tags {
		if set.Children[t.Digest] != nil {
			set.Tags[i].MediaType = v1.MediaTypeImageIndex
		}
	}
	set.Total = len(set.Tags)
	return set
}

// childOf parses "amd64 image"; the operating system is linux.
func childOf(s string) v1.Descriptor {
	arch, image, _ := strings.Cut(s, " ")
	d := v1.Descriptor{Digest: named(image), MediaType: v1.MediaTypeImageManifest, Platform: &v1.Platform{OS: "linux", Architecture: arch}}
	if arch == "unknown" {
		d.Platform.OS = "unknown"
	}
	return d
}

// pythons is the list of tags of the second incident: 2.7 is an index with
// Windows, 2.7-buster is one without it, and some tags are for one platform.
func pythons() model.TagSet {
	return tagSet(
		"2=shared", "2.7=shared", "2.7-buster=buster", "2.7-slim=slim", "2.7.16=old", "2.7.17=shared", "2.7.17-amd64=amd", "2.7.17-buster=buster",
		"sha256-"+strings.Repeat("a", 64)+"=shared",
		"shared:=amd64 amd,arm64 arm,386 x,unknown receipt", "buster:=amd64 amd,arm64 arm,unknown receipt", "slim:=amd64 slim amd,unknown receipt",
	)
}

func TestSiblings(t *testing.T) {
	tests := []struct {
		name  string
		image string
		want  string
	}{
		{"an index", "shared", "[2 2.7 2.7.17]; linux/amd64 of [2.7-buster 2.7.17-amd64 2.7.17-buster]; linux/arm64 of [2.7-buster 2.7.17-buster]"},
		{"an index with less", "buster", "[2.7-buster 2.7.17-buster]; linux/amd64 of [2 2.7 2.7.17 2.7.17-amd64]; linux/arm64 of [2 2.7 2.7.17]"},
		{"a member", "amd", "[2.7.17-amd64]; linux/amd64 of [2 2.7 2.7-buster 2.7.17 2.7.17-buster]"},
		{"a member without a tag", "arm", "[]; linux/arm64 of [2 2.7 2.7-buster 2.7.17 2.7.17-buster]"},
		{"alone", "slim", "[2.7-slim]"},
		{"not there", "nothing", "[]"},
	}
	for _, tt := range tests {
		kin := Siblings(pythons(), named(tt.image))
		got := fmt.Sprint(kin.Same)
		for _, s := range kin.Shared {
			got += fmt.Sprintf("; %s of %v", strings.Join(s.Platforms, "+"), s.Tags)
		}
		if got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestSiblings_groupsByTags(t *testing.T) {
	set := tagSet("a=x", "b=y", "x:=amd64 1,arm64 2,s390x 3", "y:=s390x 3,arm64 2,amd64 1,386 4")
	want := []Shared{{Platforms: []string{"linux/amd64", "linux/arm64", "linux/s390x"}, Images: []digest.Digest{named("1"), named("2"), named("3")}, Tags: []string{"b"}}}
	if kin := Siblings(set, named("x")); !reflect.DeepEqual(kin.Shared, want) {
		t.Errorf("%+v", kin.Shared)
	}
}
