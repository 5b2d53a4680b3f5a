package versions

import (
	"cmp"
	goversion "go/version"
	"slices"
	"strings"
)

// semVersion is a version as https://semver.org describes it, without its build metadata, which orders nothing.
type semVersion struct {
	numbers    [3]string
	prerelease []string
}

// parseSemver parses major.minor.patch[-prerelease][+build].
func parseSemver(s string) (v semVersion, ok bool) {
	s, build, hasBuild := strings.Cut(s, "+")
	if hasBuild && !areSemverParts(strings.Split(build, "."), false) {
		return v, false
	}
	s, prerelease, hasPrerelease := strings.Cut(s, "-")
	if hasPrerelease {
		v.prerelease = strings.Split(prerelease, ".")
		if !areSemverParts(v.prerelease, true) {
			return v, false
		}
	}
	numbers := strings.Split(s, ".")
	if len(numbers) != len(v.numbers) {
		return v, false
	}
	for i, n := range numbers {
		if n == "" || !only(n, isDigit) || hasLeadingZero(n) {
			return v, false
		}
		v.numbers[i] = n
	}
	return v, true
}

func hasLeadingZero(n string) bool { return len(n) > 1 && n[0] == '0' }

// areSemverParts reports whether all parts of a prerelease or of build metadata are as they must be. Numbers
// of a prerelease have no zeros at their start.
func areSemverParts(parts []string, ordered bool) bool {
	for _, p := range parts {
		if p == "" || !only(p, func(c byte) bool { return isAlnum(c) || c == '-' }) || ordered && only(p, isDigit) && hasLeadingZero(p) {
			return false
		}
	}
	return true
}

func compareSemver(a, b string) (int, bool) {
	va, okA := parseSemver(a)
	vb, okB := parseSemver(b)
	if !okA || !okB {
		return 0, false
	}
	return cmp.Or(
		slices.CompareFunc(va.numbers[:], vb.numbers[:], compareNumbers),
		compareBool(va.prerelease == nil, vb.prerelease == nil),
		slices.CompareFunc(va.prerelease, vb.prerelease, comparePrerelease),
	), true
}

// comparePrerelease orders two parts of prereleases: numbers come before words.
func comparePrerelease(a, b string) int {
	numberA, numberB := only(a, isDigit), only(b, isDigit)
	if numberA && numberB {
		return compareNumbers(a, b)
	}
	return cmp.Or(compareBool(numberB, numberA), cmp.Compare(a, b))
}

// The limits of npm's versions: their numbers must be exact in JavaScript.
const (
	maxNPM       = 256 // bytes
	maxNPMNumber = "9007199254740991"
)

// compareNPM orders versions of npm: those of semver.org. npm takes a v before them for nothing.
func compareNPM(a, b string) (int, bool) {
	a, okA := cutNPM(a)
	b, okB := cutNPM(b)
	if !okA || !okB {
		return 0, false
	}
	return compareSemver(a, b)
}

// cutNPM returns a version without the v before it. It reports false if the version exceeds npm's limits.
func cutNPM(s string) (version string, ok bool) {
	version = strings.TrimPrefix(s, "v")
	numbers, _, _ := strings.Cut(version, "+")
	numbers, _, _ = strings.Cut(numbers, "-")
	for n := range strings.SplitSeq(numbers, ".") {
		if only(n, isDigit) && compareNumbers(n, maxNPMNumber) > 0 {
			return version, false
		}
	}
	return version, len(s) <= maxNPM
}

// compareGo orders versions of modules of Go, which are those of semver.org with a v, and those of Go
// itself, as go1.26.0. Pseudo-versions have their time in the prerelease, so that they are in order.
func compareGo(a, b string) (int, bool) {
	if goversion.IsValid(a) && goversion.IsValid(b) {
		return goversion.Compare(a, b), true
	}
	a, okA := strings.CutPrefix(a, "v")
	b, okB := strings.CutPrefix(b, "v")
	if !okA || !okB {
		return 0, false
	}
	return compareSemver(a, b)
}
