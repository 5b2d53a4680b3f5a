package versions

import (
	"cmp"
	"strings"
)

// debVersion is a version of dpkg, as deb-version(7) describes it.
type debVersion struct{ epoch, upstream, revision string }

func parseDeb(s string) (v debVersion, ok bool) {
	if epoch, rest, found := strings.Cut(s, ":"); found {
		// dpkg keeps epochs in 31 bits.
		if epoch == "" || !only(epoch, isDigit) || compareNumbers(epoch, "2147483647") > 0 {
			return v, false
		}
		v.epoch, s = epoch, rest
	}
	v.upstream = s
	if i := strings.LastIndexByte(s, '-'); i >= 0 {
		v.upstream, v.revision = s[:i], s[i+1:]
		if v.revision == "" {
			return v, false
		}
	}
	upstream := func(c byte) bool { return isAlnum(c) || strings.IndexByte(".+-~:", c) >= 0 }
	revision := func(c byte) bool { return isAlnum(c) || strings.IndexByte(".+~", c) >= 0 }
	return v, v.upstream != "" && isDigit(v.upstream[0]) && only(v.upstream, upstream) && only(v.revision, revision)
}

func compareDeb(a, b string) (int, bool) {
	va, okA := parseDeb(a)
	vb, okB := parseDeb(b)
	if !okA || !okB {
		return 0, false
	}
	return cmp.Or(compareNumbers(va.epoch, vb.epoch),
		compareDebPart(va.upstream, vb.upstream),
		compareDebPart(va.revision, vb.revision)), true
}

// compareDebPart orders two versions without their revisions, or two revisions: by turns a part without
// digits and a number.
func compareDebPart(a, b string) int {
	notDigit := func(c byte) bool { return !isDigit(c) }
	for a != "" || b != "" {
		var textA, textB, numberA, numberB string
		textA, a = cut(a, notDigit)
		textB, b = cut(b, notDigit)
		for i := range max(len(textA), len(textB)) {
			if order := cmp.Compare(debWeight(textA, i), debWeight(textB, i)); order != 0 {
				return order
			}
		}
		numberA, a = cut(a, isDigit)
		numberB, b = cut(b, isDigit)
		if order := compareNumbers(numberA, numberB); order != 0 {
			return order
		}
	}
	return 0
}

// debWeight returns the weight of the i-th byte of a part without digits: ~ comes before the end, letters
// after it, and other bytes after letters.
func debWeight(text string, i int) int {
	switch {
	case i >= len(text):
		return 0
	case text[i] == '~':
		return -1
	case isLetter(text[i]):
		return int(text[i])
	}
	return int(text[i]) + 256
}
