package diff

import (
	"strings"
	"testing"

	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside/insidetest"
)

// TestBesides has what differs beside a rebuild, a check sum or a config that was printed again.
func TestBesides(t *testing.T) {
	built := func(content string, config map[string]any, annotations map[string]string) model.Image {
		return build{created: "2024-01-0" + content + "T00:00:00Z", config: config, extra: map[string]any{"annotations": annotations},
			steps: []step{does("ADD x /", files("base")), does("COPY a /", files("a "+content))}}.image(t)
	}
	labels := func(key, value string) map[string]any {
		return map[string]any{"Labels": map[string]string{key: value}}
	}
	plain := build{steps: []step{does("ADD x /", files("base"))}}
	printed := plain
	printed.extra = map[string]any{"annotations": map[string]string{"printed": "again"}}
	for name, tt := range map[string]struct {
		a, b model.Image
		says string // "" for nothing besides
	}{
		"a label":            {built("1", labels("team", "red"), nil), built("2", labels("team", "blue"), nil), ". What else differs: the label team red → blue"},
		"a setting":          {built("1", nil, nil), built("2", map[string]any{"StopTimeout": 9}, nil), "; StopTimeout is new in :b"},
		"an annotation":      {built("1", nil, map[string]string{"x": "1"}), built("2", nil, map[string]string{"x": "2"}), ". What else differs: the annotation x (1 → 2)"},
		"the commit":         {built("1", labels(v1.AnnotationRevision, "a"), nil), built("2", labels(v1.AnnotationRevision, "b"), nil), ""},
		"the date":           {built("1", nil, map[string]string{v1.AnnotationCreated: "1"}), built("2", nil, map[string]string{v1.AnnotationCreated: "2"}), ""},
		"the source":         {built("1", nil, map[string]string{v1.AnnotationSource: "x#1"}), built("2", nil, map[string]string{v1.AnnotationSource: "x#2"}), ""},
		"a secret":           {built("1", labels("api_token", "hunter2hunter2"), nil), built("2", labels("api_token", "hunter3hunter3"), nil), "the label api_token differs"},
		"printed, annotated": {plain.image(t), indented(t, plain), ". What else differs: the annotation printed (only in :b)"},
		"printed":            {printed.image(t), indented(t, plain), ""},
	} {
		t.Run(name, func(t *testing.T) {
			v := Compare(single("a", tt.a), single("b", tt.b)).Pairs[0].Verdict
			said := v.Headline.String() + v.Because.String()
			if !strings.Contains(said, tt.says) || tt.says == "" && strings.Contains(said, "What else") {
				t.Errorf("%s because %s", v.Headline, v.Because)
			}
		})
	}
}

// TestInside_otherSettings checks that a sentence on files does not hide what differs in the configs: beside the
// same files all that --accept refuses, beside other files what a container gets.
func TestInside_otherSettings(t *testing.T) {
	type items = []insidetest.Item
	type settings = map[string]any
	x, xLater, x2 := aFile("x", "1"), aFile("x", "1").At(later), aFile("x", "2")
	env := func(all ...string) settings { return settings{"Env": all} }
	label := func(name, value string) settings { return settings{"Labels": settings{name: value}} }
	for _, tt := range []struct {
		name     string
		a, b     settings
		inA, inB items
		headline string
		accepted Acceptance
	}{
		{"no setting", nil, nil, items{x}, items{xLater}, "Same files; only 1 time differs", Accepted},
		{"a variable", env("X=1"), env("X=2"), items{x}, items{xLater}, "Same files but for 1 time; the variable X 1 → 2", Refused},
		{"a label", label("team", "a"), label("team", "b"), items{x}, items{xLater}, "Same files but for 1 time; the label team a → b", Refused},
		{"a label and other files", label("team", "a"), label("team", "b"), items{x}, items{x2}, "Step 1: 1 file changed: x", Refused},
		{"a variable and other files", env("X=1"), env("X=2"), items{x}, items{x2}, "Step 1: 1 file changed: x; the variable X 1 → 2", Refused},
		{"a variable and logs", env(), env("X=2"), items{aFile("var/log/dpkg.log", "1")}, items{aFile("var/log/dpkg.log", "2")},
			"Built again: 1 log differs, no program; the variable X is new in :b", Refused},
		{"a note of the builder", settings{"Hostname": "a"}, settings{"Hostname": "b"}, items{x}, items{xLater}, "Same files; only 1 time differs", Accepted},
		{"a user", settings{"User": "1"}, settings{"User": "2"}, items{x}, items{xLater}, "Same files but for 1 time; USER 1 → 2", Refused},
		{"many", env("A=1", "B=1", "C=1", "D=1"), env("A=2", "B=2", "C=2", "D=2"), items{x}, items{xLater},
			"Same files but for 1 time; the variables A, B and C differ; 1 more field of the config differs", Refused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			layerA, layerB := files("app 1"), files("app 2")
			own := func(l layer, config settings) build { return build{steps: []step{does("RUN make", l)}, config: config} }
			c := Compare(single("a", own(layerA, tt.a).image(t)), single("b", own(layerB, tt.b).image(t)))
			c = readInside(c, nil, holding(t, layerA, tt.inA...), holding(t, layerB, tt.inB...))
			if got := c.Verdict.Headline.String(); got != tt.headline {
				t.Errorf("%q, want %q", got, tt.headline)
			}
			if got := c.Accept(InsideTimes); got != tt.accepted {
				t.Errorf("accepted: %d, want %d", got, tt.accepted)
			}
		})
	}
}
