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

// patience is how long a server may take.
type patience struct {
	dial    time.Duration // to accept a connection
	early   time.Duration // for a connection to be used; net/http's servers hang up after ten seconds
	silence time.Duration // between two signs of life
	guess   time.Duration // for a token from where an earlier run got one
	whole   time.Duration // for one request in all
	tries   int           // per request, when the trouble is of the passing kind
	slowed  int           // the same, when the registry asks for fewer requests
	pause   time.Duration // before the second try, doubled for each more
	trust   time.Duration // how long a registry that had a manifest is believed to have it
	longest time.Duration // Retry-After that is waited for; a longer one is told
}

// usualPatience is a person's: nobody waits two minutes for a manifest.
var usualPatience = patience{
	dial: 10 * time.Second, early: 8 * time.Second, silence: DefaultTimeout, guess: 3 * time.Second, whole: 4 * DefaultTimeout,
	tries: 3, slowed: 8, trust: time.Hour, pause: 250 * time.Millisecond, longest: 2 * time.Minute,
}

// within is the patience of who says how long a registry may be silent; 0 says
// nothing.
func (p patience) within(silence time.Duration) patience {
	if silence > 0 {
		p.silence, p.whole = silence, 4*silence
		p.dial, p.guess = min(p.dial, silence), min(p.guess, silence)
	}
	return p
}

// again says whether to ask once more, and when. Timeouts are not repeated:
// the person has waited once.
func (p patience) again(try int, a answer, err error) (time.Duration, bool) {
	var token *tokenError
	if errors.As(err, &token) {
		a, err = token.answer, token.err
	}
	if err == nil && (a.status == http.StatusTooManyRequests || wantsPause(a)) {
		return 0, try < p.slowed && askedPause(a) <= p.longest // the limiter holds it back
	}
	if try >= p.tries {
		return 0, false
	}
	wait := p.pause << (try - 1)
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
func askedPause(a answer) time.Duration {
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
