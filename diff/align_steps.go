package diff

import (
	"slices"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/model"
)

// Align pairs the steps of A with those of B, both oldest first. Every step is
// in exactly one row and each side keeps its order.
//
// Steps with the same content or the same instruction are matched so that the
// total weight is the greatest (a global alignment after Needleman and Wunsch,
// 1970); an inserted step does not change the other matches. Content found at
// another position is a move. Steps between two matches are paired if they are
// similar.
func Align(a, b []model.Step) []Row {
	l := newAligner(a, b)
	l.matchEnds()
	l.matchExact(l.from, l.endA, l.endB)
	l.findMoves()
	l.pairGaps()
	return l.rows()
}

// traits are the properties that steps are compared by. Equal numbers mean
// equal values, 0 means unknown.
type traits struct {
	hasLayer, empty bool
	diffID, blob    int
	text            int  // the instruction
	recipe          int  // the instruction without hashes of files
	withArgs        int  // the recipe with build arguments
	copy            int  // destination of a COPY or ADD
	hashed          bool // the instruction has a hash of the copied files instead of the sources
}

// values are those of which two steps with a weight have one in common. 0 is none.
func (t *traits) values() [4]int {
	all := [4]int{t.text}
	if t.recipe != t.text {
		all[1] = t.recipe
	}
	if t.real() {
		all[2], all[3] = t.diffID, t.blob
	}
	return all
}

func (t *traits) real() bool { return t.hasLayer && !t.empty }

type aligner struct {
	a, b           []model.Step
	ta, tb         []traits
	matchA, matchB []int // index of the matching step on the other side, or none
	moveA, moveB   []int // index of the same content at another position, or none
	from           int   // steps before this index are matched one to one
	endA, endB     int   // steps from these indexes on are matched one to one
}

const none = -1

func newAligner(a, b []model.Step) *aligner {
	ids := make(map[trait]int, 4*max(len(a), len(b)))
	l := &aligner{a: a, b: b, ta: traitsOf(a, ids), tb: traitsOf(b, ids), endA: len(a), endB: len(b)}
	l.matchA, l.moveA = noMatches(len(a)), noMatches(len(a))
	l.matchB, l.moveB = noMatches(len(b)), noMatches(len(b))
	return l
}

func noMatches(n int) []int { return slices.Repeat([]int{none}, n) }

// trait is a value that steps are compared by, with its kind.
type trait struct {
	kind byte
	text string
}

func traitsOf(steps []model.Step, ids map[trait]int) []traits {
	id := func(kind byte, s string) int {
		if s == "" {
			return 0
		}
		n, ok := ids[trait{kind, s}]
		if !ok {
			n = len(ids) + 1
			ids[trait{kind, s}] = n
		}
		return n
	}
	out := make([]traits, len(steps))
	for i, s := range steps {
		text := dockerfile.Canonical(dockerfile.StepText(s))
		recipe := dockerfile.WithoutHashes(text)
		if layer, ok := dockerfile.LayerOf(s); ok {
			recipe = layer.Key()
		}
		t := traits{hasLayer: s.HasLayer, empty: s.HasLayer && s.Empty, text: id('t', text)}
		t.recipe = t.text
		if recipe != text {
			t.recipe = id('t', recipe)
		}
		t.withArgs = t.recipe
		if len(s.BuildArgs) > 0 {
			t.withArgs = id('t', dockerfile.JoinKey(recipe, s.BuildArgs))
		}
		if key := dockerfile.CopyKey(recipe); s.HasLayer && key != "" {
			t.copy, t.hashed = id('c', key), recipe != text
		}
		if s.HasLayer {
			t.diffID, t.blob = id('d', string(s.DiffID)), id('b', string(s.Layer.Digest))
		}
		out[i] = t
	}
	return out
}

// sameContent is model.Step.SameContent for layers with files. It trusts an
// equal blob digest more than different diff_ids: the same bytes cannot unpack
// to two contents.
func sameContent(a, b *traits) bool {
	switch {
	case !a.real() || !b.real():
		return false
	case a.blob != 0 && a.blob == b.blob:
		return true
	case a.diffID != 0 && b.diffID != 0:
		return a.diffID == b.diffID
	}
	return false
}

// Weights of a match. One equal content outweighs two equal instructions, since
// instructions repeat and a few chance matches must not hide equal bytes. Many
// equal instructions outweigh it: then the content was moved.
const (
	weightContent = 8
	weightText    = 3
	weightRecipe  = 2 // the instruction without hashes of copied files
	weightArgs    = 1 // in addition, for equal build arguments
)

func weight(a, b *traits) int {
	w := 0
	if sameContent(a, b) {
		w = weightContent
	}
	switch {
	case a.text != 0 && a.text == b.text:
		w += weightText
	case a.recipe != 0 && a.recipe == b.recipe:
		w += weightRecipe
	default:
		return w
	}
	if a.withArgs == b.withArgs {
		w += weightArgs
	}
	return w
}

// isCertainMatch reports whether no other match can be better for either step,
// so that a common prefix or suffix of such pairs needs no search.
func isCertainMatch(a, b *traits) bool {
	if a.text == 0 || a.text != b.text || a.withArgs != b.withArgs || a.hasLayer != b.hasLayer || a.empty != b.empty {
		return false
	}
	return !a.real() || sameContent(a, b)
}

func (l *aligner) matchEnds() {
	for l.from < l.endA && l.from < l.endB && isCertainMatch(&l.ta[l.from], &l.tb[l.from]) {
		l.match(l.from, l.from)
		l.from++
	}
	for l.endA > l.from && l.endB > l.from && isCertainMatch(&l.ta[l.endA-1], &l.tb[l.endB-1]) {
		l.endA, l.endB = l.endA-1, l.endB-1
		l.match(l.endA, l.endB)
	}
}

func (l *aligner) match(i, j int) { l.matchA[i], l.matchB[j] = j, i }
