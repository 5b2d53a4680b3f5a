package filediff

import (
	"bytes"
	"maps"
	"regexp"
	"strings"

	"github.com/tagdiff/tagdiff/diff/text"
	"github.com/tagdiff/tagdiff/model/inside"
)

// TextChange is how two texts at one path differ.
type TextChange = inside.TextChange

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

// CompareTexts compares two texts that are not equal. The lines are those that git counts: an empty text has none, and
// a last line without a newline is another one than with it.
func CompareTexts(a, b []byte) TextChange {
	linesA, linesB := splitLines(a), splitLines(b)
	c := TextChange{}
	c.Added, c.Removed = text.CountLines(linesA, linesB)
	if c.Added != c.Removed {
		return c // what is volatile is within a line. The patterns are slow.
	}
	if bytes.Equal(bytes.TrimSuffix(a, newline), bytes.TrimSuffix(b, newline)) {
		c.Only = "the newline at the end"
		return c
	}
	if bytes.HasSuffix(a, newline) == bytes.HasSuffix(b, newline) && maps.Equal(lineCounts(linesA), lineCounts(linesB)) {
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

var newline = []byte("\n")

// splitLines splits a text behind each newline.
func splitLines(b []byte) []string {
	lines := strings.SplitAfter(string(b), "\n")
	if last := len(lines) - 1; lines[last] == "" { // behind the newline at the end, or of an empty text
		lines = lines[:last]
	}
	return lines
}

// lineCounts counts equal lines. A newline at the end does not count.
func lineCounts(lines []string) map[string]int {
	counts := map[string]int{}
	for _, l := range lines {
		counts[strings.TrimSuffix(l, "\n")]++
	}
	return counts
}
