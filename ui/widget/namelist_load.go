package widget

import (
	"context"
	"errors"

	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/ui/page"
)

// NamesMsg is a page of names.
type NamesMsg struct {
	Load  page.LoadID
	Names []string
}

// NamesDoneMsg is the end of a listing.
type NamesDoneMsg struct {
	Load page.LoadID
	Err  error
}

// Read starts a new listing and cancels the current one. The context that it returns is
// cancelled by the next Read.
func (n NameList) Read(ctx context.Context, list func(context.Context, func([]string)) error) (NameList, context.Context, page.Effects) {
	if n.cancel != nil {
		n.cancel()
	}
	ctx, n.cancel = context.WithCancel(ctx)
	n.Load++
	if name, some := n.Current(); some { // the cursor returns to its name
		n.WantedName, n.wantedLine = name, n.Window.Cursor-n.Window.top+1
	}
	if len(n.All)+len(n.Extra) > 0 {
		n.previous = [2][]string{n.All, n.Extra}
	}
	n.Loading, n.Err, n.All, n.Extra, n.Arranged, n.Unsorted, n.orderPending = true, nil, nil, nil, nil, nil, false
	id := n.Load
	n.widths = nil
	return n.Refilter(), ctx, page.Stream(ctx, func(ctx context.Context, report func(tea.Msg)) {
		err := list(ctx, func(names []string) { report(NamesMsg{id, names}) })
		report(NamesDoneMsg{id, err})
	})
}

// Arrived handles a message of the listing.
func (n NameList) Arrived(msg tea.Msg) NameList {
	switch msg := msg.(type) {
	case NamesMsg:
		if msg.Load == n.Load {
			return n.add(msg.Names)
		}
	case NamesDoneMsg:
		if msg.Load != n.Load {
			return n
		}
		n.Loading = false
		if !errors.Is(msg.Err, context.Canceled) {
			n.Err = msg.Err
		}
		if n.Err != nil && len(n.All)+len(n.Extra) == 0 { // it failed before its first page: show the previous names
			n.All, n.Extra = n.previous[0], n.previous[1]
			n.widths = addWidths(nil, n.All)
		}
		n.previous = [2][]string{}
		return n.Refilter()
	}
	return n
}
