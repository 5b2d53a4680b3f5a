package dockerfile

import (
	"iter"
	"regexp"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/diff/text"

	"github.com/tagdiff/tagdiff/model"
)

// Hashes says how the hashes compare that two instructions name their files by.
type Hashes int

// Results of CompareHashes.
const (
	Unknown    Hashes = iota // one side has no hash: nothing follows
	SameFiles                // the same files were given, only dates or owners may differ
	OtherFiles               // other files were given
)

// CompareHashes compares what the classic builder and buildah record of the files of a
// COPY or ADD: file:, dir: or multi: with a sha256 over the files' names and content.
// BuildKit records the sources instead, so that nothing is known of them.
func CompareHashes(a, b string) Hashes {
	ha, hb := fileHash(a), fileHash(b)
	switch {
	case ha == "" || hb == "":
		return Unknown
	case ha == hb:
		return SameFiles
	}
	return OtherFiles
}

// fileHash is the first hash of files in an instruction with its kind, as in
// file:60be…, "" if it has none.
func fileHash(createdBy string) string {
	text, _ := Split(createdBy)
	for start, end := range fileHashes(text) {
		return text[strings.LastIndexByte(text[:start], ' ')+1 : end]
	}
	return ""
}

// ShortHashes is an instruction with the hashes of files cut to their first four
// digits, as in "COPY file:60be… in ./".
func ShortHashes(text string) string { return cutHashes(text, 4, "…") }

// WithoutHashes removes the hashes that the classic builder records in COPY and
// ADD for the copied files, for example file: and 64 hex digits. A hash changes
// with the files, not with the recipe.
func WithoutHashes(text string) string { return cutHashes(text, 0, "") }

// cutHashes cuts every hash of files to its first digits and puts a mark behind them.
func cutHashes(text string, digits int, mark string) string {
	var b strings.Builder
	kept := 0
	for start, end := range fileHashes(text) {
		b.WriteString(text[kept : start+digits])
		b.WriteString(mark)
		kept = end
	}
	return b.String() + text[kept:]
}

// sha256Digits matches the digits of a sha256 behind a colon.
var sha256Digits = regexp.MustCompile(`:[0-9a-f]{64}\b`)

// fileHashes yields the start and the end of the digits of each hash of files.
func fileHashes(line string) iter.Seq2[int, int] {
	return func(yield func(start, end int) bool) {
		for _, m := range sha256Digits.FindAllStringIndex(line, -1) {
			if endsInHashKind(line[:m[0]]) && !yield(m[0]+1, m[1]) {
				return
			}
		}
	}
}

// endsInHashKind reports whether the last word of a text is the kind of a hash of files.
func endsInHashKind(s string) bool {
	return slices.ContainsFunc([]string{"file", "dir", "multi"}, func(kind string) bool {
		before, ok := strings.CutSuffix(s, kind)
		return ok && (before == "" || !text.IsWordByte(before[len(before)-1]))
	})
}

// StepLine is StepText for a table: hashes of files are cut short.
func StepLine(s model.Step) string { return ShortHashes(StepText(s)) }
