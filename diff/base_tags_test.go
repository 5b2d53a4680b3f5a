package diff

import (
	"fmt"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

// debian is the base of the images of these tests. It ends with a setting.
func debian(more ...step) build {
	return build{steps: append([]step{does("ADD rootfs /", files("debian")), sets("ENV A=1")}, more...)}
}

// knownTag is a tag whose image a list of tags has read, or only its digest.
type knownTag struct {
	tag    string
	b      build
	unread bool
}

func knownTags(t testing.TB, tags ...knownTag) *model.TagSet {
	t.Helper()
	set := &model.TagSet{Repo: ref("").Repo(), Total: len(tags), Children: map[digest.Digest][]v1.Descriptor{}, Stacks: map[digest.Digest]model.Stack{}}
	for _, k := range tags {
		img := k.b.image(t)
		set.Tags = append(set.Tags, model.Tagged{Tag: k.tag, Digest: img.Manifest.Digest, MediaType: v1.MediaTypeImageManifest})
		if !k.unread {
			set.Stacks[img.Manifest.Digest] = img.Stack()
		}
	}
	return set
}

// inIndex puts each image of a set into an index with another one of the same base.
func inIndex(set *model.TagSet) *model.TagSet {
	for i, t := range set.Tags {
		list := named("index of " + t.Tag)
		set.Tags[i].Digest, set.Tags[i].MediaType = list, v1.MediaTypeImageIndex
		set.Children[list] = []v1.Descriptor{{Digest: t.Digest, MediaType: v1.MediaTypeImageManifest}, childOf("arm64 arm")}
		if s, ok := set.Stacks[t.Digest]; ok {
			set.Stacks[list] = s
		}
	}
	return set
}

func tagged(set *model.TagSet) TagContext { return TagContext{A: SideContext{Tags: set}} }

func baseTagCases(t *testing.T) []ruleCase {
	t.Helper()
	run, own := does("RUN make", files("made")), does("COPY . /app", files("own"))
	alone := func(b build, tags ...knownTag) Comparison {
		return Describe(single("1.0", b.image(t))).WithTagContext(tagged(knownTags(t, tags...)))
	}
	read := func(tag string, b build) knownTag { return knownTag{tag, b, false} }
	unread := func(tag string, b build) knownTag { return knownTag{tag, b, true} }
	claims := func(b build, base build) build { return annotated(b, "debian:12", manifestDigest(t, base)) }
	listed := func(b build, tags ...knownTag) Comparison {
		return Describe(single("1.0", b.image(t))).WithTagContext(tagged(inIndex(knownTags(t, tags...))))
	}
	pair := func(a, b build, tags ...knownTag) Comparison {
		return pairOf(t, a, b).WithTagContext(TagContext{A: SideContext{Tags: knownTags(t, tags...)}, B: SideContext{Tags: knownTags(t, tags...)}})
	}
	elsewhere := knownTags(t, read("12", debian()))
	elsewhere.Repo.Repository = "library/debian"
	b := single("12", debian(does("RUN x", files("x"))).image(t))
	b.Ref.Repository = "library/debian"
	twoRepos := Compare(single("1.0", debian(own).image(t)), b).WithTagContext(TagContext{B: SideContext{Tags: elsewhere}})
	twoArchs := Describe(index(t, "1.0", entry(debian(own).image(t)), entry(forArch("arm64").image(t)))).WithTagContext(tagged(knownTags(t, read("12", debian()))))
	wholeIndex := index(t, "1.0", entry(debian(own).image(t)))
	wholeIndex.Top.Annotations = map[string]string{v1.AnnotationBaseImageDigest: string(manifestDigest(t, debian()))}
	otherSettings := debian()
	otherSettings.steps = append(otherSettings.steps, sets("ENV B=2"))
	nameless := func(contents ...string) (b build) {
		for _, c := range contents {
			b.steps = append(b.steps, does("", files(c)))
		}
		return b
	}
	return []ruleCase{
		{"one layer", alone(debian(run, own), read("12", debian())), "G9", 0, "The first layer of :1.0 is that of :12: it is the base.", 1},
		{"the longest", alone(debian(run, own), read("12-make", debian(run)), read("12", debian())), "G9", 0, "The first 2 layers of :1.0 are those of :12-make: it is the base.", 1},
		{"one layer more than here", alone(debian(own), read("12", debian(run))), "G9", -1, "", 0},
		{"the first layer differs", alone(debian(own), read("12", app())), "G9", -1, "", 0},
		{"the image itself", alone(debian(own), read("1", debian(own))), "G9", -1, "", 0},
		{"the same layers", alone(debian(own), read("1", configured(debian(own), map[string]any{"User": "app"}))), "G9", -1, "", 0},
		{"an empty layer", alone(build{steps: []step{does("WORKDIR /", nothing), own}}, read("12", build{steps: []step{does("WORKDIR /", nothing)}})), "G9", -1, "", 0},
		{"an attachment", alone(debian(own), read("sha256-"+hex64('a')+".sig", debian())), "G9", -1, "", 0},
		{"only its digest is known", alone(debian(own), unread("12", debian())), "G9", -1, "", 0},
		{"on one base", alone(debian(own), read("tools", otherSettings)), "G9", 0, "The first layer of :1.0 is that of :tools. The instructions do not show whether it is the base or has the same base.", 1},
		{"the base and an image on it", alone(debian(run, own), read("12", debian()), read("tools", build{steps: append(debian(run).steps, sets("ENV B=2"))})), "G9", 0, "is that of :12: it is the base.", 1},
		{"without instructions", alone(nameless("a", "b"), read("a", nameless("a"))), "G9", 0, "do not show", 1},
		{"a release of several tags", alone(debian(own), read("12", debian()), read("bookworm", debian()), read("12.5.0", debian())), "G9", 0, ":12.5.0", 1},
		{"the shortest of several tags", alone(debian(own), read("bookworm", debian()), read("12", debian()), read("latest", debian())), "G9", 0, ":12:", 1},

		{"annotated", alone(claims(debian(own), debian()), unread("12", debian()), unread("13", app())), "G9", 0, "An annotation of :1.0 names :12 as the base.", 1},
		{"annotated, by a member", listed(claims(debian(own), debian()), unread("12", debian())), "G9", 0, "An annotation of :1.0 names :12 as the base.", 1},
		{"annotated and read", listed(claims(debian(own), debian()), read("12", debian())), "G9", 0, "The first layer of :1.0 is that of :12, which an annotation names: it is the base.", 1},
		{"annotated, other layers", alone(claims(debian(own), app()), read("12", app())), "G9", -1, "", 0},
		{"annotated, no such tag", alone(claims(debian(own), app()), unread("12", debian())), "G9", -1, "", 0},
		{"an annotation of the index", Describe(wholeIndex).WithTagContext(tagged(knownTags(t, unread("12", debian())))), "G9", 0, "An index annotation of :1.0 names :12 as the base.", 1},

		{"one of two platforms", twoArchs, "G9", 0, "On linux/amd64, the first layer of :1.0 is that of :12: it is the base.", 1},
		{"both sides", pair(debian(own), debian(run), read("12", debian())), "G9", 0, "The first layer of :a and :b is that of :12: it is the base.", 2},
		{"the other side is the base", pair(debian(), debian(own), read("a", debian())), "G9", -1, "", 0},
		{"the other side is nearer", pair(debian(run), debian(run, own), read("12", debian())), "G9", 0, "The first layer of :a is that of :12: it is the base.", 1},
		{"a tag of the other repository", twoRepos, "G9", -1, "", 0},
	}
}

// TestComparison_Boundary has bases that known tags or the other side show.
func TestComparison_Boundary(t *testing.T) {
	run, own := does("RUN make", files("made")), does("COPY . /app", files("own"))
	suggested := func(more ...step) build { // CMD is set again
		return build{steps: append([]step{does("ADD rootfs /", files("debian")), sets("ENV A=1"), sets(`CMD ["sh"]`), own, sets(`CMD ["app"]`)}, more...)}
	}
	debianAndStart := build{steps: suggested().steps[:3]}
	otherSettings := build{steps: append(debian().steps, sets("ENV B=2"))}
	named := annotated(build{steps: onPython("2.7.16", baseDay, ownDay).steps}, "python:2.7", named("x"))
	alone := func(b build, tags ...knownTag) Comparison {
		return Describe(single("1.0", b.image(t))).WithTagContext(tagged(knownTags(t, tags...)))
	}
	for _, tt := range []struct {
		name string
		c    Comparison
		row  int // 0 for none
		want string
	}{
		{"no tag", alone(debian(own)), 0, ""},
		{"a tag", alone(debian(run, own), knownTag{"12", debian(), false}), 2, "base image :12 (inferred: it has these steps and layers)"},
		{"layers of a tag", alone(debian(run, own), knownTag{"12", otherSettings, false}), 1, "base image (suggested: its layers are those of :12)"},
		{"one layer more than here", alone(debian(own), knownTag{"12", debian(run), false}), 0, ""},
		{"a sign alone", alone(suggested()), 3, "base image (suggested: a later step sets CMD again)"},
		{"a sign and a tag", alone(suggested(), knownTag{"12", debianAndStart, false}), 3, "base image :12 (inferred: it has these steps and layers)"},
		{"a sign and a tag that ends before", alone(suggested(), knownTag{"12", debian(), false}), 2, "base image :12 (inferred: it has these steps and layers)"},
		{"a sign and layers of a tag", alone(suggested(), knownTag{"12", otherSettings, false}), 3, "base image (inferred: its layers are those of :12, a later step sets CMD again)"},
		{"a sign and an annotation", alone(annotated(suggested(), "", manifestDigest(t, debian())), knownTag{"12", debian(), true}), 3,
			"base image :12 (suggested: an annotation names it, a later step sets CMD again)"},
		{"an annotation and layers", alone(annotated(debian(own), "", manifestDigest(t, otherSettings)), knownTag{"12", otherSettings, false}), 1,
			"base image :12 (inferred: an annotation names it, it has these layers)"},
		{"an annotation alone", alone(annotated(debian(own), "", manifestDigest(t, debian())), knownTag{"12", debian(), true}), 0, ""},
		{"a name that is inferred", alone(named, knownTag{"12", build{steps: named.steps[:1]}, false}), 5, "base image python:2.7 (inferred: a later step sets CMD again, the later steps are newer)"},
		{"the other side", pairOf(t, debian(run), debian(run, own)), 3, "base image :a (inferred: it has these steps and layers)"},
		{"the other side, turned", pairOf(t, debian(run, own), debian(run)), 3, "base image :b (inferred: it has these steps and layers)"},
		{"the other side by annotation", pairOf(t, otherSettings, annotated(debian(sets("ENV C=3"), sets("ENV D=4"), own), "", manifestDigest(t, otherSettings))), 3, "base image :a (inferred: it has these layers)"},
		{"both sides have more", pairOf(t, debian(run), debian(own)), 0, ""},
		{"both sides on a tag", pairOf(t, debian(run), debian(own)).WithTagContext(tagged(knownTags(t, knownTag{"12", debian(), false}))), 2,
			"base image :12 (inferred: it has these steps and layers)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			row, base, ok := tt.c.Boundary(tt.c.Pairs[0])
			switch {
			case ok != (tt.row > 0):
				t.Errorf("ok is %v: row %d, %+v", ok, row, base)
			case ok && (row != tt.row || base.Text().String() != tt.want):
				t.Errorf("row %d: %s", row, base.Text())
			}
		})
	}
}

// BenchmarkBaseTags measures the search for a base among many tags that begin like the
// image, the worst case.
func BenchmarkBaseTags(b *testing.B) {
	for _, n := range []int{300, 3_000, 30_000} {
		tags := make([]knownTag, n)
		for i := range tags {
			tags[i] = knownTag{tag: fmt.Sprint("build-", i), b: configured(debian(), map[string]any{"User": fmt.Sprint(i)})}
		}
		c := Describe(single("1.0", debian(does("RUN x", files("x"))).image(b)))
		around := tagged(knownTags(b, tags...))
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				c.WithTagContext(around)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/tag")
		})
	}
}
