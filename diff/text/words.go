// Package text compares lines and the words inside them. It knows nothing of
// images; package diff aligns the steps of an image.
package text

import (
	"iter"
	"slices"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
	"github.com/sergi/go-diff/diffmatchpatch"
)

// Span is a range of bytes in a line, at boundaries of grapheme clusters.
type Span struct{ From, To int }

// maxWordBytes is the largest total length of two lines whose words are
// compared; longer lines differ as a whole.
const maxWordBytes = 64 << 10

// Words returns the words that differ between two versions of a line. A word is
// a run of letters, digits and underscores, so a digest differs as a whole or
// not at all.
func Words(a, b string) (inA, inB []Span) {
	if a == b {
		return nil, nil
	}
	if len(a)+len(b) > maxWordBytes {
		return wholeSpan(a), wholeSpan(b)
	}
	return wordSpans(tokens(a), tokens(b))
}

func wordSpans(a, b []string) (inA, inB []Span) {
	edits, _ := diffTokens(a, b, true)
	var i, j, atA, atB int // tokens and bytes passed
	for _, e := range edits {
		lenA, lenB := 0, 0
		if e.op != diffmatchpatch.DiffInsert {
			lenA = length(a[i : i+e.n])
			i += e.n
		}
		if e.op != diffmatchpatch.DiffDelete {
			lenB = length(b[j : j+e.n])
			j += e.n
		}
		if e.op != diffmatchpatch.DiffEqual {
			inA, inB = addSpan(inA, atA, lenA), addSpan(inB, atB, lenB)
		}
		atA, atB = atA+lenA, atB+lenB
	}
	return inA, inB
}

// addSpan appends a span of n bytes, and joins it to the last one if they
// touch.
func addSpan(spans []Span, from, n int) []Span {
	if n == 0 {
		return spans
	}
	if last := len(spans) - 1; last >= 0 && spans[last].To == from {
		spans[last].To += n
		return spans
	}
	return append(spans, Span{from, from + n})
}

func wholeSpan(s string) []Span { return addSpan(nil, 0, len(s)) }

func length(tokens []string) int {
	n := 0
	for _, t := range tokens {
		n += len(t)
	}
	return n
}

// tokens splits a line into runs of [A-Za-z0-9_], runs of blanks, and single
// characters. A character is a grapheme cluster: an accent stays on its letter.
func tokens(s string) []string { return slices.Collect(eachToken(s)) }

func eachToken(s string) iter.Seq[string] {
	return func(yield func(string) bool) {
		from, kind := 0, other
		for at := 0; at < len(s); {
			n := clusterLength(s[at:])
			k := kindOf(s[at : at+n])
			if at > from && (k == other || k != kind) {
				if !yield(s[from:at]) {
					return
				}
				from = at
			}
			kind = k
			at += n
		}
		if from < len(s) {
			yield(s[from:])
		}
	}
}

// clusterLength returns the length in bytes of the first grapheme cluster of a text that is
// not empty. Between two ASCII characters there is a boundary, except in a line break.
func clusterLength(s string) int {
	if s[0] < utf8.RuneSelf && s[0] != '\r' && (len(s) == 1 || s[1] < utf8.RuneSelf) {
		return 1
	}
	it := graphemes.FromString(s)
	it.Next()
	return len(it.Value())
}

type tokenKind int

const (
	other tokenKind = iota
	wordKind
	blankKind
)

func kindOf(cluster string) tokenKind {
	if len(cluster) != 1 {
		return other
	}
	switch c := cluster[0]; {
	case c == ' ' || c == '\t':
		return blankKind
	case IsWordByte(c):
		return wordKind
	}
	return other
}

// IsWordByte reports whether c belongs to a word: a letter, a digit or an
// underscore.
func IsWordByte(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
