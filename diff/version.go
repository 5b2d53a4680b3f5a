package diff

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/maruel/natural"
)

// version is a tag read as a version: numbers, what makes it come before the
// release of these numbers, and what else is built beside it.
type version struct {
	numbers []string // without leading zeros
	early   string   // "rc1", "beta.2"; "" for a release
	flavour string   // "alpine3.19", "slim"
}

// versionTag is the sloppy form of versions in tags: 3.12, v1.2.3-rc1,
// 2024.01.15, 1.2.3-alpine3.19. Semantic versions are among them; a + cannot
// stand in a tag.
var versionTag = regexp.MustCompile(`^[vV]?(\d+(?:\.\d+)*)(?:[-_.]?(.*))?$`)

// earlyTag is what marks the way to a release, in semver's form and in that of
// Python and Maven.
var earlyTag = regexp.MustCompile(`(?i)^(alpha|beta|rc|cr|pre|preview|dev|snapshot|nightly|canary|milestone|next|[ab]\d|m\d)([-._]?\d+)*`)

// parseVersion reads a tag as a version. ok is false if it is none; a number
// alone is one, as major versions are tags too.
func parseVersion(tag string) (_ version, ok bool) {
	m := versionTag.FindStringSubmatch(tag)
	if m == nil || startsLikeHash(tag) {
		return version{}, false
	}
	v := version{flavour: m[2]}
	for n := range strings.SplitSeq(m[1], ".") {
		v.numbers = append(v.numbers, cmp.Or(strings.TrimLeft(n, "0"), "0"))
	}
	if early := earlyTag.FindString(v.flavour); early != "" {
		v.early, v.flavour = strings.ToLower(early), strings.TrimLeft(v.flavour[len(early):], "-_.")
	}
	return v, true
}

// startsLikeHash reports whether a tag is a commit: 7 hex digits or more, of
// which the first happen to be numbers.
func startsLikeHash(tag string) bool {
	head, _, _ := strings.Cut(tag, "-")
	return len(head) >= 7 && strings.Trim(head, "0123456789abcdef") == "" && strings.Trim(head, "0123456789") != ""
}

// compareNumbers compares numbers of any length, part by part; of two that
// begin alike the longer one is the later.
func compareNumbers(a, b []string) int {
	return slices.CompareFunc(a, b, func(x, y string) int {
		return cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(x, y))
	})
}

// CompareVersions puts tags in the order of the versions that they name: 1.9
// before 1.10, 1.2.0-rc1 before 1.2.0, 1.2.0-slim just before 1.2.0. Tags that
// name none come before all that do.
func CompareVersions(a, b string) int {
	va, okA := parseVersion(a)
	vb, okB := parseVersion(b)
	if !okA || !okB {
		return cmp.Or(compareBool(okA, okB), compareNatural(a, b))
	}
	return cmp.Or(
		compareNumbers(va.numbers, vb.numbers),
		compareBool(va.early == "", vb.early == ""), compareNatural(va.early, vb.early),
		compareBool(va.flavour == "", vb.flavour == ""), compareNatural(va.flavour, vb.flavour),
		compareNatural(a, b),
	)
}

// compareBool puts false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func compareNatural(a, b string) int {
	switch {
	case a == b:
		return 0
	case natural.Less(a, b):
		return -1
	}
	return 1
}
