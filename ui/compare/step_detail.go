package compare

import (
	"cmp"
	"strings"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/diff/text"
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
	if r.Inside != nil && r.Class != diff.Alone && r.Differs() {
		rows = append(rows, widget.FieldRows(v.Frame, safe.Const("inside"), v.stepFileNote(r), look.Plain)...)
	}
	rows = append(rows, v.instructionRows(r)...)
	return append(rows, v.stepProperties(r)...)
}

// instructionRows returns the instructions in Dockerfile form, with the words that differ marked, and what
// is recorded in place of them, folded.
func (v view) instructionRows(r diff.Row) []widget.Row {
	one := cmp.Or(r.A, r.B)
	if r.A != nil && r.B != nil && !r.SameText {
		return append(v.changedInstructionRows(r), v.recordedRows(r)...)
	}
	value := v.withInstructionValue(widget.Row{}, r)
	name := safe.Const("instruction")
	if one.CreatedBy == "" {
		return widget.FieldRows(v.Frame, name, v.instruction(one), look.Plain)
	}
	rows := widget.TextRows(v.Frame, name, v.Gate.Lines(breakCommands(one.Instruction)), v.Gate.Clean(one.Instruction), look.Plain)
	for i := range rows {
		rows[i].ValueName, rows[i].Value, rows[i].Sides = value.ValueName, value.Value, value.Sides
	}
	return append(rows, v.recordedRows(r)...)
}

// changedInstructionRows returns two instructions command by command: one row for what is equal, A above B
// for what differs.
func (v view) changedInstructionRows(r diff.Row) []widget.Row {
	lines := func(st *model.Step) (raw, shown []safe.Text) {
		whole := st.Instruction
		if whole == "" {
			return []safe.Text{v.instruction(st)}, []safe.Text{v.instruction(st)}
		}
		return safe.Lines(breakCommands(whole)), v.Gate.Lines(breakCommands(whole))
	}
	rawA, a := lines(r.A)
	rawB, b := lines(r.B)
	value := v.withInstructionValue(widget.Row{}, r)
	var rows []widget.Row
	add := func(name safe.Text, differs bool, spans ...look.Span) {
		for i, row := range widget.SpanRows(v.Frame, name, value.ValueName, safe.Text{}, spans) {
			row.ID = safe.Sprintf("instruction %d", len(rows)).String()
			row.Sides, row.Differs = value.Sides, differs && i == 0
			rows = append(rows, row)
		}
	}
	label, inRun := safe.Const("instruction"), false
	for _, l := range text.LinesDisplayed(stringsOf(rawA), stringsOf(rawB), stringsOf(a), stringsOf(b)) {
		if !lineDiffers(l) {
			add(label, false, look.P(a[l.A]))
			label, inRun = safe.Const(" "), false
			continue
		}
		if l.A >= 0 {
			add(safe.Const("          A"), !inRun, highlighted(a[l.A], l.SpansA, look.SideA, look.SideAHot)...)
		}
		if l.B >= 0 {
			add(safe.Const("          B"), !inRun && l.A < 0, highlighted(b[l.B], l.SpansB, look.SideB, look.SideBHot)...)
		}
		inRun = true
	}
	return rows
}

func stringsOf(texts []safe.Text) []string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = t.String()
	}
	return out
}

// recordedRows returns the build arguments of both sides, and one row that enter opens to what the
// history records in another form than a Dockerfile.
func (v view) recordedRows(r diff.Row) []widget.Row {
	var rows, folded []widget.Row
	size := 0
	for side, st := range bothSides(r.A, r.B) {
		if r.SameText && side == diff.SideB && r.A != nil && r.A.CreatedBy == st.CreatedBy {
			continue
		}
		for _, arg := range st.BuildArgs {
			rows = append(rows, widget.FieldRows(v.Frame, safe.Sprintf("%sbuild arg", v.sidePrefix(side)), v.Gate.Clean(arg), look.Plain)...)
		}
		if st.CreatedBy != st.Instruction && st.CreatedBy != "" {
			name := safe.Sprintf("%srecorded", v.sidePrefix(side))
			folded = append(folded, widget.FieldRows(v.Frame, name, v.Gate.Clean(st.CreatedBy), look.Faint)...)
			size += len(st.CreatedBy)
		}
	}
	if len(folded) == 0 {
		return rows
	}
	length := look.Count(size, safe.Const("character"), safe.Const("characters"))
	note := safe.Sprintf("%s in the form of the builder: enter or f shows it", length)
	fold := widget.FieldRows(v.Frame, safe.Const("as recorded"), note, look.Faint)
	for i := range fold {
		fold[i].Value, fold[i].Folded = safe.Text{}, []widget.Row{}
	}
	fold[0].Folded = folded
	return append(rows, fold...)
}

// breakCommands puts each command of a chain on a separate line.
func breakCommands(instruction string) string {
	if !strings.HasPrefix(instruction, "RUN ") {
		return instruction
	}
	s := strings.ReplaceAll(instruction, " && ", "\n    && ")
	return strings.ReplaceAll(s, "; ", ";\n    ")
}

// stepProperties returns the digests of the layers and the dates of the history records, once where both
// sides are equal.
func (v view) stepProperties(r diff.Row) []widget.Row {
	var rows []widget.Row
	for _, property := range []struct {
		name safe.Text
		of   func(model.Step) safe.Text
	}{
		{safe.Const("layer"), layerInFull},
		{safe.Const("diff_id"), ofLayer(func(st model.Step) safe.Text { return safe.Clean(st.DiffID.String()) })},
		{safe.Const("type"), ofLayer(func(st model.Step) safe.Text { return safe.Clean(st.Layer.MediaType) })},
		{safe.Const("size"), ofLayer(layerSize)},
		{safe.Const("content"), contentInFull},
		{safe.Const("created"), func(st model.Step) safe.Text { return look.Time(st.Created) }},
		{safe.Const("comment"), func(st model.Step) safe.Text { return v.Gate.Clean(st.Comment) }},
		{safe.Const("author"), func(st model.Step) safe.Text { return v.Gate.Clean(st.Author) }},
	} {
		a, b := partOf(r.A, property.of), partOf(r.B, property.of)
		if r.A != nil && r.B != nil && a == b || v.alone {
			rows = append(rows, widget.FieldRows(v.Frame, property.name, cmp.Or(a, b), look.Plain)...)
			continue
		}
		rows = append(rows, widget.FieldRows(v.Frame, safe.Sprintf("A %s", property.name), a, look.SideA)...)
		rows = append(rows, widget.FieldRows(v.Frame, safe.Sprintf("B %s", property.name), b, look.SideB)...)
	}
	return rows
}

// ofLayer returns a property that only steps with a layer have.
func ofLayer(get func(model.Step) safe.Text) func(model.Step) safe.Text {
	return func(st model.Step) safe.Text {
		if !st.HasLayer {
			return safe.Text{}
		}
		return get(st)
	}
}

func layerInFull(st model.Step) safe.Text {
	if !st.HasLayer {
		return safe.Const("none: this step only changes settings")
	}
	return safe.Clean(st.Layer.Digest.String())
}

// layerSize is empty for layers of schema1, whose sizes are not recorded.
func layerSize(st model.Step) safe.Text {
	if st.Layer.Size <= 0 {
		return safe.Text{}
	}
	return sizeInFull(st.Layer.Size)
}

func contentInFull(st model.Step) safe.Text {
	if !st.HasLayer || !st.Empty {
		return safe.Text{}
	}
	return safe.Const("none: it unpacks to an archive without a file")
}

// sizeInFull returns a rounded size with the exact number.
func sizeInFull(n int64) safe.Text {
	if n < 1000 {
		return look.Size(n)
	}
	return safe.Sprintf("%s (%d bytes)", look.Size(n), n)
}
