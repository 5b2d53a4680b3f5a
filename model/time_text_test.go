package model

import (
	"testing"
	"time"
)

func TestTimeText(t *testing.T) {
	for at, want := range map[time.Time]string{
		time.Date(2026, 3, 5, 11, 30, 59, 0, time.UTC):                         "5 Mar 2026 11:30 UTC",
		time.Date(2026, 3, 5, 1, 30, 0, 0, time.FixedZone("JST", 9*60*60)):     "4 Mar 2026 16:30 UTC",
		time.Date(2026, 12, 31, 23, 0, 0, 0, time.FixedZone("west", -5*60*60)): "1 Jan 2027 04:00 UTC",
	} {
		if got := TimeText(at); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
