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
// a number, a number of lines as +2, or a time of day.
var plainWord = regexp.MustCompile(
	`^(?:[A-Za-z][A-Za-z0-9'-]*|[+−]?[0-9]+(?:[.,][0-9]+)*[A-Za-z0-9]*|[0-9]{2}:[0-9]{2}|[→×][0-9]*)$`)

// token is a word of a sentence with the punctuation around it.
type token struct {
	head, word, tail string
	isCode           bool
}

// sentence returns a sentence of the program that may contain untrusted words.
// Every word that is not plain becomes code: a URL cannot link, an @name cannot
// notify anyone, an asterisk cannot make the rest bold. Such words side by side are one
// piece of code.
func sentence(t safe.Text) safe.Text {
	words := strings.Split(t.String(), " ")
	tokens := make([]token, len(words))
	for i, w := range words {
		tokens[i] = newToken(w)
	}
	for i, k := range tokens { // && has no meaning by itself, but belongs to the code beside it
		if k.word == "&&" {
			tokens[i].isCode = i > 0 && tokens[i-1].isCode && tokens[i-1].tail == "" || i+1 < len(tokens) && tokens[i+1].isCode
		}
	}
	var out []safe.Text
	for i := 0; i < len(tokens); i++ {
		k := tokens[i]
		for k.isCode && k.tail == "" && i+1 < len(tokens) && tokens[i+1].isCode && tokens[i+1].head == "" {
			i++
			k.word, k.tail = k.word+" "+tokens[i].word, tokens[i].tail
		}
		out = append(out, k.text())
	}
	return safe.Join(out, " ")
}

// text is the token as Markdown.
func (k token) text() safe.Text {
	if !k.isCode {
		return safe.Clean(k.head + k.word + k.tail)
	}
	return safe.Concat(safe.Clean(k.head), code(safe.Clean(k.word)), safe.Clean(k.tail))
}

// newToken splits a word from the punctuation around it. A bracket or a quotation mark that has its
// counterpart within the word belongs to it.
func newToken(w string) token {
	k := token{word: w}
	for _, opening := range []string{"(", `"`} {
		if rest, ok := strings.CutPrefix(k.word, opening); ok && !hasWithin(rest, opening) {
			k.head, k.word = k.head+opening, rest
		}
	}
	for {
		last := len(k.word) - 1
		if last < 0 || !strings.ContainsRune(`,.;:?!)"`, rune(k.word[last])) {
			break
		}
		if k.word[last] == ')' && strings.Contains(k.word, "(") || k.word[last] == '"' && strings.Contains(k.word[:last], `"`) {
			break
		}
		k.word, k.tail = k.word[:last], k.word[last:]+k.tail
	}
	if k.word == "" {
		k = token{word: w}
	}
	k.isCode = !plainWord.MatchString(k.word) && k.word != "&&"
	return k
}

// hasWithin reports whether the counterpart of an opening bracket or quotation mark is in a word, and not at its
// end.
func hasWithin(word, opening string) bool {
	closing := map[string]string{"(": ")", `"`: `"`}[opening]
	return strings.Contains(strings.TrimRight(word, `,.;:?!)"`), closing)
}
