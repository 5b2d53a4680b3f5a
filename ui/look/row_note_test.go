package look

import (
	"testing"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
)

func TestRowNote(t *testing.T) {
	layer, missing := &model.Step{HasLayer: true}, &model.Step{HasLayer: true}
	setting, other, unrecorded := &model.Step{CreatedBy: "ENV A=1"}, &model.Step{CreatedBy: "ENV A=2"}, &model.Step{}
	layer.Layer.Digest = "sha256:1"
	instructed := &model.Step{HasLayer: true, CreatedBy: "RUN make", Layer: layer.Layer}
	sha512 := &model.Step{HasLayer: true}
	sha512.Layer.Digest = "sha512:1"
	read, again, unread := *layer, *layer, *layer
	broken := *layer
	broken.Broken = "is cut off"
	gone := *layer
	gone.Missing = true
	read.Checked, again.Checked = true, true
	again.Layer.Digest, unread.Layer.Digest = "sha256:2", "sha256:2"
	for _, tt := range []struct {
		row  diff.Row
		want string
	}{
		{diff.Row{Class: diff.Same, A: layer, B: layer}, ""},
		{diff.Row{Class: diff.Same, A: missing, B: layer}, "the layer is missing"},
		{diff.Row{Class: diff.RepackedRow, A: layer, B: &gone}, "the layer is missing"},
		{diff.Row{Class: diff.RepackedRow, A: &read, B: &again}, "repacked, same files"},
		{diff.Row{Class: diff.RepackedRow, A: layer, B: &unread}, "repacked, as claimed"},
		{diff.Row{Class: diff.RepackedRow, A: layer, B: &broken}, "the layer is broken"},
		{diff.Row{Class: diff.BothEmpty, A: layer, B: layer}, "both empty"},
		{diff.Row{Class: diff.BothEmpty, A: layer, B: setting}, "empty layer only in A"},
		{diff.Row{Class: diff.BothEmpty, A: setting, B: layer}, "empty layer only in B"},
		{diff.Row{Class: diff.Substituted, Detail: diff.Replaced, A: setting, B: other}, "setting changed"},
		{diff.Row{Class: diff.Substituted, Detail: diff.Replaced, A: setting, B: unrecorded}, "not recorded in B"},
		{diff.Row{Class: diff.Substituted, Detail: diff.Replaced, A: unrecorded, B: setting}, "not recorded in A"},
		{diff.Row{Class: diff.Substituted, Detail: diff.OtherFiles, A: setting, B: setting, FilesIn: 7}, "other files given"},
		{diff.Row{Class: diff.Substituted, Detail: diff.Filled, A: setting, B: layer}, "no layer in A"},
		{diff.Row{Class: diff.Substituted, Detail: diff.Emptied, A: layer, B: setting}, "no layer in B"},
		{diff.Row{Class: diff.Substituted, Detail: diff.Rebuilt, A: layer, B: layer}, "rebuilt: other bytes"},
		{diff.Row{Class: diff.Substituted, Detail: diff.OtherFiles, A: layer, B: layer}, "other files given"},
		{diff.Row{Class: diff.Substituted, Detail: diff.OtherVersion, A: layer, B: layer}, "another version"},
		{diff.Row{Class: diff.Substituted, Detail: diff.Replaced, A: layer, B: layer}, "other bytes"}, // no instruction is recorded
		{diff.Row{Class: diff.Substituted, Detail: diff.Replaced, A: instructed, B: layer}, "different instruction"},
		{diff.Row{Class: diff.Substituted, Detail: diff.Converted, A: layer, B: layer}, "converted"},
		{diff.Row{Class: diff.Substituted, Detail: diff.OtherHash, A: layer, B: sha512}, "named by sha512"},
		{diff.Row{Class: diff.RepackedRow, Detail: diff.OtherHash, A: layer, B: sha512}, "named by sha512"},
		{diff.Row{Class: diff.Substituted, Detail: diff.Emptied, A: layer, B: layer}, "emptied: no file in B"},
		{diff.Row{Class: diff.Substituted, Detail: diff.Filled, A: layer, B: layer}, "filled: no file in A"},
		{diff.Row{Class: diff.Added, B: layer}, "only in B"},
		{diff.Row{Class: diff.Removed, A: layer}, "only in A"},
		{diff.Row{Class: diff.Moved, A: layer, Other: 6}, "moved: step 7 in B"},
		{diff.Row{Class: diff.Moved, B: layer, Other: 6}, "moved: step 7 in A"},
		{diff.Row{Class: diff.Settings, A: setting, B: setting}, "settings only"},
		{diff.Row{Class: diff.Settings, A: setting, B: setting, FilesIn: 22}, "files in step 22"},
		{diff.Row{Class: diff.Alone, A: &model.Step{HasLayer: true, Index: 58, Layer: layer.Layer}, FilesOf: 23}, "of steps 23 to 59"},
		{diff.Row{Class: diff.Alone, A: layer}, ""},
		{diff.Row{Class: diff.Alone, B: setting}, "settings only"},
	} {
		if got := RowNote(tt.row); got.String() != tt.want || Width(got) > 21 {
			t.Errorf("%+v: %q, want %q", tt.row, got, tt.want)
		}
	}
}
