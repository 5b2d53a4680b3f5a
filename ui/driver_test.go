package ui

import (
	"testing"
	"time"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
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
	a.options.Pulse = time.Millisecond
	return driver.Start(t, a, width, height)
}

// open starts an App on references.
func open(t *testing.T, r page.Registry, width, height int, refs ...string) *driver.Driver {
	t.Helper()
	var open []model.Ref
	for _, r := range refs {
		open = append(open, fakereg.Ref(t, r))
	}
	return drive(t, Options{Registry: r, Open: open}, width, height)
}

func app(d *driver.Driver) App { return d.Model.(App) }
