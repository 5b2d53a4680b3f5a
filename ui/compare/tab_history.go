package compare

import (
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/diff/text"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// historyRows returns the instructions of both sides with the differing words marked.
func (v view) historyRows() []widget.Row {
	if trouble := v.noTableRows(); trouble != nil {
		return trouble
	}
	return slices.Concat(v.zoneRow(), v.stepRows(v.historyRow), v.countNotes())
}

// zoneRow names the zone of the dates if no date above the tabs does.
func (v view) zoneRow() []widget.Row {
	dated := false
	for _, r := range v.pair.Rows {
		dated = dated || !look.Day(cmp.Or(r.A, r.B).Created).IsEmpty()
	}
	for _, a := range bothSides(v.cmp.A, v.cmp.B) {
		dated = dated && look.Time(a.Created()).IsEmpty()
	}
	if !dated {
		return nil
	}
	return []widget.Row{widget.HeaderRow(look.L(look.S(look.Faint, v.Glyphs.Right(safe.Const("dates are UTC"), v.Width-2))))}
}

func (v view) historyRow(r diff.Row) widget.Row {
	out := v.stepRow(r)
	out.Differs, out.Command, out.Height = !v.alone && textDiffers(r), v.configCommand("."), 1
	out = v.withInstructionValue(out, r)
	out.Full = func() []safe.Text { return v.fullHistory(r) }
	if !v.wide && !v.alone && textDiffers(r) && r.A != nil && r.B != nil {
		out.Height = 2
	}
	out.Draw = func() []look.Line { return v.historyLines(r) }
	return out
}

// stepRow returns a row about a step, without lines and value.
func (v view) stepRow(r diff.Row) widget.Row {
	return widget.Row{
		ID: stepRowID(r), Title: stepTitle(r),
		Detail: func(f page.Frame) []widget.Row { return v.in(f).stepDetail(r) },
		Proof:  func(f page.Frame) []widget.Row { return v.in(f).stepProof(r) },
	}
}

// withInstructionValue lets y copy the instruction of a row in full.
func (v view) withInstructionValue(out widget.Row, r diff.Row) widget.Row {
	out.ValueName = safe.Sprintf("the instruction of step %s", stepNumber(r))
	value := func(st *model.Step) safe.Text {
		if st == nil || st.CreatedBy == "" {
			return v.instruction(st)
		}
		return v.Gate.Clean(st.CreatedBy)
	}
	if v.alone {
		out.Value = value(cmp.Or(r.A, r.B))
	} else {
		out.Sides = [2]safe.Text{value(r.A), value(r.B)}
	}
	return out
}

// fullHistory returns the instructions of a row with nothing cut off: one if both are equal, else those of
// A and B.
func (v view) fullHistory(r diff.Row) []safe.Text {
	lead := look.L(v.historyLead(r)...).Text()
	if v.alone || !textDiffers(r) {
		return []safe.Text{safe.Concat(lead, v.instruction(cmp.Or(r.A, r.B)))}
	}
	var lines []safe.Text
	for side, st := range bothSides(r.A, r.B) {
		lines = append(lines, safe.Sprintf("%s%s %s", lead, sideLetter(side), v.instruction(st)))
		lead = safe.Const(" ").Repeat(leadWidth)
	}
	return lines
}

// historyLead is rowLead with a mark for the two texts: whether the layers differ is shown by Layers.
func (v view) historyLead(r diff.Row) []look.Span {
	if r.A != nil && r.B != nil && r.Class != diff.Moved {
		if r.Class = diff.Same; textDiffers(r) {
			r.Class = diff.Substituted
		}
	}
	return v.rowLead(r)
}

// historyRoom returns the cells for the instruction of a side.
func (v view) historyRoom() int {
	switch {
	case v.wide && !v.alone:
		return (v.Width-1-leadWidth-3)/2 - look.DayWidth - 1
	case v.alone:
		return v.Width - 1 - leadWidth - 1 - look.DayWidth - 1
	}
	return v.Width - 1 - leadWidth - 3 - look.DayWidth - 1
}

func (v view) historyLines(r diff.Row) []look.Line {
	a, b := v.instructionSpans(r)
	switch {
	case v.alone || !textDiffers(r) && !v.wide:
		return []look.Line{look.L(v.historyLead(r)...).With(v.withDate(r.A, a, v.Width-1-leadWidth-1).Spans...)}
	case v.wide:
		return []look.Line{v.sideBySideLine(r, a, b)}
	}
	return v.stackedLines(r, a, b)
}

// instructionSpans returns the two instructions with the differing words marked.
func (v view) instructionSpans(r diff.Row) (a, b []look.Span) {
	ta, tb := v.instruction(r.A), v.instruction(r.B)
	if r.A == nil || r.B == nil || r.SameText {
		return []look.Span{look.P(ta)}, []look.Span{look.P(tb)}
	}
	inA, inB := text.Words(ta.String(), tb.String())
	return highlighted(ta, inA, look.SideA, look.SideAHot), highlighted(tb, inB, look.SideB, look.SideBHot)
}

// highlighted returns text whose hot spans have hotRole.
func highlighted(t safe.Text, hot []text.Span, role, hotRole look.Role) []look.Span {
	var out []look.Span
	at := 0
	for _, h := range hot {
		if h.From > at {
			out = append(out, look.S(role, t.Slice(at, h.From)))
		}
		out = append(out, look.S(hotRole, t.Slice(h.From, h.To)))
		at = h.To
	}
	if rest := t.Slice(at, len(t.String())); !rest.IsEmpty() {
		out = append(out, look.S(role, rest))
	}
	return out
}

// fromDifference cuts two instructions on the left if their first difference would not be
// visible. They keep as much before it as fits, so that the longer one fills the room.
func (v view) fromDifference(a, b []look.Span, room int) (cutA, cutB []look.Span) {
	lineA, lineB := look.L(a...), look.L(b...)
	common, over := commonCells(lineA.Text().String(), lineB.Text().String()), max(lineA.Width(), lineB.Width())-room
	if common < room*2/3 || over <= 0 {
		return a, b
	}
	cut := min(common-room/3, over)
	return v.cellsFrom(a, cut), v.cellsFrom(b, cut)
}

func commonCells(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	for n > 0 && n < len(a) && !utf8.RuneStart(a[n]) {
		n--
	}
	return look.Width(safe.Clean(a[:n]))
}

// cellsFrom returns spans without their first cells, with an ellipsis in their place.
func (v view) cellsFrom(spans []look.Span, cells int) []look.Span {
	if cells <= 0 {
		return spans
	}
	return append([]look.Span{look.S(look.Faint, v.Glyphs.Ellipsis)}, look.L(spans...).From(cells+1).Spans...)
}

// sideBySideLine returns A, the gutter and B. A side without this step is hatched.
func (v view) sideBySideLine(r diff.Row, a, b []look.Span) look.Line {
	half := (v.Width - 1 - leadWidth - 3) / 2
	if r.A != nil && r.B != nil && !r.SameText && v.offset == 0 {
		a, b = v.fromDifference(a, b, half-look.DayWidth-1)
	}
	l := look.L(v.historyLead(r)...).With(v.withDate(r.A, a, half).Spans...)
	return l.With(v.gutter(r.A != nil, r.B != nil, r.SameText)...).With(v.withDate(r.B, b, half).Spans...)
}

// gutter returns the cells between two sides: which of them are there, and whether they are
// the same.
func (v view) gutter(hasA, hasB, same bool) []look.Span {
	sign := look.S(look.Warn, v.Glyphs.GutterDiff)
	switch {
	case !hasA:
		sign = look.S(look.SideB, v.Glyphs.OnlyB)
	case !hasB:
		sign = look.S(look.SideA, v.Glyphs.OnlyA)
	case same:
		sign = look.S(look.Faint, v.Glyphs.GutterSame)
	}
	return []look.Span{look.Gap(1), sign, look.Gap(1)}
}

// withDate returns the instruction of a side with the date of its step at the right end.
func (v view) withDate(st *model.Step, spans []look.Span, width int) look.Line {
	if st == nil {
		return v.sideCells(false, nil, width)
	}
	room := width - look.DayWidth - 1
	if _, named := dockerfile.LayerOf(*st); named && len(spans) == 1 && v.offset == 0 { // no difference is marked
		spans = v.cellsFrom(spans, look.L(spans...).Width()-room)
	}
	day := look.Day(st.Created) // the sides above the tabs say UTC
	return v.sideCells(true, spans, room).With(look.Gap(1), look.S(look.Faint, v.Glyphs.Fit(day, look.DayWidth)))
}

// sideCells returns one side of a line, scrolled sideways and cut to width.
func (v view) sideCells(there bool, spans []look.Span, width int) look.Line {
	if !there {
		return look.L(look.S(look.Faint, v.Glyphs.Hatch.Repeat(width)))
	}
	return look.L(spans...).From(v.offset).To(width, v.Glyphs.Ellipsis)
}

// stackedLines returns A above B, each after its letter.
func (v view) stackedLines(r diff.Row, a, b []look.Span) []look.Line {
	var lines []look.Line
	lead, room := v.historyLead(r), v.Width-1-leadWidth-3
	if r.A != nil && r.B != nil && v.offset == 0 {
		a, b = v.fromDifference(a, b, room-look.DayWidth-1)
	}
	if r.A != nil {
		lines = append(lines, look.L(lead...).With(look.S(look.SideA, safe.Const("A "))).With(v.withDate(r.A, a, room).Spans...))
		lead = []look.Span{look.Gap(leadWidth)}
	}
	if r.B != nil {
		lines = append(lines, look.L(lead...).With(look.S(look.SideB, safe.Const("B "))).With(v.withDate(r.B, b, room).Spans...))
	}
	return lines
}
