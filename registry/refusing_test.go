package registry

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry/internal/registrytest"
)

// manyTags is the list of n tags of app, t0 and so on.
func manyTags(t *testing.T, n int) (tags []string, list http.HandlerFunc) {
	t.Helper()
	for i := range n {
		tags = append(tags, "t"+strconv.Itoa(i))
	}
	body, err := json.Marshal(map[string]any{"name": "app", "tags": tags})
	ok(t, err)
	return tags, status(200, string(body))
}

// resolve asks for the digests of tags of reg.example/app, and returns those that were found.
func (l *lab) resolve(t *testing.T, tags []string) (found []string, err error) {
	t.Helper()
	err = l.client.Resolve(deadline(t), model.Ref{Registry: "reg.example", Repository: "app"}, tags, func(page []model.Tagged) {
		for _, tag := range page {
			if tag.Err == nil {
				found = append(found, tag.Tag)
			}
		}
	})
	return found, err
}

// loginsIn counts the requests with the login me:pw.
func loginsIn(requests []registrytest.Request) int {
	n := 0
	for _, r := range requests {
		if slices.Contains(r.Secrets, "me:pw") {
			n++
		}
	}
	return n
}

// manifestHead answers HEAD and GET of manifests of app.
func manifestHead(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Docker-Content-Digest", "sha256:"+strings.Repeat("0", 64))
	w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
}

// TestRefusing_bound checks that a registry that lists tags and accepts no login and no token for
// their manifests gets few requests for many tags, also if they are sent at once, and few logins.
// One error says so.
func TestRefusing_bound(t *testing.T) {
	const (
		none   = `reg.example accepted no login and no token for app ("no"), so tagdiff sends no more; check the name, or run docker login reg.example again`
		denies = `reg.example denies access to app:t0 with the login of user "me" in ~/.docker/config.json; check the name, ` +
			`or run docker login reg.example with an account that has access`
	)
	all, list := manyTags(t, 862)
	var count atomic.Int64
	ever := func(format string) http.HandlerFunc { // another challenge each time
		return func(w http.ResponseWriter, r *http.Request) { ask(fmt.Sprintf(format, count.Add(1)))(w, r) }
	}
	other := func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, `{"token":"t%d"}`, count.Add(1)) }
	no := refusedWith(400, "DENIED", "no")
	for name, tt := range map[string]struct {
		reg, auth http.HandlerFunc
		err       string
		requests  int // of one tag after the other
		logins    int // of them with the login
	}{
		"400 for each token":              {unless(ask(askBearer), no), other, none, 30, 8},
		"400 for a token, always the one": {unless(ask(askBearer), no), status(200, `{"token":"t"}`), none, 21, 5},
		"ever new realms":                 {ever(`Bearer realm="https://auth.example/%d"`), other, denies, 32, 14},
		"ever new services":               {ever(`Bearer realm="https://auth.example/token",service="%d"`), other, denies, 32, 14},
		"ever new scopes":                 {ever(`Bearer realm="https://auth.example/token",scope="%d"`), other, denies, 32, 14},
	} {
		t.Run(name, func(t *testing.T) {
			for _, concurrency := range []int{1, DefaultConcurrency} {
				l := newLab(t, Options{Concurrency: concurrency}, registrytest.DockerConfig("reg.example=me:pw"))
				l.Handle(t, "reg.example", at(map[string]http.HandlerFunc{"/v2/app/tags/": list}, tt.reg))
				l.Handle(t, "auth.example", tt.auth)
				ok(t, l.tags(t, "reg.example/app"))
				found, err := l.resolve(t, all)
				requests := l.Requests()
				logins := loginsIn(requests)
				if len(found) > 0 || err == nil {
					t.Fatalf("found %q, %v", found, err)
				}
				switch {
				case concurrency > 1:
					if len(requests) > 6*concurrency || logins > 16 {
						t.Errorf("at once: %d requests, %d logins", len(requests), logins)
					}
				case l.text(err) != tt.err || len(requests) != tt.requests || logins != tt.logins:
					t.Errorf("%d requests, %d logins\ngot  %s\nwant %s", len(requests), logins, l.text(err), tt.err)
				}
			}
		})
	}
}

// TestRefusing_someTags checks that refusals of some tags do not stop the others, also where they
// are more than the bound, and that a token that was accepted is used on.
func TestRefusing_someTags(t *testing.T) {
	all, list := manyTags(t, 60)
	for name, tt := range map[string]struct {
		refuse           http.HandlerFunc
		blocked          func(i int) bool
		found            int
		requests, logins int
	}{
		"none":               {nil, func(int) bool { return false }, 60, 63, 1},
		"few, 403":           {denied, func(i int) bool { return i%10 == 3 }, 54, 93, 13},
		"seven in a row":     {denied, func(i int) bool { return i < 7 }, 53, 92, 13},
		"half, 403":          {denied, func(i int) bool { return i%2 == 0 }, 30, 213, 61},
		"all but one, 400":   {refusedWith(400, "DENIED", "no"), func(i int) bool { return i != 50 }, 1, 179, 30},
		"all manifests, 400": {refusedWith(400, "DENIED", "no"), func(int) bool { return true }, 0, 144, 12},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, Options{Concurrency: 1}, registrytest.DockerConfig("reg.example=me:pw"))
			l.Handle(t, "reg.example", byKey(ask(askBearer), map[string]http.HandlerFunc{
				"anonymous": denied,
				"good": at(map[string]http.HandlerFunc{"/v2/app/tags/": list}, func(w http.ResponseWriter, r *http.Request) {
					_, tag, _ := strings.Cut(r.URL.Path, "/manifests/t")
					if i, err := strconv.Atoi(tag); err == nil && tt.blocked(i) {
						tt.refuse(w, r)
						return
					}
					manifestHead(w, r)
				}),
			}))
			l.Handle(t, "auth.example", tokensFor(map[string]string{"me:pw": "good", "": "anonymous"}))
			ok(t, l.tags(t, "reg.example/app"))
			found, err := l.resolve(t, all)
			ok(t, err)
			requests := l.Requests()
			if len(found) != tt.found || len(requests) != tt.requests || loginsIn(requests) != tt.logins {
				t.Errorf("found %d with %d requests, %d of them with the login", len(found), len(requests), loginsIn(requests))
			}
		})
	}
}

// TestRefusing_end checks that a repository without requests does not stop another one, and that
// it gets requests again with a new login, and after the logins were forgotten.
func TestRefusing_end(t *testing.T) {
	s := content(t)
	all, list := manyTags(t, 40)
	for name, end := range map[string]func(*lab){
		"a new login":   func(l *lab) { l.logIn(t, "reg.example=me:new") },
		"ForgetLogins":  func(l *lab) { l.client.ForgetLogins("reg.example") },
		"nothing":       func(*lab) {},
		"the old login": func(l *lab) { l.logIn(t, "reg.example=me:pw") },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, Options{Concurrency: 1}, registrytest.DockerConfig("reg.example=me:pw"))
			app := byKey(ask(askBearer), map[string]http.HandlerFunc{"weak": refusedWith(400, "DENIED", "no"), "new": manifestHead})
			l.Handle(t, "reg.example", at(map[string]http.HandlerFunc{
				"/v2/app/tags/": list, "/v2/app/": app, "/v2/other/": accept(s, ask(askBearer), "weak"),
			}, http.NotFound))
			l.Handle(t, "auth.example", tokensFor(map[string]string{"me:pw": "weak", "me:new": "new"}))
			_, err := l.resolve(t, all)
			says(t, err, "accepted no login and no token for app")
			l.Requests()
			_, err = l.resolve(t, all)
			says(t, err, "accepted no login and no token for app")
			l.sent(t)
			ok(t, l.tags(t, "reg.example/other"))
			if !model.IsRefused(err) {
				t.Error("not refused")
			}
			l.Requests()
			end(l)
			found, err := l.resolve(t, all)
			requests := len(l.Requests())
			if tried := name == "a new login" || name == "ForgetLogins"; tried != (requests > 0) || (err == nil) != (name == "a new login") {
				t.Errorf("found %d with %d requests, %v", len(found), requests, err)
			}
		})
	}
}
