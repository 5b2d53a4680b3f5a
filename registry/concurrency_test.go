package registry

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
)

// TestConcurrency_limit checks that the number of concurrent requests is limited, those to
// the token service and to the hosts of blobs included.
func TestConcurrency_limit(t *testing.T) {
	for _, bound := range []int{1, 2} {
		s := newServer(t)
		a := s.ref("app", "a")
		s.pushIndex(t, a, eightPlatforms(t))
		askToken(s, "me", "secret")
		var in, most atomic.Int64
		var mu sync.Mutex
		next := s.front()
		s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
			mu.Lock()
			most.Store(max(most.Load(), in.Add(1)))
			mu.Unlock()
			defer in.Add(-1)
			return next(w, r)
		})
		c := newClient(t, Options{Concurrency: bound})
		logIn(t, c, s.host, "me", "secret")
		got, err := c.Load(deadline(t), a, nil)
		ok(t, err)
		whole(t, got, 16, 8)
		if n := most.Load(); n > int64(bound) {
			t.Errorf("%d requests at once, want at most %d", n, bound)
		}
	}
}

// TestLimiter_slowsDown checks that a registry that answers 429 gets fewer requests,
// and that none of them fails.
func TestLimiter_slowsDown(t *testing.T) {
	s := newServer(t)
	a := s.ref("app", "a")
	s.pushIndex(t, a, eightPlatforms(t))
	var n atomic.Int64
	s.setFront(func(w http.ResponseWriter, _ *http.Request) bool {
		if n := n.Add(1); n == 1 || n > 15 {
			return false
		}
		w.WriteHeader(http.StatusTooManyRequests)
		return true
	})
	got, err := newClient(t, Options{}).Load(deadline(t), a, nil)
	ok(t, err)
	whole(t, got, 16, 8)
	if n := len(s.requests()); n != 17+14 {
		t.Errorf("%d requests, want 31", n)
	}
}
