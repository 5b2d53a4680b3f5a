package ui

import (
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui/compare"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/tags"
)

// pageFor makes the page that a route leads to.
func (a App) pageFor(to page.Route) page.Page {
	switch to := to.(type) {
	case page.CompareRoute:
		return compare.New(a.env, to.A, to.B, to.Known)
	case page.PickRoute:
		return tags.NewPick(a.env, to.Ref, to.Side)
	case page.SameImageRoute:
		return tags.NewSameImage(a.env, to.Ref)
	case page.TimelineRoute:
		return tags.NewTimeline(a.env, to.Ref)
	case page.PlaceRoute:
		return a.placePage(to.Ref)
	}
	return newHomePage(a.env)
}

// placePage makes the page that shows what ref names.
func (a App) placePage(ref model.Ref) page.Page {
	switch ref.Names() {
	case model.NamesRegistry:
		return newRepositoriesPage(a.env, ref)
	case model.NamesRepository:
		return tags.New(a.env, ref)
	}
	return compare.New(a.env, ref, nil, nil)
}

// repoOf is the repository that a page is about; none where it is about several
// or none.
func repoOf(p page.Page) model.Ref {
	if p, ok := p.(page.InRepo); ok {
		return p.Repo()
	}
	return model.Ref{}
}

// parseRoute reads what a person typed: one reference, or two to compare. Short
// ones, as :tag is, are meant beside a repository; a digest alone leads to the
// tags there that are its image.
func parseRoute(s string, beside model.Ref) (page.Route, error) {
	words := strings.Fields(s)
	if len(words) == 2 {
		first, err := model.ParseBeside(beside, words[0])
		if err != nil {
			return nil, err
		}
		second, err := model.ParseBeside(first, words[1])
		if err != nil {
			return nil, err
		}
		return page.CompareRoute{A: first, B: &second}, nil
	}
	s = strings.TrimSpace(s)
	alone := digest.Digest(strings.TrimPrefix(s, "@"))
	switch {
	case beside.Repository == "":
	case alone.Validate() == nil:
		return page.SameImageRoute{Ref: beside.AtDigest(alone)}, nil
	case strings.HasPrefix(s, ":"):
		ref, err := model.ParseBeside(beside, s)
		return page.CompareRoute{A: ref}, err
	}
	ref, err := model.ParseRef(s)
	if err != nil {
		return nil, err
	}
	return page.PlaceRoute{Ref: ref}, nil
}
