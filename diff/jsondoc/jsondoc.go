// Package jsondoc parses JSON without losing anything, so that two documents
// can be printed for comparison or compared for equivalence. It does not know
// the members of an image config; package diff does.
package jsondoc

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits for printed JSON. Deep nesting multiplies the size by the indentation.
const (
	maxDepth  = 200
	maxPretty = 32 << 20
)

// Pretty prints JSON for comparison: indented by two blanks, members sorted by
// name, numbers as written, duplicate members all kept. A text that is not JSON
// is returned unchanged, with ok false.
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

// Equal reports whether two documents mean the same to every reader: they
// differ at most in blanks, in the order of members and in the escapes of
// strings. It is false where readers may disagree: names that differ only in
// case or occur twice, strings that are not valid Unicode.
func Equal(a, b []byte) bool {
	va, errA := Parse(a)
	vb, errB := Parse(b)
	return errA == nil && errB == nil && va.Equal(vb) && va.Unambiguous() && vb.Unambiguous()
}

// Value is a parsed JSON value that keeps everything that was written.
type Value struct {
	Kind    byte     // '{', '[', '"', or 0 for a number, true, false and null
	Raw     string   // as written; "" for a missing value
	Text    string   // decoded string
	Names   []string // names of an object, sorted, parallel to Members
	Members []Value  // values of an object, or elements of a list
}

// Exists reports whether v has a value. A member that is null counts as
// missing: tools drop and add such members when they rewrite a config.
func (v Value) Exists() bool { return v.Raw != "" && v.Raw != "null" }

// Member returns the last member of a name, which is the one that Go's decoder
// uses, or the zero Value.
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

// Equivalent reports whether two values are written alike or mean the same to
// every reader. A missing value is not equivalent to one that exists.
func (v Value) Equivalent(o Value) bool {
	if !v.Exists() || !o.Exists() {
		return v.Exists() == o.Exists()
	}
	return v.Raw == o.Raw || v.Equal(o) && v.Unambiguous() && o.Unambiguous()
}

// Equal reports whether two values are equal, except for null members, the
// order of members and the way strings are escaped. See Unambiguous for names
// that readers treat differently.
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

// withoutNulls returns an object without its null members.
func (v Value) withoutNulls() Value {
	if v.Kind != '{' || !slices.ContainsFunc(v.Members, func(m Value) bool { return !m.Exists() }) {
		return v
	}
	return v.filtered(func(_ string, m Value) bool { return m.Exists() })
}

// Without returns an object without the members of these names.
func (v Value) Without(names ...string) Value {
	return v.filtered(func(name string, _ Value) bool { return !slices.Contains(names, name) })
}

// filtered returns an object with the members that keep accepts.
func (v Value) filtered(keep func(name string, m Value) bool) Value {
	var names []string
	var members []Value
	for i, n := range v.Names {
		if keep(n, v.Members[i]) {
			names, members = append(names, n), append(members, v.Members[i])
		}
	}
	v.Names, v.Members = names, members
	return v
}

// Replace returns an object in which every member of a name is replaced by the
// result of with.
func (v Value) Replace(name string, with func(Value) Value) Value {
	v.Members = slices.Clone(v.Members)
	for i, n := range v.Names {
		if n == name {
			v.Members[i] = with(v.Members[i])
		}
	}
	return v
}

// IsDefault reports whether a value means the same as a missing member: null,
// false, "" or 0. Docker's classic builder writes such members, OCI tools do
// not.
func (v Value) IsDefault() bool {
	return !v.Exists() || v.Raw == "false" || v.Raw == `""` || v.Raw == "0"
}

// WithoutDefaults returns an object without the members that are defaults.
func (v Value) WithoutDefaults() Value {
	if v.Kind != '{' {
		return v
	}
	return v.filtered(func(_ string, m Value) bool { return !m.IsDefault() })
}

// Unambiguous reports whether all readers read v alike. Go's decoder ignores
// the case of names and uses the last of duplicates; others do not.
func (v Value) Unambiguous() bool {
	if v.Kind == '"' {
		return isUnicode(v.Text)
	}
	var seen map[string]bool
	if v.Kind == '{' {
		seen = make(map[string]bool, len(v.Names))
	}
	for _, n := range v.Names {
		folded := strings.ToLower(strings.ToUpper(n)) // folds case as encoding/json does
		if seen[folded] || !isUnicode(n) {
			return false
		}
		seen[folded] = true
	}
	return !slices.ContainsFunc(v.Members, func(m Value) bool { return !m.Unambiguous() })
}

// isUnicode reports whether decoding replaced no byte of s.
func isUnicode(s string) bool { return !strings.ContainsRune(s, utf8.RuneError) }

type printer struct{ b bytes.Buffer }

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

// quote prints a string as Go's encoder does, without the line break.
func (p *printer) quote(s string) {
	e := json.NewEncoder(&p.b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string can always be encoded
	p.b.Truncate(p.b.Len() - 1)
}
