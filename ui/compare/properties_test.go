package compare

import (
	"strings"
	"testing"

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

func TestAsTime(t *testing.T) {
	for in, want := range map[string]string{
		"2026-11-29T13:28:32Z": "29 Nov 2026 13:28 UTC", "1970-01-01T00:00:00Z": "1 Jan 1970 00:00 UTC (constant)", "": "",
	} {
		if got := asTime(in).String(); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}
