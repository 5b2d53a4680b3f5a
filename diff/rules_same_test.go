package diff

import (
	"bytes"
	"testing"

	"github.com/tagdiff/tagdiff/model"
)

// byDigest is an artifact as if it had been asked for by digest.
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
	amd, arm := forArch("amd64"), forArch("arm64")
	indexOf := func(tag string, entries ...model.Entry) model.Artifact { return index(t, tag, entries...) }
	a, b := entry(amd.image(t)), entry(arm.image(t))
	other := entry(forArch("arm64", sets("USER x")).image(t))
	otherReceipt := receipt(other)
	otherReceipt.About = b.Descriptor.Digest
	noop := func(l *layer) build { return app(step{text: "WORKDIR /", layer: l}) }
	twice := func(date, content string) build {
		b := app(does("COPY . /app", files(content)))
		b.created = date
		return b
	}
	withUser := app()
	withUser.config = map[string]any{"User": "app"}
	return []ruleCase{
		{"the same bytes", pairOf(t, amd, amd), "A1", 0, "the difference is not in the image", 2},
		{"other bytes", pairOf(t, amd, arm), "A1", -1, "", 0},
		{"alone", Describe(single("a", amd.image(t))), "A1", -1, "", 0},

		{"other receipts", Compare(indexOf("a", a, b, receipt(b)), indexOf("b", a, b, otherReceipt)), "A2", 0, "Only the build receipts", 2},
		{"receipts on one side", Compare(indexOf("a", a, b), indexOf("b", a, b, receipt(b))), "A2", 0, "Only :b has build receipts", 2},
		{"other receipts, translated manifests", Compare(indexOf("a", entry(docked(amd).image(t)), receipt(a)), indexOf("b", a, otherReceipt)), "A2", -1, "", 0},
		{"other receipts, another platform too", Compare(indexOf("a", a, b, receipt(b)), indexOf("b", a, otherReceipt)), "A2", -1, "", 0},
		{"other receipts of another image", Compare(indexOf("a", a, b, receipt(b)), indexOf("b", a, other, otherReceipt)), "A2", -1, "", 0},
		{"printed again", Compare(indexOf("a", a, b), indexOf("b", b, a)), "A2", -1, "", 0},

		{"other settings", pairOf(t, app(), withUser), "A5", 0, "No file differs, byte for byte", 2},
		{"other files", pairOf(t, app(), app(does("RUN x", files("x")))), "A5", -1, "", 0},

		{"a layer and a note", pairOf(t, noop(&nothing), noop(nil)), "A6", 1, "Step 4 (WORKDIR /) is an empty layer in :a and only a note in :b", 2},
		{"a note and a layer", pairOf(t, noop(nil), noop(&nothing)), "A6", 1, "an empty layer in :b and only a note in :a", 2},
		{"an empty step more", pairOf(t, app(), noop(&nothing)), "A6", -1, "", 0},

		{"built again", pairOf(t, twice("2026-01-01T10:00:00Z", "x"), twice("2026-01-02T11:30:00Z", "y")), "A7", 2,
			"It was built again, not retagged, :a on 2026-01-01 10:00, :b on 2026-01-02 11:30: what was tested as :a is not what :b is.", 2},
		{"built for each platform", pairOf(t, app(does("COPY . /srv", files("x"))), build{arch: "arm64", steps: app(does("COPY . /srv", files("y"))).steps}), "A7", -1, "", 0},
		{"another recipe", pairOf(t, twice("2026-01-01T10:00:00Z", "x"), app(does("COPY . /srv", files("y")))), "A7", -1, "", 0},
		{"packed again", pairOf(t, app(), app(sets("USER x"))), "A7", -1, "", 0},

		{"translated", pairOf(t, docked(app()), app()), "A8", 1, ":a is in Docker's format, :b in the OCI's", 2},
		{"translated and changed", pairOf(t, docked(app()), app(does("RUN x", files("x")))), "A8", -1, "", 0},
		{"one format", pairOf(t, app(), withUser), "A8", -1, "", 0},

		{"an index and its member", Compare(indexOf("a", a, b), byDigest(single("b", arm.image(t)))), "A11", 0, "is the linux/arm64 member of :a", 2},
		{"a member and its index", Compare(byDigest(single("a", arm.image(t))), indexOf("b", a, b)), "A11", 0, "is the linux/arm64 member of :b", 2},
		{"a tag of a member", Compare(indexOf("a", a, b), single("b", arm.image(t))), "A11", -1, "", 0},
		{"no member", Compare(indexOf("a", a, b), byDigest(single("b", withUser.image(t)))), "A11", -1, "", 0},
		{"by digest nobody flattened it", Compare(indexOf("a", a, b), byDigest(single("b", arm.image(t)))), "A10", -1, "", 0},

		{"printed again", Compare(single("a", app().image(t)), single("b", indented(t, app()))), "A12", 1, "wrote the JSON of the config again", 2},
		{"printed again with another value", Compare(single("a", withUser.image(t)), single("b", indented(t, app()))), "A12", -1, "", 0},
	}
}

// native is a schema1 image with ids that somebody made up.
func native(t *testing.T) model.Artifact {
	t.Helper()
	raw := bytes.ReplaceAll(fixture(t, "prod.schema1.json"), []byte(`\"id\":\"`), []byte(`\"id\":\"0`))
	raw = bytes.ReplaceAll(raw, []byte(`\"parent\":\"`), []byte(`\"parent\":\"0`))
	return single("a", parseImage(t, raw, nil))
}

func legacyCases(t *testing.T) []ruleCase {
	t.Helper()
	amd, arm := forArch("amd64"), forArch("arm64")
	list := index(t, "b", entry(amd.image(t)), entry(arm.image(t)))
	testing2, prod2, prod1 := captured(t, "testing", "schema2"), captured(t, "prod", "schema2"), captured(t, "prod", "schema1")
	answered := func(a model.Artifact, answers ...model.Answer) Comparison {
		a.Answers = answers
		return Describe(a)
	}
	return []ruleCase{
		{"old clients get a member", answered(list, model.Answer{Client: "single images only", Status: 200, Digest: list.Entries[0].Descriptor.Digest}), "B5", 1, "clients that accept single images only get sha256:" + short(list.Entries[0].Descriptor.Digest) + " (linux/amd64)", 1},
		{"old clients get nothing", answered(list, model.Answer{Client: "Docker's formats only", Status: 404, Refused: true}), "B5", 3, "get nothing (404)", 1},
		{"a registry in trouble", answered(list, model.Answer{Client: "single images only", Status: 503}), "B5", -1, "", 0},
		{"all get the same", answered(prod2, model.Answer{Client: "single images only", Status: 200, Digest: prod2.Top.Digest}), "B5", -1, "", 0},
		{"a registry that names no digest", answered(prod2, model.Answer{Client: "single images only", Status: 200}), "B5", -1, "", 0},

		{"a translation", Describe(prod1), "B1", 1, "In :prod, the ids follow from the layers: it is a translation to schema1", 1},
		{"a translation beside what is stored", Compare(prod1, prod2), "B1", 1, "a translation to schema1", 1},
		{"native", Describe(native(t)), "B1", -1, "", 0},
		{"an image of today", Describe(prod2), "B1", -1, "", 0},

		{"the retag", Compare(testing2, prod2), "B2", 0, "differ from step 7 on only because the layer digest there differs", 2},
		{"the retag as schema1", Compare(captured(t, "testing", "schema1"), prod1), "B2", 0, "differ from step 7 on", 2},
		{"a config printed again", Compare(single("a", app().image(t)), single("b", indented(t, app()))), "B2", 0, "hashes the text of the config", 2},
		{"other files", pairOf(t, app(), app(does("RUN x", files("x")))), "B2", -1, "", 0},
		{"the same bytes", Compare(prod2, prod2), "B2", -1, "", 0},

		{"a list on the other side", Compare(prod1, list), "B3", 1, ":prod is a schema1 answer, which only ever shows one platform; :b has 2", 1},
		{"a list first", Compare(index(t, "a", entry(amd.image(t)), entry(arm.image(t))), prod1), "B3", 1, ":a has 2", 1},
		{"a list of one", Compare(prod1, index(t, "b", entry(amd.image(t)))), "B3", -1, "", 0},
		{"two of today", Compare(prod2, list), "B3", -1, "", 0},

		{"native", Describe(native(t)), "B4", 3, "stored in the format of 2015", 1},
		{"a translation", Describe(prod1), "B4", -1, "", 0},
		{"an image of today", Describe(single("a", amd.image(t))), "B4", -1, "", 0},
	}
}

// The ids of the published story, in the words of a finding.
func TestInventedIDsProof(t *testing.T) {
	f := found(Compare(captured(t, "testing", "schema2"), captured(t, "prod", "schema2")), "B2")
	if f == nil || len(f.Proof) != 2 || f.Check.IsEmpty() {
		t.Fatalf("%+v", f)
	}
	for _, d := range f.Evidence {
		if d.Digest != model.EmptyGzipGo17 && d.Digest != model.EmptyGzipGo18 {
			t.Errorf("evidence is %s", d.Digest)
		}
	}
}
