package safe

import (
	"strings"
	"unicode/utf8"
)

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

// maxEscape is the length of the longest escape that EscapeStart finds: \x1b[38;2;255;255;255m.
const maxEscape = 22

// EscapeStart returns the offset of the escape in s that a cut at an offset would
// split, as \x1b or \u202e, and the offset itself if it splits none. A sequence
// that sets a colour, \x1b[31m, is one escape.
func EscapeStart(s string, at int) int {
	for from := max(at-maxEscape+1, 0); from < at; from++ {
		if n := escapeLen(s[from:min(from+maxEscape, len(s))]); n > 0 {
			if from+n > at {
				return from
			}
			from += n - 1
		}
	}
	return at
}

// escapeLen returns the length of the escape that s begins with, 0 for none.
func escapeLen(s string) int {
	if len(s) < 2 || s[0] != '\\' {
		return 0
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[s[1]]
	n := 2 + digits
	if digits == 0 && strings.IndexByte(`ntr\"`, s[1]) < 0 || len(s) < n || strings.Trim(s[2:n], "0123456789abcdefABCDEF") != "" {
		return 0
	}
	if code, ok := strings.CutPrefix(s[n:], "["); ok && strings.HasSuffix(strings.ToLower(s[:n]), "1b") {
		if end := strings.IndexFunc(code, func(r rune) bool { return (r < '0' || r > '9') && r != ';' }); end >= 0 && code[end] < utf8.RuneSelf {
			n += len("[") + end + 1
		}
	}
	return n
}
