package diff

import (
	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/model"
)

// Align puts the steps of A beside those of B, both oldest first. Every step
// is in exactly one row and each side keeps its order.
//
// Steps with the same content or the same instruction are matched so that the
// whole says most (a global alignment after Needleman and Wunsch, 1970); a
// step that was inserted leaves the rest as it was. Content found at another
// place is a move. What is left between two matches is paired if it is alike.
func Align(a, b []model.Step) []Row {
	l := newAligner(a, b)
	l.trim()
	l.matchExact(l.from, l.endA, l.endB)
	l.findMoves()
	l.pairGaps()
	return l.rows()
}

// traits are what the steps of both sides are compared by; equal numbers mean
// equal things, 0 means unknown.
type traits struct {
	hasLayer, empty bool
	diffID, blob    int
	text            int  // Instruction
	recipe          int  // Instruction without hashes of files
	withArgs        int  // the same with build arguments
	copy            int  // what a COPY or ADD copies to
	hashed          bool // it names a hash of what it copies, not the sources
}

func (t traits) real() bool { return t.hasLayer && !t.empty }

type aligner struct {
	a, b         []model.Step
	ta, tb       []traits
	mateA, mateB []int // the matching step on the other side, or none
	moveA, moveB []int // the same content at another place, or none
	from         int   // steps below are matched one to one
	endA, endB   int   // and so are steps from here on
}

const none = -1

func newAligner(a, b []model.Step) *aligner {
	ids := make(map[trait]int, 4*max(len(a), len(b)))
	l := &aligner{a: a, b: b, ta: traitsOf(a, ids), tb: traitsOf(b, ids), endA: len(a), endB: len(b)}
	l.mateA, l.moveA = nones(len(a)), nones(len(a))
	l.mateB, l.moveB = nones(len(b)), nones(len(b))
	return l
}

func nones(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = none
	}
	return s
}

// trait is a thing that steps are compared by; kinds are kept apart.
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
		text, args := dockerfile.Split(s.CreatedBy)
		if s.Comment != "" {
			text = dockerfile.StepText(s)
		}
		recipe := dockerfile.WithoutHashes(text)
		t := traits{hasLayer: s.HasLayer, empty: s.HasLayer && s.Empty, text: id('t', text)}
		t.recipe = t.text
		if recipe != text {
			t.recipe = id('t', recipe)
		}
		t.withArgs = t.recipe
		if len(args) > 0 {
			t.withArgs = id('t', dockerfile.JoinKey(recipe, args))
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

// sameContent is model.Step.SameContent for real layers, and trusts an equal
// blob over diff_ids that disagree: the bytes cannot unpack to two things.
func sameContent(a, b traits) bool {
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

// Weights of a match. One equal content outweighs two equal instructions: an
// instruction may repeat, and a few that agree by chance must not hide bytes
// that are the same. Many that agree do outweigh it: then it was moved.
const (
	weightContent = 8
	weightText    = 3
	weightRecipe  = 2 // all but the hashes of copied files
	weightArgs    = 1 // build arguments agree too
)

func weight(a, b traits) int {
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

// certain reports whether no other partner could be better for either step,
// so that a common prefix or suffix of such pairs needs no search.
func certain(a, b traits) bool {
	if a.text == 0 || a.text != b.text || a.withArgs != b.withArgs || a.hasLayer != b.hasLayer || a.empty != b.empty {
		return false
	}
	return !a.real() || sameContent(a, b)
}

func (l *aligner) trim() {
	for l.from < l.endA && l.from < l.endB && certain(l.ta[l.from], l.tb[l.from]) {
		l.mate(l.from, l.from)
		l.from++
	}
	for l.endA > l.from && l.endB > l.from && certain(l.ta[l.endA-1], l.tb[l.endB-1]) {
		l.endA, l.endB = l.endA-1, l.endB-1
		l.mate(l.endA, l.endB)
	}
}

func (l *aligner) mate(i, j int) { l.mateA[i], l.mateB[j] = j, i }
