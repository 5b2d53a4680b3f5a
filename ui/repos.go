package ui

import (
	"context"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// reposPage lists the repositories of a registry.
type reposPage struct {
	deps deps
	ctx  context.Context
	ref  model.Ref
	list names
	// A registry that lists nothing is asked for by name.
	field field
	open  bool
}

func newReposPage(d deps, ref model.Ref) page { return reposPage{deps: d, ref: ref} }

func (p reposPage) start(ctx context.Context) (page, effects) {
	p.ctx = ctx
	var asked effects
	p.list, _, asked = p.list.read(ctx, func(ctx context.Context, page func([]string)) error {
		return p.deps.registry.Repositories(ctx, p.ref.Registry, page)
	})
	return p, asked
}

func (p reposPage) update(msg tea.Msg) (page, effects) {
	p.list = p.list.arrived(msg)
	switch msg.(type) {
	case namesMsg:
		return p, send(visitedMsg{p.ref.String()})
	case namesDoneMsg:
		if p.unlisted() && !p.open {
			p.field, p.open = fieldWith(safe.Const("repository:"), p.ref.Registry+"/"), true
		}
		return p, nil
	}
	if p.unlisted() {
		return p.edit(msg)
	}
	var handled bool
	if p.list, handled = p.list.update(msg); handled {
		return p, nil
	}
	press, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return p, nil
	}
	name, some := p.list.current()
	repo := model.Ref{Registry: p.ref.Registry, Repository: name}
	switch {
	case key.Matches(press, keys.Open) && some:
		return p, send(placeRoute{repo})
	case key.Matches(press, keys.Copy) && some:
		return p, send(copyMsg{safe.Const("the repository"), safe.Clean(repo.String())})
	case key.Matches(press, keys.Reload):
		return p.start(p.ctx)
	case key.Matches(press, keys.Back):
		return p, send(popMsg{})
	}
	return p, nil
}

// unlisted reports that the registry will not list its repositories, as Docker
// Hub will not. That is no dead end: the page has a field to name one.
func (p reposPage) unlisted() bool { return p.list.err != nil && len(p.list.all) == 0 }

// edit takes keys for the field. Enter on the registry alone asks it again.
func (p reposPage) edit(msg tea.Msg) (page, effects) {
	if paste, ok := msg.(tea.PasteMsg); ok {
		if host, _, found := strings.Cut(paste.Content, "/"); found && strings.ContainsAny(host, ".:") {
			p.field = newField(p.field.label) // a whole reference
		}
		p.field = p.field.update(msg)
		return p, nil
	}
	press, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return p, nil
	}
	switch press.String() {
	case "esc":
		return p, send(popMsg{})
	case "enter":
		if strings.TrimSuffix(p.field.value(), "/") == p.ref.Registry {
			p.open = false
			return p.start(p.ctx)
		}
		to, err := parseRoute(p.field.value(), model.Ref{})
		if err != nil {
			p.field.err = safe.Clean(err.Error())
			return p, nil
		}
		return p, send(to)
	}
	p.field = p.field.update(msg)
	return p, nil
}

func (p reposPage) layout(f frame) (page, effects) {
	p.list = p.list.resize(f, f.height)
	return p, nil
}

func (p reposPage) view(f frame) []look.Line {
	if p.unlisted() {
		lines := append(troubleSays(p.list.err, f), look.Line{}, look.L(look.Gap(2)).With(p.field.line(f.width-4).Spans...))
		return append(lines, look.L(look.Gap(2), look.S(look.Alert, p.field.err)))
	}
	return p.list.view(f, safe.Const("repositories"), func(name string, _ int) look.Line {
		return look.L(look.Gap(1), look.P(safe.Clean(name)))
	})
}

func (p reposPage) crumb() safe.Text  { return safe.Clean(p.ref.Registry) }
func (p reposPage) status() safe.Text { return p.list.status() }
func (p reposPage) typing() bool      { return p.list.filter.open || p.unlisted() }

func (p reposPage) hints() []key.Binding {
	switch {
	case p.list.filter.open:
		return p.list.filter.hints()
	case p.unlisted():
		return []key.Binding{as(keys.Open, "open, or ask again"), bind("esc", "back", "esc"), keys.ForceQuit}
	}
	return []key.Binding{as(keys.Open, "tags"), keys.Filter, as(keys.Goto, "go to"), keys.Back, keys.Quit}
}

func (p reposPage) help() []keyGroup {
	return []keyGroup{{"Repositories", []key.Binding{as(keys.Open, "the tags of a repository"), keys.Filter, keys.Copy, keys.Reload}}, moveKeys, everywhereKeys}
}
