package main

import (
	"regexp"
	"testing"

	"github.com/tagdiff/tagdiff/ui/uitest"
)

// cost is what reading took, which differs from run to run.
var cost = uitest.Mask{Pattern: regexp.MustCompile(` *(\d+ under way . )?\d+ requests? . [\d.]+ k?B . \d+\.\d s`), With: ""}

func startDemo(t *testing.T, o uitest.Options, args ...string) *uitest.Term {
	t.Helper()
	o.Masks = []uitest.Mask{cost, uitest.Ports}
	term := uitest.Start(t, o, append([]string{"demo"}, args...)...)
	term.WaitFor("Browse the registry")
	return term
}

func TestPictures(t *testing.T) {
	term := startDemo(t, uitest.Options{Width: 120, Height: 34})
	term.Type("1")
	term.WaitFor("SAME IMAGE, PACKED DIFFERENTLY", "Schema1 ≠2")
	term.Type("3")
	term.WaitFor("B layer")
	term.Picture("testdata/layers.svg", "tagdiff demo")
}
