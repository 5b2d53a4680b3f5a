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
	if l.ref.Repository != "" {
		return err
	}
	if token, ok := errors.AsType[*transport.TokenError](cl.Err); ok && token.Err == nil {
		return l.catalogTokenError(token, err)
	}
	login := cl.Response.Login
	switch status := cl.Response.Status; {
	case cl.Err != nil || cl.Response.IsHTML() || cl.Response.UnsupportedScheme() != "" || loginExpired(cl.Response):
		return err
	case isDenial(status) && login == "":
		return l.needsLogin(err)
	case status == http.StatusUnauthorized:
		return l.needsOtherLogin(login, l.host.logInAgain(login), err)
	case status == http.StatusForbidden:
		return l.needsOtherLogin(login, l.host.useOtherAccount(login), err)
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed, status == http.StatusNotImplemented:
		return noCatalog(l.host.name, err)
	}
	return err
}

// isDenial reports whether another login may get another answer.
func isDenial(status int) bool {
	return status == http.StatusUnauthorized || status == http.StatusForbidden
}

// catalogTokenError words the answers of token services that issue no token for a catalog.
func (l *lister) catalogTokenError(e *transport.TokenError, err error) error {
	switch status := e.Response.Status; {
	case status >= http.StatusInternalServerError, status == http.StatusTooManyRequests, loginExpired(e.Response):
		return err
	case l.host.name == gitHub:
	case status == http.StatusUnauthorized && e.Login != "": // which it rejects
		return err
	case isDenial(status) && e.Login == "":
		return l.needsLogin(err)
	case isDenial(status):
		return l.needsOtherLogin(e.Login, l.host.useOtherAccount(e.Login), err)
	}
	return noCatalog(l.host.name, err)
}

// needsOtherLogin is the error of a registry that may list its repositories with another login.
func (l *lister) needsOtherLogin(login, step string, err error) error {
	return &model.ReadError{
		Message: fmt.Sprintf("%s does not list repositories for %s, or not at all", l.host.name, login),
		Next:    "type or paste a reference, or " + step, Err: err,
	}
}

// needsLogin is the error of a registry that may list its repositories with a login.
func (l *lister) needsLogin(err error) error {
	h := l.host
	t := &model.ReadError{
		Message: h.name + " does not list repositories without a login, or not at all",
		Next:    "type or paste a reference, or " + h.logIn(""), Err: err,
	}
	if problem := h.loginError(); problem != nil {
		t.Message, t.Next = fmt.Sprintf("%s requires a login, and %s", h.name, problem.Message), problem.Next
	} else if helper, step := h.helperWithoutLogin(); helper != "" {
		t.Message, t.Next = fmt.Sprintf("%s, and the credential helper %s has none", t.Message, helper), "type or paste a reference, or "+step
	}
	return t
}

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
