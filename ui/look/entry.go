package look

import (
	"cmp"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/diff/filediff"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/safe"
)

// EntryPath names the path of an entry; the root is "/".
func EntryPath(path string, gate safe.Gate) safe.Text { return gate.Clean(cmp.Or(path, "/")) }

// EntryName is the path of an entry, with the target of a link.
func EntryName(e inside.Entry, gate safe.Gate) safe.Text {
	path := EntryPath(e.Path, gate)
	switch e.Kind {
	case inside.Symlink:
		return safe.Sprintf("%s → %s", path, gate.Clean(e.Link))
	case inside.Hardlink:
		return safe.Sprintf("%s = %s", path, gate.Clean(e.Link))
	}
	return path
}

// EntryAttributes is the type, the permissions and the owner of an entry: "folder 0755 0:0".
func EntryAttributes(e inside.Entry) safe.Text {
	kind := ""
	switch e.Kind {
	case inside.Whiteout:
		return safe.Const("deletes")
	case inside.OpaqueFolder:
		return safe.Const("hides what is below")
	case inside.Folder:
		kind = "folder "
	case inside.Symlink:
		kind = "link "
	case inside.Hardlink:
		kind = "hard link "
	case inside.CharDevice, inside.BlockDevice:
		kind = "device "
	case inside.Fifo:
		kind = "pipe "
	case inside.File, inside.Other:
	}
	return safe.Sprintf("%s%04o %d:%d", kind, e.Mode, e.UID, e.GID)
}

// ChangeSizes is the sizes of a file on both sides, once if they are equal. Sizes that look equal are
// one size and the difference: "16 kB, +10 B".
func ChangeSizes(ch filediff.Change) safe.Text {
	a, b := EntrySize(ch.A), EntrySize(ch.B)
	switch {
	case a.IsEmpty() || ch.A != nil && ch.B != nil && ch.A.Size == ch.B.Size:
		return b
	case b.IsEmpty():
		return a
	case a == b && ch.B.Size > ch.A.Size:
		return safe.Sprintf("%s, +%s", a, Size(ch.B.Size-ch.A.Size))
	case a == b:
		return safe.Sprintf("%s, −%s", a, Size(ch.A.Size-ch.B.Size))
	}
	return safe.Sprintf("%s → %s", a, b)
}

// EntrySize is the size of a file, empty for other entries and for none.
func EntrySize(e *inside.Entry) safe.Text {
	if e == nil || e.Kind != inside.File {
		return safe.Text{}
	}
	return Size(e.Size)
}

// LeastWaste is the sum of sizes, in bytes, from which waste is worth a line.
const LeastWaste = 1_000_000

// WasteTexts says what a step ships although no container needs it, a text for each kind and other step. Layer and
// By of the waste are indexes of steps.
func WasteTexts(waste []inside.Waste, gate safe.Gate) (texts []safe.Text) {
	for _, w := range waste {
		if w.Bytes < LeastWaste {
			continue
		}
		because := safe.Sprintf("step %d deletes", w.By+1)
		switch {
		case w.Kind == inside.Replaced:
			because = safe.Sprintf("step %d replaces", w.By+1)
		case w.Kind == inside.Copied && w.By == w.Layer:
			because = safe.Const("this step has twice")
		case w.Kind == inside.Copied:
			because = safe.Sprintf("step %d has too", w.By+1)
		}
		texts = append(texts, safe.Sprintf("%s in %s that %s, the largest %s", Size(w.Bytes),
			Count(w.Files, safe.Const("file"), safe.Const("files")), because, EntryPath(w.Largest, gate)))
	}
	return texts
}

// ChangeNote says what changed in a file of a step, in a few words.
func ChangeNote(f *diff.LayerFiles, ch filediff.Change) safe.Text {
	note := diff.ChangeNote(ch)
	switch t, counted := f.Texts[ch.Path]; {
	case !note.IsEmpty() && diff.HasContentBeside(ch) && counted:
		return safe.Sprintf("%s, %s", diff.LineCounts(t), note)
	case !note.IsEmpty() && diff.HasContentBeside(ch):
		return safe.Sprintf("other content, %s", note)
	case !note.IsEmpty() && ch.What.Has(filediff.Content) && ch.From != "" && counted:
		return safe.Sprintf("%s, %s", diff.LineCounts(t), note)
	case !note.IsEmpty():
		return note
	case counted:
		return diff.LineCounts(t)
	case ch.Rung == filediff.SameInside:
		return safe.Const("same but for a time")
	case ch.Cause != nil && ch.Cause.Generated:
		return safe.Clean(ch.Cause.One)
	case ch.What == filediff.Time:
		return Time(&ch.B.Time)
	case diff.IsReplaced(ch) && ch.A == nil:
		return safe.Const("only B replaces it")
	case diff.IsReplaced(ch):
		return safe.Const("only A replaces it")
	}
	return safe.Text{}
}

// ChangeMark is the mark of a change in a list of files.
func (g Glyphs) ChangeMark(ch filediff.Change) safe.Text {
	switch {
	case ch.Unknown:
		return safe.Const("?")
	case ch.What.Has(filediff.Moved):
		return g.Mark(diff.Moved)
	case diff.IsReplaced(ch):
		return g.Mark(diff.Substituted)
	case diff.IsGain(ch):
		return g.Mark(diff.Added)
	case ch.A == nil || ch.B == nil:
		return g.Mark(diff.Removed)
	case ch.Rung <= filediff.Generated:
		return g.Mark(diff.RepackedRow)
	}
	return g.Mark(diff.Substituted)
}

// CutTexts says what the lists of the layers of a step lack, since a layer is broken or a limit left
// something out. alone is set if there is one image only.
func CutTexts(f *diff.LayerFiles, alone bool) (texts []safe.Text) {
	for _, side := range []struct {
		name  safe.Text
		layer *inside.Layer
	}{{safe.Const("A"), f.A}, {safe.Const("B"), f.B}} {
		if side.layer == nil {
			continue
		}
		name := side.name
		if alone {
			name = safe.Const("the layer")
		}
		if side.layer.Broken != "" {
			texts = append(texts, safe.Sprintf("%s %s: only the files before that are listed", name, side.layer.Broken))
		}
		for _, left := range side.layer.Left {
			texts = append(texts, safe.Sprintf("%s: a limit left out %s", name, left.Text))
		}
	}
	return texts
}
