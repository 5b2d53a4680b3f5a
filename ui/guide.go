package ui

import (
	"context"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// Guide is a first screen that says what to try.
type Guide struct {
	Title, Intro string
	Stories      []Story
	Registry     model.Ref // to browse
}

// Story is one thing to try: two images and the question about them.
type Story struct {
	Title, Text, Look string
	A, B              model.Ref
}

// measure is how long a line of a story is at most: longer ones are hard to
// read, and the same on all screens it looks like what it is, a column.
const measure = 76

// guidePage shows a guide.
type guidePage struct {
	deps  deps
	guide Guide
	sheet sheet
}

func newGuidePage(d deps, g Guide) page { return guidePage{deps: d, guide: g} }

func (p guidePage) start(context.Context) (page, effects) { return p, nil }

func (p guidePage) layout(f frame) (page, effects) {
	p.sheet = p.sheet.with(p.rows(f), f.height-3)
	return p, nil
}

// rows is a row for each story, its text wrapped under its title.
func (p guidePage) rows(f frame) []row {
	var rows []row
	for i, s := range p.guide.Stories {
		r := row{id: s.Title}
		r.lines = append(r.lines, look.L(look.S(look.Heading, safe.Sprintf("%d  %s", i+1, s.Title)), look.Gap(2), look.S(look.Faint, safe.Sprintf("%s %s", s.A.Repository, pairText(s.A, s.B, f.glyphs)))))
		for _, text := range []look.Span{look.P(safe.Clean(s.Text)), look.S(look.Faint, safe.Sprintf("%s %s", f.glyphs.Arrow, s.Look))} {
			for _, l := range look.Wrap([]look.Span{text}, min(f.width-6, measure)) {
				r.lines = append(r.lines, look.L(look.Gap(3)).With(l.Spans...))
			}
		}
		rows = append(rows, r)
	}
	browse := look.L(look.S(look.Heading, safe.Sprintf("%d  Browse the registry", len(rows)+1)), look.Gap(2), look.S(look.Faint, safe.Clean(p.guide.Registry.String())))
	return append(rows, row{id: "browse", lines: []look.Line{browse}})
}

func pairText(a, b model.Ref, g look.Glyphs) safe.Text {
	if a.Repo() == b.Repo() {
		return safe.Sprintf("%s %s %s", a.Short(), g.Arrow, b.Short())
	}
	return safe.Sprintf("%s %s %s%s", a.Short(), g.Arrow, b.Repository, b.Short())
}

func (p guidePage) update(msg tea.Msg) (page, effects) {
	press, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return p, nil
	}
	if s, moved := p.sheet.move(press); moved {
		p.sheet = s
		return p, nil
	}
	if s := press.String(); len(s) == 1 && s[0] >= '1' && int(s[0]-'1') <= len(p.guide.Stories) {
		return p, p.open(int(s[0] - '1'))
	}
	switch {
	case key.Matches(press, keys.Open):
		return p, p.open(p.sheet.cursor)
	case key.Matches(press, keys.Back):
		return p, send(popMsg{})
	}
	return p, nil
}

func (p guidePage) open(i int) effects {
	if i >= len(p.guide.Stories) {
		return send(placeRoute{p.guide.Registry})
	}
	s := p.guide.Stories[i]
	return send(compareRoute{a: s.A, b: &s.B})
}

func (p guidePage) view(f frame) []look.Line {
	lines := []look.Line{{}, look.L(look.Gap(1), look.P(safe.Clean(p.guide.Intro))), {}}
	return append(lines, p.sheet.view(f.glyphs)...)
}

func (p guidePage) crumb() safe.Text { return safe.Clean(p.guide.Title) }

func (p guidePage) hints() []key.Binding {
	return []key.Binding{keys.Up, keys.Down, keys.Open, as(keys.Goto, "go to any reference"), keys.Quit}
}
func (p guidePage) status() safe.Text { return safe.Text{} }
func (p guidePage) help() []keyGroup {
	return []keyGroup{{"Try", []key.Binding{as(keys.Open, "open what the cursor is on"), bind("1-9", "open by number")}}, moveKeys, everywhereKeys}
}
func (p guidePage) typing() bool { return false }
