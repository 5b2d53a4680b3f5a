package diff

import (
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
	log, log2 := aFile("var/log/dpkg.log", "1"), aFile("var/log/dpkg.log", "2")
	unread := func(l *inside.Layer) { l.Blob = "" }
	for _, tt := range []acceptCase{
		{name: "packing", a: items{x, log}, b: items{log, x}},
		{name: "times", a: items{x}, b: items{xLater}},
		{name: "generated", a: items{x, log}, b: items{xLater, log2}, times: Refused},
		{name: "files", a: items{x}, b: items{x2}, times: Refused, generated: Refused},
		{name: "mode", a: items{x}, b: items{x.As(0o600, 0, 0)}, times: Refused, generated: Refused},
		{name: "a deletion", a: items{x}, b: items{x, insidetest.File(".wh.y", "")}, times: Refused, generated: Refused},
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
		{name: "a limit", a: items{x}, b: items{xLater}, spoil: func(l *inside.Layer) { l.Left = []string{"the rest"} }, times: Undecided, generated: Undecided},
		{name: "a limit, and other files", a: items{x}, b: items{x2}, spoil: func(l *inside.Layer) { l.Left = []string{"the rest"} }, times: Refused, generated: Refused},
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
