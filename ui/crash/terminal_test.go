package crash

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

func TestParameterLimiter(t *testing.T) {
	for name, tt := range map[string]struct{ in, want string }{
		"keys":        {"abc;;;\r\x1b[A\x1bOP;", "abc;;;\r\x1b[A\x1bOP;"},
		"a mouse":     {"\x1b[<0;12;34M", "\x1b[<0;12;34M"},
		"text":        {strings.Repeat("a;", 100), strings.Repeat("a;", 100)},
		"too many":    {"\x1b[" + strings.Repeat("1;", 100) + "m;", "\x1b[" + strings.Repeat("1;", 29) + strings.Repeat("1", 71) + "m;"},
		"of colons":   {"\x1bP" + strings.Repeat(":", 100) + "q;", "\x1bP" + strings.Repeat(":", 29) + "q;"},
		"in one byte": {"\x9b" + strings.Repeat(";", 100) + "m", "\x9b" + strings.Repeat(";", 29) + "m"},
	} {
		input, pieces := []byte(tt.in), ""
		limiter := &parameterLimiter{}
		for i := range len(tt.in) {
			piece := []byte{tt.in[i]}
			pieces += string(piece[:limiter.limit(piece)])
		}
		if got := string(input[:(&parameterLimiter{}).limit(input)]); got != tt.want || pieces != tt.want {
			t.Errorf("%s: %q, byte by byte %q", name, got, pieces)
		}
	}
}

// FuzzParameterLimiter: the limited input does not make the parser panic.
func FuzzParameterLimiter(f *testing.F) {
	f.Add([]byte("\x1b[" + strings.Repeat("1;", 100)))
	f.Add([]byte("\x1bP" + strings.Repeat(":1", 100) + "q"))
	f.Add([]byte("\x9b" + strings.Repeat("<;1", 100) + "\x1b["))
	f.Fuzz(func(t *testing.T, in []byte) {
		in = in[:(&parameterLimiter{}).limit(in)]
		p, state := ansi.NewParser(), byte(0)
		for len(in) > 0 {
			_, _, n, next := ansi.DecodeSequence(in, state, p)
			if n == 0 {
				return
			}
			in, state = in[n:], next
		}
	})
}

func TestLimitSize(t *testing.T) {
	got := limitSize(nil, tea.WindowSizeMsg{Width: 65535, Height: 65535})
	if want := (tea.WindowSizeMsg{Width: maxColumns, Height: maxRows}); got != want {
		t.Errorf("got %v", got)
	}
	usual := tea.WindowSizeMsg{Width: 80, Height: 24}
	if got := limitSize(nil, usual); got != usual {
		t.Errorf("got %v", got)
	}
}
