package diff

import (
	"slices"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/diff/filediff"
	"github.com/tagdiff/tagdiff/model/inside"
)

// Acceptance is whether a comparison has only differences of some kinds. Later values are graver.
type Acceptance int

// The values. Undecided means that a layer was not read to its end, and may hold anything.
const (
	Accepted Acceptance = iota
	Undecided
	Refused
)

// Accept reports whether the only differences are inside layers, and no graver than most, which is
// InsideTimes or InsideGenerated. Both sides must have the same settings and the same instructions for
// the same platforms. Dates and notes of the builder do not count, nor do its hashes of the files that
// an instruction was given: the layers are read.
func (c Comparison) Accept(most InsideCode) Acceptance {
	shared := c.shared()
	switch {
	case c.Same(false):
		return Accepted
	case len(shared) == 0 || c.cannotBePulled() || !c.samePlatforms():
		return Refused
	}
	worst := Accepted
	for _, p := range shared {
		worst = max(worst, p.accept(rungOf(most)))
	}
	return worst
}

// rungOf is the last rung of a code.
func rungOf(c InsideCode) filediff.Rung {
	last := filediff.Nothing
	for r := filediff.Nothing; r <= filediff.Files; r++ {
		if codeOfRung(r) == c {
			last = r
		}
	}
	return last
}

// accept is Accept for one platform.
func (p Pair) accept(most filediff.Rung) Acceptance {
	switch {
	case isSame(p.Verdict.Code):
		return Accepted
	case imageOf(p.A) == nil || imageOf(p.B) == nil:
		return Refused
	}
	l := newLadder(p, "", "")
	l.a, l.b = p.A.Image, p.B.Image
	if !slices.EqualFunc(l.a.Steps, l.b.Steps, dockerfile.SameStep) {
		return Refused
	}
	if slices.ContainsFunc(l.changes(), func(c fieldChange) bool { return !isAcceptedChange(c) }) {
		return Refused
	}
	if p.sameAtTheEnd() != nil && p.Inside.areWhole() && p.Inside.areCertain() {
		return Accepted
	}
	worst := Accepted
	for _, r := range p.Rows {
		worst = max(worst, r.accept(most))
	}
	return worst
}

// isAcceptedChange reports whether a field of a config may differ where Accept accepts what layers hold: no
// container behaves in another way by it.
func isAcceptedChange(c fieldChange) bool {
	return slices.Contains([]fieldKind{fieldNote, fieldSpelling, fieldDate, fieldHistory}, c.kind)
}

// accept is Accept for one step. A row whose diff_ids are equal holds the same files, as verdicts
// take it; a reading that shows something else is a finding.
func (r Row) accept(most filediff.Rung) Acceptance {
	switch {
	case r.Class == Moved && LayersOf(r) != (RowLayers{}):
		return Refused
	case !r.HasOtherLayers(), r.Class == RepackedRow:
		return Accepted
	case r.Inside == nil:
		return Undecided
	case r.Inside.Rung > most, hasTwoVersions(r.Inside.A), hasTwoVersions(r.Inside.B):
		return Refused
	case !isCertain(r.Inside.A) || !isCertain(r.Inside.B):
		return Undecided
	}
	return Accepted
}

// areWhole reports whether all layers of a pair that were read were read to their ends.
func (found *PairInside) areWhole() bool {
	for _, l := range found.Layers {
		if !isWhole(l) {
			return false
		}
	}
	return true
}

// areCertain reports whether all runtimes unpack the layers of a pair that were read to the same files.
func (found *PairInside) areCertain() bool {
	for _, l := range found.Layers {
		if !isCertain(l) || hasTwoVersions(l) {
			return false
		}
	}
	return true
}

// hasTwoVersions reports whether the table of contents of a layer and its archive hold different files.
func hasTwoVersions(l *inside.Layer) bool { return l != nil && len(l.TOCDiffers) > 0 }

// isCertain reports whether all that a layer holds is known, and all runtimes unpack it to the same files.
// What is left of a path with two entries, also by two names, depends on their order and on the runtime, a hard
// link to it stands for the one before it, and the content of some entries is not hashed.
func isCertain(l *inside.Layer) bool {
	if l == nil {
		return true
	}
	r := l.Remarks
	isOrdered := len(r.Repeated) > 0 || len(r.Replaced) > 0 || len(r.DeletedAndGiven) > 0 || l.HasTwoWays()
	if !isWhole(l) || isOrdered || len(r.Escaping)+len(r.DeviceDeletions) > 0 || r.Unhashed > 0 {
		return false
	}
	for e := range l.Files.All() {
		if e.Kind == inside.Other {
			return false
		}
		if _, ok := l.Files.Resolve(e); !ok { // the target may be in a layer below, or not listed
			return false
		}
	}
	return true
}

// isWhole reports whether all that a layer holds is known, or a side has no layer.
func isWhole(l *inside.Layer) bool {
	return l == nil || l.How == inside.Full && l.Broken == "" && len(l.Left) == 0
}

// IsPartlyRead reports whether a layer of a pair that can hold other files on each side, or of the only
// image, was not read to its end.
func (p Pair) IsPartlyRead() bool { return p.isPartlyRead(isWhole) }

// isPartlyRead is IsPartlyRead for what counts as known of a layer.
func (p Pair) isPartlyRead(isKnown func(*inside.Layer) bool) bool {
	return slices.ContainsFunc(p.Rows, func(r Row) bool {
		isOf := r.HasOtherLayers() || r.Class == Alone && LayersOf(r) != (RowLayers{}) && !isEmptyStep(r)
		return isOf && (r.Inside == nil || !isKnown(r.Inside.A) || !isKnown(r.Inside.B))
	})
}

// isEmptyStep reports whether the layer of the only side of a row holds no file.
func isEmptyStep(r Row) bool { return r.A != nil && r.A.Empty || r.B != nil && r.B.Empty }
