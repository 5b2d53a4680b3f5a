package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry/internal/registrytest"
)

func testLimiter(most int) *limiter {
	return newLimiter("here", most, DefaultRetryPolicy(), NewMeter())
}

func enter(t testing.TB, l *limiter, bulk bool) *ticket {
	t.Helper()
	turn, err := l.acquire(t.Context(), bulk)
	registrytest.OK(t, err)
	return turn
}

func answered(code int, header ...string) Response {
	a := Response{Status: code, Header: http.Header{}}
	for i := 0; i+1 < len(header); i += 2 {
		a.Header.Set(header[i], header[i+1])
	}
	return a
}

// TestLimiter_bound checks that the limiter never admits more requests than its bound.
func TestLimiter_bound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := testLimiter(3)
		var in, most atomic.Int64
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				turn := enter(t, l, false)
				most.Store(max(most.Load(), in.Add(1)))
				time.Sleep(time.Second)
				in.Add(-1)
				l.release(turn, answered(200), nil)
			})
		}
		all.Wait()
		if most.Load() != 3 {
			t.Errorf("%d at once, want 3", most.Load())
		}
	})
}

// TestLimiter_streams checks that streams have places of their own, that they wait for requests that
// a person waits for, and that a registry which asks for fewer requests gets fewer streams.
func TestLimiter_streams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := testLimiter(2 * MaxStreams)
		stream := func() *ticket {
			turn, err := l.acquireStream(t.Context())
			registrytest.OK(t, err)
			return turn
		}
		var busy, open []*ticket
		for range 2 * MaxStreams {
			busy = append(busy, enter(t, l, false))
		}
		var all sync.WaitGroup
		all.Go(func() { enter(t, l, false) })
		synctest.Wait()
		all.Go(func() { open = append(open, stream()) })
		synctest.Wait()
		if len(open) != 0 {
			t.Error("a stream is open while a request waits")
		}
		l.release(busy[0], answered(200), nil)
		all.Wait()
		for len(open) < MaxStreams { // while all other places are taken
			open = append(open, stream())
		}
		for _, turn := range open[1:] {
			l.release(turn, answered(429), nil)
		}
		for range 2 {
			l.throttle(&ticket{epoch: l.epoch}, answered(429))
		}
		if l.streaming != 1 || int(l.bound) != 1 || l.next() != nil {
			t.Errorf("%d streams, bound %g", l.streaming, l.bound)
		}
	})
}

// TestLimiter_urgentFirst checks that requests that a person waits for go before bulk requests.
func TestLimiter_urgentFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := testLimiter(1)
		first := enter(t, l, false)
		var order []string
		var all sync.WaitGroup
		for i, bulk := range []bool{true, true, false, false} {
			all.Go(func() {
				turn := enter(t, l, bulk)
				order = append(order, fmt.Sprint(i)) // one at a time is let in
				l.release(turn, answered(200), nil)
			})
			synctest.Wait()
		}
		l.release(first, answered(200), nil)
		all.Wait()
		if got := strings.Join(order, " "); got != "2 3 0 1" {
			t.Errorf("the order is %s", got)
		}
	})
}

// TestLimiter_halvesAndRecovers checks that a 429 halves the bound once per round, and good responses raise it again.
func TestLimiter_halvesAndRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := testLimiter(8)
		round := func(a Response) {
			var turns []*ticket
			for range int(l.bound) {
				turns = append(turns, enter(t, l, false))
			}
			for _, turn := range turns {
				l.release(turn, a, nil)
			}
		}
		var bounds []string
		for _, code := range []int{429, 429, 200, 200, 429, 500, 200} {
			round(answered(code))
			bounds = append(bounds, fmt.Sprint(int(l.bound)))
		}
		if got := strings.Join(bounds, " "); got != "4 2 2 3 1 1 2" {
			t.Errorf("bounds %s", got)
		}
		for range 100 {
			round(answered(200))
		}
		if int(l.bound) != 8 {
			t.Errorf("it grew back to %g, want 8", l.bound)
		}
	})
}

// TestLimiter_pause checks that a pause holds all requests back, and that it is reported while
// it lasts and a request has waited for its end.
func TestLimiter_pause(t *testing.T) {
	for _, code := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		synctest.Test(t, func(t *testing.T) {
			l := testLimiter(8)
			start := time.Now()
			l.release(enter(t, l, false), answered(code, "Retry-After", "90"), nil)
			if got := l.meter.Traffic().Pause; got != (model.Pause{}) {
				t.Errorf("pause %+v although no request waits", got)
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if _, err := l.acquire(ctx, false); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			gone, leave := context.WithTimeout(t.Context(), time.Second)
			defer leave()
			if _, err := l.acquire(gone, false); err == nil || time.Since(start) != time.Second {
				t.Errorf("a canceled request got %v after %s", err, time.Since(start))
			}
			if got := l.meter.Traffic().Pause; got != (model.Pause{Host: "here", Until: start.Add(90 * time.Second), Requested: true}) {
				t.Errorf("pause %+v", got)
			}
			turn := enter(t, l, true)
			if waited := time.Since(start); waited != 90*time.Second {
				t.Errorf("waited %s", waited)
			}
			if got := l.meter.Traffic().Pause; got != (model.Pause{}) {
				t.Errorf("pause %+v after its end", got)
			}
			l.release(turn, answered(200), nil)
			if l.busy != 0 {
				t.Errorf("%d under way", l.busy)
			}
		})
	}
}

// TestLimiter_pauseTooLong checks that a pause beyond the limit is not begun.
func TestLimiter_pauseTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := testLimiter(8)
		start := time.Now()
		l.release(enter(t, l, false), answered(http.StatusServiceUnavailable, "Retry-After", "121"), nil)
		enter(t, l, false)
		if waited := time.Since(start); waited != 0 || l.meter.Traffic().Pause != (model.Pause{}) {
			t.Errorf("waited %s", waited)
		}
	})
}

// TestLimiter_longerPauses checks that each 429 in a row makes the pause longer.
func TestLimiter_longerPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := testLimiter(64)
		start := time.Now()
		for range 7 {
			l.release(enter(t, l, false), answered(429), nil)
			if l.paused.Requested {
				t.Error("the registry has not asked for a pause")
			}
		}
		enter(t, l, false)
		if waited := time.Since(start); waited != 15750*time.Millisecond { // 0.25 s doubled to 4 s, which stays
			t.Errorf("waited %s", waited)
		}
	})
}
