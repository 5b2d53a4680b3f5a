package diff

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds on JSON that is printed for reading. Deep nesting multiplies its size
// by the indentation.
const (
	maxJSONDepth = 200
	maxPretty    = 32 << 20
)

// PrettyJSON prints JSON for comparison: two blanks of indentation, members
// sorted by name, numbers as they were written, members of the same name all
// kept. What is no JSON comes back as it is, with ok false.
func PrettyJSON(raw []byte) (text string, ok bool) {
	v, err := parseJSON(raw)
	if err != nil {
		return string(raw), false
	}
	p := jsonPrinter{}
	p.value(v, 0)
	if p.b.Len() > maxPretty {
		return string(raw), false
	}
	return p.b.String(), true
}

// equalJSON reports whether two documents say the same to every reader: the
// same but for blanks, the order of members and the way strings are escaped.
// It says no wherever a reader could see it otherwise: members that differ in
// case alone or occur twice, strings that are no Unicode.
func equalJSON(a, b []byte) bool {
	va, errA := parseJSON(a)
	vb, errB := parseJSON(b)
	return errA == nil && errB == nil && va.equal(vb) && va.plain() && vb.plain()
}

// jsonValue is a parsed value that loses nothing.
type jsonValue struct {
	kind    byte        // '{', '[', '"', or 0 for a number, true, false and null
	raw     string      // as written; "" for what is not there
	text    string      // of a string
	names   []string    // of members in order, parallel to members
	members []jsonValue // or elements
}

// isThere reports whether v says anything. A member that is null says what one
// that is missing says: tools drop and add them when they rewrite a config.
func (v jsonValue) isThere() bool { return v.raw != "" && v.raw != "null" }

// member is the last one of a name, which is the one that Go reads.
func (v jsonValue) member(name string) jsonValue {
	i, ok := slices.BinarySearch(v.names, name)
	if !ok {
		return jsonValue{}
	}
	for i+1 < len(v.names) && v.names[i+1] == name {
		i++
	}
	return v.members[i]
}

// says reports whether two values are written the same or say the same to
// every reader. What is not there says something else than what is.
func (v jsonValue) says(o jsonValue) bool {
	if !v.isThere() || !o.isThere() {
		return v.isThere() == o.isThere()
	}
	return v.raw == o.raw || v.equal(o) && v.plain() && o.plain()
}

func (v jsonValue) equal(o jsonValue) bool {
	switch {
	case v.kind != o.kind:
		return false
	case v.kind == 0:
		return v.raw == o.raw
	case v.kind == '"':
		return v.text == o.text
	}
	v, o = v.withoutNulls(), o.withoutNulls()
	return slices.Equal(v.names, o.names) && slices.EqualFunc(v.members, o.members, jsonValue.equal)
}

// withoutNulls is an object without the members that are not there.
func (v jsonValue) withoutNulls() jsonValue {
	if v.kind != '{' || !slices.ContainsFunc(v.members, func(m jsonValue) bool { return !m.isThere() }) {
		return v
	}
	var names []string
	var members []jsonValue
	for i, m := range v.members {
		if m.isThere() {
			names, members = append(names, v.names[i]), append(members, m)
		}
	}
	v.names, v.members = names, members
	return v
}

// without is an object without some members.
func (v jsonValue) without(names ...string) jsonValue {
	var kept []string
	var members []jsonValue
	for i, n := range v.names {
		if !slices.Contains(names, n) {
			kept, members = append(kept, n), append(members, v.members[i])
		}
	}
	v.names, v.members = kept, members
	return v
}

// plain reports whether every reader sees the same in v. Go's reader matches
// names without regard to case and takes the last; others do not.
func (v jsonValue) plain() bool {
	if v.kind == '"' {
		return unicodeOnly(v.text)
	}
	var seen map[string]bool
	if v.kind == '{' {
		seen = make(map[string]bool, len(v.names))
	}
	for _, n := range v.names {
		folded := strings.ToLower(strings.ToUpper(n)) // as Go folds names
		if seen[folded] || !unicodeOnly(n) {
			return false
		}
		seen[folded] = true
	}
	for _, m := range v.members {
		if !m.plain() {
			return false
		}
	}
	return true
}

// unicodeOnly reports whether decoding replaced nothing in s.
func unicodeOnly(s string) bool { return !strings.ContainsRune(s, utf8.RuneError) }

type jsonPrinter struct{ b strings.Builder }

func (p *jsonPrinter) value(v jsonValue, depth int) {
	if p.b.Len() > maxPretty {
		return
	}
	switch {
	case v.kind == '"':
		p.quote(v.text)
	case v.kind == 0:
		p.b.WriteString(v.raw)
	case len(v.members) == 0 && v.kind == '{':
		p.b.WriteString("{}")
	case len(v.members) == 0:
		p.b.WriteString("[]")
	default:
		p.list(v, depth)
	}
}

func (p *jsonPrinter) list(v jsonValue, depth int) {
	p.b.WriteByte(v.kind)
	for i, m := range v.members {
		if i > 0 {
			p.b.WriteByte(',')
		}
		p.newline(depth + 1)
		if v.kind == '{' {
			p.quote(v.names[i])
			p.b.WriteString(": ")
		}
		p.value(m, depth+1)
	}
	p.newline(depth)
	p.b.WriteByte(v.kind + 2) // ] and } are two after [ and { in ASCII
}

func (p *jsonPrinter) newline(depth int) {
	p.b.WriteByte('\n')
	for range depth {
		p.b.WriteString("  ")
	}
}

// quote prints a string as Go's encoder does, which most need no escapes for.
func (p *jsonPrinter) quote(s string) {
	if !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) {
		p.b.WriteByte('"')
		p.b.WriteString(s)
		p.b.WriteByte('"')
		return
	}
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if e.Encode(s) == nil {
		p.b.Write(bytes.TrimSuffix(buf.Bytes(), []byte("\n")))
	}
}
