package look

import (
	"time"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// Age returns the time since t in its largest unit: "40 min", "3 h", "3 d", "5 mo", "2 y". It is empty
// for nil, for a date that tools write in place of one, and for a time that is not before now.
func Age(t *time.Time, now time.Time) safe.Text {
	t = model.RealDate(t)
	if t == nil || !t.Before(now) {
		return safe.Text{}
	}
	const day = 24 * time.Hour
	const month, year = 30 * day, 365 * day
	since := now.Sub(*t)
	for _, unit := range []struct {
		length, from time.Duration
		name         string
	}{{year, 2 * year, "y"}, {month, 3 * month, "mo"}, {day, 2 * day, "d"}, {time.Hour, 2 * time.Hour, "h"}, {time.Minute, 0, "min"}} {
		if since >= unit.from {
			return safe.Sprintf("%d %s", int(since/unit.length), unit.name)
		}
	}
	return safe.Text{}
}
