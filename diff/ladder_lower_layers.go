package diff

import (
	"slices"

	"github.com/tagdiff/tagdiff/diff/filediff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
)

// lowerLayers finds what the layers below a step have at a path, on both sides.
type lowerLayers struct{ a, b lowerStack }

// lowerStack is the layers of one image, those that were not read to their ends as nil.
type lowerStack struct {
	layers  []*inside.Layer
	ofSteps []int // the index in layers of the first layer that is not below a step
	stack   *inside.Stack
}

func newLowerStack(e *model.Entry, read ReadLayers) lowerStack {
	s := lowerStack{ofSteps: []int{0}}
	if img := imageOf(e); img != nil {
		s.ofSteps = s.ofSteps[:0]
		for i := range img.Steps {
			s.ofSteps = append(s.ofSteps, len(s.layers))
			switch st := &img.Steps[i]; {
			case !st.HasLayer:
			case st.Empty:
				s.layers = append(s.layers, &inside.Layer{How: inside.Full})
			case isWholeAndVerified(st, read[st.Layer.Digest]):
				s.layers = append(s.layers, read[st.Layer.Digest])
			default:
				s.layers = append(s.layers, nil)
			}
		}
		s.ofSteps = append(s.ofSteps, len(s.layers))
	}
	s.stack = inside.NewStack(s.layers)
	return s
}

func isWholeAndVerified(s *model.Step, l *inside.Layer) bool { return l != nil && isVerified(s, l) }

// lookBelow says of each path that only one side of a row has, or lists, what the layers below the row have there.
func lookBelow(p Pair, read ReadLayers, files []*LayerFiles) {
	all := lowerLayers{newLowerStack(p.A, read), newLowerStack(p.B, read)}
	nextA, nextB := 0, 0 // the steps after those of the rows so far
	for i, r := range p.Rows {
		if r.A != nil {
			nextA = r.A.Index + 1
		}
		if r.B != nil {
			nextB = r.B.Index + 1
		}
		switch f := files[i]; {
		case f == nil || r.Class == Alone:
		case filesOf(f.A).HasFolderLinks() || filesOf(f.B).HasFolderLinks():
			f.LookBelow(func(string, bool) filediff.Below { return filediff.UnknownBelow })
		default:
			f.LookBelow(all.finder(r, nextA, nextB))
			if f.Len() > 0 { // which may be deletions of nothing
				f.Rung = f.Worst()
			}
		}
	}
}

// finder returns what finds a path that only one side of a row has in the layers below the row. nextA and nextB are
// the indexes of the steps after it.
func (l lowerLayers) finder(r Row, nextA, nextB int) func(path string, ofB bool) filediff.Below {
	findA, findB := withParents(l.a.finder(r.A, nextA)), withParents(l.b.finder(r.B, nextB))
	isSame := l.sameBelow(r)
	return func(path string, ofB bool) filediff.Below {
		own, other := findA, findB
		if ofB {
			own, other = findB, findA
		}
		switch own(path) {
		case inside.There: // of the other side it says nothing: there it can be another step that has it
			return filediff.EntryBelow
		case inside.NotThere:
			if isSame || other(path) != inside.Unseen {
				return filediff.NothingBelow
			}
		case inside.Unseen:
		}
		return filediff.UnknownBelow
	}
}

// withParents is find, which is asked only once for each folder that paths are in.
func withParents(find func(path string) inside.Sight) func(path string) inside.Sight {
	parents := map[string]inside.Sight{}
	return func(path string) inside.Sight {
		parent := parentOf(path)
		sight, known := parents[parent]
		if !known {
			if sight = inside.There; parent != "" {
				sight = find(parent)
			}
			parents[parent] = sight
		}
		if sight != inside.NotThere { // else there is nothing in it
			sight = find(path)
		}
		return sight
	}
}

// sameBelow reports whether both sides have the same layers below a row.
func (l lowerLayers) sameBelow(r Row) bool {
	if r.A == nil || r.B == nil {
		return false
	}
	return slices.Equal(l.a.layers[:l.a.ofSteps[r.A.Index]], l.b.layers[:l.b.ofSteps[r.B.Index]])
}

// finder returns what finds paths in the layers below a step, or below the step next if the side has none
// in the row.
func (s lowerStack) finder(of *model.Step, next int) func(path string) inside.Sight {
	if of != nil {
		next = of.Index
	}
	layer := s.ofSteps[min(next, len(s.ofSteps)-1)]
	return func(path string) inside.Sight { return s.stack.FindBelow(layer, path) }
}
