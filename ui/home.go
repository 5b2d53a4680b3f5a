package ui

import (
	"context"
	"slices"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// homePage is the start page without a reference: an input, recent places, and the
// registries with stored credentials.
type homePage struct {
	env         page.Env
	input       widget.Input
	inList      bool // keys move in the list instead of editing the input
	suggestions suggestionsMsg
	sheet       widget.Sheet
}

// suggestionsMsg holds the recent places and the registries with credentials.
type suggestionsMsg struct{ recent, hosts []string }

func newHomePage(env page.Env) page.Page {
	return homePage{env: env, input: widget.NewInput(safe.Const("open:"))}
}

func (p homePage) Start(ctx context.Context) (page.Page, page.Effects) {
	return p, page.Once(ctx, func(context.Context) tea.Msg {
		var known suggestionsMsg
		if p.env.Places != nil {
			known.recent = p.env.Places.Recent()
		}
		if p.env.Hosts != nil {
			known.hosts = p.env.Hosts()
		}
		return known
	})
}

func (p homePage) Update(msg tea.Msg) (page.Page, page.Effects) {
	switch msg := msg.(type) {
	case suggestionsMsg:
		p.suggestions = msg
	case page.PlacesMsg:
		p.suggestions.recent = msg.Recent
	case tea.PasteMsg:
		p.inList = false
		p.input = p.input.Update(msg)
	case tea.KeyPressMsg:
		if p.inList {
			return p.pressList(msg)
		}
		return p.pressField(msg)
	}
	return p, nil
}

// pressField edits the input. A key that cannot start a reference keeps its meaning.
func (p homePage) pressField(msg tea.KeyPressMsg) (page.Page, page.Effects) {
	switch s := msg.String(); {
	case key.Matches(msg, page.Keys.Help) && p.input.Value() == "": // a reference cannot start with ?
		return p, page.Send(page.HelpMsg{})
	case (s == "down" || s == "tab") && !p.sheet.IsEmpty():
		p.inList = true
		return p, nil
	case s == "esc":
		p.input = widget.NewInput(p.input.Label)
		return p, nil
	case s == "enter" && p.input.Value() != "":
		return p.open(p.input.Value())
	}
	p.input = p.input.Update(msg)
	return p, nil
}

func (p homePage) open(place string) (page.Page, page.Effects) {
	to, err := parseRoute(place, model.Ref{})
	if err != nil {
		p.input.Err = safe.Clean(err.Error())
		return p, nil
	}
	return p, page.Send(to)
}

func (p homePage) pressList(msg tea.KeyPressMsg) (page.Page, page.Effects) {
	switch {
	case key.Matches(msg, page.Keys.Up) && p.sheet.AtFirst(), key.Matches(msg, page.Keys.Back), msg.String() == "shift+tab",
		msg.String() == "tab":
		p.inList = false
		return p, nil
	case key.Matches(msg, page.Keys.Open):
		r, ok := p.sheet.Current()
		if !ok {
			return p, nil
		}
		return p.open(r.ID)
	}
	s, moved := p.sheet.Move(msg)
	if !moved {
		return p, page.Unused(msg)
	}
	p.sheet = s
	return p, nil
}

func (p homePage) Layout(f page.Frame) (page.Page, page.Effects) {
	p.sheet = p.sheet.With(p.rows(), f.Height-len(p.inputLines(f)))
	return p, nil
}

func (p homePage) rows() []widget.Row {
	hosts := slices.DeleteFunc(slices.Clone(p.suggestions.hosts), func(h string) bool { return slices.Contains(p.suggestions.recent, h) })
	return append(placeRows(safe.Const("Recent"), p.suggestions.recent), placeRows(safe.Const("Registries you are logged in to"), hosts)...)
}

func placeRows(title safe.Text, places []string) []widget.Row {
	if len(places) == 0 {
		return nil
	}
	rows := []widget.Row{widget.HeadingRow(title)}
	for _, place := range places {
		rows = append(rows, widget.Row{ID: place, Lines: []look.Line{look.L(look.Gap(2), look.P(safe.Clean(place)))}})
	}
	return append(rows, widget.BlankRow())
}

func (p homePage) inputLines(f page.Frame) []look.Line {
	lines := []look.Line{
		{},
		look.L(look.Gap(1), look.P(safe.Const("Are these two tags the same image, and if not, what differs and why?"))),
		{},
		look.L(look.Gap(1)).With(p.input.Line(f.Width - 2).Spans...),
	}
	if !p.input.Err.IsEmpty() {
		return append(append(lines, look.Paragraph(look.Alert, p.input.Err, f.Width)...), look.Line{})
	}
	return append(lines, look.L(look.Gap(7), look.S(look.Faint,
		safe.Const("localhost:5000   host/app   host/app:tag   host/app:tag :other"))), look.Line{})
}

func (p homePage) View(f page.Frame) []look.Line {
	lines := p.inputLines(f)
	for _, l := range p.sheet.View(f.Glyphs) {
		if !p.inList {
			l.Selected, l.Spans[0] = false, look.Gap(1)
		}
		lines = append(lines, l)
	}
	return lines
}

func (p homePage) Crumb() safe.Text  { return safe.Text{} }
func (p homePage) Status() safe.Text { return safe.Text{} }

func (p homePage) Typing() bool { return !p.inList }

func (p homePage) Hints() []key.Binding {
	if p.inList {
		return []key.Binding{page.Keys.Open, page.Keys.Up, page.Keys.Down, page.Describe(page.Keys.Back, "back to the input"), page.Keys.Quit}
	}
	return []key.Binding{page.Describe(page.Keys.Open, "open what you typed"), page.Bind("↓", "go to the list", "down"), page.Keys.ForceQuit}
}

func (p homePage) Help() page.KeyGroup {
	return page.KeyGroup{Name: "Home", Keys: []key.Binding{page.Describe(page.Keys.Open, "open"),
		page.Bind("↓", "go to the list", "down"), page.Bind("tab", "switch between input and list", "tab")}}
}
