package ui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// paste puts pasted text into the active input. Without one it opens the prompt with the
// text.
func (a App) paste(msg tea.PasteMsg) (App, tea.Cmd) {
	msg.Content = strings.TrimSpace(msg.Content)
	switch {
	case a.help != nil:
		return a, nil
	case a.prompt != nil:
		f := a.prompt.Update(msg)
		a.prompt = &f
		return a, nil
	case a.top().Typing():
		return a.toTop(msg)
	}
	f := widget.NewInput(safe.Const("go to:")).Update(msg)
	a.prompt = &f
	return a, nil
}

// pressPrompt edits the prompt for a reference.
func (a App) pressPrompt(msg tea.KeyPressMsg) (App, tea.Cmd) {
	switch msg.String() {
	case "esc":
		a.prompt = nil
		return a, nil
	case "enter":
		if a, cmd, handled := a.findDigest(a.prompt.Value()); handled {
			a.prompt = nil
			return a, cmd
		}
		to, err := parseRoute(a.prompt.Value(), repoOf(a.top()))
		if err != nil {
			f := *a.prompt
			f.Err = safe.Clean(err.Error())
			a.prompt = &f
			return a, nil
		}
		a.prompt = nil
		return a.push(a.pageFor(to))
	}
	f := a.prompt.Update(msg)
	a.prompt = &f
	return a, nil
}
