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

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/panics"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// Limits for lists.
const (
	pageSize      = 1000      // distribution refuses more for the catalog
	maxPages      = 2000      // of the usual size: twice as many names as are read
	maxNames      = 1_000_000 // 100 MB of memory
	maxEmptyPages = 3         // pages in a row without a new name
	maxQuery      = 8 << 10   // bytes of the query for the next page
)

// lister reads a list page by page. regclient reads the single page: its own
// paging reports no progress, never ends if a Link points to itself, and follows a
// Link to any host. The transport hides the Link header from regclient, and the lister
// uses only the query of the Link and the path below the list, so that every page comes
// from the registry. The steps get all names from distribution 2.8 and 3, zot, olareg and
// go-containerregistry's server, each of which pages (or does not) in its own way.
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
	digests   int                 // of the others; some registries list them among the tags
	seed      maphash.Seed
	requested map[string]bool // pages, see pageQuery.key
	linked    bool            // its pages have a Link, so a page without one is the last
	truncated bool            // there are more names than are read
}

func newLister(h *host, about model.Ref) *lister {
	return &lister{
		host: h, ref: about, maxPages: maxPages, maxNames: maxNames,
		seen: map[string]struct{}{}, invalid: map[uint64]bool{}, seed: maphash.MakeSeed(), requested: map[string]bool{},
	}
}

// pageQuery is the query for the next page.
type pageQuery struct {
	query    url.Values // nil if there is no next page
	subPath  string     // the path below that of the list; few registries have one
	guess    bool       // without a Link, since the page was full
	required bool       // without that page the list may be incomplete
	unread   string     // a Link that may lead to the next page and cannot be read
}

// key is the part of the URL that is different for each page.
func (q pageQuery) key() string { return q.subPath + "?" + q.query.Encode() }

// run reads in another goroutine and calls page in that of the caller. The channel
// between them holds the names that page has not received yet.
func (l *lister) run(ctx context.Context, page func([]string)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // also when page does not return
	box := make(chan []string, 1)
	var err error
	panics.Go(func() {
		defer close(box)
		err = l.read(ctx, box)
	})
	for names := range box {
		page(names)
	}
	return l.withInvalidNames(err)
}

// deliver puts names into the channel, after those that wait there. It does not block,
// since there is only one sender.
func deliver(box chan []string, names []string) {
	select {
	case waiting := <-box:
		names = append(waiting, names...)
	default:
	}
	box <- names
}

func (l *lister) read(ctx context.Context, box chan []string) error {
	next := pageQuery{query: url.Values{"n": {strconv.Itoa(pageSize)}}}
	emptyPages := 0
	for pages := 0; next.query != nil; pages++ {
		if why := l.stopReason(next.key(), pages, emptyPages); why != "" {
			return l.truncatedError(why)
		}
		l.requested[next.key()] = true
		names, cl, err := l.ask(ctx, next)
		switch {
		case err == nil:
		case pages == 0 && l.mayRefusePageSize(cl):
			next = pageQuery{query: url.Values{}} // it refuses this page size: read with its own
			continue
		case next.guess && cl.Err == nil && ctx.Err() == nil:
			if next.required {
				return l.truncatedError("it is not sorted and has no second page")
			}
			return nil // the guess was wrong: zot answers 404
		default:
			return l.catalogError(cl, err)
		}
		added, count := l.newNames(names)
		if emptyPages++; count > 0 {
			emptyPages = 0
		}
		if len(added) > 0 {
			deliver(box, added)
		}
		if l.truncated {
			return l.truncatedError(fmt.Sprintf("tagdiff reads at most %d names", l.maxNames))
		}
		next = l.nextPage(next.query, cl, names, count)
		switch {
		case next.unread != "":
			return l.incompleteError("may be", "tagdiff cannot read the link to its next page: "+safe.Clip(next.unread))
		case next.query == nil && l.linked && len(names) > 1 && count == 0: // the link led to names that were known
			return l.truncatedError("it repeats a page")
		}
	}
	return contextErrorOf(ctx)
}

// mayRefusePageSize reports whether the answer to the first page may be about its size, and
// not about the list. Registries have several statuses for a size that is too large.
func (l *lister) mayRefusePageSize(cl *transport.Exchange) bool {
	if cl.Err != nil || cl.Response.IsHTML() {
		return false
	}
	code, _, _ := firstError(cl.Response)
	switch cl.Response.Status {
	case http.StatusBadRequest, http.StatusRequestedRangeNotSatisfiable, http.StatusUnprocessableEntity, http.StatusInternalServerError:
		return true
	case http.StatusNotFound:
		return l.ref.Repository != "" && code != "NAME_UNKNOWN" && code != "NOT_FOUND"
	}
	return false
}

// stopReason is the reason not to read the next page, "" to read it.
func (l *lister) stopReason(key string, pages, emptyPages int) string {
	switch {
	case l.requested[key]:
		return "it repeats a page"
	case emptyPages >= maxEmptyPages:
		return fmt.Sprintf("%d pages in a row had no new names", emptyPages)
	case pages >= l.maxPages:
		return fmt.Sprintf("tagdiff reads at most %d pages", l.maxPages)
	case len(key) > maxQuery:
		return "the URL of its next page is too long"
	}
	return ""
}

// ask reads one page.
func (l *lister) ask(ctx context.Context, page pageQuery) ([]string, *transport.Exchange, error) {
	cl := &transport.Exchange{What: "list of " + l.kinds, Query: page.query, SubPath: page.subPath}
	var names []string
	err := l.host.do(ctx, l.ref, cl, func(ctx context.Context) (err error) {
		names, err = l.get(ctx)
		return err
	})
	return names, cl, err
}

// newNames returns the valid names that no earlier page had. count includes invalid
// ones: a page with new invalid names is not empty.
func (l *lister) newNames(names []string) (added []string, count int) {
	before := len(l.seen) + len(l.invalid)
	for _, n := range names {
		if _, known := l.seen[n]; known || n == "" {
			continue
		}
		if len(l.seen)+len(l.invalid) >= l.maxNames {
			l.truncated = true
			break
		}
		if l.valid(n) {
			l.seen[n] = struct{}{}
			added = append(added, n)
			continue
		}
		hash := maphash.String(l.seed, n)
		if !l.invalid[hash] && digest.Digest(n).Validate() == nil {
			l.digests++
		}
		l.invalid[hash] = true
	}
	return added, len(l.seen) + len(l.invalid) - before
}

// nextPage returns the query for the next page: that of the Link, or the names after
// the last one of a full page. If the names are not sorted, or if the registry ignores
// the parameter "last", it is a query for a larger page.
func (l *lister) nextPage(query url.Values, cl *transport.Exchange, names []string, count int) pageQuery {
	links := cl.Response.Header.Values("Link")
	if next := nextPage(links); next.query != nil {
		l.linked = true
		return next
	}
	if link := unreadLink(links); link != "" && len(names) > 0 {
		return pageQuery{unread: link}
	}
	n, err := strconv.Atoi(query.Get("n"))
	if err != nil || len(names) != n || l.linked {
		return pageQuery{}
	}
	sorted := slices.IsSorted(names)
	if count > 0 && sorted {
		return pageQuery{query: url.Values{"n": {strconv.Itoa(n)}, "last": {names[n-1]}}, guess: true}
	}
	return pageQuery{query: url.Values{"n": {strconv.Itoa(10 * n)}}, guess: true, required: !sorted}
}

// A Link has values as in RFC 8288: a target in angle brackets and parameters, in quotes or
// not. Some registries leave out the brackets of their only link.
var (
	linkValue = regexp.MustCompile(`(?:<([^>]*)>|^\s*([^<>;,\s]+)\s*(?:;|$))((?:[^,"']|"[^"]*"|'[^']*')*)`)
	linkRel   = regexp.MustCompile(`(?i)(?:^|[;\s])rel\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s;,]+))`)
)

// listPath matches a path up to that of a list, and captures a path below it.
var listPath = regexp.MustCompile(`^.*/(?:tags/list|_catalog)((?:/[\w=+~-][\w.=+~-]*)*)$`)

// nextPage is the page that a link leads to, without a query for none.
func nextPage(links []string) pageQuery {
	for _, link := range links {
		for _, value := range linkValue.FindAllStringSubmatch(link, -1) {
			target := strings.TrimSpace(value[1] + value[2])
			u, err := url.Parse(target)
			if err != nil || !leadsOn(target, value[3]) {
				continue
			}
			next := pageQuery{query: u.Query()}
			if below := listPath.FindStringSubmatch(u.Path); below != nil {
				next.subPath = below[1]
			}
			if u.RawQuery != "" || next.subPath != "" {
				return next
			}
		}
	}
	return pageQuery{}
}

// leadsOn reports whether a link leads to the next page: by its relation, or by its target
// if it has no relation.
func leadsOn(target, params string) bool {
	isNext, ok := relation(params)
	return isNext || !ok && isAboutList(target)
}

// relation reports whether the parameters of a link have a relation, and whether that is
// "next".
func relation(params string) (isNext, ok bool) {
	rel := linkRel.FindStringSubmatch(params)
	if rel == nil {
		return false, false
	}
	isNextWord := func(word string) bool { return strings.EqualFold(word, "next") }
	return slices.ContainsFunc(strings.Fields(rel[1]+rel[2]+rel[3]), isNextWord), true
}

// unreadLink returns a link that leads to the next page, or may do so, and that nextPage
// cannot read.
func unreadLink(links []string) string {
	for _, link := range links {
		values := linkValue.FindAllStringSubmatch(link, -1)
		if len(values) == 0 && (isAboutList(link) || strings.Contains(strings.ToLower(link), "next")) {
			return link
		}
		for _, value := range values {
			if leadsOn(value[1]+value[2], value[3]) {
				return link
			}
		}
	}
	return ""
}

// isAboutList reports whether a link has the path of a list or the query of a page.
func isAboutList(link string) bool {
	return strings.Contains(link, "/tags/list") || strings.Contains(link, "/_catalog") || strings.Contains(link, "last=")
}

// truncatedError is the error of a list that was not read to its end.
func (l *lister) truncatedError(why string) error { return l.incompleteError("is", why) }

func (l *lister) incompleteError(is, why string) error {
	names := "names"
	if len(l.seen) == 1 {
		names = "name"
	}
	return &model.ReadError{
		Message: fmt.Sprintf("the list of %s %s incomplete after %d %s: %s", l.host.name, is, len(l.seen), names, why),
		Next:    "type or paste a reference if the name that you need is missing",
	}
}

// withInvalidNames adds to err how many invalid names were left out, without digests.
func (l *lister) withInvalidNames(err error) error {
	var t *model.ReadError
	invalid := len(l.invalid) - l.digests
	note := fmt.Sprintf("%d names that are not valid %s were left out", invalid, l.kinds)
	them := "them"
	if invalid == 1 {
		note, them = fmt.Sprintf("1 name that is not a valid %s was left out", l.kind), "it"
	}
	switch {
	case invalid == 0:
		return err
	case err == nil:
		return &model.ReadError{Message: note, Next: "tell the administrator of " + l.host.name + ": no client can pull " + them}
	case errors.As(err, &t):
		return &model.ReadError{Message: t.Message + "; " + note, Next: t.Next, Err: err}
	}
	return err
}
