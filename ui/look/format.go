package look

import (
	"time"

	"github.com/dustin/go-humanize"
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model/safe"
)

// Short returns the first 12 hex digits of a digest, as other tools show it. A string
// that is not a digest is returned whole.
func Short(d digest.Digest) safe.Text {
	if d == "" {
		return safe.Text{}
	}
	if d.Validate() != nil {
		return safe.Clean(d.String())
	}
	return safe.Clean(d.Encoded()[:12])
}

// Size returns a number of bytes in SI units, as registries and docker count.
func Size(n int64) safe.Text { return safe.Clean(humanize.Bytes(uint64(max(n, 0)))) }

// Time returns a date and time in UTC, as registries record it; empty for nil.
func Time(t *time.Time) safe.Text {
	if t == nil {
		return safe.Text{}
	}
	return safe.Clean(t.UTC().Format("2006-01-02 15:04"))
}

// Count returns "1 layer", "2 layers".
func Count(n int, one, many safe.Text) safe.Text {
	if n == 1 {
		return safe.Sprintf("%d %s", n, one)
	}
	return safe.Sprintf("%s %s", humanize.Comma(int64(n)), many)
}

// Number returns a number with thousands separators.
func Number(n int) safe.Text { return safe.Clean(humanize.Comma(int64(n))) }

// Day returns a day in local time. It is used for sightings, which are events on the
// user's machine. Dates that a registry records are in UTC.
func Day(t time.Time) safe.Text { return safe.Clean(t.Local().Format("2 Jan 2006")) }

// Moment is Day with the time.
func Moment(t time.Time) safe.Text { return safe.Clean(t.Local().Format("2006-01-02 15:04:05")) }

// Minute is Moment without the seconds.
func Minute(t time.Time) safe.Text { return safe.Clean(t.Local().Format("2006-01-02 15:04")) }
