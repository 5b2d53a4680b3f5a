package inflight

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/tagdiff/tagdiff/registry/internal/registrytest"
)

// TestDo_lastCallerLeaves checks that the work is cancelled when its last caller leaves.
func TestDo_lastCallerLeaves(t *testing.T) {
	var f Group[any]
	ctx1, cancel1 := context.WithCancel(registrytest.Deadline(t))
	ctx2, cancel2 := context.WithCancel(registrytest.Deadline(t))
	ended := make(chan struct{})
	work := func(ctx context.Context) (any, error) {
		<-ctx.Done()
		close(ended)
		return nil, ctx.Err()
	}
	errs := make(chan error, 2)
	go func() { _, err := f.Do(ctx1, "k", work); errs <- err }()
	go func() { _, err := f.Do(ctx2, "k", work); errs <- err }()
	for f.Callers() != 2 {
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
	v, err := f.Do(registrytest.Deadline(t), "k", func(context.Context) (any, error) { return 7, nil })
	if v != 7 || err != nil {
		t.Errorf("got %v, %v", v, err)
	}
}
