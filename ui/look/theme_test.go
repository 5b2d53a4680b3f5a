package look

import (
	"image/color"
	"strings"
	"testing"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/tagdiff/tagdiff/model/safe"
)

// backgrounds are those of common terminals and of their themes.
var backgrounds = map[Background][]string{
	DarkBackground:  {"#000000", "#0c0c0c", "#1e1e1e", "#282828", "#282a36", "#002b36", "#300a24", "#2e3440", "#303446"},
	LightBackground: {"#ffffff", "#fafafa", "#f6f8fa", "#fdf6e3", "#fbf1c7", "#eff1f5", "#eeeeee"},
}

// TestTheme_contrast computes the contrast of every text of the themes with what is behind it.
func TestTheme_contrast(t *testing.T) {
	for background, colors := range backgrounds {
		theme := NewTheme(background, AllColors, Unicode())
		check := func(what any, text, behind color.Color) {
			t.Helper()
			if got := contrast(text, behind); got < readable {
				t.Errorf("%v: %v on %v: contrast %.1f", what, text, behind, got)
			}
		}
		for role, style := range append(theme.styles[:len(theme.styles):len(theme.styles)], theme.bar) {
			text, behind := style.GetForeground(), style.GetBackground()
			_, hasText := text.(lipgloss.NoColor)
			_, hasBehind := behind.(lipgloss.NoColor)
			switch hasText, hasBehind = !hasText, !hasBehind; {
			case hasText && hasBehind:
				check(role, text, behind)
			case hasText:
				for _, c := range colors {
					check(role, text, lipgloss.Color(c))
				}
			case hasBehind:
				t.Errorf("role %d has a background, and the text on it is in an unknown colour", role)
			}
			for _, c := range []color.Color{text, behind} {
				if c, isColor := c.(color.RGBA); isColor && !sameColor(c, ansi.Convert256(c)) {
					t.Errorf("role %d: %v is not in the palette of 256 colours", role, c)
				}
			}
		}
	}
}

// consoles are the 16 colours of terminals as they come. Those of a Linux console are the colours of VGA, where bold text
// has the bright one of two.
var consoles = map[string]struct {
	colors       [16]string
	boldIsBright bool
}{
	"xterm": {[16]string{"#000000", "#cd0000", "#00cd00", "#cdcd00", "#0000ee", "#cd00cd", "#00cdcd", "#e5e5e5",
		"#7f7f7f", "#ff0000", "#00ff00", "#ffff00", "#5c5cff", "#ff00ff", "#00ffff", "#ffffff"}, false},
	"Linux": {[16]string{"#000000", "#aa0000", "#00aa00", "#aa5500", "#0000aa", "#aa00aa", "#00aaaa", "#aaaaaa",
		"#555555", "#ff5555", "#55ff55", "#ffff55", "#5555ff", "#ff55ff", "#55ffff", "#ffffff"}, true},
}

// TestTheme_contrast16 computes the contrast of the texts in terminals of 16 colours: on black, and on white where
// bold text keeps its colour, since a Linux console is not white.
func TestTheme_contrast16(t *testing.T) {
	for name, console := range consoles {
		for background, behind := range map[Background]string{DarkBackground: "#000000", LightBackground: "#ffffff"} {
			if console.boldIsBright && background == LightBackground {
				continue
			}
			theme, colored := NewTheme(background, SixteenColors, Unicode()), 0
			for role, style := range append(theme.styles[:len(theme.styles):len(theme.styles)], theme.bar) {
				if _, plain := style.GetBackground().(lipgloss.NoColor); !plain {
					t.Errorf("%s: role %d has a background", name, role)
				}
				c, isColor := style.GetForeground().(ansi.BasicColor)
				if !isColor {
					continue
				}
				colored++
				if console.boldIsBright && style.GetBold() && c < 8 {
					c += 8
				}
				if got := contrast(lipgloss.Color(console.colors[c]), lipgloss.Color(behind)); got < readable {
					t.Errorf("%s: role %d: colour %d on %s: contrast %.1f", name, role, c, behind, got)
				}
			}
			if colored < 5 {
				t.Errorf("%s: only %d roles have a colour", name, colored)
			}
		}
	}
}

func TestColorsOf(t *testing.T) {
	for want, convert := range map[Colors]func(color.Color) color.Color{
		NoColors:      func(color.Color) color.Color { return nil },
		SixteenColors: func(c color.Color) color.Color { return ansi.Convert16(c) },
		AllColors:     func(c color.Color) color.Color { return ansi.Convert256(c) },
	} {
		if got := ColorsOf(convert); got != want {
			t.Errorf("%v, want %v", got, want)
		}
	}
}

func sameColor(a, b color.Color) bool {
	r, g, bl, _ := a.RGBA()
	r2, g2, bl2, _ := b.RGBA()
	return r == r2 && g == g2 && bl == bl2
}

// TestTheme_noColors: without a known background, or without colours, a theme sets no colour.
func TestTheme_noColors(t *testing.T) {
	for _, theme := range []Theme{
		NewTheme(UnknownBackground, AllColors, Unicode()), NewTheme(UnknownBackground, SixteenColors, Unicode()),
		NewTheme(DarkBackground, NoColors, Unicode()),
	} {
		checkNoColors(t, theme)
	}
}

func checkNoColors(t *testing.T, theme Theme) {
	t.Helper()
	for role := range roleCount {
		for _, selected := range []bool{false, true} {
			l := Line{Spans: []Span{P(safe.Const("a ")), S(role, safe.Const("word"))}, Selected: selected}
			for _, sequence := range sequences(theme.Render(l, 60)) {
				if !strings.Contains(" 0 1 4 7 1;7 ", " "+sequence+" ") { // bold, underline, reverse
					t.Errorf("role %d: the sequence %s", role, sequence)
				}
			}
		}
	}
}

// sequences returns the parameters of the style sequences of s.
func sequences(s string) []string {
	var out []string
	for _, part := range strings.Split(s, "\x1b[")[1:] {
		parameters, _, _ := strings.Cut(part, "m")
		if parameters == "" {
			parameters = "0"
		}
		out = append(out, parameters)
	}
	return out
}

func TestBackgroundOf(t *testing.T) {
	for reported, want := range map[string]Background{
		"#000000": DarkBackground, "#3a3a3a": DarkBackground, "#ffffff": LightBackground, "#fdf6e3": LightBackground,
		"#808080": UnknownBackground, "#6c6c6c": UnknownBackground, "#a0a0a0": UnknownBackground,
	} {
		if got := BackgroundOf(lipgloss.Color(reported)); got != want {
			t.Errorf("%s: %v, want %v", reported, got, want)
		}
	}
	for background, colors := range backgrounds {
		for _, c := range colors {
			if got := BackgroundOf(lipgloss.Color(c)); got != background {
				t.Errorf("%s: %v, want %v", c, got, background)
			}
		}
	}
}

func TestParseColorFGBG(t *testing.T) {
	for value, want := range map[string]Background{
		"15;0": DarkBackground, "15;default;0": DarkBackground, "7;8": DarkBackground, "0;15": LightBackground, "0;7": LightBackground,
		"0;default;15": LightBackground, "0;9": LightBackground,
		"": UnknownBackground, "0": UnknownBackground, "15;default": UnknownBackground, "0;16": UnknownBackground, "0;-1": UnknownBackground,
	} {
		if got := ParseColorFGBG(value); got != want {
			t.Errorf("%q: %v, want %v", value, got, want)
		}
	}
}

// TestRender_bar: the bar on the line under the cursor does not end inside a word.
func TestRender_bar(t *testing.T) {
	word := func(n int) string { return strings.Repeat("x", n) }
	for line, want := range map[string]string{
		"short":                                  "short" + strings.Repeat(" ", barWidth-5),
		word(10) + " " + word(30) + " b":         word(10) + " " + word(30),
		word(10) + " " + word(50) + " b":         word(10),
		word(70) + " b":                          word(70),
		word(barWidth) + " b":                    word(barWidth),
		word(20) + strings.Repeat(" ", 30) + "b": word(20) + strings.Repeat(" ", 12),
	} {
		theme := NewTheme(UnknownBackground, AllColors, Unicode())
		l := L(P(safe.Clean(line)))
		l.Selected = true
		out := theme.Render(l, 100)
		bar, _, _ := strings.Cut(strings.TrimPrefix(out, "\x1b[1;7m"), "\x1b[m")
		if bar != want || strings.TrimRight(ansi.Strip(out), " ") != line {
			t.Errorf("%q: the bar is %q, want %q", line, bar, want)
		}
	}
}

// TestLine_KeyAt: a click presses the key of the text that it hits, also after the line was cut.
func TestLine_KeyAt(t *testing.T) {
	l := L(Gap(1)).With(Pressing("tab", S(Key, safe.Const("配")), P(safe.Const(" view")))...).With(P(safe.Const(" none")))
	for _, l := range []Line{l, l.To(9, safe.Const("…")), l.From(0), Wrap(l.Spans, 40)[0]} {
		got := ""
		for x := range 9 {
			got += l.KeyAt(x) + ","
		}
		if want := ",tab,tab,tab,tab,tab,tab,tab,,"; got != want {
			t.Errorf("%q: %s, want %s", l.Text(), got, want)
		}
	}
}

// TestText_ascii checks that a mark of the program is not drawn as a question mark, which reads as data, and keeps its width.
func TestText_ascii(t *testing.T) {
	theme := NewTheme(DarkBackground, AllColors, ASCII())
	for in, want := range map[string]string{
		"ADD file:5e1e… in /": "ADD file:5e1e~ in /",
		"1 → 2 · 3 × x, −4":   "1 > 2 - 3 x x, -4",
		"配置 é":                "???? ?", // data: the terminal cannot show it
	} {
		if got := theme.Text(safe.Clean(in)); got != want {
			t.Errorf("%q is drawn as %q, want %q", in, got, want)
		}
	}
	if got := theme.Sentence(safe.Const("ADD file:5e1e… in /")).String(); got != "ADD file:5e1e... in /" {
		t.Errorf("a sentence: %q", got)
	}
}
