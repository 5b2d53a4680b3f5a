// Package version reads the versions that tags name, and orders them. Tags are
// sloppier than semantic versions, so the rules here are its own.
package version

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/tagdiff/tagdiff/model"
)

// Version is what the name of a tag says of a release. Tags are sloppier than
// semantic versions: 3.12, v1.2, 2024.01.15-rc1, 3.13.0b2-slim and
// 1.2.3-debian-12-r5 are all in use. The zero value is that of a name that
// says nothing, as latest or a commit.
type Version struct {
	Numbers    [maxNumbers]uint64
	Count      int    // of numbers; 3.12 has two
	Prerelease string // what it comes before the release as, in lower case: rc1
	Flavour    string // what it is made for or on, as alpine3.19
	Rebuild    string // which making of the same it is, as r5 or 20240115
}

const maxNumbers = 5

// Compare orders tags by the versions that they name: lower numbers,
// release candidates and flavours come before the release, a name without a
// version before all that have one.
func Compare(a, b string) int {
	return cmp.Or(Parse(a).Compare(Parse(b)), model.CompareNatural(a, b))
}

// Compare is the order of Compare, for names that are read once and
// compared often. Two spellings of one version are equal.
func (v Version) Compare(o Version) int {
	return cmp.Or(v.CompareRelease(o), lastIfEmpty(v.Flavour, o.Flavour), model.CompareNatural(v.Rebuild, o.Rebuild))
}

// CompareRelease leaves the flavour out, and how often it was made.
func (v Version) CompareRelease(o Version) int {
	return cmp.Or(slices.Compare(v.Numbers[:v.Count], o.Numbers[:o.Count]), lastIfEmpty(v.Prerelease, o.Prerelease))
}

// lastIfEmpty: what is only on the way to a release comes before it.
func lastIfEmpty(a, b string) int {
	if a == "" || b == "" {
		return cmp.Compare(len(b), len(a))
	}
	return model.CompareNatural(a, b)
}

// IsComplete reports whether it names one release to the last number.
func (v Version) IsComplete() bool { return v.Count >= 3 }

// IsRolling reports whether its name promises a build that changes with every day.
func (v Version) IsRolling() bool {
	return slices.ContainsFunc(rollingWords, func(w string) bool { return strings.Contains(v.Prerelease, w) })
}

// family is the flavour without its own version: alpine3.19 is alpine.
func (v Version) family() string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '.' {
			return -1
		}
		return r
	}, strings.ToLower(v.Flavour)), "-_")
}

// IsDate reports whether it is a date rather than a version.
func (v Version) IsDate() bool {
	first := v.Numbers[0]
	return v.Count > 0 && (first >= 1990 && first < 2100 || first >= 19900101)
}

// Minor is the minor release that it belongs to, of one flavour.
func (v Version) Minor() Version {
	v.Count, v.Numbers, v.Prerelease, v.Rebuild, v.Flavour = 2, [maxNumbers]uint64{v.Numbers[0], v.Numbers[1]}, "", "", v.family()
	return v
}

// prereleaseWords name what comes before a release, rollingWords those of them that
// stand for another build every day.
var (
	rollingWords    = []string{"snapshot", "nightly", "dev", "edge", "canary", "unstable", "main", "master", "daily", "latest"}
	prereleaseWords = append([]string{"alpha", "beta", "rc", "cr", "pre", "preview", "prerelease", "a", "b", "c", "m", "ea", "eap", "next", "insiders", "experimental", "test", "pr"}, rollingWords...)
	rebuildWords    = []string{"r", "rev", "build", "p", "patch", "post", "hotfix", "ls", "g"}
)

// Parse reads what the name of a tag says.
func Parse(tag string) Version {
	var v Version
	rest := tag
	if len(tag) > 1 && (tag[0] == 'v' || tag[0] == 'V') {
		rest = tag[1:]
	}
	if rest = v.readNumbers(rest); v.Count == 0 || rest == "" {
		return v
	}
	glued := !IsSeparator(rest[0])
	if glued && v.Count < 2 { // 7a2f0c1 is a commit
		return Version{}
	}
	if !glued {
		rest = rest[1:]
	}
	for first := true; rest != ""; first = false {
		var part string
		part, rest = cutPart(rest)
		if first && glued && !isPrerelease(wordOf(part)) {
			v.Rebuild = part // 1.1.1k is newer than 1.1.1
		} else {
			v.add(part)
		}
	}
	return v
}

// wordOf is a part without its number, in lower case.
func wordOf(part string) string { return strings.TrimRight(strings.ToLower(part), "0123456789.") }

// readNumbers takes the numbers that s begins with, dots between them, and
// gives what follows.
func (v *Version) readNumbers(s string) string {
	for v.Count < maxNumbers {
		n := numeral(s)
		if n == 0 {
			return s
		}
		number, _ := strconv.ParseUint(s[:n], 10, 64) // of more digits: the largest
		v.Numbers[v.Count] = number
		v.Count++
		if s = s[n:]; len(s) < 2 || s[0] != '.' || numeral(s[1:]) == 0 {
			break
		}
		s = s[1:]
	}
	return s
}

// add takes in what stands between two hyphens behind the numbers.
func (v *Version) add(part string) {
	lower, word := strings.ToLower(part), wordOf(part)
	switch {
	case part == "":
	case word == "" && v.Flavour != "": // the flavour's own version
		v.Flavour += "-" + part
	case word == "" && v.Prerelease != "" && v.Rebuild == "" && !endsInDigit(v.Prerelease):
		v.Prerelease += part
	case word == "", isRebuild(word, lower):
		v.Rebuild = joined(v.Rebuild, part)
	case v.Flavour == "" && isPrerelease(word):
		v.Prerelease = joined(v.Prerelease, word+strings.TrimPrefix(lower[len(word):], ".")) // rc.1 is rc1
	default:
		v.Flavour = joined(v.Flavour, part)
	}
}

// isPrerelease reports whether a word, or the one before its first dot, names what
// comes before a release.
func isPrerelease(word string) bool {
	word, _, _ = strings.Cut(word, ".")
	return slices.Contains(prereleaseWords, strings.TrimRight(word, "0123456789"))
}

// isRebuild takes r5 and build7.
func isRebuild(word, part string) bool {
	return len(word) < len(part) && slices.Contains(rebuildWords, word) || isCommit(part)
}

// isCommit knows the abbreviated commits that git describe writes.
func isCommit(part string) bool {
	return len(part) >= 7 && part[0] == 'g' && strings.Trim(part[1:], "0123456789abcdef") == ""
}

func joined(a, b string) string {
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

func IsSeparator(c byte) bool { return c == '-' || c == '_' || c == '.' }

func endsInDigit(s string) bool { return s != "" && s[len(s)-1] >= '0' && s[len(s)-1] <= '9' }

// numeral is how many digits s begins with.
func numeral(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }
