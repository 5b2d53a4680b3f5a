package diff

import (
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

// ofBase are annotations or labels that name a base. An empty value is left out.
func ofBase(name string, d digest.Digest) map[string]string {
	values := map[string]string{}
	if name != "" {
		values[v1.AnnotationBaseImageName] = name
	}
	if d != "" {
		values[v1.AnnotationBaseImageDigest] = string(d)
	}
	return values
}

// annotatedWith is a build with annotations on its manifest.
func annotatedWith(b build, values map[string]string) build {
	b.extra = map[string]any{"annotations": values}
	return b
}

// havingLabels is a build with labels.
func havingLabels(b build, labels map[string]string) build {
	return configured(b, map[string]any{"Labels": labels})
}

// notedStages is a build of buildah with a note at each of its two own steps, "" for none.
func notedStages(first, newest string) build {
	return havingLabels(build{steps: []step{
		does("/bin/sh -c #(nop) ADD root in /", files("root")), does("/bin/sh -c make", files("made")).noted(first),
		does("/bin/sh -c #(nop) COPY app in /", files("app")).noted(newest),
	}}, map[string]string{buildahLabel: "1.28.2"})
}

// packedOn is an image of buildpacks on a run image.
func packedOn(reference, image string) build {
	metadata := `{"runImage":{"topLayer":"` + string(files("run").diffID()) + `","reference":"` + reference + `","image":"` + image + `"}}`
	return havingLabels(build{steps: []step{does("", files("run")), does("", files("app"))}}, map[string]string{"io.buildpacks.lifecycle.metadata": metadata})
}

// TestBaseClaim has what an image and the index around it say of the base.
func TestBaseClaim(t *testing.T) {
	one, two := named("one"), named("two")
	hex := hex64('c')[:12]
	onUBI := notedStages("FROM ubi9", "")
	onUBI.steps = append(onUBI.steps, does("RUN x # buildkit", files("x")).noted("buildkit.dockerfile.v0"))
	for _, tt := range []struct {
		name   string
		b      build
		entry  map[string]string // annotations of the entry of the index
		top    map[string]string // annotations of the index
		base   string
		digest digest.Digest
		source claimSource
	}{
		{"nothing", app(), nil, nil, "", "", ""},
		{"empty values", annotatedWith(app(), map[string]string{v1.AnnotationBaseImageName: "", v1.AnnotationBaseImageDigest: ""}), nil, nil, "", "", ""},
		{"not a digest", annotatedWith(app(), ofBase("debian:12", "sha256:1")), nil, nil, "debian:12", "", byAnnotation},
		{"an annotation", annotatedWith(app(), ofBase("debian:12", one)), nil, nil, "debian:12", one, byAnnotation},
		{"a digest alone", annotatedWith(app(), ofBase("", one)), nil, nil, "", one, byAnnotation},
		{"a digest in the name", annotatedWith(app(), ofBase("debian:12@"+string(one), "")), nil, nil, "debian:12", one, byAnnotation},
		{"scratch", annotatedWith(app(), ofBase("scratch", one)), nil, nil, "scratch", "", byAnnotation},
		{"the entry of the index", app(), ofBase("debian:12", one), nil, "debian:12", one, byIndexAnnotation},
		{"the index", app(), nil, ofBase("debian:12", one), "debian:12", one, byIndexAnnotation},
		{"the manifest before the index", annotatedWith(app(), ofBase("debian:12", one)), ofBase("debian:13", two), nil, "debian:12", one, byAnnotation},
		{"a digest of the entry for the name of the manifest", annotatedWith(app(), ofBase("debian:12", "")), ofBase("docker.io/library/debian:12", one), nil, "debian:12", one, byAnnotation},
		{"a digest of another name", annotatedWith(app(), ofBase("debian:12", "")), ofBase("debian:13", one), nil, "debian:12", "", byAnnotation},
		{"a name for the digest", annotatedWith(app(), ofBase("", one)), ofBase("debian:12", one), nil, "debian:12", one, byAnnotation},

		{"a label", havingLabels(app(), ofBase("debian:12", one)), nil, nil, "debian:12", one, byLabel},
		{"a label of the base below an annotation", annotatedWith(havingLabels(app(), ofBase("debian:12", one)), ofBase("python:3.12", "")), nil, nil, "python:3.12", "", byAnnotation},
		{"buildpacks", packedOn("x/run@"+string(one), "x/run"), nil, nil, "x/run", one, byBuildpacks},
		{"buildpacks in a daemon", packedOn(hex64('a'), "x/run"), nil, nil, "x/run", "", byBuildpacks},

		{"buildah, one layer for the stage", notedStages("", "FROM debian:12"), nil, nil, "debian:12", "", byHistory},
		{"buildah with --layers", notedStages("FROM debian:12@"+string(one), "FROM "+hex), nil, nil, "debian:12", one, byHistory},
		{"buildah with --layers annotates the step before", annotatedWith(notedStages("FROM debian:12", "FROM "+hex), ofBase("debian:12", two)), nil, nil, "debian:12", "", byAnnotation},
		{"buildah annotates the base of one stage", annotatedWith(notedStages("", "FROM debian:12"), ofBase("debian:12", two)), nil, nil, "debian:12", two, byAnnotation},
		{"buildah without a note", annotatedWith(notedStages("", ""), ofBase("debian:12", two)), nil, nil, "debian:12", "", byAnnotation},
		{"a note of the base of the base", onUBI, nil, nil, "", "", ""},
		{"another tool on a base of buildah", annotatedWith(onUBI, ofBase("ubi9", one)), nil, nil, "ubi9", one, byAnnotation},
		{"buildah from scratch", notedStages("FROM scratch", "FROM "+hex), nil, nil, "", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := entry(tt.b.image(t))
			e.Descriptor.Annotations = tt.entry
			art := index(t, "1", e)
			art.Top.Annotations = tt.top
			want := BaseClaim{tt.base, tt.digest, tt.source}
			if got := baseClaim(&art, &art.Entries[0]); got != want {
				t.Errorf("%+v, want %+v", got, want)
			}
		})
	}
}

func TestOtherBaseNamed(t *testing.T) {
	claim := func(name string, d digest.Digest, by claimSource) BaseClaim { return BaseClaim{name, d, by} }
	one, two := named("one"), named("two")
	for _, tt := range []struct {
		name string
		a, b BaseClaim
		want bool
	}{
		{"two digests", claim("a", one, byAnnotation), claim("a", two, byHistory), true},
		{"two names of one digest", claim("mirror/a", one, byAnnotation), claim("a", one, byAnnotation), false},
		{"two names", claim("a:1", "", byAnnotation), claim("a:2", one, byAnnotation), true},
		{"two spellings", claim("debian", "", byAnnotation), claim("docker.io/library/debian:latest", one, byAnnotation), false},
		{"one side", claim("a", one, byAnnotation), BaseClaim{}, false},
		{"a label, which may be that of the base", claim("a", one, byLabel), claim("b", two, byAnnotation), false},
		{"two labels", claim("a", one, byLabel), claim("a", two, byLabel), true},
		{"a name and a digest", claim("a", "", byAnnotation), claim("", one, byAnnotation), false},
	} {
		if got := otherBaseNamed(tt.a, tt.b); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

func namedBaseCases(t *testing.T) []ruleCase {
	t.Helper()
	one, two := named("one"), named("two")
	own, user := does("RUN x", files("x")), map[string]any{"User": "app"}
	alone := func(b build, set *model.TagSet) Comparison {
		return Describe(single("1.0", b.image(t))).WithTagContext(tagged(set))
	}
	annotation := func(b build, name string, d digest.Digest) build { return annotatedWith(b, ofBase(name, d)) }
	on := func(root string, values map[string]string) build {
		return annotatedWith(build{steps: []step{does("ADD "+root+" /", files(root)), does("RUN x", files("x on "+root))}}, values)
	}
	none := knownTags(t)
	appTag := func(unread bool) *model.TagSet { return knownTags(t, knownTag{"12", app(), unread}) }
	ofTag := "localhost:5000/app:12"
	list := index(t, "1.0", entry(debian(own).image(t)))
	list.Top.Annotations = ofBase("debian:12", one)
	return []ruleCase{
		{"one image", alone(annotation(app(), "debian:12", one), none), "G10", 0, ":1.0 is based on debian:12 (" + short(one) + "), as an annotation says.", 1},
		{"an index around one image", Describe(list), "G10", 0, ":1.0 is based on debian:12 (" + short(one) + "), as an index annotation says.", 1},
		{"a label", alone(havingLabels(app(), ofBase("debian:12", "")), none), "G10", 0, ":1.0 or its base is based on debian:12, as a label says.", 1},
		{"a digest alone", alone(annotation(app(), "", one), none), "G10", 0, ":1.0 is based on the image " + short(one), 1},
		{"scratch", alone(annotation(app(), "scratch", ""), none), "G10", 0, ":1.0 is built from scratch, as an annotation says.", 1},
		{"no name", alone(app(), none), "G10", -1, "", 0},
		{"both sides", pairOf(t, annotation(app(), "debian:12", one), annotation(app(own), "debian:12", one)), "G10", 0, ":a and :b are based on debian:12 (" + short(one) + "), as annotations state.", 2},
		{"two names of one image", pairOf(t, annotation(app(), "debian:12", ""), annotation(configured(app(), user), "alpine:3", "")), "G10", 0, ":a is based on debian:12, :b on alpine:3, as annotations state.", 2},
		{"two spellings of one name", pairOf(t, annotation(app(), "debian", ""), annotation(configured(app(), user), "docker.io/library/debian:latest", "")), "G10", 0, ":a and :b are based on debian, as annotations state.", 2},
		{"an annotation and a label", pairOf(t, annotation(app(), "debian:12", ""), havingLabels(app(), ofBase("debian:11", ""))), "G10", 0, ":b or its base is based on debian:11, as a label says.", 2},
		{"two bases, which G1 says", pairOf(t, on("a", ofBase("debian:12", one)), on("b", ofBase("debian:12", two))), "G10", -1, "", 0},

		{"two names without a digest", pairOf(t, on("a", ofBase("debian:12", "")), on("b", ofBase("alpine:3", ""))), "G1", 2, "The bases differ: :a is built on debian:12, :b on alpine:3, as annotations state.", 2},
		{"two spellings of one name", pairOf(t, on("a", ofBase("debian", "")), on("b", ofBase("docker.io/library/debian:latest", ""))), "G1", -1, "", 0},
		{"buildpacks", pairOf(t, packedOn("x/run@"+string(one), ""), configured(packedOn("x/run@"+string(two), ""), map[string]any{"Labels": packedOn("x/run@"+string(two), "").config["Labels"], "User": "x"})), "G1", -1, "", 0},
		{"labels", pairOf(t, havingLabels(on("a", nil), ofBase("debian:12", one)), havingLabels(on("b", nil), ofBase("debian:12", two))), "G1", 2,
			"The base moved: debian:12 was " + short(one) + ", now it is " + short(two) + ", as labels state.", 2},
		{"notes of buildah", pairOf(t, notedStages("", "FROM debian:12"), withRoot(notedStages("", "FROM alpine:3"), "alpine")), "G1", 0, "as history entries state", 2},

		{"a tag by name", alone(annotation(debian(own), ofTag, ""), knownTags(t, knownTag{"12", debian(), true})), "G9", 0, "An annotation of :1.0 names :12 as the base.", 1},
		{"a tag by a note of buildah", alone(withTag(debian(own), ofTag), knownTags(t, knownTag{"12", debian(), false})), "G9", 0, "The first layer of :1.0 is that of :12, which a history entry names: it is the base.", 1},
		{"a tag of that name elsewhere", alone(annotation(debian(own), "other:5000/app:12", ""), knownTags(t, knownTag{"12", debian(), true})), "G9", -1, "", 0},
		{"a tag that a label names", alone(havingLabels(debian(own), ofBase(ofTag, "")), knownTags(t, knownTag{"12", debian(), true})), "G9", -1, "", 0},
		{"a tag that moved since", alone(annotation(debian(own), ofTag, one), knownTags(t, knownTag{"12", debian(), true})), "G9", -1, "", 0},

		{"the layers of the named digest are others", alone(annotation(debian(own), "x", manifestDigest(t, app())), appTag(false)), "G11", 1,
			"The annotation of :1.0 names :12 as its base, but the layers of :12 are not the first ones of :1.0. The layers count.", 1},
		{"the layers of the named tag are others", alone(annotation(debian(own), ofTag, ""), appTag(false)), "G11", 0, "the tag has moved since, or is not the base.", 1},
		{"the layers of the named tag were not read", alone(annotation(debian(own), ofTag, ""), appTag(true)), "G11", -1, "", 0},
		{"the layers of the named tag are the first", alone(annotation(app(own), ofTag, ""), appTag(false)), "G11", -1, "", 0},
		{"another image of the named index was read", alone(annotation(debian(own), "x", named("index of 12")), inIndex(appTag(false))), "G11", -1, "", 0},
		{"the named base is squashed in", alone(squashedOn(manifestDigest(t, app())), appTag(false)), "G11", -1, "", 0},
	}
}

// withRoot is a build on another root.
func withRoot(b build, root string) build {
	b.steps[0] = does(b.steps[0].text, files(root))
	return b
}

// withTag is a build of buildah on a tag.
func withTag(b build, base string) build {
	last := &b.steps[len(b.steps)-1]
	*last = last.noted("FROM " + base)
	return havingLabels(b, map[string]string{buildahLabel: "1.28.2"})
}

// squashedOn is an image that buildah squashed into one layer.
func squashedOn(base digest.Digest) build {
	b := annotatedWith(build{steps: []step{sets("/bin/sh -c #(nop) COPY a in /"), does(`/bin/sh -c #(nop) CMD ["/a"]`, files("all")).noted("FROM x")}}, ofBase("x", base))
	return havingLabels(b, map[string]string{buildahLabel: "1.28.2"})
}

// TestDateJump has dates of steps, the oldest first. All steps have files.
func TestDateJump(t *testing.T) {
	const (
		base, later, cached, own = "2024-03-01T10:00:00.5Z", "2024-03-01T10:20:00.5Z", "2024-03-20T10:00:00.5Z", "2024-04-20T10:00:00.5Z"
		commit, zero, epoch      = "2024-04-20T10:00:00Z", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z"
	)
	for _, tt := range []struct {
		name  string
		dates []string
		want  int
	}{
		{"a base of another month", []string{base, later, own, own}, 2},
		{"own steps in parallel", []string{base, own, "2024-04-20T09:59:00.5Z"}, 1},
		{"one day less a second", []string{"2024-04-19T10:00:01.5Z", own}, 0},
		{"one build", []string{own, own}, 0},
		{"own steps from a cache", []string{base, cached, own}, 0},
		{"older steps from a cache on a newer base", []string{own, base, own}, 0},
		{"SOURCE_DATE_EPOCH", []string{base, commit, commit}, 0},
		{"a base with SOURCE_DATE_EPOCH", []string{"2024-03-01T00:00:00Z", own}, 1},
		{"constant dates", []string{commit, commit}, 0},
		{"zero dates", []string{zero, zero, own}, 0},
		{"a zero date between", []string{base, zero, own}, 0},
		{"the epoch", []string{epoch, own}, 0},
		{"no dates", []string{"", ""}, 0},
		{"no date above", []string{base, own, ""}, 0},
		{"no step", nil, 0},
	} {
		b := build{}
		for i, date := range tt.dates {
			b.steps = append(b.steps, does("RUN x", files(tt.name+string(rune('a'+i)))).at(date))
		}
		img := b.image(t)
		if end, _ := dateJump(img.Steps); end != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, end, tt.want)
		}
		if got := BaseOf(&img); got.Steps != tt.want || tt.want > 0 && got.Trust != Suggested {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
	settings := build{steps: []step{does("ADD x /", files("x")).at(base), sets("ENV A=1").at(own)}}.image(t)
	if end, _ := dateJump(settings.Steps); end != 0 {
		t.Error("no files above the jump")
	}
}
