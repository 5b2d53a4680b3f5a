package registry

import (
	"net/http"
	"testing"
	"time"
)

// BenchmarkTwoTagsOfEightPlatforms loads both from a registry that takes 20 ms
// for every request. The floor is three times that. On a busy machine rounds
// can read one more: a request that starts late counts as a round of its own.
func BenchmarkTwoTagsOfEightPlatforms(b *testing.B) {
	s := newServer(b)
	x, y := s.ref("app", "a"), s.ref("app", "b")
	s.pushIndex(b, x, eightPlatforms(b))
	s.pushIndex(b, y, eightPlatforms(b))
	s.front = func(http.ResponseWriter, *http.Request) bool {
		time.Sleep(20 * time.Millisecond)
		return false
	}
	for b.Loop() {
		s.reset()
		loadBoth(b, newClient(b, Options{}), x, y)
	}
	b.ReportMetric(float64(len(s.requests())), "requests/op")
	b.ReportMetric(float64(s.depth()), "rounds/op")
}
