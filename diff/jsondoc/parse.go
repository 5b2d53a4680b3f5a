package jsondoc

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"
)

var errInvalid = errors.New("not JSON")

// Parse parses a document in one pass, after encoding/json has validated it.
// The token reader of encoding/json takes seconds for a config of 100,000
// labels.
func Parse(raw []byte) (Value, error) {
	if !json.Valid(raw) {
		return Value{}, errInvalid
	}
	p := parser{s: string(raw)}
	v := p.value(0)
	if p.tooDeep {
		return Value{}, errInvalid
	}
	return v, nil
}

// parser reads JSON that is known to be valid.
type parser struct {
	s       string
	at      int
	tooDeep bool
}

func (p *parser) value(depth int) Value {
	p.blanks()
	from := p.at
	v := Value{}
	switch c := p.s[p.at]; {
	case depth > maxDepth:
		p.tooDeep, p.at = true, len(p.s)
	case c == '"':
		v.Kind, v.Text = c, p.str()
	case c == '{' || c == '[':
		v.Kind = c
		p.list(&v, depth)
	default:
		for p.at < len(p.s) && !strings.ContainsRune(",]} \t\r\n", rune(p.s[p.at])) {
			p.at++
		}
	}
	v.Raw = p.s[from:p.at]
	return v
}

// list reads members or elements up to the closing bracket.
func (p *parser) list(v *Value, depth int) {
	p.at++
	for p.blanks(); !p.tooDeep && p.s[p.at] != v.Kind+2; p.blanks() {
		if p.s[p.at] == ',' {
			p.at++
			p.blanks()
		}
		if v.Kind == '{' {
			v.Names = append(v.Names, p.str())
			p.blanks()
			p.at++ // the colon
		}
		v.Members = append(v.Members, p.value(depth+1))
	}
	if !p.tooDeep {
		p.at++
	}
	v.sort()
}

func (p *parser) blanks() {
	for p.at < len(p.s) && (p.s[p.at] == ' ' || p.s[p.at] == '\n' || p.s[p.at] == '\t' || p.s[p.at] == '\r') {
		p.at++
	}
}

// str reads a string. A string without escapes is a substring of the document.
func (p *parser) str() string {
	from := p.at
	p.at++
	for {
		p.at += strings.IndexByte(p.s[p.at:], '"')
		escapes := p.at
		for p.s[escapes-1] == '\\' {
			escapes--
		}
		p.at++
		if (p.at-1-escapes)%2 == 0 {
			break
		}
	}
	quoted := p.s[from:p.at]
	if inner := quoted[1 : len(quoted)-1]; !strings.Contains(inner, "\\") && utf8.ValidString(inner) {
		return inner
	}
	var s string
	_ = json.Unmarshal([]byte(quoted), &s) // it is valid
	return s
}

// sort orders members by name; members of the same name keep their order.
func (v *Value) sort() {
	if v.Kind != '{' || slices.IsSorted(v.Names) {
		return
	}
	order := make([]int, len(v.Names))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return strings.Compare(v.Names[i], v.Names[j]) })
	names, members := make([]string, len(order)), make([]Value, len(order))
	for to, from := range order {
		names[to], members[to] = v.Names[from], v.Members[from]
	}
	v.Names, v.Members = names, members
}
