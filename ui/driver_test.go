package ui

import (
	"testing"
	"time"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/uitest/driver"
	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
)

// drive starts an App.
func drive(t *testing.T, o Options, width, height int) *driver.Driver {
	t.Helper()
	if o.Glyphs.Ellipsis.IsEmpty() {
		o.Glyphs = look.Unicode()
	}
	a := New(t.Context(), o)
	a.deps.pulse = time.Millisecond
	return driver.Start(t, a, width, height)
}

// open starts an App on references.
func open(t *testing.T, r Registry, width, height int, refs ...string) *driver.Driver {
	t.Helper()
	var open []model.Ref
	for _, r := range refs {
		open = append(open, fakereg.Ref(t, r))
	}
	return drive(t, Options{Registry: r, Open: open}, width, height)
}

func app(d *driver.Driver) App { return d.Model.(App) }

// owns sends a message to the page on top, as one of its streams does.
func owns(d *driver.Driver, msg any) {
	stack := app(d).stack
	d.Send(owned{page: stack[len(stack)-1].id, msg: msg})
}

// rechecks gives the page on top its turn to ask whether its tags have moved.
func rechecks(d *driver.Driver) {
	switch p := app(d).top().(type) {
	case comparePage:
		owns(d, recheckMsg{p.watch.load})
	case tagsPage:
		owns(d, recheckMsg{p.watch.load})
	case timelinePage:
		owns(d, recheckMsg{p.watch.load})
	}
}
