package ui

import (
	"context"
	"slices"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// homePage is where one starts without a reference: a field to type or paste
// into, above the places of before and the registries one is logged in to.
type homePage struct {
	deps   deps
	field  field
	inList bool // the keys move in the list, not in the field
	known  knownMsg
	sheet  sheet
}

// knownMsg is what the machine knows already.
type knownMsg struct{ recent, hosts []string }

func newHomePage(d deps) page {
	return homePage{deps: d, field: newField(safe.Const("open:"))}
}

func (p homePage) start(ctx context.Context) (page, effects) {
	return p, once(ctx, func(context.Context) tea.Msg {
		var known knownMsg
		if p.deps.places != nil {
			known.recent = p.deps.places.Recent()
		}
		if p.deps.hosts != nil {
			known.hosts = p.deps.hosts()
		}
		return known
	})
}

func (p homePage) update(msg tea.Msg) (page, effects) {
	switch msg := msg.(type) {
	case knownMsg:
		p.known = msg
	case placesMsg:
		p.known.recent = msg.recent
	case tea.PasteMsg:
		p.inList = false
		p.field = p.field.update(msg)
	case tea.KeyPressMsg:
		if p.inList {
			return p.pressList(msg)
		}
		return p.pressField(msg)
	}
	return p, nil
}

// pressField edits; keys that no reference begins with keep their meaning.
func (p homePage) pressField(msg tea.KeyPressMsg) (page, effects) {
	switch s := msg.String(); {
	case key.Matches(msg, keys.Help) && p.field.value() == "": // no reference begins with ?
		return p, send(helpMsg{})
	case (s == "down" || s == "tab") && !p.sheet.isEmpty():
		p.inList = true
		return p, nil
	case s == "esc":
		p.field = newField(p.field.label)
		return p, nil
	case s == "enter" && p.field.value() != "":
		to, err := parseRoute(p.field.value(), model.Ref{})
		if err != nil {
			p.field.err = safe.Clean(err.Error())
			return p, nil
		}
		return p, send(to)
	}
	p.field = p.field.update(msg)
	return p, nil
}

func (p homePage) pressList(msg tea.KeyPressMsg) (page, effects) {
	switch {
	case key.Matches(msg, keys.Up) && p.sheet.atFirst(), key.Matches(msg, keys.Back), msg.String() == "shift+tab", msg.String() == "tab":
		p.inList = false
		return p, nil
	case key.Matches(msg, keys.Open):
		r, ok := p.sheet.current()
		if !ok {
			return p, nil
		}
		to, err := parseRoute(r.id, model.Ref{})
		if err != nil {
			p.field.err = safe.Clean(err.Error())
			return p, nil
		}
		return p, send(to)
	}
	p.sheet, _ = p.sheet.move(msg)
	return p, nil
}

func (p homePage) layout(f frame) (page, effects) {
	p.sheet = p.sheet.with(p.rows(), f.height-len(p.top(f)))
	return p, nil
}

func (p homePage) rows() []row {
	var rows []row
	hosts := slices.DeleteFunc(slices.Clone(p.known.hosts), func(h string) bool { return slices.Contains(p.known.recent, h) })
	rows = append(rows, placeRows(safe.Const("Where you were"), p.known.recent)...)
	return append(rows, placeRows(safe.Const("Registries you are logged in to"), hosts)...)
}

func placeRows(title safe.Text, places []string) []row {
	if len(places) == 0 {
		return nil
	}
	rows := []row{{header: true, lines: []look.Line{look.L(look.S(look.Heading, title))}}}
	for _, place := range places {
		rows = append(rows, row{id: place, lines: []look.Line{look.L(look.Gap(2), look.P(safe.Clean(place)))}})
	}
	return append(rows, row{header: true, lines: []look.Line{{}}})
}

func (p homePage) top(f frame) []look.Line {
	lines := []look.Line{
		{},
		look.L(look.Gap(1), look.P(safe.Const("Are these two tags the same image, and if not, what differs and why?"))),
		{},
		look.L(look.Gap(1)).With(p.field.line(f.width - 2).Spans...),
	}
	if !p.field.err.IsEmpty() {
		return append(lines, look.L(look.Gap(1), look.S(look.Alert, p.field.err)), look.Line{})
	}
	return append(lines, look.L(look.Gap(7), look.S(look.Faint, safe.Const("localhost:5000   host/app   host/app:tag   host/app:tag :other"))), look.Line{})
}

func (p homePage) view(f frame) []look.Line {
	lines := p.top(f)
	for _, l := range p.sheet.view(f.glyphs) {
		if !p.inList {
			l.Selected, l.Spans[0] = false, look.Gap(1)
		}
		lines = append(lines, l)
	}
	return lines
}

func (p homePage) crumb() safe.Text  { return safe.Text{} }
func (p homePage) status() safe.Text { return safe.Text{} }

func (p homePage) typing() bool { return !p.inList }

func (p homePage) hints() []key.Binding {
	if p.inList {
		return []key.Binding{keys.Open, keys.Up, keys.Down, as(keys.Back, "to the field"), keys.Quit}
	}
	return []key.Binding{as(keys.Open, "open what you typed"), bind("↓", "the list", "down"), keys.ForceQuit}
}

func (p homePage) help() []keyGroup {
	return []keyGroup{{"Home", []key.Binding{as(keys.Open, "open"), bind("↓", "from the field to the list", "down"), bind("tab", "between field and list", "tab")}}, moveKeys, everywhereKeys}
}
