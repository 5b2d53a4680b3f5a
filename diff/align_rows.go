package diff

import (
	"cmp"
	"slices"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/model"
)

// rows returns the result: each pair of matched steps in one row, and before it
// the unmatched steps of A, then those of B.
func (l *aligner) rows() []Row {
	rows := make([]Row, 0, max(len(l.a), len(l.b)))
	twinsA, twinsB := twinsOf(l.a, l.ta), twinsOf(l.b, l.tb)
	i, j := 0, 0
	for i < len(l.a) || j < len(l.b) {
		switch {
		case i < len(l.a) && l.matchA[i] == none:
			rows = append(rows, Row{Class: Removed, A: &l.a[i], TwinsA: twinsA[i]}.movedTo(l.b, l.moveA[i]))
			i++
		case j < len(l.b) && l.matchB[j] == none:
			rows = append(rows, Row{Class: Added, B: &l.b[j], TwinsB: twinsB[j]}.movedTo(l.a, l.moveB[j]))
			j++
		default:
			row := Row{A: &l.a[i], B: &l.b[j], Other: none, TwinsA: twinsA[i], TwinsB: twinsB[j]}
			row.SameText = l.ta[i].text == l.tb[j].text
			row.Class, row.Detail = classify(&l.ta[i], &l.tb[j])
			if row.Class == RepackedRow {
				row.Detail = repackedDetail(row)
			}
			rows = append(rows, row)
			i, j = i+1, j+1
		}
	}
	return rows
}

// movedTo completes the row of a step without a match. i is the index of the same content
// among the steps of the other side, or none.
func (r Row) movedTo(steps []model.Step, i int) Row {
	r.Other = none
	if i != none {
		r.Class, r.Other = Moved, steps[i].Index
	}
	return r
}

func repackedDetail(r Row) Detail {
	switch {
	case model.IsEncrypted(r.A.Layer) || model.IsEncrypted(r.B.Layer):
		return Encrypted
	case otherHash(r):
		return OtherHash
	}
	return ""
}

// withDetails returns the rows of a judged pair with what is known beyond their class: that
// other files were given, that a layer has another version, that a converter wrote it.
func (p Pair) withDetails() []Row {
	rows, converted := slices.Clone(p.Rows), p.convertedWhole()
	for i := range rows {
		r := &rows[i]
		if r.Detail != Rebuilt && r.Detail != Replaced || r.A == nil || r.B == nil {
			continue
		}
		switch {
		case r.Detail == Rebuilt && converted && otherAlgorithms(*r.A, *r.B):
			r.Detail = OtherHash
		case r.Detail == Rebuilt && converted:
			r.Detail = Converted
		case (r.Detail == Rebuilt || r.FilesIn > 0 && dockerfile.SameStep(*r.A, *r.B)) &&
			p.compareHashes(r.A, r.B) == dockerfile.OtherFiles:
			r.Detail = OtherFiles
		case isOtherVersion(*r.A, *r.B):
			r.Detail = OtherVersion
		}
	}
	return rows
}

func isOtherVersion(a, b model.Step) bool {
	la, namedA := dockerfile.LayerOf(a)
	lb, namedB := dockerfile.LayerOf(b)
	return namedA && namedB && la.Key() == lb.Key() && la.Version != lb.Version
}

// classify returns how the two steps of a row compare.
func classify(a, b *traits) (Class, Detail) {
	switch {
	case !a.hasLayer && !b.hasLayer:
		if a.text == b.text {
			return Settings, ""
		}
		return Substituted, Replaced
	case a.hasLayer && b.hasLayer && a.blob != 0 && a.blob == b.blob:
		return Same, ""
	case !a.real() && !b.real():
		return BothEmpty, ""
	case sameContent(a, b), a.diffID != 0 && a.diffID == b.diffID: // of one too large to be empty, and an empty one, too
		return RepackedRow, ""
	case !b.real():
		return Substituted, Emptied
	case !a.real():
		return Substituted, Filled
	case a.recipe != 0 && a.recipe == b.recipe, a.copy != 0 && a.copy == b.copy && a.hashed != b.hashed:
		return Substituted, Rebuilt
	}
	return Substituted, Replaced
}

// maxTwins is the number of other positions of a duplicated layer in a row.
const maxTwins = 64

// twinsOf returns for each step the other steps with the same non-empty
// content, at most maxTwins, as model.Image.Twins does for one step.
func twinsOf(steps []model.Step, ts []traits) [][]int {
	places := map[int][]int{}
	for i, t := range ts {
		if key := cmp.Or(t.diffID, t.blob); t.real() && key != 0 {
			places[key] = append(places[key], i)
		}
	}
	twins := make([][]int, len(steps))
	for i, t := range ts {
		if !t.real() {
			continue
		}
		for _, p := range places[cmp.Or(t.diffID, t.blob)] {
			if len(twins[i]) == maxTwins {
				break
			}
			if p != i {
				twins[i] = append(twins[i], steps[p].Index)
			}
		}
	}
	return twins
}
