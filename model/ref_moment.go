package model

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// momentLayouts are the accepted formats of a time, each with the length of
// time that it covers. Those without a zone are in UTC, as all times on screens.
var momentLayouts = []struct {
	layout string
	span   time.Duration
}{
	{"2006-01-02", 24 * time.Hour},
	{"2006-01-02T15:04", time.Minute},
	{"2006-01-02T15:04:05", time.Second},
	{"2006-01-02T15:04Z07:00", time.Minute},
	{"2006-01-02T15:04:05Z07:00", time.Second},
}

// Moment returns the end of the time span that r.When denotes: for a day its
// last nanosecond, as a tag's value on a day is the one at the end of it. ok is
// false if r.When is empty or invalid.
func (r Ref) Moment() (_ time.Time, ok bool) {
	t, err := parseMoment(r.At)
	return t, err == nil
}

func parseMoment(s string) (time.Time, error) {
	why := "not a date or time"
	for _, m := range momentLayouts {
		t, err := time.Parse(m.layout, s)
		if err == nil {
			return t.Add(m.span - time.Nanosecond), nil
		}
		// "month out of range" is about a text of this layout.
		if parse, ok := errors.AsType[*time.ParseError](err); ok && strings.HasSuffix(parse.Message, " out of range") {
			why = "not a date: " + strings.TrimPrefix(parse.Message, ": ")
		}
	}
	return time.Time{}, errors.New(why)
}

// cutMoment splits s at an "@" that is followed by a year. No digest begins
// like that.
func cutMoment(s string) (before, when string, ok bool) {
	i := strings.LastIndexByte(s, '@')
	if i < 0 || len(s) < i+6 || strings.Trim(s[i+1:i+5], "0123456789") != "" || s[i+5] != '-' {
		return "", "", false
	}
	return s[:i], s[i+1:], true
}

// parseAtMoment parses a tag with a past time.
func parseAtMoment(before, when string) (Ref, error) {
	if _, err := parseMoment(when); err != nil {
		return Ref{}, fmt.Errorf("%q is %w; write 2026-11-18 or 2026-11-18T14:02 (UTC), or 2026-11-18T14:02:11+09:00", when, err)
	}
	r, err := ParseImage(before)
	switch {
	case err != nil:
		return Ref{}, err
	case r.Digest != "":
		return Ref{}, fmt.Errorf("%q has a digest, which never moves: leave @%s out", before, when)
	}
	r.At = when
	return r, nil
}
