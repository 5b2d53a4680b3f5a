package safe

import "strings"

// named is a name in a text that says that its value is secret.
type named struct {
	secretName
	from, to int
}

// The forms in which a value stands beside its name. Each reports whether the
// text is of that form and where to go on.

// assignment is NAME=value, as in build arguments and the environment.
func (m *masker) assignment(n named) (int, bool) {
	_, at := m.quote(n.to)
	if !m.is(at, '=') || m.is(at+1, '=') { // == is a version or a question
		return 0, false
	}
	from := at + 1
	if q, ok := m.opening(n.from); ok && at == n.to {
		// All of the string is one assignment, so the value may hold blanks;
		// unless it is a command of a shell.
		if to, ok := m.closing(from, q); ok && !isCommand(m.s[from:to]) {
			return m.value(n, from, to), true
		}
	}
	return m.value(n, from, m.word(from)), true
}

func isCommand(s string) bool { return strings.Contains(s, " && ") || strings.Contains(s, "; ") }

// member is "name": "value", as in labels and annotations, or a number.
func (m *masker) member(n named) (int, bool) {
	q, at := m.quote(n.to)
	if at = m.skip(at, " \t\r\n"); q.char == 0 || !m.is(at, ':') {
		return 0, false
	}
	at = m.skip(at+1, " \t\r\n")
	if to := m.skip(at, "0123456789.eE+-"); to > at && n.ends {
		return m.mask(at, to, `"`+Masked+`"`), true
	}
	return m.quoted(n, at, q), true
}

// element is "--option", "value" in the exec form; docker records it without
// the comma.
func (m *masker) element(n named) (int, bool) {
	q, at := m.quote(n.to)
	from := m.skip(at, ", \t\r\n")
	if open, ok := m.opening(n.from); n.dashes == 0 || !ok || open != q || from == at {
		return 0, false
	}
	if value, _ := m.quote(from); value == q && strings.HasPrefix(m.s[from+q.len():], "--") {
		return from, true // the next option
	}
	return m.quoted(n, from, q), true
}

// option is --option value. -p is too common to touch.
func (m *masker) option(n named) (int, bool) {
	from := m.skip(n.to, " \t")
	if n.dashes == 0 || n.strength == weak && n.dashes < 2 || from == n.to || from == len(m.s) {
		return 0, false
	}
	if strings.IndexByte("&|;<>\\\n\r=", m.s[from]) >= 0 && !strings.HasPrefix(m.s[from:], `\"`) || strings.HasPrefix(m.s[from:], "--") {
		return from, true // no value, or the next option
	}
	return m.value(n, from, m.word(from)), true
}

// header is Authorization: Scheme value, and X-Token: value.
func (m *masker) header(n named) (int, bool) {
	if !n.header || !m.is(n.to, ':') {
		return 0, false
	}
	from := m.skip(n.to+1, " \t")
	if n.scheme {
		to := from
		for to < len(m.s) && isLetter(m.s[to]) {
			to++
		}
		switch strings.ToLower(m.s[from:to]) {
		case "basic", "bearer", "token":
			from = m.skip(to, " \t")
		}
	}
	return m.value(n, from, m.word(from)), true
}

// value masks s[from:to] if it tells anything.
func (m *masker) value(n named, from, to int) int {
	if !n.tells(m.s[from:to]) {
		return from
	}
	return m.mask(from, to, Masked)
}

// quoted masks what is between quotes of kind q, of which one is at at.
func (m *masker) quoted(n named, at int, q quotes) int {
	if open, _ := m.quote(at); open != q || q.char == 0 {
		return at
	}
	from := at + q.len()
	to, ok := m.closing(from, q)
	if !ok {
		to = m.lineEnd(from)
	}
	return m.value(n, from, to)
}

// word is where a value ends that begins at from: at the next blank or quote,
// if it is not a quote itself.
func (m *masker) word(from int) int {
	to := from
	if q, after := m.quote(from); q.char != 0 {
		if m.closes(from, after, q) {
			return from
		}
		end, ok := m.closing(after, q)
		if !ok {
			return m.lineEnd(after)
		}
		to = min(end+q.len(), len(m.s)) // what closes it may have fewer escapes
	}
	for to < len(m.s) && !isBlank(m.s[to]) {
		q, after := m.quote(to)
		if q.char != 0 && (q.escapes == 0 || after == len(m.s) || !isWordByte(m.s[after])) {
			break
		}
		// What an escape stands for belongs to the word.
		if to = max(after, to+1); q.char == 0 && m.s[to-1] == '\\' && to < len(m.s) && !isBlank(m.s[to]) {
			to++
		}
	}
	return m.withoutTail(from, to)
}

// closes reports whether the quote where a value could begin is the end of the
// string around it, as in ["TOKEN=", "x"].
func (m *masker) closes(at, after int, q quotes) bool {
	if q.escapes == 0 && q.char == '"' && !m.countQuotes(at) {
		return false
	}
	return after == len(m.s) || isBlank(m.s[after]) || strings.IndexByte(",]}:", m.s[after]) >= 0
}

// withoutTail leaves out what ends a sentence, a command or a list around a
// value: brackets that nothing in it opened.
func (m *masker) withoutTail(from, to int) int {
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

// quotes are the marks around a string. Inside of another string they are
// escaped, and inside of that one again.
type quotes struct {
	char    byte // 0 for none
	escapes int
}

func (q quotes) len() int { return q.escapes + 1 }

// quote reads the quote at i and what comes after it. Without one, after is i.
func (m *masker) quote(i int) (q quotes, after int) {
	at := i
	for m.is(at, '\\') {
		at++
	}
	if m.is(at, '"') || m.is(at, '\'') {
		return quotes{m.s[at], at - i}, at + 1
	}
	return quotes{}, i
}

// opening is the quote that ends at i, if it is one that begins a string.
func (m *masker) opening(i int) (quotes, bool) {
	if i == 0 || m.s[i-1] != '"' && m.s[i-1] != '\'' || i <= m.kept {
		return quotes{}, false
	}
	at := i - 1
	for at > m.kept && m.s[at-1] == '\\' {
		at--
	}
	q := quotes{m.s[i-1], i - 1 - at}
	return q, at == 0 || isBlank(m.s[at-1]) || strings.IndexByte("[({,=:", m.s[at-1]) >= 0
}

// closing is where the quote is that ends a string begun by q before from. It
// is in the same line.
func (m *masker) closing(from int, q quotes) (int, bool) {
	escapes := 0
	for i := from; i < len(m.s) && m.s[i] != '\n'; i++ {
		switch c := m.s[i]; {
		case c == '\\':
			escapes++
			continue
		case c == q.char && (escapes < q.escapes || escapes%(2*q.len()) == q.escapes || q == quotes{char: '\''}):
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

func (m *masker) is(i int, c byte) bool { return i < len(m.s) && m.s[i] == c }

// skip goes on from i past any of these bytes.
func (m *masker) skip(i int, any string) int {
	for i < len(m.s) && strings.IndexByte(any, m.s[i]) >= 0 {
		i++
	}
	return i
}
