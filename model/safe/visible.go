package safe

import "unicode"

// maxMarks is the number of combining marks that one character keeps. Two are
// enough for every living script; stacks of marks overwrite neighbouring lines.
const maxMarks = 2

// isMark reports whether a rune is drawn over the one before it and takes no
// cell.
func isMark(r rune) bool { return unicode.In(r, unicode.Mn, unicode.Me) }

// visible reports whether a rune is displayed as itself and nothing else:
// printable by Unicode category, not invisible, and of the same width in all
// terminals.
func visible(r rune) bool {
	return unicode.IsPrint(r) &&
		!unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector, invisible, unicode.Mc, ambiguousWidth)
}

// invisible are characters that are printable by category but draw nothing.
var invisible = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x2800, Hi: 0x2800, Stride: 1}, // braille
		{Lo: 0xfffc, Hi: 0xfffc, Stride: 1}, // object replacement character
	},
	R32: []unicode.Range32{
		{Lo: 0x16fe4, Hi: 0x16fe4, Stride: 1}, // Khitan filler
		{Lo: 0x1d159, Hi: 0x1d159, Stride: 1}, // musical null notehead
	},
}

// ambiguousWidth are characters whose width terminals disagree on, alone or
// next to a character that some of them join it to (as also for spacing marks,
// category Mc). Such a character would shift the columns to its right under the
// wrong headings.
var ambiguousWidth = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x094d, Hi: 0x0d4d, Stride: 0x80}, // viramas of Devanagari to Malayalam
		{Lo: 0x0d4e, Hi: 0x0d4e, Stride: 1},    // joins the next character
		{Lo: 0x0e33, Hi: 0x0e33, Stride: 1},    // Thai and Lao am: a mark and a letter
		{Lo: 0x0eb3, Hi: 0x0eb3, Stride: 1},
		{Lo: 0x1039, Hi: 0x1039, Stride: 1},
		{Lo: 0x1100, Hi: 0x11ff, Stride: 1}, // parts of Hangul syllables
		{Lo: 0x17d2, Hi: 0x17d2, Stride: 1},
		{Lo: 0x1a60, Hi: 0x1a60, Stride: 1},
		{Lo: 0x1bab, Hi: 0x1bab, Stride: 1},
		{Lo: 0x2630, Hi: 0x2637, Stride: 1}, // wide since Unicode 16
		{Lo: 0x268a, Hi: 0x268f, Stride: 1},
		{Lo: 0x2e3a, Hi: 0x2e3b, Stride: 1}, // two-em and three-em dash
		{Lo: 0x4dc0, Hi: 0x4dff, Stride: 1},
		{Lo: 0xa960, Hi: 0xa97f, Stride: 1},
		{Lo: 0xaaf6, Hi: 0xaaf6, Stride: 1},
		{Lo: 0xd7b0, Hi: 0xd7ff, Stride: 1},
		{Lo: 0xff9e, Hi: 0xff9f, Stride: 1}, // halfwidth sound marks
	},
	R32: []unicode.Range32{
		{Lo: 0x10a3f, Hi: 0x10a3f, Stride: 1},
		{Lo: 0x11133, Hi: 0x11133, Stride: 1},
		{Lo: 0x111c2, Hi: 0x111c3, Stride: 1},
		{Lo: 0x1193e, Hi: 0x1193f, Stride: 1},
		{Lo: 0x11941, Hi: 0x11941, Stride: 1},
		{Lo: 0x11a47, Hi: 0x11a47, Stride: 1},
		{Lo: 0x11a84, Hi: 0x11a89, Stride: 1},
		{Lo: 0x11a99, Hi: 0x11a99, Stride: 1},
		{Lo: 0x11d46, Hi: 0x11d46, Stride: 1},
		{Lo: 0x11f02, Hi: 0x11f02, Stride: 1},
		{Lo: 0x11f42, Hi: 0x11f42, Stride: 1},
		{Lo: 0x1d300, Hi: 0x1d376, Stride: 1},
		{Lo: 0x1f1e6, Hi: 0x1f1ff, Stride: 1}, // regional indicators (halves of flags)
		{Lo: 0x1f3fb, Hi: 0x1f3ff, Stride: 1}, // skin tones
	},
}
