package diff

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"
)

var errJSON = errors.New("not JSON")

// parseJSON reads a document in one pass after Go has found it valid. Go's own
// reader gives tokens, and takes seconds for a config of 100,000 labels.
func parseJSON(raw []byte) (jsonValue, error) {
	if !json.Valid(raw) {
		return jsonValue{}, errJSON
	}
	p := jsonParser{s: string(raw)}
	v := p.value(0)
	if p.tooDeep {
		return jsonValue{}, errJSON
	}
	return v, nil
}

// jsonParser reads valid JSON.
type jsonParser struct {
	s       string
	at      int
	tooDeep bool
}

func (p *jsonParser) value(depth int) jsonValue {
	p.blanks()
	from := p.at
	v := jsonValue{}
	switch c := p.s[p.at]; {
	case depth > maxJSONDepth:
		p.tooDeep, p.at = true, len(p.s)
	case c == '"':
		v.kind, v.text = c, p.str()
	case c == '{' || c == '[':
		v.kind = c
		p.list(&v, depth)
	default:
		for p.at < len(p.s) && !strings.ContainsRune(",]} \t\r\n", rune(p.s[p.at])) {
			p.at++
		}
	}
	v.raw = p.s[from:p.at]
	return v
}

// list reads members or elements up to the bracket that closes them.
func (p *jsonParser) list(v *jsonValue, depth int) {
	p.at++
	for p.blanks(); !p.tooDeep && p.s[p.at] != v.kind+2; p.blanks() {
		if p.s[p.at] == ',' {
			p.at++
			p.blanks()
		}
		if v.kind == '{' {
			v.names = append(v.names, p.str())
			p.blanks()
			p.at++ // the colon
		}
		v.members = append(v.members, p.value(depth+1))
	}
	if !p.tooDeep {
		p.at++
	}
	v.sort()
}

func (p *jsonParser) blanks() {
	for p.at < len(p.s) && (p.s[p.at] == ' ' || p.s[p.at] == '\n' || p.s[p.at] == '\t' || p.s[p.at] == '\r') {
		p.at++
	}
}

// str reads a string. One without escapes is a part of the document.
func (p *jsonParser) str() string {
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

// sort orders members by name; those of the same name keep their order.
func (v *jsonValue) sort() {
	if v.kind != '{' || slices.IsSorted(v.names) {
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
