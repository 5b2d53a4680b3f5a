// Package versions orders the versions of packages by the rules of each family.
package versions

import (
	"cmp"
	"strings"

	"github.com/tagdiff/tagdiff/model/packages"
)

// maxVersion is the number of bytes of the longest version that is ordered. Real ones have at most about 100.
const maxVersion = 1024

// orders are the rules of the families. A rule returns -1, 0 or 1, and false if one of the two texts is not a
// version of the family.
var orders = map[packages.Kind]func(a, b string) (int, bool){
	packages.Deb:    compareDeb,
	packages.Apk:    compareApk,
	packages.RPM:    compareRPM,
	packages.Python: comparePython,
	packages.NPM:    compareNPM,
	packages.Java:   compareMaven,
	packages.Go:     compareGo,
	packages.Gem:    compareGem,
}

// Compare orders two versions of packages of a kind: order is -1 if a is lower than b, 1 if it
// is higher, 0 if neither is. Two different versions may have the order 0, as 1.0 and 1.00 of many
// families. known is false, and order 0, if one of the two is not of the form that the kind requires.
func Compare(kind packages.Kind, a, b string) (order int, known bool) {
	compare := orders[kind]
	if compare == nil || len(a) > maxVersion || len(b) > maxVersion {
		return 0, false
	}
	return compare(a, b)
}

// compareNumbers orders two numbers in decimal digits of any length. No digits are 0.
func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

// cut splits s behind its longest start of bytes of a class.
func cut(s string, class func(byte) bool) (start, rest string) {
	for i := range len(s) {
		if !class(s[i]) {
			return s[:i], s[i:]
		}
	}
	return s, ""
}

// only reports whether all bytes of s are of a class.
func only(s string, class func(byte) bool) bool {
	_, rest := cut(s, class)
	return rest == ""
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLower(c byte) bool  { return 'a' <= c && c <= 'z' }
func isLetter(c byte) bool { return isLower(c | 0x20) }
func isAlnum(c byte) bool  { return isDigit(c) || isLetter(c) }

// isHex reports whether c is a hexadecimal digit.
func isHex(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }

// at returns the i-th of the parts, "" behind the last.
func at(parts []string, i int) string {
	if i < len(parts) {
		return parts[i]
	}
	return ""
}
