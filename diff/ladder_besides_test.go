package diff

import (
	"strings"
	"testing"

	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
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
