package ui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/page"
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
		return a.withPrompt(a.prompt.Update(msg)), nil
	case a.top().Typing():
		return a.toTop(msg)
	}
	return a.withPrompt(widget.NewInput(safe.Const("go to:")).Update(msg)), nil
}

func (a App) withPrompt(f widget.Input) App {
	a.prompt = &f
	return a
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
			return a.withPrompt(f), nil
		}
		typed := strings.TrimSpace(a.prompt.Value())
		a.answer, a.prompt = completedText(typed, to, repoOf(a.top())), nil
		return a.push(a.pageFor(to))
	}
	return a.withPrompt(a.prompt.Update(msg)), nil
}

// completedText says what a name without a host means, empty if it is not the name of a tag
// in the repository of beside.
func completedText(typed string, to page.Route, beside model.Ref) safe.Text {
	place, ok := to.(page.PlaceRoute)
	if !ok || beside.Repository == "" || !model.IsTag(typed) {
		return safe.Text{}
	}
	text, _ := model.Completed(typed, place.Ref, beside)
	return safe.Clean(text)
}
