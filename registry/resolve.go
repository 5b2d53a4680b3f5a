package registry

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/files"
	"github.com/tagdiff/tagdiff/model/panics"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// batchPause is how long results are collected before they are delivered, so that a
// screen is not redrawn for each of thousands.
const batchPause = 40 * time.Millisecond

// maxFailures is the weight of failures in a row that ends a Resolve, and
// noResponseWeight the weight of one without a response: a registry that is down
// or refuses must not get a request for each of thousands of tags.
const (
	maxFailures      = 9
	noResponseWeight = 3
)

// Resolve finds the digests of tags as Head does, with one HEAD request for each, in the given
// order and as many at once as the host allows. found is called from the calling
// goroutine with batches of results; a tag that failed has its Err. After too many
// failures in a row Resolve stops and returns the first of them; the tags of these
// failures are not delivered.
func (c *Client) Resolve(ctx context.Context, repo model.Ref, tags []string, found func([]model.Tagged)) error {
	repo = repo.Repo()
	if err := checkRef(repo); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	b := batch{found: found, stop: make(chan struct{})}
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(c.opts.Concurrency, len(tags)) {
		workers.Go(func() {
			defer panics.Catch()
			for i := next.Add(1); i <= int64(len(tags)) && ctx.Err() == nil; i = next.Add(1) {
				t, err := c.resolveOne(ctx, repo.WithTag(tags[i-1]), true)
				if err != nil && ctx.Err() != nil {
					return // there is no result
				}
				t.Err = err
				if !b.add(t) {
					return
				}
			}
		})
	}
	done := make(chan struct{})
	panics.Go(func() {
		defer close(done)
		workers.Wait()
	})
	return b.collect(ctx, done)
}

// batch collects the results of the workers and delivers them at most once per
// batchPause: waking the receiver for each result would cost more than the request.
type batch struct {
	found func([]model.Tagged)
	stop  chan struct{} // closed when too many requests failed

	mu       sync.Mutex
	stopped  bool // stop is closed
	ready    []model.Tagged
	failed   []model.Tagged // since the last success, for a reason that affects the whole registry
	failures int
}

// collect delivers the results at intervals and at the end.
func (b *batch) collect(ctx context.Context, done <-chan struct{}) error {
	ticks := time.NewTicker(batchPause)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return contextError(ctx.Err())
		case <-ticks.C:
			b.flush()
			continue
		case <-b.stop:
		case <-done:
		}
		b.flush()
		return b.result(ctx)
	}
}

// add stores a result and reports whether to continue. A result after the end is
// ignored.
func (b *batch) add(t model.Tagged) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stopped {
		return false
	}
	n := failureWeight(t.Err)
	if n == 0 {
		b.ready = append(append(b.ready, b.failed...), t)
		b.failed, b.failures = nil, 0
		return true
	}
	b.failed = append(b.failed, t)
	if b.failures += n; b.failures >= maxFailures {
		b.stopped = true
		close(b.stop)
	}
	return !b.stopped
}

func (b *batch) flush() {
	b.mu.Lock()
	ready := b.ready
	b.ready = nil
	b.mu.Unlock()
	if len(ready) > 0 {
		b.found(ready)
	}
}

// result is the reason why Resolve stopped, nil if it finished. Failures without a
// later success are those of the registry.
func (b *batch) result(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := contextErrorOf(ctx); err != nil || len(b.failed) == 0 {
		return err
	}
	return b.failed[0].Err
}

// failureWeight is the weight of a failure: 0 if it concerns only the tag, such as a
// deleted one, else how surely the registry will refuse the other tags too.
func failureWeight(err error) int {
	var (
		status  *transport.StatusError
		token   *transport.TokenError
		refuses *transport.RefusingError
		bad     *transport.MalformedError
	)
	switch {
	case err == nil, errors.As(err, &bad), errors.Is(err, files.ErrTooLarge):
		return 0
	case errors.As(err, &token), errors.As(err, &refuses):
		return maxFailures // no other tag needs another token
	case !errors.As(err, &status):
		return noResponseWeight
	case status.Status == http.StatusTooManyRequests:
		return maxFailures // after all attempts, with pauses
	case status.Status == http.StatusUnauthorized, status.Status == http.StatusForbidden, status.Status >= http.StatusInternalServerError:
		return 1
	}
	return 0
}

// Children returns the descriptors that an index lists, nil if r is not an index.
func (c *Client) Children(ctx context.Context, r model.Ref) ([]v1.Descriptor, error) {
	m, err := c.manifest(ctx, r)
	if err != nil || m.Kind != model.KindIndex {
		return nil, err
	}
	return m.Children, nil
}
