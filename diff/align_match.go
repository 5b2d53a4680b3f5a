package diff

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/diff/text"
	"github.com/tagdiff/tagdiff/model"
)

// maxAlignCells limits the exact search to 2,000 by 2,000 steps, more than any
// runtime can mount. It takes 4 MB and some 40 ms.
const maxAlignCells = 4_000_000

// matchExact matches the steps from..endA of A with from..endB of B.
func (l *aligner) matchExact(from, endA, endB int) {
	if (endA-from)*(endB-from) <= maxAlignCells {
		l.matchBlock(from, endA, from, endB)
		return
	}
	l.matchAnchored(from, endA, endB)
}

// matchBlock finds the best matches in a block.
func (l *aligner) matchBlock(fromA, endA, fromB, endB int) {
	fromA, fromB = l.matchOnly(fromA, endA, fromB, endB)
	score := func(i, j int) int { return weight(&l.ta[fromA+i], &l.tb[fromB+j]) }
	for _, m := range text.Align(endA-fromA, endB-fromB, score) {
		l.match(fromA+m.A, fromB+m.B)
	}
}

// matchOnly matches the first steps of a block as long as they match no other step. It
// returns where the rest begins, which takes a search.
func (l *aligner) matchOnly(fromA, endA, fromB, endB int) (restA, restB int) {
	inB, inA := partners(l.ta[fromA:endA], l.tb[fromB:endB]), partners(l.tb[fromB:endB], l.ta[fromA:endA])
	restA, restB = fromA, fromB
	for i, j := 0, 0; i < len(inB) && j < len(inA); {
		switch {
		case inB[i] == none:
			i++
		case inA[j] == none:
			j++
		case inB[i] != j || inA[j] != i:
			return restA, restB
		default:
			l.match(fromA+i, fromB+j)
			i, j = i+1, j+1
			restA, restB = fromA+i, fromB+j
		}
	}
	return restA, restB
}

// several is the partner of a step that may match more than one other step.
const several = -2

// partners returns for each step the one of the others that it may match, or none, or several.
func partners(steps, others []traits) []int {
	at := map[int]int{}
	for j := range others {
		for _, value := range others[j].values() {
			if _, known := at[value]; known {
				at[value] = several
			} else {
				at[value] = j
			}
		}
	}
	delete(at, 0)
	out := make([]int, len(steps))
	for i := range steps {
		out[i] = none
		for _, value := range steps[i].values() {
			switch j, ok := at[value]; {
			case !ok:
			case out[i] != none && out[i] != j:
				out[i] = several
			default:
				out[i] = j
			}
		}
	}
	return out
}

// matchAnchored matches histories that are too long for the exact search. Steps
// whose content, or else instruction, occurs once on each side are anchors (the
// idea of Bram Cohen's patience diff); the longest run of anchors in the same
// order on both sides is kept. The exact search runs between anchors as long as
// the budget lasts. After that steps stay unmatched, but none is lost.
func (l *aligner) matchAnchored(from, endA, endB int) {
	budget := maxAlignCells
	i, j := from, from
	for _, m := range append(l.anchors(from, endA, endB), text.Match{A: endA, B: endB}) {
		if cells := (m.A - i) * (m.B - j); cells <= budget {
			budget -= cells
			l.matchBlock(i, m.A, j, m.B)
		}
		if m.A < endA {
			l.match(m.A, m.B)
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

// unique maps each key to the index of its step, or to -1 if it occurs more
// than once.
func unique(steps []traits) map[int]int {
	at := map[int]int{}
	for i, t := range steps {
		key := t.withArgs
		if t.real() {
			key = cmp.Or(t.diffID, t.blob, t.withArgs)
		}
		if _, repeated := at[key]; repeated || key == 0 {
			i = none
		}
		at[key] = i
	}
	return at
}

// longestRising returns the longest subsequence of pairs, which are sorted by
// A, whose B increases too: patience sorting (Fredman 1975), n log n.
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

// findMoves finds content that both sides have among their unmatched steps. It
// runs before similar steps are paired, since an equal hash is stronger
// evidence than similar words.
func (l *aligner) findMoves() {
	waiting := map[int][]int{} // unmatched steps of B by diff_id and by blob
	for j, t := range l.tb {
		if l.matchB[j] == none && t.real() {
			waiting[t.diffID] = append(waiting[t.diffID], j)
			waiting[t.blob] = append(waiting[t.blob], j)
		}
	}
	delete(waiting, 0)
	for i, t := range l.ta {
		if l.matchA[i] != none || !t.real() {
			continue
		}
		if !l.moveTo(i, waiting, t.diffID) {
			l.moveTo(i, waiting, t.blob)
		}
	}
}

// moveTo assigns to step i of A the first waiting step with this key.
func (l *aligner) moveTo(i int, waiting map[int][]int, key int) bool {
	for k, j := range waiting[key] {
		if l.moveB[j] == none && sameContent(&l.ta[i], &l.tb[j]) {
			l.moveA[i], l.moveB[j] = j, i
			waiting[key] = waiting[key][k+1:]
			return true
		}
	}
	return false
}

// stepFeature is the input for the similarity of two instructions.
type stepFeature struct {
	verb, name string
	bag        map[string]int
	hasLayer   bool
}

func featureOf(s model.Step) stepFeature {
	if layer, ok := dockerfile.LayerOf(s); ok {
		return stepFeature{verb: namedLayer, name: layer.Key(), hasLayer: s.HasLayer}
	}
	line := dockerfile.Recipe(s.Instruction)
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

// namedLayer is a placeholder for the verb of a step that names a layer.
const namedLayer = "(layer)"

// stepScore returns the similarity of two instructions, 0 if they are not
// versions of each other. Some verbs set exactly one thing, so two of them
// always belong together.
func stepScore(a, b stepFeature) int {
	if a.verb != b.verb || a.verb == "" {
		return 0
	}
	alike := text.Similarity(a.bag, b.bag)
	switch a.verb {
	case "CMD", "ENTRYPOINT", "USER", "WORKDIR", "STOPSIGNAL", "HEALTHCHECK", "SHELL", "MAINTAINER", "EXPOSE", "VOLUME":
		return 50 + alike
	case "ENV", "LABEL", "ARG", namedLayer:
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
