package diff

import (
	"slices"

	"github.com/tagdiff/tagdiff/diff/text"
)

// maxGapCells limits the search for similar steps between two matches.
const maxGapCells = 250_000

// pairGaps pairs the unmatched steps between matches: first similar ones, then
// single steps at the same position.
func (l *aligner) pairGaps() {
	if l.nothingMatches() && min(len(l.a), len(l.b)) > 1 {
		// Without a single match there are no positions to compare.
		l.pairSimilar(l.freeA(0, len(l.a)), l.freeB(0, len(l.b)))
		return
	}
	fromA, fromB := 0, 0
	for i := 0; i <= len(l.a); i++ {
		if i < len(l.a) && l.matchA[i] == none {
			continue
		}
		endB := len(l.b)
		if i < len(l.a) {
			endB = l.matchA[i]
		}
		as, bs := l.freeA(fromA, i), l.freeB(fromB, endB)
		l.pairSimilar(as, bs)
		l.pairInPlace(as, bs)
		fromA, fromB = i+1, endB+1
	}
}

func (l *aligner) nothingMatches() bool {
	return !slices.ContainsFunc(l.matchA, func(match int) bool { return match != none })
}

// freeA returns the steps of A in a range that are neither matched nor moved.
func (l *aligner) freeA(from, end int) []int { return free(l.matchA, l.moveA, from, end) }
func (l *aligner) freeB(from, end int) []int { return free(l.matchB, l.moveB, from, end) }

func free(mate, move []int, from, end int) []int {
	var out []int
	for i := from; i < end; i++ {
		if mate[i] == none && move[i] == none {
			out = append(out, i)
		}
	}
	return out
}

func (l *aligner) pairSimilar(as, bs []int) {
	if len(as) == 0 || len(bs) == 0 || len(as)*len(bs) > maxGapCells {
		return
	}
	fa := mappedTo(as, func(i int) stepFeature { return featureOf(l.a[i]) })
	fb := mappedTo(bs, func(j int) stepFeature { return featureOf(l.b[j]) })
	for _, m := range text.Align(len(as), len(bs), func(i, j int) int { return stepScore(fa[i], fb[j]) }) {
		l.match(as[m.A], bs[m.B])
	}
}

// pairInPlace pairs the remaining steps between two matches if there is exactly
// one of a kind on each side: one was replaced by the other.
func (l *aligner) pairInPlace(as, bs []int) {
	fromA, fromB := 0, 0
	for x := 0; x <= len(as); x++ {
		if x < len(as) && l.matchA[as[x]] == none {
			continue
		}
		endB := len(bs)
		if x < len(as) {
			endB = slices.Index(bs, l.matchA[as[x]])
		}
		if x-fromA == 1 && endB-fromB == 1 && l.ta[as[fromA]].hasLayer == l.tb[bs[fromB]].hasLayer {
			l.match(as[fromA], bs[fromB])
		}
		fromA, fromB = x+1, endB+1
	}
}
