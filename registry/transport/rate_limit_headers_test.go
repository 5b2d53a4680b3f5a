package transport

import (
	"net/http"
	"testing"
	"time"

	"github.com/tagdiff/tagdiff/model"
)

// TestParseQuota_dialects checks that every form of the rate limit headers is parsed.
func TestParseQuota_dialects(t *testing.T) {
	for name, tt := range map[string]struct {
		header map[string]string
		want   model.Quota
		ok     bool
	}{
		"Docker Hub":       {map[string]string{"ratelimit-limit": "100;w=21600", "ratelimit-remaining": "97;w=21600"}, model.Quota{Left: 97, Limit: 100, Per: 6 * time.Hour}, true},
		"drafts up to 06":  {map[string]string{"RateLimit-Limit": "10, 10;w=1, 50;w=60", "RateLimit-Remaining": "9", "RateLimit-Reset": "1"}, model.Quota{Left: 9, Limit: 10}, true},
		"draft 07":         {map[string]string{"RateLimit": "limit=100, remaining=50, reset=5", "RateLimit-Policy": "100;w=10"}, model.Quota{Left: 50, Limit: 100, Per: 10 * time.Second}, true},
		"later drafts":     {map[string]string{"RateLimit": `"hour";r=50;t=30`, "RateLimit-Policy": `"burst";q=10;w=1, "hour";q=1000;w=3600`}, model.Quota{Left: 50, Limit: 1000, Per: time.Hour}, true},
		"custom":           {map[string]string{"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "4999", "X-RateLimit-Reset": "1700000000"}, model.Quota{Left: 4999, Limit: 5000}, true},
		"none left":        {map[string]string{"RateLimit-Limit": "100", "RateLimit-Remaining": "0"}, model.Quota{Limit: 100}, true},
		"nothing":          {nil, model.Quota{}, false},
		"limit alone":      {map[string]string{"RateLimit-Limit": "100"}, model.Quota{}, false},
		"more than all":    {map[string]string{"RateLimit-Limit": "100", "RateLimit-Remaining": "101"}, model.Quota{}, false},
		"no numbers":       {map[string]string{"RateLimit-Limit": "many", "RateLimit-Remaining": "-1"}, model.Quota{}, false},
		"unlimited":        {map[string]string{"RateLimit-Limit": "99999999999999999999", "RateLimit-Remaining": "1"}, model.Quota{}, false},
		"an other policy":  {map[string]string{"RateLimit": `"day";r=50`, "RateLimit-Policy": `"hour";q=1000;w=3600`}, model.Quota{}, false},
		"a state alone":    {map[string]string{"RateLimit": `"day";r=50`}, model.Quota{}, false},
		"a window of ages": {map[string]string{"RateLimit-Limit": "100;w=99999999999", "RateLimit-Remaining": "1"}, model.Quota{Left: 1, Limit: 100}, true},
	} {
		h := http.Header{}
		for k, v := range tt.header {
			h.Set(k, v)
		}
		if got, ok := parseQuota(h); ok != tt.ok || ok && got != tt.want {
			t.Errorf("%s: got %+v, %v", name, got, ok)
		}
	}
}

func FuzzQuota(f *testing.F) {
	f.Add("100;w=21600", "97;w=21600", `"hour";r=50;t=30`, `"hour";q=1000;w=3600`)
	f.Add("10, 10;w=1", "9", "limit=100, remaining=50", "100;w=10")
	f.Add("0", "1", "limit=1", "0")
	f.Fuzz(func(t *testing.T, limit, left, state, policy string) {
		for _, h := range []http.Header{
			{"Ratelimit-Limit": {limit}, "Ratelimit-Remaining": {left}, "Ratelimit": {state}, "Ratelimit-Policy": {policy}},
			{"X-Ratelimit-Limit": {limit}, "X-Ratelimit-Remaining": {left}},
		} {
			q, ok := parseQuota(h)
			if ok && (q.Left < 0 || q.Left > q.Limit || q.Limit > maxQuota || q.Per < 0) || !ok && q != (model.Quota{}) {
				t.Errorf("%v: %+v, %v", h, q, ok)
			}
		}
	})
}

// TestLimitUsedUp checks which 429 says that no request is left for a while.
func TestLimitUsedUp(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		header map[string]string
		want   time.Duration // 0 if none is used up
	}{
		"Docker Hub":         {429, map[string]string{"Ratelimit-Limit": "100;w=21600", "Ratelimit-Remaining": "0;w=21600"}, 6 * time.Hour},
		"without the limit":  {429, map[string]string{"Ratelimit-Remaining": "0;w=21600"}, 6 * time.Hour},
		"window of limit":    {429, map[string]string{"X-Ratelimit-Limit": "100;w=60", "X-Ratelimit-Remaining": "0"}, time.Minute},
		"later drafts":       {429, map[string]string{"Ratelimit": `"hour";r=0`, "Ratelimit-Policy": `"hour";q=1000;w=3600`}, time.Hour},
		"some left":          {429, map[string]string{"Ratelimit-Remaining": "1;w=21600"}, 0},
		"no window":          {429, map[string]string{"X-Ratelimit-Limit": "100", "X-Ratelimit-Remaining": "0"}, 0},
		"a pause":            {429, map[string]string{"Ratelimit-Remaining": "0;w=21600", "Retry-After": "5"}, 0},
		"another status":     {200, map[string]string{"Ratelimit-Remaining": "0;w=21600"}, 0},
		"no header":          {429, nil, 0},
		"a negative window":  {429, map[string]string{"Ratelimit-Remaining": "0;w=-5"}, 0},
		"a number too large": {429, map[string]string{"Ratelimit-Remaining": "0;w=99999999999999999999"}, 0},
	} {
		r := Response{Status: tt.status, Header: http.Header{}}
		for k, v := range tt.header {
			r.Header.Set(k, v)
		}
		if got, ok := r.LimitUsedUp(); got != tt.want || ok != (tt.want > 0) {
			t.Errorf("%s: %v, %v", name, got, ok)
		}
	}
}
