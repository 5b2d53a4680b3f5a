package ui

import (
	"fmt"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui/compare"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/tags"
)

// pageFor creates the page of a route.
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

// placePage creates the page for the registry, repository or image that ref names.
func (a App) placePage(ref model.Ref) page.Page {
	switch ref.Names() {
	case model.NamesRegistry:
		return repositoriesPage{env: a.env, ref: ref}
	case model.NamesRepository:
		return tags.New(a.env, ref)
	}
	return compare.New(a.env, ref, nil, nil)
}

// repoOf returns the repository of a page, the zero Ref if it has none or several.
func repoOf(p page.Page) model.Ref {
	if p, ok := p.(page.InRepo); ok {
		return p.Repo()
	}
	return model.Ref{}
}

// parseRoute parses user input: one reference, or two to compare. A short reference such
// as :tag belongs to the repository of beside. A digest alone leads to the tags of that
// repository with its image.
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
	if len(words) > 2 {
		return nil, fmt.Errorf("%d references; give at most two images", len(words))
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
