package safe

import (
	"iter"
	"slices"
	"strings"
)

// strength is how likely a name is the name of a secret.
type strength int

const (
	harmless strength = iota
	weak              // a word with other common uses: PASS, AUTH
	strong
)

// secretName is the judgement on a name: catalogue finding E4.
type secretName struct {
	strength   strength
	lastWord   string // its last word, in lower case
	endsSecret bool   // the secret word is the last one
	dashes     int    // number of leading dashes, as options have
	randomOnly bool   // a key of unknown use: its value counts only if it looks random
	header     bool   // the name of an HTTP header
	isSwitch   bool   // an option without a value
	hasScheme  bool   // of a header whose value begins with a scheme, which is not secret
}

var (
	// strongWords mark a secret anywhere in a name.
	strongWords = []string{"token", "secret", "passwd", "password", "passphrase", "credential"}
	// harmlessWords are longer words that begin with a strong word.
	harmlessWords = []string{"tokeniz", "tokenis", "secretar", "passwordless"}
	// weakWords mark a secret only as the last word.
	weakWords = []string{"pass", "passcode", "pwd", "auth", "cred", "creds"}
	// secretKeys are the words before "key" that mark a secret; GPG_KEY is public.
	secretKeys = []string{"api", "access", "account", "private", "signing", "encryption", "auth", "secret", "master"}
	// publicKeys are words of names whose key is not secret.
	publicKeys = []string{
		"gpg", "pgp", "public", "pub", "fingerprint", "primary", "foreign", "sort", "cache", "partition", "routing", "object", "hash",
	}
	// dummyWords are words of names whose value is not a secret: SECRET_KEY_BASE_DUMMY.
	dummyWords = []string{"dummy", "placeholder", "example", "fake"}
	// valueWords are last words of names that say no more than the rest: PASSWORD_VALUE.
	valueWords = []string{"value", "text"}
	// switchWords are first words of options that have no value: --disabled-password.
	switchWords = []string{
		"no", "disable", "disabled", "enable", "enabled", "allow", "skip", "require", "without", "ask", "prompt", "random", "generate", "lock",
	}
)

func judgeName(name string) secretName {
	lower := strings.ToLower(name)
	bare := strings.TrimLeft(lower, "-")
	n := secretName{lastWord: lastWord(name), dashes: len(lower) - len(bare)}
	firstWord, _, several := strings.Cut(bare, "-")
	n.isSwitch = n.dashes > 0 && several && slices.Contains(switchWords, firstWord)
	n.hasScheme = strings.HasSuffix(lower, "authorization")
	n.header = n.hasScheme || strings.HasPrefix(lower, "x-") || lower == "private-token" || lower == "job-token"
	switch {
	case n.lastWord == "stdin": // --password-stdin: the value is not in the text
	case hasWord(name, lower, dummyWords):
	case isStrong(lower) || n.hasScheme:
		n.strength = strong
		n.endsSecret = endsSecret(lower)
	case slices.Contains(weakWords, n.lastWord) && bare != "pwd": // PWD is the working directory
		n.strength, n.endsSecret = weak, true
	case n.lastWord == "key" && strings.TrimRight(bare, "0123456789_-.") != "key" && !hasWord(name, lower, publicKeys):
		n.strength, n.randomOnly = weak, true
	}
	return n
}

// hasWord reports whether one of the words of a name is in the list: "dummy" of
// SECRET_DUMMY and of dummyToken. lower is the name in lower case.
func hasWord(name, lower string, words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool {
		for i := range occurrences(lower, w) {
			if !continuesWord(name, i) && !continuesWord(name, i+len(w)) {
				return true
			}
		}
		return false
	})
}

// occurrences yields the positions at which a word begins in a text.
func occurrences(s, word string) iter.Seq[int] {
	return func(yield func(int) bool) {
		for at := 0; ; at += len(word) {
			i := strings.Index(s[at:], word)
			if at += i; i < 0 || !yield(at) {
				return
			}
		}
	}
}

// continuesWord reports whether the letters before and at i of a name are of one word.
func continuesWord(name string, i int) bool {
	return i > 0 && i < len(name) && isLetter(name[i-1]) && isLetter(name[i]) && (!isUpper(name[i]) || isUpper(name[i-1]))
}

func isStrong(lower string) bool {
	for _, w := range strongWords {
		for i := range occurrences(lower, w) {
			if !slices.ContainsFunc(harmlessWords, func(not string) bool { return strings.HasPrefix(lower[i:], not) }) {
				return true
			}
		}
	}
	return hasSecretKey(lower, false)
}

// endsSecret reports whether a name is the name of the secret itself, not of
// something about it: max_tokens is a number.
func endsSecret(lower string) bool {
	lower = strings.TrimRight(lower, "0123456789_-.")
	for _, w := range valueWords {
		lower = strings.TrimRight(strings.TrimSuffix(lower, w), "_-.")
	}
	if !strings.HasSuffix(lower, "tokens") {
		lower = strings.TrimSuffix(lower, "s")
	}
	return slices.ContainsFunc(strongWords, func(w string) bool { return strings.HasSuffix(lower, w) }) || hasSecretKey(lower, true)
}

// hasSecretKey reports whether a name contains API_KEY, apiKey, api.key or
// similar, at its end or anywhere.
func hasSecretKey(lower string, atEnd bool) bool {
	for i := range occurrences(lower, "key") {
		before, isEnd := strings.TrimRight(lower[:i], "_-."), i+len("key") == len(lower)
		if (isEnd || !atEnd) && slices.ContainsFunc(secretKeys, func(kind string) bool { return strings.HasSuffix(before, kind) }) {
			return true
		}
	}
	return false
}

// lastWord returns the last word of a name in lower case: "pass" for db_pass,
// dbPass and DB_PASS2.
func lastWord(name string) string {
	name = strings.TrimRight(name, "0123456789_-.")
	i := len(name)
	for i > 0 && isLetter(name[i-1]) {
		i--
		if i > 0 && isUpper(name[i]) && isLetter(name[i-1]) && !isUpper(name[i-1]) {
			break
		}
	}
	return strings.ToLower(name[i:])
}

func isLetter(c byte) bool { return isUpper(c) || 'a' <= c && c <= 'z' }
func isUpper(c byte) bool  { return 'A' <= c && c <= 'Z' }

// isSecretValue reports whether the value of this name must be masked. Secrets counts the
// same values.
func (n secretName) isSecretValue(value string) bool {
	value = withoutDefault(bareValue(value))
	switch {
	case isSwitch(value), isVariable(value), isPlaceholder(value), isShortNumber(value), isPlainPath(value), isReference(value),
		isDocumented(value), isPattern(value), n.describes(value), !n.endsSecret && isNumber(value):
		return false
	case n.randomOnly:
		return looksRandom(value)
	case n.lastWord == "auth" && n.strength == weak:
		return len(value) >= 8 // shorter ones are kinds: basic, ldap, oauth2
	}
	return true
}

// bareValue is a value without the quotes around it.
func bareValue(value string) string { return strings.Trim(value, `\"'`) }

// isSwitch reports whether a value is empty or turns something on or off.
func isSwitch(value string) bool {
	switch strings.ToLower(value) {
	case "", "true", "false", "yes", "no", "on", "off", "none", "null":
		return true
	}
	return false
}

// isPlainPath reports whether a value is the path of a file, whatever its name:
// /run/secrets/db. Secrets in base64 may begin with a slash, but mix upper case in.
func isPlainPath(value string) bool {
	return len(value) > 2 && (value[0] == '/' || strings.HasPrefix(value, "./") || strings.HasPrefix(value, "~/")) &&
		strings.Count(value, "/") > 1 && strings.Trim(value, smallLetters+digits+"/._-~") == ""
}

// isVariable reports whether a value only refers to the secret: $NAME, ${NAME}, %{NAME} of
// Apache, %NAME% of Windows, {{NAME}} of a template, or the beginning of $(a command). The
// end of a command of sed may follow: ${NAME}/g.
func isVariable(value string) bool {
	if strings.HasPrefix(value, "%{") && strings.HasSuffix(value, "}") || strings.HasPrefix(value, "{{") && strings.HasSuffix(value, "}}") {
		return true
	}
	if len(value) > 2 && value[0] == '%' && value[len(value)-1] == '%' && !strings.ContainsAny(value[1:len(value)-1], "% ") {
		return true
	}
	rest, ok := strings.CutPrefix(value, "$")
	if !ok || strings.HasPrefix(rest, "(") {
		return ok
	}
	if i := strings.IndexAny(rest, "/|#"); i > 0 && strings.Trim(rest[i+1:], "gIip") == "" {
		rest = rest[:i]
	}
	if inner, ok := strings.CutPrefix(rest, "{"); ok {
		rest = strings.TrimSuffix(inner, "}")
	}
	return rest != "" && strings.Trim(rest, digits+"_"+smallLetters+bigLetters) == ""
}

func isPath(value string) bool {
	return strings.HasPrefix(value, "/") || strings.HasPrefix(value, "./") || strings.HasPrefix(value, "../") ||
		strings.HasPrefix(value, "~") || strings.HasPrefix(value, "$") || len(value) > 2 && isLetter(value[0]) && value[1:3] == `:\`
}
