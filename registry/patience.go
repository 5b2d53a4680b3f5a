package registry

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// retryPolicy says how often and when a request is sent again.
type retryPolicy struct {
	Attempts          int           // per request, for failures that may pass
	ThrottledAttempts int           // per request, when the registry asks for fewer requests
	Backoff           time.Duration // before the second attempt, doubled for each further one
	MaxRetryAfter     time.Duration // the longest Retry-After that is waited for; a longer one ends the request
}

// usualRetry is the policy unless a test needs another one.
func usualRetry() retryPolicy {
	return retryPolicy{Attempts: 3, ThrottledAttempts: 8, Backoff: 250 * time.Millisecond, MaxRetryAfter: 2 * time.Minute}
}

// again says whether to ask once more, and when. Timeouts are not repeated:
// the person has waited once.
func (p retryPolicy) again(try int, a answer, err error) (time.Duration, bool) {
	var token *tokenError
	if errors.As(err, &token) {
		a, err = token.answer, token.err
	}
	if err == nil && (a.status == http.StatusTooManyRequests || wantsPause(a)) {
		return 0, try < p.ThrottledAttempts && a.askedPause() <= p.MaxRetryAfter // the limiter holds it back
	}
	if try >= p.Attempts {
		return 0, false
	}
	wait := p.Backoff << (try - 1)
	if err != nil {
		cut := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
		return wait, cut
	}
	if passing(a.status) && a.status != http.StatusTooManyRequests {
		return wait, true
	}
	return 0, false
}

// passing reports whether a status may be another one the next time.
func passing(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// wantsPause reports whether a server says when it will be back.
func wantsPause(a answer) bool {
	_, ok := retryAfter(a.header, time.Now())
	return ok && a.status == http.StatusServiceUnavailable
}

// askedPause is the pause that an answer asks for, 0 for none.
func (a answer) askedPause() time.Duration {
	d, _ := retryAfter(a.header, time.Now())
	return d
}

// maxAsked bounds what is believed of a pause that is asked for: what is longer
// means never.
const maxAsked = 30 * 24 * time.Hour

// retryAfter reads the header of that name: seconds or a date (RFC 9110).
func retryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v != "" && strings.Trim(v, "0123456789") == "" {
		n, err := strconv.ParseUint(v, 10, 63)
		if err != nil || n > uint64(maxAsked/time.Second) {
			return maxAsked, true
		}
		return time.Duration(n) * time.Second, true
	}
	if t, err := http.ParseTime(v); err == nil {
		return min(max(t.Sub(now), 0), maxAsked), true
	}
	return 0, false
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
