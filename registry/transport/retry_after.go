package transport

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// asksForPause reports whether a 503 has a Retry-After.
func asksForPause(a Response) bool {
	_, ok := parseRetryAfter(a.Header, time.Now())
	return ok && a.Status == http.StatusServiceUnavailable
}

// RetryAfter is the pause that a response asks for, 0 for none.
func (a Response) RetryAfter() time.Duration {
	d, _ := parseRetryAfter(a.Header, time.Now())
	return d
}

// RetryNever is the longest pause that RetryAfter returns. It stands for all longer
// ones.
const RetryNever = 30 * 24 * time.Hour

// parseRetryAfter reads Retry-After: seconds or a date (RFC 9110).
func parseRetryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v != "" && strings.Trim(v, "0123456789") == "" {
		n, err := strconv.ParseUint(v, 10, 63)
		if err != nil || n > uint64(RetryNever/time.Second) {
			return RetryNever, true
		}
		return time.Duration(n) * time.Second, true
	}
	if t, err := http.ParseTime(v); err == nil {
		return min(max(t.Sub(now), 0), RetryNever), true
	}
	return 0, false
}
