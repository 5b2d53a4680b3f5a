package look

import (
	"cmp"

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
	case diff.Alone:
		if !cmp.Or(r.A, r.B).HasLayer {
			return settingsNote(r)
		}
	case diff.Settings:
		return settingsNote(r)
	}
	return stageNote(r)
}

// faultNote says what is wrong with the layer of a step, empty if nothing is.
func faultNote(s *model.Step) safe.Text {
	switch {
	case s != nil && s.HasLayer && (s.Layer.Digest == "" || s.Missing):
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
	return safe.Sprintf("of steps %d to %d", r.FilesOf, cmp.Or(r.A, r.B).Index+1)
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
	case !r.A.HasLayer && !r.B.HasLayer && r.A.CreatedBy == "":
		return safe.Const("not recorded in A")
	case !r.A.HasLayer && !r.B.HasLayer && r.B.CreatedBy == "":
		return safe.Const("not recorded in B")
	case !r.A.HasLayer && !r.B.HasLayer:
		return safe.Const("setting changed")
	case !r.A.HasLayer:
		return safe.Const("no layer in A")
	case !r.B.HasLayer:
		return safe.Const("no layer in B")
	case r.Detail == diff.OtherHash:
		return namedByNote(r)
	case detailNotes[r.Detail].IsEmpty() && r.A.CreatedBy == "" && r.B.CreatedBy == "":
		return safe.Const("other bytes")
	}
	return cmp.Or(detailNotes[r.Detail], safe.Const("different instruction"))
}

var detailNotes = map[diff.Detail]safe.Text{
	diff.Rebuilt:      safe.Const("rebuilt: other bytes"),
	diff.OtherFiles:   safe.Const("other files given"),
	diff.OtherVersion: safe.Const("another version"),
	diff.Converted:    safe.Const("converted"),
	diff.Emptied:      safe.Const("emptied: no file in B"),
	diff.Filled:       safe.Const("filled: no file in A"),
}
