package registry

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
)

func TestTheCacheForgetsWhatWasNotUsedForLongest(t *testing.T) {
	c := newCache(10 * (512 + 300))
	for i := range 10 {
		c.put(fmt.Sprint(i), i, 100)
	}
	_, _ = c.get("0")
	c.put("10", 10, 100)
	if _, found := c.get("1"); found {
		t.Error("1 is the oldest and should be gone")
	}
	for _, key := range []string{"0", "2", "10"} {
		if _, found := c.get(key); !found {
			t.Errorf("%s is gone", key)
		}
	}
	c.put("huge", 0, 1<<20)
	if c.size > c.limit || len(c.byKey) != c.order.Len() {
		t.Errorf("%d bytes in %d entries", c.size, c.order.Len())
	}
}

func TestWorkEndsWhenTheLastWhoWantsItHasGone(t *testing.T) {
	var f group[any]
	ctx1, cancel1 := context.WithCancel(deadline(t))
	ctx2, cancel2 := context.WithCancel(deadline(t))
	ended := make(chan struct{})
	work := func(ctx context.Context) (any, error) {
		<-ctx.Done()
		close(ended)
		return nil, ctx.Err()
	}
	errs := make(chan error, 2)
	go func() { _, err := f.do(ctx1, "k", work); errs <- err }()
	go func() { _, err := f.do(ctx2, "k", work); errs <- err }()
	for f.callers() != 2 {
		runtime.Gosched()
	}
	cancel1()
	if err := <-errs; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	select {
	case <-ended:
		t.Fatal("the work ended although one still waits")
	default:
	}
	cancel2()
	<-ended
	if err := <-errs; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	v, err := f.do(deadline(t), "k", func(context.Context) (any, error) { return 7, nil })
	if v != 7 || err != nil {
		t.Errorf("got %v, %v", v, err)
	}
}
