package compare

import (
	"slices"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// scene is all that a view's rows are made from. Views are functions of it.
type scene struct {
	page.Frame
	cmp   diff.Comparison
	pair  diff.Pair // zero while nothing has arrived
	docs  docs
	alone bool
	wide  bool // sides beside each other, else one above the other
	shift int
	a, b  model.Ref
	fresh bool // docs are those of the pair
	crane string
	trail *trail // the finding whose evidence is looked at
	open  bool   // consequences are shown
	// news and also are the findings, folded and in order.
	news, also []diff.Group
	// errs are why a side could not be read at all.
	errA, errB error
}

// sceneKey is what the sheets depend on, in a form that can be compared.
type sceneKey struct {
	width, height int
	reveal        bool
	pick          pairID
	shift         int
	stacked       bool
	filter        string
	docs          docsKey
	trail         string
	open          bool
	drawn         bool
}

func (p comparePage) scene(f page.Frame) scene {
	s := scene{
		Frame: f, cmp: p.cmp, docs: p.docs, alone: p.cmp.B == nil, wide: (f.Width >= look.WideWidth) != p.stacked,
		shift: p.shift, a: p.a.ref, b: p.b.ref, errA: p.a.err, errB: p.b.err, fresh: p.docs.ready && p.docs.key == p.askedFor, crane: p.deps.Crane,
		trail: p.trail, open: p.unfolded, news: p.news, also: p.also,
	}
	if pair := p.pair(); pair != nil {
		s.pair = *pair
	}
	return s
}

// Layout makes the sheet in view anew if anything it depends on has changed, and
// asks for the text differences of the pair in view.
func (p comparePage) Layout(f page.Frame) (page.Page, page.Effects) {
	cmd := p.askDocs(f)
	if cmd != nil {
		p.askedFor = p.wantDocs(f)
	}
	k := sceneKey{
		width: f.Width, height: f.Height, reveal: f.Gate.Reveal, pick: p.pick,
		stacked: p.stacked, filter: p.filter.Input.Value(), docs: p.docs.key, drawn: true,
		trail: p.trail.key(), open: p.unfolded,
	}
	if p.tab >= tabHistory && p.tab <= tabManifest {
		k.shift = p.shift
	}
	height := f.Height - len(p.top(f))
	if p.filter.Open || p.filter.Active {
		height--
	}
	p.frame = f
	p, more := p.recheck()
	cmd = append(cmd, more...)
	if k == p.drawn[p.tab] {
		p.sheets[p.tab] = p.sheets[p.tab].Sized(height).GoTo(p.want)
		p.want = ""
		return p, cmd
	}
	rows := p.scene(f).rows(p.tab)
	passed := p.narrow(rows)
	p.all[p.tab], p.passed[p.tab] = places(rows), places(passed)
	p.sheets[p.tab] = p.sheets[p.tab].With(passed, height).GoTo(p.want)
	p.want = ""
	p.drawn[p.tab] = k
	return p, cmd
}

// rows are the rows of a view.
func (s scene) rows(t tabID) []widget.Row {
	if len(s.cmp.Pairs) == 0 && (s.errA != nil || s.errB != nil || s.cmp.A == nil) {
		return s.waitingRows()
	}
	rows := append(s.missingRows(), s.tabRows(t)...)
	s.showEvidence(t, rows)
	return rows
}

// missingRows say that there is nothing to compare with yet, or will not be.
func (s scene) missingRows() []widget.Row {
	if s.b.Repository == "" || s.cmp.B != nil {
		return nil
	}
	if s.errB != nil {
		return []widget.Row{widget.NoteRow(s.Frame, safe.Const("B could not be read; this is A alone")), widget.BlankRow()}
	}
	return []widget.Row{widget.NoteRow(s.Frame, safe.Const("B has not arrived; this is A alone")), widget.BlankRow()}
}

func (s scene) tabRows(t tabID) []widget.Row {
	switch t {
	case tabSummary:
		return s.summaryRows()
	case tabPlatforms:
		return s.platformRows(true)
	case tabLayers:
		return s.layerRows()
	case tabHistory:
		return s.historyRows()
	case tabConfig:
		return s.docRows(s.docs.config)
	case tabManifest:
		return s.docRows(s.docs.manifest)
	default:
		return s.schema1Rows()
	}
}

// waitingRows are shown until the first thing arrives, and when none will.
func (s scene) waitingRows() []widget.Row {
	var rows []widget.Row
	for _, err := range []error{s.errA, s.errB} {
		if err != nil {
			rows = append(rows, widget.Row{Header: true, Lines: page.RetryLines(err, s.Frame)})
		}
	}
	if len(rows) == 0 {
		return []widget.Row{widget.BlankRow(), {Header: true, Lines: []look.Line{look.L(look.Gap(1), look.S(look.Faint, safe.Concat(safe.Const("reading"), s.Glyphs.Ellipsis)))}}}
	}
	return rows
}

// narrow keeps the rows that the filter lets through.
func (p comparePage) narrow(rows []widget.Row) []widget.Row {
	if !p.filter.Active {
		return rows
	}
	kept := slices.DeleteFunc(slices.Clone(rows), func(r widget.Row) bool {
		return !r.Header && !slices.ContainsFunc(r.Painted(), func(l look.Line) bool { return p.filter.Matches(l.Text().String()) }) && !p.filter.Matches(r.Value.String())
	})
	if places(kept) == 0 {
		kept = append(kept, widget.Row{Header: true, Lines: []look.Line{look.L(look.Gap(1), look.S(look.Faint, safe.Const("nothing matches: esc clears the filter")))}})
	}
	return kept
}

// places counts the rows that can take the cursor.
func places(rows []widget.Row) int {
	n := 0
	for _, r := range rows {
		if !r.Header {
			n++
		}
	}
	return n
}

// images are the two sides of the pair as far as they have arrived.
func (s scene) images() (a, b *model.Image) {
	if s.pair.A != nil {
		a = s.pair.A.Image
	}
	if s.pair.B != nil {
		b = s.pair.B.Image
	}
	return a, b
}
