package tags_test

import (
	"testing"
	"time"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/tags"
	"github.com/tagdiff/tagdiff/ui/uitest/driver"
	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
)

// drive starts the program.
func drive(t *testing.T, o ui.Options, width, height int) *driver.Driver {
	t.Helper()
	o.Glyphs, o.Pulse = look.Unicode(), time.Millisecond
	return driver.Start(t, ui.New(t.Context(), o), width, height)
}

// open starts the program on references.
func open(t *testing.T, r page.Registry, width, height int, refs ...string) *driver.Driver {
	t.Helper()
	var open []model.Ref
	for _, r := range refs {
		open = append(open, fakereg.Ref(t, r))
	}
	return drive(t, ui.Options{Registry: r, Open: open}, width, height)
}

// top returns the page on top.
func top(d *driver.Driver) page.Page {
	_, top := d.Model.(ui.App).Top()
	return top
}

// owns sends a message to the page on top, as one of its streams does.
func owns(d *driver.Driver, msg any) {
	id, _ := d.Model.(ui.App).Top()
	d.Send(page.OwnedMsg{Page: id, Msg: msg})
}

// rechecks makes the poll of the page on top due.
func rechecks(d *driver.Driver) {
	owns(d, page.PollMsg{Load: tags.PollLoad(top(d))})
}
