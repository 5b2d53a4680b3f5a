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
		{0x2800, 0x2800, 1}, // braille
		{0xfffc, 0xfffc, 1}, // object replacement character
	},
	R32: []unicode.Range32{
		{0x16fe4, 0x16fe4, 1}, // Khitan filler
		{0x1d159, 0x1d159, 1}, // musical null notehead
	},
}

// ambiguousWidth are characters whose width terminals disagree on, alone or
// next to a character that some of them join it to (as also for spacing marks,
// category Mc). Such a character would shift the columns to its right under the
// wrong headings.
var ambiguousWidth = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x094d, 0x0d4d, 0x80}, // viramas of Devanagari to Malayalam
		{0x0d4e, 0x0d4e, 1},    // joins the next character
		{0x0e33, 0x0e33, 1},    // Thai and Lao am: a mark and a letter
		{0x0eb3, 0x0eb3, 1}, {0x1039, 0x1039, 1},
		{0x1100, 0x11ff, 1}, // parts of Hangul syllables
		{0x17d2, 0x17d2, 1}, {0x1a60, 0x1a60, 1}, {0x1bab, 0x1bab, 1},
		{0x2630, 0x2637, 1}, // wide since Unicode 16
		{0x268a, 0x268f, 1},
		{0x2e3a, 0x2e3b, 1}, // two-em and three-em dash
		{0x4dc0, 0x4dff, 1}, {0xa960, 0xa97f, 1}, {0xaaf6, 0xaaf6, 1}, {0xd7b0, 0xd7ff, 1},
		{0xff9e, 0xff9f, 1}, // halfwidth sound marks
	},
	R32: []unicode.Range32{
		{0x10a3f, 0x10a3f, 1}, {0x11133, 0x11133, 1}, {0x111c2, 0x111c3, 1}, {0x1193e, 0x1193f, 1},
		{0x11941, 0x11941, 1}, {0x11a47, 0x11a47, 1}, {0x11a84, 0x11a89, 1}, {0x11a99, 0x11a99, 1},
		{0x11d46, 0x11d46, 1}, {0x11f02, 0x11f02, 1}, {0x11f42, 0x11f42, 1}, {0x1d300, 0x1d376, 1},
		{0x1f1e6, 0x1f1ff, 1}, // regional indicators (halves of flags)
		{0x1f3fb, 0x1f3ff, 1}, // skin tones
	},
}
