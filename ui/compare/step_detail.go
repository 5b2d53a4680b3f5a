package compare

import (
	"strings"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// stepDetail returns all information about a row, with nothing cut off.
func (v view) stepDetail(r diff.Row) []widget.Row {
	var rows []widget.Row
	if n := v.rowNote(r); !n.IsEmpty() {
		rows = append(rows, widget.FieldRows(v.Frame, safe.Const("compared"), n, look.Strong)...)
	}
	if r.A != nil && r.B != nil && r.SameText && r.A.CreatedBy == r.B.CreatedBy {
		rows = append(rows, v.commandRows(*r.A, safe.Const("instruction"))...)
	} else {
		rows = append(rows, v.sideCommand(r.A, "A")...)
		rows = append(rows, v.sideCommand(r.B, "B")...)
	}
	rows = append(rows, v.stepProperties(r.A, "A")...)
	return append(rows, v.stepProperties(r.B, "B")...)
}

func (v view) sideCommand(st *model.Step, letter string) []widget.Row {
	if st == nil {
		return nil
	}
	return v.commandRows(*st, safe.Sprintf("%s does", letter))
}

// commandRows returns an instruction in Dockerfile form, then as recorded.
func (v view) commandRows(st model.Step, name safe.Text) []widget.Row {
	read := dockerfile.Instruction(st.CreatedBy)
	rows := widget.TextRows(v.Frame, name, v.Gate.Lines(breakCommands(read)), v.Gate.Clean(read), look.Plain)
	for _, arg := range dockerfile.BuildArgs(st.CreatedBy) {
		rows = append(rows, widget.FieldRows(v.Frame, safe.Const("build arg"), v.Gate.Clean(arg), look.Plain)...)
	}
	if read != st.CreatedBy {
		rows = append(rows, widget.FieldRows(v.Frame, safe.Const("as recorded"), v.Gate.Clean(st.CreatedBy), look.Faint)...)
	}
	return rows
}

// breakCommands puts each command of a chain on a separate line.
func breakCommands(instruction string) string {
	if !strings.HasPrefix(instruction, "RUN ") {
		return instruction
	}
	s := strings.ReplaceAll(instruction, " && ", "\n    && ")
	return strings.ReplaceAll(s, "; ", ";\n    ")
}

// stepProperties returns the digests of the layer and the dates of the history record of
// one side.
func (v view) stepProperties(st *model.Step, letter string) []widget.Row {
	if st == nil {
		return nil
	}
	var rows []widget.Row
	add := func(name, value safe.Text) {
		rows = append(rows, widget.FieldRows(v.Frame, name, value, look.Plain)...)
	}
	if v.alone {
		letter = ""
	} else {
		letter += " "
	}
	if !st.HasLayer {
		add(safe.Sprintf("%slayer", letter), safe.Const("none: this step changes settings only"))
	} else {
		add(safe.Sprintf("%slayer", letter), safe.Clean(st.Layer.Digest.String()))
		add(safe.Sprintf("%sdiff_id", letter), safe.Clean(st.DiffID.String()))
		add(safe.Sprintf("%stype", letter), safe.Clean(st.Layer.MediaType))
		if st.Layer.Size > 0 {
			add(safe.Sprintf("%ssize", letter), sizeInFull(st.Layer.Size))
		}
		if st.Empty {
			add(safe.Sprintf("%sholds", letter), safe.Const("nothing: it unpacks to an archive without a file"))
		}
	}
	add(safe.Sprintf("%screated", letter), look.Time(st.Created))
	add(safe.Sprintf("%scomment", letter), v.Gate.Clean(st.Comment))
	add(safe.Sprintf("%sauthor", letter), v.Gate.Clean(st.Author))
	return rows
}

// sizeInFull returns a rounded size with the exact number.
func sizeInFull(n int64) safe.Text {
	if n < 1000 {
		return look.Size(n)
	}
	return safe.Sprintf("%s (%d bytes)", look.Size(n), n)
}
