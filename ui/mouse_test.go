package ui

import (
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
)

// TestMouse_list: a click selects a row, a second one on it opens it, and the wheel scrolls.
func TestMouse_list(t *testing.T) {
	f := fakereg.Retag(t)
	f.TagNames = []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "prod", "testing"}
	d := open(t, f, 80, 12, "localhost:5000/app")
	d.Sees("›  a", "1/16")
	d.Click("c  ")
	d.Sees("›  c", "3/16")
	d.Click("a  ")
	d.Sees("›  a")
	d.Wheel(2) // the cursor goes on when its row leaves the view
	d.Sees("›  g", "  n")
	d.DoesNotSee("   f")
	d.Wheel(1) // to the end
	d.Wheel(1)
	d.Sees("   testing")
	d.Wheel(-1)
	d.Sees("›  i") // it stays on its row
	d.Click("›  i")
	d.Keys("down", "up") // a key between two clicks: the second one selects
	d.Click("›  i")
	d.Sees("›  i", "9/16")
	d.Wheel(9)
	d.Click("prod")
	d.Sees("›  prod")
	d.Click("prod")
	d.Sees(":prod", "image ID", "0 Sch")
	d.Keys("esc")
	d.Click("prod") // the page was another one in between
	d.Sees("›  prod", "15/16")
}

// TestMouse_keys: a click on a tab or on a key at the bottom presses it.
func TestMouse_keys(t *testing.T) {
	d := open(t, fakereg.Retag(t), 80, 24, "localhost:5000/app:testing", "localhost:5000/app:prod")
	d.Click("3 Lay")
	d.Sees("[3 Lay", "A 4f4fb700ef54 ∅")
	d.Click("n next diff")
	d.Sees("›∅    7     WORKDIR /app")
	d.Click("RUN touch")
	d.Sees("RUN touch", "[3 Lay")
	d.Click("A 4f4fb700ef54") // the second line of a row
	d.Sees("›∅    7     WORKDIR /app")
	d.Click("7     WORKDIR")
	d.Sees("sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10a", "› step 7")
	d.Click("esc back")
	d.Sees("[3 Lay")
	d.Click("? help")
	d.Sees("previous view", "close")
	d.DoesNotSee("Marks")
	d.Wheel(20)
	d.Sees("Marks", "duplicated")
	d.Wheel(-30)
	d.Sees("Compare")
	d.Click("esc close")
	d.DoesNotSee("Marks")
}

// TestMouse_typing: while a text is typed, a click on a tab types nothing.
func TestMouse_typing(t *testing.T) {
	d := open(t, fakereg.Retag(t), 80, 24, "localhost:5000/app:testing", "localhost:5000/app:prod")
	d.Keys("3", "/", "touch")
	d.Click("6 Conf")
	d.Sees("1 of 8", "/ touch", "[3 Lay")
	d.Click("esc clear it")
	d.Sees("COPY a.txt")
	d.Keys("o", "x")
	d.Click("6 Conf")
	d.Click("COPY a.txt")
	d.Wheel(1)
	d.Sees("go to: x", "[3 Lay")
}

// TestMouse_home: a click on a place selects it while the input has the cursor.
func TestMouse_home(t *testing.T) {
	d := drive(t, Options{Registry: fakereg.Retag(t), Hosts: func() []string { return []string{"a.example", "b.example"} }}, 80, 24)
	d.Click("b.example")
	d.Sees("›")
	d.Click("b.example")
	d.Sees("tagdiff  b.example")
}

// TestMouse_foreign: other buttons and clicks with shift belong to the terminal.
func TestMouse_foreign(t *testing.T) {
	d := open(t, fakereg.Retag(t), 80, 24, "localhost:5000/app")
	for _, msg := range []tea.Msg{
		tea.MouseClickMsg{X: 5, Y: 3, Button: tea.MouseLeft, Mod: tea.ModShift}, tea.MouseClickMsg{X: 5, Y: 3, Button: tea.MouseRight},
		tea.MouseClickMsg{X: 5, Y: 3, Button: tea.MouseMiddle}, tea.MouseMotionMsg{X: 5, Y: 3, Button: tea.MouseLeft},
		tea.MouseReleaseMsg{X: 5, Y: 3, Button: tea.MouseLeft}, tea.MouseClickMsg{X: 500, Y: 500, Button: tea.MouseLeft},
		tea.MouseClickMsg{X: -1, Y: -1, Button: tea.MouseLeft},
	} {
		d.Send(msg)
	}
	d.Sees("›  prod")
	d.Send(tea.MouseClickMsg{X: 5, Y: 3, Button: tea.MouseLeft}) // the near miss
	d.Sees("›  testing")
}

// TestMouse_option: the program takes the mouse only with the option.
func TestMouse_option(t *testing.T) {
	for _, on := range []bool{true, false} {
		d := drive(t, Options{Registry: fakereg.Retag(t), Mouse: on}, 80, 24)
		if got := app(d).View().MouseMode != tea.MouseModeNone; got != on {
			t.Errorf("option %v, mouse %v", on, got)
		}
	}
}
