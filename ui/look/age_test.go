package look

import (
	"testing"
	"time"
)

func TestAge(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	for ago, want := range map[time.Duration]string{
		0: "", -time.Hour: "", time.Second: "0 min", 119 * time.Minute: "119 min", 2 * time.Hour: "2 h", 47 * time.Hour: "47 h",
		3 * day: "3 d", 89 * day: "89 d", 90 * day: "3 mo", 729 * day: "24 mo", 730 * day: "2 y", 5000 * day: "13 y",
	} {
		at := now.Add(-ago)
		if got := Age(&at, now).String(); got != want {
			t.Errorf("%s ago: %q, want %q", ago, got, want)
		}
	}
	for _, at := range []*time.Time{nil, new(time.Unix(0, 0)), new(time.Date(1980, 1, 1, 0, 0, 1, 0, time.UTC))} {
		if got := Age(at, now).String(); got != "" {
			t.Errorf("%v: %q", at, got)
		}
	}
}
