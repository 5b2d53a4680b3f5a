// Package inflight lets concurrent callers share the result of the same work. It
// keeps no results: caches are in packages registry and diskcache.
package inflight

import (
	"context"
	"sync"

	"github.com/tagdiff/tagdiff/model/panics"
)

// Group shares the results of work that several callers want at the same time.
// Unlike singleflight of x/sync it cancels the work when its last caller leaves: a
// closed screen must not leave a hundred requests running. The
// zero group is ready for use.
type Group[V any] struct {
	mu    sync.Mutex
	tasks map[string]*task[V]
}

// task is work that is running.
type task[V any] struct {
	done    chan struct{}
	cancel  context.CancelFunc
	callers int
	value   V
	err     error
}

// Do returns what work returns, and ctx's error soon after ctx is done. work
// runs with another context, which ends when all callers have left.
func (g *Group[V]) Do(ctx context.Context, key string, work func(context.Context) (V, error)) (V, error) {
	t := g.join(ctx, key, work)
	defer g.leave(key, t)
	select {
	case <-t.done:
		return t.value, t.err
	case <-ctx.Done():
		var zero V
		return zero, ctx.Err()
	}
}

func (g *Group[V]) join(ctx context.Context, key string, work func(context.Context) (V, error)) *task[V] {
	g.mu.Lock()
	defer g.mu.Unlock()
	if t, ok := g.tasks[key]; ok {
		t.callers++
		return t
	}
	workCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	t := &task[V]{done: make(chan struct{}), cancel: cancel, callers: 1}
	if g.tasks == nil {
		g.tasks = map[string]*task[V]{}
	}
	g.tasks[key] = t
	panics.Go(func() {
		t.value, t.err = work(workCtx)
		g.mu.Lock()
		if g.tasks[key] == t {
			delete(g.tasks, key)
		}
		g.mu.Unlock()
		close(t.done)
	})
	return t
}

// leave cancels the work when its last caller leaves. A later caller begins
// the work again.
func (g *Group[V]) leave(key string, t *task[V]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	t.callers--
	if t.callers > 0 {
		return
	}
	t.cancel()
	if g.tasks[key] == t {
		delete(g.tasks, key)
	}
}

// Callers returns the number of callers that wait.
func (g *Group[V]) Callers() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := 0
	for _, t := range g.tasks {
		n += t.callers
	}
	return n
}
