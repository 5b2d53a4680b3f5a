package registry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// tagged serves HEAD for any tag but those that are refused.
func tagged(s *server, refuse func(tag string) int) {
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		tag := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
		if code := refuse(tag); code != 0 {
			w.WriteHeader(code)
			return true
		}
		w.Header().Set("Content-Type", ociManifest)
		w.Header().Set("Docker-Content-Digest", digestOf(tag))
		return true
	})
}

func digestOf(tag string) string { return fmt.Sprintf("sha256:%064x", len(tag)) }

func resolve(t testing.TB, c *Client, repo model.Ref, tags []string) ([]model.Tagged, error) {
	t.Helper()
	var got []model.Tagged
	err := c.Resolve(deadline(t), repo, tags, func(batch []model.Tagged) { got = append(got, batch...) })
	return got, err
}

// TestResolve_oneRequestPerTag checks that Resolve sends one request for each tag.
func TestResolve_oneRequestPerTag(t *testing.T) {
	s := newServer(t)
	tagged(s, func(tag string) int {
		if tag == "v00007" {
			return http.StatusNotFound
		}
		return 0
	})
	tags := names(200)
	got, err := resolve(t, newClient(t, Options{}), s.ref("app", ""), tags)
	ok(t, err)
	if n := len(s.requests()); n != 201 || len(got) != 200 {
		t.Errorf("%d requests and %d answers", n, len(got))
	}
	for _, r := range s.requests() {
		if !strings.HasPrefix(r, "HEAD ") && r != "GET /v2/app/manifests/v00007" { // that the tag is missing is checked
			t.Errorf("%s", r)
		}
	}
	slices.SortFunc(got, func(a, b model.Tagged) int { return strings.Compare(a.Tag, b.Tag) })
	for i, one := range got {
		switch {
		case one.Tag != tags[i]:
			t.Fatalf("answer %d is of %s", i, one.Tag)
		case one.Tag == "v00007":
			says(t, one.Err, "has no tag v00007 in app")
		case one.Err != nil || one.Digest.String() != digestOf(one.Tag) || one.MediaType != ociManifest:
			t.Fatalf("got %+v", one)
		}
	}
}

// TestResolve_order checks that Resolve sends its requests in the order of the tags.
func TestResolve_order(t *testing.T) {
	s := newServer(t)
	tagged(s, func(string) int { return 0 })
	_, err := resolve(t, newClient(t, Options{Concurrency: 1}), s.ref("app", ""), names(20))
	ok(t, err)
	for i, r := range s.requests() {
		if !strings.HasSuffix(r, "/"+names(20)[i]) {
			t.Errorf("request %d is %s", i, r)
		}
	}
}

// TestResolve_stopsOnFailures checks that Resolve stops when all requests fail.
func TestResolve_stopsOnFailures(t *testing.T) {
	for code, say := range map[int]string{401: "requires a login", 403: "denies access to", 503: "failed (503"} {
		t.Run(http.StatusText(code), func(t *testing.T) {
			s := newServer(t)
			tagged(s, func(string) int { return code })
			got, err := resolve(t, newClient(t, Options{Concurrency: 8}), s.ref("app", ""), names(5000))
			says(t, err, say)
			if n := len(s.requests()); len(got) != 0 || n > 200 {
				t.Errorf("%d requests, %d answers", n, len(got))
			}
		})
	}
	t.Run("closed port", func(t *testing.T) {
		closed, err := net.Listen("tcp", "127.0.0.1:0")
		ok(t, err)
		host := closed.Addr().String()
		ok(t, closed.Close())
		c := newClient(t, Options{Concurrency: 8})
		got, err := resolve(t, c, model.Ref{Registry: host, Repository: "app"}, names(5000))
		says(t, err, host+" refused the connection")
		if n := c.Traffic().Requests; len(got) != 0 || n > 200 {
			t.Errorf("%d requests, %d answers", n, len(got))
		}
	})
	t.Run("connection timeout", func(t *testing.T) {
		c := newClient(t, Options{Concurrency: 8})
		c.transport.Timeouts.Dial = 1 // over before it has begun
		got, err := resolve(t, c, newServer(t).ref("app", ""), names(5000))
		says(t, err, "did not answer")
		if len(got) != 0 {
			t.Errorf("%d answers", len(got))
		}
	})
	t.Run("a long pause", func(t *testing.T) {
		s := newServer(t)
		s.setFront(func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Retry-After", "600")
			w.WriteHeader(http.StatusTooManyRequests)
			return true
		})
		_, err := resolve(t, newClient(t, Options{Concurrency: 8}), s.ref("app", ""), names(5000))
		says(t, err, "it asks for a pause of 10 min", "try again at ")
		if n := len(s.requests()); n > 100 {
			t.Errorf("%d requests", n)
		}
	})
	t.Run("in the middle", func(t *testing.T) {
		s := newServer(t)
		var n atomic.Int64
		tagged(s, func(string) int {
			if n.Add(1) > 100 {
				return http.StatusForbidden
			}
			return 0
		})
		got, err := resolve(t, newClient(t, Options{Concurrency: 1}), s.ref("app", ""), names(5000))
		says(t, err, "denies access to")
		if len(got) != 100 || n.Load() > 150 {
			t.Errorf("%d requests, %d answers", n.Load(), len(got))
		}
	})
}

// TestResolve_fewRefusals checks that a few refusals do not stop the other tags.
func TestResolve_fewRefusals(t *testing.T) {
	s := newServer(t)
	tagged(s, func(tag string) int {
		if strings.HasSuffix(tag, "3") {
			return http.StatusForbidden
		}
		return 0
	})
	got, err := resolve(t, newClient(t, Options{Concurrency: 1}), s.ref("app", ""), names(100))
	ok(t, err)
	failed := 0
	for _, one := range got {
		if one.Err != nil {
			failed++
		}
	}
	if len(got) != 100 || failed != 10 {
		t.Errorf("%d answers, %d failed", len(got), failed)
	}
}

// TestResolve_headRefused checks that Resolve uses GET where HEAD is refused.
func TestResolve_headRefused(t *testing.T) {
	for _, code := range []int{http.StatusMethodNotAllowed, http.StatusForbidden} {
		s := newServer(t)
		img := image(t, 1)
		s.pushImage(t, s.ref("app", "a"), img)
		s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodHead {
				w.WriteHeader(code)
			}
			return r.Method == http.MethodHead
		})
		got, err := resolve(t, newClient(t, Options{}), s.ref("app", ""), []string{"a"})
		ok(t, err)
		want, _ := img.Digest()
		if len(got) != 1 || got[0].Digest.String() != want.String() || got[0].MediaType == "" {
			t.Errorf("%d: got %+v", code, got)
		}
	}
}

// TestResolve_headIsWrong checks that GET is used where HEAD answers 404 for a tag, and that no
// HEAD follows once that is known.
func TestResolve_headIsWrong(t *testing.T) {
	s := newServer(t)
	img := image(t, 1)
	want, _ := img.Digest()
	for _, tag := range []string{"a", "b", "c"} {
		s.pushImage(t, s.ref("app", tag), img)
	}
	headIs404(s)
	c := newClient(t, Options{Concurrency: 1})
	got, err := resolve(t, c, s.ref("app", ""), []string{"a", "gone", "b", "c"})
	ok(t, err)
	for i, missing := range []bool{false, true, false, false} {
		if model.IsMissing(got[i].Err) != missing || !missing && got[i].Digest.String() != want.String() {
			t.Errorf("got %+v", got[i])
		}
	}
	const head, get = "HEAD /v2/app/manifests/", "GET /v2/app/manifests/"
	if got := s.requests(); !slices.Equal(got, []string{head + "a", get + "a", head + "gone", get + "gone", head + "b", get + "b", get + "c"}) {
		t.Errorf("requests %q", got)
	}
	info, err := newClient(t, Options{}).Peek(deadline(t), s.ref("app", "c"))
	ok(t, err)
	if info.Digest.String() != want.String() {
		t.Errorf("got %s", info.Digest)
	}
}

// TestResolve_contextEnds checks that Resolve ends with its context.
func TestResolve_contextEnds(t *testing.T) {
	s := newServer(t)
	tagged(s, func(string) int { return 0 })
	ctx, cancel := context.WithCancel(deadline(t))
	defer cancel()
	err := newClient(t, Options{Concurrency: 4}).Resolve(ctx, s.ref("app", ""), names(5000), func([]model.Tagged) { cancel() })
	says(t, err, "cancelled")
	if n := len(s.requests()); n >= 5000 {
		t.Errorf("%d requests", n)
	}
}

// TestResolve_successAfterStop checks that a success after the end does not undo the end.
func TestResolve_successAfterStop(t *testing.T) {
	b := batch{found: func(all []model.Tagged) { t.Errorf("handed over %v", all) }, stop: make(chan struct{})}
	refused := &model.ReadError{Message: "no", Err: &transport.StatusError{Status: http.StatusForbidden}}
	for range maxFailures {
		b.add(model.Tagged{Tag: "a", Err: refused})
	}
	if b.add(model.Tagged{Tag: "b"}) {
		t.Error("it goes on")
	}
	if err := b.collect(deadline(t), nil); !errors.Is(err, refused) {
		t.Errorf("it ended with %v", err)
	}
}
