package registry

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/model"
)

func names(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("v%05d", i)
	}
	return all
}

// lister answers as one kind of registry does. It gets all names and the page
// that is asked for, and returns that page and the Link's target.
type lister func(all []string, last string, n int) (page []string, link string)

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

var listers = map[string]struct {
	list     lister
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
	"no Link; past the end it starts over": {func(all []string, last string, n int) ([]string, string) {
		if last == all[len(all)-1] {
			last = ""
		}
		return after(all, last, n), ""
	}, 3},
}

func serveList(s *server, key string, all []string, list lister) {
	s.front = func(w http.ResponseWriter, r *http.Request) bool {
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
	}
}

func TestEveryKindOfPagingGivesEveryName(t *testing.T) {
	for name, tt := range listers {
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
				if n := len(s.requests()); n != tt.requests || pages != tt.requests {
					t.Errorf("%d requests and %d pages, want %d", n, pages, tt.requests)
				}
			})
		}
	}
}

func TestAnExactPageIsNotTheEnd(t *testing.T) {
	s := newServer(t)
	serveList(s, "tags", names(pageSize), listers["distribution 2.8: all, unsorted, n ignored"].list)
	var got []string
	ok(t, newClient(t, Options{}).Tags(deadline(t), s.ref("app", ""), func(n []string) { got = append(got, n...) }))
	if len(got) != pageSize {
		t.Errorf("got %d names", len(got))
	}

	// zot answers 404 to a name it does not know.
	s = newServer(t)
	serveList(s, "tags", names(pageSize), listers["distribution 3: Link"].list)
	list := s.front
	s.front = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Has("last") {
			http.NotFound(w, r)
			return true
		}
		return list(w, r)
	}
	ok(t, newClient(t, Options{}).Tags(deadline(t), s.ref("app", ""), func([]string) {}))
}

func TestAListWithoutEndIsLeft(t *testing.T) {
	for name, list := range map[string]lister{
		"Link to itself": func(all []string, _ string, n int) ([]string, string) { return all, "/v2/app/tags/list?n=1000" },
		"the same again": func(all []string, last string, n int) ([]string, string) {
			return all, "/v2/app/tags/list?last=" + last + "x"
		},
		"empty pages": func(all []string, last string, n int) ([]string, string) {
			return nil, "/v2/app/tags/list?last=" + last + "x"
		},
		"Link to elsewhere": func(all []string, last string, n int) ([]string, string) { return all, "https://other.invalid/?n=1000" },
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			serveList(s, "tags", names(10), list)
			got := 0
			err := newClient(t, Options{}).Tags(deadline(t), s.ref("app", ""), func(n []string) { got += len(n) })
			says(t, err, "repeats itself", "paste a reference")
			if name != "empty pages" && got != 10 {
				t.Errorf("%d names", got)
			}
			if n := len(s.requests()); n > 1+maxIdle {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func TestListsAreBounded(t *testing.T) {
	s := newServer(t)
	s.front = func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"tags":["` + strings.Repeat("x", maxList) + `"]}`))
		return true
	}
	says(t, newClient(t, Options{}).Tags(deadline(t), s.ref("app", ""), func([]string) {}), "sent more than tagdiff reads")
}

func TestListTroubles(t *testing.T) {
	s := newServer(t)
	c := newClient(t, Options{})
	says(t, c.Tags(deadline(t), s.ref("nothere", ""), func([]string) {}), "has no repository nothere")
	says(t, c.Repositories(deadline(t), "docker.io", func([]string) {}), "Docker Hub lists no repositories", "paste a reference")
	for _, code := range []int{401, 403, 404, 405} {
		s := newServer(t)
		s.front = func(w http.ResponseWriter, r *http.Request) bool { w.WriteHeader(code); return true }
		says(t, c.Repositories(deadline(t), s.host, func([]string) {}), "lists no repositories", "paste a reference")
	}
	s = newServer(t)
	s.front = func(w http.ResponseWriter, r *http.Request) bool {
		status(404, "<html>", "Content-Type", "text/html")(w, r)
		return true
	}
	says(t, c.Repositories(deadline(t), s.host, func([]string) {}), "is no registry")
	says(t, c.Tags(deadline(t), model.Ref{Registry: s.host, Repository: "../../x"}, nil), "is not a reference")
}

func TestSmallerPagesWhereTheUsualSizeIsRefused(t *testing.T) {
	s := newServer(t)
	serveList(s, "tags", names(250), func(all []string, last string, n int) ([]string, string) {
		page := after(all, last, n)
		return page, link(page, n, len(all))
	})
	list := s.front
	s.front = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Get("n") == "1000" {
			w.WriteHeader(http.StatusBadRequest)
			return true
		}
		return list(w, r)
	}
	got := 0
	c := newClient(t, Options{})
	ok(t, c.Tags(deadline(t), s.ref("app", ""), func(n []string) { got += len(n) }))
	if got != 250 {
		t.Errorf("got %d names", got)
	}
}
