package look

import (
	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// RowNote returns the class of a row in words, empty if both sides have the same layer.
// Notes fit in a column of 21 cells up to step 9999.
func RowNote(r diff.Row) safe.Text {
	for _, s := range []*model.Step{r.A, r.B} {
		if note := faultNote(s); !note.IsEmpty() {
			return note
		}
	}
	switch r.Class {
	case diff.Same:
		return stageNote(r)
	case diff.RepackedRow:
		return repackedNote(r)
	case diff.BothEmpty:
		return bothEmptyNote(r)
	case diff.Substituted:
		return substitutedNote(r)
	case diff.Added:
		return safe.Const("only in B")
	case diff.Removed:
		return safe.Const("only in A")
	case diff.Moved:
		if r.A != nil {
			return safe.Sprintf("moved: step %d in B", r.Other+1)
		}
		return safe.Sprintf("moved: step %d in A", r.Other+1)
	case diff.Settings:
		return settingsNote(r)
	case diff.Alone:
		if r.A != nil && !r.A.HasLayer || r.B != nil && !r.B.HasLayer {
			return settingsNote(r)
		}
		return stageNote(r)
	}
	return safe.Text{}
}

// faultNote says what is wrong with the layer of a step, empty if nothing is.
func faultNote(s *model.Step) safe.Text {
	switch {
	case s != nil && s.HasLayer && s.Layer.Digest == "":
		return safe.Const("the layer is missing")
	case s != nil && s.Broken != "":
		return safe.Const("the layer is broken")
	}
	return safe.Text{}
}

func repackedNote(r diff.Row) safe.Text {
	switch {
	case r.Detail == diff.Encrypted:
		return safe.Const("encrypted")
	case r.Detail == diff.OtherHash:
		return namedByNote(r)
	case r.ContentTrust() != diff.Proved:
		return safe.Const("repacked, as claimed")
	}
	return safe.Const("repacked, same files")
}

func namedByNote(r diff.Row) safe.Text {
	return safe.Sprintf("named by %s", r.B.Layer.Digest.Algorithm().String())
}

// stageNote names the steps whose files are in one layer.
func stageNote(r diff.Row) safe.Text {
	if r.FilesOf == 0 {
		return safe.Text{}
	}
	last := r.A
	if last == nil {
		last = r.B
	}
	return safe.Sprintf("of steps %d to %d", r.FilesOf, last.Index+1)
}

func settingsNote(r diff.Row) safe.Text {
	if r.FilesIn > 0 {
		return safe.Sprintf("files in step %d", r.FilesIn)
	}
	return safe.Const("settings only")
}

func bothEmptyNote(r diff.Row) safe.Text {
	switch {
	case !r.A.HasLayer:
		return safe.Const("empty layer only in B")
	case !r.B.HasLayer:
		return safe.Const("empty layer only in A")
	}
	return safe.Const("both empty")
}

func substitutedNote(r diff.Row) safe.Text {
	switch {
	case !r.A.HasLayer && !r.B.HasLayer && r.Detail == diff.OtherFiles: // buildah keeps them in a later layer
		return safe.Const("other files given")
	case !r.A.HasLayer && !r.B.HasLayer:
		return safe.Const("setting changed")
	case !r.A.HasLayer:
		return safe.Const("no layer in A")
	case !r.B.HasLayer:
		return safe.Const("no layer in B")
	}
	switch r.Detail {
	case diff.Rebuilt:
		return safe.Const("rebuilt: differs")
	case diff.OtherFiles:
		return safe.Const("other files given")
	case diff.OtherVersion:
		return safe.Const("another version")
	case diff.OtherHash:
		return namedByNote(r)
	case diff.Converted:
		return safe.Const("converted")
	case diff.Emptied:
		return safe.Const("emptied: no file in B")
	case diff.Filled:
		return safe.Const("filled: no file in A")
	case diff.Replaced, diff.Encrypted:
	}
	return safe.Const("different instruction")
}
