package safe

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	tests := []struct{ in, want string }{
		{"plain text", "plain text"},
		{"a\tb", `a\tb`},
		{"\x1b[31mred\x1b[0m", `\x1b[31mred\x1b[0m`},
		{"two\nlines\r", `two\nlines\r`},
		{"\u202egnp.exe", `\u202egnp.exe`},
		{"zero\u200bwidth", `zero\u200bwidth`},
		{"bad\xff\xfe", `bad\xff\xfe`},
		{"café, 日本, ≠", "café, 日本, ≠"},
		{"cafe\u0301", "cafe\u0301"},
		{"\u0301first", `\u0301first`},
		{"z" + strings.Repeat("\u0301", 4), "z\u0301\u0301" + `\u0301\u0301`},
		{"\u009b31m", `\u009b31m`},
		{"\U000e0041", `\U000e0041`},
		{"soft\u00adhyphen", `soft\u00adhyphen`},
		{"nb\u00a0sp", `nb\u00a0sp`},
	}
	for _, tt := range tests {
		if got := Clean(tt.in).String(); got != tt.want {
			t.Errorf("%q is %q, want %q", tt.in, got, tt.want)
		}
	}
}

func checkPrintable(t *testing.T, s string) {
	t.Helper()
	if !utf8.ValidString(s) {
		t.Fatalf("%q is not UTF-8", s)
	}
	for _, r := range s {
		if !unicode.IsPrint(r) || unicode.In(r, unicode.Cf, unicode.Cc, unicode.Zl, unicode.Zp) {
			t.Fatalf("%q has %U", s, r)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"plain", "\x1b]52;c;x\a", "\u202e\u2066", "bad\xff", "z\u0301\u0301\u0301", "👨‍👩‍👧", "\u2028", "a\tb"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := Clean(s)
		checkPrintable(t, once.String())
		if twice := Clean(once.String()); twice != once {
			t.Fatalf("%q cleaned again is %q", once, twice)
		}
		for _, l := range Lines(s) {
			checkPrintable(t, l.String())
		}
		checkPrintable(t, Sprintf("%s %q %v", s, s, []string{s}).String())
		checkPrintable(t, once.Upper().String())
	})
}

// TestEscapeStart checks that a cut moves out of an escape, and only then.
func TestEscapeStart(t *testing.T) {
	for _, tt := range []struct {
		s        string
		at, want int
	}{
		{`ab\x1bcd`, 3, 2}, {`ab\x1bcd`, 5, 2}, {`ab\x1bcd`, 6, 6}, {`ab\x1bcd`, 2, 2},
		{`a\u202eb`, 5, 1}, {`a\U000e0041b`, 10, 1}, {`a\tb`, 2, 1},
		{`a\x1b[31mred`, 6, 1}, {`a\x1b[31mred`, 8, 1}, {`a\x1b[31mred`, 9, 9}, {`a\u001b[0mx`, 8, 1},
		{`a\x41[31m`, 6, 6},                   // no escape character before the bracket
		{`C:\windows`, 3, 3},                  // not an escape
		{`a\\x1b`, 4, 4},                      // a backslash, then text
		{`\x1b\x1b\x1b`, 6, 4}, {`\x1`, 2, 2}, // an incomplete one
	} {
		if got := EscapeStart(tt.s, tt.at); got != tt.want {
			t.Errorf("%s at %d: %d, want %d", tt.s, tt.at, got, tt.want)
		}
	}
}
