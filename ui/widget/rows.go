package widget

import (
	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
)

// CopyRow copies a row's value, or says that it has none.
func CopyRow(r Row) page.Effects {
	if r.Value.IsEmpty() {
		return page.Toast(safe.Const("there is nothing to copy here"))
	}
	return page.Send(page.CopyMsg{What: r.ValueName, Text: r.Value})
}

// CopyCommand copies the command that proves a row.
func CopyCommand(r Row) page.Effects {
	if r.Command.IsEmpty() {
		return page.Toast(safe.Const("no one command proves this row"))
	}
	return page.Send(page.CopyMsg{What: safe.Const("the command"), Text: r.Command})
}

// FieldRows are rows for a detail: a name, and its value wrapped under it.
func FieldRows(f page.Frame, name, value safe.Text, role look.Role) []Row {
	if value.IsEmpty() {
		return nil
	}
	return TextRows(f, name, []safe.Text{value}, value, role)
}

// TextRows is FieldRows for a value of several lines. Each line is a row of its
// own, so that one can scroll through a long value; each copies it whole.
func TextRows(f page.Frame, name safe.Text, lines []safe.Text, whole safe.Text, role look.Role) []Row {
	const indent = 14
	var rows []Row
	lead := []look.Span{look.S(look.Faint, f.Glyphs.Fit(name, indent-1)), look.Gap(1)}
	for _, t := range lines {
		for _, l := range look.Wrap([]look.Span{look.S(role, t)}, max(f.Width-indent-2, 8)) {
			id := safe.Sprintf("%s %d", name, len(rows)).String()
			rows = append(rows, Row{ID: id, Lines: []look.Line{look.L(lead...).With(l.Spans...)}, ValueName: name, Value: whole})
			lead = []look.Span{look.Gap(indent)}
		}
	}
	return rows
}

// NoteRow is a remark of the program's own, not a place for the cursor.
func NoteRow(f page.Frame, t safe.Text) Row {
	r := Row{Header: true}
	for _, l := range look.Wrap([]look.Span{look.S(look.Faint, t)}, max(f.Width-3, 8)) {
		r.Lines = append(r.Lines, look.L(look.Gap(1)).With(l.Spans...))
	}
	return r
}

// HeadingRow is a title, not a place for the cursor.
func HeadingRow(t safe.Text) Row {
	return Row{Header: true, Lines: []look.Line{look.L(look.S(look.Heading, t))}}
}

// BlankRow is an empty line, not a place for the cursor.
func BlankRow() Row { return Row{Header: true, Lines: []look.Line{{}}} }

// Row is one thing on a sheet: its lines, and what can be done with it.
type Row struct {
	ID        string // keeps the cursor on the same thing when the sheet changes
	Lines     []look.Line
	Draw      func() []look.Line // in place of lines, for rows by the thousand
	Height    int                // how many lines draw gives
	Differs   bool               // n and N stop here
	ValueName safe.Text          // what value is, in a word or two
	Value     safe.Text          // the full value that y copies
	Command   safe.Text          // the command that c copies
	Title     safe.Text          // of the detail
	Detail    func(f page.Frame) []Row
	Proof     func(f page.Frame) []Row // how one knows: the page that w opens
	Finding   *diff.Finding            // enter goes to its evidence
	Marked    bool                     // evidence of the finding that one came from
	Header    bool                     // not a place for the cursor
}
