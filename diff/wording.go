package diff

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// short is a digest as a person reads it: the first twelve hex digits.
func short(d digest.Digest) string {
	_, hex, ok := strings.Cut(string(d), ":")
	if !ok {
		hex = string(d)
	}
	if len(hex) > 12 {
		return hex[:12]
	}
	return hex
}

// names are what sentences call the two sides: tags where they tell the sides
// apart, else A and B.
func (c Comparison) names() (a, b string) {
	a, b = "A", "B"
	if c.A == nil {
		return a, b
	}
	nameA := refName(c.A.Ref)
	if c.B == nil {
		return cmp.Or(nameA, "this image"), b
	}
	if nameB := refName(c.B.Ref); nameA != nameB && nameA != "" && nameB != "" {
		return nameA, nameB
	}
	return a, b
}

func refName(r model.Ref) string {
	switch {
	case r.Tag != "" && r.When != "":
		return ":" + r.Tag + "@" + r.When
	case r.Tag != "" && r.Digest != "":
		return ":" + r.Tag + "@" + short(r.Digest)
	case r.Tag != "":
		return ":" + r.Tag
	case r.Digest != "":
		return "@" + short(r.Digest)
	}
	return ""
}

// quoted is text from outside inside a sentence, of bounded length. Secrets
// are always masked: a sentence goes further than the screen it stands on.
func quoted(text string) string {
	const most = 60
	text = safe.Gate{}.Mask(text)
	if text == "" {
		return "no instruction"
	}
	if r := []rune(text); len(r) > most {
		text = string(r[:most]) + "…"
	}
	return text
}

func bytesText(n int64) string { return humanize.Bytes(uint64(max(n, 0))) }

// plural is "1 layer", "3 layers".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// firsts goes on after "the first": "layer", "3 layers".
func firsts(n int, noun string) string {
	if n == 1 {
		return noun
	}
	return plural(n, noun)
}

// isAre agrees with a number.
func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// list is "x", "x and y", "x, y and z"; long lists end in a number.
func list(items []string) string {
	const most = 5
	if len(items) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(items[:most-1], ", "), len(items)-most+1)
	}
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	return strings.Join(items[:len(items)-1], ", ") + " and " + items[len(items)-1]
}

// stepsText is "step 7", "steps 3, 5 and 7", from indexes that count from 0.
func stepsText(indexes []int) string {
	items := make([]string, len(indexes))
	for i, n := range indexes {
		items[i] = fmt.Sprint(n + 1)
	}
	if len(items) == 1 {
		return "step " + items[0]
	}
	return "steps " + list(items)
}

// lower is a sentence to go on with after a colon.
func lower(t safe.Text) safe.Text {
	s := t.String()
	if s == "" {
		return t
	}
	return safe.Clean(strings.ToLower(s[:1]) + s[1:])
}

// upper is a sentence to begin with.
func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// instructionText is an instruction in a sentence: secrets masked, of bounded length, the
// hashes of copied files left out.
func instructionText(createdBy string) string {
	text := dockerfile.WithoutHashes(dockerfile.Instruction(createdBy))
	for _, word := range []string{"file: ", "dir: ", "multi: "} {
		text = strings.Replace(text, " "+word, " "+strings.TrimSpace(word)+"… ", 1)
	}
	return quoted(text)
}
