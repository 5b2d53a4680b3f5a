package versions

import (
	"cmp"
	"slices"
	"strings"
)

// pythonVersion is a version as PEP 440 describes it.
type pythonVersion struct {
	epoch   string
	release []string // numbers, without zeros at the end
	// phase orders what stands behind the release: phaseDev if that is only .dev, 1 to 3 for a, b and rc,
	// phaseFinal without any of them.
	phase, phaseNo string
	post, dev      string // the numbers, "" without
	hasPost        bool
	hasDev         bool
	local          []string
}

// The phases of a release in their order.
const (
	phaseDev   = "0"
	phaseFinal = "4"
)

// pythonPhases are the spellings of a, b and rc with their place. A spelling that begins as another stands before it.
var pythonPhases = []struct{ word, phase string }{
	{"alpha", "1"}, {"a", "1"}, {"beta", "2"}, {"b", "2"}, {"preview", "3"}, {"pre", "3"}, {"c", "3"}, {"rc", "3"},
}

func parsePython(s string) (v pythonVersion, ok bool) {
	s = strings.ToLower(strings.Trim(s, " \t\n\r\f\v"))
	s = strings.TrimPrefix(s, "v")
	public, local, hasLocal := strings.Cut(s, "+")
	if hasLocal {
		v.local = strings.FieldsFunc(local, isPythonSeparator)
		// As many separators as between the parts: none is empty.
		if len(v.local) == 0 || !only(local, func(c byte) bool { return isAlnum(c) || isPythonSeparator(rune(c)) }) ||
			len(v.local) != 1+strings.Count(local, ".")+strings.Count(local, "-")+strings.Count(local, "_") {
			return v, false
		}
	}
	rest := public
	if epoch, more, found := strings.Cut(public, "!"); found {
		if epoch == "" || !only(epoch, isDigit) {
			return v, false
		}
		v.epoch, rest = epoch, more
	}
	if v.release, rest = cutRelease(rest); v.release == nil {
		return v, false
	}
	v.phase = phaseFinal
	for _, p := range pythonPhases {
		if number, more, found := cutWord(rest, p.word); found {
			v.phase, v.phaseNo, rest = p.phase, number, more
			break
		}
	}
	rest = v.cutPost(rest)
	if number, more, found := cutWord(rest, "dev"); found {
		v.hasDev, v.dev, rest = true, number, more
	}
	if v.phase == phaseFinal && !v.hasPost && v.hasDev {
		v.phase = phaseDev
	}
	return v, rest == ""
}

// cutRelease cuts the numbers of a release off s, nil if s does not begin with one.
func cutRelease(s string) (release []string, rest string) {
	for rest = s; ; {
		number, more := cut(rest, isDigit)
		if number == "" {
			break
		}
		release, s = append(release, number), more
		if more == "" || more[0] != '.' {
			break
		}
		rest = more[1:]
	}
	for len(release) > 1 && strings.Trim(release[len(release)-1], "0") == "" {
		release = release[:len(release)-1]
	}
	return release, s
}

// cutPost cuts the post-release off s: -number, or one of three words.
func (v *pythonVersion) cutPost(s string) (rest string) {
	if strings.HasPrefix(s, "-") {
		if number, more := cut(s[1:], isDigit); number != "" {
			v.hasPost, v.post = true, number
			return more
		}
	}
	for _, word := range []string{"post", "rev", "r"} {
		if number, more, found := cutWord(s, word); found {
			v.hasPost, v.post = true, number
			return more
		}
	}
	return s
}

// cutWord cuts a word with its number off s. A separator may stand before each of them.
func cutWord(s, word string) (number, rest string, found bool) {
	rest, found = strings.CutPrefix(cutSeparator(s), word)
	if !found {
		return "", s, false
	}
	number, rest = cut(cutSeparator(rest), isDigit)
	return number, rest, true
}

func cutSeparator(s string) string {
	if s != "" && isPythonSeparator(rune(s[0])) {
		return s[1:]
	}
	return s
}

func isPythonSeparator(c rune) bool { return c == '.' || c == '-' || c == '_' }

func comparePython(a, b string) (int, bool) {
	va, okA := parsePython(a)
	vb, okB := parsePython(b)
	if !okA || !okB {
		return 0, false
	}
	return cmp.Or(
		compareNumbers(va.epoch, vb.epoch),
		slices.CompareFunc(va.release, vb.release, compareNumbers),
		cmp.Compare(va.phase, vb.phase),
		compareNumbers(va.phaseNo, vb.phaseNo),
		compareBool(va.hasPost, vb.hasPost),
		compareNumbers(va.post, vb.post),
		compareBool(vb.hasDev, va.hasDev), // one with .dev comes first
		compareNumbers(va.dev, vb.dev),
		slices.CompareFunc(va.local, vb.local, comparePythonLocal),
	), true
}

// comparePythonLocal orders two parts of local versions: words come before numbers.
func comparePythonLocal(a, b string) int {
	numberA, numberB := only(a, isDigit), only(b, isDigit)
	if numberA && numberB {
		return compareNumbers(a, b)
	}
	return cmp.Or(compareBool(numberA, numberB), cmp.Compare(a, b))
}

// compareBool orders false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
