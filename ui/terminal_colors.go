package ui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/ui/look"
)

// terminalColors is what is known about the colours of the terminal.
type terminalColors struct {
	background look.Background // that the theme is for
	colors     look.Colors
	waiting    bool            // the first frame waits for the answer of the terminal
	late       look.Background // the answer, if it came after the first frame; UnknownBackground for none
}

// newTerminalColors returns what the options say. The first frame waits for the terminal only if they do not say what
// the background is.
func newTerminalColors(o Options) terminalColors {
	return terminalColors{
		background: o.Background, colors: look.AllColors, waiting: o.AskColors && o.Background == look.UnknownBackground,
	}
}

func (t terminalColors) theme(g look.Glyphs) look.Theme {
	return look.NewTheme(t.background, t.colors, g)
}

// firstFrameMsg is the end of the time that the first frame waits for the terminal.
type firstFrameMsg struct{}

// firstFrameTimer ends the wait for a terminal that does not answer. The time is too short to be seen.
func firstFrameTimer() tea.Cmd {
	const limit = 50 * time.Millisecond
	return tea.Tick(limit, func(time.Time) tea.Msg { return firstFrameMsg{} })
}

// withColors sets the theme for what the terminal reports: its background, or how many colours it has. Without an answer
// in time the first frame is drawn without colours.
func (a App) withColors(msg tea.Msg) App {
	t := &a.terminal
	switch msg := msg.(type) {
	case firstFrameMsg:
		t.waiting = false
	case tea.BackgroundColorMsg:
		if msg.Color == nil || !a.options.AskColors {
			break
		}
		answer := look.BackgroundOf(msg)
		if t.waiting || t.background != look.UnknownBackground { // a theme for the wrong background may not be readable
			t.background, t.waiting = answer, false
			break
		}
		t.late = answer
	case tea.ColorProfileMsg:
		t.colors = look.ColorsOf(msg.Convert)
		if t.colors == look.NoColors {
			t.waiting = false
		}
	}
	a.theme = t.theme(a.theme.Glyphs)
	return a
}

// withLateColors uses an answer that came after the first frame once most lines of the screen are others than before, so
// that no cells are painted twice.
func (a App) withLateColors(before App) App {
	if a.terminal.late == look.UnknownBackground {
		return a
	}
	was, now := before.lines(), a.lines()
	kept, changed := 0, 0
	for i, l := range now {
		switch text := l.Text(); {
		case text.IsEmpty():
		case i < len(was) && was[i].Text() == text:
			kept++
		default:
			changed++
		}
	}
	if changed <= kept {
		return a
	}
	return a.useLateColors()
}

// useLateColors uses an answer that came after the first frame.
func (a App) useLateColors() App {
	if a.terminal.late != look.UnknownBackground {
		a.terminal.background, a.terminal.late = a.terminal.late, look.UnknownBackground
		a.theme = a.terminal.theme(a.theme.Glyphs)
	}
	return a
}
