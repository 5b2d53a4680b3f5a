package registry

import (
	"errors"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/model"
)

// TestCheckRef_moment checks that a reference with a time is never sent to a registry.
func TestCheckRef_moment(t *testing.T) {
	s := newServer(t)
	c := newClient(t, Options{})
	r := s.ref("app", "prod")
	r.At = "2026-11-18"
	_, loaded := c.Load(deadline(t), r, nil)
	_, peeked := c.Peek(deadline(t), r)
	_, headed := c.Head(deadline(t), r)
	_, children := c.Children(deadline(t), r)
	for name, err := range map[string]error{"Load": loaded, "Peek": peeked, "Head": headed, "Children": children} {
		var trouble *model.ReadError
		if !errors.As(err, &trouble) || !strings.Contains(trouble.Message, "app:prod@2026-11-18") || trouble.Next == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(s.requests()); n != 0 {
		t.Errorf("%d requests were made", n)
	}
}
