// Package driver runs a Bubble Tea program without a terminal: keys and messages
// go in, the painted screen comes out. What needs a real terminal is in uitest.
package driver

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/ui/uitest"
)

// Driver carries out every command of a model, one after another, until none is
// left.
type Driver struct {
	Model  tea.Model
	Quit   bool   // the model has ended the program
	Copied string // what went to the clipboard last

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

// Send gives the model a message and carries out what it asks for.
func (d *Driver) Send(msg tea.Msg) {
	if size, ok := msg.(tea.WindowSizeMsg); ok {
		d.width, d.height = size.Width, size.Height
	}
	var cmd tea.Cmd
	d.Model, cmd = d.Model.Update(msg)
	d.Run(cmd)
}

// Hold presses a key and leaves undone what the model asks for: its answers are
// still awaited.
func (d *Driver) Hold(name string) {
	d.Model, _ = d.Model.Update(keys(name)[0])
}

// Run carries out a command.
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

// Keys types keys by their names: "enter", "esc", "tab"; other texts are typed
// letter by letter.
func (d *Driver) Keys(names ...string) {
	for _, name := range names {
		for _, press := range keys(name) {
			d.Send(press)
		}
	}
}

var codes = map[string]rune{
	"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "down": tea.KeyDown, "up": tea.KeyUp,
	"pgdown": tea.KeyPgDown, "space": tea.KeySpace, "end": tea.KeyEnd,
}

func keys(name string) []tea.KeyPressMsg {
	if code, ok := codes[name]; ok {
		text := ""
		if code == tea.KeySpace {
			text = " "
		}
		return []tea.KeyPressMsg{{Code: code, Text: text}}
	}
	var presses []tea.KeyPressMsg
	for _, r := range name {
		presses = append(presses, tea.KeyPressMsg{Code: r, Text: string(r)})
	}
	return presses
}

// Screen is the text on the screen.
func (d *Driver) Screen() string {
	return uitest.Paint(d.Model.View().Content, d.width, d.height).Text()
}

// Sees fails unless all of texts are on the screen.
func (d *Driver) Sees(texts ...string) {
	d.t.Helper()
	s := d.Screen()
	for _, want := range texts {
		if !strings.Contains(s, want) {
			d.t.Fatalf("%q is not on the screen:\n%s", want, s)
		}
	}
}

// DoesNotSee fails if text is on the screen.
func (d *Driver) DoesNotSee(text string) {
	d.t.Helper()
	if s := d.Screen(); strings.Contains(s, text) {
		d.t.Fatalf("%q is on the screen:\n%s", text, s)
	}
}
