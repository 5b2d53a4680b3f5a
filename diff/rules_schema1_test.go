package diff

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
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

// wronglySigned returns a schema1 image whose signed part is not JSON.
func wronglySigned(t *testing.T) model.Artifact {
	t.Helper()
	a := captured(t, "prod", "schema1")
	old := *a.Entries[0].Image.Manifest.Schema1
	old.WrongSignature = true
	a.Entries[0].Image.Manifest.Schema1 = &old
	return a
}

// convert returns a schema1 image with every field of the config in its newest entry and ids
// of another formula, as quay.io makes it, and the image itself.
func convert(t *testing.T, edit func(entry map[string]any)) (old, img model.Artifact) {
	t.Helper()
	build := app(sets("/bin/sh -c #(nop)  ENV A=1").at("2024-05-01T10:00:00.5Z"))
	build.created = "2024-05-01T10:00:00.5Z"
	build.config = map[string]any{"Env": []string{"A=1"}}
	image := build.image(t)
	var config map[string]any
	if err := json.Unmarshal(image.Config.Raw, &config); err != nil {
		t.Fatal(err)
	}
	delete(config, "history")
	delete(config, "rootfs")
	view, err := model.ComputeSchema1(image)
	if err != nil {
		t.Fatal(err)
	}
	var layers, entries []map[string]any
	for i, row := range view.Rows {
		entry := map[string]any{}
		if i == 0 {
			entry = config
			row.ID = strings.Repeat("7", 64)
		}
		entry["id"], entry["parent"], entry["throwaway"] = row.ID, row.Parent, row.Throwaway
		if i == 0 {
			edit(entry)
		} else {
			entry["created"], entry["container_config"] = row.Created, map[string]any{"Cmd": []string{row.Command}}
		}
		layers = append(layers, map[string]any{"blobSum": row.BlobSum})
		entries = append(entries, map[string]any{"v1Compatibility": string(mustJSON(t, entry))})
	}
	raw := mustJSON(t, map[string]any{"schemaVersion": 1, "name": "app", "tag": "a", "architecture": "amd64", "fsLayers": layers, "history": entries})
	return single("a", parseImage(t, raw, nil)), single("b", image)
}

func originalOf(t *testing.T) Comparison {
	t.Helper()
	return Compare(convert(t, func(map[string]any) {}))
}

// TestSchema1_original compares a schema1 image with its original.
func TestSchema1_original(t *testing.T) {
	for name, tt := range map[string]struct {
		edit func(entry map[string]any)
		code Code
		head string
	}{
		"every setting":   {func(map[string]any) {}, Reprinted, "Same files and settings, one side in the schema1 format"},
		"another setting": {func(e map[string]any) { e["config"] = map[string]any{"User": "x"} }, OtherRecord, "Same files, recorded in two formats; different settings: USER is gone in :b; the variable A is new in :b"},
		"another date":    {func(e map[string]any) { e["created"] = "2024-05-01T10:00:01Z" }, OtherRecord, "Same files, recorded in two formats"},
	} {
		c := Compare(convert(t, tt.edit))
		if v := c.Verdict; v.Code != tt.code || v.Headline.String() != tt.head || v.Trust != Inferred {
			t.Errorf("%s: %s (%s), %s because %s", name, v.Code, v.Trust, v.Headline, v.Because)
		}
		if next := found(c, "B1").Next.String(); strings.HasPrefix(next, "Pull :b: ") != (tt.code == Reprinted) {
			t.Errorf("%s: %s", name, next)
		}
	}
	if c := Compare(wronglySigned(t), captured(t, "prod", "schema2")); !isSame(c.Verdict.Code) || c.Same(false) {
		t.Errorf("%s counts as the same", c.Verdict.Headline)
	}
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

		{"a list on the other side", Compare(prod1, list), "B3", 1, ":prod was read as schema1, which always shows only one platform; :b has 2", 1},
		{"a list first", Compare(index(t, "a", entry(amd.image(t)), entry(arm.image(t))), prod1), "B3", 1, ":a has 2", 1},
		{"a list of one", Compare(prod1, index(t, "b", entry(amd.image(t)))), "B3", -1, "", 0},
		{"two of today", Compare(prod2, list), "B3", -1, "", 0},

		{"the original on the other side", originalOf(t), "B1", 1, "converted an image of a later format to schema1", 1},
		{"a signature of another text", Describe(wronglySigned(t)), "B6", 2, "In :prod, the signature of the schema1 manifest does not fit its text", 1},
		{"no such signature", Describe(prod1), "B6", -1, "", 0},
		{"an id of another formula beside the original", originalOf(t), "B2", -1, "", 0},

		{"native", Describe(native(t)), "B4", 3, "the image was pushed as schema1, the format of 2015. Docker", 1},
		{"a translation, and nothing newer", Describe(prod1), "B4", 2, "stored as schema1, the format of 2015, to which it was converted.", 1},
		{"named by the whole text", Describe(namedWhole(native(t))), "B4", 3, "The registry names it by the digest of the whole text, signatures included", 1},
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

// TestSchema1_ids has two schema1 images of which only the ids differ, and one with another entry.
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

// namedWhole is a schema1 image whose registry names it by the digest of the whole text.
func namedWhole(a model.Artifact) model.Artifact {
	img := *a.Entries[0].Image
	view := *img.Manifest.Schema1
	view.NamedWhole = true
	img.Manifest.Schema1, a.Entries = &view, slices.Clone(a.Entries)
	a.Entries[0].Image = &img
	return a
}
