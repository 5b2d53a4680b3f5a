package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry/transport"
)

func names(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("v%05d", i)
	}
	return all
}

// paging answers as one kind of registry does. It gets all names and the page
// that is asked for, and returns that page and the Link's target.
type paging func(all []string, last string, n int) (page []string, link string)

func after(all []string, last string, n int) []string {
	i := 0
	if last != "" {
		i = slices.Index(all, last) + 1
	}
	return all[i:min(i+n, len(all))]
}

func link(page []string, n, all int) string {
	if len(page) < n || page[len(page)-1] == names(all)[all-1] {
		return ""
	}
	return fmt.Sprintf("/v2/app/tags/list?last=%s&n=%d", page[len(page)-1], n)
}

var pagings = map[string]struct {
	list     paging
	requests int
}{
	"distribution 2.8: all, unsorted, n ignored": {func(all []string, _ string, _ int) ([]string, string) {
		all = slices.Clone(all)
		slices.Reverse(all)
		return all, ""
	}, 1},
	"distribution 3: Link": {func(all []string, last string, n int) ([]string, string) {
		page := after(all, last, n)
		return page, link(page, n, len(all))
	}, 3},
	"small pages": {func(all []string, last string, n int) ([]string, string) {
		page := after(all, last, 500)
		return page, link(page, 500, len(all))
	}, 5},
	"opaque tokens, absolute Link to another name of itself": {func(all []string, last string, n int) ([]string, string) {
		page := after(all, last, n)
		if l := link(page, n, len(all)); l != "" {
			return page, "https://inside.example" + l
		}
		return page, ""
	}, 3},
	"no Link, no order, as many as are wanted, from the first on": {func(all []string, _ string, n int) ([]string, string) {
		all = slices.Clone(all)
		slices.Reverse(all)
		return all[:min(n, len(all))], ""
	}, 2},
	"no Link, last changes nothing": {func(all []string, _ string, n int) ([]string, string) {
		return all[:min(n, len(all))], ""
	}, 3},
	"no Link; past the end it starts over": {func(all []string, last string, n int) ([]string, string) {
		if last == all[len(all)-1] {
			last = ""
		}
		return after(all, last, n), ""
	}, 3},
}

func serveList(s *server, key string, all []string, list paging) {
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		n, err := strconv.Atoi(r.URL.Query().Get("n"))
		if err != nil {
			n = 100
		}
		page, next := list(all, r.URL.Query().Get("last"), n)
		if next != "" {
			w.Header().Set("Link", "<"+next+`>; rel="next"`)
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"name": "app", key: page})
		return true
	})
}

// TestTags_everyPaging checks that every way of paging gives every name.
func TestTags_everyPaging(t *testing.T) {
	for name, tt := range pagings {
		for _, list := range []string{"tags", "repositories"} {
			t.Run(list+"/"+name, func(t *testing.T) {
				s := newServer(t)
				serveList(s, list, names(2500), tt.list)
				var got []string
				pages := 0
				page := func(names []string) { pages++; got = append(got, names...) }
				c := newClient(t, Options{})
				if list == "tags" {
					ok(t, c.Tags(deadline(t), s.ref("app", ""), page))
				} else {
					ok(t, c.Repositories(deadline(t), s.host, page))
				}
				slices.Sort(got)
				if !slices.Equal(got, names(2500)) {
					t.Errorf("got %d names", len(got))
				}
				if n := len(s.requests()); n != tt.requests || pages < 1 || pages > tt.requests {
					t.Errorf("%d requests and %d pages, want %d and no more pages", n, pages, tt.requests)
				}
			})
		}
	}
}

// TestTags_exactlyFullPage checks that a list may go on after an exactly full page.
func TestTags_exactlyFullPage(t *testing.T) {
	s := newServer(t)
	serveList(s, "tags", names(pageSize), pagings["distribution 2.8: all, unsorted, n ignored"].list)
	var got []string
	ok(t, newClient(t, Options{}).Tags(deadline(t), s.ref("app", ""), func(n []string) { got = append(got, n...) }))
	if len(got) != pageSize {
		t.Errorf("got %d names", len(got))
	}

	// zot answers 404 to a name it does not know.
	s = newServer(t)
	serveList(s, "tags", names(pageSize), pagings["distribution 3: Link"].list)
	list := s.front()
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Has("last") {
			http.NotFound(w, r)
			return true
		}
		return list(w, r)
	})
	ok(t, newClient(t, Options{}).Tags(deadline(t), s.ref("app", ""), func([]string) {}))
}

// TestTags_startsOver checks that a list that starts over after a full page is complete.
func TestTags_startsOver(t *testing.T) {
	s := newServer(t)
	serveList(s, "tags", names(2*pageSize), pagings["no Link; past the end it starts over"].list)
	got := 0
	ok(t, newClient(t, Options{}).Tags(deadline(t), s.ref("app", ""), func(n []string) { got += len(n) }))
	if n := len(s.requests()); got != 2*pageSize || n != 4 {
		t.Errorf("%d names of %d requests", got, n)
	}
}

// TestTags_unsortedFullPage checks that an unsorted full page that cannot be larger is not taken for the whole list.
func TestTags_unsortedFullPage(t *testing.T) {
	s := newServer(t)
	serveList(s, "tags", names(2500), pagings["no Link, no order, as many as are wanted, from the first on"].list)
	list := s.front()
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		if len(r.URL.Query().Get("n")) > 4 {
			w.WriteHeader(http.StatusBadRequest)
			return true
		}
		return list(w, r)
	})
	got := 0
	err := newClient(t, Options{}).Tags(deadline(t), s.ref("app", ""), func(n []string) { got += len(n) })
	says(t, err, "is incomplete after 1000 names: it is not sorted and has no second page")
	if got != pageSize {
		t.Errorf("%d names", got)
	}
}

// TestTags_memory checks that the memory for a list is in proportion to its size.
func TestTags_memory(t *testing.T) {
	const n = 1_000_000
	p := newClient(t, Options{}).tags(model.Ref{Registry: "localhost", Repository: "app"})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	page := make([]string, 0, pageSize)
	for i := range n {
		if page = append(page, fmt.Sprintf("v1.%06d-alpine", i)); len(page) == pageSize {
			p.newNames(page)
			page = page[:0]
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if each := (after.HeapAlloc - before.HeapAlloc) / n; len(p.seen) != n || each > 100 {
		t.Errorf("%d bytes for each of %d names", each, len(p.seen))
	}
}

func FuzzTag(f *testing.F) {
	named, err := reference.WithName("localhost/app")
	ok(f, err)
	for _, s := range append([]string{"", "v1.2", "_x", ".x", strings.Repeat("y", 128), strings.Repeat("y", 129)}, hostile...) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := reference.WithTag(named, s); model.IsTag(s) != (err == nil) {
			t.Errorf("%q is a tag: %v", s, model.IsTag(s))
		}
	})
}

// TestTags_endless checks that an endless list is abandoned.
func TestTags_endless(t *testing.T) {
	for name, tt := range map[string]struct {
		why  string
		list paging
	}{
		"Link to itself": {"repeats a page", func(all []string, _ string, n int) ([]string, string) { return all, "/v2/app/tags/list?n=1000" }},
		"the same again": {"3 pages in a row had no new names", func(all []string, last string, n int) ([]string, string) {
			return all, "/v2/app/tags/list?last=" + last + "x"
		}},
		"empty pages": {"3 pages in a row had no new names", func(all []string, last string, n int) ([]string, string) {
			return nil, "/v2/app/tags/list?last=" + last + "x"
		}},
		"Link to elsewhere": {"repeats a page", func(all []string, last string, n int) ([]string, string) {
			return all, "https://other.invalid/?n=1000"
		}},
		"Link without end": {"URL of its next page is too long", func(all []string, last string, n int) ([]string, string) {
			return all, "/v2/app/tags/list?last=" + strings.Repeat("x", maxQuery)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			serveList(s, "tags", names(10), tt.list)
			got := 0
			err := newClient(t, Options{}).Tags(deadline(t), s.ref("app", ""), func(n []string) { got += len(n) })
			says(t, err, tt.why, "is incomplete after", "paste a reference")
			isShort(t, err)
			if name != "empty pages" && got != 10 {
				t.Errorf("%d names", got)
			}
			if n := len(s.requests()); n > 1+maxEmptyPages {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// TestTags_limits checks that the pages and the names of a list are limited.
func TestTags_limits(t *testing.T) {
	s := newServer(t)
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"tags":["` + strings.Repeat("x", transport.MaxList) + `"]}`))
		return true
	})
	says(t, newClient(t, Options{}).Tags(deadline(t), s.ref("app", ""), func([]string) {}), "sent more data than tagdiff accepts")
}

// TestTags_tooLongReason checks that a list that is too long is not reported as repeating a page.
func TestTags_tooLongReason(t *testing.T) {
	for _, tt := range []struct {
		name             string
		maxPages, maxAll int
		why              string
		names, requests  int
	}{
		{"pages", 2, maxNames, "is incomplete after 200 names: tagdiff reads at most 2 pages", 200, 2},
		{"names", maxPages, 250, "is incomplete after 250 names: tagdiff reads at most 250 names", 250, 3},
		{"both suffice", 10, 1000, "", 1000, 10},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t)
			serveList(s, "tags", names(1000), func(all []string, last string, _ int) ([]string, string) {
				page := after(all, last, 100)
				return page, link(page, 100, len(all))
			})
			p := newClient(t, Options{}).tags(s.ref("app", ""))
			p.maxPages, p.maxNames = tt.maxPages, tt.maxAll
			got := 0
			err := p.run(deadline(t), func(n []string) { got += len(n) })
			if tt.why == "" {
				ok(t, err)
			} else {
				says(t, err, tt.why, "paste a reference")
			}
			if n := len(s.requests()); got != tt.names || n != tt.requests {
				t.Errorf("%d names of %d requests, want %d and %d", got, n, tt.names, tt.requests)
			}
		})
	}
}

// TestTags_waitingPagesTogether checks that pages that arrive while the callback runs are delivered together.
func TestTags_waitingPagesTogether(t *testing.T) {
	const pages = 20
	s := newServer(t)
	first, last := make(chan struct{}), make(chan struct{})
	asked := 0
	serveList(s, "tags", names(pages*100), func(all []string, from string, _ int) ([]string, string) {
		switch asked++; asked {
		case 2:
			<-first // page got the first one although nothing came after it
		case pages:
			close(last)
		}
		page := after(all, from, 100)
		return page, link(page, 100, len(all))
	})
	var calls []int
	var got []string
	err := newClient(t, Options{}).Tags(deadline(t), s.ref("app", ""), func(n []string) {
		if len(calls) == 0 {
			close(first)
			<-last
		}
		calls = append(calls, len(n))
		got = append(got, n...)
	})
	ok(t, err)
	// The last answer may or may not have been there when page came back.
	if len(calls) < 2 || len(calls) > 3 || calls[0] != 100 {
		t.Errorf("called with %d names", calls)
	}
	if !slices.Equal(got, names(pages*100)) {
		t.Errorf("%d names, or out of order", len(got))
	}
}

// TestTags_contextEnds checks that a list ends with its context.
func TestTags_contextEnds(t *testing.T) {
	s := newServer(t)
	serveList(s, "tags", names(1000), func(all []string, last string, _ int) ([]string, string) {
		page := after(all, last, 100)
		return page, link(page, 100, len(all))
	})
	list, hangs := s.front(), make(chan struct{})
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Get("last") != "" {
			close(hangs)
			<-r.Context().Done()
			return true
		}
		return list(w, r)
	})
	ctx, cancel := context.WithCancel(deadline(t))
	err := newClient(t, Options{}).Tags(ctx, s.ref("app", ""), func([]string) { <-hangs; cancel() })
	says(t, err, "cancelled")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v hides its cause", err)
	}
}

// hostile are names that mean something to a path, a query, a shell or a
// terminal, or are too long.
var hostile = []string{
	"a/../../../secret", "..", ".", "x?y=1", "x#y", "x%2e%2e", "$(id)", "x;touch pwn", "x y", "x\ny", "\x1b[2J", "-v", "x@sha256:1", "x:y",
	"ü", "a\u202eb", strings.Repeat("x", 300), "/x", "x/", "x//y",
}

// TestTags_invalidNames checks that names that are not valid are left out and counted.
func TestTags_invalidNames(t *testing.T) {
	for _, tt := range []struct {
		list string
		good []string
		note string
	}{
		{"tags", []string{"v1", "_x", "V-2.0", strings.Repeat("y", 128)}, "20 names that are not valid tags were left out"},
		{"repositories", []string{"app", "team/app", "a.b/c__d/e-f"}, "20 names that are not valid repositories were left out"},
	} {
		t.Run(tt.list, func(t *testing.T) {
			s := newServer(t)
			all := slices.Concat(tt.good[:1], hostile, tt.good[1:], hostile)
			serveList(s, tt.list, all, func(all []string, _ string, _ int) ([]string, string) { return all, "" })
			c := newClient(t, Options{})
			read := func(page func([]string)) error { return c.Tags(deadline(t), s.ref("app", ""), page) }
			if tt.list == "repositories" {
				read = func(page func([]string)) error { return c.Repositories(deadline(t), s.host, page) }
			}
			var got []string
			err := read(func(n []string) { got = append(got, n...) })
			says(t, err, tt.note, "tell the administrator of "+s.host)
			isShort(t, err)
			if !slices.Equal(got, tt.good) {
				t.Errorf("got %q", got)
			}
		})
	}
}

// TestTags_digests checks that digests among the tags are left out with a warning, once, and
// that the list is complete.
func TestTags_digests(t *testing.T) {
	const d = "sha256:" + "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	for warning, list := range map[string][]string{
		"1 digest in the list of tags of HOST/app was left out: it is not a tag":        {"1", "sha256__aaaa", d, d},
		"2 digests in the list of tags of HOST/app were left out: they are not tags":    {"1", "sha256__aaaa", d, strings.Replace(d, "0", "1", 1)},
		"1 digest in the list of tags of HOST/app was left out: it is not a tag; 1 bad": {"1", "sha256__aaaa", d, "sha256:1"},
	} {
		t.Run(warning, func(t *testing.T) {
			s := newServer(t)
			serveList(s, "tags", list, func(all []string, _ string, _ int) ([]string, string) { return all, "" })
			var warnings, got []string
			c := newClient(t, Options{Warn: func(w string) { warnings = append(warnings, w) }})
			warning, _, bad := strings.Cut(warning, "; 1 bad")
			for range 2 {
				got = nil
				err := c.Tags(deadline(t), s.ref("app", ""), func(n []string) { got = append(got, n...) })
				if !bad {
					ok(t, err)
				} else {
					says(t, err, "1 name that is not a valid tag was left out")
				}
			}
			if !slices.Equal(got, list[:2]) || !slices.Equal(warnings, []string{strings.ReplaceAll(warning, "HOST", s.host)}) || len(s.requests()) != 2 {
				t.Errorf("got %q with %q", got, warnings)
			}
		})
	}
}

// TestTags_invalidNamesWithError checks that the names left out are reported also when the list fails.
func TestTags_invalidNamesWithError(t *testing.T) {
	s := newServer(t)
	odd := 0
	serveList(s, "tags", nil, func(_ []string, last string, _ int) ([]string, string) {
		odd++
		if odd == 6 {
			return nil, ""
		}
		return []string{fmt.Sprintf("../%d", odd)}, "/v2/app/tags/list?last=" + last + "x"
	})
	c := newClient(t, Options{})
	none := func(n []string) { t.Errorf("got %q", n) }
	// More pages of them than a list may be idle.
	says(t, c.Tags(deadline(t), s.ref("app", ""), none), "5 names that are not valid tags were left out")

	serveList(s, "tags", nil, func([]string, string, int) ([]string, string) { return []string{"$(id)"}, "/v2/app/tags/list?n=1000" })
	says(t, c.Tags(deadline(t), s.ref("app", ""), none), "repeats a page; 1 name that is not a valid tag was left out", "paste a reference")
}

// TestLoad_invalidReferences checks that no request is sent for an invalid reference.
func TestLoad_invalidReferences(t *testing.T) {
	s := newServer(t)
	c := newClient(t, Options{})
	for _, name := range hostile {
		for _, r := range []model.Ref{
			s.ref("app", name), s.ref(name, "a"),
			{Registry: s.host, Repository: "app", Digest: digest.Digest(name)},
			{Registry: s.host + "/" + name, Repository: "app", Tag: "a"},
		} {
			_, err := c.Load(deadline(t), r, nil)
			says(t, err, "is not a reference")
			_, err = c.Head(deadline(t), r)
			says(t, err, "is not a reference")
			_, err = c.Peek(deadline(t), r)
			says(t, err, "is not a reference")
		}
		says(t, c.Tags(deadline(t), s.ref(name, ""), nil), "is not a reference")
	}
	for _, registry := range []string{"", "a/b", "host/x", "host?x", "..", "u@host"} {
		says(t, c.Repositories(deadline(t), registry, nil), "is not a reference")
	}
	if got := s.requests(); len(got) != 0 {
		t.Errorf("requested %q", got)
	}
}

// TestRepositories_errors checks that the errors of a list have a remedy.
func TestRepositories_errors(t *testing.T) {
	s := newServer(t)
	c := newClient(t, Options{})
	says(t, c.Tags(deadline(t), s.ref("nothere", ""), func([]string) {}), "has no repository nothere")
	says(t, c.Repositories(deadline(t), "docker.io", func([]string) {}), "Docker Hub does not list repositories", "paste a reference")
	for _, code := range []int{401, 403, 404, 405} {
		s := newServer(t)
		s.setFront(func(w http.ResponseWriter, r *http.Request) bool { w.WriteHeader(code); return true })
		says(t, c.Repositories(deadline(t), s.host, func([]string) {}), "does not list repositories", "paste a reference")
	}
	s = newServer(t)
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("WWW-Authenticate", `Basic realm="r"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	})
	c.credentials.AddAuthFile("config.json", []byte(`{"auths":{"`+s.host+`":{"auth":"bWU6c2VjcmV0"}}}`))
	says(t, c.Repositories(deadline(t), s.host, func([]string) {}), `does not list repositories for the login of user "me" in config.json`, "docker login "+s.host+" again")
	s = newServer(t)
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		status(404, "<html>", "Content-Type", "text/html")(w, r)
		return true
	})
	says(t, c.Repositories(deadline(t), s.host, func([]string) {}), "answered with a web page (404 Not Found); check host, port and name: it may not be a registry")
	for say, answer := range map[string]http.HandlerFunc{
		"uses Negotiate to log in, which tagdiff does not support":                                                   status(401, "", "WWW-Authenticate", "Negotiate"),
		`denies access to its list of repositories without a login ("Token expired"); run docker login `:             status(403, `{"errors":[{"message":"Token expired"}]}`),
		`does not list repositories without a login, or not at all; type or paste a reference, or run docker login `: status(403, `{"errors":[{"message":"no"}]}`),
		"denied access and answered with a web page; open ":                                                          status(403, "<html>"),
		"requires a login for its list of repositories, or it does not exist; run dock":                              status(401, "<html>", "WWW-Authenticate", `Basic realm="x"`),
	} {
		s := newServer(t)
		s.setFront(func(w http.ResponseWriter, r *http.Request) bool { answer(w, r); return true })
		says(t, c.Repositories(deadline(t), s.host, func([]string) {}), s.host+" "+say)
	}
	says(t, c.Tags(deadline(t), model.Ref{Registry: s.host, Repository: "../../x"}, nil), "is not a reference")
}

// TestRepositories_denied checks what is said where a registry or its token service denies the list
// of repositories: whether a login was sent, and the step that may help.
func TestRepositories_denied(t *testing.T) {
	forbidden := refusedWith(403, "DENIED", "no")
	for _, tt := range []struct {
		name, host  string
		reg, tokens http.HandlerFunc
		user, want  string
	}{
		{"Google, no login", "gcr.io", forbidden, nil, "",
			"gcr.io does not list repositories without a login, or not at all; type or paste a reference, or run gcloud auth configure-docker gcr.io"},
		{"a login without access", "reg.example", needsBasic(forbidden), nil, "me",
			`reg.example does not list repositories for the login of user "me" in config.json, or not at all; ` +
				"type or paste a reference, or run docker login reg.example with an account that has access"},
		{"a rejected login", "reg.example", ask(askBearer), status(401, ""), "me",
			`auth.example rejected the login of user "me" in config.json; type or paste a reference, or run docker login reg.example again`},
		{"no token for this login", "reg.example", ask(askBearer), status(403, ""), "me",
			`reg.example does not list repositories for the login of user "me" in config.json, or not at all; ` +
				"type or paste a reference, or run docker login reg.example with an account that has access"},
		{"a login that the token service calls expired", "reg.example", ask(askBearer), status(403, expired), "me",
			`reg.example denies access to its list of repositories with the login of user "me" in config.json ` +
				`("Your authorization token has expired"); run docker login reg.example with a new password or token`},
		{"no token without a login", "reg.example", ask(askBearer), status(403, ""), "",
			"reg.example does not list repositories without a login, or not at all; type or paste a reference, or run docker login reg.example"},
		{"a token service that fails", "reg.example", ask(askBearer), status(500, ""), "",
			"auth.example, the token service of reg.example, did not issue a token: 500 Internal Server Error; try again later"},
		{"a token service that does not know lists", "reg.example", ask(askBearer), status(400, ""), "",
			"reg.example does not list repositories; type or paste a reference, for example reg.example/repository:tag"},
		{"GitHub, no login", "ghcr.io", ask(askBearer), status(403, ""), "",
			"ghcr.io does not list repositories; type or paste a reference, for example ghcr.io/repository:tag"},
	} {
		n := &namedHosts{hosts: map[string]http.HandlerFunc{tt.host: tt.reg, "auth.example": tt.tokens}}
		err := n.client(t, tt.host, tt.user).Repositories(deadline(t), tt.host, func([]string) {})
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s:\ngot  %v\nwant %s", tt.name, err, tt.want)
		}
	}
}

// TestTags_pageSizeRefused checks that a list is read with the registry's page size if it
// refuses the usual one, with any status, and that the first answer counts if that says that
// there is no such list.
func TestTags_pageSizeRefused(t *testing.T) {
	const refusal = `{"errors":[{"code":"PAGINATION_NUMBER_INVALID","message":"invalid number of results requested"}]}`
	for _, tt := range []struct {
		code     int
		body     string
		requests int // 0 if the size is not the reason
	}{
		{400, refusal, 4}, {400, "", 4}, {404, refusal, 4}, {404, "", 4}, {416, refusal, 4}, {422, refusal, 4}, {500, refusal, 6},
		{404, `{"errors":[{"code":"NAME_UNKNOWN"}]}`, 0}, {404, `{"errors":[{"code":"NOT_FOUND"}]}`, 0}, {404, "<html>", 0}, {403, refusal, 0}, {503, "", 0},
	} {
		t.Run(fmt.Sprint(tt.code, tt.body), func(t *testing.T) {
			s := newServer(t)
			serveList(s, "tags", names(250), func(all []string, last string, n int) ([]string, string) {
				page := after(all, last, n)
				return page, link(page, n, len(all))
			})
			list := s.front()
			s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Query().Get("n") == "1000" {
					w.WriteHeader(tt.code)
					_, _ = w.Write([]byte(tt.body))
					return true
				}
				return list(w, r)
			})
			got := 0
			err := newClient(t, Options{}).Tags(deadline(t), s.ref("app", ""), func(n []string) { got += len(n) })
			if tt.requests == 0 {
				says(t, err, s.host+" ")
				if n := len(s.requests()); tt.code < 500 && n != 1 {
					t.Errorf("%d requests", n)
				}
				return
			}
			ok(t, err)
			if n := len(s.requests()); got != 250 || n != tt.requests {
				t.Errorf("got %d names with %d requests", got, n)
			}
		})
	}
}

// TestTags_linkForms checks that the forms of links that registries send are read, and that a
// link that may lead to a next page and cannot be read is an error.
func TestTags_linkForms(t *testing.T) {
	const path, unread = "/v2/app/tags/list", "may be incomplete after 100 names: tagdiff cannot read the link to its next page: "
	const repeats = "is incomplete after 100 names: it repeats a page"
	for link, say := range map[string]string{ // PAGE is the path and query of the next page, FROM the number of its first name
		`<PAGE>; rel="next"`:                   "",
		`PAGE; rel="next"`:                     "",
		`PAGE;rel=next`:                        "",
		`<PAGE>; REL="Next"`:                   "",
		`<PAGE>; rel='next'`:                   "",
		`<PAGE>; title="a, b"; rel="next"`:     "",
		`<PAGE>; rel="start next"`:             "",
		`<x>; rel="first", <PAGE>; rel="next"`: "",
		`<PAGE>`:                               "",
		`PAGE`:                                 "",
		`<PAGE>; title="next"`:                 "",
		`<http://inside:5000PAGE>; rel="next"`: "",
		`<` + path + `/page/FROM>; rel="next"`: "",
		`<https://inside/proxied` + path + `/page/FROM>; rel=next`: "",
		`<` + path + `>; rel="next"`:                               unread + "<" + path + ">",
		`<` + path + `/../../page/FROM>; rel="next"`:               unread + "<" + path + "/../../page/FROM>",
		`<` + path + `/page FROM>; rel="next"`:                     unread,
		`<:>; rel="next"`:                                          unread,
		`<>; rel="next"`:                                           unread,
		`<https://other.example/page/FROM>; rel="next"`:            unread,
		`; rel="next"`:                                             unread,
		`<https://other.example/list?cursor=FROM>; rel="next"`:     repeats,
		`<https://other.example` + path + `?n=1000>; rel="next"`:   repeats,
		`<PAGE>; rel="first"`:                                      "100 only",
		`<PAGE>; rel="nextish"`:                                    "100 only",
		`<https://help.example/>; title="manual"`:                  "100 only",
		`<https://help.example/?a=b>; rel="help" `:                 "100 only",
	} {
		t.Run(link, func(t *testing.T) {
			s, all := newServer(t), names(250)
			s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
				page := after(all, r.URL.Query().Get("last"), 100)
				if below, found := strings.CutPrefix(r.URL.Path, path+"/page/"); found {
					n, err := strconv.Atoi(below)
					if err != nil || n > len(all) {
						t.Errorf("requested %s", r.URL)
						return false
					}
					page = all[n:min(n+100, len(all))]
				}
				if len(page) == 100 {
					next := slices.Index(all, page[99]) + 1
					w.Header().Set("Link", strings.NewReplacer("PAGE", path+"?n=100&last="+page[99], "FROM", strconv.Itoa(next)).Replace(link))
				}
				_ = json.NewEncoder(w).Encode(map[string]any{"name": "app", "tags": page})
				return true
			})
			got := 0
			err := newClient(t, Options{}).Tags(deadline(t), s.ref("app", ""), func(n []string) { got += len(n) })
			want, requests := 100, 1
			switch say {
			case "":
				ok(t, err)
				want, requests = 250, 3
			case "100 only":
				ok(t, err)
			default:
				say, _, _ = strings.Cut(say, "FROM") // the number
				says(t, err, "the list of "+s.host+" "+say, "type or paste a reference")
				if strings.HasPrefix(say, repeats) && strings.Contains(link, "cursor") {
					requests = 2
				}
			}
			if n := len(s.requests()); got != want || n != requests {
				t.Errorf("got %d names with %d requests, want %d and %d: %v", got, n, want, requests, err)
			}
		})
	}
}

// TestTags_repeatedWithoutLink checks that a link that leads to the first page again, which then
// has no link, ends in an error.
func TestTags_repeatedWithoutLink(t *testing.T) {
	s := newServer(t)
	serveList(s, "tags", names(250), func(all []string, _ string, n int) ([]string, string) {
		if n == pageSize {
			return all[:100], "/elsewhere?page=2"
		}
		return all[:100], ""
	})
	got := 0
	err := newClient(t, Options{}).Tags(deadline(t), s.ref("app", ""), func(n []string) { got += len(n) })
	says(t, err, "the list of "+s.host+" is incomplete after 100 names: it repeats a page; type or paste a reference")
	if n := len(s.requests()); got != 100 || n != 2 {
		t.Errorf("%d names of %d requests", got, n)
	}
}

// TestTags_types checks that a list is read whatever media type it has, and null among its names
// or in place of them.
func TestTags_types(t *testing.T) {
	for _, mediaType := range []string{"", "application/json", "text/plain", "text/html", "application/vnd.oci.tags.v1+json"} {
		for body, want := range map[string]int{
			`{"name":"app","tags":["1","2"]}`: 2, `{"name":"app","tags":[null,"1"]}`: 1, `{"name":"app","tags":null}`: 0, `{"name":"app","tags":[]}`: 0,
		} {
			m := &cannedResponse{status: 200, header: http.Header{"Content-Type": {mediaType}}, body: []byte(body)}
			c, r := cannedClient(t, m)
			got := 0
			ok(t, c.Tags(deadline(t), r, func(names []string) { got += len(names) }))
			if got != want || m.asked != 1 {
				t.Errorf("%q: %d names in %s, %d requests", mediaType, got, body, m.asked)
			}
		}
	}
}

func FuzzLink(f *testing.F) {
	for _, l := range []string{
		`</v2/app/tags/list?last=x&n=10>; rel="next"`, `<https://other.example/v2/_catalog?n=1>;rel=next`, `</x/_catalog/a/..b>; rel=next`, `<a>; rel="prev", <?b=c>; rel=next; title="x,y"`,
		`<?\r\nX: y>; rel=next`, `<//evil/?a>; rel="next"`, `<`,
	} {
		f.Add(l)
	}
	f.Fuzz(func(t *testing.T, link string) {
		next := nextPage([]string{link})
		if next.query == nil {
			return
		}
		const list = "/v2/app/tags/list"
		u := url.URL{Scheme: "https", Host: "own.example", Path: list + next.subPath, RawQuery: next.query.Encode()}
		again, err := url.Parse(u.String())
		if err != nil || again.Host != u.Host || again.Path != u.Path || !strings.HasPrefix(path.Clean(u.Path), list) || again.Fragment != "" || strings.ContainsAny(u.String(), " \r\n") {
			t.Errorf("%q leads to %s", link, &u)
		}
	})
}

// FuzzList: whatever a list holds, names that are handed over are good, and
// handed over once.
func FuzzList(f *testing.F) {
	f.Add([]byte(`{"name":"app","tags":["v1","v1","../x","\u001b[2J"]}`), `</v2/app/tags/list?last=v1&n=2>; rel="next"`)
	f.Add([]byte(`{"name":"app","tags":null}`), "")
	f.Add([]byte(`{"tags":[1]}`), "<?n=1000>; rel=next")
	f.Fuzz(func(t *testing.T, body []byte, link string) {
		m := &cannedResponse{status: 200, header: http.Header{"Content-Type": {"application/json"}, "Link": {link}}, body: body}
		c, r := cannedClient(t, m)
		seen := map[string]bool{}
		err := c.Tags(t.Context(), r, func(names []string) {
			for _, n := range names {
				if !model.IsTag(n) || seen[n] {
					t.Errorf("handed over %q", n)
				}
				seen[n] = true
			}
		})
		if err != nil {
			says(t, err)
		}
		if m.asked > 2+maxEmptyPages {
			t.Errorf("asked %d times", m.asked)
		}
	})
}
