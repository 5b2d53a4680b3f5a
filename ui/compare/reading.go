package compare

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
)

// unasked is how many bytes of layers are read for one pair without asking first.
const unasked = 4 << 20

// reading is the reading of the layers of one pair. What was read stays when it is cancelled.
type reading struct {
	running bool
	asked   bool // the user asked for it: it is shown, and esc stops it
	id      page.LoadID
	pair    diff.ManifestPair
	cancel  context.CancelFunc
	started time.Time
	plan    readingPlan
	drawn   time.Time // when Files was last made again
	job     readingJob
	// arriving is how far each layer has been read.
	arriving map[digest.Digest]arriving
}

// arriving is how far a layer has been read. newest are its last files, the newest last.
type arriving struct {
	packed    int64
	entries   int
	newest    []inside.Entry
	restarted bool
	layer     *inside.Layer // when it was read to its end
}

// redrawInterval limits how often Files is made again while layers arrive: its rows can be many, and keys
// must not wait.
const redrawInterval = 200 * time.Millisecond

// newestShown is how many of the last files of a layer are shown while it arrives.
const newestShown = 5

// with returns a after a new state of the layer.
func (a arriving) with(s model.LayerState) arriving {
	newest := a.newest
	if s.Restarted && !a.restarted {
		newest = nil
	}
	newest = slices.Concat(newest, s.New[max(len(s.New)-newestShown, 0):])
	return arriving{
		packed: s.Packed, entries: s.Entries, newest: newest[max(len(newest)-newestShown, 0):], restarted: s.Restarted, layer: s.Layer,
	}
}

// readingPlan is the layers of a pair that can be read, and what is known of them.
type readingPlan struct {
	layers     []diff.LayerToRead // not read yet
	unreadable []diff.LayerToRead
	bytes      int64 // of layers
	all        int   // layers of the image with the most
	failed     bool  // some layers could not be read
}

// layerStateMsg says how far a layer has been read, layersReadMsg is the end of a reading with what
// was found.
type (
	layerStateMsg struct {
		id    page.LoadID
		state model.LayerState
	}
	layersReadMsg struct {
		id       page.LoadID
		pair     diff.ManifestPair
		found    *diff.PairInside
		contents map[digest.Digest]model.Contents
		errs     map[digest.Digest]error
	}
)

// planOf returns what is still to be read of the layers that wanted lists.
func (p comparePage) planOf(pair diff.Pair, wanted func(diff.Pair) (readable, unreadable []diff.LayerToRead)) readingPlan {
	var plan readingPlan
	var layers []diff.LayerToRead
	layers, plan.unreadable = wanted(pair)
	known := p.layersRead[pair.Manifests()]
	for _, l := range layers {
		switch {
		case p.layerErrors[l.Digest] != nil:
			plan.failed = true
		case known[l.Digest] == nil:
			plan.layers = append(plan.layers, l)
			plan.bytes += l.Size
		}
	}
	for _, e := range bothSides(pair.A, pair.B) {
		if e.Image != nil {
			plan.all = max(plan.all, len(e.Image.Manifest.Layers))
		}
	}
	return plan
}

// currentPlan returns the plan of the pair in view; ok is false while the pair has not arrived.
func (p comparePage) currentPlan() (plan readingPlan, ok bool) {
	pair := p.pair()
	if pair == nil || !p.complete() && !p.showsOnlyA() || p.cmp.B != nil && pair.Verdict.Code == diff.Pending {
		return readingPlan{}, false
	}
	if p.cmp.B != nil && (pair.A == nil || pair.B == nil) {
		return readingPlan{}, false
	}
	return p.planOf(*pair, diff.LayersToRead), true
}

// showsOnlyA reports whether there is one image to show: it was asked for alone, or B cannot be read.
func (p comparePage) showsOnlyA() bool { return p.a.complete() && (p.alone || p.b.failed()) }

// isUnasked reports whether a plan is read without asking: a small one of two images, and all with
// --inside.
func (p comparePage) isUnasked(plan readingPlan) bool {
	return (p.env.Inside || !p.showsOnlyA() && plan.bytes <= unasked) && !p.declined[p.pair().Manifests()]
}

// startUnasked reads the layers of the pair in view if they are small.
func (p comparePage) startUnasked() (comparePage, page.Effects) {
	plan, ok := p.currentPlan()
	if !ok || p.reading.running || len(plan.layers) == 0 || !p.isUnasked(plan) {
		return p, nil
	}
	return p.startReading(plan, p.env.Inside)
}

// pressReadingKey handles i, esc while layers are read, and the keys that answer an offer to read all.
func (p comparePage) pressReadingKey(msg tea.KeyPressMsg) (_ comparePage, effects page.Effects, taken bool) {
	switch {
	case p.wholeOffered && key.Matches(msg, page.Keys.Open):
		p, effects = p.startWhole()
	case p.wholeOffered && key.Matches(msg, page.Keys.Back):
		p.wholeOffered = false
	case p.reading.running && p.reading.asked && key.Matches(msg, page.Keys.Back):
		p, effects = p.stopReading()
	case key.Matches(msg, page.Keys.Inside):
		p, effects = p.lookInside()
	default:
		return p, nil, false
	}
	return p, effects, true
}

// lookInside starts to read the layers of the pair in view, or says why there is nothing to read.
func (p comparePage) lookInside() (comparePage, page.Effects) {
	plan, ok := p.currentPlan()
	switch {
	case p.reading.running:
		p.reading.asked = true
		return p.toTab(tabFiles), nil
	case !ok:
		return p, page.Toast(safe.Const("not everything has been read; try again when it has"))
	case len(plan.layers) == 0 && len(plan.unreadable) > 0:
		return p, page.Toast(safe.Const("the layers that differ cannot be read: see Files"))
	case len(plan.layers) == 0 && p.pair().Inside == nil:
		return p, page.Toast(safe.Const("no layer differs"))
	case len(plan.layers) == 0:
		return p.toTab(tabFiles), nil
	}
	p, effects := p.startReading(plan, true)
	return p.toTab(tabFiles), effects
}

// startReading reads the layers of a plan. asked is whether the user asked for it.
func (p comparePage) startReading(plan readingPlan, asked bool) (comparePage, page.Effects) {
	pair := *p.pair()
	ctx, cancel := context.WithCancel(p.ctx)
	p.reading = reading{
		running: true, asked: asked, id: p.reading.id + 1, pair: pair.Manifests(), cancel: cancel, started: p.env.Now(), plan: plan,
		arriving: map[digest.Digest]arriving{},
	}
	p.shelves = maps.Clone(p.shelves)
	if p.shelves == nil {
		p.shelves = map[diff.RowLayers]*inside.Shelf{}
	}
	job := readingJob{id: p.reading.id, pair: pair, known: p.layersRead[pair.Manifests()], shelves: p.shelves}
	repos := map[diff.Side]model.Ref{diff.SideA: p.a.ref.Repo(), diff.SideB: p.b.ref.Repo()}
	fresh, rows := map[diff.RowLayers]bool{}, plan.rows()
	for _, l := range plan.layers {
		read := model.LayerRead{Repo: repos[l.Side], Layer: l.Descriptor, WithNew: true}
		if row := diff.LayersOf(pair.Rows[l.Row]); row.A != "" && row.B != "" && row.A != row.B {
			if !fresh[row] {
				fresh[row], p.shelves[row] = true, inside.NewShelf(rows)
			}
			read.Keep = p.shelves[row]
			if l.Side == diff.SideB {
				read.Side = 1
			}
		}
		job.reads = append(job.reads, read)
	}
	p.reading.job = job
	reg := p.env.Registry
	return p.recompare(), page.Stream(ctx, func(ctx context.Context, report func(tea.Msg)) { job.run(ctx, reg, report) })
}

// rows is the number of rows that the layers of a plan are of.
func (plan readingPlan) rows() int {
	rows := map[int]bool{}
	for _, l := range plan.layers {
		rows[l.Row] = true
	}
	return len(rows)
}

// readingJob is what a command needs to read layers and to compare them.
type readingJob struct {
	id      page.LoadID
	pair    diff.Pair
	known   diff.ReadLayers
	reads   []model.LayerRead
	shelves map[diff.RowLayers]*inside.Shelf
}

// run reads the layers and reports their states, then what differs inside them.
func (j readingJob) run(ctx context.Context, reg page.Registry, report func(tea.Msg)) {
	states := reg.ReadLayers(ctx, j.reads, func(s model.LayerState) { report(layerStateMsg{j.id, s}) })
	layers, errs := diff.ReadLayers{}, map[digest.Digest]error{}
	for d, s := range states {
		switch {
		case s.Layer != nil:
			layers[d] = s.Layer
		case s.Err != nil && !errors.Is(s.Err, context.Canceled):
			errs[d] = s.Err
		}
	}
	report(j.compared(layers, errs))
}

// compared returns the message with what differs inside the layers that were read.
func (j readingJob) compared(layers diff.ReadLayers, errs map[digest.Digest]error) layersReadMsg {
	msg := layersReadMsg{id: j.id, pair: j.pair.Manifests(), contents: map[digest.Digest]model.Contents{}, errs: errs}
	read := diff.ReadLayers{}
	maps.Copy(read, j.known)
	for d, l := range layers {
		read[d] = l
		msg.contents[d] = model.ContentsOf(j.descriptor(d), l)
	}
	msg.found = diff.CompareInside(j.pair, read, j.texts)
	return msg
}

// descriptor returns the descriptor of a layer that is read.
func (j readingJob) descriptor(d digest.Digest) v1.Descriptor {
	i := slices.IndexFunc(j.reads, func(r model.LayerRead) bool { return r.Layer.Digest == d })
	return j.reads[i].Layer
}

// texts returns the two contents of a small text file.
func (j readingJob) texts(row diff.RowLayers, path string) (a, b []byte, ok bool) {
	if shelf := j.shelves[row]; shelf != nil {
		return shelf.Texts(path)
	}
	return nil, nil, false
}

// stopReading cancels the reading. Layers that were read to their ends stay, and are compared: the work
// that is cancelled can report nothing more.
func (p comparePage) stopReading() (comparePage, page.Effects) {
	p.reading.cancel()
	p.reading.running = false
	p.declined = maps.Clone(p.declined)
	if p.declined == nil {
		p.declined = map[diff.ManifestPair]bool{}
	}
	p.declined[p.reading.pair] = true
	p = p.withSheetsOutdated()
	layers, job := diff.ReadLayers{}, p.reading.job
	for d, a := range p.reading.arriving {
		if a.layer != nil {
			layers[d] = a.layer
		}
	}
	if len(layers) == 0 {
		return p, nil
	}
	return p, page.Once(p.ctx, func(context.Context) tea.Msg { return job.compared(layers, nil) })
}

// layerStateArrived handles the state of a layer that is being read.
func (p comparePage) layerStateArrived(msg layerStateMsg) comparePage {
	if msg.id != p.reading.id || !p.reading.running {
		return p
	}
	p.reading.arriving = maps.Clone(p.reading.arriving)
	p.reading.arriving[msg.state.Digest] = p.reading.arriving[msg.state.Digest].with(msg.state)
	now := p.env.Now()
	if p.tab == tabFiles && (msg.state.Layer != nil || now.Sub(p.reading.drawn) >= redrawInterval) {
		p.reading.drawn, p.sheetKeys[tabFiles] = now, viewKey{}
	}
	return p
}

// layersArrived handles the end of a reading.
func (p comparePage) layersArrived(msg layersReadMsg) (page.Page, page.Effects) {
	p.inside, p.layersRead, p.layerErrors = maps.Clone(p.inside), maps.Clone(p.layersRead), maps.Clone(p.layerErrors)
	if p.inside == nil {
		p.inside, p.layersRead = diff.Inside{}, map[diff.ManifestPair]diff.ReadLayers{}
	}
	if p.layerErrors == nil {
		p.layerErrors = map[digest.Digest]error{}
	}
	p.inside[msg.pair], p.layersRead[msg.pair] = msg.found, msg.found.Layers
	maps.Copy(p.layerErrors, msg.errs)
	if msg.id == p.reading.id {
		p.reading.running = false
	}
	for _, s := range p.sides() {
		if s.art != nil {
			art := s.art.WithContents(msg.contents)
			s.art = &art
		}
	}
	return p.recompare(), nil
}

// withSheetsOutdated makes the next Layout build all sheets again.
func (p comparePage) withSheetsOutdated() comparePage {
	p.sheetKeys = [tabCount]viewKey{}
	return p
}

// forgetErrors makes layers that could not be read be read again.
func (p comparePage) forgetErrors() comparePage {
	p.layerErrors, p.declined = nil, nil
	return p
}

// costText says what reading a plan costs: "2 of 13 layers differ: 60.7 + 60.7 MB to read".
func (plan readingPlan) costText(alone bool) safe.Text {
	rows := map[int]bool{}
	bytes := map[diff.Side]int64{}
	for _, l := range plan.layers {
		rows[l.Row] = true
		bytes[l.Side] += l.Size
	}
	if alone {
		return safe.Sprintf("%s, %s to read", look.Count(len(rows), safe.Const("layer"), safe.Const("layers")), look.Size(plan.bytes))
	}
	sizes := look.Size(plan.bytes)
	if bytes[diff.SideA] > 0 && bytes[diff.SideB] > 0 {
		sizes = safe.Sprintf("%s + %s", look.Size(bytes[diff.SideA]), look.Size(bytes[diff.SideB]))
	}
	verb := safe.Const("differ")
	if len(rows) == 1 {
		verb = safe.Const("differs")
	}
	return safe.Sprintf("%d of %s %s: %s to read", len(rows), look.Count(plan.all, safe.Const("layer"), safe.Const("layers")), verb, sizes)
}

// insideLine returns the line about what is inside the layers: the cost before they are read, the
// progress while they are. It is empty when there is nothing to say.
func (p comparePage) insideLine(f page.Frame) look.Line {
	if p.reading.running && p.reading.asked {
		return p.progressLine(f)
	}
	plan, ok := p.currentPlan()
	if !ok || len(plan.layers) == 0 || p.isUnasked(plan) {
		return look.Line{}
	}
	return look.L(look.Gap(1), look.S(look.Faint, safe.Const("Inside: ")), look.P(plan.costText(p.showsOnlyA())), look.P(safe.Const(". ")),
		look.S(look.Strong, safe.Const("i")), look.P(safe.Sprintf(" reads %s", itOrThem(len(plan.layers))))).To(f.Width, f.Glyphs.Ellipsis)
}

func itOrThem(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}

// progressLine says how far the reading is, how fast, and how long it will take.
func (p comparePage) progressLine(f page.Frame) look.Line {
	var read int64
	entries := 0
	for _, a := range p.reading.arriving {
		read += a.packed
		entries += a.entries
	}
	total := p.reading.plan.bytes
	text := safe.Sprintf("%s of %s, %s", look.Size(min(read, total)), look.Size(total),
		look.Count(entries, safe.Const("file"), safe.Const("files")))
	if passed := p.env.Now().Sub(p.reading.started); passed > time.Second && read > 0 {
		speed := float64(read) / passed.Seconds()
		text = safe.Sprintf("%s, %s/s", text, look.Size(int64(speed)))
		if left := float64(max(total-read, 0)) / speed; left >= 1 {
			text = safe.Sprintf("%s, %d s left", text, int(left+0.5))
		}
	}
	return look.L(look.Gap(1), look.S(look.Faint, safe.Const("Inside: reading ")), look.P(text), look.P(safe.Const(". ")),
		look.S(look.Strong, safe.Const("esc")), look.P(safe.Const(" stops"))).To(f.Width, f.Glyphs.Ellipsis)
}

// layerErrorsOf returns the errors of the layers of a pair, without duplicates.
func (v view) layerErrorsOf(pair diff.Pair) []error {
	var errs []error
	for _, r := range pair.Rows {
		row := diff.LayersOf(r)
		for _, d := range []digest.Digest{row.A, row.B} {
			if err := v.layerErrors[d]; err != nil && !slices.ContainsFunc(errs, func(e error) bool { return e.Error() == err.Error() }) {
				errs = append(errs, err)
			}
		}
	}
	return errs
}
