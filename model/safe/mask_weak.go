package safe

import (
	"slices"
	"strings"
)

const digits, smallLetters, bigLetters = "0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// placeholders stand for a secret that is set later.
var placeholders = []string{
	"changeme", "changeit", "change me", "replaceme", "replace me", "password", "passwd", "example", "dummy", "placeholder",
	"redacted", "todo", "fixme",
}

// placeholderWords are words of a longer value without digits that is a placeholder for a secret.
var placeholderWords = []string{"changeme", "example", "dummy", "placeholder", "redacted", "your"}

// isPlaceholder reports whether a value is a placeholder for a secret that is set later: changeme,
// <token>, your-token-here, xxxx.
func isPlaceholder(value string) bool {
	if len(value) > 2 && value[0] == '<' && value[len(value)-1] == '>' {
		value = value[1 : len(value)-1]
		return strings.Trim(strings.ToLower(value), smallLetters+"-_. ") == ""
	}
	if len(value) > 2 && isRepeated(value, "xX*.-") {
		return true
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r > 'z' || !isLetter(byte(r)) && !strings.ContainsRune("-_. ", r) }) {
		return false
	}
	value = strings.ToLower(value)
	words := strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune("-_. ", r) })
	return slices.Contains(placeholders, strings.Join(words, " ")) ||
		slices.ContainsFunc(words, func(w string) bool { return slices.Contains(placeholderWords, w) })
}

// isRepeated reports whether a value is one of the given characters, repeated.
func isRepeated(value, chars string) bool {
	return strings.ContainsAny(value[:1], chars) && strings.Trim(value, value[:1]) == ""
}

// isShortNumber reports whether a value is a number of at most three digits.
func isShortNumber(value string) bool { return len(value) <= 3 && isNumber(value) }

func isNumber(value string) bool { return value != "" && strings.Trim(value, digits) == "" }

// looksRandom reports whether a value is long and mixes letters and digits without blanks.
// 40 hex digits in upper case are a fingerprint, which is public.
func looksRandom(value string) bool {
	const letters = smallLetters + bigLetters
	isFingerprint := len(value) == 40 && strings.Trim(value, digits+"ABCDEF") == ""
	return len(value) >= 16 && !isFingerprint && strings.Trim(value, digits+letters+"+/=_-.:") == "" &&
		strings.ContainsAny(value, digits) && strings.ContainsAny(value, letters) && !strings.Contains(value, "://")
}

// isWord reports whether a value is a plain word or several with dashes, as defaults are:
// admin, Guest, not-a-secret. Secrets that a program made mix letters and digits.
func isWord(value string) bool {
	const most, mostOfSeveral = 20, 40
	if value == "" || len(value) > mostOfSeveral || len(value) > most && !strings.ContainsAny(value, "-_") {
		return false
	}
	small := strings.ToLower(value[:1]) + value[1:]
	return strings.Trim(small, smallLetters+"-_") == "" || strings.Trim(value, bigLetters+"-_") == ""
}

// withoutDefault is the default of ${NAME:-default}, or the value itself.
func withoutDefault(value string) string {
	inner, ok := strings.CutPrefix(value, "${")
	if _, other, found := strings.Cut(inner, ":-"); ok && found {
		return strings.TrimSuffix(other, "}")
	}
	return value
}
