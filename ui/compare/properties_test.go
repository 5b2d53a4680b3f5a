package compare

import (
	"strings"
	"testing"

	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
)

func TestExactText(t *testing.T) {
	for in, want := range map[string]string{
		"210781":                         "210,781 B",
		"2026-11-29T13:28:32.943Z":       "29 Nov 2026 13:28:32.943 UTC",
		"2026-11-29T14:28:32.5+01:00":    "29 Nov 2026 13:28:32.5 UTC",
		"3 in 5 steps":                   "3 in 5 steps",
		"2026-11-29T13:28:32.000000001Z": "29 Nov 2026 13:28:32.000000001 UTC",
	} {
		if got := exactText(in); got.String() != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

// TestPropertyRow: an equal value that needs more than half of the line is shown once, in full.
func TestPropertyRow(t *testing.T) {
	v := view{Frame: page.Frame{Width: 80, Glyphs: look.Unicode()}}
	long := "index of 2 platforms, 2 attestations"
	for _, tt := range []struct{ a, b, want string }{
		{"image", "image", " image                           = image"},
		{long, long, " " + long + "  on both sides"},
	} {
		row := v.propertyRow(v.property(safe.Const("kind"), tt.a, tt.b, nil, safe.Text{}))
		if got := row.Lines[0].Text().String(); len(row.Lines) != 1 || !strings.HasSuffix(strings.TrimRight(got, " "), tt.want) {
			t.Errorf("%q", got)
		}
	}
}

// TestBaseProperty: the base that an image names is shown with its source, that of two sides with a short digest.
func TestBaseProperty(t *testing.T) {
	named := func(base string) *model.Entry {
		d := v1.Descriptor{Annotations: map[string]string{v1.AnnotationBaseImageName: base}}
		return &model.Entry{Descriptor: d, Role: model.RoleImage, Image: &model.Image{}}
	}
	art := &model.Artifact{}
	for _, tt := range []struct {
		a, b    *model.Entry
		want    string
		differs bool
	}{
		{named("debian:12"), nil, "debian:12, as an index annotation says", false},
		{named("debian:12"), named("debian:13"), "debian:12", true},
		{named("debian:12"), named("debian:12"), "debian:12", false},
		{named("debian:12"), named(""), "debian:12", false},
		{named(""), nil, "", false},
	} {
		v := view{content: content{cmp: diff.Comparison{A: art, B: art}}, pair: diff.Pair{A: tt.a, B: tt.b}, alone: tt.b == nil}
		if got := v.baseProperty(); got.a.String() != tt.want || got.differs != tt.differs {
			t.Errorf("%s: %q, %v", tt.want, got.a, got.differs)
		}
	}
}

func TestAsTime(t *testing.T) {
	for in, want := range map[string]string{
		"2026-11-29T13:28:32Z": "29 Nov 2026 13:28 UTC", "1970-01-01T00:00:00Z": "1 Jan 1970 00:00 UTC (constant)", "": "",
	} {
		if got := asTime(in).String(); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}
