package safe

import "strings"

// MaxClip is the most that Clip leaves of a text, in bytes: an error message
// should fit a line or two.
const MaxClip = 100

// Clip shortens text from outside to MaxClip bytes, at a rune, and joins its
// lines. Its result is not yet a Text.
func Clip(s string) string { return ClipTo(s, MaxClip) }

// ClipTo is Clip with another limit.
func ClipTo(s string, limit int) string {
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "") + "…"
	}
	if strings.ContainsFunc(s, IsLineBreak) {
		s = strings.Join(strings.FieldsFunc(s, IsLineBreak), " ")
	}
	return s
}

// IsLineBreak reports whether a terminal or a text file begins a new line at r.
func IsLineBreak(r rune) bool {
	return r >= '\n' && r <= '\r' || r == 0x85 || r == 0x2028 || r == 0x2029
}
