package diff

import (
	"hash/fnv"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

// oddTags are names of tags: usual ones, sloppy ones, and names that no
// registry should accept.
var oddTags = []string{
	"latest", "a", "b", "prod", "1.2.3", "v1.2.3", "1.2.4", "1.2.4-rc1", "1.2", "2024.01.15", "1.2.3-arm64", "1.2.3-amd64", "arm64", "amd64", "1.2.3-alpine3.19", "1.2.5-r3",
	"", "$(reboot)", "`x`", "it's", "x; y", "\x1b[31mred", "99999999999999999999.1.1", "-", "..", "sha256-0123.sig",
}

// randomAround returns a random context for two artifacts.
func randomAround(r *rand.Rand, arts ...model.Artifact) TagContext {
	images := []digest.Digest{named("x"), named("y"), "", "sha256:bad"}
	for _, a := range arts {
		images = append(images, a.Top.Digest)
		for _, e := range a.Entries {
			images = append(images, e.Descriptor.Digest)
		}
	}
	image := func() digest.Digest { return images[r.IntN(len(images))] }
	moment := func() time.Time { return day(1).Add(time.Duration(r.IntN(1000)) * time.Hour) }
	stack := func() model.Stack { // the beginning of an image
		img := firstImage(&arts[r.IntN(len(arts))])
		if img == nil || len(img.Steps) == 0 {
			return model.Stack{}
		}
		some := *img
		some.Steps = img.Steps[:r.IntN(len(img.Steps))]
		return some.Stack()
	}
	neighbours := func() SideContext {
		var n SideContext
		if r.IntN(4) > 0 {
			n.Tags = &model.TagSet{Repo: ref("").Repo(), Children: map[digest.Digest][]v1.Descriptor{}, Created: map[digest.Digest]time.Time{}, Stacks: map[digest.Digest]model.Stack{}}
			for _, tag := range oddTags {
				n.Tags.Tags = append(n.Tags.Tags, model.Tagged{Tag: tag, Digest: image()})
			}
			n.Tags.Total = len(oddTags) + r.IntN(3)
			for range 3 {
				n.Tags.Children[image()] = []v1.Descriptor{{Digest: image()}, childOf("arm64 x"), {Digest: image(), Platform: &v1.Platform{OS: "linux", Architecture: "s390x"}}}
				n.Tags.Created[image()] = moment()
				n.Tags.Stacks[image()] = stack()
			}
		}
		for range r.IntN(4) {
			at := moment()
			n.History = append(n.History, model.Sighting{Digest: image(), First: moment(), Last: moment(), Created: &at})
		}
		if r.IntN(3) == 0 {
			n.Moved = Move{To: image(), At: moment(), ToMember: r.IntN(2) == 0}
		}
		return n
	}
	return TagContext{A: neighbours(), B: neighbours()}
}

// checkAround checks for any context that the findings are printable and that
// the pairs stay the same.
func checkAround(t *testing.T, c Comparison) {
	t.Helper()
	h := fnv.New64a()
	_, _ = h.Write(c.A.Top.Raw)
	r := rand.New(rand.NewPCG(h.Sum64(), uint64(len(c.Pairs))))
	a := *c.A
	a.Ref.Tag = []string{"latest", "1.2.3", "1.2.3-arm64"}[r.IntN(3)]
	c.A = &a
	arts := []model.Artifact{a}
	if c.B != nil {
		arts = append(arts, *c.B)
	}
	around := randomAround(r, arts...)
	with := c.WithTagContext(around)
	checkFindings(t, with)
	for _, p := range with.Pairs {
		if row, base, ok := with.Boundary(p); ok && (row < 1 || row >= len(p.Rows) || base.Because == "" || base.Trust == "") {
			t.Errorf("the base ends at row %d: %+v", row, base)
		}
	}
	if len(with.Pairs) != len(c.Pairs) {
		t.Error("the pairs have changed")
	}
	if back, never := with.WithTagContext(TagContext{}), c.WithTagContext(TagContext{A: SideContext{Moved: Move{To: a.Top.Digest}}}); len(back.Findings) != len(never.Findings) {
		t.Error("findings of an old context remain")
	}
	if around.A.Tags == nil {
		return
	}
	past := map[string]model.Timeline{}
	for _, tag := range oddTags {
		past[tag] = looks(named("x"), 1, 3, arts[r.IntN(len(arts))].Top.Digest, 4, 4+r.IntN(3))
	}
	checkFindings(t, Comparison{Findings: TagFindings(*around.A.Tags, past)})
}

// TestRecompare_keepsTagContext checks that the context stays while a
// comparison grows, as long as the references are the same.
func TestRecompare_keepsTagContext(t *testing.T) {
	amd, arm := entry(forArch("amd64").image(t)), entry(forArch("arm64").image(t))
	a, b := index(t, "a", amd, arm), index(t, "b", amd)
	early := a
	early.Entries = []model.Entry{pending(amd), pending(arm)}
	past := looks(named("x"), 1, 3)
	c := Compare(early, b).WithTagContext(TagContext{A: SideContext{History: past}, B: SideContext{History: past}})
	if again := Recompare(c, a, b); again.TagContext.A.History == nil || found(again, "F1") == nil {
		t.Error("the context is lost")
	}
	if only, err := c.ForPlatform("linux/arm64"); err != nil || only.TagContext.A.History == nil || found(only, "F1") == nil {
		t.Errorf("the context is lost for one platform: %v", err)
	}
	other := b
	other.Ref.Tag = "c"
	again := Recompare(c, a, other)
	if again.TagContext.A.History == nil || again.TagContext.B.History != nil {
		t.Error("the context of :b is used for :c")
	}
	for _, f := range again.Findings {
		if f.ID == "F1" && f.Tags[0] != "a" {
			t.Errorf("found %q", f.Text)
		}
	}
	if seen := c.WithContents(map[digest.Digest]model.Contents{named("x"): {}}); found(seen, "F1") == nil {
		t.Error("the context is lost after WithContents")
	}
}
