package ui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model/safe"
)

// paste goes to the field in use; anywhere else it is a reference to go to.
func (a App) paste(msg tea.PasteMsg) (App, tea.Cmd) {
	msg.Content = strings.TrimSpace(msg.Content)
	switch {
	case a.help != nil:
		return a, nil
	case a.prompt != nil:
		f := a.prompt.update(msg)
		a.prompt = &f
		return a, nil
	case a.top().typing():
		return a.toTop(msg)
	}
	f := newField(safe.Const("go to:")).update(msg)
	a.prompt = &f
	return a, nil
}

// pressPrompt edits the reference to go to.
func (a App) pressPrompt(msg tea.KeyPressMsg) (App, tea.Cmd) {
	switch msg.String() {
	case "esc":
		a.prompt = nil
		return a, nil
	case "enter":
		to, err := parseRoute(a.prompt.value(), repoOf(a.top()))
		if err != nil {
			f := *a.prompt
			f.err = safe.Clean(err.Error())
			a.prompt = &f
			return a, nil
		}
		a.prompt = nil
		return a.push(a.pageFor(to))
	}
	f := a.prompt.update(msg)
	a.prompt = &f
	return a, nil
}
