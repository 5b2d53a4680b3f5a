package widget

import (
	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
)

// CopyRow copies the value of a row, or reports that it has none.
func CopyRow(r Row) page.Effects {
	if r.Value.IsEmpty() {
		return page.Toast(safe.Const("there is nothing to copy here"))
	}
	return page.Send(page.CopyMsg{What: r.ValueName, Text: r.Value})
}

// CopyCommand copies the command that proves a row.
func CopyCommand(r Row) page.Effects {
	if r.Command.IsEmpty() {
		return page.Toast(safe.Const("no command for this row"))
	}
	return page.Send(page.CopyMsg{What: safe.Const("the command"), Text: r.Command})
}

// OfferLine names the cost of requests, and the keys that accept or decline it.
func OfferLine(width int, cost safe.Text) look.Line {
	keys := safe.Const(": enter to go on, esc to cancel")
	if look.Width(cost)+look.Width(keys) > width-1 {
		keys = safe.Text{} // the footer names these keys too
	}
	return look.L(look.Gap(1), look.S(look.Warn, cost), look.P(keys))
}

// FieldRows returns rows for a detail: a name, and its value wrapped beside it.
func FieldRows(f page.Frame, name, value safe.Text, role look.Role) []Row {
	if value.IsEmpty() {
		return nil
	}
	return TextRows(f, name, []safe.Text{value}, value, role)
}

// TextRows is FieldRows for a value of several lines. Each line is a separate row, so
// that a long value scrolls; each row copies the whole value.
func TextRows(f page.Frame, name safe.Text, lines []safe.Text, whole safe.Text, role look.Role) []Row {
	const indent = 14
	var rows []Row
	lead := look.L(look.S(look.Faint, f.Glyphs.Fit(name, indent-1)), look.Gap(1))
	for _, t := range lines {
		for _, l := range look.Hanging(lead, max(f.Width-indent-2, 8), look.S(role, t)) {
			id := safe.Sprintf("%s %d", name, len(rows)).String()
			rows = append(rows, Row{ID: id, Lines: []look.Line{l}, ValueName: name, Value: whole})
		}
		lead = look.L(look.Gap(indent))
	}
	return rows
}

// NoteRow returns a note, which the cursor skips.
func NoteRow(f page.Frame, t safe.Text) Row {
	return HeaderRow(look.Hanging(look.L(look.Gap(1)), max(f.Width-3, 8), look.S(look.Faint, t))...)
}

// HeaderRow returns lines that the cursor skips.
func HeaderRow(lines ...look.Line) Row { return Row{Header: true, Lines: lines} }

// HeadingRow returns a title, which the cursor skips.
func HeadingRow(t safe.Text) Row { return HeaderRow(look.L(look.S(look.Heading, t))) }

// BlankRow returns an empty line, which the cursor skips.
func BlankRow() Row { return HeaderRow(look.Line{}) }

// Row is one item of a sheet: its lines, and what keys do with it.
type Row struct {
	ID        string // keeps the cursor on the same item when the sheet changes
	Lines     []look.Line
	Draw      func() []look.Line // replaces Lines, for sheets with thousands of rows
	Height    int                // number of lines that Draw returns
	Differs   bool               // n and N stop here
	ValueName safe.Text          // what Value is, in a word or two
	Value     safe.Text          // the full value, which y copies
	Command   safe.Text          // the command, which c copies
	Title     safe.Text          // of the detail
	Detail    func(f page.Frame) []Row
	Proof     func(f page.Frame) []Row // the page that w opens
	Finding   *diff.Finding            // enter goes to its evidence
	Open      func(page.Env) page.Page // the page that enter opens, in place of Detail
	Marked    bool                     // evidence of the finding that the user opened
	Header    bool                     // the cursor skips it
}
