package versions

import (
	"cmp"
	"slices"
	"strings"
)

// The kinds of parts that a version of apk consists of, in the order in which they may follow each other.
const (
	apkFirst    = iota // the number at the start
	apkNumber          // a number behind a dot
	apkLetter          // one letter
	apkSuffix          // a word behind _
	apkSuffixNo        // the number of the word
	apkCommit          // the hash of a commit behind ~
	apkRelease         // the number behind -r
	apkEnd
)

// apkSuffixes are the words behind _ in their order. A version with one of those before the empty word comes before the
// version without.
var (
	apkSuffixes  = []string{"alpha", "beta", "pre", "rc", "", "cvs", "svn", "git", "hg", "p"}
	apkNoSuffix  = slices.Index(apkSuffixes, "")
	apkEndOfText = apkPart{kind: apkEnd}
)

// apkPart is a part of a version of apk.
type apkPart struct {
	kind int
	text string
}

// parseApk splits a version as version.c of apk-tools 3 does: digits, numbers behind dots, a letter, _words
// with numbers, ~commit, -rnumber. It reports false if there is anything else.
func parseApk(s string) (parts []apkPart, ok bool) {
	last := apkFirst
	number, s := cut(s, isDigit)
	parts = append(parts, apkPart{apkFirst, number})
	ok = number != ""
	for s != "" && ok {
		var p apkPart
		p, s, ok = nextApkPart(s, last)
		parts, last = append(parts, p), p.kind
	}
	return append(parts, apkEndOfText), ok
}

// nextApkPart cuts the next part off s, behind a part of the kind last.
func nextApkPart(s string, last int) (p apkPart, rest string, ok bool) {
	switch c := s[0]; {
	case isLower(c):
		return apkPart{apkLetter, s[:1]}, s[1:], last <= apkNumber
	case c == '.':
		p.text, rest = cut(s[1:], isDigit)
		p.kind = apkNumber
		return p, rest, last <= apkNumber && p.text != ""
	case isDigit(c):
		p.text, rest = cut(s, isDigit)
		p.kind = apkSuffixNo
		return p, rest, last == apkSuffix
	case c == '_':
		p.text, rest = cut(s[1:], isLower)
		p.kind = apkSuffix
		return p, rest, last <= apkSuffixNo && p.text != "" && slices.Contains(apkSuffixes, p.text)
	case c == '~':
		p.text, rest = cut(s[1:], isHex)
		p.kind = apkCommit
		return p, rest, last < apkCommit && p.text != ""
	}
	digits, found := strings.CutPrefix(s, "-r")
	p.text, rest = cut(digits, isDigit)
	p.kind = apkRelease
	return p, rest, found && last < apkRelease && p.text != ""
}

func compareApk(a, b string) (int, bool) {
	partsA, okA := parseApk(a)
	partsB, okB := parseApk(b)
	if !okA || !okB {
		return 0, false
	}
	for i, pa := range partsA { // both end with a part that no other is equal to
		pb := partsB[i]
		if pa.kind != pb.kind {
			switch {
			case pa.isBefore():
				return -1, true
			case pb.isBefore():
				return 1, true
			}
			return cmp.Compare(pb.kind, pa.kind), true
		}
		if order := pa.compare(pb); order != 0 || pa.kind == apkEnd {
			return order, true
		}
	}
	return 0, true
}

// isBefore reports whether p makes a version lower than the version that ends before p.
func (p apkPart) isBefore() bool {
	return p.kind == apkSuffix && slices.Index(apkSuffixes, p.text) < apkNoSuffix
}

// compare orders two parts of the same kind.
func (p apkPart) compare(q apkPart) int {
	switch p.kind {
	case apkNumber:
		// Digits behind a dot are a fraction if they begin with 0.
		if p.text[0] == '0' || q.text[0] == '0' {
			return cmp.Compare(p.text, q.text)
		}
		return compareNumbers(p.text, q.text)
	case apkFirst, apkSuffixNo, apkRelease:
		return compareNumbers(p.text, q.text)
	case apkSuffix:
		return cmp.Compare(slices.Index(apkSuffixes, p.text), slices.Index(apkSuffixes, q.text))
	}
	return cmp.Compare(p.text, q.text)
}
