package look

import (
	"strings"
	"testing"

	"charm.land/lipgloss/v2"

	"github.com/tagdiff/tagdiff/diff/filediff"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/safe"
)

func texts(lines []Line) []string {
	var out []string
	for _, l := range lines {
		out = append(out, l.Text().String())
	}
	return out
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		in    []string // spans
		width int
		want  []string
	}{
		{[]string{""}, 5, []string{""}},
		{[]string{"short"}, 5, []string{"short"}},
		{[]string{"two words"}, 6, []string{"two ", "words"}},
		{[]string{"a bcdefghij"}, 6, []string{"a bcde", "fghij"}},        // a blank too early does not end the line
		{[]string{"a bcdefg"}, 6, []string{"a ", "bcdefg"}},              // but a word that fits in a line is not split
		{[]string{"a bcdefg h"}, 8, []string{"a bcdefg", " h"}},          // the word ends where the line does
		{[]string{"aaaa bcdefghij"}, 11, []string{"aaaa ", "bcdefghij"}}, // it fits a line
		{[]string{"aaaa bcdefghijklm"}, 11, []string{"aaaa bcdefg", "hijklm"}},
		{[]string{"a bcdefghij"}, 9, []string{"a ", "bcdefghij"}},
		{[]string{"a b cdefg h"}, 6, []string{"a b ", "cdefg ", "h"}},
		{[]string{"a (bcdefgh) xy"}, 10, []string{"a ", "(bcdefgh) ", "xy"}}, // a bracket stays with its word
		{[]string{"a bcdefgh.ijk"}, 9, []string{"a bcdefgh", ".ijk"}},
		{[]string{"RUN ", "apt-get", " install"}, 8, []string{"RUN ", "apt-get ", "install"}},
		{[]string{"配置配置"}, 5, []string{"配置", "配置"}},
		{[]string{"配"}, 1, []string{"配"}}, // wider than the line, but shown
		{[]string{"abc"}, 0, []string{"a", "b", "c"}},
	} {
		var spans []Span
		for i, s := range c.in {
			spans = append(spans, S(Role(i%3), safe.Clean(s)))
		}
		lines := Wrap(spans, c.width)
		if got := texts(lines); strings.Join(got, "|") != strings.Join(c.want, "|") {
			t.Errorf("Wrap(%q, %d) = %q, want %q", c.in, c.width, got, c.want)
		}
		if joined := strings.Join(texts(lines), ""); joined != strings.Join(c.in, "") {
			t.Errorf("Wrap(%q, %d) lost text: %q", c.in, c.width, joined)
		}
	}
}

func FuzzWrap(f *testing.F) {
	f.Add("RUN apt-get install -y 配置 x", "more", 9)
	f.Fuzz(func(t *testing.T, a, b string, width int) {
		width = width%200 + 1
		spans := []Span{S(SideA, safe.Clean(a)), S(SideB, safe.Clean(b))}
		lines := Wrap(spans, width)
		if got, want := strings.Join(texts(lines), ""), L(spans...).Text().String(); got != want {
			t.Fatalf("wrapped to %q, want %q", got, want)
		}
	})
}

// BenchmarkWrap shows that the work per byte does not grow with the text.
func BenchmarkWrap(b *testing.B) {
	for _, n := range []int{10_000, 1_000_000} {
		text := []Span{P(safe.Clean(strings.Repeat("word ", n/5)))}
		b.Run(safe.Sprintf("%dB", n).String(), func(b *testing.B) {
			b.SetBytes(int64(n))
			for b.Loop() {
				Wrap(text, 80)
			}
		})
	}
}

func TestFitAndFrom(t *testing.T) {
	g := Unicode()
	for _, c := range []struct {
		in    string
		width int
		want  string
	}{{"abc", 5, "abc  "}, {"abcdef", 4, "abc…"}, {"配置配", 4, "配… "}, {"abc", 0, ""}, {"", 2, "  "}} {
		if got := g.Fit(safe.Clean(c.in), c.width).String(); got != c.want {
			t.Errorf("Fit(%q, %d) = %q, want %q", c.in, c.width, got, c.want)
		}
	}
	l := L(P(safe.Clean("ab")), S(SideA, safe.Clean("配cd")))
	for n, want := range []string{"ab配cd", "b配cd", "配cd", " cd", "cd", "d", ""} {
		if got := l.From(n).Text().String(); got != want {
			t.Errorf("From(%d) = %q, want %q", n, got, want)
		}
	}
}

// TestRender: a line is never wider than the terminal, in every theme.
func TestRender(t *testing.T) {
	for _, g := range []Glyphs{Unicode(), ASCII()} {
		theme := NewTheme(DarkBackground, AllColors, g)
		for _, selected := range []bool{false, true} {
			l := Line{Spans: []Span{S(Strong, safe.Clean("配置 конфигурация")), S(SideAHot, safe.Clean("hot words")), P(safe.Clean(strings.Repeat("x", 60)))}, Selected: selected}
			for width := 1; width < 90; width += 7 {
				if got := lipgloss.Width(theme.Render(l, width)); got > width {
					t.Errorf("selected %v: %d cells in %d", selected, got, width)
				}
			}
		}
	}
}

// TestHanging_fullLine: the blank after a full line does not begin the next one.
func TestHanging_fullLine(t *testing.T) {
	got := texts(Hanging(L(Gap(2)), 10, P(safe.Const("0123456789 next word"))))
	if want := []string{"  0123456789", "  next word"}; strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestChangeSizes checks that two sizes are never written alike.
func TestChangeSizes(t *testing.T) {
	file := func(size int64) *inside.Entry { return &inside.Entry{Kind: inside.File, Size: size} }
	for _, tt := range []struct {
		a, b *inside.Entry
		want string
	}{
		{file(16458), file(16468), "16 kB, +10 B"},
		{file(16468), file(16458), "16 kB, −10 B"},
		{file(16458), file(16458), "16 kB"},
		{file(351), file(398), "351 B → 398 B"},
		{nil, file(246), "246 B"},
		{file(246), nil, "246 B"},
	} {
		if got := ChangeSizes(filediff.Change{A: tt.a, B: tt.b}).String(); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

// TestMarked: parts of a line get a role over the borders of spans, and whole graphemes do.
func TestMarked(t *testing.T) {
	accent := "e\u0301" // one grapheme of two characters
	for _, tt := range []struct {
		spans  []Span
		ranges [][]int
		want   string
	}{
		{[]Span{P(safe.Const("one two"))}, [][]int{{4, 7}}, "one [two]"},
		{[]Span{P(safe.Const("one ")), S(SideA, safe.Const("two three"))}, [][]int{{2, 6}, {8, 9}}, "on[e tw]o [t]hree"},
		{[]Span{P(safe.Clean("caf" + accent + "!"))}, [][]int{{3, 4}}, "caf[" + accent + "]!"},
		{[]Span{P(safe.Const("one"))}, nil, "one"},
	} {
		got := ""
		for _, s := range L(tt.spans...).Marked(Match, tt.ranges).Spans {
			if s.Role == Match {
				got += "[" + s.Text.String() + "]"
			} else {
				got += s.Text.String()
			}
		}
		if got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

func TestSizeDelta(t *testing.T) {
	for _, tt := range []struct {
		from, to int64
		want     string
	}{{51000000, 51000312, "+312 B"}, {51001500, 51000000, "−1,500 B"}, {51000000, 53000000, ""}, {7, 7, ""}} {
		if got := SizeDelta(tt.from, tt.to).String(); got != tt.want {
			t.Errorf("%d to %d: %q, want %q", tt.from, tt.to, got, tt.want)
		}
	}
}
