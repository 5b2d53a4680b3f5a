package uitest

import (
	"bytes"
	"fmt"
	"html"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// Sizes of a picture. textLength keeps each run of text on the grid with any font.
const (
	cellWidth, lineHeight = 9, 20
	margin, header        = 16, 44
	baseline              = 15 // from the top of a line
	fonts                 = "JetBrains Mono,DejaVu Sans Mono,Menlo,Consolas,monospace"
)

// SVG returns a picture of the frame in a window. The same frame gives the same bytes.
func (f Frame) SVG(title string) []byte {
	var b bytes.Buffer
	width, height := 2*margin+f.Width*cellWidth, header+f.Height*lineHeight+margin
	title = html.EscapeString(title)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="%s" font-size="15" `+
		`style="font-variant-ligatures:none" role="img" aria-label="%s">`+"\n",
		width, height, fonts, title)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" rx="8" fill="%s"/>`+"\n", theme.bg)
	for i, fill := range []string{theme.palette[1], theme.palette[3], theme.palette[6]} {
		fmt.Fprintf(&b, `<circle cx="%d" cy="18" r="6" fill="%s"/>`, 22+20*i, fill)
	}
	fmt.Fprintf(&b, `<text x="50%%" y="23" text-anchor="middle" fill="%s">%s</text>`+"\n", theme.title, title)
	for y := range f.Height {
		f.svgRow(&b, y)
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// svgRow writes the backgrounds of a row first, so that they do not cover a glyph that is
// wider than its cell.
func (f Frame) svgRow(b *bytes.Buffer, y int) {
	row := f.row(y)
	start := b.Len()
	for x, n := 0, 0; x < len(row); x += n {
		n = runLength(row[x:], sameBackground)
		if _, bg := row[x].Style.paint(); bg != theme.bg {
			fmt.Fprintf(b, `<rect x="%d" y="%d" width="%d" height="%d" fill="%s"/>`,
				margin+x*cellWidth, header+y*lineHeight, n*cellWidth, lineHeight, bg)
		}
	}
	for x, n := 0, 0; x < len(row); x += n {
		n = runLength(row[x:], sameRun)
		svgRun(b, row[x:x+n], x, y)
	}
	if f.Cursor.Visible && f.Cursor.Y == y {
		fmt.Fprintf(b, `<rect x="%d" y="%d" width="%d" height="%d" fill="%s" fill-opacity=".5"/>`,
			margin+f.Cursor.X*cellWidth, header+y*lineHeight, cellWidth, lineHeight, theme.fg)
	}
	if b.Len() > start {
		b.WriteByte('\n')
	}
}

// svgRun writes cells of one style as one text element.
func svgRun(b *bytes.Buffer, cells []Cell, x, y int) {
	style := cells[0].Style
	if !style.Underline && !style.Strike {
		for len(cells) > 0 && cells[0].Text == " " {
			cells, x = cells[1:], x+1
		}
		for len(cells) > 0 && cells[len(cells)-1].Text == " " {
			cells = cells[:len(cells)-1]
		}
	}
	if len(cells) == 0 || style.Conceal {
		return
	}
	var text strings.Builder
	for _, c := range cells {
		text.WriteString(c.Text)
	}
	fg, _ := style.paint()
	fmt.Fprintf(b, `<text x="%d" y="%d" fill="%s" xml:space="preserve" textLength="%d"%s>%s</text>`,
		margin+x*cellWidth, header+y*lineHeight+baseline, fg, len(cells)*cellWidth, style.attributes(),
		html.EscapeString(text.String()))
}

func (s Style) attributes() string {
	lines := strings.Join(enabled([]attribute{{s.Underline, "underline"}, {s.Strike, "line-through"}}), " ")
	return strings.Join(enabled([]attribute{
		{s.Bold, ` font-weight="bold"`}, {s.Faint, ` fill-opacity=".6"`}, {s.Italic, ` font-style="italic"`},
		{lines != "", ` text-decoration="` + lines + `"`},
	}), "")
}

// runLength returns the number of leading cells for which same is true.
func runLength(cells []Cell, same func(first, next Cell) bool) int {
	n := 1
	for n < len(cells) && same(cells[0], cells[n]) {
		n++
	}
	return n
}

func sameBackground(first, next Cell) bool {
	_, a := first.Style.paint()
	_, b := next.Style.paint()
	return a == b
}

// sameRun also separates text from symbols. Symbols may come from another font with
// other widths and move the letters of the same run off the grid.
func sameRun(first, next Cell) bool {
	return next.Width == 0 ||
		alike(first, next) && class(first.Text) == class(next.Text) && class(next.Text) != symbol
}

// alike reports whether two cells can be one text. A blank looks the same in all styles
// without a line.
func alike(first, next Cell) bool {
	plain := !first.Style.Underline && !first.Style.Strike
	return first.Style == next.Style || plain && next.Text == " " && !next.Style.Underline && !next.Style.Strike
}

type glyphs int

const (
	ascii glyphs = iota
	lineDrawing
	symbol
)

func class(text string) glyphs {
	r, _ := utf8.DecodeRuneInString(text)
	switch {
	case r < 0x80 || text == "":
		return ascii
	case r >= 0x2500 && r < 0x25a0:
		return lineDrawing
	}
	return symbol
}

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
