package compare

import (
	"slices"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
)

var tabNames = [tabCount]safe.Text{
	safe.Const("Summary"), safe.Const("Platforms"), safe.Const("Layers"), safe.Const("Files"),
	safe.Const("Config"), safe.Const("History"), safe.Const("Manifest"), safe.Const("Schema1"),
}

var shortTabNames = [tabCount]safe.Text{
	safe.Const("Sum"), safe.Const("Plat"), safe.Const("Lay"), safe.Const("Files"),
	safe.Const("Conf"), safe.Const("Hist"), safe.Const("Man"), safe.Const("Sch1"),
}

// tabNumbers are the keys of the tabs. 5 is for packages and 9 for what is attached to an image.
var tabNumbers = [tabCount]string{"1", "2", "3", "4", "6", "7", "8", "0"}

// tabOf returns the tab of a number key.
func tabOf(number string) tabID { return tabID(max(slices.Index(tabNumbers[:], number), 0)) }

// tabLine returns the tab bar, each tab with a mark, in the longest form that fits.
func (p comparePage) tabLine(f page.Frame) look.Line {
	marks := p.tabMarks(f.Glyphs)
	full, short, none := tabNames, shortTabNames, [tabCount]safe.Text{}
	short[p.tab], none[p.tab] = full[p.tab], full[p.tab]
	for _, try := range []struct {
		names [tabCount]safe.Text
		roomy bool
	}{{full, true}, {full, false}, {short, true}, {short, false}} {
		if l := p.tabs(try.names, marks, try.roomy); l.Width() <= f.Width {
			return l
		}
	}
	return p.tabs(none, marks, false)
}

// tabs returns the tab bar with these names. roomy adds blanks between the tabs.
func (p comparePage) tabs(names, marks [tabCount]safe.Text, roomy bool) look.Line {
	l := look.L()
	for t := range tabCount {
		role, text := look.Plain, safe.Clean(tabNumbers[t])
		if t == p.tab {
			role = look.Active
		}
		if !names[t].IsEmpty() {
			text = safe.Sprintf("%s %s", text, names[t])
		}
		switch {
		case roomy && !marks[t].IsEmpty():
			text = safe.Sprintf(" %s %s ", text, marks[t])
		case roomy:
			text = safe.Sprintf(" %s ", text)
		default:
			text = safe.Sprintf("%s%s", text, marks[t])
		}
		l = l.With(look.Gap(1), look.S(role, text))
	}
	return l
}

// tally is the summary of a tab: equal, or a number of rows of a class.
type tally struct {
	class diff.Class
	n     int
	known bool
}

// tabMarks returns the tallies as marks.
func (p comparePage) tabMarks(g look.Glyphs) [tabCount]safe.Text {
	var marks [tabCount]safe.Text
	for t, s := range p.tallies {
		switch {
		case !s.known:
		case s.n == 0:
			marks[t] = g.Mark(diff.Same)
		default:
			marks[t] = safe.Sprintf("%s%d", g.Mark(s.class), s.n)
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
