package safe

import (
	"slices"
	"strings"
)

// description is a kind of names that say something about a secret, by their last word, and
// the form that their values have. A value of another form may be the secret itself.
type description struct {
	lastWords []string
	describes func(value string) bool
}

var descriptions = []description{
	{[]string{"file", "path", "dir"}, isPath},
	{[]string{"url", "uri", "endpoint", "host", "server"}, isPlainURL},
	{[]string{"header", "headername", "field", "param", "claim", "variable", "name"}, isPlainName},
	{[]string{
		"algo", "algorithm", "alg", "method", "provider", "type", "kind", "mode", "policy", "backend", "driver", "engine", "store", "format",
		"encoding", "strategy", "source", "scheme", "class", "plugin", "manager", "scope", "region", "issuer", "audience",
	}, isKindName},
	{[]string{
		"ttl", "expiry", "expiration", "expires", "timeout", "lifetime", "age", "interval", "duration", "length", "size", "limit",
		"count", "rounds",
	}, isQuantity},
	{[]string{"prompt", "message", "label", "title", "hint", "description"}, isPhrase},
	{[]string{"pattern", "regex", "regexp"}, func(value string) bool { return strings.HasPrefix(value, "^") }},
}

// describes reports whether a value says something about the secret and is not the secret:
// argon2id of PASSWORD_HASH_ALGO.
func (n secretName) describes(value string) bool {
	return slices.ContainsFunc(descriptions, func(d description) bool {
		return slices.Contains(d.lastWords, n.lastWord) && d.describes(value)
	})
}

// isPlainURL reports whether a value is an address or its path, without a password or a
// query, which may hold a token.
func isPlainURL(value string) bool {
	scheme, rest, ok := strings.Cut(value, "://")
	return (ok && scheme != "" || isPath(value)) && !strings.ContainsAny(value, "@?") && (ok && rest != "" || !ok)
}

// isPlainName reports whether a value is a word or several with dashes, as X-Token.
func isPlainName(value string) bool {
	return len(value) <= 40 && strings.Trim(value, smallLetters+bigLetters+"-_") == ""
}

// isKindName reports whether a value names an algorithm or another kind: argon2id,
// aes-256-gcm, ec2-instance-profile. Its words have at most one number each, of at most
// four digits; random text has more.
func isKindName(value string) bool {
	const mostValue, mostWord, mostDigits = 60, 20, 4
	if len(value) > mostValue {
		return false
	}
	for word := range strings.FieldsFuncSeq(value, func(r rune) bool { return strings.ContainsRune("-_./:", r) }) {
		number := strings.Trim(word, smallLetters+bigLetters)
		if len(word) > mostWord || len(number) > mostDigits || strings.Trim(number, digits) != "" {
			return false
		}
	}
	return true
}

// isQuantity reports whether a value is a number with a unit, or several: 3600s, 1h30m,
// 7 days.
func isQuantity(value string) bool {
	const most = 20
	if value == "" || len(value) > most || strings.IndexByte(digits, value[0]) < 0 {
		return false
	}
	units := strings.FieldsFunc(strings.ToLower(value), func(r rune) bool { return strings.ContainsRune(digits+" .", r) })
	return !slices.ContainsFunc(units, func(u string) bool { return !slices.Contains(unitNames, u) })
}

var unitNames = []string{
	"ns", "us", "ms", "s", "sec", "secs", "second", "seconds", "m", "min", "mins", "minute", "minutes", "h", "hour", "hours",
	"d", "day", "days", "w", "week", "weeks", "month", "months", "y", "year", "years", "b", "k", "kb", "kib", "mb", "mib", "byte", "bytes",
	"bit", "bits", "char", "chars", "characters",
}

// isPhrase reports whether a value is words of letters with punctuation.
func isPhrase(value string) bool {
	return strings.Trim(value, smallLetters+bigLetters+" .,:;!?'()-") == ""
}

// isReference reports whether a value says where the secret is: in a vault or a secret
// manager. vault:v1:… is a secret that Vault encrypted.
func isReference(value string) bool {
	if strings.HasPrefix(value, "arn:aws") {
		return strings.Count(value, ":") >= 5 && strings.Trim(value, smallLetters+bigLetters+digits+":/_-.+=@") == ""
	}
	for _, scheme := range []string{"vault:", "op://", "ref+", "awssm:", "ssm:", "gcpsm:", "sm://", "keyvault:", "env:", "file:"} {
		if place, ok := strings.CutPrefix(value, scheme); ok {
			return strings.ContainsAny(place, "/_") && !strings.ContainsAny(place, "@?") &&
				strings.Trim(place, smallLetters+digits+":/_-.#") == "" || scheme == "env:" && isVariable("$"+place)
		}
	}
	return false
}

// isDocumented reports whether a value is a key of the documentation: of AWS, or of the
// emulator of Azure's storage.
func isDocumented(value string) bool {
	return strings.HasSuffix(value, "EXAMPLE") || strings.HasSuffix(value, "EXAMPLEKEY") || strings.HasPrefix(value, "Eby8vdM02xNOcqF")
}

// isPattern reports whether a value is the rest of a regular expression that matches any
// value, as in sed s/password=.*/password=x/. The text after it is read on.
func isPattern(value string) bool {
	if strings.HasPrefix(value, "[^") {
		return true
	}
	rest, ok := strings.CutPrefix(value, ".")
	rest = strings.TrimPrefix(strings.TrimLeft(rest, "*+"), "$")
	return ok && len(rest) < len(value)-1 && rest != "" && strings.IndexByte("/|#,@~!", rest[0]) >= 0
}
