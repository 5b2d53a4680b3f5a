package diff

import (
	"cmp"
	"slices"
)

// maxAlignCells bounds the exact search: 2,000 steps against 2,000, which is
// more than any runtime can mount. It takes 16 MB and some 50 ms.
const maxAlignCells = 4_000_000

// matchExact matches the steps from..endA of A with from..endB of B.
func (l *aligner) matchExact(from, endA, endB int) {
	if (endA-from)*(endB-from) <= maxAlignCells {
		l.matchBlock(from, endA, from, endB)
		return
	}
	l.matchAnchored(from, endA, endB)
}

func (l *aligner) matchBlock(fromA, endA, fromB, endB int) {
	for _, m := range bestAlignment(endA-fromA, endB-fromB, func(i, j int) int {
		return weight(l.ta[fromA+i], l.tb[fromB+j])
	}) {
		l.mate(fromA+m.a, fromB+m.b)
	}
}

// matchAnchored is the way for histories too long for the exact search: steps
// whose content, or else instruction, occurs once on each side are anchors
// (the idea of Bram Cohen's patience diff); the longest run of anchors in
// order on both sides is kept. Between anchors the exact search goes on as
// long as the budget lasts; then steps stay unmatched, but none is lost.
func (l *aligner) matchAnchored(from, endA, endB int) {
	budget := maxAlignCells
	i, j := from, from
	for _, m := range append(l.anchors(from, endA, endB), match{endA, endB}) {
		if cells := (m.a - i) * (m.b - j); cells <= budget {
			budget -= cells
			l.matchBlock(i, m.a, j, m.b)
		}
		if m.a < endA {
			l.mate(m.a, m.b)
		}
		i, j = m.a+1, m.b+1
	}
}

func (l *aligner) anchors(from, endA, endB int) []match {
	inA, inB := unique(l.ta[from:endA]), unique(l.tb[from:endB])
	var pairs []match
	for key, i := range inA {
		if j, ok := inB[key]; ok && i >= 0 && j >= 0 {
			pairs = append(pairs, match{from + i, from + j})
		}
	}
	slices.SortFunc(pairs, func(x, y match) int { return cmp.Compare(x.a, y.a) })
	return longestRising(pairs)
}

// unique maps what occurs once to its place, and what occurs more often to -1.
func unique(steps []traits) map[int]int {
	at := map[int]int{}
	for i, t := range steps {
		key := t.withArgs
		if t.real() {
			key = cmp.Or(t.diffID, t.blob, t.withArgs)
		}
		if _, again := at[key]; again || key == 0 {
			i = none
		}
		at[key] = i
	}
	return at
}

// longestRising is the longest subsequence of pairs, which are sorted by a,
// whose b rises too: patience sorting (Fredman 1975), n log n.
func longestRising(pairs []match) []match {
	var tops []int // index of the pair that ends the best run of each length
	before := make([]int, len(pairs))
	for k, p := range pairs {
		at, _ := slices.BinarySearchFunc(tops, p.b, func(t, b int) int { return cmp.Compare(pairs[t].b, b) })
		before[k] = none
		if at > 0 {
			before[k] = tops[at-1]
		}
		tops = append(tops[:at], append([]int{k}, tops[min(at+1, len(tops)):]...)...)
	}
	var run []match
	if len(tops) > 0 {
		for k := tops[len(tops)-1]; k != none; k = before[k] {
			run = append(run, pairs[k])
		}
	}
	slices.Reverse(run)
	return run
}

// findMoves finds content that both sides have among their unmatched steps.
// It comes before similar steps are paired, since a hash says more than words.
func (l *aligner) findMoves() {
	waiting := map[int][]int{} // unmatched steps of B by diff_id and by blob
	for j, t := range l.tb {
		if l.mateB[j] == none && t.real() {
			waiting[t.diffID] = append(waiting[t.diffID], j)
			waiting[t.blob] = append(waiting[t.blob], j)
		}
	}
	delete(waiting, 0)
	for i, t := range l.ta {
		if l.mateA[i] != none || !t.real() {
			continue
		}
		if !l.moveTo(i, waiting, t.diffID) {
			l.moveTo(i, waiting, t.blob)
		}
	}
}

// moveTo gives step i of A the first step that waits under key.
func (l *aligner) moveTo(i int, waiting map[int][]int, key int) bool {
	for k, j := range waiting[key] {
		if l.moveB[j] == none && sameContent(l.ta[i], l.tb[j]) {
			l.moveA[i], l.moveB[j] = j, i
			waiting[key] = waiting[key][k+1:]
			return true
		}
	}
	return false
}
