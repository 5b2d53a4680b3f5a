package compare

import (
	"slices"

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
	errA, errB error // why a side could not be read at all
	docsReady  bool  // docs are those of the pair
	isReading  bool  // the layers of the pair are being read
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
	showsConsequences           bool   // consequences are shown
	showsNoise                  bool   // in Files, times and generated files are listed
	merged                      bool   // in Files, the files of all steps are put together
	fileOrder                   fileOrder
	layersRead                  map[diff.ManifestPair]diff.ReadLayers
	layerErrors                 map[digest.Digest]error // why layers could not be read
	mainFindings, otherFindings []diff.Group            // grouped by cause and ranked
}

// viewKey is what the sheets depend on, in comparable form.
type viewKey struct {
	valid, reveal, stacked, newestFirst, showsConsequences bool
	showsNoise, merged                                     bool
	fileOrder                                              fileOrder
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
	cmd := p.requestDocs(f)
	if cmd != nil {
		p.requestedDocs = p.currentDocsKey(f)
	}
	k := viewKey{
		width: f.Width, height: f.Height, reveal: f.Gate.Reveal, pick: p.picked,
		stacked: p.stacked, newestFirst: p.newestFirst, filter: p.filter.Input.Value(), docs: p.docs.key, valid: true,
		trail: p.trail.key(), showsConsequences: p.showsConsequences, showsNoise: p.showsNoise, merged: p.merged,
		fileOrder: p.fileOrder,
	}
	if p.tab >= tabConfig && p.tab <= tabManifest {
		k.offset = p.offset
	}
	height := f.Height - len(p.header(f))
	if p.filter.Open || p.filter.Active {
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
	*sheet = sheet.GoTo(p.targetRow)
	p.targetRow = ""
	return p, slices.Concat(cmd, more, read)
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
		return []widget.Row{widget.HeaderRow(page.RetryLines(v.errA, v.Frame)...)}
	case v.errA != nil || v.errB != nil:
		return []widget.Row{widget.BlankRow(), v.note(safe.Const("r tries again"))}
	}
	return []widget.Row{widget.BlankRow(), v.note(safe.Concat(safe.Const("reading"), v.Glyphs.Ellipsis))}
}

// filterRows returns the rows that the filter matches.
func (p comparePage) filterRows(rows []widget.Row) []widget.Row {
	if !p.filter.Active {
		return rows
	}
	kept := slices.DeleteFunc(slices.Clone(rows), func(r widget.Row) bool {
		return !r.Header && !slices.ContainsFunc(r.DrawnLines(),
			func(l look.Line) bool { return p.filter.Matches(l.Text().String()) }) && !p.filter.Matches(r.Value.String())
	})
	if !slices.ContainsFunc(kept, isSelectable) {
		kept = append(kept, widget.HeaderRow(look.L(look.Gap(1), look.S(look.Faint, safe.Const("nothing matches: esc clears the filter")))))
	}
	return kept
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
