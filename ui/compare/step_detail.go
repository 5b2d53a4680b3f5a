package compare

import (
	"strings"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// stepDetail returns all information about a row, with nothing cut off.
func (v view) stepDetail(r diff.Row) []widget.Row {
	var rows []widget.Row
	if n := look.RowNote(r); !n.IsEmpty() {
		rows = append(rows, widget.FieldRows(v.Frame, safe.Const("compared"), n, look.Strong)...)
	}
	if r.A != nil && r.B != nil && r.SameText && r.A.CreatedBy == r.B.CreatedBy {
		rows = append(rows, v.commandRows(*r.A, safe.Const("instruction"))...)
	} else {
		for side, st := range bothSides(r.A, r.B) {
			rows = append(rows, v.commandRows(*st, safe.Sprintf("%s instruction", sideLetter(side)))...)
		}
	}
	for side, st := range bothSides(r.A, r.B) {
		rows = append(rows, v.stepProperties(*st, v.sidePrefix(side))...)
	}
	return rows
}

// commandRows returns an instruction in Dockerfile form, then as recorded.
func (v view) commandRows(st model.Step, name safe.Text) []widget.Row {
	if st.CreatedBy == "" {
		return widget.FieldRows(v.Frame, name, v.instruction(&st), look.Plain)
	}
	read := st.Instruction
	rows := widget.TextRows(v.Frame, name, v.Gate.Lines(breakCommands(read)), v.Gate.Clean(read), look.Plain)
	for _, arg := range st.BuildArgs {
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
func (v view) stepProperties(st model.Step, prefix string) []widget.Row {
	var rows []widget.Row
	add := func(name, value safe.Text) {
		rows = append(rows, widget.FieldRows(v.Frame, name, value, look.Plain)...)
	}
	if !st.HasLayer {
		add(safe.Sprintf("%slayer", prefix), safe.Const("none: this step only changes settings"))
	} else {
		add(safe.Sprintf("%slayer", prefix), safe.Clean(st.Layer.Digest.String()))
		add(safe.Sprintf("%sdiff_id", prefix), safe.Clean(st.DiffID.String()))
		add(safe.Sprintf("%stype", prefix), safe.Clean(st.Layer.MediaType))
		if st.Layer.Size > 0 {
			add(safe.Sprintf("%ssize", prefix), sizeInFull(st.Layer.Size))
		}
		if st.Empty {
			add(safe.Sprintf("%scontent", prefix), safe.Const("none: it unpacks to an archive without a file"))
		}
	}
	add(safe.Sprintf("%screated", prefix), look.Time(st.Created))
	add(safe.Sprintf("%scomment", prefix), v.Gate.Clean(st.Comment))
	add(safe.Sprintf("%sauthor", prefix), v.Gate.Clean(st.Author))
	return rows
}

// sizeInFull returns a rounded size with the exact number.
func sizeInFull(n int64) safe.Text {
	if n < 1000 {
		return look.Size(n)
	}
	return safe.Sprintf("%s (%d bytes)", look.Size(n), n)
}
