package model

import "time"

// TimeText returns a time as screens and reports show it: to the minute, in UTC. Registries
// record UTC, findings are copied into tickets, and people in several zones look at one
// screen. A column whose heading says UTC leaves it out, see package look.
func TimeText(t time.Time) string { return t.UTC().Format("2 Jan 2006 15:04 UTC") }

// DayText returns the day of a time, in UTC.
func DayText(t time.Time) string { return t.UTC().Format("2 Jan 2006") }
