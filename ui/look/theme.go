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
	Match         // a match of the search
	roleCount
)

// Severity returns the role for the text of a finding with severity n.
func Severity(n int) Role {
	return [...]Role{Plain, Strong, Warn, Alert}[max(min(n, 3), 0)]
}

// Widths of the highlighted part of the line under the cursor, in cells. A bar across the whole line would
// repaint two lines for each key.
const (
	barWidth = 32 // from here on the bar ends with the word
	maxBar   = 56 // a word that ends beyond it is not in the bar
)

// palette holds the colours of a theme. Other text has the colour of the terminal.
type palette struct {
	faint, a, b, good, alert   color.Color // on the background of the terminal
	hotA, onHotA, hotB, onHotB color.Color // on, and behind, the words that differ
	barText, behindBar         color.Color
}

// palettes are the colours for each known background. Blue and orange are distinct for every common color
// blindness; red and green are not. The numbers are those of the palette of 256 colours, whose entries from 16 on look
// the same in nearly every terminal, and take fewer bytes than other colours.
var palettes = map[Background]palette{
	DarkBackground: {
		faint: lipgloss.Color("248"), a: lipgloss.Color("215"), b: lipgloss.Color("117"), // grey, orange, blue
		good: lipgloss.Color("80"), alert: lipgloss.Color("212"), // turquoise, pink
		hotA: lipgloss.Color("223"), onHotA: lipgloss.Color("52"),
		hotB: lipgloss.Color("195"), onHotB: lipgloss.Color("24"),
		barText: lipgloss.Color("255"), behindBar: lipgloss.Color("238"),
	},
	LightBackground: {
		faint: lipgloss.Color("240"), a: lipgloss.Color("94"), b: lipgloss.Color("25"), // grey, brown, blue
		good: lipgloss.Color("23"), alert: lipgloss.Color("125"), // turquoise, pink
		hotA: lipgloss.Color("52"), onHotA: lipgloss.Color("223"),
		hotB: lipgloss.Color("#00005f"), onHotB: lipgloss.Color("153"), // some terminals have another colour as number 17
		barText: lipgloss.Color("233"), behindBar: lipgloss.Color("252"),
	},
}

// palettes16 are the colours for terminals that have only 16, which the user can choose. Text in yellow, green or magenta
// is bold: the first two are dark without it on a Linux console. The words that differ have the colour of their side,
// with bold and underline, and the cursor has reverse, so no text depends on a colour behind it.
var palettes16 = map[Background]palette{
	DarkBackground:  {a: lipgloss.Yellow, b: lipgloss.Cyan, good: lipgloss.Green, alert: lipgloss.BrightMagenta},
	LightBackground: {a: lipgloss.Red, b: lipgloss.Blue, alert: lipgloss.Magenta},
}

// Theme turns lines into styled strings. There is one for each background.
type Theme struct {
	Glyphs
	styles [roleCount]lipgloss.Style
	bar    lipgloss.Style
}

// NewTheme returns the theme for a background in a terminal with colors.
func NewTheme(background Background, colors Colors, glyphs Glyphs) Theme {
	plain, bold := lipgloss.NewStyle(), lipgloss.NewStyle().Bold(true)
	reverse := lipgloss.NewStyle().Reverse(true)
	t := Theme{Glyphs: glyphs, bar: bold.Reverse(true), styles: [roleCount]lipgloss.Style{
		Strong: bold, Heading: bold, Key: bold, SideAHot: bold, SideBHot: bold, Good: bold, Warn: bold, Alert: bold,
		Plain: plain, Faint: plain, SideA: plain, SideB: plain,
		Active: bold.Reverse(true), Caret: reverse, Match: bold.Reverse(true),
	}}
	switch {
	case background == UnknownBackground || colors == NoColors:
		return t
	case colors == SixteenColors:
		p := palettes16[background]
		t.styles[SideA] = bold
		t.color(p, p.a, p.b)
		return t
	}
	p := palettes[background]
	t.color(p, p.hotA, p.hotB)
	t.styles[SideAHot], t.styles[SideBHot] = t.styles[SideAHot].Background(p.onHotA), t.styles[SideBHot].Background(p.onHotB)
	t.bar = bold.Foreground(p.barText).Background(p.behindBar)
	return t
}

// color sets the colours of text. hotA and hotB are those of the words that differ.
func (t *Theme) color(p palette, hotA, hotB color.Color) {
	for role, c := range map[Role]color.Color{
		Faint: p.faint, Heading: p.good, SideA: p.a, SideB: p.b, Good: p.good, Warn: p.a, Alert: p.alert, SideAHot: hotA, SideBHot: hotB,
	} {
		if c != nil {
			t.styles[role] = t.styles[role].Foreground(c)
		}
	}
}

// Render returns l styled and cut to width cells.
func (t *Theme) Render(l Line, width int) string {
	if l.Width() > width {
		l = l.To(width, t.Ellipsis)
	}
	var b strings.Builder
	if l.Selected {
		var head Line
		head, l = l.split(barEnd(l.Text()))
		if l.Width() == 0 {
			head = head.To(max(head.Width(), min(barWidth, width)), safe.Text{})
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

// barEnd returns the byte offset at which the bar on a text ends: behind the word that reaches barWidth, or
// before it if it is longer than maxBar and not the first.
func barEnd(t safe.Text) int {
	s := t.String()
	first, _ := Cut(t, barWidth)
	at := len(first.String())
	if strings.HasSuffix(s[:at], " ") {
		return at
	}
	end := len(s)
	if blank := strings.IndexByte(s[at:], ' '); blank >= 0 {
		end = at + blank
	}
	before := strings.TrimRight(s[:strings.LastIndexByte(s[:at], ' ')+1], " ")
	if before == "" || Width(t.Slice(0, end)) <= maxBar {
		return end
	}
	return len(before)
}

// renderBar draws the part of a line under the cursor in one style, except for the words
// that differ and matches.
func (t *Theme) renderBar(b *strings.Builder, l Line) {
	run := safe.Text{}
	flush := func() {
		if !run.IsEmpty() {
			b.WriteString(t.bar.Render(t.drawable(run)))
			run = safe.Text{}
		}
	}
	for _, s := range l.Spans {
		if !s.Role.isHot() && s.Role != Match {
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

// Text returns text without styles, in the characters of the terminal.
func (t *Theme) Text(s safe.Text) string { return t.drawable(s) }

// drawable returns text as the terminal can show it.
func (t *Theme) drawable(s safe.Text) string {
	if t.ascii {
		return toASCII(oneCell.Replace(s.String()))
	}
	return s.String()
}

// oneCell replaces characters that the program puts into texts by ASCII of the same width: what was cut must not look
// like a question mark in the data.
var oneCell = strings.NewReplacer("…", "~", "×", "x", "→", ">", "≈", "~", "∅", "_", "·", "-", "−", "-")

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
