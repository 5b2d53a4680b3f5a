package ui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/page"
)

// wheelLines is the number of lines that one step of the wheel scrolls.
const wheelLines = 3

// clickedRow is the row that was clicked last, the zero value after a key.
type clickedRow struct {
	page page.ID
	row  int
}

// mouse handles a click of the left button and the wheel. With shift, alt or ctrl they belong to the
// terminal, which selects text.
func (a App) mouse(msg tea.MouseMsg) (App, tea.Cmd) {
	m := msg.Mouse()
	if m.Mod != 0 {
		return a, nil
	}
	switch msg.(type) {
	case tea.MouseClickMsg:
		if m.Button == tea.MouseLeft {
			return a.click(m.X, m.Y)
		}
	case tea.MouseWheelMsg:
		switch m.Button {
		case tea.MouseWheelUp:
			return a.wheel(-wheelLines)
		case tea.MouseWheelDown:
			return a.wheel(wheelLines)
		}
	}
	return a, nil
}

// click does what the cell stands for that is drawn at x, y: it presses a key, or selects a row. A second
// click on a row opens it.
func (a App) click(x, y int) (App, tea.Cmd) {
	lines := a.lines()
	before := a.clicked
	a.clicked = clickedRow{}
	if y < 0 || y >= len(lines) {
		return a, nil
	}
	line, inFooter := lines[y], y >= len(lines)-len(a.bottomLines())
	press, isKey := page.ParseKey(line.KeyAt(x))
	switch {
	case isKey && (inFooter || !a.typing()): // otherwise the key would be typed
		return a.press(press)
	case isKey || line.Row == 0 || a.prompt != nil || a.help != nil:
		return a, nil
	}
	id, _ := a.Top()
	now := clickedRow{page: id, row: line.Row}
	isSecond := now == before
	if !isSecond {
		a.clicked = now
	}
	a.toast, a.answer = safe.Text{}, safe.Text{}
	if len(a.ahead.input) > 0 {
		a = a.dropAhead()
	}
	return a.toTop(page.SelectMsg{Row: line.Row - 1, Open: isSecond})
}

// wheel scrolls the help or the top page.
func (a App) wheel(lines int) (App, tea.Cmd) {
	a.clicked = clickedRow{}
	scroll := page.ScrollMsg{Lines: lines}
	switch {
	case a.help != nil:
		h := *a.help
		f := a.frame()
		h.window, _ = h.window.Sized(len(h.lines(f))-f.Height+1, 1).Mouse(scroll)
		a.help = &h
		return a, nil
	case a.prompt != nil:
		return a, nil
	}
	return a.toTop(scroll)
}
