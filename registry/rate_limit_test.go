package registry

import (
	"net/http"
	"testing"
)

// TestLoad_pullLimit checks that a pull limit that is used up is reported at once, with its
// window, and that a 429 that may pass is sent again.
func TestLoad_pullLimit(t *testing.T) {
	const body = `{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your unauthenticated pull rate limit. ` +
		`https://www.docker.com/increase-rate-limit"}]}`
	const said = ` ("You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit")`
	for name, tt := range map[string]struct {
		header   []string
		want     string // after the host
		requests int
	}{
		"used up": {[]string{"Ratelimit-Limit", "100;w=21600", "Ratelimit-Remaining", "0;w=21600"},
			"says that its pull limit is used up: 0 left in 6 hours" + said + "; try again later, or run docker login HOST for a higher limit", 1},
		"used up, without the limit": {[]string{"Ratelimit-Remaining", "0;w=86400"},
			"says that its pull limit is used up: 0 left in 1 day" + said + "; try again later, or run docker login HOST for a higher limit", 1},
		"of one minute": {[]string{"Ratelimit-Remaining", "0;w=60"},
			"says that its pull limit is used up: 0 left in 1 minute" + said + "; try again later, or run docker login HOST for a higher limit", 8},
		"some left": {[]string{"Ratelimit-Remaining", "3;w=21600"},
			"reports too many requests" + said + "; try again in a minute, or run docker login HOST for a higher limit", 8},
		"nothing more": {nil, "reports too many requests" + said + "; try again in a minute, or run docker login HOST for a higher limit", 8},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
				status(http.StatusTooManyRequests, body, tt.header...)(w, r)
				return true
			})
			c := newClient(t, Options{})
			_, err := c.Load(deadline(t), s.ref("app", "a"), nil)
			saysExactly(t, s, err, tt.want)
			if n := len(s.requests()); n != tt.requests {
				t.Errorf("%d requests", n)
			}
			if tt.requests == 1 && c.Traffic().Pause.Requested {
				t.Error("requests wait")
			}
		})
	}
}

// TestLoad_pullLimitRetryAfter checks that a 429 with Retry-After is sent again.
func TestLoad_pullLimitRetryAfter(t *testing.T) {
	s := newServer(t)
	r := s.ref("app", "a")
	s.pushImage(t, r, image(t, 1))
	asked := 0
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		if asked++; asked > 1 {
			return false
		}
		status(http.StatusTooManyRequests, "", "Ratelimit-Remaining", "0;w=21600", "Retry-After", "0")(w, r)
		return true
	})
	_, err := newClient(t, Options{Concurrency: 1}).Load(deadline(t), r, nil)
	ok(t, err)
	if n := len(s.requests()); n != 3 {
		t.Errorf("%d requests", n)
	}
}
