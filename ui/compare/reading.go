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
	// isComparing is set while the rows whose layers have arrived are compared, compared is how many layers
	// had arrived then.
	isComparing bool
	compared    int
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
	bytes      int64 // to read of layers
	isGuess    bool  // bytes is not known exactly
	all        int   // layers of the image with the most
	failed     bool  // some layers could not be read
	// archives is set if layers are those whose tables of contents were read: reading the archives adds the
	// proof, and the lines of texts.
	archives bool
}

// add adds a layer.
func (plan *readingPlan) add(l diff.LayerToRead) {
	plan.layers = append(plan.layers, l)
	plan.bytes += l.Cost()
	plan.isGuess = plan.isGuess || l.IsGuess
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
		byTable  map[digest.Digest]bool // the layers whose tables of contents were requested
		isPart   bool                   // more layers arrive
		isLookup bool                   // of lists that were made before, without a request
	}
)

// planOf returns what is still to be read of the layers that wanted lists.
func (p comparePage) planOf(pair diff.Pair, wanted func(diff.Pair) (readable, unreadable []diff.LayerToRead)) readingPlan {
	var plan readingPlan
	var layers []diff.LayerToRead
	layers, plan.unreadable = wanted(pair)
	known := p.layersRead[pair.Manifests()]
	for _, l := range p.withTables(pair, layers) {
		switch have := known[l.Digest]; {
		case p.layerErrors[l.Digest] != nil:
			plan.failed = true
		case have == nil, have.How == inside.TOC && (l.Table == 0 || l.Packages && !have.HasPackagesOf(l.Programs)):
			plan.add(l)
		}
	}
	for _, e := range bothSides(pair.A, pair.B) {
		if e.Image != nil {
			plan.all = max(plan.all, len(e.Image.Manifest.Layers))
		}
	}
	return plan
}

// withTables returns layers with what is known of their tables of contents. Where that of one layer cannot
// be used, both layers of the row are read whole.
func (p comparePage) withTables(pair diff.Pair, layers []diff.LayerToRead) []diff.LayerToRead {
	layers = slices.Clone(layers)
	for i, l := range layers {
		row := diff.LayersOf(pair.Rows[l.Row])
		switch size := p.tableSizes[l.Digest]; {
		case p.tableErrors[row.A] != nil, p.tableErrors[row.B] != nil:
			layers[i] = l.Whole()
		case l.Table > 0 && size > 0:
			layers[i].Table, layers[i].IsGuess = size, false
		}
	}
	return layers
}

// planOfArchives returns the layers of which only the table of contents was read.
func (p comparePage) planOfArchives(pair diff.Pair) readingPlan {
	known, plan := p.layersRead[pair.Manifests()], readingPlan{archives: true}
	layers, _ := diff.AllLayers(pair)
	for _, l := range layers {
		if have := known[l.Digest]; have != nil && have.How == inside.TOC && p.layerErrors[l.Digest] == nil {
			plan.add(l.Whole())
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
	if plan = p.planOf(*pair, diff.LayersToRead); len(plan.layers) > 0 {
		return plan, true
	}
	if archives := p.planOfArchives(*pair); len(archives.layers) > 0 {
		return archives, true
	}
	return plan, true
}

// showsOnlyA reports whether there is one image to show: it was asked for alone, or B cannot be read.
func (p comparePage) showsOnlyA() bool { return p.a.complete() && (p.alone || p.b.failed()) }

// isUnasked reports whether a plan is read without asking: a small one of two images, and all with
// --inside.
func (p comparePage) isUnasked(plan readingPlan) bool {
	return !plan.archives && (p.env.Inside || !p.showsOnlyA() && plan.bytes <= unasked) && !p.declined[p.pair().Manifests()]
}

// startUnasked reads the layers of the pair in view if they are small. Of larger ones it looks up the lists that
// were made before: they cost no request, and what is left may be small.
func (p comparePage) startUnasked() (comparePage, page.Effects) {
	plan, ok := p.currentPlan()
	if ok && p.isLookupDue(plan) {
		return p.startLookup(plan)
	}
	if ok && (len(plan.layers) == 0 || plan.archives) {
		plan = p.unaskedPackages()
	}
	if !ok || p.reading.running || len(plan.layers) == 0 || !p.isUnasked(plan) {
		return p, nil
	}
	return p.startReading(plan, p.env.Inside || p.hasAsked())
}

// isLookupDue reports whether lists of the layers of a plan may have been made before, which was not looked up yet.
func (p comparePage) isLookupDue(plan readingPlan) bool {
	return !p.reading.running && len(plan.layers) > 0 && !plan.archives && !p.isUnasked(plan) && !p.lookedUp[p.pair().Manifests()]
}

// startLookup looks up the lists of a plan that were made before.
func (p comparePage) startLookup(plan readingPlan) (comparePage, page.Effects) {
	pair := *p.pair()
	p.lookedUp = maps.Clone(p.lookedUp)
	if p.lookedUp == nil {
		p.lookedUp = map[diff.ManifestPair]bool{}
	}
	p.lookedUp[pair.Manifests()] = true
	job := readingJob{counts: p.env.Registry, pair: pair, known: p.layersRead[pair.Manifests()], shelves: p.shelves}
	repos := map[diff.Side]model.Ref{diff.SideA: p.a.ref.Repo(), diff.SideB: p.b.ref.Repo()}
	for _, l := range plan.layers {
		job.reads = append(job.reads, model.LayerRead{Repo: repos[l.Side], Layer: l.Descriptor, TOC: l.Table > 0, OnlyKnown: true})
	}
	job.reads = append(job.reads, p.knownOthers(pair, job.reads)...)
	reg := p.env.Registry
	return p, page.Once(p.ctx, func(ctx context.Context) tea.Msg {
		layers := diff.ReadLayers{}
		for d, s := range reg.ReadLayers(ctx, job.reads, nil) {
			if s.Layer != nil {
				layers[d] = s.Layer
			}
		}
		if !slices.ContainsFunc(plan.layers, func(l diff.LayerToRead) bool { return layers[l.Digest] != nil }) {
			return layersReadMsg{isLookup: true}
		}
		msg := job.compared(layers, nil)
		msg.isLookup = true
		return msg
	})
}

// hasAsked reports whether the user asked for the last reading of the pair in view.
func (p comparePage) hasAsked() bool {
	return p.reading.asked && p.reading.pair == p.pair().Manifests()
}

// unaskedPackages returns the plan of the layers that are read for packages once those that differ were: with --packages
// all, else only the files that list packages beside a table of contents, and small layers above a database. Layers that
// the user asked for do not count for what is small.
func (p comparePage) unaskedPackages() readingPlan {
	pair := *p.pair()
	if p.env.Packages {
		return p.planOf(pair, diff.LayersWithPackages)
	}
	if p.showsOnlyA() {
		return readingPlan{}
	}
	var read int64
	if !p.hasAsked() {
		for _, l := range p.layersRead[pair.Manifests()] {
			read += l.Packed
		}
	}
	for _, wanted := range []func(diff.Pair) (readable, unreadable []diff.LayerToRead){diff.LayersWithRecords, diff.LayersAbovePackages} {
		if plan := p.planOf(pair, wanted); len(plan.layers) > 0 && read+plan.bytes <= unasked {
			return plan
		}
	}
	return readingPlan{}
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
	tab := tabFiles
	if p.tab == tabPackages {
		plan, ok = p.packagesPlan()
		tab = tabPackages
	}
	switch {
	case p.reading.running:
		p.reading.asked = true
		return p.toFiles(tab), nil
	case !ok && p.isOneSided():
		return p, page.Toast(safe.Const("only one side has this platform: nothing to compare"))
	case !ok:
		return p, page.Toast(safe.Const("not everything has been read; try again when it has"))
	case len(plan.layers) == 0 && len(plan.unreadable) > 0:
		return p, page.Toast(safe.Const("the layers that differ cannot be read: see Files"))
	case len(plan.layers) == 0 && p.pair().Inside == nil:
		return p, page.Toast(p.nothingToReadText())
	case len(plan.layers) == 0 && p.tab == tab:
		return p, page.Toast(p.allReadText())
	case len(plan.layers) == 0, plan.archives && p.tab != tab: // which says the cost
		return p.toFiles(tab), nil
	}
	p, effects := p.startReading(plan, true)
	return p.toFiles(tab), effects
}

// isOneSided reports whether all has been read and only one side has the platform in view.
func (p comparePage) isOneSided() bool {
	pair := p.pair()
	return pair != nil && p.complete() && p.cmp.B != nil && (pair.A == nil || pair.B == nil)
}

// toFiles shows Files at the first difference in the step under the cursor, or in the first step. Packages, the other
// tab that i reads for, keeps its row.
func (p comparePage) toFiles(tab tabID) comparePage {
	if tab == tabFiles && p.tab != tabFiles && !p.showsOnlyA() {
		r, _ := p.sheets[p.tab].Current()
		p.targetRow, p.toDifference = "step "+r.ID, true
	}
	return p.toTab(tab)
}

// nothingToReadText says why the pair in view has no layer to read.
func (p comparePage) nothingToReadText() safe.Text {
	for _, e := range bothSides(p.pair().A, p.pair().B) {
		if e.Image == nil {
			return safe.Const("no layer can be read")
		}
	}
	if p.showsOnlyA() {
		return safe.Const("no layer has files to read")
	}
	return safe.Const("no layer differs")
}

// allReadText says that a tab needs no more layers, and that the tab Packages does.
func (p comparePage) allReadText() safe.Text {
	text := safe.Const("the layers that differ were read")
	if p.showsOnlyA() {
		text = safe.Const("all layers were read")
	}
	if plan, _ := p.packagesPlan(); p.tab != tabPackages && len(plan.layers) > 0 {
		return safe.Sprintf("%s; for the packages i reads %s more in the tab Packages", text, plan.sizeText())
	}
	return text
}

// packagesPlan returns the plan of the layers that the packages of the pair in view need.
func (p comparePage) packagesPlan() (plan readingPlan, ok bool) {
	if _, ok := p.currentPlan(); !ok {
		return readingPlan{}, false
	}
	if plan = p.planOf(*p.pair(), diff.LayersWithPackages); len(plan.layers) > 0 {
		return plan, true
	}
	return p.currentPlan()
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
	job := readingJob{id: p.reading.id, counts: p.env.Registry, pair: pair, known: p.layersRead[pair.Manifests()], shelves: p.shelves}
	repos := map[diff.Side]model.Ref{diff.SideA: p.a.ref.Repo(), diff.SideB: p.b.ref.Repo()}
	fresh, rows := map[diff.RowLayers]bool{}, plan.rows()
	for _, l := range plan.layers {
		read := model.LayerRead{Repo: repos[l.Side], Layer: l.Descriptor, WithNew: true}
		if l.Table > 0 {
			read.TOC, read.MaxWhole = true, 1 // more is read only when asked for
			read.Packages, read.Programs = l.Packages, l.Programs
			if !asked {
				read.MaxTOC = l.Table + (unasked-plan.bytes)/int64(len(plan.layers))
			}
			job.reads = append(job.reads, read)
			continue
		}
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
	job.reads = append(job.reads, p.knownOthers(pair, job.reads)...)
	p.reading.job = job
	reg := p.env.Registry
	return p.recompare(), page.Stream(ctx, func(ctx context.Context, report func(tea.Msg)) { job.run(ctx, reg, report) })
}

// knownOthers asks for the lists of all other layers of a pair that were made before: they cost no request,
// and say what the layers that differ hide.
func (p comparePage) knownOthers(pair diff.Pair, reads []model.LayerRead) []model.LayerRead {
	if p.showsOnlyA() {
		return nil
	}
	repos := map[diff.Side]model.Ref{diff.SideA: p.a.ref.Repo(), diff.SideB: p.b.ref.Repo()}
	var others []model.LayerRead
	layers, _ := diff.AllLayers(pair)
	for _, l := range layers {
		isRead := slices.ContainsFunc(reads, func(r model.LayerRead) bool { return r.Layer.Digest == l.Digest })
		if !isRead && p.layersRead[pair.Manifests()][l.Digest] == nil {
			others = append(others, model.LayerRead{Repo: repos[l.Side], Layer: l.Descriptor, OnlyKnown: true})
		}
	}
	return others
}

// rows is the number of rows whose layers a plan reads whole.
func (plan readingPlan) rows() int {
	rows := map[int]bool{}
	for _, l := range plan.layers {
		rows[l.Row] = rows[l.Row] || l.Table == 0
	}
	maps.DeleteFunc(rows, func(_ int, whole bool) bool { return !whole })
	return len(rows)
}

// readingJob is what a command needs to read layers and to compare them.
type readingJob struct {
	id      page.LoadID
	counts  diff.LineCountStore
	pair    diff.Pair
	known   diff.ReadLayers
	reads   []model.LayerRead
	shelves map[diff.RowLayers]*inside.Shelf
}

// run reads the layers and reports their states, then what differs inside them.
func (j readingJob) run(ctx context.Context, reg page.Registry, report func(tea.Msg)) {
	states := reg.ReadLayers(ctx, j.reads, func(s model.LayerState) {
		if !j.isOther(s.Digest) {
			report(layerStateMsg{j.id, s})
		}
	})
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

// isOther reports whether a layer is one of knownOthers, which the progress does not count.
func (j readingJob) isOther(d digest.Digest) bool {
	return slices.ContainsFunc(j.reads, func(r model.LayerRead) bool { return r.OnlyKnown && r.Layer.Digest == d })
}

// compared returns the message with what differs inside the layers that were read.
func (j readingJob) compared(layers diff.ReadLayers, errs map[digest.Digest]error) layersReadMsg {
	msg := layersReadMsg{
		id: j.id, pair: j.pair.Manifests(), contents: map[digest.Digest]model.Contents{}, errs: errs, byTable: map[digest.Digest]bool{},
	}
	for _, read := range j.reads {
		msg.byTable[read.Layer.Digest] = read.TOC
	}
	read := diff.ReadLayers{}
	maps.Copy(read, j.known)
	for d, l := range layers {
		read[d] = l
		msg.contents[d] = model.ContentsOf(j.descriptor(d), l)
	}
	msg.found = diff.CompareInside(j.pair, read, j.texts)
	msg.found.ShareLineCounts(j.counts)
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
	layers, job := p.reading.arrived(), p.reading.job
	if len(layers) == 0 {
		return p, nil
	}
	return p, page.Once(p.ctx, func(context.Context) tea.Msg { return job.compared(layers, nil) })
}

// arrived are the layers that were read to their ends.
func (r reading) arrived() diff.ReadLayers {
	layers := diff.ReadLayers{}
	for d, a := range r.arriving {
		if a.layer != nil {
			layers[d] = a.layer
		}
	}
	return layers
}

// compareArrived compares the rows whose layers have arrived while others are read, if the user waits for them
// and no such work is under way.
func (p comparePage) compareArrived() (comparePage, page.Effects) {
	layers, job := p.reading.arrived(), p.reading.job
	if !p.reading.running || !p.reading.asked || p.reading.isComparing || len(layers) <= max(p.reading.compared, 1) ||
		len(layers) >= len(p.reading.plan.layers) { // the end of the reading compares all
		return p, nil
	}
	p.reading.isComparing, p.reading.compared = true, len(layers)
	return p, page.Once(p.ctx, func(context.Context) tea.Msg {
		msg := job.compared(layers, nil)
		msg.isPart = true
		return msg
	})
}

// layerStateArrived handles the state of a layer that is being read.
func (p comparePage) layerStateArrived(msg layerStateMsg) (comparePage, page.Effects) {
	if msg.id != p.reading.id || !p.reading.running {
		return p, nil
	}
	p.reading.arriving = maps.Clone(p.reading.arriving)
	p.reading.arriving[msg.state.Digest] = p.reading.arriving[msg.state.Digest].with(msg.state)
	now := p.env.Now()
	if p.tab == tabFiles && (msg.state.Layer != nil || now.Sub(p.reading.drawn) >= redrawInterval) {
		p.reading.drawn, p.sheetKeys[tabFiles] = now, viewKey{}
	}
	if msg.state.Layer != nil {
		return p.compareArrived()
	}
	return p, nil
}

// layersArrived handles the end of a reading, or of the comparison of the layers that have arrived so far.
func (p comparePage) layersArrived(msg layersReadMsg) (page.Page, page.Effects) {
	if msg.isPart && (msg.id != p.reading.id || !p.reading.running) { // all that arrived is compared elsewhere
		return p, nil
	}
	if msg.isLookup && (len(msg.contents) == 0 || p.reading.running || len(msg.found.Layers) <= len(p.layersRead[msg.pair])) {
		return p, nil // nothing is new, or a reading that began meanwhile finds the same lists
	}
	p.inside, p.layersRead, p.layerErrors = maps.Clone(p.inside), maps.Clone(p.layersRead), maps.Clone(p.layerErrors)
	if p.inside == nil {
		p.inside, p.layersRead = diff.Inside{}, map[diff.ManifestPair]diff.ReadLayers{}
	}
	p.inside[msg.pair], p.layersRead[msg.pair] = msg.found, msg.found.Layers
	p = p.withLayerErrors(msg)
	if msg.id == p.reading.id && !msg.isLookup {
		p.reading.running, p.reading.isComparing = msg.isPart, false
	}
	for _, s := range p.sides() {
		if s.art != nil {
			art := s.art.WithContents(msg.contents)
			s.art = &art
		}
	}
	return p.recompare().compareArrived()
}

// withLayerErrors keeps the errors of a reading. A table of contents that is larger than was said, or that
// cannot be used, is not an error of its layer.
func (p comparePage) withLayerErrors(msg layersReadMsg) comparePage {
	p.tableErrors, p.tableSizes = maps.Clone(p.tableErrors), maps.Clone(p.tableSizes)
	if p.layerErrors == nil {
		p.layerErrors = map[digest.Digest]error{}
	}
	if p.tableErrors == nil {
		p.tableErrors, p.tableSizes = map[digest.Digest]error{}, map[digest.Digest]int64{}
	}
	for d, err := range msg.errs {
		larger, isLarger := errors.AsType[*model.TOCSizeError](err)
		worded, isWorded := errors.AsType[*model.ReadError](err)
		switch {
		case isLarger:
			p.tableSizes[d] = larger.Size
		case msg.byTable[d] && isWorded && worded.Corrupt:
			p.tableErrors[d] = err
		default:
			p.layerErrors[d] = err
		}
	}
	return p
}

// withSheetsOutdated makes the next Layout build all sheets again.
func (p comparePage) withSheetsOutdated() comparePage {
	p.sheetKeys = [tabCount]viewKey{}
	return p
}

// forgetErrors makes layers that could not be read be read again.
func (p comparePage) forgetErrors() comparePage {
	p.layerErrors, p.tableErrors, p.tableSizes, p.declined = nil, nil, nil, nil
	p.programs.tried, p.programs.known = nil, false
	return p
}

// sizeText is the size of what a plan reads.
func (plan readingPlan) sizeText() safe.Text { return plan.roughly(look.Size(plan.bytes)) }

// roughly marks a size that is not known exactly.
func (plan readingPlan) roughly(size safe.Text) safe.Text {
	if plan.isGuess {
		return safe.Sprintf("about %s", size)
	}
	return size
}

// costText says what reading a plan costs: "2 of 13 layers differ: 60.7 + 60.7 MB to read".
func (plan readingPlan) costText(alone bool) safe.Text {
	rows := map[int]bool{}
	bytes := map[diff.Side]int64{}
	for _, l := range plan.layers {
		rows[l.Row] = true
		bytes[l.Side] += l.Cost()
	}
	sizes := plan.sizeText()
	if !alone && bytes[diff.SideA] > 0 && bytes[diff.SideB] > 0 {
		sizes = plan.roughly(safe.Sprintf("%s + %s", look.Size(bytes[diff.SideA]), look.Size(bytes[diff.SideB])))
	}
	if alone {
		return safe.Sprintf("%s, %s to read", look.Count(len(rows), safe.Const("layer"), safe.Const("layers")), sizes)
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
	if line := p.recordsLine(f); line.Width() > 0 {
		return line
	}
	if !ok || len(plan.layers) == 0 || p.isUnasked(plan) {
		return look.Line{}
	}
	if plan.archives {
		return p.archivesLine(f, plan)
	}
	return look.L(look.Gap(1), look.S(look.Faint, safe.Const("Inside: ")), look.P(plan.costText(p.showsOnlyA())), look.P(safe.Const(". ")),
		look.S(look.Strong, safe.Const("i")), look.P(safe.Sprintf(" reads %s", itOrThem(len(plan.layers))))).To(f.Width, f.Glyphs.Ellipsis)
}

// recordsLine says on the tab Packages what it costs to read the files that list packages beside tables of contents. It
// is empty elsewhere.
func (p comparePage) recordsLine(f page.Frame) look.Line {
	if p.tab != tabPackages || p.reading.running {
		return look.Line{}
	}
	plan, ok := p.packagesPlan()
	isRecords := func(l diff.LayerToRead) bool {
		return l.Packages && p.layersRead[p.pair().Manifests()][l.Digest] != nil
	}
	if !ok || !slices.ContainsFunc(plan.layers, isRecords) {
		return look.Line{}
	}
	what := look.Count(len(plan.layers), safe.Const("layer"), safe.Const("layers"))
	return look.L(look.Gap(1), look.S(look.Faint, safe.Const("Inside: ")),
		look.P(safe.Sprintf("the packages of %s, %s to read. ", what, plan.sizeText())),
		look.S(look.Strong, safe.Const("i")), look.P(safe.Const(" reads them by table of contents")),
	).To(f.Width, f.Glyphs.Ellipsis)
}

// archivesLine says on the tab Files that lists are those of tables of contents, and what the archives cost.
func (p comparePage) archivesLine(f page.Frame, plan readingPlan) look.Line {
	if p.tab != tabFiles || p.reading.running {
		return look.Line{}
	}
	what := look.Count(len(plan.layers), safe.Const("layer is"), safe.Const("layers are"))
	return look.L(look.Gap(1), look.S(look.Faint, safe.Const("Inside: ")), look.P(safe.Sprintf("%s listed by table of contents. ", what)),
		look.S(look.Strong, safe.Const("i")), look.P(safe.Sprintf(" reads the archives, %s", look.Size(plan.bytes))),
	).To(f.Width, f.Glyphs.Ellipsis)
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
