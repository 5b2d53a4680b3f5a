package text

import (
	"time"
	"unicode/utf8"

	"github.com/sergi/go-diff/diffmatchpatch"
)

// textTimeout bounds one comparison of text. go-diff then gives one big
// replacement without saying so, hence the clock around it.
const textTimeout = 200 * time.Millisecond

// maxSymbols keeps below the 1,112,064 code points there are: go-diff panics
// when it runs out of them.
const maxSymbols = 1_000_000

// edit is a run of tokens that are equal, deleted or inserted.
type edit struct {
	op diffmatchpatch.Operation
	n  int
}

// diffTokens compares two lists of tokens, each token being equal whole or
// not at all. Tokens become runes, so that invalid UTF-8 in them is compared
// exactly and no token is ever split. It takes all for changed when there are
// more than maxSymbols.
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
		// The tidied result is taken only if it still tells of every token.
		if tidied := count(d.DiffCleanupSemantic(diffs)); covers(tidied, len(a), len(b)) {
			edits = tidied
		}
	}
	if !covers(edits, len(a), len(b)) {
		return replaceAll(len(a), len(b)), true
	}
	return edits, approximate
}

// firstSymbol is beyond the code points that go-diff's tidying takes for
// blanks, punctuation and line ends.
const firstSymbol = 0x4e00

func encode(tokens []string, runes map[string]rune) []rune {
	out := make([]rune, len(tokens))
	for i, t := range tokens {
		r, ok := runes[t]
		if !ok {
			r = firstSymbol + rune(len(runes))
			if r >= 0xd800 {
				r += 0x800 // surrogates are no runes
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
