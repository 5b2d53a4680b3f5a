package ui

import (
	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// field is a line of text being edited. The library edits; drawing goes
// through the gate, since pasted text is text from outside.
type field struct {
	edit  textinput.Model
	label safe.Text
	err   safe.Text
}

func newField(label safe.Text) field {
	m := textinput.New()
	m.CharLimit = 1024
	m.Focus() // its command only blinks the cursor, which would redraw for ever
	return field{edit: m, label: label}
}

// fieldWith is a field that holds text already.
func fieldWith(label safe.Text, text string) field {
	f := newField(label)
	f.edit.SetValue(text)
	f.edit.CursorEnd()
	return f
}

func (f field) value() string { return f.edit.Value() }

func (f field) update(msg tea.Msg) field {
	before := f.edit.Value()
	f.edit, _ = f.edit.Update(msg)
	if f.edit.Value() != before {
		f.err = safe.Text{}
	}
	return f
}

// line draws label, text and cursor; the text scrolls so that the cursor shows.
func (f field) line(width int) look.Line {
	value := []rune(f.edit.Value())
	at := min(f.edit.Position(), len(value))
	before, under, after := safe.Clean(string(value[:at])), safe.Const(" "), safe.Text{}
	if at < len(value) {
		under, after = safe.Clean(string(value[at:at+1])), safe.Clean(string(value[at+1:]))
	}
	text := look.L(look.P(before), look.S(look.Caret, under), look.P(after))
	room := max(width-look.Width(f.label)-1, 8)
	if over := look.Width(before) + look.Width(under) - room; over > 0 {
		text = text.From(over)
	}
	return look.L(look.S(look.Strong, f.label), look.Gap(1)).With(text.Spans...)
}
