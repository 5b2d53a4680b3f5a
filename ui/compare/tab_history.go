package compare

import (
	"slices"
	"unicode/utf8"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/diff/text"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// historyRows are the instructions of both sides, newest first, with the words
// that differ marked.
func (s scene) historyRows() []widget.Row {
	var rows []widget.Row
	if trouble := s.entryTrouble(); trouble != nil {
		return trouble
	}
	boundary := s.boundaryRow()
	for i, r := range slices.Backward(s.pair.Rows) {
		rows = append(rows, s.historyRow(r))
		rows = append(rows, boundary(i)...)
	}
	return append(rows, s.countNotes()...)
}

func (s scene) historyRow(r diff.Row) widget.Row {
	out := widget.Row{
		ID: rowID(r), Differs: !s.alone && textDiffers(r), Title: stepTitle(r),
		Detail:  func(f page.Frame) []widget.Row { s := s; s.Frame = f; return s.stepDetail(r) },
		Proof:   func(f page.Frame) []widget.Row { s := s; s.Frame = f; return s.howStep(r) },
		Command: s.configShell(),
	}
	st := r.B
	if st == nil {
		st = r.A
	}
	out.ValueName, out.Value = safe.Sprintf("the instruction of step %d", st.Index+1), s.Gate.Clean(st.CreatedBy)
	out.Height = 1
	if !s.wide && !s.alone && textDiffers(r) && r.A != nil && r.B != nil {
		out.Height = 2
	}
	out.Draw = func() []look.Line { return s.historyLines(r) }
	return out
}

func (s scene) historyLines(r diff.Row) []look.Line {
	a, b := s.instructionSpans(r)
	switch {
	case s.alone || !textDiffers(r) && !s.wide:
		return []look.Line{look.L(s.lead(r)...).With(s.dated(r.A, a, s.Width-1-leadWidth-1).Spans...)}
	case s.wide:
		return []look.Line{s.besideLine(r, a, b)}
	}
	return s.stackedLines(r, a, b)
}

// instructionSpans are the two instructions, the words that differ marked.
func (s scene) instructionSpans(r diff.Row) (a, b []look.Span) {
	ta, tb := s.instruction(r.A), s.instruction(r.B)
	if r.A == nil || r.B == nil || r.SameText {
		return []look.Span{look.P(ta)}, []look.Span{look.P(tb)}
	}
	inA, inB := text.Words(ta.String(), tb.String())
	return marked(ta, inA, look.SideA, look.SideAHot), marked(tb, inB, look.SideB, look.SideBHot)
}

// marked is text with the spans that differ in another role.
func marked(t safe.Text, hot []text.Span, role, hotRole look.Role) []look.Span {
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

// fromDifference is how many cells of two instructions to leave out so that
// what differs is in view: lines that look the same and are marked as different
// tell nothing.
func fromDifference(a, b []look.Span, room int) int {
	common := commonCells(look.L(a...).Text().String(), look.L(b...).Text().String())
	if common < room*2/3 {
		return 0
	}
	return common - room/3
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

// tail is spans without their first cells, and a sign that some are left out.
func (s scene) tail(spans []look.Span, cells int) []look.Span {
	if cells <= 0 {
		return spans
	}
	return append([]look.Span{look.S(look.Faint, s.Glyphs.Ellipsis)}, look.L(spans...).From(cells+1).Spans...)
}

// besideLine is A, the gutter, B; a hatch where a side has no such step.
func (s scene) besideLine(r diff.Row, a, b []look.Span) look.Line {
	half := (s.Width - 1 - leadWidth - 3) / 2
	if r.A != nil && r.B != nil && !r.SameText && s.shift == 0 {
		skip := fromDifference(a, b, half-look.DayWidth-1)
		a, b = s.tail(a, skip), s.tail(b, skip)
	}
	gutter := look.S(look.Faint, s.Glyphs.GutterSame)
	switch {
	case r.A == nil:
		gutter = look.S(look.SideB, s.Glyphs.OnlyB)
	case r.B == nil:
		gutter = look.S(look.SideA, s.Glyphs.OnlyA)
	case !r.SameText:
		gutter = look.S(look.Warn, s.Glyphs.GutterDiff)
	}
	l := look.L(s.lead(r)...).With(s.dated(r.A, a, half).Spans...)
	return l.With(look.Gap(1), gutter, look.Gap(1)).With(s.dated(r.B, b, half).Spans...)
}

// dated is a side's instruction with the day of its step at the right end.
func (s scene) dated(st *model.Step, spans []look.Span, width int) look.Line {
	if st == nil {
		return s.half(false, nil, width)
	}
	day, _ := look.Cut(look.Time(st.Created), look.DayWidth)
	return s.half(true, spans, width-look.DayWidth-1).With(look.Gap(1), look.S(look.Faint, s.Glyphs.Fit(day, look.DayWidth)))
}

// half is one side of a line, scrolled sideways and cut to width.
func (s scene) half(there bool, spans []look.Span, width int) look.Line {
	if !there {
		return look.L(look.S(look.Faint, s.Glyphs.Hatch.Repeat(width)))
	}
	return look.L(spans...).From(s.shift).To(width, s.Glyphs.Ellipsis)
}

// stackedLines put A above B, each under its letter.
func (s scene) stackedLines(r diff.Row, a, b []look.Span) []look.Line {
	var lines []look.Line
	lead, room := s.lead(r), s.Width-1-leadWidth-3
	if r.A != nil && r.B != nil && s.shift == 0 {
		skip := fromDifference(a, b, room-look.DayWidth-1)
		a, b = s.tail(a, skip), s.tail(b, skip)
	}
	if r.A != nil {
		lines = append(lines, look.L(lead...).With(look.S(look.SideA, safe.Const("A "))).With(s.dated(r.A, a, room).Spans...))
		lead = []look.Span{look.Gap(leadWidth)}
	}
	if r.B != nil {
		lines = append(lines, look.L(lead...).With(look.S(look.SideB, safe.Const("B "))).With(s.dated(r.B, b, room).Spans...))
	}
	return lines
}
