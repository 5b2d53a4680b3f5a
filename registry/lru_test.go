package registry

import (
	"fmt"
	"testing"
)

// TestSweep_leastRecentlyUsed checks that a sweep removes the documents that were not used for longest.
func TestSweep_leastRecentlyUsed(t *testing.T) {
	c := newLRU(10 * (512 + 300))
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
