package diff

import "github.com/tagdiff/tagdiff/diff/text"

// maxGapCells bounds the search for similar steps between two matches.
const maxGapCells = 250_000

// pairGaps pairs what is left between matches: first what is alike, then what
// stands alone at the same place.
func (l *aligner) pairGaps() {
	if l.nothingMatches() && min(len(l.a), len(l.b)) > 1 {
		// Without a single match there are no places to compare.
		l.pairSimilar(l.freeA(0, len(l.a)), l.freeB(0, len(l.b)))
		return
	}
	i, j := 0, 0
	for ; i <= len(l.a); i++ {
		if i < len(l.a) && l.mateA[i] == none {
			continue
		}
		endB := len(l.b)
		if i < len(l.a) {
			endB = l.mateA[i]
		}
		l.pairGap(l.gapStart(i), i, j, endB)
		j = endB + 1
	}
}

func (l *aligner) nothingMatches() bool {
	for _, m := range l.mateA {
		if m != none {
			return false
		}
	}
	return true
}

// gapStart is the first step of the unmatched run that ends before i.
func (l *aligner) gapStart(i int) int {
	for i > 0 && l.mateA[i-1] == none {
		i--
	}
	return i
}

func (l *aligner) pairGap(fromA, endA, fromB, endB int) {
	as, bs := l.freeA(fromA, endA), l.freeB(fromB, endB)
	l.pairSimilar(as, bs)
	l.pairInPlace(as, bs)
}

// freeA are the steps of A in a range that are neither matched nor moved.
func (l *aligner) freeA(from, end int) []int { return free(l.mateA, l.moveA, from, end) }
func (l *aligner) freeB(from, end int) []int { return free(l.mateB, l.moveB, from, end) }

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
	fa, fb := make([]stepFeature, len(as)), make([]stepFeature, len(bs))
	for k, i := range as {
		fa[k] = featureOf(l.a[i])
	}
	for k, j := range bs {
		fb[k] = featureOf(l.b[j])
	}
	for _, m := range text.Align(len(as), len(bs), func(i, j int) int { return stepScore(fa[i], fb[j]) }) {
		l.mate(as[m.A], bs[m.B])
	}
}

// pairInPlace pairs what is still left between two matches when there is one
// step of a kind on each side: something was put in the place of something.
func (l *aligner) pairInPlace(as, bs []int) {
	k := 0
	for x := 0; x <= len(as); x++ {
		if x < len(as) && l.mateA[as[x]] == none {
			continue
		}
		y := len(bs)
		if x < len(as) {
			for y = k; y < len(bs) && bs[y] != l.mateA[as[x]]; {
				y++
			}
		}
		l.pairAlone(l.unmatched(as[:x]), bs[k:y])
		k = min(y+1, len(bs))
	}
}

// unmatched is the run of unmatched steps at the end of as.
func (l *aligner) unmatched(as []int) []int {
	from := len(as)
	for from > 0 && l.mateA[as[from-1]] == none {
		from--
	}
	return as[from:]
}

func (l *aligner) pairAlone(as, bs []int) {
	if len(as) == 1 && len(bs) == 1 && l.ta[as[0]].hasLayer == l.tb[bs[0]].hasLayer {
		l.mate(as[0], bs[0])
	}
}
