package diff

import (
	"encoding/json"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

// edited is the image app() with another manifest, the same that a registry sends with the
// media type in its header.
func edited(t *testing.T, tag string, edit func(manifest map[string]any)) model.Artifact {
	t.Helper()
	raw, config := app().raw(t)
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	edit(m)
	raw = mustJSON(t, m)
	parsed, err := model.ParseManifest(model.Document{Digest: digest.FromBytes(raw), MediaType: v1.MediaTypeImageManifest, Raw: raw})
	if err != nil {
		t.Fatal(err)
	}
	c, err := model.ParseConfig(model.Document{Digest: digest.FromBytes(config), Raw: config})
	if err != nil {
		t.Fatal(err)
	}
	return single(tag, model.NewImage(parsed, c))
}

// editedPair compares app() with one that has another manifest.
func editedPair(t *testing.T, edit func(manifest map[string]any)) Comparison {
	t.Helper()
	return Compare(edited(t, "a", func(m map[string]any) { m["annotations"] = map[string]string{"k": "v"} }), edited(t, "b", func(m map[string]any) {
		m["annotations"] = map[string]string{"k": "v"}
		edit(m)
	}))
}

// descriptorOf is the descriptor of a manifest's config, or of the layer at an index.
func descriptorOf(m map[string]any, layer int) map[string]any {
	if layer < 0 {
		return m["config"].(map[string]any)
	}
	return m["layers"].([]any)[layer].(map[string]any)
}

func otherSize(m map[string]any) { descriptorOf(m, 1)["size"] = 1001 }
func wrongConfig(m map[string]any) {
	descriptorOf(m, -1)["data"] = []byte("{}")
}

// trueConfig embeds the config of app().
func trueConfig(t *testing.T) func(map[string]any) {
	t.Helper()
	_, config := app().raw(t)
	return func(m map[string]any) { descriptorOf(m, -1)["data"] = config }
}

func descriptorCases(t *testing.T) []ruleCase {
	t.Helper()
	return []ruleCase{
		{"two sizes of a layer", editedPair(t, otherSize), "D25", 2, "is 1000 bytes in :a and 1001 bytes in :b. A blob has one size", 2},
		{"no size", editedPair(t, func(m map[string]any) { descriptorOf(m, 1)["size"] = 0 }), "D25", 2, "is 1000 bytes in :a and 0 bytes in :b. A blob has one size", 2},
		{"schema1, which states no sizes", Compare(single("a", schema1Of(t, app())), single("b", app().image(t))), "D25", -1, "", 0},
		{"data that is not the config", editedPair(t, wrongConfig), "D25", 2, "In :b, the field data of 1 descriptor is not the blob", 1},
		{"data that is not the config, alone", Describe(edited(t, "a", wrongConfig)), "D25", 2, "In :a, the field data of 1 descriptor is not the blob", 1},
		{"data that is the config", editedPair(t, trueConfig(t)), "D25", -1, "", 0},
	}
}

// TestManifestDifferences checks what is said of two manifests of one config and the same
// layers, and whether it counts as the same image.
func TestManifestDifferences(t *testing.T) {
	set := func(name string, value any) func(map[string]any) { return func(m map[string]any) { m[name] = value } }
	for _, tt := range []struct {
		name string
		edit func(map[string]any)
		want string
		same bool
	}{
		{"data of the config", trueConfig(t), "Same image, different manifest: the field data of the config descriptor (only in :b)", true},
		{"data that is not the config", wrongConfig, ":b contradicts itself: its field data is not the config", false},
		{"data that is not a layer", func(m map[string]any) { descriptorOf(m, 0)["data"] = []byte("x") },
			":b contradicts itself: its field data is not layer " + short(files("debian").descriptor().Digest), false},
		{"two sizes", otherSize, "The size of layer " + short(files("curl").descriptor().Digest) + " is wrong in one manifest", false},
		{"no size", func(m map[string]any) { descriptorOf(m, 1)["size"] = 0 }, "The size of layer 3ce052fb9608 is wrong in one manifest", false},
		{"a platform", func(m map[string]any) {
			descriptorOf(m, -1)["platform"] = v1.Platform{OS: "linux", Architecture: "amd64"}
		},
			"Same image, different manifest: the field platform of the config descriptor (only in :b)", true},
		{"no annotations", func(m map[string]any) { delete(m, "annotations") },
			"Same image, different manifest: the annotation k (only in :a)", true},
		{"an empty annotations object", func(m map[string]any) { descriptorOf(m, 0)["annotations"] = map[string]any{} },
			"Same image, different manifest: an empty annotations object of 1 layer descriptor (only in :b)", true},
		{"no media type", func(m map[string]any) { delete(m, "mediaType") },
			"Same image, different manifest: the field mediaType (only in :a)", true},
		{"a field that the specification does not know", set("fooBar", 1), "Same image, different manifest: the field fooBar (only in :b)", true},
		{"null", set("fooBar", nil), "Same image, different manifest: only null fields, spaces and the order of fields", true},
	} {
		c := editedPair(t, tt.edit)
		if got := c.Verdict.Headline.String(); got != tt.want || c.Same(false) != tt.same {
			t.Errorf("%s: %q, same %t", tt.name, got, c.Same(false))
		}
	}
}

// TestFormattingText: the order of fields is all that differs, or a value does too.
func TestFormattingText(t *testing.T) {
	for _, tt := range []struct{ a, b, want string }{
		{`{"a":1,"b":"x"}`, "{\n \"b\": \"\\u0078\", \"a\": 1}", "only spaces and the order of fields"},
		{`{"a":1}`, `{"a":1,"b":null}`, "only null fields, spaces and the order of fields"},
		{`{"a":1}`, `{"a":2}`, "its bytes"},
	} {
		if got := formattingText([]byte(tt.a), []byte(tt.b)); got != tt.want {
			t.Errorf("%s, %s: %s", tt.a, tt.b, got)
		}
	}
}
