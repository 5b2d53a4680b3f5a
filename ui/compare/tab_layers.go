package compare

import (
	"cmp"
	"slices"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// Widths of the layer table in cells.
const (
	stepWidth  = 5                                             // 12/13
	layerWidth = look.DigestWidth + 1 + 1 + 1 + look.SizeWidth // digest, empty sign, size
	noteWidth  = 22
	leadWidth  = 2 + 3 + stepWidth + 1 // mark, duplicate sign, step
)

// layerRows returns the table of steps with their layers.
func (v view) layerRows() []widget.Row {
	rows := v.layerHeading()
	if trouble := v.noTableRows(); trouble != nil {
		return append(rows, trouble...)
	}
	groups := v.pairFindings()
	v.told = map[string]bool{}
	rows = append(rows, v.stepRows(func(r diff.Row) widget.Row {
		return v.withFindings(v.layerRow(r), groups, func(f diff.Finding) bool { return pointsAtRow(f, r) })
	})...)
	return append(rows, v.countNotes()...)
}

// stepRows returns a row for each step, oldest first like a Dockerfile or the other way
// round, with a line where the base image ends.
func (v view) stepRows(row func(diff.Row) widget.Row) []widget.Row {
	var rows []widget.Row
	at, base, ok := v.cmp.Boundary(v.pair)
	where := safe.Const("above this line")
	if v.newestFirst {
		where = safe.Const("below this line")
	}
	for i, r := range v.pair.Rows {
		if ok && i == at {
			rows = append(rows, v.boundaryRow(where, base))
		}
		rows = append(rows, row(r))
	}
	if v.newestFirst {
		slices.Reverse(rows)
	}
	return rows
}

// boundaryRow returns the line between the steps of the base image and the others.
func (v view) boundaryRow(where safe.Text, base diff.Base) widget.Row {
	text := look.S(look.Heading, safe.Sprintf("%s: %s", where, base.Text()))
	return widget.HeaderRow(look.Hanging(look.L(look.Gap(leadWidth)), max(v.Width-leadWidth-2, 8), text)...)
}

func (v view) layerHeading() []widget.Row {
	if len(v.pair.Rows) == 0 || v.Width < look.WideWidth {
		return nil
	}
	head := func(name safe.Text) look.Span {
		return look.S(look.Faint, safe.Concat(v.Glyphs.Fit(name, look.DigestWidth+3), v.Glyphs.Right(safe.Const("size"), look.SizeWidth)))
	}
	l := look.L(look.S(look.Faint, v.Glyphs.Fit(safe.Const("     step"), leadWidth+v.instructionWidth()+1)))
	if !v.layerColumns() || v.alone {
		l = l.With(head(safe.Const("layer")))
	} else {
		l = l.With(look.Gap(1), head(safe.Const("A layer")), look.Gap(2), head(safe.Const("B layer")))
	}
	return []widget.Row{widget.HeaderRow(l)}
}

// instructionWidth returns the width that the other columns leave.
func (v view) instructionWidth() int {
	room := v.Width - 1 - leadWidth - 1
	switch {
	case v.layerColumns():
		return room - 1 - 2*(layerWidth+2) - noteWidth
	case v.Width >= look.WideWidth: // a column for the layer, or for what is to say of the row
		return room - layerWidth - 1
	}
	return max(room, 10)
}

// layerColumns reports whether both layers fit beside the instruction, so that most instructions are not
// cut.
func (v view) layerColumns() bool {
	const enough = 60
	return v.wide && !v.alone && v.Width-1-leadWidth-2-2*(layerWidth+2)-noteWidth >= enough
}

// noTableRows returns rows in place of the table if a side has no image to show.
func (v view) noTableRows() []widget.Row {
	rows := v.noImageRows()
	if len(v.pair.Rows) > 0 || len(rows) > 0 {
		return rows
	}
	return []widget.Row{v.note(safe.Const("this image has no layers and no history"))}
}

// noImageRows says why a side has no image, once if the reason is that of both sides.
func (v view) noImageRows() []widget.Row {
	var rows []widget.Row
	said := ""
	for _, e := range bothSides(v.pair.A, v.pair.B) {
		switch {
		case e.Err != nil && e.Err.Error() == said:
		case e.Err != nil:
			said = e.Err.Error()
			rows = append(rows, widget.HeaderRow(page.RetryLines(e.Err, v.Frame)...))
		case e.Role == model.RoleImage && e.Image == nil:
			rows = append(rows, v.note(safe.Sprintf("reading %s%s", v.pair.Platform, v.Glyphs.Ellipsis)))
		case e.Image == nil:
			rows = append(rows, v.note(safe.Sprintf("not an image but %s (%s): see Manifest", artifactName(e, v.cmp), e.Descriptor.MediaType)))
		}
	}
	return rows
}

// artifactName returns the type of an artifact.
func artifactName(e *model.Entry, c diff.Comparison) safe.Text {
	if e.Descriptor.ArtifactType != "" {
		return safe.Clean(e.Descriptor.ArtifactType)
	}
	for _, a := range bothSides(c.A, c.B) {
		if a.Top.Digest == e.Descriptor.Digest && a.Top.ArtifactType != "" {
			return safe.Clean(a.Top.ArtifactType)
		}
	}
	return safe.Sprintf("an %s", string(e.Role))
}

// layerRow returns a row of the table: one line if both sides are equal, otherwise as many as the
// difference needs.
func (v view) layerRow(r diff.Row) widget.Row {
	out := v.withLayerValue(v.stepRow(r), r)
	out.Differs, out.Command = r.Differs() || r.Duplicated(), v.layerCommand(r)
	switch {
	case v.layerColumns():
		out.Lines = append(v.columnLines(r), v.insideLines(r, v.sizeDelta(r))...)
	case v.alone || r.Class == diff.Same || r.Class == diff.Settings:
		out.Lines = v.equalLines(r)
	default:
		out.Lines = v.differingLines(r)
	}
	out.Lines = append(out.Lines, v.rowNotes(r)...)
	out.Full = func() []safe.Text { return v.fullLayer(r) }
	return out
}

// fullLayer returns the whole instructions of a row, its layers, and what is inside them.
func (v view) fullLayer(r diff.Row) []safe.Text {
	full, indent := v.fullHistory(r), safe.Const(" ").Repeat(leadWidth)
	if note := look.RowNote(r); !note.IsEmpty() {
		full[0] = safe.Sprintf("%s  %s", full[0], note)
	}
	for side, st := range bothSides(r.A, r.B) {
		switch {
		case !st.HasLayer || r.Class == diff.Same && side == diff.SideB:
		case r.Class == diff.Same || v.alone:
			full = append(full, safe.Sprintf("%s%s  %s", indent, st.Layer.Digest.String(), look.Size(st.Layer.Size)))
		default:
			full = append(full, safe.Sprintf("%s%s %s  %s", indent, sideLetter(side), st.Layer.Digest.String(), look.Size(st.Layer.Size)))
		}
	}
	for _, l := range append(v.insideLines(r, v.sizeDelta(r)), v.rowNotes(r)...) {
		full = append(full, l.Text())
	}
	return full
}

// stepRowID identifies a row when new data or another side arrives.
func stepRowID(r diff.Row) string {
	if r.B != nil {
		return safe.Sprintf("b%d", r.B.Index).String()
	}
	return safe.Sprintf("a%d", r.A.Index).String()
}

// rowLead returns the mark, the duplicate sign and the step number.
func (v view) rowLead(r diff.Row) []look.Span {
	dup := look.Gap(2)
	if r.Duplicated() {
		dup = look.S(look.Warn, v.Glyphs.Twice)
	}
	return []look.Span{
		look.S(classRole(r), v.Glyphs.Mark(r.Class)), look.Gap(1), dup, look.Gap(1),
		look.S(look.Faint, v.Glyphs.Fit(stepNumber(r), stepWidth)), look.Gap(1),
	}
}

// classRole returns Faint for rows without a difference.
func classRole(r diff.Row) look.Role {
	switch r.Class {
	case diff.Same, diff.Settings, diff.Alone:
		return look.Faint
	case diff.RepackedRow, diff.BothEmpty:
		return look.Good
	case diff.Removed:
		return look.SideA
	case diff.Added:
		return look.SideB
	}
	return look.Warn
}

// stepNumber returns the number of the step, counted from 1 for the oldest; both numbers
// if they differ.
func stepNumber(r diff.Row) safe.Text {
	switch {
	case r.A == nil:
		return safe.Sprintf("%d", r.B.Index+1)
	case r.B == nil || r.A.Index == r.B.Index:
		return safe.Sprintf("%d", r.A.Index+1)
	}
	return safe.Sprintf("%d/%d", r.A.Index+1, r.B.Index+1)
}

// columnLines shows the layers of both sides beside the instruction. A layer that both have is shown once.
func (v view) columnLines(r diff.Row) []look.Line {
	w := v.instructionWidth()
	if !hasLayer(r) { // a setting uses the whole width, because its value matters
		w += 2*(layerWidth+2) + 1
	}
	first, second := v.instructionLines(r, w)
	l := look.L(v.rowLead(r)...).With(first[0].To(w, v.Glyphs.Ellipsis).Spans...).With(look.Gap(2))
	if hasLayer(r) {
		l = l.With(v.layerCell(r.A, look.SideA, r)...).With(look.Gap(2))
		if r.Class == diff.Same {
			l = l.With(look.S(look.Faint, v.Glyphs.Fit(v.Glyphs.Mark(diff.Same), layerWidth)), look.Gap(2))
		} else {
			l = l.With(v.layerCell(r.B, look.SideB, r)...).With(look.Gap(2))
		}
	}
	l = l.With(look.S(classRole(r), v.Glyphs.Fit(look.RowNote(r), noteWidth-1)))
	return append([]look.Line{l}, indented(slices.Concat(first[1:], second))...)
}

// indented returns lines under the instruction of a row.
func indented(lines []look.Line) []look.Line {
	out := make([]look.Line, len(lines))
	for i, l := range lines {
		out[i] = look.L(look.Gap(leadWidth)).With(l.Spans...)
	}
	return out
}

// maxChangedLines limits the lines that the instruction of one side has in the table.
const maxChangedLines = 3

// instructionLines returns the instructions of a row in lines of width cells: one line if they are equal;
// else those of A and those of B with the words that differ marked, as many as the difference needs.
func (v view) instructionLines(r diff.Row, width int) (first, second []look.Line) {
	if r.A == nil || r.B == nil || r.SameText {
		one := cmp.Or(r.A, r.B)
		if v.roomyRows {
			return v.linesUpTo(maxChangedLines, look.Wrap([]look.Span{look.P(v.instruction(one))}, width), width), nil
		}
		return []look.Line{look.L(look.P(v.Glyphs.FitInstruction(*one, v.instruction(one), width)))}, nil
	}
	a, b := v.instructionSpans(r)
	a, b = v.fromDifference(a, b, width)
	return v.changedLines(a, width), v.changedLines(b, width)
}

// changedLines breaks an instruction into lines up to the last word that differs.
func (v view) changedLines(spans []look.Span, width int) []look.Line {
	lines := look.Wrap(spans, width)
	n := 1
	for i, l := range lines[:min(len(lines), maxChangedLines)] {
		if slices.ContainsFunc(l.Spans, func(s look.Span) bool { return s.Role == look.SideAHot || s.Role == look.SideBHot }) {
			n = i + 1
		}
	}
	return v.linesUpTo(n, lines, width)
}

// linesUpTo returns the first n lines of a text. If there are more, the last one ends in an ellipsis.
func (v view) linesUpTo(n int, lines []look.Line, width int) []look.Line {
	if n >= len(lines) {
		return lines
	}
	last := look.L()
	for _, l := range lines[n-1:] {
		last = last.With(l.Spans...)
	}
	return append(lines[:n-1:n-1], last.To(width, v.Glyphs.Ellipsis))
}

// shortestInstruction is the number of cells that an instruction has at least beside a note. Otherwise the note is below it.
const shortestInstruction = 24

// equalLines shows a row that is the same on both sides, or the row of the only image: the instruction,
// and the layer once.
func (v view) equalLines(r diff.Row) []look.Line {
	one, note := cmp.Or(r.A, r.B), look.RowNote(r)
	lead, w := look.L(v.rowLead(r)...), v.Width-1-leadWidth-1
	if !hasLayer(r) {
		if v.Width < look.WideWidth {
			return []look.Line{lead.With(look.P(v.instructionIn(one, w)))}
		}
		w = v.instructionWidth()
		return []look.Line{lead.With(look.P(v.instructionIn(one, w)), look.Gap(1), look.S(classRole(r), note))}
	}
	w -= layerWidth + 1
	var below []look.Line
	instruction := []look.Span{look.P(v.instructionIn(one, w)), look.Gap(1)}
	switch room := w - look.Width(note) - 2; {
	case note.IsEmpty():
	case room < shortestInstruction:
		below = indented([]look.Line{look.L(look.S(classRole(r), note))})
	default:
		instruction = []look.Span{look.P(v.instructionIn(one, room)), look.Gap(2), look.S(classRole(r), note), look.Gap(1)}
	}
	return append([]look.Line{lead.With(instruction...).With(v.layerCell(one, look.Plain, r)...)}, below...)
}

// differingLines shows the instruction of a row and what the difference is; the other instruction, if it
// differs; both layers, and what is inside them.
func (v view) differingLines(r diff.Row) []look.Line {
	note, room := look.RowNote(r), v.instructionWidth()
	if v.Width < look.WideWidth {
		room = max(room-look.Width(note)-2, 8)
	}
	first, second := v.instructionLines(r, room)
	head := look.L(v.rowLead(r)...).With(first[0].To(room, v.Glyphs.Ellipsis).Spans...)
	gap := 2
	if v.Width >= look.WideWidth {
		gap = 1
	}
	lines := append([]look.Line{head.With(look.Gap(gap), look.S(classRole(r), note))}, indented(slices.Concat(first[1:], second))...)
	if !hasLayer(r) {
		return lines
	}
	a := look.L(look.S(look.SideA, safe.Const("A "))).With(v.layerCell(r.A, look.SideA, r)...)
	b := look.L(look.S(look.SideB, safe.Const("B "))).With(v.layerCell(r.B, look.SideB, r)...)
	if leadWidth+a.Width()+3+b.Width() >= v.Width {
		return slices.Concat(lines, indented([]look.Line{a, b}), v.insideLines(r, v.sizeDelta(r)))
	}
	both := look.L(look.Gap(leadWidth)).With(a.Spans...).With(look.Gap(3)).With(b.Spans...)
	if delta := v.sizeDelta(r); !delta.IsEmpty() {
		both = both.With(look.S(look.Faint, safe.Sprintf(", %s", delta)))
	}
	if inside := v.insideText(r); !inside.IsEmpty() && both.Width()+3+look.Width(inside) < v.Width {
		return append(lines, both.With(look.Gap(3), look.S(look.Faint, inside)))
	}
	return append(append(lines, both), v.insideLines(r, safe.Text{})...)
}

// sizeDelta returns by how much the layer of B is larger or smaller, if both sizes look the same.
func (v view) sizeDelta(r diff.Row) safe.Text {
	if r.A == nil || r.B == nil || !r.A.HasLayer || !r.B.HasLayer {
		return safe.Text{}
	}
	return v.Glyphs.Sentence(look.SizeDelta(r.A.Layer.Size, r.B.Layer.Size))
}

// instruction returns the instruction of a step, empty without one.
func (v view) instruction(st *model.Step) safe.Text {
	return partOf(st, func(st model.Step) safe.Text { return v.Glyphs.Sentence(look.Instruction(st, v.Gate)) })
}

// instructionIn returns the instruction of a step in width cells.
func (v view) instructionIn(st *model.Step, width int) safe.Text {
	return v.Glyphs.FitInstruction(*st, v.instruction(st), width)
}

// layerCell returns the layer of a side: digest, empty sign, size. A side without this
// step is hatched.
func (v view) layerCell(st *model.Step, role look.Role, r diff.Row) []look.Span {
	g := v.Glyphs
	switch {
	case st == nil:
		return []look.Span{look.S(look.Faint, g.Hatch.Repeat(layerWidth))}
	case !st.HasLayer:
		return []look.Span{look.S(look.Faint, g.Fit(g.Nothing, layerWidth))}
	}
	if !r.Differs() {
		role = look.Plain
	}
	empty := safe.Const(" ")
	if st.Empty {
		empty = g.Empty
	}
	size := safe.Text{}
	if st.Layer.Size > 0 {
		size = look.Size(st.Layer.Size)
	}
	digest := look.Short(st.Layer.Digest)
	if digest.IsEmpty() {
		digest = safe.Const("(no layer)")
	}
	return []look.Span{look.S(role, g.Fit(digest, look.DigestWidth)), look.Gap(1), look.P(empty), look.Gap(1),
		look.S(look.Faint, g.Right(size, look.SizeWidth))}
}

// rowNotes returns lines under a row for what does not fit in it.
func (v view) rowNotes(r diff.Row) []look.Line {
	var notes []safe.Text
	addTwins := func(where safe.Text, twins []int) {
		if len(twins) > 0 {
			notes = append(notes, safe.Sprintf("%s%s same content as %s", v.Glyphs.Twice, where, stepList(twins)))
		}
	}
	if v.alone && len(r.TwinsA) > 0 || slices.Equal(r.TwinsA, r.TwinsB) {
		addTwins(safe.Text{}, r.TwinsA)
	} else {
		addTwins(safe.Const(" in A:"), r.TwinsA)
		addTwins(safe.Const(" in B:"), r.TwinsB)
	}
	if r.SameText && r.A != nil && r.B != nil && !slices.Equal(r.A.BuildArgs, r.B.BuildArgs) {
		notes = append(notes, safe.Const("different build arguments"))
	}
	var lines []look.Line
	for _, n := range notes {
		lines = append(lines, look.L(look.Gap(leadWidth), look.S(look.Faint, v.Glyphs.Note), look.Gap(1), look.S(look.Warn, n)))
	}
	return lines
}

func stepList(steps []int) safe.Text {
	var out []safe.Text
	for _, i := range steps {
		out = append(out, safe.Sprintf("%d", i+1))
	}
	if len(out) == 1 {
		return safe.Sprintf("step %s", out[0])
	}
	return safe.Sprintf("steps %s", safe.Join(out, ", "))
}

// countNotes reports that manifest, config and history list different numbers of layers.
func (v view) countNotes() []widget.Row {
	var rows []widget.Row
	a, b := v.images()
	for side, img := range bothSides(a, b) {
		if img.Counts != nil {
			rows = append(rows, v.note(
				safe.Sprintf("%s: %s; step names may be wrong, but every layer is listed", sideLetter(side), img.Counts.Error())))
		}
	}
	return rows
}

func stepTitle(r diff.Row) safe.Text { return safe.Sprintf("step %s", stepNumber(r)) }

// withLayerValue lets y copy the digest of the layer, or the instruction of a step without one.
func (v view) withLayerValue(out widget.Row, r diff.Row) widget.Row {
	digest := func(st *model.Step) safe.Text {
		if st == nil {
			return safe.Text{}
		}
		return safe.Clean(st.Layer.Digest.String())
	}
	a, b := digest(r.A), digest(r.B)
	if a.IsEmpty() && b.IsEmpty() {
		return v.withInstructionValue(out, r)
	}
	out.ValueName = safe.Sprintf("the layer of step %s", stepNumber(r))
	if v.alone {
		out.Value = cmp.Or(a, b)
	} else {
		out.Sides = [2]safe.Text{a, b}
	}
	return out
}
