package demo

// Incident is a case from practice: two images and a question about them.
type Incident struct {
	Title string
	Story string
	A, B  string // references without the registry; B may be short, ":prod"
	Look  string // where to find the answer
}

// Incidents returns the three incidents of the demo.
func Incidents() []Incident {
	return []Incident{
		{
			Title: "The retagged image",
			Story: "The tested image was tagged prod and pushed from another host. A check of the layers now says that prod has one layer " +
				"twice and lacks another. Is prod what was tested?",
			A:    "shop/image-name:20231001.155532z",
			B:    ":prod",
			Look: "Look at the layers: one row differs, and both its blobs are empty. The schema1 view shows what the check saw.",
		},
		{
			Title: "The shared tag",
			Story: "The service did not change, yet build 1042 fails its package check. The Dockerfile says FROM python:2.7. What changed?",
			A:     "shop/api:build-1041",
			B:     ":build-1042",
			Look: "Look at the first step that differs: it is in the base. " +
				"Then look at the tags of library/python: 2.7 is now the same image as 2.7.17.",
		},
		{
			Title: "The wrong platform",
			Story: "The index says linux/arm64 and so does the config, but on the arm64 hosts the tool ends with \"exec format error\". v1.3 works.",
			A:     "uis/tool:v1.3",
			B:     ":main",
			Look:  "Look at the platforms of main: arm64 starts from the same layers as amd64. The base has no arm64.",
		},
	}
}
