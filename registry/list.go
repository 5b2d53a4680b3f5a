package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// Repositories calls page with the names of a registry's repositories as they arrive,
// in order, without duplicates, from the calling goroutine. Reading continues while
// page runs; the names that arrive meanwhile are delivered in one call. page may keep
// the slice.
//
// Names that cannot be part of a reference are left out, since a caller may request
// a name or put it into a command line. Repositories then returns an error with their
// number.
//
// Many registries have no such list; the error then contains what to do instead.
func (c *Client) Repositories(ctx context.Context, name string, page func(names []string)) error {
	if err := checkRef(model.Ref{Registry: name, Repository: "x"}); err != nil {
		return err
	}
	if name == model.DockerHub {
		return noCatalog(name, nil)
	}
	return c.repositories(name).run(ctx, page)
}

func (c *Client) repositories(name string) *lister {
	h := c.host(name)
	p := newLister(h, model.Ref{Registry: name})
	p.kind, p.kinds = "repository", "repositories"
	p.valid = func(n string) bool { return checkRef(model.Ref{Registry: name, Repository: n}) == nil }
	p.get = func(ctx context.Context) ([]string, error) {
		l, err := h.rc.RepoList(ctx, name)
		if err != nil {
			return nil, err
		}
		return l.Repositories, nil
	}
	return p
}

// Tags does the same as Repositories for the tags of a repository.
func (c *Client) Tags(ctx context.Context, repo model.Ref, page func(tags []string)) error {
	repo = repo.Repo()
	if err := checkRef(repo); err != nil {
		return err
	}
	l := c.tags(repo)
	err := l.run(ctx, page)
	c.warnOfDigests(repo, l.digests)
	return err
}

func (c *Client) tags(repo model.Ref) *lister {
	h := c.host(repo.Registry)
	p := newLister(h, repo)
	p.kind, p.kinds, p.valid = "tag", "tags", model.IsTag
	p.get = func(ctx context.Context) ([]string, error) {
		l, err := h.rc.TagList(ctx, regRef(repo))
		if err != nil {
			return nil, err
		}
		return l.Tags, nil
	}
	return p
}

// warnOfDigests warns once per repository that its list of tags has digests, which were left
// out: no client can pull them as tags, so the list is complete.
func (c *Client) warnOfDigests(repo model.Ref, n int) {
	if n == 0 || c.opts.Warn == nil {
		return
	}
	if _, warned := c.warnedOf.LoadOrStore(repo, true); warned {
		return
	}
	text := fmt.Sprintf("%d digests in the list of tags of %s were left out: they are not tags", n, repo)
	if n == 1 {
		text = fmt.Sprintf("1 digest in the list of tags of %s was left out: it is not a tag", repo)
	}
	c.opts.Warn(text)
}

// catalogError words the responses of registries without a catalog.
func (l *lister) catalogError(cl *transport.Exchange, err error) error {
	a, isToken, ok := catalogAnswer(cl)
	if l.ref.Repository != "" || !ok {
		return err
	}
	h, denied := l.host, isDenial(a.Status)
	switch {
	case denied && a.RedirectedTo != "": // another server refuses, which gets no login
		return typeReference(err, h.askAdministrator())
	case !isToken && lacksCatalog(a), isToken && a.Status == http.StatusBadRequest && a.Login == "", denied && h.name == gitHub:
		return noCatalog(h.name, err)
	case isToken && a.Login != "" && (a.Status == http.StatusUnauthorized || a.Status == http.StatusBadRequest): // the login itself
		return typeReference(err, h.logInAgain(a.Login))
	case denied && a.Login == "":
		return l.needsLogin(a.Status, err)
	case denied:
		return l.needsOtherLogin(a, err)
	}
	return err
}

// catalogAnswer is the answer of the registry or of its token service. ok is false if there is none,
// or if another function words it.
func catalogAnswer(cl *transport.Exchange) (a transport.Response, isToken, ok bool) {
	a = cl.Response
	token, isToken := errors.AsType[*transport.TokenError](cl.Err)
	switch {
	case isToken && token.Err == nil:
		a = token.Response
		a.Login = token.Login
	case cl.Err != nil:
		return a, false, false
	}
	return a, isToken, !a.IsHTML() && a.UnsupportedScheme() == "" && !loginExpired(a) && !limitsRequests(a)
}

// isDenial reports whether another login may get another answer.
func isDenial(status int) bool {
	return status == http.StatusUnauthorized || status == http.StatusForbidden
}

// lacksCatalog reports whether a registry answers a list of repositories so that has none.
func lacksCatalog(a transport.Response) bool {
	switch a.Status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return true
	}
	code, _, _ := firstError(a)
	return a.Status == http.StatusBadRequest && code == "UNSUPPORTED"
}

// needsOtherLogin is the error of a registry that may list its repositories with another login.
func (l *lister) needsOtherLogin(a transport.Response, err error) error {
	step := l.host.useOtherAccount(a.Login)
	if a.Status == http.StatusUnauthorized && !a.Issued { // the login itself
		step = l.host.logInAgain(a.Login)
	}
	return &model.ReadError{
		Message: fmt.Sprintf("%s does not list repositories for %s, or not at all", l.host.name, a.Login),
		Next:    typeOr(step), Err: err,
	}
}

// needsLogin is the error of a registry that may list its repositories with a login.
func (l *lister) needsLogin(status int, err error) error {
	h := l.host
	t := &model.ReadError{
		Message: h.name + " does not list repositories without a login, or not at all",
		Next:    typeOr(h.logIn("")), Err: err,
	}
	problem := h.loginError()
	helper, step := h.helperWithoutLogin()
	switch {
	case problem != nil && status == http.StatusUnauthorized:
		t.Message, t.Next = fmt.Sprintf("%s requires a login, and %s", h.name, problem.Message), problem.Next
	case problem != nil:
		t.Message, t.Next = t.Message+", and "+problem.Message, problem.Next
	case helper != "":
		t.Message, t.Next = t.Message+", and the credential helper "+helper+" has none", typeOr(step)
	}
	return t
}

// typeReference is the error of a list of repositories with the message of err. The remedy names a
// reference before other.
func typeReference(err error, other string) error {
	t, ok := errors.AsType[*model.ReadError](err)
	if !ok {
		return err
	}
	return &model.ReadError{Message: t.Message, Next: typeOr(other), Err: err}
}

// typeOr is the remedy where a list of repositories cannot be read, before other.
func typeOr(other string) string { return "type or paste a reference, or " + other }

// gitHub lists no repositories, whatever the login.
const gitHub = "ghcr.io"

// noCatalog is the error of a registry that does not list its repositories.
func noCatalog(name string, err error) error {
	t := &model.ReadError{
		Message: name + " does not list repositories",
		Next:    "type or paste a reference, for example " + name + "/repository:tag", Err: err, NoList: true,
	}
	if name == model.DockerHub {
		t.Message, t.Next = "Docker Hub does not list repositories", "type or paste a reference, for example python:3.12"
	}
	return t
}
