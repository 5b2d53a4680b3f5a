package diff

import (
	"cmp"
	"iter"

	"github.com/tagdiff/tagdiff/diff/filediff"
	"github.com/tagdiff/tagdiff/model/inside"
)

// SomeChanges are some of the changes of a layer, in an order of their own. There can be a million, and a
// Change takes ten times the memory of its entries, so each is made when it is asked for.
type SomeChanges struct {
	of *LayerFiles
	at []int32 // positions in of
}

// Len returns the number of changes.
func (s SomeChanges) Len() int { return len(s.at) }

// At returns change i.
func (s SomeChanges) At(i int) filediff.Change { return s.of.At(int(s.at[i])) }

// All returns all changes in turn.
func (s SomeChanges) All() iter.Seq[filediff.Change] {
	return func(yield func(filediff.Change) bool) {
		for i := range s.at {
			if !yield(s.At(i)) {
				return
			}
		}
	}
}

// First returns the first n changes, or all if there are fewer.
func (s SomeChanges) First(n int) []filediff.Change {
	first := make([]filediff.Change, min(n, len(s.at)))
	for i := range first {
		first[i] = s.At(i)
	}
	return first
}

// Without returns the changes that are not on a rung.
func (s SomeChanges) Without(rung filediff.Rung) SomeChanges {
	rest := SomeChanges{of: s.of}
	for _, i := range s.at {
		if s.of.RungAt(int(i)) != rung {
			rest.at = append(rest.at, i)
		}
	}
	return rest
}

// Grave returns the changes that are more than noise: content, files and programs that no longer
// run before other attributes, and files before folders.
func (f *LayerFiles) Grave() SomeChanges {
	const weights = 2*int(filediff.Files) + 2
	var byWeight [weights][]int32
	for i := range f.Len() {
		if f.RungAt(i) > filediff.Generated {
			w := weightOf(f.At(i))
			byWeight[w] = append(byWeight[w], int32(i)) //nolint:gosec // lists have a limit far below
		}
	}
	all := SomeChanges{of: f}
	for _, at := range byWeight {
		all.at = append(all.at, at...)
	}
	return all
}

// weightOf is the place of a change in Grave: the lowest come first.
func weightOf(ch filediff.Change) int {
	n := 0
	if !stopsRunning(ch) {
		n = 2 * int(filediff.Files-ch.Rung)
	}
	if e := cmp.Or(ch.B, ch.A); e.Kind == inside.Folder {
		n++
	}
	return n
}

// Noise returns the changes that every build makes again, by path.
func (f *LayerFiles) Noise() SomeChanges {
	all := SomeChanges{of: f}
	for i := range f.Len() {
		if f.RungAt(i) <= filediff.Generated {
			all.at = append(all.at, int32(i)) //nolint:gosec // as above
		}
	}
	return all
}

// own returns the changes that are more than noise and that no package explains, as Grave orders them; all
// of Grave if packages explain them all.
func (f *LayerFiles) own() SomeChanges {
	all := f.Grave()
	if own := all.Without(filediff.Packages); own.Len() > 0 {
		return own
	}
	return all
}

// hasOwn reports whether there are changes that are more than noise and that no package explains.
func (f *LayerFiles) hasOwn() bool {
	return f != nil && f.CountAbove(filediff.Generated) > f.CountRung(filediff.Packages)
}

// hasAbove reports whether a change above a rung is as is says.
func (f *LayerFiles) hasAbove(rung filediff.Rung, is func(filediff.Change) bool) bool {
	for i := range f.Len() {
		if f.RungAt(i) > rung && is(f.At(i)) {
			return true
		}
	}
	return false
}
