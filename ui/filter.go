package ui

import (
	"regexp"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/sahilm/fuzzy"

	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// filter narrows a list to what its text matches. Upper case in it makes case
// count, as in vim's smartcase.
type filter struct {
	field  field
	open   bool // keys go to it
	active bool // it narrows
	mode   filterMode
	text   string         // what it narrows by
	anyway bool           // upper and lower case are the same
	expr   *regexp.Regexp // of byRegexp; nil while the text is none
}

// filterMode is how the text is meant.
type filterMode int

const (
	bySubstring filterMode = iota
	byFuzzy                // its letters in this order, others between them
	byRegexp
	filterModes
)

var filterLabels = [filterModes]safe.Text{safe.Const("/"), safe.Const("fuzzy/"), safe.Const("regex/")}

// matches reports whether s passes.
func (f filter) matches(s string) bool {
	if !f.active {
		return true
	}
	switch f.mode {
	case byFuzzy:
		return len(fuzzy.FindNoSort(f.text, []string{s})) > 0
	case byRegexp:
		return f.expr == nil || f.expr.MatchString(s)
	}
	if f.anyway {
		s = strings.ToLower(s)
	}
	return strings.Contains(s, f.text)
}

// pick is what of all passes, in their order; of a fuzzy filter the best match
// comes first. Without a filter it is all itself.
func (f filter) pick(all []string) []string {
	if !f.active {
		return all
	}
	var kept []string
	if f.mode == byFuzzy {
		for _, m := range fuzzy.Find(f.text, all) {
			kept = append(kept, m.Str)
		}
		return kept
	}
	for _, s := range all {
		if f.matches(s) {
			kept = append(kept, s)
		}
	}
	return kept
}

// update is f after a key. handled is false if the key is not for the filter.
func (f filter) update(msg tea.Msg) (_ filter, changed, handled bool) {
	press, isKey := msg.(tea.KeyPressMsg)
	switch {
	case f.open && isKey:
		return f.edit(press)
	case f.open:
		f.field = f.field.update(msg)
		return f.compiled(), true, true
	case isKey && key.Matches(press, keys.Filter):
		f.open = true
		if !f.active {
			f.field = newField(filterLabels[f.mode])
		}
		return f, false, true
	case isKey && f.active && key.Matches(press, keys.Back):
		return filter{mode: f.mode}, true, true
	}
	return f, false, false
}

// edit takes a key while the filter is being typed; those that move are the
// list's.
func (f filter) edit(press tea.KeyPressMsg) (_ filter, changed, handled bool) {
	switch press.String() {
	case "esc":
		return filter{mode: f.mode}, true, true
	case "enter":
		f.open, f.active = false, f.field.value() != ""
		return f, true, true
	case "tab":
		f.mode = (f.mode + 1) % filterModes
		f.field.label = filterLabels[f.mode]
		return f.compiled(), true, true
	case "up", "down", "pgup", "pgdown":
		return f, false, false
	}
	f.field = f.field.update(press)
	return f.compiled(), true, true
}

// compiled is f ready to match its text. A text that is no regular expression
// yet hides nothing.
func (f filter) compiled() filter {
	text := f.field.value()
	f.text, f.anyway = text, strings.ToLower(text) == text
	f.active, f.expr, f.field.err = text != "", nil, safe.Text{}
	if f.mode != byRegexp || !f.active {
		return f
	}
	if f.anyway {
		text = "(?i)" + text
	}
	expr, err := regexp.Compile(text)
	if err != nil {
		f.field.err = safe.Const("not a regular expression yet")
		return f
	}
	f.expr = expr
	return f
}

// line is the filter as a line of the page, if it is in use.
func (f filter) line(width, shown, all int) (look.Line, bool) {
	if !f.open && !f.active {
		return look.Line{}, false
	}
	l := look.L(look.S(look.Strong, filterLabels[f.mode]), look.P(safe.Clean(f.field.value())))
	if f.open {
		l = f.field.line(width - 20)
	}
	if !f.field.err.IsEmpty() {
		return l.With(look.S(look.Warn, safe.Sprintf("   %s", f.field.err))), true
	}
	return l.With(look.S(look.Faint, safe.Sprintf("   %d of %d", shown, all))), true
}

// hints are the keys while the filter is being typed.
func (f filter) hints() []key.Binding {
	next := [filterModes]string{"fuzzy", "regular expression", "plain text"}[f.mode]
	return []key.Binding{as(keys.Open, "keep the filter"), bind("tab", next, "tab"), as(keys.Back, "clear it")}
}
