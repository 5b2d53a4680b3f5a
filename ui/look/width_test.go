package look

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/charmbracelet/x/ansi"
	"github.com/clipperhouse/displaywidth"

	"github.com/tagdiff/tagdiff/model/safe"
)

// adjacent are characters that some terminals join with the one before or after.
var adjacent = []string{"a", "1", " ", "가", "👍", "क", "ก", "ﾊ", "©", "ש", "e\u0301"}

// checkCells checks that a text has the same width width graphemes and width code points, and
// that a joined text is as wide as its parts.
func checkCells(t *testing.T, a, b string) {
	t.Helper()
	x, y := safe.Clean(a), safe.Clean(b)
	both := safe.Concat(x, y)
	if width, runeWidth := Width(both), ansi.StringWidthWc(both.String()); width != runeWidth || width != Width(x)+Width(y) {
		t.Fatalf("%q is %d cells, or %d, of %d and %d", both, width, runeWidth, Width(x), Width(y))
	}
}

func TestCells_allRunes(t *testing.T) {
	t.Parallel()
	for r := rune(0x80); r <= unicode.MaxRune; r++ {
		s := string(r)
		if safe.Clean(s).String() != s && safe.Clean("a"+s).String() != "a"+s {
			continue // escaped
		}
		if unicode.Is(unicode.Han, r) && r%64 != 0 || unicode.Is(unicode.Hangul, r) && r%64 != 0 {
			continue // these all behave the same
		}
		checkCells(t, s, s)
		for _, n := range adjacent {
			checkCells(t, n, s)
			checkCells(t, s, n)
			checkCells(t, n+s+n, n)
		}
	}
}

func FuzzCells(f *testing.F) {
	for _, n := range adjacent {
		f.Add(n, "\u0301\u094d🇩🇪👍🏽\u1100\u1161"+n)
	}
	f.Add("क्", "ष")
	f.Add("\U00011133क", "\u200d")
	f.Fuzz(func(t *testing.T, a, b string) {
		checkCells(t, a, b)
		text := safe.Clean(a + b)
		for width := range min(Width(text), 20) {
			head, rest := Cut(text, width)
			if Width(head) > width || Width(head) < width-1 || safe.Concat(head, rest) != text {
				t.Fatalf("%q cut at %d is %q and %q", text, width, head, rest)
			}
			if safe.Clean(rest.String()) != rest {
				t.Fatalf("%q cut at %d leaves %q without its letter", text, width, rest)
			}
			if got := Width(L(P(text)).To(width, safe.Const("…")).Text()); got != width {
				t.Fatalf("%q fitted into %d cells takes %d", text, width, got)
			}
			if got := L(P(text)).From(width).Width(); got != Width(text)-width {
				t.Fatalf("%q is %d cells wide from %d on", text, got, width)
			}
		}
	})
}

// TestRender_keepsWidth: a combining mark stays with its letter in every style, and a
// row keeps its width if the bar ends inside a wide character.
func TestRender_keepsWidth(t *testing.T) {
	theme := NewTheme(DarkBackground, AllColors, Unicode())
	text := safe.Clean("e\u0301e\u0301 配配配配配配配配配配配配配配配配配配配配")
	for role := range roleCount {
		for _, selected := range []bool{false, true} {
			for width := 1; width < 50; width++ {
				l := L(S(role, text)).To(width, safe.Const("…"))
				l.Selected = selected
				out := theme.Render(l, width)
				if got := displaywidth.String(ansi.Strip(out)); got != width {
					t.Fatalf("role %d in %d cells: %q takes %d", role, width, out, got)
				}
				if width > 2 && ansi.Strip(out)[:len("e\u0301e\u0301")] != "e\u0301e\u0301" || width > 2 && !strings.Contains(out, "e\u0301") {
					t.Fatalf("role %d: %q tears a mark from its letter", role, out)
				}
			}
		}
	}
}

// TestCut_escapes checks that neither the end of a column nor that of a line splits the
// escape of a character from outside.
func TestCut_escapes(t *testing.T) {
	g := Unicode()
	if got := g.Fit(safe.Clean("name \x1b\x1b tail"), 12).String(); got != `name \x1b…  ` {
		t.Errorf("%q", got)
	}
	var lines []string
	for _, l := range Wrap([]Span{P(safe.Clean("abcdef\x1b\u202eg"))}, 8) {
		lines = append(lines, l.Text().String())
	}
	if want := []string{"abcdef", `\x1b`, `\u202eg`}; !slices.Equal(lines, want) {
		t.Errorf("%q, want %q", lines, want)
	}
}

// TestHanging_closing checks that what ends a word is not alone on a line.
func TestHanging_closing(t *testing.T) {
	for text, want := range map[string][]string{
		"of 1234567… is new": {"of ", "1234567… ", "is new"},
		"of 1234567, is new": {"of ", "1234567, ", "is new"},
	} {
		var lines []string
		for _, l := range Hanging(L(), 10, P(safe.Clean(text))) {
			lines = append(lines, l.Text().String())
		}
		if !slices.Equal(lines, want) {
			t.Errorf("%q, want %q", lines, want)
		}
	}
}
