package text

import (
	"time"
	"unicode/utf8"

	"github.com/sergi/go-diff/diffmatchpatch"
)

// textTimeout limits one comparison of texts. After it go-diff returns one big
// replacement without an error, so the time is measured too.
const textTimeout = 200 * time.Millisecond

// maxSymbols stays below the number of code points, 1,112,064: go-diff panics
// when it runs out of them.
const maxSymbols = 1_000_000

// edit is a run of tokens that are equal, deleted or inserted.
type edit struct {
	op diffmatchpatch.Operation
	n  int
}

// diffTokens compares two lists of tokens; a token is equal as a whole or not
// at all. Tokens are encoded as runes, so that invalid UTF-8 is compared
// exactly and no token is split. approximate is set if the result may not be
// the smallest difference: after a timeout, or if there are more than
// maxSymbols tokens, which count as all changed.
func diffTokens(a, b []string, tidy bool) (edits []edit, approximate bool) {
	if len(a)+len(b) > maxSymbols {
		return replaceAll(len(a), len(b)), true
	}
	runes := map[string]rune{}
	ra, rb := encode(a, runes), encode(b, runes)
	d := diffmatchpatch.New()
	d.DiffTimeout = textTimeout
	start := time.Now()
	diffs := d.DiffMainRunes(ra, rb, false)
	approximate = time.Since(start) >= textTimeout
	edits = count(diffs)
	if tidy {
		// Use the tidied result only if it still covers every token.
		if tidied := count(d.DiffCleanupSemantic(diffs)); covers(tidied, len(a), len(b)) {
			edits = tidied
		}
	}
	if !covers(edits, len(a), len(b)) {
		return replaceAll(len(a), len(b)), true
	}
	return edits, approximate
}

// firstSymbol is above the code points that the cleanup of go-diff treats as
// blanks, punctuation and line ends.
const firstSymbol = 0x4e00

func encode(tokens []string, runes map[string]rune) []rune {
	out := make([]rune, len(tokens))
	for i, t := range tokens {
		r, ok := runes[t]
		if !ok {
			r = firstSymbol + rune(len(runes))
			if r >= 0xd800 {
				r += 0x800 // surrogates are not valid runes
			}
			runes[t] = r
		}
		out[i] = r
	}
	return out
}

func count(diffs []diffmatchpatch.Diff) []edit {
	edits := make([]edit, 0, len(diffs))
	for _, d := range diffs {
		edits = append(edits, edit{d.Type, utf8.RuneCountInString(d.Text)})
	}
	return edits
}

func covers(edits []edit, a, b int) bool {
	for _, e := range edits {
		if e.op != diffmatchpatch.DiffInsert {
			a -= e.n
		}
		if e.op != diffmatchpatch.DiffDelete {
			b -= e.n
		}
	}
	return a == 0 && b == 0
}

func replaceAll(a, b int) []edit {
	return []edit{{diffmatchpatch.DiffDelete, a}, {diffmatchpatch.DiffInsert, b}}
}
