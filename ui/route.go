package ui

import (
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
)

// pageFor makes the page that a route leads to.
func (a App) pageFor(to route) page {
	switch to := to.(type) {
	case compareRoute:
		return newComparePage(a.deps, to.a, to.b, to.known)
	case pickRoute:
		return newPickPage(a.deps, to.ref, to.side)
	case sameImageRoute:
		return newSamePage(a.deps, to.ref)
	case timelineRoute:
		return newTimelinePage(a.deps, to.ref)
	case placeRoute:
		return a.placePage(to.ref)
	}
	return newHomePage(a.deps)
}

// placePage makes the page that shows what ref names.
func (a App) placePage(ref model.Ref) page {
	switch ref.Names() {
	case model.NamesRegistry:
		return newReposPage(a.deps, ref)
	case model.NamesRepository:
		return newTagsPage(a.deps, ref)
	}
	return newComparePage(a.deps, ref, nil, nil)
}

// repoOf is the repository that a page is about; none where it is about several
// or none.
func repoOf(p page) model.Ref {
	if p, ok := p.(interface{ repo() model.Ref }); ok {
		return p.repo()
	}
	return model.Ref{}
}

// parseRoute reads what a person typed: one reference, or two to compare. Short
// ones, as :tag is, are meant beside a repository; a digest alone leads to the
// tags there that are its image.
func parseRoute(s string, beside model.Ref) (route, error) {
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
		return compareRoute{a: first, b: &second}, nil
	}
	s = strings.TrimSpace(s)
	alone := digest.Digest(strings.TrimPrefix(s, "@"))
	switch {
	case beside.Repository == "":
	case alone.Validate() == nil:
		return sameImageRoute{beside.AtDigest(alone)}, nil
	case strings.HasPrefix(s, ":"):
		ref, err := model.ParseBeside(beside, s)
		return compareRoute{a: ref}, err
	}
	ref, err := model.ParseRef(s)
	if err != nil {
		return nil, err
	}
	return placeRoute{ref}, nil
}
