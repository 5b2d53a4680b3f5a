package diff

import (
	"bytes"
	"testing"

	"github.com/tagdiff/tagdiff/model"
)

// native returns a schema1 image whose ids were not derived from its layers.
func native(t *testing.T) model.Artifact {
	t.Helper()
	raw := bytes.ReplaceAll(fixture(t, "prod.schema1.json"), []byte(`\"id\":\"`), []byte(`\"id\":\"0`))
	raw = bytes.ReplaceAll(raw, []byte(`\"parent\":\"`), []byte(`\"parent\":\"0`))
	return single("a", parseImage(t, raw, nil))
}

func schema1Cases(t *testing.T) []ruleCase {
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

		{"a translation", Describe(prod1), "B1", 1, "In :prod, the ids follow from the layers. So a registry or a copying tool converted", 1},
		{"a translation beside what is stored", Compare(prod1, prod2), "B1", 1, "of a later format to schema1", 1},
		{"native", Describe(native(t)), "B1", -1, "", 0},
		{"an image of today", Describe(prod2), "B1", -1, "", 0},

		{"the retag", Compare(testing2, prod2), "B2", 0, "differ from step 7 on only because the layer digest there differs", 2},
		{"the retag as schema1", Compare(captured(t, "testing", "schema1"), prod1), "B2", 0, "differ from step 7 on", 2},
		{"a config printed again", Compare(single("a", docked(app()).image(t)), single("b", indented(t, docked(app())))), "B2", 0, "hashes the text of the config", 2},
		{"a format that has no schema1 view", Compare(single("a", app().image(t)), single("b", indented(t, app()))), "B2", -1, "", 0},
		{"other files", pairOf(t, app(), app(does("RUN x", files("x")))), "B2", -1, "", 0},
		{"the same bytes", Compare(prod2, prod2), "B2", -1, "", 0},

		{"a list on the other side", Compare(prod1, list), "B3", 1, ":prod is a schema1 answer, which always shows only one platform; :b has 2", 1},
		{"a list first", Compare(index(t, "a", entry(amd.image(t)), entry(arm.image(t))), prod1), "B3", 1, ":a has 2", 1},
		{"a list of one", Compare(prod1, index(t, "b", entry(amd.image(t)))), "B3", -1, "", 0},
		{"two of today", Compare(prod2, list), "B3", -1, "", 0},

		{"native", Describe(native(t)), "B4", 3, "stored as schema1, the format of 2015", 1},
		{"a translation, and nothing newer", Describe(prod1), "B4", 2, "stored as schema1, the format of 2015", 1},
		{"an image of today", Describe(single("a", amd.image(t))), "B4", -1, "", 0},
	}
}

// TestInventedIDsProof checks the proof of B2 on the ids of the published incident.
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

// TestSchema1_ids has two schema1 images whose ids alone differ, and one with another entry.
func TestSchema1_ids(t *testing.T) {
	other := native(t)
	changed := bytes.Replace(other.Top.Raw, []byte(`\"created\":\"20`), []byte(`\"created\":\"19`), 1)
	for name, tt := range map[string]struct {
		b    model.Artifact
		same bool
	}{
		"other ids":     {other, true},
		"another entry": {single("a", parseImage(t, changed, nil)), false},
	} {
		v := Compare(captured(t, "prod", "schema1"), tt.b).Verdict
		if is := v.Code == Reprinted && v.Headline.String() == "Same image; the ids of its schema1 entries differ"; is != tt.same {
			t.Errorf("%s: %s, %s", name, v.Code, v.Headline)
		}
	}
}
