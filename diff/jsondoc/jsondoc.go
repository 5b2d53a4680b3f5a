// Package jsondoc parses JSON without losing anything, so that two documents can
// be printed for comparison or compared for meaning. What the members of an
// image config mean is in package diff.
package jsondoc

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
	maxDepth  = 200
	maxPretty = 32 << 20
)

// Pretty prints JSON for comparison: two blanks of indentation, members
// sorted by name, numbers as they were written, members of the same name all
// kept. What is no JSON comes back as it is, with ok false.
func Pretty(raw []byte) (text string, ok bool) {
	v, err := Parse(raw)
	if err != nil {
		return string(raw), false
	}
	p := printer{}
	p.value(v, 0)
	if p.b.Len() > maxPretty {
		return string(raw), false
	}
	return p.b.String(), true
}

// Equal reports whether two documents say the same to every reader: the
// same but for blanks, the order of members and the way strings are escaped.
// It says no wherever a reader could see it otherwise: members that differ in
// case alone or occur twice, strings that are no Unicode.
func Equal(a, b []byte) bool {
	va, errA := Parse(a)
	vb, errB := Parse(b)
	return errA == nil && errB == nil && va.Equal(vb) && va.Unambiguous() && vb.Unambiguous()
}

// Value is a parsed value that loses nothing.
type Value struct {
	Kind    byte     // '{', '[', '"', or 0 for a number, true, false and null
	Raw     string   // as written; "" for what is not there
	Text    string   // of a string
	Names   []string // of members in order, parallel to members
	Members []Value  // or elements
}

// Exists reports whether v says anything. A member that is null says what one
// that is missing says: tools drop and add them when they rewrite a config.
func (v Value) Exists() bool { return v.Raw != "" && v.Raw != "null" }

// Member is the last one of a name, which is the one that Go reads.
func (v Value) Member(name string) Value {
	i, ok := slices.BinarySearch(v.Names, name)
	if !ok {
		return Value{}
	}
	for i+1 < len(v.Names) && v.Names[i+1] == name {
		i++
	}
	return v.Members[i]
}

// Equivalent reports whether two values are written the same or say the same to
// every reader. What is not there says something else than what is.
func (v Value) Equivalent(o Value) bool {
	if !v.Exists() || !o.Exists() {
		return v.Exists() == o.Exists()
	}
	return v.Raw == o.Raw || v.Equal(o) && v.Unambiguous() && o.Unambiguous()
}

func (v Value) Equal(o Value) bool {
	switch {
	case v.Kind != o.Kind:
		return false
	case v.Kind == 0:
		return v.Raw == o.Raw
	case v.Kind == '"':
		return v.Text == o.Text
	}
	v, o = v.withoutNulls(), o.withoutNulls()
	return slices.Equal(v.Names, o.Names) && slices.EqualFunc(v.Members, o.Members, Value.Equal)
}

// withoutNulls is an object without the members that are not there.
func (v Value) withoutNulls() Value {
	if v.Kind != '{' || !slices.ContainsFunc(v.Members, func(m Value) bool { return !m.Exists() }) {
		return v
	}
	var names []string
	var members []Value
	for i, m := range v.Members {
		if m.Exists() {
			names, members = append(names, v.Names[i]), append(members, m)
		}
	}
	v.Names, v.Members = names, members
	return v
}

// Without is an object without some members.
func (v Value) Without(names ...string) Value {
	var kept []string
	var members []Value
	for i, n := range v.Names {
		if !slices.Contains(names, n) {
			kept, members = append(kept, n), append(members, v.Members[i])
		}
	}
	v.Names, v.Members = kept, members
	return v
}

// Replace is an object with each member of a name replaced by what with makes of it.
func (v Value) Replace(name string, with func(Value) Value) Value {
	v.Members = slices.Clone(v.Members)
	for i, n := range v.Names {
		if n == name {
			v.Members[i] = with(v.Members[i])
		}
	}
	return v
}

// IsDefault reports whether a value says no more than a missing member: null,
// false, "" or 0. Docker's classic builder writes such members, OCI tools do not.
func (v Value) IsDefault() bool {
	return !v.Exists() || v.Raw == "false" || v.Raw == `""` || v.Raw == "0"
}

// WithoutDefaults is an object without the members that are defaults.
func (v Value) WithoutDefaults() Value {
	if v.Kind != '{' {
		return v
	}
	var defaults []string
	for i, m := range v.Members {
		if m.IsDefault() {
			defaults = append(defaults, v.Names[i])
		}
	}
	return v.Without(defaults...)
}

// Unambiguous reports whether every reader sees the same in v. Go's reader matches
// names without regard to case and takes the last; others do not.
func (v Value) Unambiguous() bool {
	if v.Kind == '"' {
		return unicodeOnly(v.Text)
	}
	var seen map[string]bool
	if v.Kind == '{' {
		seen = make(map[string]bool, len(v.Names))
	}
	for _, n := range v.Names {
		folded := strings.ToLower(strings.ToUpper(n)) // as Go folds names
		if seen[folded] || !unicodeOnly(n) {
			return false
		}
		seen[folded] = true
	}
	for _, m := range v.Members {
		if !m.Unambiguous() {
			return false
		}
	}
	return true
}

// unicodeOnly reports whether decoding replaced nothing in s.
func unicodeOnly(s string) bool { return !strings.ContainsRune(s, utf8.RuneError) }

type printer struct{ b strings.Builder }

func (p *printer) value(v Value, depth int) {
	if p.b.Len() > maxPretty {
		return
	}
	switch {
	case v.Kind == '"':
		p.quote(v.Text)
	case v.Kind == 0:
		p.b.WriteString(v.Raw)
	case len(v.Members) == 0 && v.Kind == '{':
		p.b.WriteString("{}")
	case len(v.Members) == 0:
		p.b.WriteString("[]")
	default:
		p.list(v, depth)
	}
}

func (p *printer) list(v Value, depth int) {
	p.b.WriteByte(v.Kind)
	for i, m := range v.Members {
		if i > 0 {
			p.b.WriteByte(',')
		}
		p.newline(depth + 1)
		if v.Kind == '{' {
			p.quote(v.Names[i])
			p.b.WriteString(": ")
		}
		p.value(m, depth+1)
	}
	p.newline(depth)
	p.b.WriteByte(v.Kind + 2) // ] and } are two after [ and { in ASCII
}

func (p *printer) newline(depth int) {
	p.b.WriteByte('\n')
	for range depth {
		p.b.WriteString("  ")
	}
}

// quote prints a string as Go's encoder does, which most need no escapes for.
func (p *printer) quote(s string) {
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
