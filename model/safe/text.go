// Package safe is the only path for untrusted text to anything a user sees: the
// terminal, the clipboard, a report, an error line.
//
// Sinks take a Text. Only this package can make a Text that is not a
// compile-time constant, so the compiler finds what a review would miss.
package safe

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Text is printable text of one line: valid UTF-8 without control bytes and
// without bidirectional or zero-width characters. The zero Text is empty.
type Text struct{ s string }

// constant can only be given as an untyped constant from outside the package,
// so Const cannot be called with text that was computed at run time.
type constant string

// Const returns the Text of a string constant in the program.
func Const(c constant) Text { return Text{string(c)} }

// String returns the printable text.
func (t Text) String() string { return t.s }

// IsEmpty reports whether there is nothing to print.
func (t Text) IsEmpty() bool { return t.s == "" }

// Clean makes untrusted text printable on one line. A tab or another invisible
// character becomes its Go escape, for example \t, \x1b or \u202e: values that
// differ look different, and a value has the same width everywhere. Secrets are
// not masked: see Gate.
func Clean(s string) Text {
	if isClean(s) {
		return Text{s}
	}
	var b strings.Builder
	// A combining mark at the start, or after an escape, is escaped too.
	marks := maxMarks
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		printable := visible(r) && (r != utf8.RuneError || n > 1)
		switch {
		case printable && isMark(r) && marks < maxMarks:
			marks++
			b.WriteRune(r)
		case printable && !isMark(r):
			marks = 0
			b.WriteRune(r)
		default:
			marks = maxMarks
			b.WriteString(escape(r, s[i:i+n]))
		}
		i += n
	}
	return Text{b.String()}
}

// Lines splits untrusted text at its line breaks and cleans each line. Tabs are
// widened to the next multiple of four columns, counted in runes.
func Lines(s string) []Text {
	raw := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	lines := make([]Text, len(raw))
	for i, l := range raw {
		lines[i] = Clean(expandTabs(l))
	}
	return lines
}

// Sprintf formats like fmt.Sprintf. The format is a constant of the program;
// every argument is cleaned, except numbers and Text.
func Sprintf(format constant, args ...any) Text {
	clean := make([]any, len(args))
	for i, a := range args {
		clean[i] = printable(a)
	}
	return Text{fmt.Sprintf(string(format), clean...)}
}

// Join joins texts with a constant separator.
func Join(texts []Text, sep constant) Text {
	parts := make([]string, len(texts))
	for i, t := range texts {
		parts[i] = t.s
	}
	return Text{strings.Join(parts, string(sep))}
}

// Concat joins texts without a separator.
func Concat(texts ...Text) Text { return Join(texts, "") }

// Slice returns the text between two byte offsets. They must be offsets of
// runes or graphemes in the text.
func (t Text) Slice(from, to int) Text { return Text{t.s[from:to]} }

// Repeat returns n copies of the text.
func (t Text) Repeat(n int) Text { return Text{strings.Repeat(t.s, max(n, 0))} }

// Upper returns the text in upper case.
func (t Text) Upper() Text { return Clean(strings.ToUpper(t.s)) }

func printable(a any) any {
	switch v := a.(type) {
	case Text:
		return v.s
	case int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, float32, float64, bool:
		return v
	case string:
		return Clean(v).s
	default: // errors and Stringers too
		return Clean(fmt.Sprint(v)).s
	}
}

func isClean(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

// escape returns the Go escape of a rune, or of an invalid byte.
func escape(r rune, raw string) string {
	switch {
	case r == utf8.RuneError && len(raw) == 1:
		return fmt.Sprintf(`\x%02x`, raw[0])
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case r < 0x80:
		return fmt.Sprintf(`\x%02x`, r)
	case r <= 0xffff:
		return fmt.Sprintf(`\u%04x`, r)
	default:
		return fmt.Sprintf(`\U%08x`, r)
	}
}

func expandTabs(s string) string {
	if !strings.Contains(s, "\t") {
		return s
	}
	var b strings.Builder
	col := 0
	for _, r := range s {
		if r != '\t' {
			b.WriteRune(r)
			col++
			continue
		}
		n := 4 - col%4
		b.WriteString(strings.Repeat(" ", n))
		col += n
	}
	return b.String()
}
