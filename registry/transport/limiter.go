package transport

import (
	"container/list"
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/tagdiff/tagdiff/model"
)

// limiter bounds the concurrent requests to one registry, its token service and
// the hosts of its blobs included. An overload slows requests down instead of
// failing them: a 429 halves the bound, good responses raise it by one per round,
// and all requests wait while the registry asks for a pause.
type limiter struct {
	host     string
	maxBound int
	retry    RetryPolicy
	meter    *Meter

	mu        sync.Mutex
	bound     float64 // at most maxBound
	busy      int
	epoch     int         // number of times that the bound was halved
	throttled int         // number of times since the last good response
	paused    model.Pause // no request is sent before its end
	timer     *time.Timer
	urgent    list.List // of *ticket: requests that a person waits for, first in, first out
	bulk      list.List // of *ticket: requests by the thousand, after all others
}

func newLimiter(host string, maxBound int, retry RetryPolicy, meter *Meter) *limiter {
	return &limiter{host: host, maxBound: maxBound, bound: float64(maxBound), retry: retry, meter: meter}
}

// ticket is a request in the limiter.
type ticket struct {
	admitted chan struct{} // closed when the request may be sent
	epoch    int           // of the limiter when it was admitted
}

// acquire waits until a request may be sent. release must follow it.
func (l *limiter) acquire(ctx context.Context, bulk bool) (*ticket, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	queue := &l.urgent
	if bulk {
		queue = &l.bulk
	}
	t := &ticket{admitted: make(chan struct{})}
	l.mu.Lock()
	place := queue.PushBack(t)
	l.admit()
	l.mu.Unlock()
	select {
	case <-t.admitted:
		return t, nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-t.admitted: // admitted and done at once
		l.busy--
		l.admit()
	default:
		queue.Remove(place)
	}
	return nil, ctx.Err()
}

// admit admits the requests that may be sent now. l.mu is held.
func (l *limiter) admit() {
	for l.busy < int(l.bound) {
		queue := &l.urgent
		if queue.Len() == 0 {
			queue = &l.bulk
		}
		if queue.Len() == 0 {
			return
		}
		if wait := time.Until(l.paused.Until); wait > 0 {
			l.admitAfter(wait)
			return
		}
		t := queue.Remove(queue.Front()).(*ticket)
		t.epoch = l.epoch
		l.busy++
		close(t.admitted)
	}
}

// admitAfter calls admit after a pause. The pause counts as traffic only from here on, where
// a request waits for its end.
func (l *limiter) admitAfter(wait time.Duration) {
	l.meter.setPause(l.paused)
	if l.timer != nil {
		l.timer.Stop()
	}
	l.timer = time.AfterFunc(wait, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.admit()
	})
}

// release ends a request and adapts the bound to its response.
func (l *limiter) release(t *ticket, a Response, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.busy--
	switch {
	case err != nil || a.Status == 0:
	case a.Status == http.StatusTooManyRequests:
		l.throttle(t, a)
	case asksForPause(a):
		l.pause(max(a.RetryAfter(), l.retry.Backoff), true)
	case a.Status < http.StatusInternalServerError:
		l.throttled = 0
		l.bound = min(l.bound+1/l.bound, float64(l.maxBound))
	}
	l.admit()
}

// throttle halves the bound, once for all requests that ran at the same time:
// they all get the same response.
func (l *limiter) throttle(t *ticket, a Response) {
	pause, requested := a.RetryAfter(), a.RetryAfter() > 0
	if t.epoch == l.epoch {
		l.epoch++
		l.bound = max(float64(int(l.bound)/2), 1)
		pause = max(pause, l.retry.Backoff<<min(l.throttled, 4))
		l.throttled++
	}
	l.pause(pause, requested)
}

// exhausted reports whether the bound was halved as often as the policy allows,
// without a good response in between.
func (l *limiter) exhausted() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.throttled >= l.retry.ThrottledAttempts
}

// pause holds all requests back for d. A pause that is longer than the policy's
// MaxRetryAfter is ignored: the requests fail instead. requested means that the registry
// asked for it with Retry-After.
func (l *limiter) pause(d time.Duration, requested bool) {
	until := time.Now().Add(d)
	if d <= 0 || d > l.retry.MaxRetryAfter || !until.After(l.paused.Until) {
		return
	}
	l.paused = model.Pause{Host: l.host, Until: until, Requested: requested}
}
