package ui

import (
	"context"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// repositoriesPage lists the repositories of a registry.
type repositoriesPage struct {
	env  page.Env
	ctx  context.Context
	ref  model.Ref
	pick diff.Side // the side to choose a tag for; "" when the page is not a picker
	list widget.NameList
	// The input for a repository name, shown if the registry does not list repositories.
	input      widget.Input
	inputShown bool
}

func (p repositoriesPage) Start(ctx context.Context) (page.Page, page.Effects) {
	p.ctx = ctx
	var effects page.Effects
	p.list, _, effects = p.list.Read(ctx, func(ctx context.Context, page func([]string)) error {
		return p.env.Registry.Repositories(ctx, p.ref.Registry, page)
	})
	return p, effects
}

// readAgain reads the list again, with the logins as they are now: a registry may list other
// repositories, or some at all, for another login.
func (p repositoriesPage) readAgain() (page.Page, page.Effects) {
	p.inputShown = false
	p.env.Registry.ForgetLogins(p.ref.Registry)
	return p.Start(p.ctx)
}

func (p repositoriesPage) Update(msg tea.Msg) (page.Page, page.Effects) {
	p.list = p.list.Arrived(msg)
	switch msg.(type) {
	case widget.NamesMsg:
		return p, page.Send(page.VisitedMsg{Place: p.ref.String()})
	case widget.NamesDoneMsg:
		if p.failed() && model.HasNoList(p.list.Err) && !p.inputShown {
			p.input, p.inputShown = widget.NewInputWith(safe.Const("repository:"), p.ref.Registry+"/"), true
		}
		return p, nil
	}
	if p.unlisted() {
		return p.updateInput(msg)
	}
	var handled bool
	if p.list, handled = p.list.Update(msg); handled {
		if click, ok := msg.(page.SelectMsg); ok && click.Open {
			return p.Update(page.Enter)
		}
		return p, nil
	}
	press, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return p, nil
	}
	name, some := p.list.Current()
	repo := model.Ref{Registry: p.ref.Registry, Repository: name}
	switch {
	case key.Matches(press, page.Keys.Open) && some:
		return p, page.Send(page.PlaceRoute{Ref: repo})
	case key.Matches(press, page.Keys.Copy) && some:
		return p, page.Send(page.CopyMsg{What: safe.Const("the repository"), Text: safe.Clean(repo.String())})
	case key.Matches(press, page.Keys.Reload):
		return p.readAgain()
	case key.Matches(press, page.Keys.Back):
		return p, page.Send(page.PopMsg{})
	}
	return p, page.Unused(press)
}

// failed reports whether the list of repositories could not be read.
func (p repositoriesPage) failed() bool { return p.list.Err != nil && len(p.list.All) == 0 }

// unlisted reports whether the registry does not list its repositories. Docker Hub, for
// example, refuses to. The page then shows an input for a repository name.
func (p repositoriesPage) unlisted() bool { return p.failed() && p.inputShown }

// updateInput edits the input. Enter on the registry alone requests the list again.
func (p repositoriesPage) updateInput(msg tea.Msg) (page.Page, page.Effects) {
	if paste, ok := msg.(tea.PasteMsg); ok {
		if host, _, found := strings.Cut(paste.Content, "/"); found && strings.ContainsAny(host, ".:") {
			p.input = widget.NewInput(p.input.Label) // a complete reference replaces the input
		}
		p.input = p.input.Update(msg)
		return p, nil
	}
	press, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return p, nil
	}
	switch press.String() {
	case "esc":
		return p, page.Send(page.PopMsg{})
	case "enter":
		if strings.TrimSuffix(p.input.Value(), "/") == p.ref.Registry {
			return p.readAgain()
		}
		to, err := parseRoute(p.input.Value(), model.Ref{})
		if err != nil {
			p.input.Err = safe.Clean(err.Error())
			return p, nil
		}
		return p, page.Send(to)
	}
	p.input = p.input.Update(msg)
	return p, nil
}

// Loading reports whether the list is being read.
func (p repositoriesPage) Loading() bool { return p.list.Loading }

// Lacks reports whether a key acts on a repository and none is shown.
func (p repositoriesPage) Lacks(press tea.KeyPressMsg) bool { return p.list.Lacks(press) }

// nameRoom returns the cells that a frame has for the name of a repository.
func nameRoom(f page.Frame) int { return max(f.Width-3, 8) }

// fullName returns the lines below the list for the name under the cursor, if names do not fit in their rows.
func (p repositoriesPage) fullName(f page.Frame) []look.Line {
	longest := p.list.Longest()
	if longest <= nameRoom(f) || f.Height < 8 {
		return nil
	}
	lines := make([]look.Line, min((longest+nameRoom(f)-1)/nameRoom(f), f.Height/4))
	if name, _ := p.list.Current(); look.Width(safe.Clean(name)) > nameRoom(f) {
		copy(lines, look.Paragraph(look.Plain, safe.Clean(name), f.Width))
	}
	return lines
}

func (p repositoriesPage) Layout(f page.Frame) (page.Page, page.Effects) {
	p.list = p.list.Resize(f, f.Height-len(p.fullName(f)))
	return p, nil
}

func (p repositoriesPage) View(f page.Frame) []look.Line {
	if p.unlisted() {
		lines := append(page.ErrorLines(p.list.Err, f, safe.Text{}), look.Line{}, look.L(look.Gap(2)).With(p.input.Line(f.Width-4).Spans...))
		return append(lines, look.Paragraph(look.Alert, p.input.Err, f.Width)...)
	}
	empty := safe.Sprintf("%s has no repositories, or it lists none to you", p.ref.Registry)
	lines := p.list.View(f, safe.Const("repositories"), empty, func(name string, _ int) look.Line {
		return look.L(look.Gap(1), look.P(f.Glyphs.FitMiddle(safe.Clean(name), min(look.Width(safe.Clean(name)), nameRoom(f)))))
	})
	full := p.fullName(f)
	if len(full) == 0 {
		return lines
	}
	for len(lines) < f.Height-len(full) {
		lines = append(lines, look.Line{})
	}
	return append(lines[:f.Height-len(full)], full...)
}

// Path returns the registry and the side to choose.
func (p repositoriesPage) Path(look.Glyphs) []page.PathPart {
	path := page.Path(safe.Clean(p.ref.Registry))
	if p.pick != "" {
		path = append(path, page.PathPart{Text: safe.Sprintf("choose %s", safe.Clean(string(p.pick)).Upper())})
	}
	return path
}

func (p repositoriesPage) Crumb() safe.Text  { return safe.Clean(p.ref.Registry) }
func (p repositoriesPage) Status() safe.Text { return p.list.Status() }
func (p repositoriesPage) Typing() bool      { return p.list.Filter.Open || p.unlisted() }

func (p repositoriesPage) Hints() []key.Binding {
	switch {
	case p.list.Filter.Open:
		return p.list.Filter.Hints()
	case p.unlisted():
		return []key.Binding{page.Describe(page.Keys.Open, "open, or try again"), page.Bind("esc", "back", "esc"), page.Keys.ForceQuit}
	case p.failed():
		return []key.Binding{page.Describe(page.Keys.Reload, "try again"), page.Describe(page.Keys.Goto, "go to"), page.Keys.Back, page.Keys.Quit}
	}
	if p.list.NoneMatches() {
		return p.list.Filter.NoMatchHints()
	}
	return []key.Binding{page.Describe(page.Keys.Open, "tags"), page.Keys.Filter, page.Describe(page.Keys.Goto, "go to"), page.Keys.Back,
		page.Keys.Quit}
}

func (p repositoriesPage) Help() page.KeyGroup {
	return page.KeyGroup{Name: "Repositories",
		Keys: []key.Binding{page.Describe(page.Keys.Open, "show the tags"), page.Keys.Filter, page.Keys.Copy, page.Keys.Reload}}
}
