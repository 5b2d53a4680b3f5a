package widget

import (
	"charm.land/bubbles/v2/key"
	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// Input is a line of text being edited. The bubbles library edits it. It is drawn
// through the gate, because pasted text is untrusted.
type Input struct {
	// edit is never changed, only replaced: its 8 KB would be copied with every page that has an input. nil is an empty text.
	edit     *textinput.Model
	Label    safe.Text
	Err      safe.Text
	selected bool // the whole text: what is typed replaces it
}

// NewInput returns an empty input with a label before it.
func NewInput(label safe.Text) Input {
	m := textinput.New()
	m.CharLimit = 1024
	m.Focus() // its command only blinks the cursor, which would redraw forever
	return Input{edit: &m, Label: label}
}

// NewInputWith returns an input with text in it.
func NewInputWith(label safe.Text, text string) Input {
	f := NewInput(label)
	f.edit.SetValue(text) // it has no other owner yet
	f.edit.CursorEnd()
	return f
}

// EditsWithAlt reports whether a key with alt edits the text of an input, or moves its cursor by words.
func EditsWithAlt(press tea.KeyPressMsg) bool {
	k := textinput.DefaultKeyMap()
	return key.Matches(press, k.WordForward, k.WordBackward, k.DeleteWordBackward, k.DeleteWordForward)
}

// Value returns the text.
func (f Input) Value() string {
	if f.edit == nil {
		return ""
	}
	return f.edit.Value()
}

// Selected returns f with its whole text selected. What is typed or pasted next replaces it, a key that moves the cursor keeps
// it.
func (f Input) Selected() Input {
	f.selected = f.Value() != ""
	return f
}

// replaces reports whether a message replaces or deletes the text that is selected.
func replaces(msg tea.Msg) bool {
	switch msg := msg.(type) {
	case tea.PasteMsg:
		return true
	case tea.KeyPressMsg:
		return msg.Text != "" || msg.Code == tea.KeyBackspace || msg.Code == tea.KeyDelete
	}
	return false
}

// Update edits the text.
func (f Input) Update(msg tea.Msg) Input {
	if f.edit == nil {
		return f
	}
	before, edit := f.Value(), *f.edit
	if f.selected && replaces(msg) {
		edit.SetValue("")
	}
	f.selected = false
	edit, _ = edit.Update(msg)
	f.edit = &edit
	if f.Value() != before {
		f.Err = safe.Text{}
	}
	return f
}

// Line draws label, text and cursor. The text scrolls so that the cursor is visible.
func (f Input) Line(width int) look.Line {
	value, at := []rune(f.Value()), 0
	if f.edit != nil {
		at = min(f.edit.Position(), len(value))
	}
	before, under, after := safe.Clean(string(value[:at])), safe.Const(" "), safe.Text{}
	if at < len(value) {
		under, after = safe.Clean(string(value[at:at+1])), safe.Clean(string(value[at+1:]))
	}
	role := look.Plain
	if f.selected {
		role = look.Caret
	}
	text := look.L(look.S(role, before), look.S(look.Caret, under), look.S(role, after))
	room := max(width-look.Width(f.Label)-1, 8)
	if over := look.Width(before) + look.Width(under) - room; over > 0 {
		text = text.From(over)
	}
	return look.L(look.S(look.Strong, f.Label), look.Gap(1)).With(text.Spans...)
}
