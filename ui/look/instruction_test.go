package look

import (
	"testing"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

func TestInstruction(t *testing.T) {
	nix := model.Step{}
	nix.Comment = "store paths: ['/nix/store/0123456789abcdfghijklmnpqrsvwxyz-hello-2.12']"
	pack := model.Step{}
	pack.CreatedBy = "Layer: 'jre', Created by buildpack: a/long-buildpack@1.2.3"
	for name, tt := range map[string]struct {
		step         model.Step
		full, narrow string
	}{
		"an instruction":        {model.NewStep(0, "RUN make all"), "RUN make all", "RUN make…"},
		"a comment alone":       {nix, "hello 2.12", "…llo 2.12"},
		"a buildpack":           {pack, "a/long-buildpack 1.2.3: jre", "…2.3: jre"},
		"neither":               {model.Step{}, "(no instruction recorded)", "(no inst…"},
		"a layer beside others": {model.Step{WithoutHistory: true}, "(a layer without history)", "(a layer…"},
	} {
		text := Instruction(tt.step, safe.Gate{})
		if text.String() != tt.full {
			t.Errorf("%s: %q", name, text)
		}
		if got := Unicode().FitInstruction(tt.step, text, 9); got.String() != tt.narrow {
			t.Errorf("%s in 9 cells: %q", name, got)
		}
	}
}

func TestFitEnd(t *testing.T) {
	for _, tt := range []struct {
		text, want string
		width      int
	}{{"abc", "abc  ", 5}, {"abcdef", "abcdef", 6}, {"abcdefg", "…cdefg", 6}, {"a가나다", "… 다", 4}, {"ab", "…", 1}, {"ab", "", 0}} {
		if got := Unicode().FitEnd(safe.Clean(tt.text), tt.width); got.String() != tt.want {
			t.Errorf("%q in %d: %q", tt.text, tt.width, got)
		}
	}
}
