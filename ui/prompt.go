package ui

import (
	"slices"
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
	case a.help != nil && a.help.search.Open:
		return a.pressHelp(msg)
	case a.help != nil || a.question != nil:
		return a, nil
	case a.prompt != nil:
		return a.withPrompt(a.prompt.Update(msg)), nil
	case a.top().Typing():
		return a.toTop(msg)
	}
	return a.withPrompt(widget.NewInput(a.promptLabel()).Update(msg)), nil
}

// promptLabel says what the prompt does with a reference.
func (a App) promptLabel() safe.Text {
	if side := a.choosing(); side != "" {
		return safe.Sprintf("choose %s:", safe.Clean(string(side)).Upper())
	}
	return safe.Const("go to:")
}

// quits are what ends the program in the prompt, helps what opens the help. An image of such a name is library/q.
var quits, helps = []string{"q", "q!", "quit"}, []string{"h", "help"}

// isCommand reports whether what was typed into the prompt is a command, which may have another colon before it. In a
// repository that is a tag.
func (a App) isCommand(names []string) bool {
	typed := strings.TrimSpace(a.prompt.Value())
	rest, hasColon := strings.CutPrefix(typed, ":")
	return slices.Contains(names, typed) || hasColon && repoOf(a.top()).Repository == "" && slices.Contains(names, rest)
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
		switch {
		case a.isCommand(quits):
			return a, tea.Quit
		case a.isCommand(helps):
			a.prompt = nil
			a.help = a.newHelp()
			return a, nil
		}
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
		return a.follow(to)
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
