// Package panics keeps a panic of one goroutine from ending the program before
// the terminal is as it was.
package panics

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync/atomic"
)

// Caught is a panic: a mistake in the program itself.
type Caught struct {
	Value any
	Stack string // of the goroutine that panicked
	Rest  string // the stacks of all
}

func (f *Caught) Error() string { return fmt.Sprintf("a fault of its own: %v", f.Value) }

// maxStacks bounds what is kept of the stacks of all goroutines.
const maxStacks = 1 << 20

// handler is one for all goroutines: which of them panics nobody knows before.
var handler atomic.Pointer[func(*Caught)]

// Handle has do called with every fault that Catch catches, from any goroutine,
// until back puts in its place what was there before.
func Handle(do func(*Caught)) (back func()) {
	before := handler.Swap(&do)
	return func() { handler.Store(before) }
}

// Catch is to be deferred, first of all, in every goroutine. Where nobody
// handles faults the panic goes on.
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
	(*do)(&Caught{Value: value, Stack: string(debug.Stack()), Rest: string(all[:runtime.Stack(all, true)])})
}
