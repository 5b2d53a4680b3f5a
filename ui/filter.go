package ui

import (
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// filter narrows a list to what contains its text. Upper case in it makes case
// count, as in vim's smartcase.
type filter struct {
	field  field
	open   bool // keys go to it
	active bool // it narrows
}

// matches reports whether s passes.
func (f filter) matches(s string) bool {
	if !f.active {
		return true
	}
	want := f.field.value()
	if strings.ToLower(want) == want {
		s = strings.ToLower(s)
	}
	return strings.Contains(s, want)
}

// update is f after a key. handled is false if the key is not for the filter.
func (f filter) update(msg tea.Msg) (_ filter, changed, handled bool) {
	press, isKey := msg.(tea.KeyPressMsg)
	switch {
	case !f.open && isKey && key.Matches(press, keys.Filter):
		f.open = true
		if !f.active {
			f.field = newField(safe.Const("/"))
		}
		return f, false, true
	case !f.open && isKey && f.active && key.Matches(press, keys.Back):
		return filter{}, true, true
	case !f.open:
		return f, false, false
	case isKey && press.String() == "esc":
		return filter{}, true, true
	case isKey && press.String() == "enter":
		f.open, f.active = false, f.field.value() != ""
		return f, true, true
	case isKey && (press.String() == "up" || press.String() == "down" || press.String() == "pgup" || press.String() == "pgdown"):
		return f, false, false
	}
	f.field = f.field.update(msg)
	f.active = f.field.value() != ""
	return f, true, true
}

// line is the filter as a line of the page, if it is in use.
func (f filter) line(width, shown, all int) (look.Line, bool) {
	if !f.open && !f.active {
		return look.Line{}, false
	}
	l := look.L(look.S(look.Strong, safe.Const("/")), look.P(safe.Clean(f.field.value())))
	if f.open {
		l = f.field.line(width - 20)
	}
	return l.With(look.S(look.Faint, safe.Sprintf("   %d of %d", shown, all))), true
}
