package ui

import (
	"context"
	"errors"

	tea "charm.land/bubbletea/v2"
)

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

// read starts a listing anew and ends the one under way. The context it gives
// ends with the listing's successor.
func (n names) read(ctx context.Context, list func(context.Context, func([]string)) error) (names, context.Context, effects) {
	if n.cancel != nil {
		n.cancel()
	}
	ctx, n.cancel = context.WithCancel(ctx)
	n.load++
	if len(n.all)+len(n.aside) > 0 {
		n.kept = [2][]string{n.all, n.aside}
	}
	n.loading, n.err, n.all, n.aside, n.arranged, n.late, n.awaited = true, nil, nil, nil, nil, nil, false
	id := n.load
	return n.refilter(), ctx, stream(ctx, func(ctx context.Context, report func(tea.Msg)) {
		err := list(ctx, func(page []string) { report(namesMsg{id, page}) })
		report(namesDoneMsg{id, err})
	})
}

// orKept is n with what it was before it was read anew, if that failed at once:
// who asked again has not lost it.
func (n names) orKept() names {
	if n.err != nil && len(n.all)+len(n.aside) == 0 {
		n.all, n.aside = n.kept[0], n.kept[1]
	}
	n.kept = [2][]string{}
	return n.refilter()
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
		n = n.orKept()
	}
	return n
}
