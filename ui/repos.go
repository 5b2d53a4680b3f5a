package ui

import (
	"context"
	"errors"
	"slices"

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
}

// Messages of a listing, for repositories and tags alike.
type (
	namesMsg     struct{ names []string }
	namesDoneMsg struct{ err error }
)

func newReposPage(d deps, ref model.Ref) page { return reposPage{deps: d, ref: ref} }

func (p reposPage) start(ctx context.Context) (page, effects) {
	p.ctx = ctx
	p.list.loading, p.list.err, p.list.all = true, nil, nil
	return p, slices.Concat(send(visitedMsg{p.ref.String()}), listing(ctx, func(ctx context.Context, page func([]string)) error {
		return p.deps.registry.Repositories(ctx, p.ref.Registry, page)
	}))
}

// listing streams the pages of a list, then how it ended.
func listing(ctx context.Context, read func(context.Context, func([]string)) error) effects {
	return stream(ctx, func(ctx context.Context, report func(tea.Msg)) {
		err := read(ctx, func(page []string) { report(namesMsg{page}) })
		report(namesDoneMsg{err})
	})
}

// arrived is n after a message of its listing.
func (n names) arrived(msg tea.Msg) names {
	switch msg := msg.(type) {
	case namesMsg:
		return n.add(msg.names)
	case namesDoneMsg:
		n.loading = false
		if !errors.Is(msg.err, context.Canceled) {
			n.err = msg.err
		}
	}
	return n
}

func (p reposPage) update(msg tea.Msg) (page, effects) {
	p.list = p.list.arrived(msg)
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
		return p, send(pushMsg{newTagsPage(p.deps, repo)})
	case key.Matches(press, keys.Copy) && some:
		return p, send(copyMsg{safe.Const("the repository"), safe.Clean(repo.String())})
	case key.Matches(press, keys.Reload):
		return p.start(p.ctx)
	case key.Matches(press, keys.Back):
		return p, send(popMsg{})
	}
	return p, nil
}

func (p reposPage) layout(f frame) (page, effects) {
	p.list = p.list.resize(f.height)
	return p, nil
}

func (p reposPage) view(f frame) []look.Line {
	return p.list.view(f, safe.Const("repositories"), func(name string, _ bool) look.Line {
		return look.L(look.Gap(1), look.P(safe.Clean(name)))
	})
}

func (p reposPage) crumb() safe.Text  { return safe.Clean(p.ref.Registry) }
func (p reposPage) status() safe.Text { return p.list.status() }
func (p reposPage) typing() bool      { return p.list.filter.open }

func (p reposPage) hints() []key.Binding {
	if p.list.filter.open {
		return filterHints()
	}
	return []key.Binding{as(keys.Open, "tags"), keys.Filter, as(keys.Goto, "go to"), keys.Back, keys.Quit}
}

func (p reposPage) help() []keyGroup {
	return []keyGroup{{"Repositories", []key.Binding{as(keys.Open, "the tags of a repository"), keys.Filter}}, moveKeys, everywhereKeys}
}

func filterHints() []key.Binding {
	return []key.Binding{as(keys.Open, "keep the filter"), as(keys.Back, "clear it")}
}
