// Package version parses the versions in names of tags, and orders them. Tags
// do not follow the rules of semantic versions, so the package has other rules.
package version

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/tagdiff/tagdiff/model"
)

// Version is the version in the name of a tag. Tags do not follow semantic
// versioning: 3.12, v1.2, 2024.01.15-rc1, 3.13.0b2-slim and 1.2.3-debian-12-r5
// are all in use. The zero value is for a name without a version, such as
// latest or a commit.
type Version struct {
	Numbers    [maxNumbers]uint64
	Count      int    // number of elements in Numbers that are set; 3.12 has two
	Prerelease string // kind of pre-release, in lower case: rc1
	Flavour    string // variant of the image: alpine3.19
	Rebuild    string // number or date of a rebuild of the same version: r5, 20240115
}

const maxNumbers = 5

// Compare orders versions. Lower numbers, release candidates and flavours come before
// the release; a name without a version comes before all names that have one. Two
// spellings of one version are equal.
func (v Version) Compare(o Version) int {
	return cmp.Or(v.CompareRelease(o), compareEmptyLast(v.Flavour, o.Flavour), model.CompareNatural(v.Rebuild, o.Rebuild))
}

// CompareRelease is Compare without the flavour and the rebuild.
func (v Version) CompareRelease(o Version) int {
	return cmp.Or(slices.Compare(v.Numbers[:v.Count], o.Numbers[:o.Count]), compareEmptyLast(v.Prerelease, o.Prerelease))
}

// compareEmptyLast orders an empty string last: a pre-release comes before its
// release.
func compareEmptyLast(a, b string) int {
	if a == "" || b == "" {
		return cmp.Compare(len(b), len(a))
	}
	return model.CompareNatural(a, b)
}

// IsComplete reports whether the version has at least three numbers.
func (v Version) IsComplete() bool { return v.Count >= 3 }

// IsRolling reports whether the name denotes a build that changes continuously,
// for example nightly.
func (v Version) IsRolling() bool {
	return slices.ContainsFunc(rollingWords, func(w string) bool { return strings.Contains(v.Prerelease, w) })
}

// flavourFamily returns the flavour without its version: alpine for alpine3.19.
func (v Version) flavourFamily() string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '.' {
			return -1
		}
		return r
	}, strings.ToLower(v.Flavour)), "-_")
}

// IsDate reports whether the numbers are a date rather than a version.
func (v Version) IsDate() bool {
	first := v.Numbers[0]
	return v.Count > 0 && (first >= 1990 && first < 2100 || first >= 19900101)
}

// Minor returns the minor release that v belongs to, for one family of
// flavours.
func (v Version) Minor() Version {
	v.Count, v.Numbers, v.Prerelease, v.Rebuild, v.Flavour = 2, [maxNumbers]uint64{v.Numbers[0], v.Numbers[1]}, "", "", v.flavourFamily()
	return v
}

// prereleaseWords mark a pre-release. rollingWords are those of them that denote a
// build that changes continuously.
var (
	rollingWords    = []string{"snapshot", "nightly", "dev", "edge", "canary", "unstable", "main", "master", "daily", "latest"}
	prereleaseWords = append([]string{
		"alpha", "beta", "rc", "cr", "pre", "preview", "prerelease", "a", "b", "c", "m", "ea", "eap", "next",
		"insiders", "experimental", "test", "pr",
	}, rollingWords...)
	rebuildWords = []string{"r", "rev", "build", "p", "patch", "post", "hotfix", "ls", "g"}
)

// Parse returns the version in the name of a tag.
func Parse(tag string) Version {
	var v Version
	rest := tag
	if len(tag) > 1 && (tag[0] == 'v' || tag[0] == 'V') {
		rest = tag[1:]
	}
	if rest = v.readNumbers(rest); v.Count == 0 || rest == "" {
		return v
	}
	attached := !IsSeparator(rest[0])
	if attached && v.Count < 2 { // 7a2f0c1 is a commit
		return Version{}
	}
	if !attached {
		rest = rest[1:]
	}
	for first := true; rest != ""; first = false {
		var part string
		part, rest = cutPart(rest)
		if first && attached && !isPrerelease(wordOf(part)) {
			v.Rebuild = part // 1.1.1k is newer than 1.1.1
		} else {
			v.addPart(part)
		}
	}
	return v
}

// wordOf returns a part without its number, in lower case.
func wordOf(part string) string { return strings.TrimRight(strings.ToLower(part), "0123456789.") }

// readNumbers reads the dotted numbers that s begins with and returns the rest.
func (v *Version) readNumbers(s string) string {
	for v.Count < maxNumbers {
		n := digitCount(s)
		if n == 0 {
			return s
		}
		number, _ := strconv.ParseUint(s[:n], 10, 64) // the largest uint64 if there are too many digits
		v.Numbers[v.Count] = number
		v.Count++
		if s = s[n:]; len(s) < 2 || s[0] != '.' || digitCount(s[1:]) == 0 {
			break
		}
		s = s[1:]
	}
	return s
}

// addPart adds one part of the name after the numbers, between two separators.
func (v *Version) addPart(part string) {
	lower, word := strings.ToLower(part), wordOf(part)
	switch {
	case part == "":
	case word == "" && v.Flavour != "": // the version of the flavour
		v.Flavour += "-" + part
	case word == "" && v.Prerelease != "" && v.Rebuild == "" && !endsInDigit(v.Prerelease):
		v.Prerelease += part
	case word == "", isRebuild(word, lower):
		v.Rebuild = joinParts(v.Rebuild, part)
	case v.Flavour == "" && isPrerelease(word):
		v.Prerelease = joinParts(v.Prerelease, word+strings.TrimPrefix(lower[len(word):], ".")) // rc.1 is rc1
	default:
		v.Flavour = joinParts(v.Flavour, part)
	}
}

// isPrerelease reports whether a word, up to its first dot, marks a
// pre-release.
func isPrerelease(word string) bool {
	word, _, _ = strings.Cut(word, ".")
	return slices.Contains(prereleaseWords, strings.TrimRight(word, "0123456789"))
}

// isRebuild reports whether a part marks a rebuild, for example r5 or build7.
func isRebuild(word, part string) bool {
	return len(word) < len(part) && slices.Contains(rebuildWords, word) || isCommit(part)
}

// isCommit reports whether a part is an abbreviated commit as git describe
// writes it.
func isCommit(part string) bool {
	return len(part) >= 7 && part[0] == 'g' && strings.Trim(part[1:], "0123456789abcdef") == ""
}

func joinParts(a, b string) string {
	if a == "" {
		return b
	}
	return a + "-" + b
}

func cutPart(s string) (part, rest string) {
	if i := strings.IndexAny(s, "-_"); i >= 0 {
		return s[:i], s[i+1:]
	}
	return s, ""
}

// IsSeparator reports whether c separates the parts of a tag.
func IsSeparator(c byte) bool { return c == '-' || c == '_' || c == '.' }

func endsInDigit(s string) bool { return s != "" && s[len(s)-1] >= '0' && s[len(s)-1] <= '9' }

// digitCount returns the number of digits that s begins with.
func digitCount(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }
