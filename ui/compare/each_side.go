package compare

import (
	"iter"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// bothSides yields what A and B have, in this order, without nil values.
func bothSides[T any](a, b *T) iter.Seq2[diff.Side, *T] {
	return func(yield func(diff.Side, *T) bool) {
		if a != nil && !yield(diff.SideA, a) {
			return
		}
		if b != nil {
			yield(diff.SideB, b)
		}
	}
}

// sideLetter returns A or B.
func sideLetter(s diff.Side) safe.Text { return safe.Clean(string(s)).Upper() }

func sideRole(s diff.Side) look.Role {
	if s == diff.SideB {
		return look.SideB
	}
	return look.SideA
}

// sidePrefix returns the letter and a blank for the name of a field, "" if there is
// only one image.
func (v view) sidePrefix(s diff.Side) string {
	if v.alone {
		return ""
	}
	return sideLetter(s).String() + " "
}
