package diff

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

// manyTags is a repository of releases. Each is an index with three tags and
// one tag for each of two architectures, all with a date and a recorded
// history.
func manyTags(n int) (model.TagSet, map[string]model.Timeline) {
	set := model.TagSet{Repo: ref("").Repo(), Total: n, Children: map[digest.Digest][]v1.Descriptor{}, Created: map[digest.Digest]time.Time{}}
	past := map[string]model.Timeline{}
	add := func(tag, image string) {
		set.Tags = append(set.Tags, model.Tagged{Tag: tag, Digest: named(image), MediaType: v1.MediaTypeImageManifest})
		set.Created[named(image)] = day(1).Add(time.Duration(len(set.Tags)) * time.Hour)
		past[tag] = model.Timeline{{Digest: named(image + " before"), First: day(1), Last: day(2)}}
	}
	add("latest", "0")
	for i := 0; len(set.Tags) < n; i++ {
		list := fmt.Sprint(i)
		release := fmt.Sprintf("%d.%d.%d", i/500, i/20%25, i%20)
		set.Children[named(list)] = []v1.Descriptor{childOf("amd64 amd" + list), childOf("arm64 arm" + list), childOf("s390x s390x")}
		add(release, list)
		add("v"+release, list)
		add(release+"-alpine3.19", list)
		add(release+"-amd64", "amd"+list)
		add(release+"-arm64", "arm"+list)
	}
	return set, past
}

// BenchmarkTagFindings shows that the cost of a list of tags grows linearly.
func BenchmarkTagFindings(b *testing.B) {
	for _, n := range []int{500, 5_000, 50_000} {
		set, past := manyTags(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				TagFindings(set, past)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/tag")
		})
	}
}

// BenchmarkWithAround measures WithTagContext, which runs after each update of
// a comparison.
func BenchmarkWithAround(b *testing.B) {
	for _, n := range []int{500, 5_000, 50_000} {
		set, past := manyTags(n)
		c := Describe(single("latest", app().image(b)))
		c.A.Top.Digest = named("0")
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				c.WithTagContext(TagContext{A: SideContext{Tags: &set, History: past["latest"]}})
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/tag")
		})
	}
}

// TestOfTags_many checks that of thousands of moved tags few are reported one
// by one, and that all are named.
func TestOfTags_many(t *testing.T) {
	const n = 2_000
	set, past := manyTags(n)
	found := TagFindings(set, past)
	if len(found) > 12 {
		t.Errorf("%d findings", len(found))
	}
	moved := map[string]bool{}
	for _, f := range found {
		if len(f.Proof) > 5*maxProofs || len(f.Evidence) > 5*maxProofs {
			t.Errorf("%s has %d lines of proof, %d pieces of evidence", f.ID, len(f.Proof), len(f.Evidence))
		}
		if f.ID == "F1" || f.ID == "F2" {
			for _, tag := range f.Tags {
				moved[tag] = true
			}
		}
	}
	for _, tag := range set.Tags {
		if !moved[tag.Tag] {
			t.Errorf("the move of %s is not reported", tag.Tag)
		}
	}
}

// TestOfTags_movedTogether checks that many tags of one image that moved
// together cost no more than the same number of separate moves.
func TestOfTags_movedTogether(t *testing.T) {
	const n = 20_000
	set, past := model.TagSet{Repo: ref("").Repo(), Total: n}, map[string]model.Timeline{}
	for i := range n {
		tag := fmt.Sprintf("build-%d", i)
		set.Tags = append(set.Tags, model.Tagged{Tag: tag, Digest: named("new")})
		past[tag] = model.Timeline{{Digest: named("old"), First: day(1), Last: day(2)}}
	}
	past["latest"] = past["build-0"]
	set.Tags = append(set.Tags, model.Tagged{Tag: "latest", Digest: named("new")}, model.Tagged{Tag: "1.2.3", Digest: named("new")},
		model.Tagged{Tag: "1.2.4", Digest: named("old")}, model.Tagged{Tag: "1.2.5", Digest: named("old")})
	found := TagFindings(set, past)
	if len(found) == 0 || found[0].ID != "F3" || len(found[0].Tags) != n+1 {
		t.Fatalf("found %v", found)
	}
	if say := found[0].Text.String(); !strings.Contains(say, "it is now :1.2.3 and was :1.2.5 before") {
		t.Error(say)
	}
}

// TestOfTags_lateRelease checks that a late release is reported once, at any
// position in its line of releases.
func TestOfTags_lateRelease(t *testing.T) {
	set := model.TagSet{Repo: ref("").Repo(), Total: 4, Created: map[digest.Digest]time.Time{}}
	for i, tag := range []string{"1.2.0", "1.2.1", "1.2.2", "1.2.3"} {
		set.Tags = append(set.Tags, model.Tagged{Tag: tag, Digest: named(tag)})
		set.Created[named(tag)] = day(1 + i)
	}
	set.Created[named("1.2.0")] = day(20)
	if found := TagFindings(set, nil); len(found) != 1 || found[0].ID != "F2" {
		t.Errorf("%d findings: %v", len(found), found)
	}
}
