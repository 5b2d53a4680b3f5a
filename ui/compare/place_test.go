package compare

import (
	"testing"

	"github.com/tagdiff/tagdiff/model"
)

func TestPlaceBeside(t *testing.T) {
	ref := model.Ref{Registry: "r.example", Repository: "app", Tag: "1"}
	for _, tt := range []struct {
		other model.Ref
		want  string
	}{
		{ref, ""},
		{model.Ref{Registry: "r.example", Repository: "app", Tag: "2"}, ""},
		{model.Ref{Registry: "r.example", Repository: "web", Tag: "1"}, "app"},
		{model.Ref{Registry: "mirror.example", Repository: "app", Tag: "1"}, "r.example/app"},
		{model.Ref{Registry: "mirror.example", Repository: "web", Tag: "1"}, "r.example/app"},
	} {
		if got := placeBeside(ref, tt.other).String(); got != tt.want {
			t.Errorf("%s beside %s is %q, want %q", ref, tt.other, got, tt.want)
		}
	}
}
