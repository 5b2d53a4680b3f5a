package safe

import "strings"

// Gate cleans text and masks what looks like a secret in it, unless Reveal is
// set. Screens are shared and reports are pasted into tickets.
type Gate struct{ Reveal bool }

// Clean is safe.Clean of s with secrets masked.
func (g Gate) Clean(s string) Text { return Clean(g.Mask(s)) }

// Lines is safe.Lines of s with secrets masked: as many lines, so that each can
// be told from the one it was made of.
func (g Gate) Lines(s string) []Text { return Lines(g.Mask(s)) }

// Masked stands where a secret was.
const Masked = "(masked)"

// Mask replaces what looks like a secret in s by Masked; the name it goes by
// and every line break stay. It is a heuristic: trust it to spare blushes, not
// to find leaks.
//
// Text is long and secrets are few, so it looks for hints first and reads only
// what is around them.
func (g Gate) Mask(s string) string {
	if g.Reveal {
		return s
	}
	m := masker{s: maskKeys(s)}
	for at := 0; ; {
		i, h := nextHint(m.s, at)
		if i < 0 {
			return m.end()
		}
		at = m.look(i, h)
	}
}

// masker goes through a text once.
type masker struct {
	s      string
	out    strings.Builder
	kept   int // s up to here is in out
	judged int // names up to here have been looked at
	quotes quoteCount
}

// quoteCount tells whether a place in a line is inside of double quotes.
type quoteCount struct {
	at     int
	inside bool
}

func (m *masker) end() string {
	if m.kept == 0 {
		return m.s
	}
	m.out.WriteString(m.s[m.kept:])
	return m.out.String()
}

// mask puts text in the place of s[from:to] and says where to go on.
func (m *masker) mask(from, to int, text string) int {
	m.countQuotes(from)
	m.out.WriteString(m.s[m.kept:from])
	m.out.WriteString(text)
	m.kept, m.judged = to, to
	m.quotes.at = to // text has none that stay open
	return to
}

// countQuotes goes on counting up to i, and says whether i is inside of double
// quotes that began in its line.
func (m *masker) countQuotes(i int) bool {
	q := &m.quotes
	for ; q.at < i; q.at++ {
		switch m.s[q.at] {
		case '\n':
			q.inside = false
		case '"':
			if q.at == 0 || m.s[q.at-1] != '\\' {
				q.inside = !q.inside
			}
		}
	}
	return q.inside
}

// look judges what a hint at i is about and says where to go on.
func (m *masker) look(i int, h hint) int {
	switch {
	case h.isName:
		return m.name(i, i+len(h.text))
	case h.text == "://":
		return m.userinfo(i + len(h.text))
	}
	return m.shape(i, h)
}

// name judges the name around a hint, and masks the value it has, if any.
func (m *masker) name(from, to int) int {
	goOn := to
	if from < m.judged {
		return goOn
	}
	for from > m.kept && isNameByte(m.s[from-1]) {
		from--
	}
	for to < len(m.s) && isNameByte(m.s[to]) {
		to++
	}
	m.judged = to
	n := named{secretName: judgeName(m.s[from:to]), from: from, to: to}
	if n.strength == harmless {
		return goOn
	}
	for _, form := range []func(named) (int, bool){m.header, m.assignment, m.member, m.element, m.option} {
		if end, ok := form(n); ok {
			return end
		}
	}
	return goOn
}

// userinfo masks the password of user:password@host in an address.
func (m *masker) userinfo(from int) int {
	end := from
	for end < len(m.s) && !isBlank(m.s[end]) && m.s[end] != '/' && m.s[end] != '"' && m.s[end] != '\'' {
		end++
	}
	at := strings.LastIndexByte(m.s[from:end], '@')
	if at < 0 {
		return from
	}
	user, password, ok := strings.Cut(m.s[from:from+at], ":")
	if !ok || password == "" || isReference(password) {
		return from
	}
	return m.mask(from+len(user)+1, from+at, Masked)
}

func isNameByte(c byte) bool { return isWordByte(c) || c == '-' || c == '.' }

func isWordByte(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func isBlank(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }
