package ui

import (
	"context"
	"slices"
	"time"

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
	ctx         context.Context
	keys        int // that were pressed in the field
	input       widget.Input
	opened      string // the text of the field that was opened last: it does not filter the list
	inList      bool   // keys move in the list instead of editing the input
	left        string // the place that esc came back from, "" if it was handled
	suggestions suggestionsMsg
	sheet       widget.Sheet
}

// suggestionsMsg holds the recent places and the registries with credentials.
type suggestionsMsg struct{ recent, hosts []string }

func newHomePage(env page.Env) page.Page {
	return homePage{env: env, input: widget.NewInput(safe.Const("open:"))}
}

// quitMsg is the end of the pause after a q in the empty field.
type quitMsg struct{ keys int }

// quitPause is how long a q in the empty field waits for the rest of a name, such as quay.io, before it quits.
const quitPause = 600 * time.Millisecond

func (p homePage) Start(ctx context.Context) (page.Page, page.Effects) {
	p.ctx = ctx
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
	case quitMsg:
		if msg.keys == p.keys && !p.inList {
			return p, page.Send(page.QuitMsg{})
		}
	case page.PlacesMsg:
		p.suggestions.recent = msg.Recent
	case tea.PasteMsg:
		p.inList = false
		p.input = p.input.Update(msg)
	case page.SelectMsg:
		p.inList = true
		p.sheet, _ = p.sheet.Mouse(msg)
		if msg.Open {
			return p.pressList(page.Enter)
		}
	case page.ScrollMsg:
		p.sheet, _ = p.sheet.Mouse(msg)
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
	p.keys++
	isEmpty := p.input.Value() == ""
	switch s := msg.String(); {
	case isEmpty && key.Matches(msg, page.Keys.Help): // a reference cannot start with ?
		return p, page.Send(page.HelpMsg{})
	case isEmpty && s == ":":
		return p, page.Send(page.GotoMsg{})
	case isEmpty && key.Matches(msg, page.Keys.Quit):
		p.input = p.input.Update(msg)
		return p, append(page.Toast(safe.Const("q quits, unless you go on typing a name")), p.awaitQuit()...)
	case (s == "down" || s == "tab") && !p.sheet.IsEmpty():
		p.inList = true
		return p, nil
	case s == "esc":
		p.input = widget.NewInput(p.input.Label)
		return p, nil
	case s == "enter" && p.input.Value() != "":
		p.opened = p.input.Value()
		return p.open(p.opened)
	}
	p.input = p.input.Update(msg)
	return p, nil
}

// awaitQuit sends a quitMsg after a pause.
func (p homePage) awaitQuit() page.Effects {
	keys := p.keys
	return page.Once(p.ctx, func(ctx context.Context) tea.Msg {
		select {
		case <-ctx.Done():
		case <-time.After(quitPause):
		}
		return quitMsg{keys}
	})
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
	isLeft := func(r widget.Row) bool { return r.ID == p.left }
	returns := p.left != "" && slices.ContainsFunc(p.rows(""), isLeft)
	if returns {
		p.inList, p.input = true, widget.NewInput(p.input.Label)
	}
	text := p.input.Value()
	if text == p.opened {
		text = ""
	}
	p.sheet = p.sheet.With(p.rows(text), f.Height-len(p.inputLines(f)))
	if returns {
		p.sheet = p.sheet.GoTo(p.left)
	}
	p.left = ""
	return p, nil
}

// rows returns the places that contain a text.
func (p homePage) rows(text string) []widget.Row {
	own := without(p.env.OwnHosts, p.suggestions.recent)
	hosts := without(without(p.suggestions.hosts, p.suggestions.recent), own)
	filter := widget.NewFilter(text)
	return slices.Concat(placeRows(safe.Const("Recent"), filter.Passing(p.suggestions.recent)),
		placeRows(safe.Const("Registries of your config file"), filter.Passing(own)),
		placeRows(safe.Const("Registries you are logged in to"), filter.Passing(hosts)))
}

// without returns the places that are not among others.
func without(places, others []string) []string {
	return slices.DeleteFunc(slices.Clone(places), func(place string) bool { return slices.Contains(others, place) })
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
		return append(append(lines, look.Paragraph(look.Alert, f.Glyphs.Sentence(p.input.Err), f.Width)...), look.Line{})
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
	open := page.Describe(page.Keys.Open, "open what you typed")
	switch {
	case p.input.Value() == "":
		return []key.Binding{open, page.Bind("↓", "go to the list", "down"), page.Keys.Quit}
	case p.sheet.IsEmpty():
		return []key.Binding{open, page.Keys.ForceQuit}
	case p.input.Value() == p.opened:
		return []key.Binding{open, page.Bind("↓", "go to the list", "down"), page.Keys.ForceQuit}
	}
	return []key.Binding{open, page.Bind("↓", "go to what matches", "down"), page.Keys.ForceQuit}
}

func (p homePage) Help() page.KeyGroup {
	return page.KeyGroup{Name: "Home", Keys: []key.Binding{page.Describe(page.Keys.Open, "open"),
		page.Bind("↓", "go to the list", "down"), page.Describe(page.Keys.Quit, "quit, in the empty field"),
		page.Bind("tab", "switch between input and list", "tab")}}
}
