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

// stepDetail is everything known of a row, nothing cut off.
func (s scene) stepDetail(r diff.Row) []widget.Row {
	var rows []widget.Row
	if n := s.note(r); !n.IsEmpty() {
		rows = append(rows, widget.FieldRows(s.Frame, safe.Const("compared"), n, look.Strong)...)
	}
	if r.A != nil && r.B != nil && r.SameText && r.A.CreatedBy == r.B.CreatedBy {
		rows = append(rows, s.commandRows(*r.A, safe.Const("instruction"))...)
	} else {
		rows = append(rows, s.sideCommand(r.A, "A")...)
		rows = append(rows, s.sideCommand(r.B, "B")...)
	}
	rows = append(rows, s.stepFacts(r.A, "A")...)
	return append(rows, s.stepFacts(r.B, "B")...)
}

func (s scene) sideCommand(st *model.Step, letter string) []widget.Row {
	if st == nil {
		return nil
	}
	return s.commandRows(*st, safe.Sprintf("%s does", letter))
}

// commandRows show an instruction as a Dockerfile has it, then as recorded.
func (s scene) commandRows(st model.Step, name safe.Text) []widget.Row {
	read := dockerfile.Instruction(st.CreatedBy)
	rows := widget.TextRows(s.Frame, name, s.Gate.Lines(broken(read)), s.Gate.Clean(read), look.Plain)
	for _, arg := range dockerfile.BuildArgs(st.CreatedBy) {
		rows = append(rows, widget.FieldRows(s.Frame, safe.Const("build arg"), s.Gate.Clean(arg), look.Plain)...)
	}
	if read != st.CreatedBy {
		rows = append(rows, widget.FieldRows(s.Frame, safe.Const("as recorded"), s.Gate.Clean(st.CreatedBy), look.Faint)...)
	}
	return rows
}

// broken puts each command of a chain on a line of its own.
func broken(instruction string) string {
	if !strings.HasPrefix(instruction, "RUN ") {
		return instruction
	}
	s := strings.ReplaceAll(instruction, " && ", "\n    && ")
	return strings.ReplaceAll(s, "; ", ";\n    ")
}

// stepFacts are the layer's digests and the record's dates of one side.
func (s scene) stepFacts(st *model.Step, letter string) []widget.Row {
	if st == nil {
		return nil
	}
	var rows []widget.Row
	add := func(name, value safe.Text) {
		rows = append(rows, widget.FieldRows(s.Frame, name, value, look.Plain)...)
	}
	if s.alone {
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
	add(safe.Sprintf("%scomment", letter), s.Gate.Clean(st.Comment))
	add(safe.Sprintf("%sauthor", letter), s.Gate.Clean(st.Author))
	return rows
}

// sizeInFull is a size as a person says it, with the exact number.
func sizeInFull(n int64) safe.Text {
	if n < 1000 {
		return look.Size(n)
	}
	return safe.Sprintf("%s (%d bytes)", look.Size(n), n)
}
