package diff

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
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
	if errA != nil || errB != nil || !va.plain() || !vb.plain() {
		return false
	}
	pa, pb := jsonPrinter{}, jsonPrinter{}
	pa.value(va, 0)
	pb.value(vb, 0)
	return pa.b.Len() <= maxPretty && pa.b.String() == pb.b.String()
}

// jsonValue is a parsed value that loses nothing but blanks and escapes.
type jsonValue struct {
	delim   json.Delim // '{', '[' or 0
	scalar  json.Token
	names   []string    // of members, parallel to children
	members []jsonValue // or elements
}

var errJSON = errors.New("not JSON")

func parseJSON(raw []byte) (jsonValue, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	v, err := parseValue(d, 0)
	if err != nil {
		return v, err
	}
	if _, err := d.Token(); err != io.EOF {
		return v, errJSON
	}
	return v, nil
}

func parseValue(d *json.Decoder, depth int) (jsonValue, error) {
	t, err := d.Token()
	if err != nil || depth > maxJSONDepth {
		return jsonValue{}, errJSON
	}
	delim, isDelim := t.(json.Delim)
	if !isDelim {
		return jsonValue{scalar: t}, nil
	}
	v := jsonValue{delim: delim}
	for d.More() {
		if delim == '{' {
			name, err := d.Token()
			if err != nil {
				return v, errJSON
			}
			v.names = append(v.names, name.(string))
		}
		m, err := parseValue(d, depth+1)
		if err != nil {
			return v, err
		}
		v.members = append(v.members, m)
	}
	if _, err := d.Token(); err != nil {
		return v, errJSON
	}
	v.sort()
	return v, nil
}

// sort orders members by name; those of the same name keep their order.
func (v *jsonValue) sort() {
	if v.delim != '{' {
		return
	}
	order := make([]int, len(v.names))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return strings.Compare(v.names[i], v.names[j]) })
	names, members := make([]string, len(order)), make([]jsonValue, len(order))
	for to, from := range order {
		names[to], members[to] = v.names[from], v.members[from]
	}
	v.names, v.members = names, members
}

// plain reports whether every reader sees the same in v. Go's reader matches
// names without regard to case and takes the last; others do not.
func (v jsonValue) plain() bool {
	seen := map[string]bool{}
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
	s, isString := v.scalar.(string)
	return !isString || unicodeOnly(s)
}

// unicodeOnly reports whether decoding replaced nothing in s.
func unicodeOnly(s string) bool { return !strings.ContainsRune(s, utf8.RuneError) }

type jsonPrinter struct{ b strings.Builder }

func (p *jsonPrinter) value(v jsonValue, depth int) {
	if p.b.Len() > maxPretty {
		return
	}
	switch {
	case v.delim == 0:
		p.scalar(v.scalar)
	case len(v.members) == 0 && v.delim == '{':
		p.b.WriteString("{}")
	case len(v.members) == 0:
		p.b.WriteString("[]")
	default:
		p.list(v, depth)
	}
}

func (p *jsonPrinter) list(v jsonValue, depth int) {
	p.b.WriteByte(byte(v.delim))
	for i, m := range v.members {
		if i > 0 {
			p.b.WriteByte(',')
		}
		p.newline(depth + 1)
		if v.delim == '{' {
			p.scalar(v.names[i])
			p.b.WriteString(": ")
		}
		p.value(m, depth+1)
	}
	p.newline(depth)
	p.b.WriteByte(byte(v.delim) + 2) // ] and } are two after [ and { in ASCII
}

func (p *jsonPrinter) newline(depth int) {
	p.b.WriteByte('\n')
	for range depth {
		p.b.WriteString("  ")
	}
}

func (p *jsonPrinter) scalar(t json.Token) {
	if n, ok := t.(json.Number); ok {
		p.b.WriteString(n.String())
		return
	}
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if e.Encode(t) == nil {
		p.b.Write(bytes.TrimSuffix(buf.Bytes(), []byte("\n")))
	}
}
