package look

import (
	"image/color"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/tagdiff/tagdiff/model/safe"
)

// Role is the purpose of a span. Pages name roles; only the theme knows colors.
type Role int

// Roles of text.
const (
	Plain    Role = iota
	Faint         // less important
	Strong        // most important
	Heading       // title of a block
	Key           // a key to press
	SideA         // belongs to A, and differs
	SideB         // belongs to B, and differs
	SideAHot      // the words of A that differ
	SideBHot      // the words of B that differ
	Good          // no problem
	Warn          // needs attention
	Alert         // serious problem
	Active        // the active tab or input
	Caret         // the text cursor
	roleCount
)

// Severity returns the role for the text of a finding with severity n.
func Severity(n int) Role {
	return [...]Role{Plain, Strong, Warn, Alert}[max(min(n, 3), 0)]
}

// barWidth is the highlighted part of the line under the cursor. A bar across the whole
// line would repaint two lines for each key.
const barWidth = 32

// Theme turns lines into styled strings. There is one for each background.
type Theme struct {
	Glyphs
	styles [roleCount]lipgloss.Style
	bar    lipgloss.Style
}

// NewTheme returns the theme for a dark or light background. Blue and orange are
// distinct for every common color blindness; red and green are not.
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
		SideAHot: s().Foreground(orange).Background(orangeB).Bold(true),
		SideBHot: s().Foreground(blue).Background(blueB).Bold(true),
		Good:     s().Bold(true).Foreground(teal),
		Warn:     s().Bold(true).Foreground(orange),
		Alert:    s().Bold(true).Foreground(magenta),
		Active:   s().Bold(true).Reverse(true),
		Caret:    s().Reverse(true),
	}}
	t.bar = s().Background(bar).Bold(true)
	return t
}

// Render returns l styled and cut to width cells.
func (t *Theme) Render(l Line, width int) string {
	if l.Width() > width {
		l = l.To(width, t.Ellipsis)
	}
	var b strings.Builder
	if l.Selected {
		first, _ := Cut(l.Text(), barWidth)
		var head Line
		head, l = l.split(len(first.String()))
		if l.Width() == 0 { // otherwise the room of a cut wide character belongs to the rest of the line
			head = head.To(min(barWidth, width), safe.Text{})
		}
		t.renderBar(&b, head)
	}
	for _, s := range l.Spans {
		if s.Role == Plain {
			b.WriteString(t.drawable(s.Text))
			continue
		}
		b.WriteString(t.styled(s))
	}
	return b.String()
}

// renderBar draws the part of a line under the cursor in one style, except for the words
// that differ.
func (t *Theme) renderBar(b *strings.Builder, l Line) {
	run := safe.Text{}
	flush := func() {
		if !run.IsEmpty() {
			b.WriteString(t.bar.Render(t.drawable(run)))
			run = safe.Text{}
		}
	}
	for _, s := range l.Spans {
		if !s.Role.isHot() {
			run = safe.Concat(run, s.Text)
			continue
		}
		flush()
		b.WriteString(t.styled(s))
	}
	flush()
}

// styled returns a span with its escape sequences. The underline is added here, because
// lipgloss renders underlined text rune by rune and so separates combining marks from
// their letters.
func (t *Theme) styled(s Span) string {
	text := t.styles[s.Role].Render(t.drawable(s.Text))
	if s.Role.isHot() && !s.Text.IsEmpty() {
		return ansi.SGR(ansi.AttrUnderline) + text
	}
	return text
}

func (r Role) isHot() bool { return r == SideAHot || r == SideBHot }

// drawable returns text as the terminal can show it.
func (t *Theme) drawable(s safe.Text) string {
	if t.ascii {
		return toASCII(s.String())
	}
	return s.String()
}

// toASCII replaces other characters with question marks of the same width. A terminal
// without UTF-8 would show about three wrong characters for each.
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
