package widget

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
)

// NameList is a long list of names that arrives in pages. It is sorted and filtered, and
// the cursor stays on its name.
type NameList struct {
	All        []string // in natural order: 1.9 before 1.10
	IsExtra    func(name string) bool
	Extra      []string // names for which IsExtra is true, in natural order; hidden by default
	ExtraShown bool     // the names in Extra are shown
	// longestExtra is the cells of the longest name in Extra.
	longestExtra int
	widths       []int       // how many names that are not in Extra have a width in cells
	previous     [2][]string // All and Extra before the list was requested again
	// Arranged is the list in an order other than the natural one, nil for the natural
	// order. Unsorted holds the names that arrived after it was sorted.
	Arranged, Unsorted []string
	// RankDigest finds names by the first digits of their digests, for a filter of hex
	// digits. A lower rank is a better match. nil for names without digests.
	RankDigest   func(name string, p model.DigestPrefix) (rank int, ok bool)
	namesMatch   bool // the filter matches names, and not only digests
	orderPending bool // an order was requested and is not ready yet

	Shown      []string // the names that the filter matches
	total      int      // number of names before the filter
	Window     Window
	Filter     Filter
	WantedName string      // the name to put the cursor on when it arrives
	wantedLine int         // the visible line for that name, counted from 1; 0 for any
	toBest     bool        // the cursor follows the best match of the filter until it is moved
	origin     string      // the name under the cursor when the filter was opened
	Load       page.LoadID // the latest load; answers of earlier ones are dropped
	cancel     context.CancelFunc
	Loading    bool
	Err        error
}

// add merges a page of names.
func (n NameList) add(page []string) NameList {
	var main, extra []string
	for _, name := range page {
		if n.IsExtra != nil && n.IsExtra(name) {
			extra = append(extra, name)
		} else {
			main = append(main, name)
		}
	}
	slices.SortFunc(main, model.CompareNatural)
	slices.SortFunc(extra, model.CompareNatural)
	n.All, n.Extra = mergeSorted(n.All, main), mergeSorted(n.Extra, extra)
	n.widths = addWidths(n.widths, main)
	n.longestExtra = max(n.longestExtra, len(addWidths(nil, extra))-1)
	if n.Arranged != nil || n.orderPending {
		n.Unsorted = append(slices.Clip(n.Unsorted), main...)
		if n.ExtraShown {
			n.Unsorted = append(n.Unsorted, extra...)
		}
	}
	return n.Refilter()
}

// Longest returns the cells of the longest name that is not in Extra.
func (n NameList) Longest() int { return max(len(n.widths)-1, 0) }

// LongestShown is Longest, with the names in Extra while these are shown.
func (n NameList) LongestShown() int {
	if !n.ExtraShown {
		return n.Longest()
	}
	return max(n.Longest(), n.longestExtra)
}

// WidthWithin returns the cells that the names need of a column, at most so many. A few names that are
// longer count as none, since they are cut in any case.
func (n NameList) WidthWithin(cells int) int {
	const few = 4 // one name in so many
	longer, all := 0, 0
	for w, names := range n.widths {
		all += names
		if w > cells {
			longer += names
		}
	}
	if longer*few > all {
		return cells
	}
	for w := min(cells, n.Longest()); w > 0; w-- {
		if n.widths[w] > 0 {
			return w
		}
	}
	return 0
}

// addWidths counts the widths of names.
func addWidths(known []int, names []string) []int {
	known = slices.Clone(known)
	for _, name := range names {
		w := look.Width(safe.Clean(name))
		for len(known) <= w {
			known = append(known, 0)
		}
		known[w]++
	}
	return known
}

// unfiltered returns the names to show, before the filter.
func (n NameList) unfiltered() []string {
	switch {
	case n.Arranged != nil && len(n.Unsorted) == 0:
		return n.Arranged
	case n.Arranged != nil:
		return slices.Concat(n.Arranged, n.Unsorted)
	case n.ExtraShown:
		return mergeSorted(n.All, n.Extra)
	}
	return n.All
}

// AwaitOrder records that an order was requested. Names that arrive from now on are not
// in it.
func (n NameList) AwaitOrder() NameList {
	if n.Arranged == nil {
		n.Unsorted, n.orderPending = nil, true
	}
	return n
}

// Arrange shows names in another order, nil for the natural one. late is the length of
// Unsorted when the order was requested: these names are in it.
func (n NameList) Arrange(order []string, late int) NameList {
	n.Arranged, n.Unsorted, n.orderPending = order, n.Unsorted[min(late, len(n.Unsorted)):], false
	return n.Refilter()
}

// ShowExtra shows or hides the names in Extra.
func (n NameList) ShowExtra(whole bool) NameList {
	n.ExtraShown = whole
	return n.Refilter()
}

func mergeSorted(a, b []string) []string {
	switch {
	case len(b) == 0:
		return a
	case len(a) == 0:
		return b
	}
	out := make([]string, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if model.CompareNatural(b[0], a[0]) < 0 {
			out, b = append(out, b[0]), b[1:]
		} else {
			out, a = append(out, a[0]), a[1:]
		}
	}
	return append(append(out, a...), b...)
}

// Refilter applies the filter, again when digests became known, and keeps the cursor on
// its name.
func (n NameList) Refilter() NameList {
	under, had := n.Current()
	return n.refilter(under, had && n.Window.Cursor > 0) // a cursor on the first line stays there, so that the first names are visible
}

// refilter is Refilter. With keeps the cursor goes to the name under.
func (n NameList) refilter(under string, keeps bool) NameList {
	n.Shown = n.unfiltered()
	n.total = len(n.Shown)
	if n.Filter.Active {
		n = n.pass()
	}
	at := n.Window.Cursor
	if i := slices.Index(n.Shown, under); keeps && i >= 0 {
		at = i
	}
	if n.toBest && n.Filter.Active {
		at = n.Filter.Best(n.Shown)
	}
	n.Window = n.Window.Sized(len(n.Shown), n.Window.height)
	if i := slices.Index(n.Shown, n.WantedName); n.WantedName != "" && i >= 0 {
		at, n.WantedName = i, ""
		if n.wantedLine > 0 {
			n.Window.top = max(at-n.wantedLine+1, 0)
		}
		n.wantedLine = 0
	}
	n.Window = n.Window.moveTo(at)
	return n
}

// filterChanged applies a filter that was edited. The cursor goes to its best match. When the filter
// ends, the cursor stays on its name; without one it returns to where it was before the filter.
func (n NameList) filterChanged(before Filter) NameList {
	under, had := n.Current()
	switch {
	case n.Filter.SameText(before):
		return n.refilter(under, had) // enter
	case n.Filter.Active:
		n.toBest = true
		return n.refilter(under, had)
	}
	if !had || n.Filter.Open {
		under = n.origin
	}
	n.toBest = false
	return n.refilter(under, true)
}

// pass restricts the list to the names that the filter matches. Hex digits also match
// digests: a name that begins with them comes first, then names that contain them, then
// digests. The names in Extra come last, since many contain the digest of another image.
func (n NameList) pass() NameList {
	all := n.Shown
	n.Shown = n.Filter.Passing(all)
	n.namesMatch = len(n.Shown) > 0
	prefix, ok := n.Filter.DigestPrefix()
	if !ok || n.RankDigest == nil {
		return n
	}
	const begins, contains, digest = 0, 1, 2
	ranks := map[string]int{}
	for _, name := range n.Shown {
		switch {
		case n.IsExtra != nil && n.IsExtra(name):
			ranks[name] = math.MaxInt
		case strings.HasPrefix(strings.ToLower(name), string(prefix)):
			ranks[name] = begins
		default:
			ranks[name] = contains
		}
	}
	for _, name := range all {
		if _, byName := ranks[name]; byName {
			continue
		}
		if rank, ok := n.RankDigest(name, prefix); ok {
			ranks[name] = digest + rank
			n.Shown = append(n.Shown, name)
		}
	}
	slices.SortStableFunc(n.Shown, func(a, b string) int { return cmp.Compare(ranks[a], ranks[b]) })
	return n
}

// SearchesDigests reports whether the filter looks for a digest. Decimal digits that match
// names are more likely a part of these, such as a date.
func (n NameList) SearchesDigests() bool {
	prefix, ok := n.Filter.DigestPrefix()
	return ok && n.RankDigest != nil && (!n.namesMatch || strings.Trim(string(prefix), "0123456789") != "")
}

// Current returns the name under the cursor.
func (n NameList) Current() (string, bool) {
	if n.Window.Cursor >= len(n.Shown) {
		return "", false
	}
	return n.Shown[n.Window.Cursor], true
}

// NoneMatches reports whether the filter hides all names.
func (n NameList) NoneMatches() bool { return n.Filter.Active && len(n.All) > 0 && len(n.Shown) == 0 }

// Update handles the filter, the mouse and cursor movement.
func (n NameList) Update(msg tea.Msg) (NameList, bool) {
	if w, handled := n.Window.Mouse(msg); handled {
		n.Window, n.WantedName, n.wantedLine, n.toBest = w, "", 0, false
		return n, true
	}
	before := n.Filter
	f, changed, handled := n.Filter.Update(msg)
	n.Filter = f
	if !before.Open && f.Open && !before.Active {
		n.origin, _ = n.Current()
	}
	if changed {
		n = n.filterChanged(before)
	}
	if handled {
		return n, true
	}
	if press, ok := msg.(tea.KeyPressMsg); ok {
		n.WantedName, n.wantedLine = "", 0 // a key press cancels the wait for the name
		w, moved := n.Window.Move(press)
		n.Window, n.toBest = w, n.toBest && !moved
		return n, moved
	}
	return n, false
}

// ToClosest puts the cursor on the name that begins most like the one it waits for, the first of equals. Without such a name
// the cursor stays. It waits no longer.
func (n NameList) ToClosest() NameList {
	best, most := n.Window.Cursor, 0
	for i, name := range n.Shown {
		same := 0
		for same < min(len(name), len(n.WantedName)) && name[same] == n.WantedName[same] {
			same++
		}
		if same > most {
			best, most = i, same
		}
	}
	n.Window, n.WantedName, n.wantedLine = n.Window.moveTo(best), "", 0
	return n
}

// Lacks reports whether a key acts on a name and none is shown.
func (n NameList) Lacks(press tea.KeyPressMsg) bool {
	switch {
	case len(n.Shown) > 0:
		return false
	case n.Filter.Open:
		return isFilterMove(press)
	}
	return !key.Matches(press, page.Keys.Back, page.Keys.Reload, page.Keys.Filter)
}

// Resize fits the list into height lines, including filter and error.
func (n NameList) Resize(f page.Frame, height int) NameList {
	if n.Filter.Open || n.Filter.Active {
		height--
	}
	n.Window = n.Window.Sized(len(n.Shown), height-len(n.errorLines(f)))
	return n
}

// errorLines returns why the list is incomplete. They are above the rows, where a long
// list cannot hide them.
func (n NameList) errorLines(f page.Frame) []look.Line {
	if n.Err == nil {
		return nil
	}
	lines := page.RetryLines(n.Err, f)
	if len(n.All) > 0 {
		lines = append(lines, look.Line{})
	}
	return lines
}

// View draws the error, the filter and the rows, or a text if there are no rows: what is
// listed while that loads, and empty if the list has no names.
func (n NameList) View(f page.Frame, what, empty safe.Text, line func(name string, at int) look.Line) []look.Line {
	lines := n.errorLines(f)
	if l, ok := n.Filter.Line(f.Width, len(n.Shown), n.total); ok {
		lines = append(lines, look.L(look.Gap(1)).With(l.Spans...))
	}
	lines = append(lines, n.Window.draw(f.Glyphs, func(i int) look.Line { return line(n.Shown[i], i) })...)
	switch {
	case n.Err != nil:
	case n.Loading && len(n.All) == 0:
		lines = append(lines, look.L(look.Gap(2), look.S(look.Faint, safe.Sprintf("reading %s%s", what, f.Glyphs.Ellipsis))))
	case len(n.All) == 0:
		lines = append(lines, look.L(look.Gap(2), look.S(look.Faint, empty)))
	case len(n.Shown) == 0:
		lines = append(lines, look.L(look.Gap(2), look.S(look.Faint, safe.Const("nothing matches: esc clears the filter"))))
	}
	return lines
}

// Status returns the position of the cursor and the number of names.
func (n NameList) Status() safe.Text {
	if len(n.Shown) == 0 {
		return safe.Text{}
	}
	more := safe.Text{}
	if n.Loading {
		more = safe.Const("+")
	}
	return safe.Sprintf("%d/%d%s ", n.Window.Cursor+1, len(n.Shown), more)
}
