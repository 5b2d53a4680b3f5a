package dockerfile

import (
	"strings"

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
	for i := 0; i < len(text); i++ {
		colon := strings.IndexByte(text[i:], ':')
		if colon < 0 {
			return ""
		}
		i += colon
		if end := i + 1 + hashDigits; isFileHash(text, i) && end <= len(text) {
			start := strings.LastIndexByte(text[:i], ' ') + 1
			return text[start:end]
		}
	}
	return ""
}

// ShortHashes is an instruction with the hashes of files cut to their first four
// digits, as in "COPY file:60be… in ./".
func ShortHashes(text string) string {
	var b strings.Builder
	kept := 0
	for i := 0; i < len(text); i++ {
		colon := strings.IndexByte(text[i:], ':')
		if colon < 0 {
			break
		}
		i += colon
		if end := i + 1 + hashDigits; isFileHash(text, i) && end <= len(text) {
			b.WriteString(text[kept : i+5])
			b.WriteString("…")
			kept = end
		}
	}
	return b.String() + text[kept:]
}

// StepLine is StepText for a table: hashes of files are cut short.
func StepLine(s model.Step) string { return ShortHashes(StepText(s)) }
