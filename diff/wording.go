package diff

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// short returns the first hex digits of a digest.
func short(d digest.Digest) string {
	hex := string(d[strings.IndexByte(string(d), ':')+1:])
	return hex[:min(len(hex), model.ShortDigits)]
}

// names returns the names of the two sides in sentences: tags or digests if
// they distinguish the sides, else A and B.
func (c Comparison) names() (a, b string) {
	a, b = "A", "B"
	if c.A == nil {
		return a, b
	}
	nameA := refName(c.A.Ref)
	if c.B == nil {
		return cmp.Or(nameA, "this image"), b
	}
	nameB := refName(c.B.Ref)
	switch {
	case nameA == "" || nameB == "" || c.A.Ref == c.B.Ref:
		return a, b
	case nameA != nameB:
		return nameA, nameB
	case c.A.Ref.Registry != c.B.Ref.Registry:
		return nameA + " of " + quoted(c.A.Ref.Registry), nameB + " of " + quoted(c.B.Ref.Registry)
	}
	return nameA + " of " + quoted(c.A.Ref.Repository), nameB + " of " + quoted(c.B.Ref.Repository)
}

func refName(r model.Ref) string {
	name := ""
	if r.Tag != "" {
		name = ":" + r.Tag
	}
	switch {
	case r.Tag != "" && r.At != "":
		return name + "@" + r.At
	case r.Digest != "":
		return name + "@" + short(r.Digest)
	}
	return name
}

// quoted returns untrusted text for use in a sentence, with limited length.
// Secrets are always masked, as sentences are copied to places other than the
// screen.
func quoted(text string) string {
	const most = 60
	text = safe.Gate{}.Clean(text).String()
	if text == "" {
		return "no instruction"
	}
	return cutTo(most, text)
}

// pathText is quoted for the path of an entry of an archive: "" is the root.
func pathText(path string) string {
	if path == "" {
		return "/"
	}
	return quoted(path)
}

func bytesText(n int64) string { return humanize.Bytes(uint64(max(n, 0))) }

// byNumber returns the words for one thing or for several.
func byNumber(n int, one, several string) string {
	if n == 1 {
		return one
	}
	return several
}

// plural returns "1 layer", "3 layers".
func plural(n int, noun string) string { return byNumber(n, "1 "+noun, fmt.Sprintf("%d %ss", n, noun)) }

// noneOr is plural with "no layer" for 0.
func noneOr(n int, noun string) string {
	if n == 0 {
		return "no " + noun
	}
	return plural(n, noun)
}

// allOf returns the subject of a sentence about n things, with its verb for one or
// for several: "The only layer is", "Both layers are", "All 3 layers are".
func allOf(n int, noun, verb, verbs string) string {
	switch n {
	case 1:
		return "The only " + noun + " " + verb
	case 2:
		return "Both " + noun + "s " + verbs
	}
	return fmt.Sprintf("All %d %ss %s", n, noun, verbs)
}

// afterFirst returns the noun phrase after "the first": "layer", "3 layers".
func afterFirst(n int, noun string) string { return byNumber(n, noun, plural(n, noun)) }

// isAre returns the verb for a number.
func isAre(n int) string { return byNumber(n, "is", "are") }

// list returns "x", "x and y" or "x, y and z"; a long list ends in a number. Equal items become
// one, with their number.
func list(items []string) string { return listUpTo(5, items) }

// listUpTo is list with at most so many items.
func listUpTo(most int, items []string) string {
	items = counted(items)
	if len(items) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(items[:most-1], ", "), len(items)-most+1)
	}
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	return strings.Join(items[:len(items)-1], ", ") + " and " + items[len(items)-1]
}

// counted puts equal items together: "2 × x".
func counted(items []string) []string {
	alike := grouped(items, func(item string) string { return item })
	return mappedTo(alike, func(same []string) string {
		switch n := len(same); {
		case n == 1:
			return same[0]
		case same[0] == unnamedImage:
			return fmt.Sprintf("%d images without a platform", n)
		case same[0] == unknownImage:
			return fmt.Sprintf("%d images of unknown platforms", n)
		default:
			return fmt.Sprintf("%d × %s", n, same[0])
		}
	})
}

// matching returns the items for which is holds.
func matching[T any](items []T, is func(T) bool) []T {
	var found []T
	for _, item := range items {
		if is(item) {
			found = append(found, item)
		}
	}
	return found
}

// mapped returns the text of each item.
func mapped[T any](items []T, text func(T) string) []string { return mappedTo(items, text) }

// mappedTo returns what each item is mapped to.
func mappedTo[T, U any](items []T, to func(T) U) []U {
	out := make([]U, len(items))
	for i, item := range items {
		out[i] = to(item)
	}
	return out
}

// stepsText returns "step 7" or "steps 3, 5 and 7". The indexes count from 0.
func stepsText(indexes []int) string {
	items := mapped(indexes, func(i int) string { return fmt.Sprint(i + 1) })
	return byNumber(len(items), "step ", "steps ") + list(items)
}

// lowerFirst returns a sentence that continues after a colon. An instruction keeps its capitals, and so
// does the side A: an article does not come before these words.
func lowerFirst(t safe.Text) safe.Text {
	s := t.String()
	if words := strings.Fields(s); len(words) > 1 && words[0] == "A" &&
		slices.Contains([]string{"and", "or", "is", "has", "lists", "cannot", "could", "contradicts"}, words[1]) {
		return t
	}
	if s == "" || len(s) > 1 && s[1] >= 'A' && s[1] <= 'Z' {
		return t
	}
	return safe.Clean(strings.ToLower(s[:1]) + s[1:])
}

// upperFirst returns the start of a sentence.
func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// instructionText returns the instruction or the layer name of a step for use in a
// sentence: secrets masked, limited length, hashes of copied files cut to four digits.
func instructionText(s model.Step) string {
	return quoted(dockerfile.StepLine(s))
}
