package registry

import (
	"net/http"
	"testing"
	"time"

	"github.com/tagdiff/tagdiff/model"
)

// TestTraffic_quota checks that Traffic reports the remaining quota.
func TestTraffic_quota(t *testing.T) {
	s := newServer(t)
	s.pushImage(t, s.ref("app", "a"), image(t, 1))
	s.setFront(func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Ratelimit-Limit", "100;w=21600")
		w.Header().Set("Ratelimit-Remaining", "42;w=21600")
		return false
	})
	c := newClient(t, Options{})
	_, err := c.Load(deadline(t), s.ref("app", "a"), nil)
	ok(t, err)
	if got := c.Traffic().Quota; got != (model.Quota{Host: s.host, Left: 42, Limit: 100, Per: 6 * time.Hour}) {
		t.Errorf("quota %+v", got)
	}
}
