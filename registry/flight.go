package registry

import (
	"context"
	"sync"

	"github.com/tagdiff/tagdiff/model/panics"
)

// flights lets those who want the same thing at the same time wait for one
// request. Unlike x/sync's singleflight it ends the work when the last of them
// has gone: a screen that is closed must not leave a hundred requests behind.
type flights struct {
	mu sync.Mutex
	m  map[string]*flight
}

type flight struct {
	done    chan struct{}
	cancel  context.CancelFunc
	waiting int
	value   any
	err     error
}

// do returns what work returns, and ctx's error soon after ctx is done. The
// work gets a context of its own.
func (f *flights) do(ctx context.Context, key string, work func(context.Context) (any, error)) (any, error) {
	fl := f.join(ctx, key, work)
	select {
	case <-fl.done:
		f.leave(key, fl)
		return fl.value, fl.err
	case <-ctx.Done():
		f.leave(key, fl)
		return nil, ctx.Err()
	}
}

func (f *flights) join(ctx context.Context, key string, work func(context.Context) (any, error)) *flight {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fl, ok := f.m[key]; ok {
		fl.waiting++
		return fl
	}
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	fl := &flight{done: make(chan struct{}), cancel: cancel, waiting: 1}
	if f.m == nil {
		f.m = map[string]*flight{}
	}
	f.m[key] = fl
	go func() {
		defer panics.Catch()
		fl.value, fl.err = work(own)
		f.mu.Lock()
		if f.m[key] == fl {
			delete(f.m, key)
		}
		f.mu.Unlock()
		close(fl.done)
	}()
	return fl
}

// leave ends the work when nobody waits for it any more. Who comes later gets
// a flight of its own.
func (f *flights) leave(key string, fl *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fl.waiting--
	if fl.waiting > 0 {
		return
	}
	fl.cancel()
	if f.m[key] == fl {
		delete(f.m, key)
	}
}
