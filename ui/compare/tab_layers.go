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
	if len(v.pair.Rows) == 0 || !v.wideLayers() {
		return nil
	}
	head := func(name safe.Text) look.Span {
		return look.S(look.Faint, safe.Concat(v.Glyphs.Fit(name, look.DigestWidth+3), v.Glyphs.Right(safe.Const("size"), look.SizeWidth),
			safe.Const("  ")))
	}
	l := look.L(look.S(look.Faint, v.Glyphs.Fit(safe.Const("     step"), leadWidth+v.instructionWidth()+2)))
	if v.alone {
		l = l.With(head(safe.Const("layer")))
	} else {
		l = l.With(head(safe.Const("A layer")), head(safe.Const("B layer")))
	}
	return []widget.Row{widget.HeaderRow(l)}
}

// instructionWidth returns the width that the other columns leave.
func (v view) instructionWidth() int {
	sides := 2
	if v.alone {
		sides = 1
	}
	if !v.wideLayers() {
		return max(v.Width-1-leadWidth-1, 10)
	}
	return v.Width - 1 - leadWidth - 2 - sides*(layerWidth+2) - noteWidth
}

// wideLayers reports whether both layers fit beside a readable part of the instruction.
func (v view) wideLayers() bool {
	const enough = 24
	return v.wide && v.Width-1-leadWidth-2-2*(layerWidth+2)-noteWidth >= enough
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

// layerRow returns a row of the table: one line if both sides are equal, otherwise one
// for each side.
func (v view) layerRow(r diff.Row) widget.Row {
	out := v.stepRow(r)
	out.Differs, out.Command = r.Differs() || r.Duplicated(), v.layerCommand(r)
	out.ValueName, out.Value = v.layerValue(r)
	if v.wideLayers() {
		out.Lines = v.wideLayerLines(r)
	} else {
		out.Lines = v.narrowLayerLines(r)
	}
	out.Lines = append(append(out.Lines, v.rowNotes(r)...), v.insideNote(r)...)
	return out
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

// wideLayerLines shows the sides side by side.
func (v view) wideLayerLines(r diff.Row) []look.Line {
	w := v.instructionWidth()
	if !hasLayer(r) { // a setting uses the whole width, because its value matters
		w += 2 + layerWidth
		if !v.alone {
			w += 2 + layerWidth
		}
	}
	first, second := v.instructionPair(r, w)
	l := look.L(v.rowLead(r)...).With(look.P(v.Glyphs.FitInstruction(*cmp.Or(r.A, r.B), first, w)), look.Gap(2))
	if hasLayer(r) {
		l = l.With(v.layerCell(r.A, look.SideA, r)...).With(look.Gap(2))
		if !v.alone {
			l = l.With(v.layerCell(r.B, look.SideB, r)...).With(look.Gap(2))
		}
	}
	l = l.With(look.S(classRole(r), v.Glyphs.Fit(look.RowNote(r), noteWidth-1)))
	lines := []look.Line{l}
	if r.A != nil && r.B != nil && !r.SameText {
		lines = append(lines, look.L(look.Gap(leadWidth), look.S(look.SideB, v.Glyphs.FitInstruction(*r.B, second, w))))
	}
	return lines
}

// instructionPair returns the instructions of a row; a missing A is replaced by B. If
// they first differ far to the right, both are cut on the left.
func (v view) instructionPair(r diff.Row, room int) (first, second safe.Text) {
	if r.A == nil {
		return v.instruction(r.B), safe.Text{}
	}
	first, second = v.instruction(r.A), v.instruction(r.B)
	if r.B == nil || r.SameText {
		return first, second
	}
	a, b := v.fromDifference([]look.Span{look.P(first)}, []look.Span{look.P(second)}, room)
	return look.L(a...).Text(), look.L(b...).Text()
}

// narrowLayerLines shows one side above the other if they differ.
func (v view) narrowLayerLines(r diff.Row) []look.Line {
	one := cmp.Or(r.A, r.B)
	w := v.instructionWidth()
	if r.Class == diff.Settings || v.alone && !hasLayer(r) {
		return []look.Line{look.L(v.rowLead(r)...).With(look.P(v.instructionIn(one, w)))}
	}
	if v.alone || r.Class == diff.Same {
		room := w - layerWidth - 1
		l := look.L(v.rowLead(r)...).With(look.P(v.instructionIn(one, room)), look.Gap(1))
		return []look.Line{l.With(v.layerCell(one, look.Plain, r)...)}
	}
	note := look.RowNote(r)
	room := max(w-look.Width(note)-2, 8)
	first, second := v.instructionPair(r, room)
	head := look.L(v.rowLead(r)...).With(look.P(v.Glyphs.FitInstruction(*one, first, room)), look.Gap(2), look.S(classRole(r), note))
	lines := []look.Line{head}
	if r.A != nil && r.B != nil && !r.SameText {
		lines = append(lines, look.L(look.Gap(leadWidth), look.S(look.SideB, v.Glyphs.FitInstruction(*r.B, second, w))))
	}
	if !hasLayer(r) {
		return lines
	}
	a := look.L(look.Gap(leadWidth), look.S(look.SideA, safe.Const("A "))).With(v.layerCell(r.A, look.SideA, r)...)
	b := look.L(look.S(look.SideB, safe.Const("B "))).With(v.layerCell(r.B, look.SideB, r)...)
	if a.Width()+3+b.Width() >= v.Width {
		return append(lines, a, look.L(look.Gap(leadWidth)).With(b.Spans...))
	}
	return append(lines, a.With(look.Gap(3)).With(b.Spans...))
}

// instruction returns the instruction of a step, empty without one.
func (v view) instruction(st *model.Step) safe.Text {
	return partOf(st, func(st model.Step) safe.Text { return look.Instruction(st, v.Gate) })
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

// layerValue returns the value to copy: the layer digest, that of B if the sides differ,
// because B is usually the image in question.
func (v view) layerValue(r diff.Row) (what, value safe.Text) {
	for _, st := range []*model.Step{r.B, r.A} {
		if st != nil && st.Layer.Digest != "" {
			return safe.Sprintf("the layer of step %d", st.Index+1), safe.Clean(st.Layer.Digest.String())
		}
	}
	return v.instructionValue(*cmp.Or(r.B, r.A))
}
