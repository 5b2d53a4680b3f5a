package transport

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tagdiff/tagdiff/model"
)

// quotaHeaders are the headers with the rate limit of a registry: those of Docker Hub
// and of the IETF drafts up to 06, and two older forms.
var quotaHeaders = []struct{ limit, left string }{
	{"Ratelimit-Limit", "Ratelimit-Remaining"},
	{"X-Ratelimit-Limit", "X-Ratelimit-Remaining"},
	{"X-Rate-Limit-Limit", "X-Rate-Limit-Remaining"},
}

// maxQuota is the largest limit that is accepted; a larger one is not a real limit.
const maxQuota = 1_000_000_000

// parseQuota parses the rate limit in the headers of a response. ok is false without a
// valid one.
func parseQuota(h http.Header) (_ model.Quota, ok bool) {
	for _, names := range quotaHeaders {
		limit, per, okLimit := parseAmount(h.Get(names.limit))
		left, perLeft, okLeft := parseAmount(h.Get(names.left))
		if okLimit && okLeft && left <= limit {
			return model.Quota{Left: left, Limit: limit, Per: max(per, perLeft)}, true
		}
	}
	return structuredQuota(h.Get("Ratelimit"), h.Get("Ratelimit-Policy"))
}

// LimitUsedUp reports whether a 429 says that no request is left, and the window of that limit.
// ok is false if it asks for a pause or has no window: the limit then is one of a few seconds.
func (r Response) LimitUsedUp() (window time.Duration, ok bool) {
	if _, pause := parseRetryAfter(r.Header, time.Now()); pause || r.Status != http.StatusTooManyRequests {
		return 0, false
	}
	for _, names := range quotaHeaders {
		_, per, _ := parseAmount(r.Header.Get(names.limit))
		left, perLeft, ok := parseAmount(r.Header.Get(names.left))
		if window := max(per, perLeft); ok && left == 0 && window > 0 {
			return window, true
		}
	}
	q, ok := structuredQuota(r.Header.Get("Ratelimit"), r.Header.Get("Ratelimit-Policy"))
	return q.Per, ok && q.Left == 0 && q.Per > 0
}

// parseAmount parses a number with its period in seconds, as in "100;w=21600". Of
// several policies the first one counts.
func parseAmount(s string) (n int, per time.Duration, ok bool) {
	s, _, _ = strings.Cut(s, ",")
	number, params, _ := strings.Cut(s, ";")
	n, ok = parseCount(number)
	if !ok {
		return 0, 0, false
	}
	if w, ok := parseCount(parameter(params, ";", "w")); ok {
		per = time.Duration(w) * time.Second
	}
	return n, per, true
}

// structuredQuota parses the form of the drafts from 07 on: "limit=100, remaining=50,
// reset=5", and later `"hour";r=50;t=30` beside a policy `"hour";q=100;w=3600`.
func structuredQuota(state, policy string) (_ model.Quota, ok bool) {
	if limit, okLimit := parseCount(parameter(state, ",", "limit")); okLimit {
		left, okLeft := parseCount(parameter(state, ",", "remaining"))
		if !okLeft || left > limit {
			return model.Quota{}, false
		}
		_, per, _ := parseAmount(policy)
		return model.Quota{Left: left, Limit: limit, Per: per}, true
	}
	state, _, _ = strings.Cut(state, ",")
	name, _, _ := strings.Cut(state, ";")
	left, ok := parseCount(parameter(state, ";", "r"))
	if !ok {
		return model.Quota{}, false
	}
	for p := range strings.SplitSeq(policy, ",") {
		named, _, _ := strings.Cut(p, ";")
		limit, ok := parseCount(parameter(p, ";", "q"))
		if !ok || strings.TrimSpace(named) != strings.TrimSpace(name) || left > limit {
			continue
		}
		q := model.Quota{Left: left, Limit: limit}
		if w, ok := parseCount(parameter(p, ";", "w")); ok {
			q.Per = time.Duration(w) * time.Second
		}
		return q, true
	}
	return model.Quota{}, false
}

// parameter is the value of name=value among parts, "" if it is not there.
func parameter(s, separator, name string) string {
	for part := range strings.SplitSeq(s, separator) {
		if k, v, ok := strings.Cut(part, "="); ok && strings.EqualFold(strings.TrimSpace(k), name) {
			return v
		}
	}
	return ""
}

func parseCount(s string) (int, bool) {
	n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 32)
	return int(n), err == nil && n <= maxQuota
}
