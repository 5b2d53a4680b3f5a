package look

import (
	"image/color"
	"strings"

	"charm.land/lipgloss/v2"
)

// Role is what a span is for. Pages name roles; only the theme knows colours.
type Role int

// Roles of text.
const (
	Plain    Role = iota
	Faint         // there if you look for it
	Strong        // what the eye should find first
	Heading       // names a block
	Key           // a key to press
	SideA         // belongs to A, and differs
	SideB         // belongs to B, and differs
	SideAHot      // the very words of A that differ
	SideBHot      // the very words of B that differ
	Good          // nothing to worry about
	Warn          // look here
	Alert         // stop
	Active        // the tab or field in use
	Match         // what a filter found
	Caret         // the text cursor
	roleCount
)

// Theme turns lines into styled strings. It is made once per background.
type Theme struct {
	Glyphs
	styles   [roleCount]lipgloss.Style
	selected [roleCount]lipgloss.Style
}

// NewTheme is the theme for a dark or light background. Blue and orange stay
// apart for every common colour blindness; red and green do not.
func NewTheme(dark bool, glyphs Glyphs) Theme {
	pick := lipgloss.LightDark(dark)
	c := func(light, darkHex string) color.Color { return pick(lipgloss.Color(light), lipgloss.Color(darkHex)) }
	var (
		grey    = c("#6e7781", "#8b949e")
		orange  = c("#9a4f00", "#f0a04b")
		blue    = c("#0550ae", "#79b8ff")
		orangeB = c("#ffdfb6", "#5a3a0a")
		blueB   = c("#cfe3ff", "#0f3d66")
		magenta = c("#a0006d", "#ff7bc0")
		teal    = c("#00696e", "#5fd0d0")
		bar     = c("#e6e9ee", "#2b313b")
	)
	s := lipgloss.NewStyle
	t := Theme{Glyphs: glyphs, styles: [roleCount]lipgloss.Style{
		Plain:    s(),
		Faint:    s().Foreground(grey),
		Strong:   s().Bold(true),
		Heading:  s().Bold(true).Foreground(teal),
		Key:      s().Bold(true),
		SideA:    s().Foreground(orange),
		SideB:    s().Foreground(blue),
		SideAHot: s().Foreground(orange).Background(orangeB).Bold(true).Underline(true),
		SideBHot: s().Foreground(blue).Background(blueB).Bold(true).Underline(true),
		Good:     s().Bold(true).Foreground(teal),
		Warn:     s().Bold(true).Foreground(orange),
		Alert:    s().Bold(true).Foreground(magenta),
		Active:   s().Bold(true).Reverse(true),
		Match:    s().Bold(true).Underline(true),
		Caret:    s().Reverse(true),
	}}
	for r, st := range t.styles {
		if Role(r) == SideAHot || Role(r) == SideBHot {
			t.selected[r] = st
			continue
		}
		t.selected[r] = st.Background(bar).Bold(true)
	}
	return t
}

// Render is l styled and cut to width cells.
func (t *Theme) Render(l Line, width int) string {
	if l.Selected || l.Width() > width {
		l = l.To(width, t.Ellipsis)
	}
	styles := &t.styles
	if l.Selected {
		styles = &t.selected
	}
	var b strings.Builder
	for _, s := range l.Spans {
		text := s.Text.String()
		if t.ascii {
			text = toASCII(text)
		}
		if s.Role == Plain && !l.Selected {
			b.WriteString(text)
			continue
		}
		b.WriteString(styles[s.Role].Render(text))
	}
	return b.String()
}

// toASCII keeps the width of text but not its letters: a terminal without
// UTF-8 would show three wrong ones for each.
func toASCII(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		if s[i] < 0x80 {
			b.WriteByte(s[i])
			i++
			continue
		}
		n := i + 1
		for n < len(s) && s[n] >= 0x80 {
			n++
		}
		b.WriteString(strings.Repeat("?", lipgloss.Width(s[i:n])))
		i = n
	}
	return b.String()
}
