package versions

import (
	"cmp"
	"strings"
)

// rpmVersion is a version of rpm.
type rpmVersion struct{ epoch, version, release string }

func parseRPM(s string) (v rpmVersion, ok bool) {
	if epoch, rest, found := strings.Cut(s, ":"); found {
		if epoch == "" || !only(epoch, isDigit) {
			return v, false
		}
		v.epoch, s = epoch, rest
	}
	v.version = s
	if i := strings.LastIndexByte(s, '-'); i >= 0 {
		v.version, v.release = s[:i], s[i+1:]
		if v.release == "" {
			return v, false
		}
	}
	allowed := func(c byte) bool { return isAlnum(c) || strings.IndexByte("._+~^", c) >= 0 }
	return v, v.version != "" && only(v.version, allowed) && only(v.release, allowed)
}

func compareRPM(a, b string) (int, bool) {
	va, okA := parseRPM(a)
	vb, okB := parseRPM(b)
	if !okA || !okB {
		return 0, false
	}
	return cmp.Or(compareNumbers(va.epoch, vb.epoch),
		compareRPMPart(va.version, vb.version),
		compareRPMPart(va.release, vb.release)), true
}

// compareRPMPart orders two versions or two releases, as rpmvercmp of rpm does: numbers and words, with
// anything between them. ~ comes before the end, ^ after it and before all else.
func compareRPMPart(a, b string) int {
	separator := func(c byte) bool { return !isAlnum(c) && c != '~' && c != '^' }
	for a != "" || b != "" {
		_, a = cut(a, separator)
		_, b = cut(b, separator)
		if order := cmp.Compare(rpmMark(a), rpmMark(b)); order != 0 {
			return order
		}
		switch {
		case a == "":
			return 0 // as b, whose mark is the same
		case !isAlnum(a[0]):
			a, b = a[1:], b[1:]
			continue
		}
		var partA, partB string
		if isDigit(a[0]) {
			partA, a = cut(a, isDigit)
			partB, b = cut(b, isDigit)
			if partB == "" {
				return 1 // a number comes after a word
			}
			if order := compareNumbers(partA, partB); order != 0 {
				return order
			}
			continue
		}
		partA, a = cut(a, isLetter)
		partB, b = cut(b, isLetter)
		if partB == "" {
			return -1
		}
		if order := cmp.Compare(partA, partB); order != 0 {
			return order
		}
	}
	return 0
}

// rpmMark returns the weight of what comes first in the rest of a version.
func rpmMark(rest string) int {
	switch {
	case rest == "":
		return 1
	case rest[0] == '~':
		return 0
	case rest[0] == '^':
		return 2
	}
	return 3
}
