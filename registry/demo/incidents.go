package demo

import (
	"time"

	"github.com/tagdiff/tagdiff/model"
)

// Incident is a case from practice: two images and a question about them.
type Incident struct {
	Title string
	Story string
	A, B  string // references without the registry; B may be short, ":prod"
	Look  string // where to find the answer
}

// Incidents returns the incidents of the demo.
func Incidents() []Incident {
	return []Incident{
		{
			Title: "The retagged image",
			Story: "prod is the tested image, pushed from another host. A check says that it has one layer twice and lacks another. " +
				"Is prod what was tested?",
			A:    "shop/image-name:20231001.155532z",
			B:    ":prod",
			Look: "Open the row of the layer that differs: what do its two blobs contain? The schema1 view shows what the check saw.",
		},
		{
			Title: "The shared tag",
			Story: "The service did not change, yet build 1042 fails its package check. The Dockerfile says FROM python:2.7. What changed?",
			A:     "shop/api:build-1041",
			B:     ":build-1042",
			Look:  "Open Packages: which have moved? For the tags of library/python, come back to this screen and press 5.",
		},
		{
			Title: "The wrong platform",
			Story: "The index says linux/arm64 and so does the config, but on the arm64 hosts the tool ends with \"exec format error\". v1.3 works.",
			A:     "uis/tool:v1.3",
			B:     ":main",
			Look:  "Open Platforms: which machine is the program of each platform for?",
		},
		{
			Title: "The same commit, built twice",
			Story: "Builds 311 and 312 are of one commit, yet 312 ends with \"permission denied\". " +
				"Which differences does every build make, and which not?",
			A:    "shop/worker:build-311",
			B:    ":build-312",
			Look: "Open Files: three steps differ, each for another reason.",
		},
	}
}

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
