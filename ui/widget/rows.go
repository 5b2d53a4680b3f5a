package widget

import (
	"strings"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
)

// CopyRow copies the value of a row, or reports that it has none. It says whose value it is, and asks for
// the side if the values of A and B differ.
func CopyRow(r Row) page.Effects {
	copyOf := func(side string, value safe.Text) page.Effects {
		return page.Send(page.CopyMsg{What: safe.Sprintf("%s in %s", r.ValueName, side), Text: value})
	}
	a, b := r.Sides[0], r.Sides[1]
	switch {
	case !a.IsEmpty() && a == b:
		return copyOf("A and B", a)
	case !a.IsEmpty() && !b.IsEmpty():
		return page.Send(page.AskMsg{
			Question: safe.Sprintf("copy %s:", r.ValueName), Declined: safe.Const("nothing was copied"),
			Answers: []page.Answer{
				{Key: page.Describe(page.Keys.MarkA, "A's"), Effects: copyOf("A", a)},
				{Key: page.Describe(page.Keys.MarkB, "B's"), Effects: copyOf("B", b)},
			},
		})
	case !a.IsEmpty():
		return copyOf("A", a)
	case !b.IsEmpty():
		return copyOf("B", b)
	case r.Value.IsEmpty():
		return page.Toast(safe.Const("there is nothing to copy here"))
	}
	return page.Send(page.CopyMsg{What: r.ValueName, Text: r.Value})
}

// HasValue reports whether there is something to copy.
func (r Row) HasValue() bool { return !r.Value.IsEmpty() || r.Sides != [2]safe.Text{} }

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

// fieldIndent is the column of the values in a detail.
const fieldIndent = 14

// TextRows is FieldRows for a value of several lines. Each line is a separate row, so
// that a long value scrolls; each row copies the whole value.
func TextRows(f page.Frame, name safe.Text, lines []safe.Text, whole safe.Text, role look.Role) []Row {
	var rows []Row
	lead := look.L(look.S(look.Faint, f.Glyphs.Fit(name, fieldIndent-1)), look.Gap(1))
	for _, t := range lines {
		for _, r := range wrappedRows(f, lead, look.S(role, t)) {
			r.ID = safe.Sprintf("%s %d", name, len(rows)).String()
			r.ValueName, r.Value = name, whole
			rows = append(rows, r)
		}
		lead = look.L(look.Gap(fieldIndent))
	}
	return rows
}

// SpanRows is FieldRows for a value with parts in several roles. valueName is what y copies: the value.
func SpanRows(f page.Frame, name, valueName, value safe.Text, text []look.Span) []Row {
	lead := look.L(look.S(look.Faint, f.Glyphs.Fit(name, fieldIndent-1)), look.Gap(1))
	rows := wrappedRows(f, lead, text...)
	for i := range rows {
		rows[i].ID, rows[i].ValueName, rows[i].Value = safe.Sprintf("%s %d", name, i).String(), valueName, value
	}
	return rows
}

// wrappedRows returns a row for each line of a text beside a lead.
func wrappedRows(f page.Frame, lead look.Line, text ...look.Span) []Row {
	var rows []Row
	whole, at, indent := look.L(text...).Text(), 0, len(lead.Text().String())
	for _, l := range look.Hanging(lead, max(f.Width-lead.Width()-2, 8), text...) {
		part := l.Text().String()[indent:]
		from := at + max(strings.Index(whole.String()[at:], part), 0) // a blank between two lines is left out
		at, indent = from+len(part), lead.Width()
		rows = append(rows, Row{Lines: []look.Line{l}, Wrapped: &Wrapped{whole, from, at}})
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

// IsBlank reports whether a row is that of BlankRow.
func (r Row) IsBlank() bool { return r.Header && len(r.Lines) == 1 && r.Lines[0].Width() == 0 }

// Row is one item of a sheet: its lines, and what keys do with it.
type Row struct {
	ID        string // keeps the cursor on the same item when the sheet changes
	Lines     []look.Line
	Draw      func() []look.Line // replaces Lines, for sheets with thousands of rows
	Height    int                // number of lines that Draw returns
	Differs   bool               // n and N stop here
	ValueName safe.Text          // what Value is, in a word or two
	Value     safe.Text          // the full value, which y copies
	Sides     [2]safe.Text       // in place of Value: those of A and B; y asks which one if they differ
	Command   safe.Text          // the command, which c copies
	Title     safe.Text          // of the detail
	Detail    func(f page.Frame) []Row
	Proof     func(f page.Frame) []Row // the page that w opens
	Finding   *diff.Finding            // enter goes to its evidence
	Open      func(page.Env) page.Page // the page that enter opens, in place of Detail
	Marked    bool                     // evidence of the finding that the user opened
	Header    bool                     // the cursor skips it
	WithNext  bool                     // the next row belongs to it: both are visible
	// Full returns the lines with nothing cut off, for the search and the pager. It is nil if they are
	// those on the screen.
	Full    func() []safe.Text
	Wrapped *Wrapped // set if the row is one of the lines of a text
	Folded  []Row    // the rows that enter shows in place of this one
}

// Wrapped is a text that is broken into lines, each a row, and the part of it that one row shows.
type Wrapped struct {
	Whole    safe.Text
	From, To int // bytes
}
