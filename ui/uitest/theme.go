package uitest

import (
	"fmt"
	"strconv"

	"github.com/charmbracelet/x/ansi"
)

// theme has the colours of pictures: the defaults and the first sixteen of the palette.
var theme = struct {
	fg, bg, title string
	palette       [16]string
}{
	fg: "#e0def4", bg: "#191724", title: "#908caa",
	palette: [16]string{
		"#26233a", "#eb6f92", "#8fbf9f", "#f6c177", "#5ea8d8", "#c4a7e7", "#9ccfd8", "#d8dee9",
		"#6b7280", "#f28ba6", "#a8d5b5", "#ffd39b", "#7cc0ea", "#d4bdf0", "#b5e0e6", "#ffffff",
	},
}

// paint returns the two colours of a style, after Reverse.
func (s Style) paint() (fg, bg string) {
	fg, bg = s.Fg.rgb(theme.fg), s.Bg.rgb(theme.bg)
	if s.Reverse {
		return bg, fg
	}
	return fg, bg
}

// rgb returns the colour as #rrggbb, and unset for the default.
func (c Color) rgb(unset string) string {
	if c == "" {
		return unset
	}
	i, err := strconv.Atoi(string(c))
	if err != nil {
		return string(c)
	}
	if i < len(theme.palette) {
		return theme.palette[i]
	}
	r, g, b, _ := ansi.IndexedColor(uint8(i)).RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}
