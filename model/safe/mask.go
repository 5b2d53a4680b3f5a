package safe

import "strings"

// Gate cleans text and masks probable secrets in it, unless Reveal is set.
// Screens are shared, and reports are pasted into tickets.
type Gate struct{ Reveal bool }

// Clean is Clean of s with secrets masked.
func (g Gate) Clean(s string) Text { return Clean(g.Mask(s)) }

// Lines is Lines of s with secrets masked. The number of lines stays the same,
// so that line n of the result belongs to line n of s.
func (g Gate) Lines(s string) []Text { return Lines(g.Mask(s)) }

// Masked replaces a secret.
const Masked = "(masked)"

// Mask replaces probable secrets in s by Masked; the names beside them and all
// line breaks stay. It is a heuristic that prevents accidents. It does not find
// all secrets.
//
// Texts are long and secrets are few, so Mask searches for hints and reads only
// the text around them.
func (g Gate) Mask(s string) string {
	if g.Reveal {
		return s
	}
	m := masker{s: maskKeys(s)}
	m.run()
	return m.result()
}

// Value masks the value of a variable or label, which may contain blanks.
func (g Gate) Value(name, value string) string {
	if n := judgeName(name); !g.Reveal && n.strength != harmless && n.isSecretValue(value) {
		return Masked
	}
	return g.Mask(value)
}

// Secrets counts what Mask replaces in s: what looks like a secret in use, and plain words
// in the place of one, which are often defaults (admin).
func Secrets(s string) (inUse, words int) {
	m := masker{s: maskKeys(s)}
	if m.s != s {
		inUse++
	}
	m.run()
	return inUse + m.inUse, m.words
}

// SecretsOf is Secrets for what Value masks.
func SecretsOf(name, value string) (inUse, words int) {
	var m masker
	if n := judgeName(name); n.strength != harmless && n.isSecretValue(value) {
		m.count(value)
		return m.inUse, m.words
	}
	return Secrets(value)
}

// masker masks a text in one pass.
type masker struct {
	s          string
	out        strings.Builder
	written    int // s up to here is in out
	namesDone  int // names up to here have been judged
	quoteState quoteState

	inUse, words int // see Secrets
}

// run masks the whole text.
func (m *masker) run() {
	for at := 0; ; {
		i, h := nextHint(m.s, at)
		if i < 0 {
			return
		}
		at = m.handleHint(i, h)
	}
}

// count notes a value of a name that is masked. A value that is masked already is not
// counted.
func (m *masker) count(value string) {
	value = withoutDefault(bareValue(value))
	switch {
	case value == Masked:
	case isWord(value), isNumber(value) && len(value) <= 6:
		m.words++
	default:
		m.inUse++
	}
}

// quoteState records whether a position is inside double quotes that began in
// its line.
type quoteState struct {
	at     int
	inside bool
}

func (m *masker) result() string {
	if m.written == 0 {
		return m.s
	}
	m.out.WriteString(m.s[m.written:])
	return m.out.String()
}

// mask replaces s[from:to] by text and returns the position to continue at.
func (m *masker) mask(from, to int, text string) int {
	m.countQuotes(from)
	m.out.WriteString(m.s[m.written:from])
	m.out.WriteString(text)
	m.written, m.namesDone = to, to
	m.quoteState.at = to // text leaves no quote open
	return to
}

// countQuotes advances the quote state to i and reports whether i is inside
// double quotes that began in its line.
func (m *masker) countQuotes(i int) bool {
	q := &m.quoteState
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

// handleHint masks the secret that the hint at i belongs to, if any, and
// returns the position to continue at.
func (m *masker) handleHint(i int, h hint) int {
	switch {
	case h.isName:
		return m.maskNamed(i, i+len(h.text))
	case h.isFlag:
		return m.maskFlag(i, h.text)
	case h.isCommand:
		return m.maskPiped(i, h.text)
	case h.text == "://":
		return m.maskUserinfo(i + len(h.text))
	}
	return m.maskToken(i, h)
}

// maskNamed judges the name around a hint and masks its value, if there is one.
// It returns the position to continue at.
func (m *masker) maskNamed(from, to int) int {
	next := to
	if from < m.namesDone {
		return next
	}
	for from > m.written && isNameByte(m.s[from-1]) {
		from--
	}
	to = m.skipFunc(to, isNameByte)
	m.namesDone = to
	n := nameMatch{secretName: judgeName(m.s[from:to]), from: from, to: to}
	if n.strength == harmless {
		return next
	}
	for _, form := range []func(nameMatch) (int, bool){m.header, m.assignment, m.member, m.element, m.option, m.setting} {
		if end, ok := form(n); ok {
			return end
		}
	}
	return next
}

// maskUserinfo masks the password of user:password@host in a URL.
func (m *masker) maskUserinfo(from int) int {
	end := m.skipFunc(from, func(c byte) bool { return !isBlank(c) && c != '/' && !isQuote(c) })
	at := strings.LastIndexByte(m.s[from:end], '@')
	if at < 0 {
		return from
	}
	user, password, ok := strings.Cut(m.s[from:from+at], ":")
	if !ok || password == "" || isVariable(password) || isPlaceholder(password) {
		return from
	}
	m.count(password)
	return m.mask(from+len(user)+1, from+at, Masked)
}

func isNameByte(c byte) bool { return isWordByte(c) || c == '-' || c == '.' }

func isWordByte(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func isQuote(c byte) bool { return c == '"' || c == '\'' }

func isBlank(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }
