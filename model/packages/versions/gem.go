package versions

import (
	"cmp"
	"strings"
)

// parseGem splits a version as Gem::Version of RubyGems does: numbers and words, without the zeros at the
// end and before the first word.
func parseGem(s string) (parts []string, ok bool) {
	s = strings.Trim(s, " \t\n\r\f\v")
	if !isGem(s) {
		return nil, false
	}
	s = strings.ReplaceAll(s, "-", ".pre.")
	firstWord := -1
	for s != "" {
		var part string
		switch {
		case isDigit(s[0]):
			part, s = cut(s, isDigit)
		case isLetter(s[0]):
			if firstWord < 0 {
				parts = withoutZeros(parts, 0)
				firstWord = len(parts)
			}
			part, s = cut(s, isLetter)
		default:
			s = s[1:]
			continue
		}
		parts = append(parts, part)
	}
	return withoutZeros(parts, max(firstWord, 0)), true
}

// withoutZeros removes the zeros at the end of parts, down to a length.
func withoutZeros(parts []string, least int) []string {
	for len(parts) > least && strings.Trim(parts[len(parts)-1], "0") == "" {
		parts = parts[:len(parts)-1]
	}
	return parts
}

// isGem reports whether s is empty, which is 0, or numbers and words between dots that begin with a
// number, then words between dots behind a hyphen, if any.
func isGem(s string) bool {
	if s == "" {
		return true
	}
	release, prerelease, found := strings.Cut(s, "-")
	if found {
		for part := range strings.SplitSeq(prerelease, ".") {
			if part == "" || !only(part, func(c byte) bool { return isAlnum(c) || c == '-' }) {
				return false
			}
		}
	}
	for i, part := range strings.Split(release, ".") {
		if part == "" || !only(part, isAlnum) || i == 0 && !only(part, isDigit) {
			return false
		}
	}
	return true
}

func compareGem(a, b string) (int, bool) {
	partsA, okA := parseGem(a)
	partsB, okB := parseGem(b)
	if !okA || !okB {
		return 0, false
	}
	for i := range max(len(partsA), len(partsB)) {
		pa, pb := at(partsA, i), at(partsB, i)
		numberA, numberB := only(pa, isDigit), only(pb, isDigit) // "" is 0
		order := 0
		switch {
		case numberA && numberB:
			order = compareNumbers(pa, pb)
		case numberA != numberB: // words come first
			order = compareBool(numberA, numberB)
		default:
			order = cmp.Compare(pa, pb)
		}
		if order != 0 {
			return order, true
		}
	}
	return 0, true
}
