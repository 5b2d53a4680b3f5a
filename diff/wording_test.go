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
		text := instructionText(model.NewStep(0, s))
		if strings.ContainsAny(text, "\n\t") || utf8.RuneCountInString(text) > 61 {
			t.Errorf("%q becomes %q", s, text)
		}
	})
}

// TestList_equalItems: a name that stands several times in a list is named once, with its number.
func TestList_equalItems(t *testing.T) {
	for want, items := range map[string][]string{
		"":                                  nil,
		"x":                                 {"x"},
		"x and y":                           {"x", "y"},
		"2 × x":                             {"x", "x"},
		"2 × x and y":                       {"x", "y", "x"},
		"3 images without a platform":       {unnamedImage, unnamedImage, unnamedImage},
		"an image without a platform and x": {unnamedImage, "x"},
		"a, b, c, d and 2 more":             {"a", "b", "c", "d", "e", "f"},
		"6 × a":                             {"a", "a", "a", "a", "a", "a"},
		"linux/amd64 and 2 × linux/arm64":   {"linux/amd64", "linux/arm64", "linux/arm64"},
	} {
		if got := list(items); got != want {
			t.Errorf("list(%q) = %q, want %q", items, got, want)
		}
	}
}
