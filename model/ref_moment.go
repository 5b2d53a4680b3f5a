package model

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// moments are the ways to write one, each with how long a time it stands for.
// Those without a zone are local.
var moments = []struct {
	layout string
	span   time.Duration // 0: a day, which may have 23 or 25 hours
}{
	{"2006-01-02", 0},
	{"2006-01-02T15:04", time.Minute},
	{"2006-01-02T15:04:05", time.Second},
	{"2006-01-02T15:04Z07:00", time.Minute},
	{"2006-01-02T15:04:05Z07:00", time.Second},
}

// Moment is the end of the time that r.When stands for: what a tag was on a day
// is what it was at the end of it. ok is false if r has none.
func (r Ref) Moment() (_ time.Time, ok bool) {
	t, err := parseMoment(r.When)
	return t, err == nil
}

func parseMoment(s string) (time.Time, error) {
	for _, m := range moments {
		t, err := time.ParseInLocation(m.layout, s, time.Local)
		switch {
		case err != nil:
		case m.span == 0:
			return t.AddDate(0, 0, 1).Add(-time.Nanosecond), nil
		default:
			return t.Add(m.span - time.Nanosecond), nil
		}
	}
	return time.Time{}, errors.New("not a moment")
}

// cutMoment splits what a person typed at an "@" behind which a year stands: no
// digest begins like that.
func cutMoment(s string) (before, when string, ok bool) {
	i := strings.LastIndexByte(s, '@')
	if i < 0 || len(s) < i+6 || strings.Trim(s[i+1:i+5], "0123456789") != "" || s[i+5] != '-' {
		return "", "", false
	}
	return s[:i], s[i+1:], true
}

// parseThen reads a tag at a moment.
func parseThen(before, when string) (Ref, error) {
	if _, err := parseMoment(when); err != nil {
		return Ref{}, fmt.Errorf("%q is not a moment: write 2026-11-18, 2026-11-18T14:02 or 2026-11-18T14:02:11Z", when)
	}
	r, err := ParseImage(before)
	switch {
	case err != nil:
		return Ref{}, err
	case r.Digest != "":
		return Ref{}, fmt.Errorf("%q has a digest, which never moves: leave @%s out", before, when)
	}
	r.When = when
	return r, nil
}
