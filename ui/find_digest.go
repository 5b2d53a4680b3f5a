package ui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/page"
)

// findDigest answers a digest, or the first digits of one, that is typed into the prompt
// of a repository, from what the open pages have read. It opens the manifest of a tag.
// handled is false for other texts and for a whole digest that may be a manifest.
func (a App) findDigest(typed string) (_ App, cmd tea.Cmd, handled bool) {
	words := strings.Fields(typed)
	repo := repoOf(a.top())
	if repo.Repository == "" || len(words) == 0 || len(words) > 2 {
		return a, nil, false
	}
	last := words[len(words)-1]
	prefix, ok := model.ParseDigestPrefix(last, model.ShortDigits)
	switch _, short := model.ParseDigestPrefix(last, 1); {
	case !ok && short && strings.Contains(last, "sha256:"):
		a.answer = safe.Sprintf("%s is too short: at least %d digits of a digest are needed", safe.Clean(last), model.ShortDigits)
		return a, nil, true
	case !ok:
		return a, nil, false
	case len(words) == 2:
		return a.compareWithDigest(repo, words[0], prefix)
	}
	owners := a.digestOwners(repo, prefix)
	found, isManifest := diff.ManifestIn(owners)
	whole, isWhole := prefix.Whole()
	switch {
	case isWhole && (isManifest || len(owners) == 0):
		a, cmd = a.follow(page.SameImageRoute{Ref: repo.AtDigest(whole)})
	case len(owners) == 0:
		a.answer = a.notFoundText(repo, prefix)
	case isManifest && a.choosing() != "":
		a, cmd = a.chosen(a.choosing(), repo.AtDigest(found.Digest))
	case isManifest && found.Kind == model.PartManifest:
		if len(owners) > 1 {
			a.answer = diff.OwnersText(owners, false)
		}
		a, cmd = a.follow(page.CompareRoute{A: found.Ref})
	default:
		a.answer = diff.OwnersText(owners, false)
	}
	return a, cmd, true
}

// compareWithDigest compares an image with a manifest that is named by its first digits.
func (a App) compareWithDigest(repo model.Ref, first string, prefix model.DigestPrefix) (_ App, cmd tea.Cmd, handled bool) {
	with, err := model.ParseBeside(repo, first)
	if _, whole := prefix.Whole(); whole || err != nil {
		return a, nil, false
	}
	owners := a.digestOwners(with.Repo(), prefix)
	switch found, ok := diff.ManifestIn(owners); {
	case ok:
		b := with.AtDigest(found.Digest)
		a, cmd = a.follow(page.CompareRoute{A: with, B: &b})
	case len(owners) == 0:
		a.answer = a.notFoundText(with.Repo(), prefix)
	default:
		a.answer = diff.OwnersText(owners, false)
	}
	return a, cmd, true
}

// digestOwners asks the open pages of a repository, the top page first.
func (a App) digestOwners(repo model.Ref, prefix model.DigestPrefix) []model.Owner {
	var owners []model.Owner
	for _, p := range a.digestFinders() {
		for _, o := range p.DigestOwners(prefix) {
			same := func(other model.Owner) bool { return other == o || other.Kind == model.PartChild && samePart(other, o) }
			if o.Ref.Repo() == repo && !slices.ContainsFunc(owners, same) {
				owners = append(owners, o)
			}
		}
	}
	return owners
}

// samePart reports whether two owners are one part of one artifact, of which one page may have read more than another.
func samePart(a, b model.Owner) bool {
	return a.Digest == b.Digest && a.Kind == b.Kind && a.Ref == b.Ref
}

// digestFinders returns the pages that know digests, the top page first.
func (a App) digestFinders() []page.DigestFinder {
	var finders []page.DigestFinder
	for _, o := range slices.Backward(a.stack) {
		if f, ok := o.page.(page.DigestFinder); ok {
			finders = append(finders, f)
		}
	}
	return finders
}

// notFoundText says what was searched for a digest, and what to do next.
func (a App) notFoundText(repo model.Ref, prefix model.DigestPrefix) safe.Text {
	var all []safe.Text
	next := safe.Const("with all 64 digits o asks the registry")
	for i, f := range a.digestFinders() {
		if f.Repo() != repo {
			continue
		}
		read, more := f.DigestsRead()
		if !read.IsEmpty() && !slices.Contains(all, read) {
			all = append(all, read)
		}
		if i == 0 && !more.IsEmpty() {
			next = more
		}
	}
	if len(all) == 0 {
		return safe.Sprintf("no digest of this repository was read yet: open its tags, then search %s", safe.Clean(string(prefix)))
	}
	return safe.Sprintf("%s was not found in %s; %s", safe.Clean(string(prefix)), safe.Join(all, ", or in "), next)
}
