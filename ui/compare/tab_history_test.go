package compare

import (
	"testing"

	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
)

// TestFromDifference checks that instructions are cut on the left only as far as their first difference needs.
func TestFromDifference(t *testing.T) {
	v := view{Frame: page.Frame{Glyphs: look.Unicode()}}
	for _, tt := range []struct {
		a, b         string
		room         int
		wantA, wantB string
	}{
		{"ENV PYTHON_VERSION=3.10.20", "ENV PYTHON_VERSION=3.10.21", 26, "ENV PYTHON_VERSION=3.10.20", "ENV PYTHON_VERSION=3.10.21"}, // they fit
		{"ENV PYTHON_VERSION=3.10.20", "ENV PYTHON_VERSION=3.10.210", 26, "…V PYTHON_VERSION=3.10.20", "…V PYTHON_VERSION=3.10.210"},
		{"0123456789 abc one", "0123456789 abc two three", 12, "…bc one", "…bc two three"}, // not all fits: a third before the difference
		{"RUN one and much more", "RUN two and much more", 12, "RUN one and much more", "RUN two and much more"},
	} {
		a, b := v.fromDifference([]look.Span{look.P(safe.Clean(tt.a))}, []look.Span{look.P(safe.Clean(tt.b))}, tt.room)
		if gotA, gotB := look.L(a...).Text().String(), look.L(b...).Text().String(); gotA != tt.wantA || gotB != tt.wantB {
			t.Errorf("%q, %q in %d: %q, %q, want %q, %q", tt.a, tt.b, tt.room, gotA, gotB, tt.wantA, tt.wantB)
		}
	}
}
