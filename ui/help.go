package ui

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// helpBox is the full help of a page, generated from its keys.
type helpBox struct {
	groups []page.KeyGroup
	window widget.Window
}

func newHelp(p page.Page) *helpBox {
	return &helpBox{groups: []page.KeyGroup{p.Help(), page.MoveKeys, page.GlobalKeys}}
}

func (a App) pressHelp(msg tea.KeyPressMsg) (App, tea.Cmd) {
	f, h := a.frame(), *a.help
	// The lines of the window are scroll positions: the help has no cursor.
	if w, ok := h.window.Sized(len(h.lines(f))-f.Height+1, 1).MoveByPages(msg, f.Height); ok {
		h.window = w
		a.help = &h
		return a, nil
	}
	if key.Matches(msg, page.Keys.Back, page.Keys.Help, page.Keys.Quit, page.Keys.Open) {
		a.help = nil
	}
	return a, nil
}

// view returns the visible lines and their range for the status.
func (h helpBox) view(f page.Frame) ([]look.Line, safe.Text) {
	lines := h.lines(f)
	from := max(min(h.window.Cursor, len(lines)-f.Height), 0)
	to := min(from+f.Height, len(lines))
	return lines[from:to], safe.Sprintf("%d-%d of %d ", from+1, to, len(lines))
}

// lines arranges the groups in two columns if the terminal is wide enough.
func (h helpBox) lines(f page.Frame) []look.Line {
	width, columns := f.Width, f.Width >= 90
	if columns {
		width /= 2
	}
	var blocks [][]look.Line
	for _, g := range h.groups {
		blocks = append(blocks, groupLines(g, f.Glyphs, width))
	}
	blocks = append(blocks, markLines(f.Glyphs, width))
	if !columns {
		return stackBlocks(blocks)
	}
	half := (len(blocks) + 1) / 2
	return joinColumns(stackBlocks(blocks[:half]), stackBlocks(blocks[half:]), width)
}

// helpIndent is the column of the descriptions.
const helpIndent = 15

// helpLines returns a key or mark with its description, wrapped to width.
func helpLines(name, means safe.Text, width int) []look.Line {
	lead := look.L(look.Gap(3), look.S(look.Key, name), look.Gap(max(helpIndent-3-look.Width(name), 1)))
	return look.Hanging(lead, max(width-helpIndent-1, 8), look.P(means))
}

func groupLines(g page.KeyGroup, glyphs look.Glyphs, width int) []look.Line {
	lines := []look.Line{look.L(look.Gap(1), look.S(look.Heading, safe.Clean(g.Name)))}
	for _, b := range g.Keys {
		lines = append(lines, helpLines(glyphs.KeyName(b.Help().Key), safe.Clean(b.Help().Desc), width)...)
	}
	return lines
}

// markLines returns the legend of the marks.
func markLines(g look.Glyphs, width int) []look.Line {
	rows := []struct {
		mark, means safe.Text
	}{
		{g.Mark(diff.Same), safe.Const("same: the same blob")},
		{g.Mark(diff.RepackedRow), safe.Const("repacked: same content, packed again; of tags: the same image ID, another digest")},
		{g.Mark(diff.BothEmpty), safe.Const("both empty: neither layer has a file")},
		{g.Mark(diff.Substituted), safe.Const("substituted: rebuilt, emptied, filled or replaced")},
		{g.Mark(diff.Added), safe.Const("added in B")},
		{g.Mark(diff.Removed), safe.Const("removed in B")},
		{g.Mark(diff.Moved), safe.Const("moved: same content in a different step")},
		{g.Twice, safe.Const("duplicated: this side has the same content twice")},
		{g.Empty, safe.Const("next to a layer: it has no files")},
		{g.Hatch, safe.Const("not on this side")},
		{safe.Concat(g.Evidence, safe.Const(" "), g.EvidenceHere), safe.Const("before a row: evidence of the finding you opened")},
		{g.MovedTag, safe.Const("before a tag: it moved since its last record in the journal")},
		{safe.Const("!"), safe.Const("before a tag: it has a finding")},
	}
	lines := []look.Line{look.L(look.Gap(1), look.S(look.Heading, safe.Const("Marks")))}
	for _, r := range rows {
		lines = append(lines, helpLines(r.mark, r.means, width)...)
	}
	return lines
}

func stackBlocks(blocks [][]look.Line) []look.Line {
	var out []look.Line
	for i, b := range blocks {
		if i > 0 {
			out = append(out, look.Line{})
		}
		out = append(out, b...)
	}
	return out
}

func joinColumns(left, right []look.Line, width int) []look.Line {
	out := make([]look.Line, max(len(left), len(right)))
	for i := range out {
		l := look.Line{}
		if i < len(left) {
			l = left[i]
		}
		if i < len(right) {
			l = l.To(width, safe.Text{}).With(right[i].Spans...)
		}
		out[i] = l
	}
	return out
}
