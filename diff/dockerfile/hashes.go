package dockerfile

import (
	"iter"
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
func fileHash(text string) string {
	for start, end := range fileHashes(text) {
		return hashKind(text[:start-1]) + text[start-1:end]
	}
	return ""
}

// hashKind is the kind of a hash of files at the end of a text, "" if there is none.
func hashKind(text string) string {
	for _, kind := range []string{"file", "dir", "multi"} {
		if strings.HasSuffix(text, kind) {
			return kind
		}
	}
	return ""
}

// endsInFlag reports whether a text ends in the --chown that the classic builder puts before the
// kind of a hash without a space.
func endsInFlag(text string) bool {
	return strings.HasPrefix(text[strings.LastIndexByte(text, ' ')+1:], "--chown=")
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
	if kept == 0 {
		return text
	}
	return b.String() + text[kept:]
}

const hashDigits = 64

// fileHashes yields the start and the end of the digits of each hash of files. (Written
// by hand: a regular expression takes most of the time of a comparison.)
func fileHashes(line string) iter.Seq2[int, int] {
	return func(yield func(start, end int) bool) {
		for start := 0; ; {
			colon := strings.IndexByte(line[start:], ':')
			if colon < 0 {
				return
			}
			start += colon + 1
			if isFileHash(line, start) && !yield(start, start+hashDigits) {
				return
			}
		}
	}
}

// isFileHash reports whether a hash of copied files has its first digit at start, which
// follows a colon.
func isFileHash(line string, start int) bool {
	before := line[:start-1]
	n := len(hashKind(before))
	before = before[:len(before)-n]
	if n == 0 || before != "" && text.IsWordByte(before[len(before)-1]) && !endsInFlag(before) {
		return false
	}
	rest := line[start:]
	for k := range min(len(rest), hashDigits) {
		if c := rest[k]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return len(rest) == hashDigits || len(rest) > hashDigits && !text.IsWordByte(rest[hashDigits])
}

// StepLine is StepText for a table: hashes of files are cut short.
func StepLine(s model.Step) string { return ShortHashes(StepText(s)) }
