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
	pageSize      = 1000      // distribution refuses more for the catalog
	maxPages      = 2000      // of the usual size: twice as many names as are read
	maxNames      = 1_000_000 // 100 MB of memory
	maxEmptyPages = 3         // pages in a row without a new name
	maxQuery      = 8 << 10   // bytes of the query for the next page
)

// lister reads a list page by page. regclient reads the single page: its own
// paging reports no progress, never ends with a Link that leads to itself, and
// goes wherever a Link points to. The transport hides the Link from it, and the
// lister takes only the query from it, so that every page comes from the
// registry. The steps are those that got all names from
// distribution 2.8 and 3, zot, olareg and go-containerregistry's server, each
// of which pages (or does not) in its own way.
type lister struct {
	host        *host
	ref         model.Ref
	kind, kinds string                                  // what is listed
	get         func(context.Context) ([]string, error) // one page
	valid       func(name string) bool                  // it can be part of a reference
	maxPages    int
	maxNames    int

	seen      map[string]struct{} // valid names
	invalid   map[uint64]bool     // hashes of the others, which can be of any length
	seed      maphash.Seed
	queries   map[string]bool // that were sent
	linked    bool            // its pages have Links, and so the last one has none
	truncated bool            // there are more names than are read
}

func newLister(h *host, about model.Ref) *lister {
	return &lister{
		host: h, ref: about, maxPages: maxPages, maxNames: maxNames,
		seen: map[string]struct{}{}, invalid: map[uint64]bool{}, seed: maphash.MakeSeed(), queries: map[string]bool{},
	}
}

// pageQuery is the query for the next page.
type pageQuery struct {
	query    url.Values // nil: there is none
	guess    bool       // no Link said so, but the page was full
	required bool       // without that page the list may be incomplete
}

// run reads in another goroutine and calls page in the caller's. The mailbox
// between them holds the names that page has not got yet.
func (p *lister) run(ctx context.Context, page func([]string)) error {
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
	return p.withInvalidNames(err)
}

// deliver puts names into the mailbox, behind those that wait there. It does not
// block: there is only one sender.
func deliver(box chan []string, names []string) {
	select {
	case waiting := <-box:
		names = append(waiting, names...)
	default:
	}
	box <- names
}

func (p *lister) read(ctx context.Context, box chan []string) error {
	next := pageQuery{query: url.Values{"n": {strconv.Itoa(pageSize)}}}
	idle := 0
	for pages := 0; next.query != nil; pages++ {
		query := next.query.Encode()
		if why := p.stopReason(query, pages, idle); why != "" {
			return p.truncatedError(why)
		}
		p.queries[query] = true
		names, cl, err := p.ask(ctx, next.query)
		switch {
		case err == nil:
		case pages == 0 && cl.Response.Status == http.StatusBadRequest && cl.Err == nil && next.query.Has("n"):
			next = pageQuery{query: url.Values{}} // it wants smaller pages: its own
			continue
		case next.guess && cl.Err == nil && ctx.Err() == nil:
			if next.required {
				return p.truncatedError("it is not sorted and has no second page")
			}
			return nil // the guess was wrong: zot answers 404
		default:
			return p.catalogError(cl, err)
		}
		fresh, news := p.newNames(names)
		if idle++; news > 0 {
			idle = 0
		}
		if len(fresh) > 0 {
			deliver(box, fresh)
		}
		if p.truncated {
			return p.truncatedError(fmt.Sprintf("tagdiff reads at most %d names", p.maxNames))
		}
		next = p.nextPage(next.query, cl, names, news)
	}
	return contextErrorOf(ctx)
}

// stopReason is why the next page is not read, "" if it is.
func (p *lister) stopReason(query string, pages, idle int) string {
	switch {
	case p.queries[query]:
		return "it repeats a page"
	case idle >= maxEmptyPages:
		return fmt.Sprintf("%d pages in a row had no new names", idle)
	case pages >= p.maxPages:
		return fmt.Sprintf("tagdiff reads at most %d pages", p.maxPages)
	case len(query) > maxQuery:
		return "the URL of its next page is too long"
	}
	return ""
}

func (p *lister) ask(ctx context.Context, query url.Values) ([]string, *transport.Exchange, error) {
	cl := &transport.Exchange{Query: query}
	var names []string
	err := p.host.do(ctx, p.ref, cl, func(ctx context.Context) (err error) {
		names, err = p.get(ctx)
		return err
	})
	return names, cl, err
}

// newNames are the valid names that no page had before. news counts invalid ones
// too: a page with new invalid names is not empty.
func (p *lister) newNames(names []string) (fresh []string, news int) {
	before := len(p.seen) + len(p.invalid)
	for _, n := range names {
		if _, known := p.seen[n]; known || n == "" {
			continue
		}
		if len(p.seen)+len(p.invalid) >= p.maxNames {
			p.truncated = true
			break
		}
		if p.valid(n) {
			p.seen[n] = struct{}{}
			fresh = append(fresh, n)
			continue
		}
		p.invalid[maphash.String(p.seed, n)] = true
	}
	return fresh, len(p.seen) + len(p.invalid) - before
}

// nextPage finds the next page: where Link points, or behind the last name of a
// full page. Where there is no such place, since the names have no order or
// what is said to be last changes nothing, it asks for more at once.
func (p *lister) nextPage(asked url.Values, cl *transport.Exchange, names []string, news int) pageQuery {
	if query, ok := nextQuery(cl.Response.Header.Values("Link")); ok {
		p.linked = true
		return pageQuery{query: query}
	}
	n, err := strconv.Atoi(asked.Get("n"))
	if err != nil || len(names) != n || p.linked {
		return pageQuery{}
	}
	ordered := slices.IsSorted(names)
	if news > 0 && ordered {
		return pageQuery{query: url.Values{"n": {strconv.Itoa(n)}, "last": {names[n-1]}}, guess: true}
	}
	return pageQuery{query: url.Values{"n": {strconv.Itoa(10 * n)}}, guess: true, required: !ordered}
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

// truncatedError is the trouble of a list that was not read to its end.
func (p *lister) truncatedError(why string) error {
	names := "names"
	if len(p.seen) == 1 {
		names = "name"
	}
	return &model.ReadError{
		Message: fmt.Sprintf("the list of %s is incomplete after %d %s: %s", p.host.name, len(p.seen), names, why),
		Next:    "type or paste a reference if the name that you need is missing",
	}
}

// withInvalidNames adds to err how many invalid names were left out.
func (p *lister) withInvalidNames(err error) error {
	var t *model.ReadError
	note := fmt.Sprintf("%d names that are not valid %s were left out", len(p.invalid), p.kinds)
	if len(p.invalid) == 1 {
		note = fmt.Sprintf("1 name that is not a valid %s was left out", p.kind)
	}
	switch {
	case len(p.invalid) == 0:
		return err
	case err == nil:
		return &model.ReadError{Message: note, Next: "tell the administrator of " + p.host.name + ": no client can pull them"}
	case errors.As(err, &t):
		return &model.ReadError{Message: t.Message + "; " + note, Next: t.Next, Err: err}
	}
	return err
}
