package uitest

import (
	"fmt"
	"image/color"
	"slices"
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
)

// Frame is the screen at one moment. It is immutable.
type Frame struct {
	Width, Height int
	Cursor        Cursor
	cells         []Cell // row by row
}

// Cursor is the position of the cursor, both from 0.
type Cursor struct {
	X, Y    int
	Visible bool
}

// Cell is one cell of the screen. Of the two cells of a wide character, the left one has
// the text; the right one is empty and has width 0.
type Cell struct {
	Text  string
	Width int
	Style Style
	Link  string // URL of an OSC 8 hyperlink
}

// Style is the style of a cell. A blank cell has only the attributes that are visible on
// it, so that frames that look the same are equal.
type Style struct {
	Fg, Bg                                                          Color
	Bold, Faint, Italic, Underline, Blink, Reverse, Conceal, Strike bool
}

// Color is "" for the terminal's default, "0" to "15" for a colour that the user can choose, or #rrggbb.
type Color string

// Paint returns the frame that a terminal shows for content, such as the view of a model.
func Paint(content string, width, height int) Frame {
	p := NewPainter(width, height)
	defer p.Close()
	return p.Paint(content)
}

func snapshot(emu *vt.Emulator) Frame {
	f := Frame{Width: emu.Width(), Height: emu.Height()}
	f.Cursor.X, f.Cursor.Y = emu.CursorPosition().X, emu.CursorPosition().Y
	f.cells = make([]Cell, 0, f.Width*f.Height)
	for y := range f.Height {
		for x := range f.Width {
			f.cells = append(f.cells, cellOf(emu.CellAt(x, y)))
		}
	}
	return f
}

func cellOf(c *uv.Cell) Cell {
	if c == nil {
		return Cell{Text: " ", Width: 1}
	}
	cell := Cell{Text: c.Content, Width: c.Width, Style: styleOf(c.Style), Link: c.Link.URL}
	if cell.Text == "" && cell.Width > 0 {
		cell.Text = " "
	}
	if cell.Text == " " {
		cell.Style = cell.Style.ofBlank()
	}
	return cell
}

func styleOf(s uv.Style) Style {
	has := func(attr uint8) bool { return s.Attrs&attr != 0 }
	return Style{
		Fg: colorOf(s.Fg), Bg: colorOf(s.Bg),
		Bold: has(uv.AttrBold), Faint: has(uv.AttrFaint), Italic: has(uv.AttrItalic),
		Underline: s.Underline != uv.UnderlineNone, Blink: has(uv.AttrBlink),
		Reverse: has(uv.AttrReverse), Conceal: has(uv.AttrConceal), Strike: has(uv.AttrStrikethrough),
	}
}

// ofBlank returns the attributes that are visible without a glyph.
func (s Style) ofBlank() Style {
	blank := Style{Bg: s.Bg, Underline: s.Underline, Reverse: s.Reverse, Strike: s.Strike}
	if s.Reverse || s.Underline || s.Strike {
		blank.Fg = s.Fg
	}
	return blank
}

func colorOf(c color.Color) Color {
	switch c := c.(type) {
	case nil:
		return ""
	case ansi.BasicColor:
		return Color(fmt.Sprint(uint8(c)))
	case ansi.IndexedColor:
		if c < 16 {
			return Color(fmt.Sprint(uint8(c)))
		}
	}
	r, g, b, _ := c.RGBA()
	return Color(fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8))
}

// Cell returns the cell in column x of row y, both from 0.
func (f Frame) Cell(x, y int) Cell { return f.cells[y*f.Width+x] }

// Row returns the text of row y, with blanks up to the right edge.
func (f Frame) Row(y int) string {
	var b strings.Builder
	for _, c := range f.row(y) {
		b.WriteString(c.Text)
	}
	return b.String()
}

func (f Frame) row(y int) []Cell { return f.cells[y*f.Width : (y+1)*f.Width] }

// Rows returns the text of all rows, without trailing blanks.
func (f Frame) Rows() []string {
	rows := make([]string, f.Height)
	for y := range rows {
		rows[y] = strings.TrimRight(f.Row(y), " ")
	}
	return rows
}

// Text returns the rows as lines.
func (f Frame) Text() string { return strings.Join(f.Rows(), "\n") }

// Contains reports whether a row contains text.
func (f Frame) Contains(text string) bool {
	_, _, ok := f.Find(text)
	return ok
}

// Find returns the first position of text.
func (f Frame) Find(text string) (x, y int, ok bool) {
	for y := range f.Height {
		row := f.Row(y)
		if at := strings.Index(row, text); at >= 0 {
			return f.columns(y)[at], y, true
		}
	}
	return 0, 0, false
}

// columns returns the column of each byte of a row's text.
func (f Frame) columns(y int) []int {
	var columns []int
	for x, c := range f.row(y) {
		for range len(c.Text) {
			columns = append(columns, x)
		}
	}
	return columns
}

// HasColor reports whether any cell has a colour other than the terminal's default, which
// NO_COLOR forbids.
func (f Frame) HasColor() bool {
	return slices.ContainsFunc(f.cells, func(c Cell) bool { return c.Style.Fg != "" || c.Style.Bg != "" })
}

// Equal reports whether two frames look the same.
func (f Frame) Equal(g Frame) bool {
	return f.Width == g.Width && f.Height == g.Height && f.visibleCursor() == g.visibleCursor() && slices.Equal(f.cells, g.cells)
}

// visibleCursor returns the cursor, or the zero Cursor if it is hidden.
func (f Frame) visibleCursor() Cursor {
	if !f.Cursor.Visible {
		return Cursor{}
	}
	return f.Cursor
}

// boxed returns the text with a border, for messages.
func (f Frame) boxed() string {
	var b strings.Builder
	rule := "+" + strings.Repeat("-", f.Width) + "+"
	b.WriteString(rule)
	for y := range f.Height {
		b.WriteString("\n|" + f.Row(y) + "|")
	}
	return b.String() + "\n" + rule
}
