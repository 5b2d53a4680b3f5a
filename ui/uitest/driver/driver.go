// Package driver runs a Bubble Tea model without a terminal: keys and messages go in,
// the painted screen comes out. Package uitest has the tests on a terminal.
package driver

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/ui/uitest"
)

// Driver runs a model and all its commands, one after the other.
type Driver struct {
	Model  tea.Model
	Quit   bool   // the model has quit
	Copied string // the text that was copied to the clipboard last

	t             testing.TB
	width, height int
}

// Start runs a model on a screen of width by height cells.
func Start(t testing.TB, model tea.Model, width, height int) *Driver {
	t.Helper()
	d := &Driver{Model: model, t: t, width: width, height: height}
	d.Send(tea.WindowSizeMsg{Width: width, Height: height})
	d.Run(model.Init())
	return d
}

// Send sends the model a message and runs the command that it returns.
func (d *Driver) Send(msg tea.Msg) {
	if size, ok := msg.(tea.WindowSizeMsg); ok {
		d.width, d.height = size.Width, size.Height
	}
	var cmd tea.Cmd
	d.Model, cmd = d.Model.Update(msg)
	d.Run(cmd)
}

// Hold presses a key and does not run the command that the model returns, so the model
// still waits for its answer.
func (d *Driver) Hold(name string) {
	d.Model, _ = d.Model.Update(keys(name)[0])
}

// Run runs a command and sends its message to the model.
func (d *Driver) Run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case nil:
	case tea.BatchMsg:
		for _, c := range msg {
			d.Run(c)
		}
	case tea.QuitMsg:
		d.Quit = true
	default:
		if strings.HasSuffix(fmt.Sprintf("%T", msg), "setClipboardMsg") {
			d.Copied = fmt.Sprint(msg)
			return
		}
		d.Send(msg)
	}
}

// Keys presses keys by name: "enter", "esc", "tab", "ctrl+n". It types other texts letter by
// letter.
func (d *Driver) Keys(names ...string) {
	for _, name := range names {
		for _, press := range keys(name) {
			d.Send(press)
		}
	}
}

var codes = map[string]rune{
	"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "down": tea.KeyDown, "up": tea.KeyUp,
	"pgdown": tea.KeyPgDown, "space": tea.KeySpace, "end": tea.KeyEnd, "backspace": tea.KeyBackspace,
}

func keys(name string) []tea.KeyPressMsg {
	if code, ok := codes[name]; ok {
		text := ""
		if code == tea.KeySpace {
			text = " "
		}
		return []tea.KeyPressMsg{{Code: code, Text: text}}
	}
	if letter, ok := strings.CutPrefix(name, "ctrl+"); ok {
		return []tea.KeyPressMsg{{Code: rune(letter[0]), Mod: tea.ModCtrl}}
	}
	var presses []tea.KeyPressMsg
	for _, r := range name {
		presses = append(presses, tea.KeyPressMsg{Code: r, Text: string(r)})
	}
	return presses
}

// Click clicks on the first cell of a text on the screen.
func (d *Driver) Click(text string) {
	d.t.Helper()
	x, y, ok := d.frame().Find(text)
	if !ok {
		d.t.Fatalf("%q is not on the screen:\n%s", text, d.Screen())
	}
	d.Send(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft})
	d.Send(tea.MouseReleaseMsg{X: x, Y: y, Button: tea.MouseLeft})
}

// Wheel turns the wheel by steps, down for positive ones.
func (d *Driver) Wheel(steps int) {
	button := tea.MouseWheelDown
	if steps < 0 {
		button, steps = tea.MouseWheelUp, -steps
	}
	for range steps {
		d.Send(tea.MouseWheelMsg{Button: button})
	}
}

// Screen returns the text on the screen.
func (d *Driver) Screen() string { return d.frame().Text() }

func (d *Driver) frame() uitest.Frame {
	return uitest.Paint(d.Model.View().Content, d.width, d.height)
}

// Sees fails the test unless the screen contains all texts.
func (d *Driver) Sees(texts ...string) {
	d.t.Helper()
	s := d.Screen()
	for _, want := range texts {
		if !strings.Contains(s, want) {
			d.t.Fatalf("%q is not on the screen:\n%s", want, s)
		}
	}
}

// DoesNotSee fails the test if the screen contains text.
func (d *Driver) DoesNotSee(text string) {
	d.t.Helper()
	if s := d.Screen(); strings.Contains(s, text) {
		d.t.Fatalf("%q is on the screen:\n%s", text, s)
	}
}
