package ui

import (
	"maps"
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui/compare"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/tags"
)

// choosing returns the side that the pages on top are open to choose, "" for none.
func (a App) choosing() diff.Side { return a.stack[len(a.stack)-1].choose }

// follow opens the page of a route. While a side is chosen, an image is the choice, and a list is one to
// choose from.
func (a App) follow(to page.Route) (App, tea.Cmd) {
	if pick, ok := to.(page.PickRoute); ok {
		return a.pushChoice(tags.NewPick(a.env, pick.Ref, pick.Side), pick.Side)
	}
	if find, ok := to.(page.FindRoute); ok && find.With != nil {
		a.marks = page.Marks{A: find.With}
	}
	side := a.choosing()
	if side == "" {
		return a.push(a.pageFor(to))
	}
	switch to := to.(type) {
	case page.PlaceRoute:
		switch to.Ref.Names() {
		case model.NamesRegistry:
			return a.pushChoice(repositoriesPage{env: a.env, ref: to.Ref, pick: side}, side)
		case model.NamesRepository:
			return a.pushChoice(tags.NewPick(a.env, to.Ref, side), side)
		}
		return a.chosen(side, to.Ref)
	case page.FindRoute:
		return a.pushChoice(a.pageFor(to), side)
	case page.SameImageRoute:
		return a.chosen(side, to.Ref)
	case page.CompareRoute:
		if to.B == nil {
			return a.chosen(side, to.A)
		}
	}
	return a.push(a.pageFor(to))
}

// pushChoice opens a page to choose a side.
func (a App) pushChoice(p page.Page, side diff.Side) (App, tea.Cmd) {
	a, cmd := a.push(p)
	a.stack = slices.Clone(a.stack)
	a.stack[len(a.stack)-1].choose = side
	return a, cmd
}

// chosen closes the pages that were opened to choose a side, and passes the choice to the page below.
func (a App) chosen(side diff.Side, ref model.Ref) (App, tea.Cmd) {
	for len(a.stack) > 1 && a.choosing() != "" {
		a = a.close()
	}
	return a.toTop(page.PickedMsg{Side: side, Ref: ref})
}

// close removes the top page and cancels its commands.
func (a App) close() App {
	last := len(a.stack) - 1
	if end := a.stack[last].cancel; end != nil {
		end()
	}
	a.stack = a.stack[:last:last]
	return a
}

// parentOf returns the list that holds the place of a page, nil if it has none.
func (a App) parentOf(p page.Page) page.Page {
	if p, ok := p.(page.HasPlace); ok {
		return a.pageFor(page.ListRoute{Of: p.Place()})
	}
	return nil
}

// toParent replaces the top page, by its parent, if it was opened without another page below it. Otherwise ok is false.
func (a App) toParent(payload tea.Msg) (_ App, cmd tea.Cmd, ok bool) {
	last := len(a.stack) - 1
	if !a.stack[last].direct {
		return a, nil, false
	}
	parent := a.parentOf(a.stack[last].page)
	if parent == nil {
		return a, nil, false
	}
	a, cmd = a.close().push(parent)
	a.stack = slices.Clone(a.stack)
	a.stack[last].direct = true
	if payload != nil {
		var more tea.Cmd
		a, more = a.toTop(payload)
		cmd = tea.Batch(cmd, more)
	}
	return a, cmd, true
}

// listPage returns the list that holds a place, with the cursor on it.
func (a App) listPage(of model.Ref) page.Page {
	if of.Names() == model.NamesManifest {
		return tags.New(a.env, of.WithTag(of.Tag))
	}
	p := repositoriesPage{env: a.env, ref: model.Ref{Registry: of.Registry}}
	p.list.WantedName = of.Repository
	return p
}

// keepList keeps how the list of a repository is sorted and filtered.
func (a App) keepList(msg page.KeepListMsg) App {
	lists := map[model.Ref]any{}
	maps.Copy(lists, a.env.Lists) // pages have the old one
	lists[msg.Repo] = msg.State
	a.env.Lists = lists
	return a
}

// openPages returns the pages of the references on the command line.
func (a App) openPages() []stackEntry {
	switch o := a.options.Open; len(o) {
	case 1:
		return []stackEntry{{page: a.placePage(o[0]), direct: true}}
	case 2:
		return []stackEntry{{page: compare.New(a.env, o[0], &o[1], nil), direct: true}}
	}
	return nil
}
