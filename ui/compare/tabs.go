package compare

import (
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
)

var tabNames = [tabCount]safe.Text{
	safe.Const("Summary"), safe.Const("Platforms"), safe.Const("Layers"), safe.Const("Files"), safe.Const("Packages"),
	safe.Const("Config"), safe.Const("History"), safe.Const("Manifest"), safe.Const("Schema1"),
}

var shortTabNames = [tabCount]safe.Text{
	safe.Const("Sum"), safe.Const("Plat"), safe.Const("Lay"), safe.Const("Files"), safe.Const("Pkgs"),
	safe.Const("Conf"), safe.Const("Hist"), safe.Const("Man"), safe.Const("Sch"),
}

// tabNumbers are the keys of the tabs. 9 is for what is attached to an image.
var tabNumbers = [tabCount]string{"1", "2", "3", "4", "5", "6", "7", "8", "0"}

// TabNames returns the names of the tabs for a command line, in the order of their keys.
func TabNames() []string {
	names := make([]string, tabCount)
	for i, name := range tabNames {
		names[i] = strings.ToLower(name.String())
	}
	return names
}

// AtTab returns a page that New returned on the tab with a name. It returns other pages, and with another
// name, as they are.
func AtTab(p page.Page, name string) page.Page {
	if c, ok := p.(comparePage); ok {
		c.tab = tabID(max(slices.Index(TabNames(), name), 0))
		return c
	}
	return p
}

// Args returns the references, the tab, the platform if it is not the one that opens by itself, and on a tab about what is
// inside the layers the flag that reads them, if they were read.
func (p comparePage) Args() []string {
	args := []string{p.a.ref.String()}
	if !p.alone {
		b := p.b.ref.String()
		if p.a.ref.Repo() == p.b.ref.Repo() {
			b = p.b.ref.Short()
		}
		args = append(args, b)
	}
	if pair := p.pair(); p.pickedByUser && pair != nil && pair.Platform != "" {
		args = append(args, "--platform", pair.Platform)
	}
	if pair := p.pair(); pair != nil && len(p.layersRead[pair.Manifests()]) > 0 {
		switch p.tab {
		case tabFiles:
			args = append(args, "--inside")
		case tabPackages:
			args = append(args, "--packages")
		}
	}
	if p.tab != tabSummary {
		args = append(args, "--tab", TabNames()[p.tab])
	}
	return args
}

// isDocument reports whether a tab is text: its key searches. In the other tabs, which are lists, it
// filters.
func (t tabID) isDocument() bool {
	return slices.Contains([]tabID{tabSummary, tabConfig, tabHistory, tabManifest, tabSchema1}, t)
}

// scrolls reports whether the lines of a tab scroll sideways.
func (t tabID) scrolls() bool { return t >= tabConfig && t <= tabManifest }

// tabOf returns the tab of a number key.
func tabOf(number string) tabID { return tabID(max(slices.Index(tabNumbers[:], number), 0)) }

// tabLine returns the tab bar, each tab with a mark, in the longest form that fits. The width of a tab
// depends on the width of the screen alone: it stays when a mark arrives or another tab comes in view.
func (p comparePage) tabLine(f page.Frame) look.Line {
	marks := p.tabMarks(f.Glyphs)
	for _, form := range []tabForm{
		{tabNames, 4, 1}, {tabNames, 3, 0}, {tabNames, 2, 0}, {shortTabNames, 3, 0}, {shortTabNames, 2, 0}, {shortTabNames, 1, 0},
	} {
		if l := p.tabs(form, marks); l.Width() <= f.Width {
			return l
		}
	}
	for t := range marks {
		marks[t].n = 0 // 2≠1 would read as numbers
	}
	return p.tabs(tabForm{markRoom: 2}, marks).With(look.Gap(1), look.S(look.Strong, tabNames[p.tab]))
}

// tabForm is a form of the tab bar: the names, the cells for each mark, and blanks beside each tab.
type tabForm struct {
	names           [tabCount]safe.Text
	markRoom, blank int
}

// tabs returns the tab bar in a form. The tab in view has brackets. A click on a tab presses its number.
func (p comparePage) tabs(form tabForm, marks [tabCount]tabMark) look.Line {
	l := look.L()
	for t := range tabCount {
		role, before, text := look.Plain, safe.Const(" "), safe.Clean(tabNumbers[t])
		switch {
		case t == p.tab:
			role, before = look.Active, safe.Const("[")
		case t > 0 && t-1 == p.tab:
			before = safe.Const("]")
		}
		if name := form.names[t]; !name.IsEmpty() {
			text = safe.Sprintf("%s %s", text, name)
		}
		if t != tabSummary { // which has no mark
			room := form.markRoom
			if t == tabSchema1 && form.names[t] == tabNames[t] {
				room++ // a blank: 1≠2 would read as numbers
			}
			text = safe.Concat(text, marks[t].fit(room))
		}
		blank := safe.Const(" ").Repeat(form.blank)
		l = l.With(look.P(before)).With(look.Pressing(tabNumbers[t], look.S(role, safe.Concat(blank, text, blank)))...)
	}
	if p.tab == tabCount-1 {
		return l.With(look.P(safe.Const("]")))
	}
	return l.With(look.Gap(1))
}

// tabMark is the mark of a tab and the number of rows that it counts, 0 for none.
type tabMark struct {
	sign safe.Text
	n    int
}

// fit returns the mark in a number of cells: after a blank if there is room for one, and without the number
// if that does not fit.
func (m tabMark) fit(room int) safe.Text {
	text := m.sign
	if m.n > 0 {
		text = safe.Sprintf("%s%d", m.sign, m.n)
	}
	if look.Width(text) > room {
		text = m.sign
	}
	if !text.IsEmpty() && look.Width(text) < room {
		text = safe.Concat(safe.Const(" "), text)
	}
	return safe.Concat(text, safe.Const(" ").Repeat(max(room-look.Width(text), 0)))
}

// tally is the summary of a tab: equal, or a number of rows of a class.
type tally struct {
	class diff.Class
	n     int
	known bool
}

// tabMarks returns the tallies as marks.
func (p comparePage) tabMarks(g look.Glyphs) [tabCount]tabMark {
	var marks [tabCount]tabMark
	for t, s := range p.tallies {
		switch {
		case !s.known:
		case s.n == 0:
			marks[t].sign = g.Mark(diff.Same)
		default:
			marks[t] = tabMark{g.Mark(s.class), s.n}
		}
	}
	return marks
}

// tallyTabs computes the tallies of the pair in view. It runs when data arrives, not for
// each key, because the schema1 IDs are hashes of whole configs.
func (p comparePage) tallyTabs() [tabCount]tally {
	var sums [tabCount]tally
	pair := p.pair()
	if pair == nil || p.cmp.B == nil {
		return sums
	}
	if p.cmp.Verdict.Code != diff.Pending {
		sums[tabPlatforms] = tallyPlatforms(p.cmp.Pairs)
	}
	if a, b := pair.A, pair.B; a == nil || b == nil || a.Image == nil || b.Image == nil {
		return sums
	}
	sums[tabLayers] = tallyLayers(pair.Rows)
	sums[tabFiles] = tallyFiles(*pair)
	sums[tabPackages] = tallyPackages(*pair)
	sums[tabHistory] = tally{diff.Substituted, count(pair.Rows, textDiffers), true}
	if p.docsReady() {
		sums[tabConfig] = tally{diff.Substituted, p.docs.config.differences(), true}
		sums[tabManifest] = tally{diff.Substituted, p.docs.manifest.differences(), true}
	}
	if n, ok := schema1Differences(*pair); ok {
		sums[tabSchema1] = tally{diff.Substituted, n, true}
	}
	return sums
}

// tallyPlatforms counts the platforms that countDiffering counts. If
// there are none it counts those that were repacked or reprinted.
func tallyPlatforms(pairs []diff.Pair) tally {
	if n := countDiffering(pairs); n > 0 {
		return tally{diff.Substituted, n, true}
	}
	changed := func(p diff.Pair) bool { return p.Verdict.Code == diff.Repacked || p.Verdict.Code == diff.Reprinted }
	return tally{diff.RepackedRow, count(pairs, changed), true}
}

// tallyLayers returns the most severe class of the rows and the number of rows that have
// it.
func tallyLayers(rows []diff.Row) tally {
	for _, c := range []diff.Class{diff.Substituted, diff.Moved, diff.Added, diff.Removed, diff.RepackedRow, diff.BothEmpty} {
		if n := count(rows, func(r diff.Row) bool { return r.Class == c && r.Differs() && hasLayer(r) }); n > 0 {
			return tally{c, n, true}
		}
	}
	return tally{known: true}
}

func hasLayer(r diff.Row) bool {
	return r.A != nil && r.A.HasLayer || r.B != nil && r.B.HasLayer
}

// textDiffers reports whether the instructions of a row differ.
func textDiffers(r diff.Row) bool { return !(r.A != nil && r.B != nil && r.SameText) }

// count counts the items for which is returns true.
func count[T any](items []T, is func(T) bool) int {
	n := 0
	for _, x := range items {
		if is(x) {
			n++
		}
	}
	return n
}

// countDiffering counts the platforms that are not the same image on both sides, or stand
// under another label.
func countDiffering(pairs []diff.Pair) int {
	return count(pairs, func(p diff.Pair) bool {
		_, relabelled := p.OtherLabel()
		return relabelled || p.A == nil || p.B == nil || verdictRole(p.Verdict.Code) != look.Good
	})
}
