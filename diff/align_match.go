package diff

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/diff/text"
	"github.com/tagdiff/tagdiff/model"
)

// maxAlignCells bounds the exact search: 2,000 steps against 2,000, which is
// more than any runtime can mount. It takes 16 MB and some 10 ms.
const maxAlignCells = 4_000_000

// matchExact matches the steps from..endA of A with from..endB of B.
func (l *aligner) matchExact(from, endA, endB int) {
	if (endA-from)*(endB-from) <= maxAlignCells {
		l.matchBlock(from, endA, from, endB)
		return
	}
	l.matchAnchored(from, endA, endB)
}

// matchBlock matches a block exactly. What has nothing in common with the other
// side is left out first, then pairs at the front that no other pair of either
// step could outweigh are taken: what is left to search is mostly nothing.
func (l *aligner) matchBlock(fromA, endA, fromB, endB int) {
	as := hopeful(l.ta[fromA:endA], l.tb[fromB:endB], fromA)
	bs := hopeful(l.tb[fromB:endB], l.ta[fromA:endA], fromB)
	for len(as) > 0 && len(bs) > 0 && weight(l.ta[as[0].at], l.tb[bs[0].at]) >= max(as[0].most, bs[0].most) {
		l.mate(as[0].at, bs[0].at)
		as, bs = as[1:], bs[1:]
	}
	if len(as) == 0 || len(bs) == 0 {
		return
	}
	places := l.placesOf(bs)
	score := func(i, j int) int { return weight(l.ta[as[i].at], l.tb[bs[j].at]) }
	// Most pairs have no weight, so only those that share a trait are weighed.
	fill := func(i int, row []int32) {
		for _, id := range l.ta[as[i].at].shareable() {
			for _, j := range places[id] {
				row[j] = int32(score(i, j))
			}
		}
	}
	for _, m := range text.AlignRows(len(as), len(bs), score, fill) {
		l.mate(as[m.A].at, bs[m.B].at)
	}
}

// hope is a step with the most that a match of it can weigh.
type hope struct{ at, most int }

// hopeful are the steps that have anything in common with one of the others.
func hopeful(steps, others []traits, offset int) []hope {
	seen := make(map[int]bool, 4*len(others))
	for _, t := range others {
		seen[t.text], seen[t.recipe], seen[t.withArgs] = true, true, true
		if t.real() {
			seen[t.diffID], seen[t.blob] = true, true
		}
	}
	delete(seen, 0)
	var out []hope
	for i, t := range steps {
		if most := t.most(seen); most > 0 {
			out = append(out, hope{i + offset, most})
		}
	}
	return out
}

// most bounds the weight of a step with any of those whose traits were seen.
func (t traits) most(seen map[int]bool) int {
	w := 0
	if t.real() && (seen[t.diffID] || seen[t.blob]) {
		w = weightContent
	}
	switch {
	case seen[t.text]:
		w += weightText
	case seen[t.recipe]:
		w += weightRecipe
	default:
		return w
	}
	if seen[t.withArgs] {
		w += weightArgs
	}
	return w
}

// shareable are the traits without any of which two steps have no weight.
// Whoever has the same text has the same recipe.
func (t traits) shareable() [3]int { return [3]int{t.diffID, t.blob, t.recipe} }

// placesOf tells where in bs each trait is.
func (l *aligner) placesOf(bs []hope) map[int][]int {
	places := map[int][]int{}
	for j, h := range bs {
		for _, id := range l.tb[h.at].shareable() {
			if id != 0 {
				places[id] = append(places[id], j)
			}
		}
	}
	return places
}

// matchAnchored is the way for histories too long for the exact search: steps
// whose content, or else instruction, occurs once on each side are anchors
// (the idea of Bram Cohen's patience diff); the longest run of anchors in
// order on both sides is kept. Between anchors the exact search goes on as
// long as the budget lasts; then steps stay unmatched, but none is lost.
func (l *aligner) matchAnchored(from, endA, endB int) {
	budget := maxAlignCells
	i, j := from, from
	for _, m := range append(l.anchors(from, endA, endB), text.Match{A: endA, B: endB}) {
		if cells := (m.A - i) * (m.B - j); cells <= budget {
			budget -= cells
			l.matchBlock(i, m.A, j, m.B)
		}
		if m.A < endA {
			l.mate(m.A, m.B)
		}
		i, j = m.A+1, m.B+1
	}
}

func (l *aligner) anchors(from, endA, endB int) []text.Match {
	inA, inB := unique(l.ta[from:endA]), unique(l.tb[from:endB])
	var pairs []text.Match
	for key, i := range inA {
		if j, ok := inB[key]; ok && i >= 0 && j >= 0 {
			pairs = append(pairs, text.Match{A: from + i, B: from + j})
		}
	}
	slices.SortFunc(pairs, func(x, y text.Match) int { return cmp.Compare(x.A, y.A) })
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
func longestRising(pairs []text.Match) []text.Match {
	var tops []int // index of the pair that ends the best run of each length
	before := make([]int, len(pairs))
	for k, p := range pairs {
		at, _ := slices.BinarySearchFunc(tops, p.B, func(t, b int) int { return cmp.Compare(pairs[t].B, b) })
		before[k] = none
		if at > 0 {
			before[k] = tops[at-1]
		}
		tops = append(tops[:at], append([]int{k}, tops[min(at+1, len(tops)):]...)...)
	}
	var run []text.Match
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

// stepFeature is what the likeness of two instructions is judged by.
type stepFeature struct {
	verb, name string
	bag        map[string]int
	hasLayer   bool
}

func featureOf(s model.Step) stepFeature {
	line := dockerfile.WithoutHashes(dockerfile.Instruction(s.CreatedBy))
	v := dockerfile.Verb(line)
	rest := strings.TrimPrefix(strings.TrimPrefix(line, v), " ")
	f := stepFeature{verb: strings.ToUpper(v), bag: text.WordCounts(rest), hasLayer: s.HasLayer}
	switch f.verb {
	case "ENV", "LABEL", "ARG":
		f.name = rest
		if end := strings.IndexAny(rest, "= "); end >= 0 {
			f.name = rest[:end]
		}
	}
	return f
}

// stepScore is 0 for instructions that are not versions of each other. Some
// verbs set one thing, so that two of them are always about the same.
func stepScore(a, b stepFeature) int {
	if a.verb != b.verb || a.verb == "" {
		return 0
	}
	alike := text.Similarity(a.bag, b.bag)
	switch a.verb {
	case "CMD", "ENTRYPOINT", "USER", "WORKDIR", "STOPSIGNAL", "HEALTHCHECK", "SHELL", "MAINTAINER", "EXPOSE", "VOLUME":
		return 50 + alike
	case "ENV", "LABEL", "ARG":
		if a.name == b.name {
			return 100 + alike
		}
		return 0
	}
	if alike < text.SimilarityThreshold {
		return 0
	}
	return alike
}
