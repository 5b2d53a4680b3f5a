package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/tagdiff/tagdiff/model"
)

// Bounds on lists.
const (
	pageSize = 1000      // distribution refuses more for the catalog
	maxPages = 2000      //
	maxNames = 1_000_000 //
	maxIdle  = 3         // pages in a row without a new name
)

// Repositories calls page with the names of a registry's repositories as they
// arrive, without duplicates, from the calling goroutine. Many registries
// offer no such list; the trouble then says what to do instead.
func (c *Client) Repositories(ctx context.Context, name string, page func(names []string)) error {
	about := model.Ref{Registry: name}
	if err := valid(model.Ref{Registry: name, Repository: "x"}); err != nil {
		return err
	}
	if name == dockerHub {
		return noCatalog("Docker Hub", nil)
	}
	h := c.host(name)
	p := &pager{host: h, about: about, page: page}
	p.get = func(ctx context.Context) ([]string, error) {
		l, err := h.rc.RepoList(ctx, name)
		if err != nil {
			return nil, err
		}
		return l.Repositories, nil
	}
	return p.run(ctx)
}

// Tags does the same for the tags of a repository.
func (c *Client) Tags(ctx context.Context, repo model.Ref, page func(tags []string)) error {
	repo = repo.Repo()
	if err := valid(repo); err != nil {
		return err
	}
	h := c.host(repo.Registry)
	p := &pager{host: h, about: repo, page: page}
	p.get = func(ctx context.Context) ([]string, error) {
		l, err := h.rc.TagList(ctx, regRef(repo))
		if err != nil {
			return nil, err
		}
		return l.Tags, nil
	}
	return p.run(ctx)
}

// pager reads a list page by page. regclient reads the single page: its own
// paging reports no progress, never ends with a Link that leads to itself, and
// goes wherever a Link points to. The seam hides the Link from it, and the
// pager takes nothing but the query from it, so that every page comes from the
// host that was asked. The steps are those that got all names from
// distribution 2.8 and 3, zot, olareg and go-containerregistry's server, each
// of which pages (or does not) in its own way.
type pager struct {
	host  *host
	about model.Ref
	get   func(context.Context) ([]string, error) // one page
	page  func([]string)

	seen  map[string]bool // names
	asked map[string]bool // queries
}

// turn is what one page tells about the next.
type turn struct {
	query url.Values // nil: there is none
	guess bool       // no Link said so, but the page was full
}

func (p *pager) run(ctx context.Context) error {
	p.seen, p.asked = map[string]bool{}, map[string]bool{}
	next := turn{query: url.Values{"n": {strconv.Itoa(pageSize)}}}
	idle := 0
	for pages := 0; next.query != nil; pages++ {
		if p.asked[next.query.Encode()] || idle >= maxIdle || pages >= maxPages || len(p.seen) > maxNames {
			return p.stuck()
		}
		p.asked[next.query.Encode()] = true
		names, cl, err := p.ask(ctx, next.query)
		switch {
		case err == nil:
		case pages == 0 && cl.answer.status == http.StatusBadRequest && cl.err == nil && next.query.Has("n"):
			next = turn{query: url.Values{}} // it wants smaller pages: its own
			continue
		case next.guess && cl.err == nil && ctx.Err() == nil:
			return nil // the guess was wrong: zot answers 404
		default:
			return p.explain(cl, err)
		}
		fresh := p.fresh(names)
		if len(fresh) > 0 {
			idle = 0
			p.page(fresh)
		} else {
			idle++
		}
		next = p.turn(cl, names, len(fresh))
	}
	return ctxEnded(ctx)
}

func ctxEnded(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return ended(err)
	}
	return nil
}

func (p *pager) ask(ctx context.Context, query url.Values) ([]string, *call, error) {
	cl := &call{query: query}
	var names []string
	err := p.host.ask(ctx, p.about, cl, func(ctx context.Context) (err error) {
		names, err = p.get(ctx)
		return err
	})
	return names, cl, err
}

// fresh are the names that no page had before.
func (p *pager) fresh(names []string) []string {
	var fresh []string
	for _, n := range names {
		if n != "" && !p.seen[n] {
			p.seen[n] = true
			fresh = append(fresh, n)
		}
	}
	return fresh
}

// turn finds the next page: where Link points, or behind the last name of a
// full page.
func (p *pager) turn(cl *call, names []string, fresh int) turn {
	if query, ok := nextQuery(cl.answer.header.Values("Link")); ok {
		return turn{query: query}
	}
	if fresh > 0 && len(names) == pageSize {
		return turn{query: url.Values{"n": {strconv.Itoa(pageSize)}, "last": {names[len(names)-1]}}, guess: true}
	}
	return turn{}
}

// linkNext is the target of a Link with rel=next (RFC 8288), quoted or not.
var linkNext = regexp.MustCompile(`<([^>]*)>[^,]*;\s*rel="?next\b`)

func nextQuery(links []string) (url.Values, bool) {
	for _, l := range links {
		m := linkNext.FindStringSubmatch(l)
		if m == nil {
			continue
		}
		u, err := url.Parse(strings.TrimSpace(m[1]))
		if err != nil || u.RawQuery == "" {
			return nil, false
		}
		return u.Query(), true
	}
	return nil, false
}

// stuck is the trouble of a list that does not come to an end.
func (p *pager) stuck() error {
	return &model.Trouble{
		Say:  fmt.Sprintf("%s does not finish its list: after %d names it repeats itself", p.host.name, len(p.seen)),
		Next: "type or paste a reference if the one you want is missing",
	}
}

// explain makes the many ways to have no catalog one.
func (p *pager) explain(cl *call, err error) error {
	if p.about.Repository != "" {
		return err
	}
	var token *tokenError
	if errors.As(cl.err, &token) && token.err == nil {
		return noCatalog(p.host.name, err)
	}
	switch status := cl.answer.status; {
	case cl.err != nil || cl.answer.isHTML():
		return err
	case status == http.StatusUnauthorized && cl.answer.login == "":
		return &model.Trouble{
			Say:  p.host.name + " lists no repositories without a login, or not at all",
			Next: p.host.login() + ", or type or paste a reference", Err: err,
		}
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusNotFound,
		status == http.StatusMethodNotAllowed, status == http.StatusNotImplemented:
		return noCatalog(p.host.name, err)
	}
	return err
}

func noCatalog(name string, err error) error {
	return &model.Trouble{Say: name + " lists no repositories", Next: "type or paste a reference, as in python:3.12 or host/repository:tag", Err: err}
}
