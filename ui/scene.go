package ui

import (
	"slices"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// wideWidth is where two sides fit beside each other.
const wideWidth = 100

// scene is all that a view's rows are made from. Views are functions of it.
type scene struct {
	frame
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

func (p comparePage) scene(f frame) scene {
	s := scene{
		frame: f, cmp: p.cmp, docs: p.docs, alone: p.cmp.B == nil, wide: (f.width >= wideWidth) != p.stacked,
		shift: p.shift, a: p.a.ref, b: p.b.ref, errA: p.a.err, errB: p.b.err, fresh: p.docs.ready && p.docs.key == p.askedFor, crane: p.deps.crane,
		trail: p.trail, open: p.unfolded, news: p.news, also: p.also,
	}
	if pair := p.pair(); pair != nil {
		s.pair = *pair
	}
	return s
}

// layout makes the sheet in view anew if anything it depends on has changed, and
// asks for the text differences of the pair in view.
func (p comparePage) layout(f frame) (page, effects) {
	cmd := p.askDocs(f)
	if cmd != nil {
		p.askedFor = p.wantDocs(f)
	}
	k := sceneKey{
		width: f.width, height: f.height, reveal: f.gate.Reveal, pick: p.pick,
		stacked: p.stacked, filter: p.filter.field.value(), docs: p.docs.key, drawn: true,
		trail: p.trail.key(), open: p.unfolded,
	}
	if p.tab >= tabHistory && p.tab <= tabManifest {
		k.shift = p.shift
	}
	height := f.height - len(p.top(f))
	if p.filter.open || p.filter.active {
		height--
	}
	p.frame = f
	p, more := p.recheck()
	cmd = append(cmd, more...)
	if k == p.drawn[p.tab] {
		p.sheets[p.tab] = p.sheets[p.tab].sized(height).at(p.want)
		p.want = ""
		return p, cmd
	}
	rows := p.scene(f).rows(p.tab)
	passed := p.narrow(rows)
	p.all[p.tab], p.passed[p.tab] = places(rows), places(passed)
	p.sheets[p.tab] = p.sheets[p.tab].with(passed, height).at(p.want)
	p.want = ""
	p.drawn[p.tab] = k
	return p, cmd
}

// rows are the rows of a view.
func (s scene) rows(t tabID) []row {
	if len(s.cmp.Pairs) == 0 && (s.errA != nil || s.errB != nil || s.cmp.A == nil) {
		return s.waitingRows()
	}
	rows := append(s.missingRows(), s.tabRows(t)...)
	s.showEvidence(t, rows)
	return rows
}

// missingRows say that there is nothing to compare with yet, or will not be.
func (s scene) missingRows() []row {
	if s.b.Repository == "" || s.cmp.B != nil {
		return nil
	}
	if s.errB != nil {
		return []row{noteRow(s.frame, safe.Const("B could not be read; this is A alone")), blankRow()}
	}
	return []row{noteRow(s.frame, safe.Const("B has not arrived; this is A alone")), blankRow()}
}

func (s scene) tabRows(t tabID) []row {
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
func (s scene) waitingRows() []row {
	var rows []row
	for _, err := range []error{s.errA, s.errB} {
		if err != nil {
			rows = append(rows, row{header: true, lines: troubleLines(err, s.frame)})
		}
	}
	if len(rows) == 0 {
		return []row{blankRow(), {header: true, lines: []look.Line{look.L(look.Gap(1), look.S(look.Faint, safe.Concat(safe.Const("reading"), s.glyphs.Ellipsis)))}}}
	}
	return rows
}

// narrow keeps the rows that the filter lets through.
func (p comparePage) narrow(rows []row) []row {
	if !p.filter.active {
		return rows
	}
	kept := slices.DeleteFunc(slices.Clone(rows), func(r row) bool {
		return !r.header && !slices.ContainsFunc(r.painted(), func(l look.Line) bool { return p.filter.matches(l.Text().String()) }) && !p.filter.matches(r.value.String())
	})
	if places(kept) == 0 {
		kept = append(kept, row{header: true, lines: []look.Line{look.L(look.Gap(1), look.S(look.Faint, safe.Const("nothing matches: esc clears the filter")))}})
	}
	return kept
}

// places counts the rows that can take the cursor.
func places(rows []row) int {
	n := 0
	for _, r := range rows {
		if !r.header {
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
