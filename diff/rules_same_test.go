package diff

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
)

// byDigest returns an artifact as if it had been requested by digest.
func byDigest(a model.Artifact) model.Artifact {
	a.Ref = a.Ref.AtDigest(a.Top.Digest)
	return a
}

// docked is an image with Docker's media types.
func docked(b build) build {
	b.extra = map[string]any{"mediaType": model.MediaTypeDockerManifest}
	return b
}

func sameCases(t *testing.T) []ruleCase {
	t.Helper()
	inVersion := func(version, content string) build {
		b := app(does("COPY . /srv", files(content)))
		b.created = "2026-01-01T10:00:00Z"
		if content == "y" {
			b.created = "2026-01-02T10:00:00Z"
		}
		b.config = map[string]any{"Labels": map[string]string{"org.opencontainers.image.version": version}}
		return b
	}
	asUser := func(user string) build {
		b := app()
		b.config = map[string]any{"User": user}
		return b
	}
	amd, arm := forArch("amd64"), forArch("arm64")
	indexOf := func(tag string, entries ...model.Entry) model.Artifact { return index(t, tag, entries...) }
	a, b := entry(amd.image(t)), entry(arm.image(t))
	other := entry(forArch("arm64", sets("USER x")).image(t))
	otherReceipt := receipt(other)
	otherReceipt.Subject = b.Descriptor.Digest
	noop := func(l *layer) build { return app(step{text: "WORKDIR /", layer: l}) }
	twice := func(date, content string) build {
		b := app(does("COPY . /app", files(content)))
		b.created = date
		return b
	}
	withUser := app()
	withUser.config = map[string]any{"User": "app"}
	twinless := app(does("WORKDIR /a", nothing), does("RUN b", nothing))
	twin := app(does("WORKDIR /a", nothing.packed("old")), does("RUN b", nothing.packed("old")))
	packed := app(does("COPY x /", files("x").packed("zstd")), does("WORKDIR /a", nothing.packed("old")))
	plain := app(does("COPY x /", files("x")), does("WORKDIR /a", nothing))
	return []ruleCase{
		{"the same bytes", pairOf(t, amd, amd), "A1", 0, "the cause is not the image", 2},
		{"other bytes", pairOf(t, amd, arm), "A1", -1, "", 0},
		{"alone", Describe(single("a", amd.image(t))), "A1", -1, "", 0},

		{"other receipts", Compare(indexOf("a", a, b, receipt(b)), indexOf("b", a, b, otherReceipt)), "A2", 0, "Only the build attestations", 2},
		{"receipts on one side", Compare(indexOf("a", a, b), indexOf("b", a, b, receipt(b))), "A2", 0, "Only :b has build attestations", 2},
		{"other receipts, translated manifests", Compare(indexOf("a", entry(docked(amd).image(t)), receipt(a)), indexOf("b", a, otherReceipt)), "A2", -1, "", 0},
		{"other receipts, another platform too", Compare(indexOf("a", a, b, receipt(b)), indexOf("b", a, otherReceipt)), "A2", -1, "", 0},
		{"other receipts of another image", Compare(indexOf("a", a, b, receipt(b)), indexOf("b", a, other, otherReceipt)), "A2", -1, "", 0},
		{"printed again", Compare(indexOf("a", a, b), indexOf("b", b, a)), "A2", -1, "", 0},

		{"two empty layers, two packings", pairOf(t, twinless, twin), "A4", 0, "Steps 4 and 5 are empty on both sides", 4},
		{"two empty layers, one packing", pairOf(t, twinless, app(does("WORKDIR /a", nothing), does("RUN c", nothing))), "A4", -1, "", 0},
		{"empty on one side only", pairOf(t, twin, app(does("WORKDIR /a", files("x")), does("RUN b", nothing.packed("old")))), "A4", -1, "", 0},

		{"a real layer packed again", pairOf(t, plain, packed), "A3", 1, "2 layers (steps 4 and 5) are packed differently, so", 4},
		{"only empty layers packed again", pairOf(t, twinless, twin), "A3", -1, "", 0},
		{"packed again in another image", pairOf(t, plain, app(does("COPY x /", files("x").packed("zstd")), does("WORKDIR /a", nothing), sets("USER x"))), "A3", -1, "", 0},

		{"other settings", pairOf(t, app(), withUser), "A5", 0, "All files are the same, byte for byte", 2},
		{"other files", pairOf(t, app(), app(does("RUN x", files("x")))), "A5", -1, "", 0},

		{"a layer and a note", pairOf(t, noop(&nothing), noop(nil)), "A6", 1, "Step 4 (WORKDIR /) is an empty layer in :a and only a history entry in :b", 2},
		{"a note and a layer", pairOf(t, noop(nil), noop(&nothing)), "A6", 1, "an empty layer in :b and only a history entry in :a", 2},
		{"an empty step more", pairOf(t, app(), noop(&nothing)), "A6", -1, "", 0},

		{"built again", pairOf(t, twice("2026-01-01T10:00:00Z", "x"), twice("2026-01-02T11:30:00Z", "y")), "A7", 2,
			"The image was built again, not retagged, :a on 1 Jan 2026 10:00 UTC, :b on 2 Jan 2026 11:30 UTC. A test of :a is not a test of :b.", 2},
		{"built again for another version", pairOf(t, inVersion("1.0", "x"), inVersion("1.1", "y")), "A7", 0, "it is another version, 1.0 → 1.1", 2},
		{"built again for the same version", pairOf(t, inVersion("1.0", "x"), inVersion("1.0", "y")), "A7", 2, "built again, not retagged", 2},
		{"built again for an older version", pairOf(t, inVersion("1.4.0", "x"), inVersion("1.3.0", "y")), "A7", 0, "The version goes back, 1.4.0 → 1.3.0. These are two builds", 2},
		{"built again, first for any release of the version", pairOf(t, inVersion("1.4.2", "x"), inVersion("1.4", "y")), "A7", 0, "it is another version, 1.4.2 → 1.4", 2},
		{"built before", pairOf(t, twice("2026-01-02T10:00:00Z", "x"), twice("2026-01-01T11:30:00Z", "y")), "A7", 2, "on 1 Jan 2026 11:30 UTC: :b is the older build. A test of :a", 2},
		{"built by two builders", pairOf(t, byTool(twice("2026-01-01T10:00:00Z", "x"), "buildkit.dockerfile.v0"), byTool(twice("2026-01-02T10:00:00Z", "y"), "Buildpacks x")), "A7", 2, "built again by another builder, not retagged, :a on", 2},
		{"built by one builder", pairOf(t, byTool(twice("2026-01-01T10:00:00Z", "x"), "buildkit.dockerfile.v0"), byTool(twice("2026-01-02T10:00:00Z", "y"), "buildkit.dockerfile.v0")), "A7", 2, "built again, not retagged, :a on", 2},
		{"built for each platform", pairOf(t, app(does("COPY . /srv", files("x"))), build{arch: "arm64", steps: app(does("COPY . /srv", files("y"))).steps}), "A7", -1, "", 0},
		{"only dates differ", pairOf(t, ofFile("1"), ofFile("2")), "A7", -1, "", 0},
		{"another recipe", pairOf(t, twice("2026-01-01T10:00:00Z", "x"), app(does("COPY . /srv", files("y")))), "A7", -1, "", 0},
		{"packed again", pairOf(t, app(), app(sets("USER x"))), "A7", -1, "", 0},

		{"translated", pairOf(t, docked(app()), app()), "A8", 1, "The manifest of :a has the Docker format, that of :b the OCI format", 2},
		{"translated and changed", pairOf(t, docked(app()), app(does("RUN x", files("x")))), "A8", -1, "", 0},
		{"one format", pairOf(t, app(), withUser), "A8", -1, "", 0},

		{"an index and its member", Compare(indexOf("a", a, b), byDigest(single("b", arm.image(t)))), "A11", 0, "is the linux/arm64 member of :a", 2},
		{"a member and its index", Compare(byDigest(single("a", arm.image(t))), indexOf("b", a, b)), "A11", 0, "is the linux/arm64 member of :b", 2},
		{"a tag of a member", Compare(indexOf("a", a, b), single("b", arm.image(t))), "A11", -1, "", 0},
		{"no member", Compare(indexOf("a", a, b), byDigest(single("b", withUser.image(t)))), "A11", -1, "", 0},
		{"by digest, so not flattened", Compare(indexOf("a", a, b), byDigest(single("b", arm.image(t)))), "A10", -1, "", 0},

		{"printed again", Compare(single("a", app().image(t)), single("b", indented(t, app()))), "A12", 1, "wrote the JSON of the config again", 2},
		{"a user spelled otherwise", pairOf(t, asUser("0"), asUser("root")), "A12", 1, "The configs mean the same to runtimes, but their digests differ: USER is spelled in another way.", 2},
		{"another user", pairOf(t, asUser("0"), asUser("1")), "A12", -1, "", 0},
		{"printed again with another value", Compare(single("a", withUser.image(t)), single("b", indented(t, app()))), "A12", -1, "", 0},
	}
}

// TestIdentical_fault checks what is said of two references to one broken image: what the
// report on one image says, once, without A1, which says that the image is not the cause.
func TestIdentical_fault(t *testing.T) {
	x := files("x").sized(300)
	img := app(does("COPY x /", x)).image(t)
	fewer := app().image(t)
	fewer.Manifest.Layers = fewer.Manifest.Layers[:1]
	read := func(c model.Contents) func(Comparison) Comparison {
		return func(was Comparison) Comparison {
			return was.WithContents(map[digest.Digest]model.Contents{x.descriptor().Digest: c})
		}
	}
	unread := func(err error) model.Artifact {
		a := single("", img)
		a.Entries[0].Image, a.Entries[0].Err = nil, err
		return a
	}
	lacksConfig := unread(&model.ReadError{Message: "no such blob", MissingBlob: digest.FromString("config")})
	for name, tt := range map[string]struct {
		a     model.Artifact
		then  func(Comparison) Comparison
		head  string
		found string // the finding about both
	}{
		"sound":                    {single("", img), read(model.Contents{DiffID: x.diffID()}), "Identical", "A1"},
		"other content":            {single("", img), read(model.Contents{DiffID: digest.FromString("other")}), "Identical, with a fault: step 4 has a wrong diff_id: Docker and containerd refuse the image", "D15"},
		"text":                     {single("", img), read(model.Contents{DiffID: x.diffID(), NoTar: "is text"}), "Identical, with a fault: runtimes refuse the layer of step 4", "D15"},
		"fewer layers":             {single("", model.NewImage(fewer.Manifest, fewer.Config)), nil, "Identical, with a fault: the manifest lists 1 layer and the config 2 diff_ids: Docker and containerd refuse it", "D7"},
		"a missing config":         {lacksConfig, nil, "Identical, with a fault: :a and :b cannot be pulled: the config is missing in the registry", "D8"},
		"bytes of another size":    {unread(&model.ReadError{Message: "it sent 1 byte instead of 2", Corrupt: true}), nil, "Identical, with a fault: it sent 1 byte instead of 2", ""},
		"no answer, for a time":    {unread(errors.New("503")), nil, "Identical", "A1"},
		"bytes after the gzip end": {single("", img), read(model.Contents{DiffID: x.diffID(), Trailing: true}), "Identical", "D24"},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := tt.a, tt.a
			a.Ref, b.Ref = ref("a"), ref("b")
			c := Compare(a, b)
			if tt.then != nil {
				c = tt.then(c)
			}
			told := countOf(c.allFindings(), func(f Finding) bool { return f.ID == tt.found })
			if v := c.Verdict; v.Code != Identical || v.Headline.String() != tt.head || v.Trust != Proved || told != 1 && tt.found != "" {
				t.Errorf("%s: %q, %s %d times", v.Code, v.Headline, tt.found, told)
			}
			fault, lacks := tt.head != "Identical", strings.HasPrefix(tt.found, "D") && tt.found != "D24"
			if calm := found(c, "A1") != nil; calm == fault || c.Same(false) == lacks {
				t.Errorf("A1 is found: %v, same: %v", calm, c.Same(false))
			}
		})
	}
}

// TestUnread_facts checks what is said of two images that the registry lacks parts of.
func TestUnread_facts(t *testing.T) {
	without := func(tag string, b build, err error) model.Artifact {
		a := single(tag, b.image(t))
		a.Entries[0].Image, a.Entries[0].Err = nil, err
		return a
	}
	gone := &model.ReadError{Message: "the config of it is missing", Next: "push it again", MissingBlob: digest.FromString("config")}
	busy := &model.ReadError{Message: "it is busy", Next: "try again"}
	other := app(sets("USER x"))
	labelled := func(a model.Artifact, mediaType string) model.Artifact { // a second manifest of one image
		a.Top.MediaType, a.Top.Digest = mediaType, digest.FromString(mediaType)
		a.Entries[0].Descriptor.Digest = a.Top.Digest
		return a
	}
	for name, tt := range map[string]struct {
		a, b          model.Artifact
		head, because string
		trust         Trust
	}{
		"one image in two formats": {labelled(without("a", app(), gone), "docker"), labelled(without("b", app(), gone), "oci"),
			":a and :b cannot be pulled: the config is missing in the registry", "Both name the same config and layers. What differs in the manifests: the format (docker, oci)", Proved},
		"one image, one cannot be read": {single("a", app().image(t)), labelled(without("b", app(), busy), "oci"),
			":b could not be read", "it is busy; try again. Both name the same config and layers. What differs in the manifests: the format (OCI, oci)", Inferred},
		"two images": {without("a", app(), gone), without("b", other, gone),
			":a and :b cannot be pulled: the config is missing in the registry", "", Proved},
		"one of two": {single("a", app().image(t)), without("b", other, gone),
			":b cannot be pulled: the config is missing in the registry", "", Proved},
		"no answer": {single("a", app().image(t)), without("b", other, busy), ":b could not be read", "it is busy; try again", Inferred},
	} {
		if v := Compare(tt.a, tt.b).Verdict; v.Headline.String() != tt.head || v.Because.String() != tt.because || v.Trust != tt.trust {
			t.Errorf("%s: %q because %q (%s)", name, v.Headline, v.Because, v.Trust)
		}
	}
}

// byTool is a build whose own step has the mark of a tool in its comment.
func byTool(b build, comment string) build {
	b.steps = slices.Clone(b.steps)
	last := len(b.steps) - 1
	b.steps[last] = b.steps[last].noted(comment)
	return b
}
