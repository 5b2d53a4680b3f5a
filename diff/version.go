package diff

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
	numbers [mostNumbers]uint64
	count   int    // of numbers; 3.12 has two
	before  string // what it comes before the release as, in lower case: rc1
	flavour string // what it is made for or on, as alpine3.19
	again   string // which making of the same it is, as r5 or 20240115
}

const mostNumbers = 5

// CompareVersions orders tags by the versions that they name: lower numbers,
// release candidates and flavours come before the release, a name without a
// version before all that have one.
func CompareVersions(a, b string) int {
	return cmp.Or(VersionOf(a).Compare(VersionOf(b)), model.CompareNatural(a, b))
}

// Compare is the order of CompareVersions, for names that are read once and
// compared often. Two spellings of one version are equal.
func (v Version) Compare(o Version) int {
	return cmp.Or(v.compareRelease(o), lastIfEmpty(v.flavour, o.flavour), model.CompareNatural(v.again, o.again))
}

// compareRelease leaves the flavour out, and how often it was made.
func (v Version) compareRelease(o Version) int {
	return cmp.Or(slices.Compare(v.numbers[:v.count], o.numbers[:o.count]), lastIfEmpty(v.before, o.before))
}

// lastIfEmpty: what is only on the way to a release comes before it.
func lastIfEmpty(a, b string) int {
	if a == "" || b == "" {
		return cmp.Compare(len(b), len(a))
	}
	return model.CompareNatural(a, b)
}

// full reports whether it names one release to the last number.
func (v Version) full() bool { return v.count >= 3 }

// moves reports whether its name promises a build that changes with every day.
func (v Version) moves() bool {
	return slices.ContainsFunc(movingWords, func(w string) bool { return strings.Contains(v.before, w) })
}

// family is the flavour without its own version: alpine3.19 is alpine.
func (v Version) family() string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '.' {
			return -1
		}
		return r
	}, strings.ToLower(v.flavour)), "-_")
}

// dated reports whether it is a date rather than a version.
func (v Version) dated() bool {
	first := v.numbers[0]
	return v.count > 0 && (first >= 1990 && first < 2100 || first >= 19900101)
}

// line is the minor release that it belongs to, of one flavour.
func (v Version) line() Version {
	v.count, v.numbers, v.before, v.again, v.flavour = 2, [mostNumbers]uint64{v.numbers[0], v.numbers[1]}, "", "", v.family()
	return v
}

// beforeWords name what comes before a release, movingWords those of them that
// stand for another build every day.
var (
	movingWords = []string{"snapshot", "nightly", "dev", "edge", "canary", "unstable", "main", "master", "daily", "latest"}
	beforeWords = append([]string{"alpha", "beta", "rc", "cr", "pre", "preview", "prerelease", "a", "b", "c", "m", "ea", "eap", "next", "insiders", "experimental", "test", "pr"}, movingWords...)
	againWords  = []string{"r", "rev", "build", "p", "patch", "post", "hotfix", "ls", "g"}
)

// VersionOf reads what the name of a tag says.
func VersionOf(tag string) Version {
	var v Version
	rest := tag
	if len(tag) > 1 && (tag[0] == 'v' || tag[0] == 'V') {
		rest = tag[1:]
	}
	if rest = v.readNumbers(rest); v.count == 0 || rest == "" {
		return v
	}
	glued := !isSeparator(rest[0])
	if glued && v.count < 2 { // 7a2f0c1 is a commit
		return Version{}
	}
	if !glued {
		rest = rest[1:]
	}
	for first := true; rest != ""; first = false {
		var part string
		part, rest = cutPart(rest)
		if first && glued && !isBefore(wordOf(part)) {
			v.again = part // 1.1.1k is newer than 1.1.1
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
	for v.count < mostNumbers {
		n := numeral(s)
		if n == 0 {
			return s
		}
		number, _ := strconv.ParseUint(s[:n], 10, 64) // of more digits: the largest
		v.numbers[v.count] = number
		v.count++
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
	case word == "" && v.flavour != "": // the flavour's own version
		v.flavour += "-" + part
	case word == "" && v.before != "" && v.again == "" && !endsInDigit(v.before):
		v.before += part
	case word == "", isAgain(word, lower):
		v.again = joined(v.again, part)
	case v.flavour == "" && isBefore(word):
		v.before = joined(v.before, word+strings.TrimPrefix(lower[len(word):], ".")) // rc.1 is rc1
	default:
		v.flavour = joined(v.flavour, part)
	}
}

// isBefore reports whether a word, or the one before its first dot, names what
// comes before a release.
func isBefore(word string) bool {
	word, _, _ = strings.Cut(word, ".")
	return slices.Contains(beforeWords, strings.TrimRight(word, "0123456789"))
}

// isAgain takes r5 and build7.
func isAgain(word, part string) bool {
	return len(word) < len(part) && slices.Contains(againWords, word) || isCommit(part)
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

func isSeparator(c byte) bool { return c == '-' || c == '_' || c == '.' }

func endsInDigit(s string) bool { return s != "" && s[len(s)-1] >= '0' && s[len(s)-1] <= '9' }

// numeral is how many digits s begins with.
func numeral(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }
