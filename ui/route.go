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
	case page.ListRoute:
		return a.listPage(to.Of)
	case page.FindRoute:
		return tags.NewFind(a.env, to.Repo, to.Prefix, a.choosing())
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

// shortDigest returns the digits of a text that is the first digits of a digest, and not all.
func shortDigest(s string) (_ model.DigestPrefix, ok bool) {
	p, ok := model.ParseDigestPrefix(s, model.ShortDigits)
	_, whole := p.Whole()
	return p, ok && !whole
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
		if prefix, ok := shortDigest(words[1]); ok {
			return page.FindRoute{Repo: first.Repo(), Prefix: prefix, With: &first}, nil
		}
		if rest, prefix, ok := model.CutDigestPrefix(words[1]); ok {
			second, err := model.ParseBeside(first, rest+"@"+prefix.Padded().String())
			return page.FindRoute{Repo: second.Repo(), Prefix: prefix, With: &first}, err
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
	if rest, prefix, ok := model.CutDigestPrefix(s); ok && rest != "" {
		ref, err := model.ParseBeside(beside, rest+"@"+prefix.Padded().String())
		return page.FindRoute{Repo: ref.Repo(), Prefix: prefix}, err
	}
	if prefix, ok := model.ParseDigestPrefix(s, model.ShortDigits); ok && beside.Repository == "" && !strings.ContainsAny(s, "@:") {
		return nil, fmt.Errorf("%s is a digest without a repository: open the repository first, then o and these digits; "+
			"docker.io/library/%s names a repository", s, prefix)
	}
	ref, err := model.ParseRef(s)
	if err != nil {
		return nil, err
	}
	return page.PlaceRoute{Ref: ref}, nil
}
