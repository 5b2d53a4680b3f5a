package demo

import (
	"time"

	"github.com/tagdiff/tagdiff/model"
)

// Somebody looked at the tags of Python when build 1040 was begun, and the day
// before.
var (
	firstLook = time.Date(2019, 10, 20, 7, 31, 4, 0, time.UTC)
	lastLook  = time.Date(2019, 10, 21, 8, 58, 40, 0, time.UTC)
)

// Looks is what was seen of the demo's tags before, by repository: the second
// incident is that some of them have moved since. It waits for the data.
func Looks() map[string]map[string]model.Timeline {
	const python = "library/python"
	then := map[string][]string{"2.7.16": {"2", "2.7", "2.7.16"}, "3.8.0": {"3", "3.8"}}
	at := map[string]manifest{}
	for _, p := range Handler().(*front).store[python].pushes {
		at[p.target] = p.manifest
	}
	created, err := time.Parse(time.RFC3339, py2716Day)
	must(err)
	tags := map[string]model.Timeline{}
	for version, names := range then {
		for _, kind := range []string{"", "-buster", "-slim", "-slim-buster"} {
			m := at[version+kind]
			for _, name := range names {
				look := model.Sighting{Digest: m.digest, MediaType: m.mediaType, First: firstLook, Last: lastLook}
				if version == "2.7.16" {
					look.Created = &created
				}
				tags[name+kind] = model.Timeline{look}
			}
		}
	}
	return map[string]map[string]model.Timeline{python: tags}
}
