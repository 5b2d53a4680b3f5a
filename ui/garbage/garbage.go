// Package garbage sets how often the garbage collector of the program runs.
package garbage

import (
	"os"
	"runtime"
	"runtime/debug"
)

const (
	// percentAtFirst lets the heap grow to 24 MiB before the first collection: Go starts at 4 MiB for 100
	// percent. Most comparisons end before that, and a collection of a small heap frees little.
	percentAtFirst = 600
	// percent lets less than half as much garbage stand beside the memory in use as Go does. The lists of large layers
	// are most of that memory, and have few pointers to follow.
	percent = 42
)

// Limit makes the first collection late and the others frequent. The environment variable GOGC counts if it is
// set. Call it once, when the program starts.
func Limit() {
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(percentAtFirst)
	unused := new([16]byte) // which the first collection frees
	runtime.AddCleanup(unused, func(percent int) { debug.SetGCPercent(percent) }, percent)
}
