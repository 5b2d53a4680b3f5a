package registry

import (
	"container/list"
	"context"
	"net/http"
	"sync"
	"time"
)

// limiter bounds how many requests to one registry are under way, its token
// service and the hosts of its blobs included. What a registry cannot bear
// makes it slower instead of failing: a 429 halves the bound, good answers let
// it grow back by one for each round, and while the registry wants a pause all
// requests wait.
type limiter struct {
	host  string
	most  int
	retry retryPolicy
	meter *meter

	mu      sync.Mutex
	bound   float64 // at most most
	busy    int
	epoch   int       // how often the bound was halved
	strikes int       // halvings since the last good answer
	quiet   time.Time // no request before
	wake    *time.Timer
	urgent  list.List // of *turnstile: what a person waits for, first come first served
	bulk    list.List // the same for requests by the thousand, which let all others pass
}

func newLimiter(host string, most int, retry retryPolicy, meter *meter) *limiter {
	return &limiter{host: host, most: most, bound: float64(most), retry: retry, meter: meter}
}

// turnstile is where one request waits.
type turnstile struct {
	open  chan struct{} // closed when it may go, nil if it need not wait
	epoch int           // of the limiter when it went
}

// enter waits until a request may be sent. leave must be called after it.
func (l *limiter) enter(ctx context.Context, bulk bool) (*turnstile, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	queue := &l.urgent
	if bulk {
		queue = &l.bulk
	}
	t := &turnstile{}
	l.mu.Lock()
	if l.urgent.Len()+l.bulk.Len() == 0 && l.busy < int(l.bound) && !l.quiet.After(time.Now()) {
		t.epoch = l.epoch
		l.busy++
		l.mu.Unlock()
		return t, nil
	}
	t.open = make(chan struct{})
	place := queue.PushBack(t)
	l.next()
	l.mu.Unlock()
	select {
	case <-t.open:
		return t, nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-t.open: // both at once
		l.busy--
		l.next()
	default:
		queue.Remove(place)
	}
	return nil, ctx.Err()
}

// next lets in who may go now. l.mu is held.
func (l *limiter) next() {
	for l.busy < int(l.bound) {
		queue := &l.urgent
		if queue.Len() == 0 {
			queue = &l.bulk
		}
		if queue.Len() == 0 {
			return
		}
		if wait := time.Until(l.quiet); wait > 0 {
			l.alarm(wait)
			return
		}
		t := queue.Remove(queue.Front()).(*turnstile)
		t.epoch = l.epoch
		l.busy++
		close(t.open)
	}
}

// alarm sees to it that next is called again after a pause.
func (l *limiter) alarm(wait time.Duration) {
	if l.wake != nil {
		l.wake.Stop()
	}
	l.wake = time.AfterFunc(wait, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.next()
	})
}

// leave ends a request and takes in what its answer says of the pace.
func (l *limiter) leave(t *turnstile, a answer, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.busy--
	switch {
	case err != nil || a.status == 0:
	case a.status == http.StatusTooManyRequests:
		l.slowDown(t, a)
	case wantsPause(a):
		l.pause(max(a.askedPause(), l.retry.Backoff))
	case a.status < http.StatusInternalServerError:
		l.strikes = 0
		l.bound = min(l.bound+1/l.bound, float64(l.most))
	}
	l.next()
}

// slowDown halves the bound, once for all requests that were under way
// together: they would all be told the same.
func (l *limiter) slowDown(t *turnstile, a answer) {
	asked := a.askedPause()
	if t.epoch == l.epoch {
		l.epoch++
		l.bound = max(float64(int(l.bound)/2), 1)
		asked = max(asked, l.retry.Backoff<<min(l.strikes, 4))
		l.strikes++
	}
	l.pause(asked)
}

// hopeless reports whether a registry has been asked often enough, ever slower,
// without one good answer.
func (l *limiter) hopeless() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.strikes >= l.retry.ThrottledAttempts
}

// pause holds all requests back for so long. One that is longer than anybody
// waits is not begun: those who ask are told of it.
func (l *limiter) pause(d time.Duration) {
	until := time.Now().Add(d)
	if d <= 0 || d > l.retry.MaxRetryAfter || !until.After(l.quiet) {
		return
	}
	l.quiet = until
	l.meter.paused(l.host, until)
}
