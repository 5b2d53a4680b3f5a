package ui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// paste goes to the field in use; anywhere else it is a reference to go to.
func (a App) paste(msg tea.PasteMsg) (App, tea.Cmd) {
	msg.Content = strings.TrimSpace(msg.Content)
	switch {
	case a.help != nil:
		return a, nil
	case a.prompt != nil:
		f := a.prompt.update(msg)
		a.prompt = &f
		return a, nil
	case a.top().typing():
		return a.toTop(msg)
	}
	f := newField(safe.Const("go to:")).update(msg)
	a.prompt = &f
	return a, nil
}

// pressPrompt edits the reference to go to.
func (a App) pressPrompt(msg tea.KeyPressMsg) (App, tea.Cmd) {
	switch msg.String() {
	case "esc":
		a.prompt = nil
		return a, nil
	case "enter":
		next, err := a.deps.parsePlace(a.prompt.value(), repoOf(a.top()))
		if err != nil {
			f := *a.prompt
			f.err = safe.Clean(err.Error())
			a.prompt = &f
			return a, nil
		}
		a.prompt = nil
		return a.push(next)
	}
	f := a.prompt.update(msg)
	a.prompt = &f
	return a, nil
}

// repoOf is the repository that a page is about; none where it is about several
// or none.
func repoOf(p page) model.Ref {
	switch p := p.(type) {
	case tagsPage:
		return p.ref
	case comparePage:
		return p.a.ref.Repo()
	case timelinePage:
		return p.ref.Repo()
	}
	return model.Ref{}
}

// parsePlace is the page for what a person typed: one reference, or two to
// compare. Short ones, as :tag is, are meant beside a repository; of a digest
// alone it is asked there which tags it is.
func (d deps) parsePlace(s string, beside model.Ref) (page, error) {
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
		return newComparePage(d, first, &second), nil
	}
	s = strings.TrimSpace(s)
	alone := digest.Digest(strings.TrimPrefix(s, "@"))
	switch {
	case beside.Repository == "":
	case alone.Validate() == nil:
		return newSamePage(d, beside.AtDigest(alone)), nil
	case strings.HasPrefix(s, ":"):
		ref, err := model.ParseBeside(beside, s)
		return newComparePage(d, ref, nil), err
	}
	ref, err := model.ParseRef(s)
	if err != nil {
		return nil, err
	}
	return d.pageFor(ref), nil
}
