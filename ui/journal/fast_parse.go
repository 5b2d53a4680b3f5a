package journal

import (
	"strings"
	"time"
	"unique"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
)

// fastParse parses a line in the form that appendLine gives a usual sighting. A
// repository of 50,000 tags has as many lines, and encoding/json takes twenty
// times as long. ok is false for lines that need parseJSON.
func fastParse(raw []byte) (tag string, s model.Sighting, ok bool) {
	rest, ok := strings.CutPrefix(strings.TrimSuffix(string(raw), "\n"), "{")
	if !ok {
		return "", s, false
	}
	var name, value string
	for rest != "}" {
		if name, value, rest, ok = cutMember(rest); !ok {
			return "", s, false
		}
		var at time.Time
		switch name {
		case "tag":
			tag, ok = value, model.IsTag(value)
		case "digest":
			s.Digest, ok = digest.Digest(value), isSHA256(value)
		case "type":
			s.MediaType, ok = unique.Make(value).Value(), len(value) <= maxType
		case "created":
			at, ok = parseSecond(value)
			s.Created = &at
		case "at", "first", "last":
			at, ok = parseSecond(value)
			if name != "last" {
				ok, s.First = ok && s.First.IsZero(), at
			}
			if name != "first" {
				ok, s.Last = ok && s.Last.IsZero(), at
			}
		default:
			ok = false
		}
		if !ok {
			return "", s, false
		}
	}
	return tag, s, tag != "" && s.Digest != "" && s.First.Unix() > 0 && !s.Last.Before(s.First)
}

// cutMember cuts the first member off an object: "name":"value" and the comma
// after it. ok is false for values with escapes.
func cutMember(s string) (name, value, rest string, ok bool) {
	s, isMember := strings.CutPrefix(s, `"`)
	name, s, isString := strings.Cut(s, `":"`)
	value, s, ends := strings.Cut(s, `"`)
	if !isMember || !isString || !ends {
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

func isSHA256(s string) bool {
	hex, ok := strings.CutPrefix(s, "sha256:")
	return ok && len(hex) == 64 && strings.Trim(hex, "0123456789abcdef") == ""
}

// parseSecond parses a time as appendLine writes it: in UTC, in whole seconds.
func parseSecond(s string) (time.Time, bool) {
	if len(s) != len("2006-01-02T15:04:05Z") {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339, s)
	return t, err == nil && t.Location() == time.UTC && !t.IsZero()
}
