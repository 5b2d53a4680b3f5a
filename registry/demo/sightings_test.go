package demo

import (
	"testing"
	"time"
)

// TestLooks checks that every manifest of an earlier sighting still exists, and
// that the tags of the incident have moved to another one.
func TestLooks(t *testing.T) {
	now := map[string]string{}
	for target, m := range registry().repositories["library/python"].targets {
		now[target] = m.Digest.String()
	}
	for tag, moved := range map[string]bool{"2.7": true, "2": true, "2-slim": true, "2.7-slim-buster": true, "2.7.16": false, "3.8": false} {
		line := Sightings()["library/python"][tag]
		if len(line) != 1 {
			t.Errorf("%s: %v", tag, line)
			continue
		}
		seen := line[0]
		if (seen.Digest.String() != now[tag]) != moved {
			t.Errorf("%s was %s and is %s", tag, seen.Digest, now[tag])
		}
		if now[seen.Digest.String()] == "" || seen.MediaType == "" {
			t.Errorf("%s was %+v, which does not exist", tag, seen)
		}
		if day := "2006-01-02"; seen.Last.Format(day) != "2019-10-21" || seen.Created != nil && seen.Created.After(seen.First) {
			t.Errorf("%s was seen from %s to %s", tag, seen.First.Format(time.RFC3339), seen.Last.Format(time.RFC3339))
		}
	}
}
