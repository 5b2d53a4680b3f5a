package report

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/tagdiff/tagdiff/model/safe"
)

// code is text as a code span, in which Markdown sees no links, mentions,
// emphasis or HTML. Text that could end the span or the cell of a table is
// written as HTML with every sign as a number, which no dialect takes apart.
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

// plainWord is a word without a meaning in any dialect of Markdown: letters,
// or a number.
var plainWord = regexp.MustCompile(`^(?:[A-Za-z][A-Za-z0-9'-]*|[0-9]+(?:\.[0-9]+)?[A-Za-z0-9]*|[→×][0-9]*)$`)

// sentence is a sentence of the program's, which may hold words from outside.
// Every word that is not plain becomes code: a reference in it cannot link, an
// @name cannot call anybody, an asterisk cannot set the rest in bold.
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

// trimWord takes the punctuation of a sentence off a word.
func trimWord(w string) (head, word, tail string) {
	word = strings.TrimPrefix(w, "(")
	head = w[:len(w)-len(word)]
	trimmed := strings.TrimRight(word, ",.;:?!)")
	if trimmed == "" {
		return "", w, ""
	}
	return head, trimmed, word[len(trimmed):]
}
