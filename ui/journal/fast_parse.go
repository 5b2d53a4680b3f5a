package journal

import (
	"strings"
	"time"
	"unique"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
)

// fastParse reads a line of the very form that appendLine gives a usual look.
// A repository of 50,000 tags has as many lines, and encoding/json takes twenty
// times as long. ok is false for what parseLine must look at.
func fastParse(raw []byte) (tag string, l model.Sighting, ok bool) {
	rest, ok := strings.CutPrefix(strings.TrimSuffix(string(raw), "\n"), "{")
	if !ok {
		return "", l, false
	}
	var name, value string
	for rest != "}" {
		if name, value, rest, ok = cutMember(rest); !ok {
			return "", l, false
		}
		var at time.Time
		switch name {
		case "tag":
			tag, ok = value, isPlainTag(value)
		case "digest":
			l.Digest, ok = digest.Digest(value), isSHA256(value)
		case "type":
			l.MediaType, ok = unique.Make(value).Value(), len(value) <= maxType
		case "created":
			at, ok = parseSecond(value)
			l.Created = &at
		case "at":
			at, ok = parseSecond(value)
			ok = ok && l.First.IsZero() && l.Last.IsZero()
			l.First, l.Last = at, at
		case "first":
			at, ok = parseSecond(value)
			ok = ok && l.First.IsZero()
			l.First = at
		case "last":
			at, ok = parseSecond(value)
			ok = ok && l.Last.IsZero()
			l.Last = at
		default:
			ok = false
		}
		if !ok {
			return "", l, false
		}
	}
	return tag, l, tag != "" && l.Digest != "" && l.First.Unix() > 0 && !l.Last.Before(l.First)
}

// cutMember takes a member off the front of an object: "name":"value", and the
// comma behind it. Values with escapes are not for it.
func cutMember(s string) (name, value, rest string, ok bool) {
	s, ok = strings.CutPrefix(s, `"`)
	if !ok {
		return "", "", "", false
	}
	if name, s, ok = strings.Cut(s, `":"`); !ok {
		return "", "", "", false
	}
	if value, s, ok = strings.Cut(s, `"`); !ok {
		return "", "", "", false
	}
	for i := range len(value) {
		if c := value[i]; c == '\\' || c < ' ' || c > '~' {
			return "", "", "", false
		}
	}
	if rest, ok = strings.CutPrefix(s, ","); ok {
		return name, value, rest, strings.HasPrefix(rest, `"`)
	}
	return name, value, s, s == "}"
}

func isPlainTag(s string) bool {
	for i := range len(s) {
		c := s[i]
		word := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_'
		if !word && (i == 0 || c != '.' && c != '-') {
			return false
		}
	}
	return s != "" && len(s) <= 128
}

func isSHA256(s string) bool {
	hex, ok := strings.CutPrefix(s, "sha256:")
	return ok && len(hex) == 64 && strings.Trim(hex, "0123456789abcdef") == ""
}

// parseSecond reads a moment as it is written here: in UTC, in whole seconds.
func parseSecond(s string) (time.Time, bool) {
	if len(s) != len("2006-01-02T15:04:05Z") {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339, s)
	return t, err == nil && t.Location() == time.UTC && !t.IsZero()
}
