package tags

import (
	"context"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

func TestTagColumnsFor(t *testing.T) {
	const day, minute = look.DayWidth, look.MinuteWidth
	for name, tt := range map[string]struct {
		width, longest                     int
		dated, sized                       bool
		name, kind, platforms, create, age int
	}{
		"short names":                {80, 10, false, false, 14, 7, 13, day, 0},
		"very short names":           {80, 6, true, true, 14, 7, 13, day, 0},
		"long names, empty columns":  {80, 30, false, false, 30, 7, 20, 0, 0},
		"longer than the room":       {80, 128, false, false, 61, 0, 0, 0, 0},
		"long names, dates":          {80, 30, true, false, 30, 0, 16, day, 0},
		"long names, all filled":     {80, 30, true, true, 38, 0, 0, day, 0},
		"longer names, all filled":   {80, 45, true, true, 48, 0, 0, day, 0},
		"longest names, all filled":  {80, 61, true, true, 61, 0, 0, 0, 0},
		"long names, wide frame":     {100, 30, true, true, 30, 7, 17, day, 0},
		"longer names, wide frame":   {100, 60, true, true, 68, 0, 0, day, 0},
		"some more, wide frame":      {100, 20, true, true, 20, 7, 21, minute, 0},
		"wider":                      {120, 20, true, true, 27, 7, 26, minute, 6},
		"a narrow frame":             {60, 30, false, false, 31, 0, 0, 0, 0},
		"a narrow frame, all filled": {60, 41, true, true, 41, 0, 0, 0, 0},
	} {
		filled := filledColumns{created: tt.dated, size: tt.sized}
		c := tagColumnsFor(page.Frame{Width: tt.width, Glyphs: look.Unicode()}, listOf(tt.longest), filled)
		if got := [5]int{c.name, c.kind, c.platforms, c.create, c.age}; got != [5]int{tt.name, tt.kind, tt.platforms, tt.create, tt.age} {
			t.Errorf("%s: name, kind, platforms, created, age %d", name, got)
		}
		if w := c.heading().Width(); w > tt.width-1 {
			t.Errorf("%s: %d cells wide", name, w)
		}
	}
}

// listOf returns a list with a name of so many cells.
func listOf(cells int) widget.NameList {
	n, _, _ := widget.NameList{}.Read(context.Background(), nil)
	return n.Arrived(widget.NamesMsg{Load: n.Load, Names: []string{strings.Repeat("x", cells)}})
}

// TestFitName checks that names of one beginning or end look different when they are cut.
func TestFitName(t *testing.T) {
	for _, names := range [][]string{
		{"main-20261101.001-of-the-build-machine", "main-20261101.002-of-the-build-machine"},
		{"release-of-the-build-machine-001", "release-of-the-build-machine-002"},
		{"001-release-of-the-build-machine-amd64", "002-release-of-the-build-machine-amd64"},
		{"short", "main-20261101.001-of-the-build-machine"},
	} {
		c := tagColumns{glyphs: look.Unicode(), name: 20}.withTail(names)
		seen := map[string]bool{}
		for _, name := range names {
			cut := c.fitName(safe.Clean(name)).String()
			if seen[cut] || len([]rune(cut)) != 20 {
				t.Errorf("%q: %q", name, cut)
			}
			seen[cut] = true
		}
	}
}

// TestPlatformsText checks what a list says of platforms in the room that it has.
func TestPlatformsText(t *testing.T) {
	for _, tt := range []struct {
		all   []string
		width int
		want  string
	}{
		{[]string{"linux/ppc64le"}, fewestPlatforms, "linux/ppc64le"},
		{[]string{"windows/amd64 (10.0.20348.2340)"}, fewestPlatforms, "windows/amd64"},
		{[]string{"windows/amd64 (10.0.20348.2340)"}, 40, "windows/amd64 (10.0.20348.2340)"},
		{[]string{"linux/amd64", "linux/arm64"}, fewestPlatforms, "amd64 arm64"},
		{[]string{"linux/amd64", "windows/amd64 (10.0.20348.2340)"}, fewestPlatforms, "2 platforms"},
		{nil, fewestPlatforms, ""},
	} {
		if got := platformsText(model.TagInfo{Platforms: tt.all}, tt.width).String(); got != tt.want {
			t.Errorf("%q in %d: %q", tt.all, tt.width, got)
		}
	}
}
