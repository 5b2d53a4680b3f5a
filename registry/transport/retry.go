package transport

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// RetryPolicy is how often and when a request is sent again.
type RetryPolicy struct {
	Attempts          int           // per request, for failures that may pass
	ThrottledAttempts int           // per request, when the registry asks for fewer requests
	Backoff           time.Duration // before the second attempt, doubled for each further one
	MaxRetryAfter     time.Duration // the longest Retry-After that is waited for; a longer one ends the request
}

// DefaultRetryPolicy is the policy of the program.
func DefaultRetryPolicy() RetryPolicy {
	return RetryPolicy{Attempts: 3, ThrottledAttempts: 8, Backoff: 250 * time.Millisecond, MaxRetryAfter: 2 * time.Minute}
}

// shouldRetry reports whether to send the request again, and after which wait. It
// does not repeat timeouts: the person has waited once.
func (p RetryPolicy) shouldRetry(try int, a Response, err error) (time.Duration, bool) {
	if window, ok := a.LimitUsedUp(); ok && err == nil && window > p.MaxRetryAfter {
		return 0, false
	}
	if token, ok := errors.AsType[*TokenError](err); ok {
		a, err = token.Response, token.Err
	}
	if err == nil && (a.Status == http.StatusTooManyRequests || asksForPause(a)) {
		return 0, try < p.ThrottledAttempts && a.RetryAfter() <= p.MaxRetryAfter // the limiter delays the request
	}
	if try >= p.Attempts {
		return 0, false
	}
	wait := p.Backoff << (try - 1)
	if err != nil {
		return wait, IsConnectionLost(err)
	}
	if IsTransient(a.Status) && a.Status != http.StatusTooManyRequests {
		return wait, true
	}
	return 0, false
}

// notEstablished is the text of net/http for an HTTP/2 connection that ended before its first request.
const notEstablished = "http2: client conn could not be established"

// lostTexts are texts of errors that net/http does not export: the server closed a connection
// at the moment when it was used (net/http transport.go and h2_bundle.go).
var lostTexts = []string{
	"http: server closed idle connection", notEstablished, "http2: client connection lost",
	"http2: client conn is closed", "http2: client conn not usable",
}

// IsConnectionLost reports whether the server closed the connection.
func IsConnectionLost(err error) bool {
	saysLost := func(text string) bool { return strings.Contains(err.Error(), text) }
	return err != nil && slices.ContainsFunc(lostTexts, saysLost) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// IsTransient reports whether another attempt may get another status.
func IsTransient(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// asksForPause reports whether a 503 has a Retry-After.
func asksForPause(a Response) bool {
	_, ok := parseRetryAfter(a.Header, time.Now())
	return ok && a.Status == http.StatusServiceUnavailable
}

// RetryAfter returns the pause that a response asks for, 0 for none.
func (r Response) RetryAfter() time.Duration {
	d, _ := parseRetryAfter(r.Header, time.Now())
	return d
}

// RetryNever is the longest pause that RetryAfter returns. Longer pauses are
// cut to it.
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
