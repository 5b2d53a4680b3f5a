package diff

import (
	"archive/tar"
	"testing"

	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/inside/insidetest"
)

// acceptCase is two builds on one base, of one layer each.
type acceptCase struct {
	name             string
	a, b             []insidetest.Item // what the layers hold
	change           func(a, b *build) // of the second builds
	spoil            func(*inside.Layer)
	times, generated Acceptance
}

// TestComparison_Accept checks which differences pass, and that a layer that was not read to its end
// leaves the answer open only where nothing else decides it.
func TestComparison_Accept(t *testing.T) {
	type items = []insidetest.Item
	x, xLater, x2 := aFile("x", "1"), aFile("x", "1").At(later), aFile("x", "2")
	link := insidetest.Symlink("bin", "usr/bin")
	log, log2 := aFile("var/log/dpkg.log", "1"), aFile("var/log/dpkg.log", "2")
	unread := func(l *inside.Layer) { l.Blob = "" }
	for _, tt := range []acceptCase{
		{name: "packing", a: items{x, log}, b: items{log, x}},
		{name: "times", a: items{x}, b: items{xLater}},
		{name: "generated", a: items{x, log}, b: items{xLater, log2}, times: Refused},
		{name: "files", a: items{x}, b: items{x2}, times: Refused, generated: Refused},
		{name: "mode", a: items{x}, b: items{x.As(0o600, 0, 0)}, times: Refused, generated: Refused},
		{name: "a deletion", a: items{x}, b: items{x, insidetest.File(".wh.y", "")}, times: Refused, generated: Refused},
		{name: "a folder that one side does not list", a: items{insidetest.Folder("d").At(noon), aFile("d/x", "1")}, b: items{aFile("d/x", "1")}},
		{name: "a folder of an owner that one side does not list", a: items{insidetest.Folder("d").At(noon).As(0o755, 7, 0), aFile("d/x", "1")},
			b: items{aFile("d/x", "1")}, times: Refused, generated: Refused},
		{name: "a device for a deletion", a: items{x, insidetest.Of(tar.TypeChar, "y")}, b: items{x, insidetest.File(".wh.y", "")},
			times: Undecided, generated: Undecided},
		{name: "notes of the builder", a: items{x}, b: items{xLater}, change: func(_, b *build) {
			b.steps[1].comment = "FROM 02a9d67e4651"
		}},
		{name: "another instruction", a: items{x}, b: items{xLater}, change: func(_, b *build) {
			b.steps[1].text = "RUN make all"
		}, times: Refused, generated: Refused},
		{name: "a setting", a: items{x}, b: items{xLater}, change: func(_, b *build) {
			b.config = map[string]any{"User": "app"}
		}, times: Refused, generated: Refused},
		{name: "a label", a: items{x}, b: items{xLater}, change: func(_, b *build) {
			b.config = map[string]any{"Labels": map[string]string{"revision": "2"}}
		}, times: Refused, generated: Refused},
		{name: "another platform", a: items{x}, b: items{xLater}, change: func(_, b *build) { b.arch = "arm64" }, times: Refused, generated: Refused},
		{name: "a layer more", a: items{x}, b: items{xLater}, change: func(_, b *build) {
			b.steps = append(b.steps, does("RUN more", files("more")))
		}, times: Refused, generated: Refused},
		{name: "not read", a: items{x}, b: items{xLater}, spoil: unread, times: Undecided, generated: Undecided},
		{name: "not read, and a setting", a: items{x}, b: items{xLater}, spoil: unread, change: func(_, b *build) {
			b.config = map[string]any{"User": "app"}
		}, times: Refused, generated: Refused},
		{name: "a table of contents", a: items{x}, b: items{xLater}, spoil: func(l *inside.Layer) { l.How = inside.TOC }, times: Undecided, generated: Undecided},
		{name: "a path with two entries", a: items{x}, b: items{xLater}, spoil: func(l *inside.Layer) { l.Remarks.Repeated = []string{"x"} },
			times: Undecided, generated: Undecided},
		{name: "two names of one path", a: items{x, link, aFile("bin/y", "1"), aFile("usr/bin/y", "2")}, b: items{xLater, link, aFile("bin/y", "1"), aFile("usr/bin/y", "2")},
			times: Undecided, generated: Undecided},
		{name: "a link before its files", a: items{x, link, aFile("bin/y", "1")}, b: items{xLater, link, aFile("bin/y", "1")}},
		{name: "a link after its files", a: items{x, aFile("bin/y", "1"), link}, b: items{xLater, aFile("bin/y", "1"), link},
			times: Undecided, generated: Undecided},
		{name: "a path and its deletion", a: items{x}, b: items{xLater}, spoil: func(l *inside.Layer) { l.Remarks.DeletedAndGiven = []string{"x"} },
			times: Undecided, generated: Undecided},
		{name: "a table of contents with other files", a: items{x}, b: items{xLater}, spoil: func(l *inside.Layer) { l.TOCDiffers = []string{"x"} },
			times: Refused, generated: Refused},
		{name: "a hidden end", a: items{x}, b: items{xLater}, spoil: func(l *inside.Layer) { l.Remarks.Hidden = 1 }},
		{name: "a renamed file", a: items{aFile("a", "0"), aFile("a-1x2y3z.js", "0")}, b: items{aFile("a", "0"), aFile("a-4x5y6z.js", "0")},
			times: Refused, generated: Refused},
		{name: "a leftover", a: items{aFile("tmp/x", "1")}, b: items{aFile("tmp/x", "2")}, times: Refused},
		{name: "a script among the leftovers", a: items{aFile("tmp/x", "#!/bin/sh\n1")}, b: items{aFile("tmp/x", "#!/bin/sh\n2")},
			times: Refused, generated: Refused},
		{name: "a link to what the layer does not have", a: items{x}, b: items{xLater, insidetest.Hardlink("y", "z")}, times: Refused, generated: Refused},
		{name: "the same link to what the layers do not have", a: items{x, insidetest.Hardlink("y", "z")}, b: items{xLater, insidetest.Hardlink("y", "z")},
			times: Undecided, generated: Undecided},
		{name: "a limit", a: items{x}, b: items{xLater}, spoil: func(l *inside.Layer) { l.Left = []inside.Left{{Text: "the rest"}} }, times: Undecided, generated: Undecided},
		{name: "a limit, and other files", a: items{x}, b: items{x2}, spoil: func(l *inside.Layer) { l.Left = []inside.Left{{Text: "the rest"}} }, times: Refused, generated: Refused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := tt.comparison(t)
			if got := c.Accept(InsideTimes); got != tt.times {
				t.Errorf("times: %d, want %d", got, tt.times)
			}
			if got := c.Accept(InsideGenerated); got != tt.generated {
				t.Errorf("generated: %d, want %d", got, tt.generated)
			}
		})
	}
}

func (tt acceptCase) comparison(t *testing.T) Comparison {
	t.Helper()
	base, layerA, layerB := files("base"), files("app 1"), files("app 2")
	of := func(l layer, day string) build {
		date := "2024-05-" + day + "T10:00:00Z"
		return build{created: date, steps: []step{does("ADD base.tar /", base).at("2024-04-01T10:00:00Z"), does("RUN make", l).at(date)}}
	}
	a, b := of(layerA, "01"), of(layerB, "02")
	if tt.change != nil {
		tt.change(&a, &b)
	}
	readA, readB := holding(t, layerA, tt.a...), holding(t, layerB, tt.b...)
	if tt.spoil != nil {
		tt.spoil(readB)
	}
	return readInside(Compare(single("a", a.image(t)), single("b", b.image(t))), nil, readA, readB)
}

// TestComparison_insideOfAll checks that the verdict on several platforms has the gravest code of those
// whose layers differ.
func TestComparison_insideOfAll(t *testing.T) {
	type items = []insidetest.Item
	x, xLater, x2 := aFile("x", "1"), aFile("x", "1").At(later), aFile("x", "2")
	pair := func(b items) Pair { return twoBuilds(t, items{x}, b).Pairs[0] }
	same, times, others := Pair{Rows: []Row{{Class: Same}}}, pair(items{xLater}), pair(items{x2})
	unread := pair(items{xLater})
	unread.Inside = nil
	for _, tt := range []struct {
		name  string
		pairs []Pair
		want  InsideCode
	}{
		{"times and files", []Pair{times, others}, InsideFiles},
		{"files and times", []Pair{others, times}, InsideFiles},
		{"times and the same", []Pair{same, times}, InsideTimes},
		{"one not read", []Pair{others, unread}, InsideUnknown},
		{"the same", []Pair{same}, InsideUnknown},
	} {
		if got := insideOfAll(tt.pairs); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
