package diff

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tagdiff/tagdiff/model"
)

// FuzzInstructionText checks that any instruction becomes a short text of one
// line.
func FuzzInstructionText(f *testing.F) {
	for _, s := range []string{"RUN |2 A=b C=d e /bin/sh -c make # buildkit", "/bin/sh -c #(nop) COPY dir:" + strings.Repeat("0", 64) + " in /app", `CMD ["a" "b"]`, ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text := instructionText(model.Step{CreatedBy: s})
		if strings.ContainsAny(text, "\n\t") || utf8.RuneCountInString(text) > 61 {
			t.Errorf("%q becomes %q", s, text)
		}
	})
}
