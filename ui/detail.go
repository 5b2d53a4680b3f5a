package ui

import (
	"context"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// detailPage is one row of a sheet in full: nothing is cut off in it.
type detailPage struct {
	path  safe.Text
	of    row
	sheet sheet
	drawn detailKey
}

// detailKey is what the lines of a detail depend on.
type detailKey struct {
	width  int
	reveal bool
}

// newDetailPage opens a row of the page that path names.
func newDetailPage(path safe.Text, r row) page { return detailPage{path: path, of: r} }

func (p detailPage) start(context.Context) (page, effects) { return p, nil }

func (p detailPage) layout(f frame) (page, effects) {
	k := detailKey{f.width, f.gate.Reveal}
	if k == p.drawn {
		p.sheet = p.sheet.sized(f.height)
		return p, nil
	}
	p.sheet, p.drawn = p.sheet.with(p.of.detail(f), f.height), k
	return p, nil
}

func (p detailPage) update(msg tea.Msg) (page, effects) {
	press, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return p, nil
	}
	if s, moved := p.sheet.move(press); moved {
		p.sheet = s
		return p, nil
	}
	switch {
	case key.Matches(press, keys.Back), key.Matches(press, keys.Open):
		return p, send(popMsg{})
	case key.Matches(press, keys.Copy):
		if r, ok := p.sheet.current(); ok && !r.value.IsEmpty() {
			return p, copyRow(r)
		}
		return p, copyRow(p.of)
	case key.Matches(press, keys.Shell):
		if r, ok := p.sheet.current(); ok && !r.shell.IsEmpty() {
			return p, shellRow(r)
		}
		return p, shellRow(p.of)
	}
	return p, nil
}

func (p detailPage) view(f frame) []look.Line { return p.sheet.view(f.glyphs) }
func (p detailPage) crumb() safe.Text         { return safe.Sprintf("%s: %s", p.path, p.of.title) }
func (p detailPage) typing() bool             { return false }

func (p detailPage) status() safe.Text {
	at, of := p.sheet.place()
	return safe.Sprintf("%d/%d ", at, of)
}

func (p detailPage) hints() []key.Binding {
	return []key.Binding{keys.Copy, keys.Shell, keys.Up, keys.Down, keys.Back}
}

func (p detailPage) help() []keyGroup {
	return []keyGroup{{"Detail", []key.Binding{as(keys.Copy, "copy the field under the cursor"), keys.Shell}}, moveKeys, everywhereKeys}
}

// copyRow copies a row's value, or says that it has none.
func copyRow(r row) effects {
	if r.value.IsEmpty() {
		return toast(safe.Const("there is nothing to copy here"))
	}
	return send(copyMsg{r.what, r.value})
}

// shellRow copies the command that proves a row.
func shellRow(r row) effects {
	if r.shell.IsEmpty() {
		return toast(safe.Const("no one command proves this row"))
	}
	return send(copyMsg{safe.Const("the command"), r.shell})
}

// fieldRows are rows for a detail: a name, and its value wrapped under it.
func fieldRows(f frame, name, value safe.Text, role look.Role) []row {
	if value.IsEmpty() {
		return nil
	}
	return textRows(f, name, []safe.Text{value}, value, role)
}

// textRows is fieldRows for a value of several lines. Each line is a row of its
// own, so that one can scroll through a long value; each copies it whole.
func textRows(f frame, name safe.Text, lines []safe.Text, whole safe.Text, role look.Role) []row {
	const indent = 14
	var rows []row
	lead := []look.Span{look.S(look.Faint, f.glyphs.Fit(name, indent-1)), look.Gap(1)}
	for _, t := range lines {
		for _, l := range look.Wrap([]look.Span{look.S(role, t)}, max(f.width-indent-2, 8)) {
			id := safe.Sprintf("%s %d", name, len(rows)).String()
			rows = append(rows, row{id: id, lines: []look.Line{look.L(lead...).With(l.Spans...)}, what: name, value: whole})
			lead = []look.Span{look.Gap(indent)}
		}
	}
	return rows
}

// noteRow is a remark of the program's own, not a place for the cursor.
func noteRow(f frame, t safe.Text) row {
	r := row{header: true}
	for _, l := range look.Wrap([]look.Span{look.S(look.Faint, t)}, max(f.width-3, 8)) {
		r.lines = append(r.lines, look.L(look.Gap(1)).With(l.Spans...))
	}
	return r
}

func headingRow(t safe.Text) row {
	return row{header: true, lines: []look.Line{look.L(look.S(look.Heading, t))}}
}

func blankRow() row { return row{header: true, lines: []look.Line{{}}} }
