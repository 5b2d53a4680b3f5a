package registry

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/panics"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// Bounds on lists.
const (
	pageSize = 1000      // distribution refuses more for the catalog
	maxPages = 2000      // of the usual size: twice as many names as are read
	maxNames = 1_000_000 // 100 MB of memory
	maxIdle  = 3         // pages in a row without a new name
	maxQuery = 8 << 10   // bytes of the query for the next page
)

// Repositories calls page with the names of a registry's repositories as they
// arrive, without duplicates, from the calling goroutine. It reads on while
// page is busy: what came meanwhile is handed over at once, in order, so that
// a page that takes long is called less often. page may keep what it gets.
//
// Names that cannot be part of a reference are never handed over: whoever
// gets a name may fetch it or put it into a command line. When there were
// some, the list ends with a trouble that says how many.
//
// Many registries offer no such list; the trouble then says what to do
// instead.
func (c *Client) Repositories(ctx context.Context, name string, page func(names []string)) error {
	if err := valid(model.Ref{Registry: name, Repository: "x"}); err != nil {
		return err
	}
	if name == model.DockerHub {
		return noCatalog(name, nil)
	}
	return c.repositories(name).run(ctx, page)
}

func (c *Client) repositories(name string) *pager {
	h := c.host(name)
	p := newPager(h, model.Ref{Registry: name})
	p.kind, p.kinds = "repository", "repositories"
	p.good = func(n string) bool { return valid(model.Ref{Registry: name, Repository: n}) == nil }
	p.get = func(ctx context.Context) ([]string, error) {
		l, err := h.rc.RepoList(ctx, name)
		if err != nil {
			return nil, err
		}
		return l.Repositories, nil
	}
	return p
}

// Tags does the same for the tags of a repository.
func (c *Client) Tags(ctx context.Context, repo model.Ref, page func(tags []string)) error {
	repo = repo.Repo()
	if err := valid(repo); err != nil {
		return err
	}
	return c.tags(repo).run(ctx, page)
}

func (c *Client) tags(repo model.Ref) *pager {
	h := c.host(repo.Registry)
	p := newPager(h, repo)
	p.kind, p.kinds = "tag", "tags"
	p.good = isTag
	p.get = func(ctx context.Context) ([]string, error) {
		l, err := h.rc.TagList(ctx, regRef(repo))
		if err != nil {
			return nil, err
		}
		return l.Tags, nil
	}
	return p
}

// isTag is the grammar of tags (distribution-spec, "Pulling manifests"), ten
// times as fast as the expression for it: there are thousands in a list.
func isTag(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_':
		case i == 0 || c != '.' && c != '-':
			return false
		}
	}
	return len(s) > 0 && len(s) <= 128
}

// pager reads a list page by page. regclient reads the single page: its own
// paging reports no progress, never ends with a Link that leads to itself, and
// goes wherever a Link points to. The seam hides the Link from it, and the
// pager takes nothing but the query from it, so that every page comes from the
// host that was asked. The steps are those that got all names from
// distribution 2.8 and 3, zot, olareg and go-containerregistry's server, each
// of which pages (or does not) in its own way.
type pager struct {
	host        *host
	about       model.Ref
	kind, kinds string                                  // what is listed
	get         func(context.Context) ([]string, error) // one page
	good        func(name string) bool                  // it can be part of a reference
	maxPages    int
	maxNames    int

	seen   map[string]struct{} // good names
	odd    map[uint64]bool     // hashes of the others, which can be of any length
	seed   maphash.Seed
	asked  map[string]bool // queries
	linked bool            // its pages have Links, and so the last one has none
	cut    bool            // there are more names than are read
}

func newPager(h *host, about model.Ref) *pager {
	return &pager{
		host: h, about: about, maxPages: maxPages, maxNames: maxNames,
		seen: map[string]struct{}{}, odd: map[uint64]bool{}, seed: maphash.MakeSeed(), asked: map[string]bool{},
	}
}

// turn is what one page tells about the next.
type turn struct {
	query url.Values // nil: there is none
	guess bool       // no Link said so, but the page was full
	vital bool       // without it nobody knows whether the list is whole
}

// run reads in a goroutine of its own and hands over in the caller's. The
// mailbox between them holds what is not handed over yet.
func (p *pager) run(ctx context.Context, page func([]string)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // also when page does not return
	box := make(chan []string, 1)
	var err error
	go func() {
		defer panics.Catch()
		defer close(box)
		err = p.read(ctx, box)
	}()
	for names := range box {
		page(names)
	}
	return p.leftOut(err)
}

// post puts names into the mailbox, behind those that still wait there. It
// does not block: nobody else puts anything in.
func post(box chan []string, names []string) {
	select {
	case waiting := <-box:
		names = append(waiting, names...)
	default:
	}
	box <- names
}

func (p *pager) read(ctx context.Context, box chan []string) error {
	next := turn{query: url.Values{"n": {strconv.Itoa(pageSize)}}}
	idle := 0
	for pages := 0; next.query != nil; pages++ {
		query := next.query.Encode()
		if why := p.enough(query, pages, idle); why != "" {
			return p.unfinished(why)
		}
		p.asked[query] = true
		names, cl, err := p.ask(ctx, next.query)
		switch {
		case err == nil:
		case pages == 0 && cl.Response.Status == http.StatusBadRequest && cl.Err == nil && next.query.Has("n"):
			next = turn{query: url.Values{}} // it wants smaller pages: its own
			continue
		case next.guess && cl.Err == nil && ctx.Err() == nil:
			if next.vital {
				return p.unfinished("it has no order and no second page")
			}
			return nil // the guess was wrong: zot answers 404
		default:
			return p.explain(cl, err)
		}
		fresh, news := p.fresh(names)
		if idle++; news > 0 {
			idle = 0
		}
		if len(fresh) > 0 {
			post(box, fresh)
		}
		if p.cut {
			return p.unfinished(fmt.Sprintf("tagdiff reads no more than %d names", p.maxNames))
		}
		next = p.turn(next.query, cl, names, news)
	}
	return ctxEnded(ctx)
}

// enough says why the next page is not asked for, "" if it is.
func (p *pager) enough(query string, pages, idle int) string {
	switch {
	case p.asked[query]:
		return "it repeats itself"
	case idle >= maxIdle:
		return fmt.Sprintf("%d pages in a row had nothing new", idle)
	case pages >= p.maxPages:
		return fmt.Sprintf("tagdiff reads no more than %d pages", p.maxPages)
	case len(query) > maxQuery:
		return "the address of its next page is too long"
	}
	return ""
}

func ctxEnded(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return ended(err)
	}
	return nil
}

func (p *pager) ask(ctx context.Context, query url.Values) ([]string, *transport.Exchange, error) {
	cl := &transport.Exchange{Query: query}
	var names []string
	err := p.host.ask(ctx, p.about, cl, func(ctx context.Context) (err error) {
		names, err = p.get(ctx)
		return err
	})
	return names, cl, err
}

// fresh are the good names that no page had before; news counts the others
// too: a page of nothing but odd names is not an idle one.
func (p *pager) fresh(names []string) (fresh []string, news int) {
	before := len(p.seen) + len(p.odd)
	for _, n := range names {
		if _, known := p.seen[n]; known || n == "" {
			continue
		}
		if len(p.seen)+len(p.odd) >= p.maxNames {
			p.cut = true
			break
		}
		if p.good(n) {
			p.seen[n] = struct{}{}
			fresh = append(fresh, n)
			continue
		}
		p.odd[maphash.String(p.seed, n)] = true
	}
	return fresh, len(p.seen) + len(p.odd) - before
}

// turn finds the next page: where Link points, or behind the last name of a
// full page. Where there is no such place, since the names have no order or
// what is said to be last changes nothing, it asks for more at once.
func (p *pager) turn(asked url.Values, cl *transport.Exchange, names []string, news int) turn {
	if query, ok := nextQuery(cl.Response.Header.Values("Link")); ok {
		p.linked = true
		return turn{query: query}
	}
	n, err := strconv.Atoi(asked.Get("n"))
	if err != nil || len(names) != n || p.linked {
		return turn{}
	}
	ordered := slices.IsSorted(names)
	if news > 0 && ordered {
		return turn{query: url.Values{"n": {strconv.Itoa(n)}, "last": {names[n-1]}}, guess: true}
	}
	return turn{query: url.Values{"n": {strconv.Itoa(10 * n)}}, guess: true, vital: !ordered}
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

// unfinished is the trouble of a list that is left before its end.
func (p *pager) unfinished(why string) error {
	names := "names"
	if len(p.seen) == 1 {
		names = "name"
	}
	return &model.Trouble{
		Say:  fmt.Sprintf("the list of %s is cut after %d %s: %s", p.host.name, len(p.seen), names, why),
		Next: "type or paste a reference if the one you want is missing",
	}
}

// leftOut adds to how the list ended that names were left out of it.
func (p *pager) leftOut(err error) error {
	var t *model.Trouble
	note := fmt.Sprintf("%d names that are no valid %s were left out", len(p.odd), p.kinds)
	if len(p.odd) == 1 {
		note = fmt.Sprintf("1 name that is no valid %s was left out", p.kind)
	}
	switch {
	case len(p.odd) == 0:
		return err
	case err == nil:
		return &model.Trouble{Say: note, Next: "ask who runs " + p.host.name + " about them: nobody can pull them"}
	case errors.As(err, &t):
		return &model.Trouble{Say: t.Say + "; " + note, Next: t.Next, Err: err}
	}
	return err
}

// explain makes the many ways to have no catalog one.
func (p *pager) explain(cl *transport.Exchange, err error) error {
	if p.about.Repository != "" {
		return err
	}
	var token *transport.TokenError
	if errors.As(cl.Err, &token) && token.Err == nil {
		return noCatalog(p.host.name, err)
	}
	switch status := cl.Response.Status; {
	case cl.Err != nil || cl.Response.IsHTML():
		return err
	case status == http.StatusUnauthorized && cl.Response.Login == "":
		return &model.Trouble{
			Say:  p.host.name + " lists no repositories without a login, or not at all",
			Next: p.host.login() + ", or type or paste a reference", Err: err,
		}
	case status == http.StatusUnauthorized:
		return &model.Trouble{
			Say:  fmt.Sprintf("%s lists no repositories for %s, or not at all", p.host.name, cl.Response.Login),
			Next: "check the name, " + p.host.login() + " again, or type or paste a reference", Err: err,
		}
	case status == http.StatusForbidden, status == http.StatusNotFound,
		status == http.StatusMethodNotAllowed, status == http.StatusNotImplemented:
		return noCatalog(p.host.name, err)
	}
	return err
}

func noCatalog(name string, err error) error {
	t := &model.Trouble{Say: name + " lists no repositories", Next: "type or paste a reference, as in " + name + "/repository:tag", Err: err}
	if name == model.DockerHub {
		t.Say, t.Next = "Docker Hub lists no repositories", "type or paste a reference, as in python:3.12"
	}
	return t
}
