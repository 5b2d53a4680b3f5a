package ui

import (
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
)

// question is what a page asks on the bottom line. The next key answers it.
type question struct {
	page.AskMsg
	owner page.ID
}

// pressAnswer requests what the answer of a key stands for.
func (a App) pressAnswer(msg tea.KeyPressMsg) (App, tea.Cmd) {
	q := *a.question
	a.question = nil
	for _, answer := range q.Answers {
		if key.Matches(msg, answer.Key) {
			return a.perform(q.owner, answer.Effects)
		}
	}
	a.toast = q.Declined
	return a, nil
}

// line returns the question with the keys that answer it.
func (q question) line(g look.Glyphs, width int) look.Line {
	l := look.L(look.Gap(1), look.S(look.Strong, q.Question))
	for _, answer := range q.Answers {
		l = l.With(look.Gap(1)).With(hintSpans(answer.Key, g)...)
	}
	return l.With(hintSpans(page.Describe(page.Keys.Back, "cancel"), g)...).To(width, g.Ellipsis)
}

// copyView copies the command that opens the top page as it is. A page that no command opens has that of
// the page from which it was opened.
func (a App) copyView() (App, tea.Cmd) {
	what := safe.Const("the command that opens this view")
	for i := len(a.stack) - 1; i >= 0; i-- {
		if p, ok := a.stack[i].page.(page.Addressed); ok {
			command := a.commandLine(p.Args())
			if g := a.options.Guide; g != nil && strings.Contains(command.String(), g.Registry.Registry+"/") {
				what = safe.Sprintf("%s while the %s runs", what, safe.Clean(g.Title))
			}
			a.answer = safe.Sprintf("copied %s: %s", what, command)
			return a, a.copyCmd(command)
		}
		what = safe.Const("the command that opens the view behind this one")
	}
	return a, nil
}

// commandLine returns the command line of tagdiff with arguments, for a POSIX shell.
func (a App) commandLine(args []string) safe.Text {
	line := safe.Const("tagdiff")
	if a.options.PlainHTTP {
		line = safe.Concat(line, safe.Const(" --plain-http"))
	}
	for _, arg := range args {
		line = safe.Sprintf("%s %s", line, safe.Clean(shellWord(arg)))
	}
	return line
}

// shellWord quotes an argument for a POSIX shell if it needs that.
func shellWord(arg string) string {
	isPlain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/:@._-+,=", r)
	}
	if arg != "" && strings.IndexFunc(arg, func(r rune) bool { return !isPlain(r) }) < 0 {
		return arg
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}

// Args returns no arguments: tagdiff opens the home page.
func (p homePage) Args() []string { return nil }

// Args returns the command of the guide.
func (p guidePage) Args() []string { return []string{"demo"} }

// Args returns the registry.
func (p repositoriesPage) Args() []string { return []string{p.ref.String()} }
