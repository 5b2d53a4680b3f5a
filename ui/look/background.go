package look

import (
	"image/color"
	"math"
	"strconv"
	"strings"
)

// Background is what is known about the background of a terminal.
type Background int

// Backgrounds. On UnknownBackground a theme uses only the two colours that the terminal itself
// writes with, and bold, underline and reverse.
const (
	UnknownBackground Background = iota
	DarkBackground
	LightBackground
)

// readable is the contrast that every text of a theme has (WCAG 2.1, level AA).
const readable = 4.5

// BackgroundOf returns the background of a terminal that reported a colour: UnknownBackground if
// neither theme is readable on it, as on a medium grey.
func BackgroundOf(reported color.Color) Background {
	for _, b := range []Background{DarkBackground, LightBackground} {
		if palettes[b].isReadableOn(reported) {
			return b
		}
	}
	return UnknownBackground
}

// Colors is how many colours a terminal has.
type Colors int

// Numbers of colours. With 16 they are the user's own, and how they look is not known exactly.
const (
	NoColors Colors = iota
	SixteenColors
	AllColors // those of the themes, which are in the palette of 256 colours
)

// ColorsOf returns how many colours a terminal has. convert returns the colour that it shows in place of
// another, nil for none.
func ColorsOf(convert func(color.Color) color.Color) Colors {
	wanted := palettes[DarkBackground].a
	shown := convert(wanted)
	if shown == nil {
		return NoColors
	}
	r, g, b, _ := wanted.RGBA()
	r2, g2, b2, _ := shown.RGBA()
	if r == r2 && g == g2 && b == b2 {
		return AllColors
	}
	return SixteenColors
}

// isReadableOn reports whether each text colour that is drawn on the background of the terminal is readable on a colour.
func (p palette) isReadableOn(background color.Color) bool {
	for _, text := range []color.Color{p.faint, p.a, p.b, p.good, p.alert} {
		if contrast(text, background) < readable {
			return false
		}
	}
	return true
}

// ParseColorFGBG returns the background that a value of the variable COLORFGBG means. Terminals write
// the number of the text colour and, last, that of the background: "15;0" or "0;default;15".
func ParseColorFGBG(value string) Background {
	at := strings.LastIndexByte(value, ';')
	n, err := strconv.Atoi(value[at+1:])
	const white, darkGrey, lastColor = 7, 8, 15
	switch {
	case at < 0 || err != nil || n < 0 || n > lastColor:
		return UnknownBackground
	case n < white || n == darkGrey:
		return DarkBackground
	}
	return LightBackground
}

// contrast returns the contrast ratio of two colours, 1 to 21, as WCAG 2.1 defines it.
func contrast(a, b color.Color) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

// luminance returns the relative luminance of a colour, 0 to 1, as WCAG 2.1 defines it.
func luminance(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	linear := func(v uint32) float64 {
		s := float64(v) / 0xffff
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}
