package safe

import (
	"slices"
	"strings"
)

// strength is how surely a name is that of a secret.
type strength int

const (
	harmless strength = iota
	weak              // a word that is common elsewhere: PASS, AUTH
	strong
)

// secretName is what a name says of its value: catalogue finding E4.
type secretName struct {
	strength strength
	last     string // its last word, in small letters
	ends     bool   // the secret word is the last
	dashes   int    // in front, as options have
	header   bool   // it is that of a header
	scheme   bool   // of a header whose value begins with a word that is not secret
}

var (
	// strongWords say secret wherever they are in a name.
	strongWords = []string{"token", "secret", "passwd", "password", "passphrase", "credential"}
	// notSecret are longer words that begin as strong ones do.
	notSecret = []string{"tokeniz", "tokenis", "secretar", "passwordless"}
	// weakWords say it as the last word alone.
	weakWords = []string{"pass", "passcode", "pwd", "auth", "cred", "creds"}
	// secretKeys tell the keys to keep from those to show, as GPG_KEY is.
	secretKeys = []string{"api", "access", "private", "signing", "encryption", "auth", "secret", "master"}
	// places are last words of names of files that hold a secret.
	places = []string{"file", "path", "dir"}
)

func judgeName(name string) secretName {
	lower := strings.ToLower(name)
	bare := strings.TrimLeft(lower, "-")
	n := secretName{last: lastWord(name), dashes: len(lower) - len(bare)}
	n.scheme = strings.HasSuffix(lower, "authorization")
	n.header = n.scheme || strings.HasPrefix(lower, "x-") || lower == "private-token" || lower == "job-token"
	switch {
	case n.last == "stdin": // --password-stdin: it is not there
	case isStrong(lower) || n.scheme:
		n.strength = strong
		n.ends = endsSecret(lower)
	case slices.Contains(weakWords, n.last) && bare != "pwd": // PWD is where one is
		n.strength, n.ends = weak, true
	}
	return n
}

func isStrong(lower string) bool {
	for _, w := range strongWords {
		for rest := lower; ; {
			i := strings.Index(rest, w)
			if i < 0 {
				break
			}
			if !slices.ContainsFunc(notSecret, func(not string) bool { return strings.HasPrefix(rest[i:], not) }) {
				return true
			}
			rest = rest[i+len(w):]
		}
	}
	return hasSecretKey(lower, false)
}

// endsSecret reports whether a name is that of the secret itself, not of
// something about it: max_tokens is a number.
func endsSecret(lower string) bool {
	lower = strings.TrimRight(lower, "0123456789_-.")
	return slices.ContainsFunc(strongWords, func(w string) bool { return strings.HasSuffix(lower, w) }) || hasSecretKey(lower, true)
}

// hasSecretKey looks for the likes of API_KEY, apiKey and api.key, at the end
// of the name or anywhere.
func hasSecretKey(lower string, atEnd bool) bool {
	for at := 0; ; {
		i := strings.Index(lower[at:], "key")
		if i < 0 {
			return false
		}
		before := strings.TrimRight(lower[:at+i], "_-.")
		at += i + len("key")
		if !atEnd || at == len(lower) {
			if slices.ContainsFunc(secretKeys, func(kind string) bool { return strings.HasSuffix(before, kind) }) {
				return true
			}
		}
	}
}

// lastWord is Pass of db_pass, dbPass and DB_PASS2, in small letters.
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

// tells reports whether a value of this name is worth masking.
func (n secretName) tells(value string) bool {
	value = strings.Trim(value, `\"'`)
	switch strings.ToLower(value) {
	case "", "true", "false", "yes", "no", "on", "off", "none", "null":
		return false
	}
	switch {
	case isReference(value), slices.Contains(places, n.last) && isPlace(value):
		return false
	case n.last == "auth" && n.strength == weak:
		return len(value) >= 8 // not basic, ldap, oauth2
	}
	return true
}

// isReference reports whether a value only says where the secret is: $NAME,
// ${NAME} or the beginning of $(a command).
func isReference(value string) bool {
	rest, ok := strings.CutPrefix(value, "$")
	if !ok || strings.HasPrefix(rest, "(") {
		return ok
	}
	if inner, ok := strings.CutPrefix(rest, "{"); ok {
		rest = strings.TrimSuffix(inner, "}")
	}
	return rest != "" && strings.Trim(rest, "0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

func isPlace(value string) bool {
	return strings.HasPrefix(value, "/") || strings.HasPrefix(value, "./") || strings.HasPrefix(value, "../") ||
		strings.HasPrefix(value, "~") || strings.HasPrefix(value, "$") || len(value) > 2 && isLetter(value[0]) && value[1:3] == `:\`
}
