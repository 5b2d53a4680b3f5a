package look

import (
	"cmp"
	"strings"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model/safe"
)

// Glyphs are the characters that the program draws. Marks carry the meaning; color only
// repeats it.
type Glyphs struct {
	Ellipsis, Cursor, Dot, Hatch, Note, Arrow, Empty, Twice, Nothing safe.Text
	GutterSame, GutterDiff, OnlyA, OnlyB                             safe.Text
	TopLeft, TopRight, BottomLeft, BottomRight, Horizontal, Vertical safe.Text
	Evidence, EvidenceHere                                           safe.Text // before a row; EvidenceHere if the cursor is on it
	Below                                                            safe.Text // between the parts of a path
	MovedTag, Finding                                                safe.Text // before a tag that has moved, or has a finding
	marks                                                            map[diff.Class]safe.Text
	ascii                                                            bool
}

// Unicode returns glyphs that are one cell wide in every terminal font, without emoji.
func Unicode() Glyphs { return newGlyphs(false) }

// ASCII returns glyphs for terminals without UTF-8.
func ASCII() Glyphs { return newGlyphs(true) }

func newGlyphs(ascii bool) Glyphs {
	c := func(unicode, plain string) safe.Text {
		if ascii {
			return safe.Clean(plain)
		}
		return safe.Clean(unicode)
	}
	return Glyphs{
		Ellipsis: c("…", "~"), Cursor: c("›", "}"), Dot: c("·", "-"), Hatch: c("╱", "/"),
		GutterSame: c("│", "|"), GutterDiff: c("≠", "!"), OnlyA: c("◂", "<"), OnlyB: c("▸", ">"),
		Note: c("└", "`"), Arrow: c("→", "->"), Empty: c("∅", "_"), Twice: c("×2", "x2"), Nothing: c("·", "."),
		TopLeft: c("╭", "+"), TopRight: c("╮", "+"), BottomLeft: c("╰", "+"), BottomRight: c("╯", "+"),
		Horizontal: c("─", "-"), Vertical: c("│", "|"),
		Evidence: c("*", "*"), EvidenceHere: c("»", "#"), MovedTag: c("↷", "%"), Below: c("›", ">"), Finding: c("*", "*"),
		marks: map[diff.Class]safe.Text{
			diff.Same: c("=", "="), diff.RepackedRow: c("≈", "~"), diff.BothEmpty: c("∅", "_"), diff.Substituted: c("≠", "!"),
			diff.Added: c("+", "+"), diff.Removed: c("-", "-"), diff.Moved: c("↕", "^"),
		},
		ascii: ascii,
	}
}

// KeyName returns the name of a key for the help. In ASCII the arrows are words.
func (g Glyphs) KeyName(name string) safe.Text {
	if g.ascii {
		name = strings.NewReplacer("↑", "up", "↓", "down", "←", "left", "→", "right").Replace(name)
	}
	return safe.Clean(name)
}

// Mark returns the one-cell sign of a class, a blank if it has none.
func (g Glyphs) Mark(c diff.Class) safe.Text {
	return cmp.Or(g.marks[c], safe.Const(" "))
}

// asciiReplacer replaces the characters of the program's sentences that are not ASCII.
var asciiReplacer = strings.NewReplacer("…", "...", "×", "x", "→", "->", "≠", "!=", "≥", ">=", "≈", "~", "∅", "_", "·", "-", "−", "-")

// Sentence returns a sentence of the program in the characters of this terminal.
// Untrusted text in it is not changed.
func (g Glyphs) Sentence(t safe.Text) safe.Text {
	if !g.ascii {
		return t
	}
	return safe.Clean(asciiReplacer.Replace(t.String()))
}
