package ui

import (
	"context"
	"errors"

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
	namesMsg struct {
		load  loadID
		names []string
	}
	namesDoneMsg struct {
		load loadID
		err  error
	}
)

func newReposPage(d deps, ref model.Ref) page { return reposPage{deps: d, ref: ref} }

func (p reposPage) start(ctx context.Context) (page, effects) {
	p.ctx = ctx
	var asked effects
	p.list, _, asked = p.list.read(ctx, func(ctx context.Context, page func([]string)) error {
		return p.deps.registry.Repositories(ctx, p.ref.Registry, page)
	})
	return p, append(send(visitedMsg{p.ref.String()}), asked...)
}

// read starts a listing anew and ends the one under way. The context it gives
// ends with the listing's successor.
func (n names) read(ctx context.Context, list func(context.Context, func([]string)) error) (names, context.Context, effects) {
	if n.cancel != nil {
		n.cancel()
	}
	ctx, n.cancel = context.WithCancel(ctx)
	n.load++
	n.loading, n.err, n.all = true, nil, nil
	id := n.load
	return n.refilter(), ctx, stream(ctx, func(ctx context.Context, report func(tea.Msg)) {
		err := list(ctx, func(page []string) { report(namesMsg{id, page}) })
		report(namesDoneMsg{id, err})
	})
}

// arrived is n after a message of its listing.
func (n names) arrived(msg tea.Msg) names {
	switch msg := msg.(type) {
	case namesMsg:
		if msg.load == n.load {
			return n.add(msg.names)
		}
	case namesDoneMsg:
		if msg.load != n.load {
			return n
		}
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
	p.list = p.list.resize(f, f.height)
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
	return []keyGroup{{"Repositories", []key.Binding{as(keys.Open, "the tags of a repository"), keys.Filter, keys.Copy, keys.Reload}}, moveKeys, everywhereKeys}
}

func filterHints() []key.Binding {
	return []key.Binding{as(keys.Open, "keep the filter"), as(keys.Back, "clear it")}
}
