package garbage

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
)

// TestLimit checks that the first collection is late and makes the others frequent.
func TestLimit(t *testing.T) {
	before := debug.SetGCPercent(100)
	t.Cleanup(func() { debug.SetGCPercent(before) })
	t.Setenv("GOGC", "100")
	if Limit(); percentNow() != 100 {
		t.Errorf("%d percent where GOGC says 100", percentNow())
	}
	t.Setenv("GOGC", "")
	if Limit(); percentNow() != percentAtFirst && percentNow() != percent { // a collection may have come
		t.Errorf("%d percent at first", percentNow())
	}
	for percentNow() != percent { // the cleanup runs in another goroutine
		runtime.GC()
		runtime.Gosched()
	}
}

// percentNow returns what SetGCPercent has set.
func percentNow() int {
	s := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	metrics.Read(s)
	return int(s[0].Value.Uint64()) //nolint:gosec // small
}
