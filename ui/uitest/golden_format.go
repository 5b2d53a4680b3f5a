package uitest

import (
	"fmt"
	"strings"
)

// letters name the styles of a frame, in the order in which they appear.
const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// Golden returns the frame in a form for reviews: the text, then one letter per cell for
// its style, then the meaning of the letters. A dot is a cell without style.
func (f Frame) Golden() string {
	legend := newLegend()
	var styles strings.Builder
	for y := range f.Height {
		var row strings.Builder
		for _, c := range f.row(y) {
			row.WriteByte(legend.letter(c.Style))
		}
		styles.WriteString(strings.TrimRight(row.String(), ".") + "\n")
	}
	golden := f.Text() + "\n---\n" + styles.String() + "---\n" + legend.String()
	if f.Cursor.Visible {
		golden += fmt.Sprintf("cursor %d,%d\n", f.Cursor.X, f.Cursor.Y)
	}
	return golden
}

type legend struct {
	names  map[Style]byte
	styles []Style
}

func newLegend() *legend { return &legend{names: map[Style]byte{{}: '.'}} }

func (l *legend) letter(s Style) byte {
	if name, ok := l.names[s]; ok {
		return name
	}
	name := byte('?') // more styles than letters
	if len(l.styles) < len(letters) {
		name = letters[len(l.styles)]
	}
	l.names[s] = name
	l.styles = append(l.styles, s)
	return name
}

func (l *legend) String() string {
	var b strings.Builder
	for _, s := range l.styles {
		fmt.Fprintf(&b, "%c %s\n", l.names[s], s)
	}
	return b.String()
}

// String returns the style in words: fg #191724 bg #ebbcba bold.
func (s Style) String() string {
	var words []string
	if s.Fg != "" {
		words = append(words, "fg", string(s.Fg))
	}
	if s.Bg != "" {
		words = append(words, "bg", string(s.Bg))
	}
	for _, attr := range []struct {
		on   bool
		word string
	}{
		{s.Bold, "bold"}, {s.Faint, "faint"}, {s.Italic, "italic"}, {s.Underline, "underline"},
		{s.Blink, "blink"}, {s.Reverse, "reverse"}, {s.Conceal, "conceal"}, {s.Strike, "strike"},
	} {
		if attr.on {
			words = append(words, attr.word)
		}
	}
	return strings.Join(words, " ")
}
