// Package panics keeps a panic in one goroutine from ending the program before
// the terminal is restored.
package panics

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync/atomic"
)

// PanicError is a recovered panic: a bug in the program itself.
type PanicError struct {
	Value     any
	Stack     string // of the goroutine that panicked
	AllStacks string // the stacks of all goroutines
}

func (f *PanicError) Error() string { return fmt.Sprintf("internal error: %v", f.Value) }

// maxStacks limits the stacks of all goroutines that are kept, in bytes.
const maxStacks = 1 << 20

// handler is called for a panic in any goroutine.
var handler atomic.Pointer[func(*PanicError)]

// Handle makes do the handler of every panic that Catch recovers, in any
// goroutine. The returned function restores the handler before it.
func Handle(do func(*PanicError)) (restore func()) {
	before := handler.Swap(&do)
	return func() { handler.Store(before) }
}

// Go runs work in a goroutine that defers Catch.
func Go(work func()) {
	go func() {
		defer Catch()
		work()
	}()
}

// Catch must be deferred first in every goroutine. It passes a panic to the
// handler; without a handler the panic continues.
func Catch() {
	value := recover()
	if value == nil {
		return
	}
	do := handler.Load()
	if do == nil {
		panic(value)
	}
	all := make([]byte, maxStacks)
	(*do)(&PanicError{Value: value, Stack: string(debug.Stack()), AllStacks: string(all[:runtime.Stack(all, true)])})
}
