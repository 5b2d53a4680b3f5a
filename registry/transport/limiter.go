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
// and all requests wait while the registry asks for a pause. Streams have places of their own,
// so no other request waits for one.
type limiter struct {
	host     string
	maxBound int
	retry    RetryPolicy
	meter    *Meter

	mu        sync.Mutex
	bound     float64 // at most maxBound
	busy      int     // requests, without streams
	streaming int
	epoch     int         // number of times that the bound was halved
	throttled int         // number of times since the last good response
	paused    model.Pause // no request is sent before its end
	timer     *time.Timer
	urgent    list.List // of *ticket: requests that a person waits for, first in, first out
	bulk      list.List // of *ticket: requests by the thousand, after the urgent ones
	streams   list.List // of *ticket: blobs that are read as they arrive, after all others
}

// MaxStreams limits the blobs of one registry that are read at once as they arrive.
const MaxStreams = 4

func newLimiter(host string, maxBound int, retry RetryPolicy, meter *Meter) *limiter {
	return &limiter{host: host, maxBound: maxBound, bound: float64(maxBound), retry: retry, meter: meter}
}

// ticket is a request in the limiter.
type ticket struct {
	admitted chan struct{} // closed when the request may be sent
	epoch    int           // of the limiter when it was admitted
	places   *int          // the counter of the limiter that it is in
}

// acquire waits until a request may be sent. release must follow it.
func (l *limiter) acquire(ctx context.Context, bulk bool) (*ticket, error) {
	if bulk {
		return l.wait(ctx, &l.bulk, &l.busy)
	}
	return l.wait(ctx, &l.urgent, &l.busy)
}

// acquireStream is acquire for a stream. release must follow the end of its body.
func (l *limiter) acquireStream(ctx context.Context) (*ticket, error) {
	return l.wait(ctx, &l.streams, &l.streaming)
}

func (l *limiter) wait(ctx context.Context, queue *list.List, places *int) (*ticket, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	t := &ticket{admitted: make(chan struct{}), places: places}
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
		*places--
		l.admit()
	default:
		queue.Remove(place)
	}
	return nil, ctx.Err()
}

// admit admits the requests that may be sent now. l.mu is held.
func (l *limiter) admit() {
	for {
		queue := l.next()
		if queue == nil {
			return
		}
		if wait := time.Until(l.paused.Until); wait > 0 {
			l.admitAfter(wait)
			return
		}
		t := queue.Remove(queue.Front()).(*ticket)
		t.epoch = l.epoch
		*t.places++
		close(t.admitted)
	}
}

// next is the queue whose first request has a place, nil for none. l.mu is held.
func (l *limiter) next() *list.List {
	bound := int(l.bound)
	switch {
	case l.busy < bound && l.urgent.Len() > 0:
		return &l.urgent
	case l.busy < bound && l.bulk.Len() > 0:
		return &l.bulk
	case l.streaming < min(bound, MaxStreams) && l.streams.Len() > 0 && l.urgent.Len() == 0:
		return &l.streams
	}
	return nil
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
	*t.places--
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
