package ui

import (
	"context"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// Guide is a start page that suggests what to try.
type Guide struct {
	Title, Intro string
	Stories      []Story
	Registry     model.Ref // for the last row, which opens it
}

// Story is one suggestion: two images and a question about them.
type Story struct {
	Title, Text, Look string
	A, B              model.Ref
}

// storyWidth limits the line length of a story: longer lines are hard to read.
const storyWidth = 76

// guidePage shows a guide.
type guidePage struct {
	guide Guide
	sheet widget.Sheet
}

func (p guidePage) Start(context.Context) (page.Page, page.Effects) { return p, nil }

func (p guidePage) Layout(f page.Frame) (page.Page, page.Effects) {
	p.sheet = p.sheet.With(p.rows(f), f.Height-3)
	return p, nil
}

// rows returns a row for each story, with its text wrapped under the title.
func (p guidePage) rows(f page.Frame) []widget.Row {
	var rows []widget.Row
	for i, s := range p.guide.Stories {
		r := widget.Row{ID: s.Title}
		r.Lines = append(r.Lines, look.L(look.S(look.Heading, safe.Sprintf("%d  %s", i+1, s.Title)), look.Gap(2),
			look.S(look.Faint, safe.Sprintf("%s %s", s.A.Repository, pairText(s.A, s.B, f.Glyphs)))))
		for _, text := range []look.Span{look.P(safe.Clean(s.Text)), look.S(look.Faint, safe.Sprintf("%s %s", f.Glyphs.Arrow, s.Look))} {
			r.Lines = append(r.Lines, look.Hanging(look.L(look.Gap(3)), min(f.Width-6, storyWidth), text)...)
		}
		rows = append(rows, r)
	}
	browse := look.L(look.S(look.Heading, safe.Sprintf("%d  Browse the registry", len(rows)+1)), look.Gap(2),
		look.S(look.Faint, safe.Clean(p.guide.Registry.String())))
	return append(rows, widget.Row{ID: browseID, Lines: []look.Line{browse}})
}

func pairText(a, b model.Ref, g look.Glyphs) safe.Text {
	if a.Repo() == b.Repo() {
		return safe.Sprintf("%s %s %s", a.Short(), g.Arrow, b.Short())
	}
	return safe.Sprintf("%s %s %s%s", a.Short(), g.Arrow, b.Repository, b.Short())
}

func (p guidePage) Update(msg tea.Msg) (page.Page, page.Effects) {
	p.sheet, _ = p.sheet.Mouse(msg)
	if click, ok := msg.(page.SelectMsg); ok && click.Open {
		msg = page.Enter
	}
	press, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return p, nil
	}
	if s, moved := p.sheet.Move(press); moved {
		p.sheet = s
		return p, nil
	}
	if s := press.String(); len(s) == 1 && s[0] >= '1' && int(s[0]-'1') <= len(p.guide.Stories) {
		p.sheet = p.sheet.GoTo(p.id(int(s[0] - '1'))) // for the way back
		return p, p.open(int(s[0] - '1'))
	}
	switch {
	case key.Matches(press, page.Keys.Open):
		return p, p.open(p.sheet.Cursor)
	case key.Matches(press, page.Keys.Back):
		return p, page.Send(page.PopMsg{})
	}
	return p, page.Unused(press)
}

// browseID is the row that opens the registry.
const browseID = "browse"

// id returns the ID of a row.
func (p guidePage) id(i int) string {
	if i >= len(p.guide.Stories) {
		return browseID
	}
	return p.guide.Stories[i].Title
}

func (p guidePage) open(i int) page.Effects {
	if i >= len(p.guide.Stories) {
		return page.Send(page.PlaceRoute{Ref: p.guide.Registry})
	}
	s := p.guide.Stories[i]
	return page.Send(page.CompareRoute{A: s.A, B: &s.B})
}

func (p guidePage) View(f page.Frame) []look.Line {
	lines := []look.Line{{}, look.L(look.Gap(1), look.P(safe.Clean(p.guide.Intro))), {}}
	return append(lines, p.sheet.View(f.Glyphs)...)
}

func (p guidePage) Crumb() safe.Text { return safe.Clean(p.guide.Title) }

func (p guidePage) Hints() []key.Binding {
	return []key.Binding{page.Keys.Up, page.Keys.Down, page.Keys.Open, page.Describe(page.Keys.Goto, "go to any reference"), page.Keys.Quit}
}
func (p guidePage) Status() safe.Text { return safe.Text{} }
func (p guidePage) Help() page.KeyGroup {
	return page.KeyGroup{Name: "Try", Keys: []key.Binding{
		page.Describe(page.Keys.Open, "open the selected row"), page.Bind("1-9", "open by number"),
	}}
}
func (p guidePage) Typing() bool { return false }
