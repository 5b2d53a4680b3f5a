package ui

import (
	"slices"

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
	search widget.Search
	origin int // the line from which the search started
}

// newHelp returns the help of the top page.
func (a App) newHelp() *helpBox {
	groups := []page.KeyGroup{a.top().Help(), page.MoveKeys, page.GlobalKeys}
	if _, readable := a.top().(page.Readable); !readable {
		isPager := func(k key.Binding) bool { return slices.Equal(k.Keys(), page.Keys.Pager.Keys()) }
		groups[2].Keys = slices.DeleteFunc(slices.Clone(groups[2].Keys), isPager)
	}
	for i, g := range groups {
		groups[i].Keys = a.options.Keys.Labelled(g.Keys)
	}
	return &helpBox{groups: groups}
}

func (a App) pressHelp(msg tea.Msg) (App, tea.Cmd) {
	f, h := a.frame(), *a.help
	search, changed, handled := h.search.Update(msg)
	if search.Open && !h.search.Open {
		h.origin = h.window.Cursor
	}
	h.search = search
	press, isKey := msg.(tea.KeyPressMsg)
	switch {
	case changed && search.Open: // the end of the search keeps the place
		h.window.Cursor = h.origin
		h = h.toMatch(f, h.origin, 1)
	case handled || !isKey:
	case search.Active() && key.Matches(press, page.Keys.Next):
		h = h.toMatch(f, h.window.Cursor+1, 1)
	case search.Active() && key.Matches(press, page.Keys.Prev):
		h = h.toMatch(f, h.window.Cursor-1, -1)
	case key.Matches(press, page.Keys.Back, page.Keys.Help, page.Keys.Quit, page.Keys.Open):
		a.help = nil
		return a, nil
	default:
		// The lines of the window are scroll positions: the help has no cursor.
		h.window, _ = h.window.Sized(len(h.lines(f))-f.Height+1, 1).MoveByPages(press, f.Height)
	}
	a.help = &h
	return a, nil
}

// toMatch scrolls to the first line with a match from a line on, in direction dir. Without one it stays.
func (h helpBox) toMatch(f page.Frame, line, dir int) helpBox {
	lines := h.lines(f)
	for ; line >= 0 && line < len(lines); line += dir {
		if len(h.search.Query.Find(lines[line].Text().String())) > 0 {
			h.window.Cursor = line
			break
		}
	}
	return h
}

// matches returns the number of lines that match the search.
func (h helpBox) matches(f page.Frame) (n int) {
	for _, l := range h.lines(f) {
		if len(h.search.Query.Find(l.Text().String())) > 0 {
			n++
		}
	}
	return n
}

func (h helpBox) hints(f page.Frame) []key.Binding {
	if h.search.Open || h.search.Active() {
		return h.search.Hints(h.matches(f))
	}
	return []key.Binding{page.Keys.Up, page.Keys.Down, page.Describe(page.Keys.Filter, "search"), page.Describe(page.Keys.Back, "close")}
}

// view returns the line of the search, the visible lines and their range for the status.
func (h helpBox) view(f page.Frame) ([]look.Line, safe.Text) {
	lines := h.lines(f)
	of := 0
	for i, l := range lines {
		if found := h.search.Query.Find(l.Text().String()); len(found) > 0 {
			lines[i] = l.Marked(look.Match, found)
			of++
		}
	}
	var head []look.Line
	if l, ok := h.search.Line(f.Width, 0, of); ok {
		head = append(head, l)
	}
	height := max(f.Height-len(head), 1)
	from := max(min(h.window.Cursor, len(lines)-height), 0)
	to := min(from+height, len(lines))
	return append(head, lines[from:to]...), safe.Sprintf("%d-%d of %d ", from+1, to, len(lines))
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

// meaning is a row of the legend.
type meaning struct{ mark, means safe.Text }

// marks returns the legend: the marks in the characters of a terminal, with what they mean.
func marks(g look.Glyphs) []meaning {
	return []meaning{
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
		{g.Finding, safe.Const("before a tag: it has a finding")},
		{g.MovedTag, safe.Const("before a tag: it moved since its last record in the journal")},
		{safe.Concat(g.Mark(diff.Same), safe.Const(" "), g.Mark(diff.RepackedRow)),
			safe.Const("before a tag in a group: the same image as the tag above, by digest or by image ID")},
	}
}

// markLines returns the lines of the legend.
func markLines(g look.Glyphs, width int) []look.Line {
	lines := []look.Line{look.L(look.Gap(1), look.S(look.Heading, safe.Const("Marks")))}
	for _, r := range marks(g) {
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
