package diff

import (
	"strings"

	"github.com/tagdiff/tagdiff/model/safe"
)

func hasHave(n int) string { return byNumber(n, "has", "have") }

// cutTo shortens a text to a number of characters, not within an escape.
func cutTo(most int, text string) string {
	if r := []rune(text); len(r) > most {
		return text[:safe.EscapeStart(text, len(string(r[:most])))] + "…"
	}
	return text
}

// fieldsOf returns the parts of a text between separators.
func fieldsOf(text, separators string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(separators, r) })
}

func afterSlash(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }
