package ui

import (
	"context"
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// names is a long list of names that arrives in pages: in order, filtered, with
// a cursor that stays on its name.
type names struct {
	all   []string // in natural order: 1.9 before 1.10
	apart func(name string) bool
	aside []string    // those that apart picks, in natural order: not shown unless asked for
	whole bool        // they are
	kept  [2][]string // all and aside before they were read anew
	// arranged is all that is shown in another order, and late what has come
	// since it was put into that order; nil while the order is the natural one.
	arranged, late []string
	awaited        bool // an order has been asked for, and none is there

	shown   []string // what the filter lets through
	of      int      // how many there are before the filter
	win     window
	filter  filter
	want    string // the name to put the cursor on when it arrives
	load    loadID // the newest; answers of older ones are dropped
	cancel  context.CancelFunc
	loading bool
	err     error
}

// add merges a page of names.
func (n names) add(page []string) names {
	var main, aside []string
	for _, name := range page {
		if n.apart != nil && n.apart(name) {
			aside = append(aside, name)
		} else {
			main = append(main, name)
		}
	}
	slices.SortFunc(main, model.CompareNatural)
	slices.SortFunc(aside, model.CompareNatural)
	n.all, n.aside = mergeSorted(n.all, main), mergeSorted(n.aside, aside)
	if n.arranged != nil || n.awaited {
		n.late = append(slices.Clip(n.late), main...)
		if n.whole {
			n.late = append(n.late, aside...)
		}
	}
	return n.refilter()
}

// base is what there is to show, before the filter.
func (n names) base() []string {
	switch {
	case n.arranged != nil && len(n.late) == 0:
		return n.arranged
	case n.arranged != nil:
		return slices.Concat(n.arranged, n.late)
	case n.whole:
		return mergeSorted(n.all, n.aside)
	}
	return n.all
}

// arranging is n when another order has been asked for: what comes from now on
// is not in it.
func (n names) arranging() names {
	if n.arranged == nil {
		n.late, n.awaited = nil, true
	}
	return n
}

// arrange shows names in another order, nil for the natural one. late is how
// many had come late already when the order was asked for: they are in it.
func (n names) arrange(order []string, late int) names {
	n.arranged, n.late, n.awaited = order, n.late[min(late, len(n.late)):], false
	return n.refilter()
}

// showAside shows the names kept apart, or no longer.
func (n names) showAside(whole bool) names {
	n.whole = whole
	return n.refilter()
}

func mergeSorted(a, b []string) []string {
	switch {
	case len(b) == 0:
		return a
	case len(a) == 0:
		return b
	}
	out := make([]string, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if model.CompareNatural(b[0], a[0]) < 0 {
			out, b = append(out, b[0]), b[1:]
		} else {
			out, a = append(out, a[0]), a[1:]
		}
	}
	return append(append(out, a...), b...)
}

// refilter recomputes what is shown and keeps the cursor on its name.
func (n names) refilter() names {
	under, had := n.current()
	n.shown = n.base()
	n.of = len(n.shown)
	if n.filter.active {
		n.shown = n.filter.pick(n.shown)
	}
	at := n.win.cursor
	if had && n.win.cursor > 0 { // at the very top one wants to see what is first
		if i := slices.Index(n.shown, under); i >= 0 {
			at = i
		}
	}
	if i := slices.Index(n.shown, n.want); n.want != "" && i >= 0 {
		at, n.want = i, ""
	}
	n.win = n.win.sized(len(n.shown), n.win.height).to(at)
	return n
}

func (n names) current() (string, bool) {
	if n.win.cursor >= len(n.shown) {
		return "", false
	}
	return n.shown[n.win.cursor], true
}

// update handles the filter and movement.
func (n names) update(msg tea.Msg) (names, bool) {
	f, changed, handled := n.filter.update(msg)
	n.filter = f
	if changed {
		n = n.refilter()
	}
	if handled {
		return n, true
	}
	if press, ok := msg.(tea.KeyPressMsg); ok {
		n.want = "" // the person has moved on
		w, moved := n.win.move(press)
		n.win = w
		return n, moved
	}
	return n, false
}

// resize fits the list into height lines, less what stands above it.
func (n names) resize(f frame, height int) names {
	if n.filter.open || n.filter.active {
		height--
	}
	n.win = n.win.sized(len(n.shown), height-len(n.problem(f)))
	return n
}

// problem is why the list is not all there is. It stands above the rows, where
// a long list cannot hide it.
func (n names) problem(f frame) []look.Line {
	if n.err == nil {
		return nil
	}
	lines := troubleLines(n.err, f)
	if len(n.all) > 0 {
		lines = append(lines, look.Line{})
	}
	return lines
}

// view draws the filter, the rows, and what there is to say when there are none.
func (n names) view(f frame, what safe.Text, line func(name string, at int) look.Line) []look.Line {
	lines := n.problem(f)
	if l, ok := n.filter.line(f.width, len(n.shown), n.of); ok {
		lines = append(lines, look.L(look.Gap(1)).With(l.Spans...))
	}
	lines = append(lines, n.win.draw(f.glyphs, func(i int) look.Line { return line(n.shown[i], i) })...)
	switch {
	case n.err != nil:
	case n.loading && len(n.all) == 0:
		lines = append(lines, look.L(look.Gap(2), look.S(look.Faint, safe.Sprintf("reading %s%s", what, f.glyphs.Ellipsis))))
	case len(n.all) == 0:
		lines = append(lines, look.L(look.Gap(2), look.S(look.Faint, safe.Sprintf("no %s here", what))))
	case len(n.shown) == 0:
		lines = append(lines, look.L(look.Gap(2), look.S(look.Faint, safe.Const("nothing matches: esc clears the filter"))))
	}
	return lines
}

// status is the cursor's place and how much there is.
func (n names) status() safe.Text {
	if len(n.shown) == 0 {
		return safe.Text{}
	}
	more := safe.Text{}
	if n.loading {
		more = safe.Const("+")
	}
	return safe.Sprintf("%d/%d%s ", n.win.cursor+1, len(n.shown), more)
}
