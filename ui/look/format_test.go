package look

import (
	"testing"
	"time"

	"github.com/tagdiff/tagdiff/model/safe"
)

// TestTimes checks that all forms of a time are in UTC and as wide as their columns.
func TestTimes(t *testing.T) {
	at := time.Date(2026, 3, 5, 1, 30, 7, 0, time.FixedZone("JST", 9*60*60))
	for want, got := range map[string]struct {
		text  safe.Text
		width int
	}{
		"4 Mar 2026 16:30 UTC": {Time(&at), 20},
		" 4 Mar 2026":          {Day(&at), DayWidth},
		" 4 Mar 2026 16:30":    {Minute(&at), MinuteWidth},
		" 4 Mar 2026 16:30:07": {Second(&at), SecondWidth},
	} {
		if got.text.String() != want || Width(got.text) != got.width {
			t.Errorf("%q, %d cells; want %q", got.text, Width(got.text), want)
		}
	}
	for _, text := range []safe.Text{Time(nil), Day(nil), Minute(nil), Second(nil)} {
		if !text.IsEmpty() {
			t.Errorf("%q for an unknown time", text)
		}
	}
}
