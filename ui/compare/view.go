package compare

import (
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// view is the input of all rows of the tabs.
type view struct {
	page.Frame
	content
	pair       diff.Pair // zero until a side has arrived
	alone      bool
	wide       bool // sides are side by side, otherwise one above the other
	a, b       model.Ref
	errA, errB error           // why a side could not be read at all
	docsReady  bool            // docs are those of the pair
	isReading  bool            // the layers of the pair are being read
	filtered   bool            // rows that do not match are left out
	told       map[string]bool // the findings that a row above has in words; nil to repeat them
	roomyRows  bool            // rows of steps have as many lines as the instruction needs
	arriving   map[digest.Digest]arriving
	shelves    map[diff.RowLayers]*inside.Shelf
	crane      string
}

// content is what the page shows, and how.
type content struct {
	cmp                         diff.Comparison
	docs                        docs
	offset                      int    // cells scrolled to the right
	newestFirst                 bool   // order of the steps in Layers and History
	trail                       *trail // from a finding to its evidence
	showsConsequences           bool   // consequences are shown; on a roomy terminal: hidden
	showsNoise                  bool   // in Files, times and generated files are listed
	merged                      bool   // in Files, the files of all steps are put together
	fileOrder                   fileOrder
	packageOrder                packageOrder
	openPackage                 string // the ID of the row whose files are shown
	layersRead                  map[diff.ManifestPair]diff.ReadLayers
	layerErrors                 map[digest.Digest]error // why layers could not be read
	tableErrors                 map[digest.Digest]error // why their tables of contents could not be used
	mainFindings, otherFindings []diff.Group            // grouped by cause and ranked
}

// viewKey is what the sheets depend on, in comparable form.
type viewKey struct {
	valid, reveal, stacked, newestFirst, showsConsequences bool
	showsNoise, merged                                     bool
	fileOrder                                              fileOrder
	packageOrder                                           packageOrder
	openPackage                                            string
	width, height, offset                                  int
	pick                                                   pairID
	filter, trail                                          string
	docs                                                   docsKey
}

// in returns v for another frame.
func (v view) in(f page.Frame) view {
	v.Frame = f
	return v
}

func (p comparePage) viewIn(f page.Frame) view {
	v := view{
		Frame: f, content: p.content, alone: p.cmp.B == nil, wide: (f.Width >= look.WideWidth) != p.stacked,
		a: p.a.ref, b: p.b.ref, errA: p.a.err, errB: p.b.err, docsReady: p.docsReady(), shelves: p.shelves, crane: p.env.Crane,
		filtered: p.filters[p.tab].Active && !p.tab.isDocument(),
	}
	if pair := p.pair(); pair != nil {
		v.pair = *pair
		if p.reading.running && p.reading.pair == pair.Manifests() {
			v.isReading, v.arriving = true, p.reading.arriving
		}
	}
	return v
}

// Layout rebuilds the sheet of the tab if anything it depends on has changed, and
// requests the document differences of the pair in view.
func (p comparePage) Layout(f page.Frame) (page.Page, page.Effects) {
	p, read := p.startUnasked()
	p, probe := p.startPrograms()
	cmd := p.requestDocs(f)
	if cmd != nil {
		p.requestedDocs = p.currentDocsKey(f)
	}
	k := viewKey{
		width: f.Width, height: f.Height, reveal: f.Gate.Reveal, pick: p.picked,
		stacked: p.stacked, newestFirst: p.newestFirst, filter: p.filters[p.tab].Input.Value(), docs: p.docs.key, valid: true,
		trail: p.trail.key(), showsConsequences: p.showsConsequences, showsNoise: p.showsNoise, merged: p.merged,
		fileOrder: p.fileOrder, packageOrder: p.packageOrder, openPackage: p.openPackage,
	}
	if p.tab.scrolls() {
		k.offset = p.offset
	}
	height := f.Height - len(p.header(f))
	if !p.tab.isDocument() && (p.filters[p.tab].Open || p.filters[p.tab].Active) {
		height--
	}
	p.frame = f
	p, more := p.recheck()
	sheet := &p.sheets[p.tab]
	if k == p.sheetKeys[p.tab] {
		*sheet = sheet.Sized(height)
	} else {
		rows := p.viewIn(f).rows(p.tab)
		filtered := p.filterRows(rows)
		p.rowCounts[p.tab], p.filteredCounts[p.tab] = count(rows, isSelectable), count(filtered, isSelectable)
		*sheet = sheet.With(filtered, height)
		p.sheetKeys[p.tab] = k
	}
	sheet.Sheet = sheet.GoTo(p.targetRow)
	if p.toDifference {
		sheet.Sheet, p.toDifference = p.atDifference(sheet.Sheet)
	}
	if p.toBest {
		sheet.Sheet = sheet.GoToBest(p.filters[p.tab])
	}
	if p.toBest = false; !p.toDifference {
		p.targetRow = ""
	}
	return p, slices.Concat(cmd, more, read, probe)
}

// atDifference puts the cursor of Files on the first file that differs in the step of the target row, or in any without
// one: of a finding, on the file that it names. While the files arrive the target is kept.
func (p comparePage) atDifference(s widget.Sheet) (_ widget.Sheet, keep bool) {
	at, _ := s.Current()
	next, found := s.NextDifference(1)
	file, _ := next.Current()
	step := strings.TrimPrefix(p.targetRow, "step ") + " " // see fileStepID and entryID
	isThere := func(r widget.Row) bool {
		return at.ID != p.targetRow || strings.HasPrefix(strings.TrimPrefix(r.ID, packagePrefix), step)
	}
	if !found || !isThere(file) {
		return s, p.reading.running
	}
	if p.trail == nil {
		return next, false
	}
	named := strings.FieldsFunc(p.trail.finding.Text.String(), func(r rune) bool { return strings.ContainsRune(" ,:;()", r) })
	for i := range named {
		named[i] = strings.Trim(named[i], "./")
	}
	for n := next; found; n, found = n.NextDifference(1) {
		file, _ = n.Current()
		if !isThere(file) {
			break
		}
		if slices.Contains(named, file.Value.String()) {
			return n, false
		}
	}
	return next, false
}

// rows returns the rows of a tab.
func (v view) rows(t tabID) []widget.Row {
	if len(v.cmp.Pairs) == 0 && (v.errA != nil || v.errB != nil || v.cmp.A == nil) {
		return v.waitingRows()
	}
	rows := append(v.missingRows(), v.tabRows(t)...)
	v.showEvidence(t, rows)
	return rows
}

// missingRows returns a note that B is missing.
func (v view) missingRows() []widget.Row {
	if v.b.Repository == "" || v.cmp.B != nil {
		return nil
	}
	text := safe.Const("B is still loading; only A is shown")
	if v.errB != nil {
		text = safe.Const("B could not be read; only A is shown")
	}
	return []widget.Row{v.note(text), widget.BlankRow()}
}

func (v view) tabRows(t tabID) []widget.Row {
	return [tabCount]func(view) []widget.Row{
		tabSummary:   view.summaryRows,
		tabPlatforms: func(v view) []widget.Row { return v.platformRows(true) },
		tabLayers:    view.layerRows,
		tabFiles:     view.fileRows,
		tabPackages:  view.packageRows,
		tabConfig:    func(v view) []widget.Row { return v.docRows(v.docs.config) },
		tabHistory:   view.historyRows,
		tabManifest:  func(v view) []widget.Row { return v.docRows(v.docs.manifest) },
		tabSchema1:   view.schema1Rows,
	}[t](v)
}

// waitingRows are shown until the first data arrives: the error, or "reading". In a comparison
// the verdict has the errors.
func (v view) waitingRows() []widget.Row {
	switch {
	case v.errA != nil && v.b.Repository == "":
		return []widget.Row{widget.HeaderRow(page.ErrorLines(v.errA, v.Frame, v.wayOut())...)}
	case v.errA != nil || v.errB != nil:
		return []widget.Row{widget.BlankRow(), v.note(v.wayOut())}
	}
	return []widget.Row{widget.BlankRow(), v.note(safe.Concat(safe.Const("reading"), v.Glyphs.Ellipsis))}
}

// wayOut names the keys that lead on from sides that could not be read: a side that does not exist can be chosen from a list.
func (v view) wayOut() safe.Text {
	switch retry := safe.Const("r tries again"); {
	case model.IsMissing(v.errA) && model.IsMissing(v.errB):
		return safe.Sprintf("A and B choose from the tags there are %s %s", v.Glyphs.Dot, retry)
	case model.IsMissing(v.errA):
		return safe.Sprintf("A chooses from the tags there are %s %s", v.Glyphs.Dot, retry)
	case model.IsMissing(v.errB):
		return safe.Sprintf("B chooses from the tags there are %s %s", v.Glyphs.Dot, retry)
	default:
		return retry
	}
}

// filterChanged applies a filter that was edited. The cursor goes to its best match, and stays on its
// row when the filter ends.
func (p comparePage) filterChanged(before widget.Filter) comparePage {
	p.sheetKeys = [tabCount]viewKey{}
	switch r, some := p.sheets[p.tab].Current(); {
	case p.filters[p.tab].SameText(before):
	case p.filters[p.tab].Active:
		p.toBest = true
	case some:
		p.targetRow = r.ID
	}
	return p
}

// filterRows returns the rows that the filter matches, with the headings and notes about them.
func (p comparePage) filterRows(rows []widget.Row) []widget.Row {
	if !p.filters[p.tab].Active || p.tab.isDocument() {
		return rows
	}
	isMatch := func(r widget.Row) bool {
		texts := append(r.FullLines(), r.Value, r.Sides[0], r.Sides[1])
		return slices.ContainsFunc(texts, func(t safe.Text) bool { return p.filters[p.tab].Matches(t.String()) })
	}
	kept := keptRows(rows, isMatch)
	if !slices.ContainsFunc(kept, isSelectable) { // headings of no row would mislead
		return append(kept[:0], widget.HeaderRow(look.L(look.Gap(1), look.S(look.Faint, safe.Const("nothing matches: esc clears the filter")))))
	}
	return kept
}

// keptRows returns the rows that match. Of the headings and notes it keeps those at the top, those above rows of which some
// match, and those below such rows up to a blank line.
func keptRows(rows []widget.Row, isMatch func(widget.Row) bool) (kept []widget.Row) {
	isHeader := func(r widget.Row) bool { return r.Header }
	some := false // whether rows of the part before are kept
	for from := 0; from < len(rows); {
		part := partOfRows(rows[from:], isHeader)
		heads, rest := rows[from:from+part], rows[from+part:]
		if blank := slices.IndexFunc(heads, widget.Row.IsBlank); blank >= 0 && from > 0 {
			if some {
				kept = append(kept, heads[:blank]...)
			}
			heads = heads[blank:]
		}
		rest = rest[:partOfRows(rest, func(r widget.Row) bool { return !r.Header })]
		matching := slices.DeleteFunc(slices.Clone(rest), func(r widget.Row) bool { return !isMatch(r) })
		if some = len(matching) > 0; some || from == 0 {
			kept = append(kept, heads...)
		}
		kept = append(kept, matching...)
		from += part + len(rest)
	}
	return kept
}

// partOfRows returns how many rows at the start are of a kind.
func partOfRows(rows []widget.Row, is func(widget.Row) bool) int {
	if i := slices.IndexFunc(rows, func(r widget.Row) bool { return !is(r) }); i >= 0 {
		return i
	}
	return len(rows)
}

// scrollToMatch scrolls sideways so that the match of the search under the cursor is visible.
func (p comparePage) scrollToMatch() comparePage {
	sheet := p.sheets[p.tab]
	r, ok := sheet.Current()
	if !ok || !p.tab.scrolls() || !sheet.Search.Active() {
		return p
	}
	v := p.viewIn(p.frame)
	lead, room := 2, v.documentRoom(true)
	if p.tab == tabHistory {
		lead, room = leadWidth+2, v.historyRoom()
	}
	for _, t := range r.FullLines() {
		found := sheet.Search.Query.Find(t.String())
		if len(found) == 0 {
			continue
		}
		from, to := look.Width(t.Slice(0, found[0][0]))-lead, look.Width(t.Slice(0, found[0][1]))-lead
		switch {
		case to < room:
			p.offset = 0
		case from < p.offset || to >= p.offset+room:
			p.offset = max(from-room/3, 0)
		}
		break
	}
	return p
}

// PagerLines returns the sides, the verdict, and the tab in view with nothing cut off.
func (p comparePage) PagerLines(f page.Frame) []safe.Text {
	v := p.viewIn(f)
	lines := []safe.Text{safe.Sprintf("A %s", p.a.ref.String())}
	if p.alone {
		lines = []safe.Text{safe.Clean(p.a.ref.String())}
	} else {
		lines = append(lines, safe.Sprintf("B %s", p.b.ref.String()), safe.Text{}, safe.Sprintf("%s  %s", p.headline(), p.trust()))
		for _, t := range p.reasons(f) {
			lines = append(lines, f.Glyphs.Sentence(t))
		}
	}
	title := tabNames[p.tab]
	if pair := p.pair(); pair != nil && pair.Platform != "" {
		title = safe.Sprintf("%s, %s", title, pair.Platform)
	}
	lines = append(lines, safe.Text{}, title, safe.Text{})
	return append(lines, widget.Sheet{}.With(p.filterRows(v.rows(p.tab)), 1).TextLines()...)
}

// isSelectable reports whether a row can take the cursor.
func isSelectable(r widget.Row) bool { return !r.Header }

// note returns a note, which the cursor skips.
func (v view) note(t safe.Text) widget.Row { return widget.NoteRow(v.Frame, t) }

// images returns the images of the pair, nil for a side that has not arrived.
func (v view) images() (a, b *model.Image) {
	image := func(e model.Entry) *model.Image { return e.Image }
	return partOf(v.pair.A, image), partOf(v.pair.B, image)
}
