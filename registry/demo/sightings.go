package demo

import (
	"time"

	"github.com/tagdiff/tagdiff/model"
)

// The tags of Python were looked at on the day before build 1040 and when that
// build began.
var (
	firstSeen = time.Date(2019, 10, 20, 7, 31, 4, 0, time.UTC)
	lastSeen  = time.Date(2019, 10, 21, 8, 58, 40, 0, time.UTC)
)

// Sightings returns earlier sightings of the demo's tags, by repository and tag:
// some tags of the second incident have moved since. It waits for the data.
func Sightings() map[string]map[string]model.Timeline {
	const python = "library/python"
	targets := registry().repositories[python].targets
	tags := map[string]model.Timeline{}
	for _, version := range []struct {
		name    string
		created *time.Time
		tags    []string
	}{
		{"2.7.16", new(time.Date(2019, 10, 18, 20, 13, 25, 0, time.UTC)), []string{"2", "2.7", "2.7.16"}},
		{"3.8.0", nil, []string{"3", "3.8"}},
	} {
		for _, kind := range []string{"", "-buster", "-slim", "-slim-buster"} {
			m := targets[version.name+kind]
			for _, tag := range version.tags {
				tags[tag+kind] = model.Timeline{{
					Digest: m.Digest, MediaType: m.Descriptor.MediaType, First: firstSeen, Last: lastSeen, Created: version.created,
				}}
			}
		}
	}
	return map[string]map[string]model.Timeline{python: tags}
}
