package filediff

import (
	"bytes"
	"maps"
	"regexp"
	"strings"

	"github.com/tagdiff/tagdiff/diff/text"
)

// TextChange is how two texts at one path differ.
type TextChange struct {
	// Added and Removed are numbers of lines. A line that has changed counts for both.
	Added, Removed int
	// Only is what alone differs, as "dates"; "" for anything else.
	Only string
}

// volatile are texts that differ in each build, with what they are called.
var volatile = []struct {
	name    string
	pattern *regexp.Regexp
}{
	{"UUIDs", regexp.MustCompile(`\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b`)},
	{"dates", regexp.MustCompile(`\b(19|20)\d\d-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d+)?)?)?( ?(Z|UTC|[+-]\d\d:?\d\d))?`)},
	{"dates", regexp.MustCompile(`\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +\w+ +\w+ +[\d:]+( \w+)?( (19|20)\d\d| [\d:]+ \w+)?`)},
	{"dates", regexp.MustCompile(`\b1[5-9]\d{8}(\d{3})?\b`)}, // seconds or milliseconds since 1970, from 2017 to 2033
	{"temporary paths", regexp.MustCompile(`/tmp/[\w.\-]+`)},
}

// CompareTexts compares two texts that are not equal.
func CompareTexts(a, b []byte) TextChange {
	linesA, linesB := splitLines(a), splitLines(b)
	c := TextChange{}
	c.Added, c.Removed = text.CountLines(linesA, linesB)
	if c.Added != c.Removed {
		return c // what is volatile is within a line. The patterns are slow.
	}
	if maps.Equal(lineCounts(linesA), lineCounts(linesB)) {
		c.Only = "the order of the lines"
		return c
	}
	for _, v := range volatile {
		if bytes.Equal(v.pattern.ReplaceAll(a, nil), v.pattern.ReplaceAll(b, nil)) {
			c.Only = v.name
			return c
		}
	}
	return c
}

// splitLines splits a text into its lines, without an empty one at the end.
func splitLines(b []byte) []string { return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n") }

func lineCounts(lines []string) map[string]int {
	counts := map[string]int{}
	for _, l := range lines {
		counts[l]++
	}
	return counts
}
