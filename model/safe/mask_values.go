package safe

import "strings"

// nameMatch is a name in a text that marks its value as secret.
type nameMatch struct {
	secretName
	from, to int
}

// The forms of a name with its value. Each method masks the value and returns the
// position to continue at; ok is false if the text does not have that form.

// assignment is NAME=value, as in build arguments and environment variables.
func (m *masker) assignment(n nameMatch) (int, bool) {
	_, at := m.readQuote(n.to)
	if !m.hasByte(at, '=') || m.hasByte(at+1, '=') { // == is a version constraint or a comparison
		return 0, false
	}
	from := at + 1
	if q, ok := m.openingQuote(n.from); ok && at == n.to {
		// The whole string is one assignment, so the value may contain blanks,
		// unless it is a shell command.
		if to, ok := m.closingQuote(from, q); ok && !isCommand(m.s[from:to]) {
			return m.maskValue(n, from, to), true
		}
	}
	return m.maskValue(n, from, m.wordEnd(from)), true
}

func isCommand(s string) bool { return strings.Contains(s, " && ") || strings.Contains(s, "; ") }

// member is "name": "value", as in labels and annotations, or a number as
// value.
func (m *masker) member(n nameMatch) (int, bool) {
	q, at := m.readQuote(n.to)
	if at = m.skip(at, " \t\r\n"); q.char == 0 || !m.hasByte(at, ':') {
		return 0, false
	}
	at = m.skip(at+1, " \t\r\n")
	isNumber := m.skip(at, "-0123456789") > at // and not a word that begins with e
	if to := m.skip(at, "0123456789.eE+-"); isNumber && n.endsSecret && !isShortNumber(m.s[at:to]) {
		m.count(m.s[at:to])
		return m.mask(at, to, `"`+Masked+`"`), true
	}
	return m.maskQuoted(n, at, q), true
}

// element is "--option", "value" in the exec form; Docker records it without
// the comma.
func (m *masker) element(n nameMatch) (int, bool) {
	q, at := m.readQuote(n.to)
	from := m.skip(at, ", \t\r\n")
	if open, ok := m.openingQuote(n.from); n.dashes == 0 || n.isSwitch || !ok || open != q || from == at {
		return 0, false
	}
	if value, _ := m.readQuote(from); value == q && strings.HasPrefix(m.s[from+q.len():], "--") {
		return from, true // the next option
	}
	return m.maskQuoted(n, from, q), true
}

// option is --option value. It ignores -p, which has too many other uses.
func (m *masker) option(n nameMatch) (int, bool) {
	from := m.skip(n.to, " \t")
	if n.dashes == 0 || n.isSwitch || n.strength == weak && n.dashes < 2 || from == n.to || from == len(m.s) {
		return 0, false
	}
	if strings.IndexByte("&|;<>\\\n\r=", m.s[from]) >= 0 && !strings.HasPrefix(m.s[from:], `\"`) || strings.HasPrefix(m.s[from:], "--") {
		return from, true // no value, or the next option
	}
	return m.maskValue(n, from, m.wordEnd(from)), true
}

// header is Authorization: Scheme value, or X-Token: value.
func (m *masker) header(n nameMatch) (int, bool) {
	if !n.header || !m.hasByte(n.to, ':') {
		return 0, false
	}
	from := m.skip(n.to+1, " \t")
	if n.hasScheme {
		to := m.skipFunc(from, isLetter)
		switch strings.ToLower(m.s[from:to]) {
		case "basic", "bearer", "token":
			from = m.skip(to, " \t")
		}
	}
	return m.maskValue(n, from, m.wordEnd(from)), true
}

// maskValue masks s[from:to] if it is a secret value.
func (m *masker) maskValue(n nameMatch, from, to int) int {
	if !n.isSecretValue(m.s[from:to]) {
		return from
	}
	m.count(m.s[from:to])
	return m.mask(from, to, Masked)
}

// maskQuoted masks the text between quotes of kind q, the first of which is at
// at.
func (m *masker) maskQuoted(n nameMatch, at int, q quoteMark) int {
	if open, _ := m.readQuote(at); open != q || q.char == 0 {
		return at
	}
	from := at + q.len()
	to, ok := m.closingQuote(from, q)
	if !ok {
		to = m.lineEnd(from)
	}
	return m.maskValue(n, from, to)
}

// wordEnd returns the end of the value that begins at from: the next blank or
// quote, unless the value itself is quoted.
func (m *masker) wordEnd(from int) int {
	to := from
	if q, after := m.readQuote(from); q.char != 0 {
		if m.endsOuterString(from, after, q) {
			return from
		}
		end, ok := m.closingQuote(after, q)
		if !ok {
			return m.lineEnd(after)
		}
		to = min(end+q.len(), len(m.s)) // the closing quote may have fewer escapes
	}
	for to < len(m.s) && !isBlank(m.s[to]) {
		q, after := m.readQuote(to)
		if q.char != 0 && (q.escapes == 0 || after == len(m.s) || !isWordByte(m.s[after])) {
			break
		}
		// The character after a backslash is part of the word.
		if to = max(after, to+1); q.char == 0 && m.s[to-1] == '\\' && to < len(m.s) && !isBlank(m.s[to]) {
			to++
		}
	}
	return m.trimTail(from, to)
}

// endsOuterString reports whether the quote at the start of a value ends the
// string around it, as in ["TOKEN=", "x"].
func (m *masker) endsOuterString(at, after int, q quoteMark) bool {
	if q.escapes == 0 && q.char == '"' && !m.countQuotes(at) {
		return false
	}
	return after == len(m.s) || isBlank(m.s[after]) || strings.IndexByte(",]}:", m.s[after]) >= 0
}

// trimTail returns the index where the value ends, before punctuation of the surrounding
// text: separators, and brackets that the value does not open.
func (m *masker) trimTail(from, to int) int {
	for to > from {
		open := byte(0)
		switch m.s[to-1] {
		case ';', ',':
		case ')':
			open = '('
		case ']':
			open = '['
		case '}':
			open = '{'
		default:
			return to
		}
		if v := m.s[from:to]; open != 0 && strings.Count(v, string(open)) >= strings.Count(v, string(v[len(v)-1])) {
			return to
		}
		to--
	}
	return to
}

// quoteMark is the quote around a string. Inside another string it is escaped,
// and inside that one it is escaped again.
type quoteMark struct {
	char    byte // 0 for none
	escapes int
}

func (q quoteMark) len() int { return q.escapes + 1 }

// readQuote reads the quote at i and returns the position after it. If there is
// none, after is i.
func (m *masker) readQuote(i int) (q quoteMark, after int) {
	at := i
	for m.hasByte(at, '\\') {
		at++
	}
	if at < len(m.s) && isQuote(m.s[at]) {
		return quoteMark{m.s[at], at - i}, at + 1
	}
	return quoteMark{}, i
}

// openingQuote returns the quote that ends at i, if it begins a string.
func (m *masker) openingQuote(i int) (quoteMark, bool) {
	if i == 0 || !isQuote(m.s[i-1]) || i <= m.written {
		return quoteMark{}, false
	}
	at := i - 1
	for at > m.written && m.s[at-1] == '\\' {
		at--
	}
	q := quoteMark{m.s[i-1], i - 1 - at}
	return q, at == 0 || isBlank(m.s[at-1]) || strings.IndexByte("[({,=:", m.s[at-1]) >= 0
}

// closingQuote returns the position of the quote that ends a string which q
// began before from. It is in the same line.
func (m *masker) closingQuote(from int, q quoteMark) (int, bool) {
	escapes := 0
	for i := from; i < len(m.s) && m.s[i] != '\n'; i++ {
		switch c := m.s[i]; {
		case c == '\\':
			escapes++
			continue
		case c == q.char && (escapes < q.escapes || escapes%(2*q.len()) == q.escapes || q == quoteMark{char: '\''}):
			return i - min(escapes, q.escapes), true
		}
		escapes = 0
	}
	return 0, false
}

func (m *masker) lineEnd(from int) int {
	if n := strings.IndexByte(m.s[from:], '\n'); n >= 0 {
		return from + n
	}
	return len(m.s)
}

func (m *masker) hasByte(i int, c byte) bool { return i < len(m.s) && m.s[i] == c }

// skip returns the first position from i on whose byte is not in any.
func (m *masker) skip(i int, any string) int {
	for i < len(m.s) && strings.IndexByte(any, m.s[i]) >= 0 {
		i++
	}
	return i
}

// skipFunc returns the first position from i on whose byte is none for which is holds.
func (m *masker) skipFunc(i int, is func(byte) bool) int {
	for i < len(m.s) && is(m.s[i]) {
		i++
	}
	return i
}
