package ui

import (
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
)

// path returns where the top page is, the outermost part first.
func (a App) path() []page.PathPart {
	var titles []page.PathPart // of pages about a part of the page below
	i := len(a.stack) - 1
	for ; i > 0; i-- {
		p, ok := a.stack[i].page.(page.HasTitle)
		if !ok {
			break
		}
		titles = append([]page.PathPart{{Text: p.Title()}}, titles...)
	}
	if p, ok := a.stack[i].page.(page.HasPath); ok {
		return append(p.Path(a.theme.Glyphs), titles...)
	}
	return append(page.Path(a.stack[i].page.Crumb()), titles...)
}

// pathLine returns a path in at most width cells. A narrow one loses first what the page itself says, then the parts
// in the middle, then the middle of its longest parts. Two repositories stay, each one shortened.
func pathLine(path []page.PathPart, g look.Glyphs, width int) look.Line {
	const shortest = 8 // cells of a part that is cut
	for _, shorten := range []func([]page.PathPart) []page.PathPart{
		withoutBelow,
		func(p []page.PathPart) []page.PathPart { return withoutMiddle(p, 2) },
		removeBelow,
		func(p []page.PathPart) []page.PathPart { return shortSides(p, g, width) },
		func(p []page.PathPart) []page.PathPart { return withoutMiddle(p, 1) },
	} {
		if joinPath(path, g).Width() > width {
			path = shorten(path)
		}
	}
	for over := joinPath(path, g).Width() - width; over > 0; over = joinPath(path, g).Width() - width {
		longest := 0
		for i := range path {
			if look.Width(path[i].Text) > look.Width(path[longest].Text) {
				longest = i
			}
		}
		now := look.Width(path[longest].Text)
		if now <= shortest {
			break
		}
		path[longest].Text = g.FitMiddle(path[longest].Text, max(now-over, shortest, now/2))
	}
	return joinPath(path, g)
}

// withoutBelow returns a copy of path without what the page itself says. An empty part is left out.
func withoutBelow(path []page.PathPart) []page.PathPart {
	short := slices.Clone(path)
	for i, part := range path {
		if part.Below {
			short[i].Text = safe.Text{}
		}
	}
	return short
}

// removeBelow returns path without the parts that the page itself says, and without a mark in their place.
func removeBelow(path []page.PathPart) []page.PathPart {
	return slices.DeleteFunc(slices.Clone(path), func(part page.PathPart) bool { return part.Below })
}

// shortSides returns a copy of path where the names of both sides are shortened so that it has width cells. The part
// before them becomes an ellipsis if that is not enough. It returns path if there is room for neither.
func shortSides(path []page.PathPart, g look.Glyphs, width int) []page.PathPart {
	const shortest = 8 // cells of a name that is cut
	i := slices.IndexFunc(path, func(part page.PathPart) bool { return len(part.Sides) > 0 })
	if i < 0 {
		return path
	}
	short, a, b := slices.Clone(path), path[i].Sides[0], path[i].Sides[1]
	room := func() int {
		return width - joinPath(short, g).Width() + look.Width(a) + look.Width(b)
	}
	if room() < 2*shortest && i > 0 {
		short[0].Text = g.Ellipsis
	}
	if room() < 2*shortest {
		return path
	}
	forA := min(look.Width(a), max(room()/2, room()-look.Width(b)))
	forB := min(look.Width(b), room()-forA)
	short[i].Text = safe.Sprintf("%s %s %s", shortName(a, b, g, forA), g.Arrow, shortName(b, a, g, forB))
	return short
}

// shortName returns a name in at most width cells. It loses its start, or its middle if the other side ends alike.
func shortName(name, other safe.Text, g look.Glyphs, width int) safe.Text {
	const before = 3 // cells before the difference, besides the ellipsis
	if look.Width(name) <= width {
		return name
	}
	s, o := name.String(), other.String()
	same := 0 // names of repositories are ASCII: a cell for each byte
	for same < min(len(s), len(o)) && s[same] == o[same] {
		same++
	}
	end := g.FitEnd(name, width)
	if !strings.HasSuffix(o, strings.TrimPrefix(end.String(), g.Ellipsis.String())) {
		return end
	}
	return g.FitMiddle(g.FitEnd(name, max(width, min(len(s), len(s)-same+before+look.Width(g.Ellipsis)))), width)
}

// withoutMiddle returns a copy of path that keeps so many parts at its start, and the last one.
func withoutMiddle(path []page.PathPart, first int) []page.PathPart {
	short := slices.Clone(path)
	for i := first; i < len(path)-1; i++ {
		short[i].Text = safe.Text{}
	}
	return short
}

// joinPath draws a path, with an ellipsis in place of the parts that are left out.
func joinPath(path []page.PathPart, g look.Glyphs) look.Line {
	l := look.Line{}
	for i, part := range path {
		text := part.Text
		if text.IsEmpty() && i > 0 {
			if path[i-1].Text.IsEmpty() {
				continue
			}
			text = g.Ellipsis
		}
		if i > 0 {
			l = l.With(look.S(look.Faint, safe.Sprintf(" %s ", g.Below)))
		}
		l = l.With(look.P(text))
	}
	return l
}
