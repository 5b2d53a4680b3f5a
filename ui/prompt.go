package ui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/tagdiff/tagdiff/model"
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
		next, err := a.deps.parsePlace(a.prompt.value())
		if err != nil {
			f := *a.prompt
			f.err = safe.Clean(err.Error())
			a.prompt = &f
			return a, nil
		}
		a.prompt = nil
		return a.push(next)
	}
	f := a.prompt.update(msg)
	a.prompt = &f
	return a, nil
}

// parsePlace is the page for what a person typed: one reference, or two to
// compare.
func (d deps) parsePlace(s string) (page, error) {
	words := strings.Fields(s)
	if len(words) == 2 {
		first, err := model.ParseImage(words[0])
		if err != nil {
			return nil, err
		}
		second, err := model.ParseBeside(first, words[1])
		if err != nil {
			return nil, err
		}
		return newComparePage(d, first, &second), nil
	}
	ref, err := model.ParseRef(strings.TrimSpace(s))
	if err != nil {
		return nil, err
	}
	return d.pageFor(ref), nil
}
