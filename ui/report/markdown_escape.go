package report

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/tagdiff/tagdiff/model/safe"
)

// code returns text as a code span, in which Markdown sees no links, mentions,
// emphasis or HTML. Text that could end the span or the table cell becomes HTML
// with every sign as a numeric entity, which all dialects read the same way.
func code(t safe.Text) safe.Text {
	s := t.String()
	switch {
	case strings.TrimSpace(s) == "":
		return safe.Text{}
	case strings.ContainsAny(s, "`|\\") || strings.TrimSpace(s) != s:
		return safe.Concat(safe.Const("<code>"), entities(s), safe.Const("</code>"))
	}
	return safe.Concat(safe.Const("`"), t, safe.Const("`"))
}

func entities(s string) safe.Text {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == ' ', r == '-', '0' <= r && r <= '9', 'A' <= r && r <= 'Z', 'a' <= r && r <= 'z', r > 0x7e:
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "&#%d;", r)
		}
	}
	return safe.Clean(b.String())
}

// plainWord matches words that mean nothing in any dialect of Markdown: letters,
// a number, or a time of day.
var plainWord = regexp.MustCompile(`^(?:[A-Za-z][A-Za-z0-9'-]*|[0-9]+(?:\.[0-9]+)?[A-Za-z0-9]*|[0-9]{2}:[0-9]{2}|[→×][0-9]*)$`)

// sentence returns a sentence of the program that may contain untrusted words.
// Every word that is not plain becomes code: a URL cannot link, an @name cannot
// notify anyone, an asterisk cannot make the rest bold.
func sentence(t safe.Text) safe.Text {
	words := strings.Split(t.String(), " ")
	out := make([]safe.Text, len(words))
	for i, w := range words {
		head, word, tail := trimWord(w)
		if plainWord.MatchString(word) {
			out[i] = safe.Clean(w)
			continue
		}
		out[i] = safe.Concat(safe.Clean(head), code(safe.Clean(word)), safe.Clean(tail))
	}
	return safe.Join(out, " ")
}

// trimWord splits a word from the punctuation around it.
func trimWord(w string) (head, word, tail string) {
	word = strings.TrimPrefix(w, "(")
	head = w[:len(w)-len(word)]
	trimmed := strings.TrimRight(word, ",.;:?!)")
	if trimmed == "" {
		return "", w, ""
	}
	return head, trimmed, word[len(trimmed):]
}
