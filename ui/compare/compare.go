// Package compare is the page that shows A and B, or only A: its tabs, its findings
// with their evidence, and the proofs of rows. Package diff compares the images; this
// package shows the result.
package compare

import (
	"context"
	"io"
	"path"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/report"
	"github.com/tagdiff/tagdiff/ui/save"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// comparePage shows A and B, or only A. Its tabs are sheets of rows, all made from one
// view. The cursor is kept by row ID, so that new data, another side or another size do
// not lose the place.
type comparePage struct {
	env      page.Env
	ctx      context.Context
	a, b     side
	alone    bool
	lastLoad page.LoadID // the latest load

	content
	picked        pairID // the pair to show
	pickedByUser  bool   // picked stays when the comparison changes
	tallies       [tabCount]tally
	requestedDocs docsKey

	tab            tabID
	sheets         [tabCount]widget.Document
	rowCounts      [tabCount]int // rows before the filter
	filteredCounts [tabCount]int
	stacked        bool
	filters        [tabCount]widget.Filter // of the tabs that are lists
	sheetKeys      [tabCount]viewKey       // what the sheets were made from

	tagSets map[model.Ref]model.TagSet // known tags, by repository
	poll    page.Poll
	check   blobCheck
	reading reading
	// wholeOffered is set while Files offers to read all layers.
	wholeOffered bool
	inside       diff.Inside
	programs     programReading
	shelves      map[diff.RowLayers]*inside.Shelf // small text files of rows
	tableSizes   map[digest.Digest]int64          // of tables of contents that turned out larger than was said
	declined     map[diff.ManifestPair]bool       // pairs that are not read unasked again
	lookedUp     map[diff.ManifestPair]bool       // pairs whose lists of layers were looked up, if they were made before
	frame        page.Frame                       // of the last Layout
	targetRow    string                           // the row to put the cursor on
	toDifference bool                             // put the cursor on the first difference from there on
	toBest       bool                             // put the cursor on the best match of the filter
}

// tabID is one of the tabs.
type tabID int

// The tabs, in the order of their number keys.
const (
	tabSummary tabID = iota
	tabPlatforms
	tabLayers
	tabFiles
	tabPackages
	tabConfig
	tabHistory
	tabManifest
	tabSchema1
	tabCount
)

// New returns a page that compares a with b, or shows only a if b is nil. known are the
// known tags of their repository; it may be nil.
func New(env page.Env, a model.Ref, b *model.Ref, known *model.TagSet) page.Page {
	p := comparePage{env: env, a: side{ref: a}, alone: b == nil, picked: pairID{name: env.Platform}, pickedByUser: env.Platform != ""}
	if b != nil {
		p.b = side{ref: *b}
	}
	switch {
	case env.Packages:
		p.tab = tabPackages
	case env.Inside:
		p.tab = tabFiles
	}
	return p.withTags(known)
}

func (p comparePage) Start(ctx context.Context) (page.Page, page.Effects) {
	p.ctx = ctx
	p, effects := p.reload()
	p.poll, effects = p.poll.Arm(ctx, p.env.Recheck, effects)
	return p, effects
}

// visited returns the effect that stores this page as a recent place, once it is loaded.
func (p comparePage) visited() page.Effects {
	if !p.complete() {
		return nil
	}
	place := p.a.ref.String()
	if !p.alone {
		place += " " + p.b.ref.String()
	}
	return page.Send(page.VisitedMsg{Place: place})
}

// complete reports whether both sides, or the only one, have been read.
func (p comparePage) complete() bool { return p.a.complete() && (p.alone || p.b.complete()) }

// sides returns A and B, to change them.
func (p *comparePage) sides() []*side { return []*side{&p.a, &p.b} }

func (p comparePage) reload() (comparePage, page.Effects) {
	p = p.dropCheck()
	var cmdA, cmdB page.Effects
	p.lastLoad += 2
	p.a, cmdA = p.a.read(p.ctx, p.env, p.lastLoad-1)
	if !p.alone {
		p.b, cmdB = p.b.read(p.ctx, p.env, p.lastLoad)
	}
	return p.recompare(), slices.Concat(cmdA, cmdB)
}

// readAgain reads the sides again, with the login as it is now where something failed.
func (p comparePage) readAgain() (page.Page, page.Effects) {
	for _, s := range p.sides() {
		if s.hasErrors() {
			p.env.Registry.ForgetLogins(s.ref.Registry)
		}
	}
	return p.forgetErrors().reload()
}

func (p comparePage) Update(msg tea.Msg) (page.Page, page.Effects) {
	switch msg := msg.(type) {
	case sideMsg:
		return p.sideArrived(msg)
	case headMsg:
		return p.headArrived(msg, false), nil
	case page.PollMsg:
		p.poll = p.poll.Fired(msg)
		return p, nil
	case recheckedMsg:
		return p.rechecked(msg)
	case historyMsg:
		return p.historyArrived(msg), nil
	case page.KnownTagsMsg:
		return p.withTags(&msg.Set).recompare(), nil
	case contentsMsg:
		return p.contentsArrived(msg)
	case layerStateMsg:
		return p.layerStateArrived(msg)
	case programsReadMsg:
		return p.programsArrived(msg), nil
	case layersReadMsg:
		return p.layersArrived(msg)
	case blobStateMsg:
		return p.blobAnswered(msg), nil
	case blobsCheckedMsg:
		return p.checkEnded(msg)
	case docsMsg:
		if msg.key == p.requestedDocs {
			p.docs = msg.docs
			p.tallies = p.tallyTabs()
		}
		return p, nil
	case page.PickedMsg:
		return p.changeSide(msg)
	case widget.OpenNextMsg:
		return p.openNext(msg.Dir)
	case page.ToastMsg: // of a page that closed
		return p, page.Send(msg)
	case page.SelectMsg, page.ScrollMsg:
		return p.mouse(msg)
	}
	return p.input(msg)
}

// input handles a key or pasted text: in a list it may be for the filter, in a document for the search.
func (p comparePage) input(msg tea.Msg) (page.Page, page.Effects) {
	var handled bool
	var effects page.Effects
	if p.tab.isDocument() {
		p.sheets[p.tab], effects, handled = p.sheets[p.tab].Update(msg)
		if handled {
			return p.scrollToMatch(), effects
		}
	} else {
		var changed bool
		before := p.filters[p.tab]
		if p.filters[p.tab], changed, handled = before.Update(msg); changed {
			p = p.filterChanged(before)
		}
	}
	if press, ok := msg.(tea.KeyPressMsg); ok && !handled {
		return p.press(press)
	}
	return p, nil
}

// mouse handles a click on a row and the wheel. A click declines an offer: it does not open a row
// in place of an answer.
func (p comparePage) mouse(msg tea.Msg) (page.Page, page.Effects) {
	p.sheets[p.tab], _ = p.sheets[p.tab].Mouse(msg)
	click, isClick := msg.(page.SelectMsg)
	switch {
	case isClick && (p.wholeOffered || p.check.stage == checkOffered):
		return p.press(tea.KeyPressMsg{Code: tea.KeyEscape})
	case isClick && click.Open:
		return p.press(page.Enter)
	}
	return p, nil
}

func (p comparePage) press(msg tea.KeyPressMsg) (page.Page, page.Effects) {
	if p.toDifference { // the cursor goes where the user sends it
		p.targetRow, p.toDifference = "", false
	}
	if p, effects, taken := p.pressCheckKey(msg); taken {
		return p, effects
	}
	if p, effects, taken := p.pressReadingKey(msg); taken {
		return p, effects
	}
	if p, taken := p.pressPackagesKey(msg); taken {
		return p, nil
	}
	if p, effects, taken := p.pressFilesKey(msg); taken {
		return p, effects
	}
	if s, moved := p.sheets[p.tab].Move(msg); moved {
		p.sheets[p.tab].Sheet = s
		return p, nil
	}
	switch {
	case key.Matches(msg, page.Keys.Back):
		return p.back()
	case key.Matches(msg, page.Keys.NextTab):
		return p.toTab((p.tab + 1) % tabCount), nil
	case key.Matches(msg, page.Keys.PrevTab):
		return p.toTab((p.tab + tabCount - 1) % tabCount), nil
	case key.Matches(msg, page.Keys.Tab):
		return p.toTab(tabOf(msg.String())), nil
	case key.Matches(msg, page.Keys.Next):
		return p.nextDifference(1)
	case key.Matches(msg, page.Keys.Prev):
		return p.nextDifference(-1)
	case key.Matches(msg, page.Keys.NextPlatform):
		return p.nextPlatform(1)
	case key.Matches(msg, page.Keys.PrevPlatform):
		return p.nextPlatform(-1)
	}
	return p.pressLookKey(msg)
}

// pressLookKey handles the keys that change how a tab is shown.
func (p comparePage) pressLookKey(msg tea.KeyPressMsg) (page.Page, page.Effects) {
	switch {
	case key.Matches(msg, page.Keys.Left):
		return p.scroll(-scrollStep), nil
	case key.Matches(msg, page.Keys.Right):
		return p.scroll(scrollStep), nil
	case key.Matches(msg, page.Keys.Columns):
		p.stacked = !p.stacked
		return p, nil
	case key.Matches(msg, page.Keys.StepOrder):
		return p.toggleStepOrder()
	case key.Matches(msg, page.Keys.Fold):
		return p.toggleConsequences(), nil
	}
	return p.pressRowKey(msg)
}

// toggleStepOrder turns the steps of Layers and History round, or sorts the files of Files, or the
// packages of Packages, in another way. The cursor stays on its row.
func (p comparePage) toggleStepOrder() (page.Page, page.Effects) {
	if p.tab == tabFiles {
		p.fileOrder = (p.fileOrder + 1) % fileOrders
		if p.showsOnlyA() && p.fileOrder == byDelta { // nothing is compared
			p.fileOrder = bySize
		}
		return p, page.Toast(fileOrderNames[p.fileOrder])
	}
	if p.tab == tabPackages {
		p.packageOrder = (p.packageOrder + 1) % packageOrders
		if p.showsOnlyA() && p.packageOrder == byWhat { // nothing is compared
			p.packageOrder = byName
		}
		return p, page.Toast(packageOrderNames[p.packageOrder])
	}
	p.newestFirst = !p.newestFirst
	if p.newestFirst {
		return p, page.Toast(safe.Const("newest step first"))
	}
	return p, page.Toast(safe.Const("oldest step first, like a Dockerfile"))
}

// pressRowKey handles the keys that act on the row under the cursor or on the sides.
func (p comparePage) pressRowKey(msg tea.KeyPressMsg) (page.Page, page.Effects) {
	if effects, taken := p.pressTagKey(msg); taken {
		return p, effects
	}
	r, some := p.sheets[p.tab].Current()
	if some && key.Matches(msg, page.Keys.Open) {
		return p.openRow(r)
	}
	switch {
	case key.Matches(msg, page.Keys.Reload):
		return p.readAgain()
	case key.Matches(msg, page.Keys.Swap) && !p.alone:
		p.a, p.b = p.b, p.a // without loading them again
		return p.recompare(), nil
	case key.Matches(msg, page.Keys.ChangeA):
		return p, page.Send(page.PickRoute{Ref: p.a.ref, Side: diff.SideA})
	case key.Matches(msg, page.Keys.ChangeB), key.Matches(msg, page.Keys.MarkB) && p.alone:
		from := p.b.ref
		if p.alone {
			from = p.a.ref
		}
		return p, page.Send(page.PickRoute{Ref: from, Side: diff.SideB})
	case key.Matches(msg, page.Keys.Proof):
		return p, p.openProof(r)
	case key.Matches(msg, page.Keys.Save):
		return p, p.saveReport()
	case !some:
		return p, nil
	case key.Matches(msg, page.Keys.Copy):
		return p, widget.CopyRow(r)
	case key.Matches(msg, page.Keys.Command):
		return p, widget.CopyCommand(p.withFileCommand(r))
	}
	return p, page.Unused(msg)
}

// withFileCommand returns a row with its command. Those of files are made when they are needed: a step
// can have thousands.
func (p comparePage) withFileCommand(r widget.Row) widget.Row {
	if r.Open == nil || !r.Command.IsEmpty() {
		return r
	}
	if file, ok := r.Open(p.env).(filePage); ok {
		r.Command = file.command
	}
	return r
}

// openRow opens what a row stands for.
func (p comparePage) openRow(r widget.Row) (page.Page, page.Effects) {
	switch {
	case r.Finding != nil:
		return p.followFinding(r)
	case p.pairOf(r) >= 0:
		p = p.pickPair(pairIDOf(p.cmp.Pairs, p.pairOf(r))).toTab(tabLayers)
		return p.atDifferingStep(), nil
	}
	return p, p.openPage(r, false)
}

// atDifferingStep puts the cursor of Layers on the first step that differs.
func (p comparePage) atDifferingStep() comparePage {
	v := p.viewIn(p.frame)
	for _, r := range v.pair.Rows {
		if row := v.layerRow(r); row.Differs {
			p.targetRow = row.ID
			break
		}
	}
	return p
}

// openPage opens the page of a row, at its last difference if atLast is set.
func (p comparePage) openPage(r widget.Row, atLast bool) page.Effects {
	around := widget.Around{AtLast: atLast, HasTabs: true}
	_, around.Before = p.sheets[p.tab].NextPage(-1)
	_, around.After = p.sheets[p.tab].NextPage(1)
	switch {
	case r.Open != nil:
		opened := r.Open(p.env)
		if file, ok := opened.(filePage); ok {
			file.around = around
			opened = file
		}
		return page.Send(page.PushMsg{Page: opened})
	case r.Detail != nil:
		return page.Send(page.PushMsg{Page: widget.NewDetailAmong(p.Crumb(), r, around)})
	}
	return nil
}

// openNext opens the next row that differs, for a page that closes.
func (p comparePage) openNext(dir int) (page.Page, page.Effects) {
	s, found := p.sheets[p.tab].NextPage(dir)
	if found {
		p.sheets[p.tab].Sheet = s
	}
	r, _ := p.sheets[p.tab].Current()
	return p, p.openPage(r, dir < 0)
}

// saveReport opens the page that writes the report of what is on the screen to a file.
func (p comparePage) saveReport() page.Effects {
	if !p.complete() || p.cmp.A == nil {
		return page.Toast(safe.Const("not everything has been read; try again when it has"))
	}
	c, o := p.cmp, report.Options{Gate: p.frame.Gate, PlainHTTP: p.env.Crane != "crane"}
	title, name := p.a.ref.String(), path.Base(p.a.ref.Repository)+p.a.ref.Short()
	if !p.alone {
		title, name = title+" and "+p.b.ref.String(), name+" "+p.b.ref.Short()
	}
	return page.Send(page.PushMsg{Page: save.New(save.Report{Title: title, Name: name, Write: func(w io.Writer, format string) error {
		return report.Write(w, format, c, o)
	}})})
}

// extractRow opens the page of a file, which writes the file to disk.
func (p comparePage) extractRow(r widget.Row) page.Effects {
	if r.Open == nil {
		return page.Toast(safe.Const("there is no file to write here"))
	}
	file, ok := r.Open(p.env).(filePage)
	file.extracts = ok
	return page.Send(page.PushMsg{Page: file})
}

// pairOf returns the index of the pair that a row shows, or -1.
func (p comparePage) pairOf(r widget.Row) int {
	for i := range p.cmp.Pairs {
		if platformID(pairIDOf(p.cmp.Pairs, i)) == r.ID {
			return i
		}
	}
	return -1
}

// pickPair shows a pair and keeps it when the comparison changes.
func (p comparePage) pickPair(id pairID) comparePage {
	p.picked, p.pickedByUser, p.trail, p.wholeOffered = id, true, nil, false
	p.tallies = p.tallyTabs()
	p.mainFindings, p.otherFindings = p.rankFindings()
	return p
}

func (p comparePage) toTab(t tabID) comparePage {
	p.tab, p.offset, p.wholeOffered = t, 0, false
	if t == tabSummary {
		p.trail = nil
	}
	return p
}

const scrollStep, maxScroll = 8, 10_000 // cells

// scroll moves both sides sideways together.
func (p comparePage) scroll(cells int) comparePage {
	p.offset = min(max(p.offset+cells, 0), maxScroll)
	return p
}

// nextDifference moves to the next row that differs, or reports that there is none.
func (p comparePage) nextDifference(dir int) (page.Page, page.Effects) {
	s, found := p.sheets[p.tab].NextDifference(dir)
	if found {
		p.sheets[p.tab].Sheet = s
		return p, nil
	}
	return p, page.Toast(safe.Const("no more differences in this direction"))
}

func (p comparePage) nextPlatform(dir int) (page.Page, page.Effects) {
	n := len(p.cmp.Pairs)
	if n < 2 {
		return p, page.Toast(safe.Const("there is only one platform"))
	}
	return p.pickPair(pairIDOf(p.cmp.Pairs, (p.pairIndex()+dir+n)%n)), nil
}

// changeSide replaces the reference of a side. The tab, the cursor and the other side
// stay.
func (p comparePage) changeSide(msg page.PickedMsg) (page.Page, page.Effects) {
	p = p.dropCheck()
	p.lastLoad++
	changed := &p.a
	if msg.Side == diff.SideB {
		changed, p.alone = &p.b, false
	}
	changed.stop()
	var cmd page.Effects
	*changed, cmd = side{ref: msg.Ref}.read(p.ctx, p.env, p.lastLoad)
	return p.recompare(), cmd
}

// recompare compares what has arrived so far.
func (p comparePage) recompare() comparePage {
	p.sheetKeys, p.wholeOffered, p.programs.known = [tabCount]viewKey{}, false, false
	switch {
	case p.a.art != nil && p.b.art != nil && !p.alone:
		p.cmp.Inside, p.cmp.Programs = p.inside, p.programs.read
		p.cmp = diff.Recompare(p.cmp, *p.a.art, *p.b.art)
	case p.a.art != nil:
		p.cmp = diff.Describe(*p.a.art).WithInside(p.inside).WithPrograms(p.programs.read)
	default:
		p.cmp = diff.Comparison{}
	}
	if p.cmp.A != nil {
		p.cmp = p.cmp.WithTagContext(diff.TagContext{A: p.sideContext(p.a), B: p.sideContext(p.b)})
	}
	if only, err := p.cmp.ForPlatform(p.env.Platform); p.env.Platform != "" && err == nil {
		p.cmp = only
	}
	if !p.pickedByUser && len(p.cmp.Pairs) > 0 {
		p.picked = pairIDOf(p.cmp.Pairs, firstToShow(p.cmp))
	}
	p.mainFindings, p.otherFindings = p.rankFindings()
	p.trail = p.currentTrail()
	p.tallies = p.tallyTabs()
	return p
}

// firstToShow returns the index of the pair that the overall verdict is about: the first
// one with the worst verdict, else the first that both sides have. While the sides load it is
// the first pair.
func firstToShow(c diff.Comparison) int {
	if c.Verdict.Code == diff.Pending {
		return 0
	}
	first := func(match func(diff.Pair) bool) int {
		return slices.IndexFunc(c.Pairs, func(p diff.Pair) bool { return p.A != nil && p.B != nil && match(p) })
	}
	if i := first(func(p diff.Pair) bool { return p.Verdict.Code == c.Verdict.Code }); i >= 0 {
		return i
	}
	return max(first(func(diff.Pair) bool { return true }), 0)
}

// pairID identifies a pair. An index may list a platform twice.
type pairID struct {
	name string
	nth  int // number among the pairs of that name
}

func pairIDOf(pairs []diff.Pair, i int) pairID {
	id := pairID{name: pairs[i].Platform}
	for _, p := range pairs[:i] {
		if p.Platform == id.name {
			id.nth++
		}
	}
	return id
}

// pairIndexOf returns the index of the pair with an ID. The ID of a Windows platform may
// omit the build number.
func pairIndexOf(pairs []diff.Pair, id pairID) (int, bool) {
	for i, p := range pairs {
		if pairIDOf(pairs, i) == id {
			return i, true
		}
		if strings.HasPrefix(p.Platform, id.name+" (") && id.nth == 0 {
			return i, true
		}
	}
	return 0, false
}

// pairIndex returns the index of the pair to show: the picked one, otherwise the first.
func (p comparePage) pairIndex() int {
	i, _ := pairIndexOf(p.cmp.Pairs, p.picked)
	return i
}

// platformAbsent reports whether neither side has the platform that the user picked.
func (p comparePage) platformAbsent() bool {
	_, found := pairIndexOf(p.cmp.Pairs, p.picked)
	return p.pickedByUser && !found && len(p.cmp.Pairs) > 0
}

func (p comparePage) pair() *diff.Pair {
	if len(p.cmp.Pairs) == 0 {
		return nil
	}
	return &p.cmp.Pairs[p.pairIndex()]
}

// Repo returns the repository for short references.
func (p comparePage) Repo() model.Ref { return p.a.ref.Repo() }

// Crumb returns the repository, or both repositories if they differ.
func (p comparePage) Crumb() safe.Text {
	a := p.a.ref
	if p.alone || p.a.ref.Repo() == p.b.ref.Repo() {
		return safe.Sprintf("%s/%s", a.Registry, a.Repository)
	}
	return safe.Sprintf("%s/%s and %s/%s", a.Registry, a.Repository, p.b.ref.Registry, p.b.ref.Repository)
}

// Place returns A: esc leads to its tag in the list of tags.
func (p comparePage) Place() model.Ref { return p.a.ref }

// Path returns the registry, the repository, the sides and the tab. It has both repositories if they differ.
func (p comparePage) Path(g look.Glyphs) []page.PathPart {
	a, b := p.a.ref, p.b.ref
	if p.alone {
		b = a
	}
	both := func(x, y safe.Text) page.PathPart {
		if p.alone || x == y {
			return page.PathPart{Text: x}
		}
		return page.PathPart{Text: safe.Sprintf("%s %s %s", x, g.Arrow, y), Sides: []safe.Text{x, y}}
	}
	var path []page.PathPart
	if a.Registry == b.Registry {
		path = append(page.Path(safe.Clean(a.Registry)), both(safe.Clean(a.Repository), safe.Clean(b.Repository)))
	} else {
		path = []page.PathPart{both(safe.Clean(a.Repo().String()), safe.Clean(b.Repo().String()))}
	}
	sides := page.PathPart{Text: p.a.name(), Below: true}
	if !p.alone {
		sides.Text = safe.Sprintf("%s %s %s", p.a.name(), g.Arrow, p.b.name())
	}
	return append(path, sides, page.PathPart{Text: tabNames[p.tab]})
}

// Status returns the platform in view and, of several, its position.
func (p comparePage) Status() safe.Text {
	platform, position := p.statusParts()
	return safe.Concat(platform, position)
}

func (p comparePage) statusParts() (platform, position safe.Text) {
	pair := p.pair()
	if pair == nil {
		return platform, position
	}
	if n := len(p.cmp.Pairs); n > 1 {
		return safe.Sprintf("%s", pair.Platform), safe.Sprintf(" %d/%d ", p.pairIndex()+1, n)
	}
	return safe.Sprintf("%s", pair.Platform), safe.Const(" ")
}

// StatusIn returns the status with the platform cut in the middle to fit in width cells, and without the platform where
// it would be too short to be known.
func (p comparePage) StatusIn(g look.Glyphs, width int) safe.Text {
	const shortest = 8
	platform, position := p.statusParts()
	room := width - look.Width(position)
	switch {
	case look.Width(platform) <= room:
		return safe.Concat(platform, position)
	case room < shortest:
		return position
	}
	return safe.Concat(g.FitMiddle(platform, room), position)
}

// Loading reports whether a side, or a document in view, is being read.
func (p comparePage) Loading() bool {
	settled := func(s side) bool { return s.complete() || s.failed() }
	return !settled(p.a) || !p.alone && !settled(p.b) || p.documentsDue()
}

// documentsDue reports whether the document in view was requested and has not arrived.
func (p comparePage) documentsDue() bool {
	return p.tab.isDocument() && p.requestedDocs != (docsKey{}) && !p.docsReady()
}

// Lacks reports whether a key acts on rows and there are none, or on what only the comparison knows.
func (p comparePage) Lacks(press tea.KeyPressMsg) bool {
	switch {
	case p.Typing(), key.Matches(press, page.Keys.Back, page.Keys.Reload, page.Keys.Filter, page.Keys.Tab, page.Keys.NextTab,
		page.Keys.PrevTab, page.Keys.Swap, page.Keys.ChangeA, page.Keys.ChangeB, page.Keys.Columns, page.Keys.StepOrder):
		return false
	case p.a.art == nil && p.b.art == nil:
		return true
	case p.pair() == nil, p.cmp.B != nil && p.pair().Verdict.Code == diff.Pending, p.documentsDue():
		return key.Matches(press, page.Keys.Next, page.Keys.Prev, page.Keys.Inside, page.Keys.Save, page.Keys.Proof, page.Keys.Verify,
			page.Keys.NextPlatform, page.Keys.PrevPlatform)
	}
	return false
}

func (p comparePage) Typing() bool {
	if p.tab.isDocument() {
		return p.sheets[p.tab].Search.Open
	}
	return p.filters[p.tab].Open
}

func (p comparePage) Hints() []key.Binding {
	if hints, ok := p.sheets[p.tab].SearchHints(); ok && p.tab.isDocument() {
		return hints
	}
	if !p.tab.isDocument() && p.filters[p.tab].Open {
		return p.filters[p.tab].Hints()
	}
	if p.wholeOffered {
		return []key.Binding{page.Describe(page.Keys.Open, "go on"), page.Describe(page.Keys.Back, "cancel")}
	}
	switch p.check.stage {
	case checkOffered:
		return []key.Binding{page.Describe(page.Keys.Open, "go on"), page.Describe(page.Keys.Back, "cancel")}
	case checkRunning:
		return []key.Binding{page.Describe(page.Keys.Back, "stop")}
	case checkOff:
	}
	switch {
	case !p.tab.isDocument() && p.filters[p.tab].Active && p.filteredCounts[p.tab] == 0:
		return p.filters[p.tab].NoMatchHints()
	case p.tab == tabFiles:
		return p.fileHints()
	case p.tab == tabPackages:
		return p.packageHints()
	}
	if p.a.failed() || p.b.failed() {
		return p.failedHints()
	}
	if p.alone {
		return []key.Binding{page.Keys.Open, page.Keys.Back, page.Describe(page.Keys.MarkB, "compare with"),
			page.Describe(page.Keys.NextTab, "view"), page.Describe(page.Keys.Proof, "why"), page.Keys.Copy}
	}
	back := page.Keys.Back
	if p.trail != nil {
		back = page.Describe(page.Keys.Back, "finding")
	}
	hints := []key.Binding{page.Describe(page.Keys.Next, "next diff"), page.Keys.Open, back, page.Describe(page.Keys.NextTab, "view"),
		page.Describe(page.Keys.Proof, "why"), page.Keys.Copy, page.Describe(page.Keys.Command, "command"), page.Keys.Swap}
	if len(p.cmp.Pairs) > 1 {
		hints = slices.Insert(hints, 3, page.Describe(page.Keys.NextPlatform, "platform"))
	}
	return hints
}

// failedHints are the keys while a side could not be read: those that choose a side that exists first.
func (p comparePage) failedHints() []key.Binding {
	var hints []key.Binding
	if model.IsMissing(p.a.err) {
		hints = append(hints, page.Keys.ChangeA)
	}
	if model.IsMissing(p.b.err) {
		hints = append(hints, page.Describe(page.Keys.ChangeB, "choose another B"))
	}
	hints = append(hints, page.Describe(page.Keys.Reload, "try again"))
	if p.a.art != nil || p.b.art != nil {
		hints = append(hints, page.Keys.Open)
	}
	return append(hints, page.Keys.Back,
		page.Describe(page.Keys.NextTab, "view"), page.Describe(page.Keys.Goto, "go to"))
}

// fileHints are the keys of the tab Files, those that lead on first.
func (p comparePage) fileHints() []key.Binding {
	back, tab := page.Keys.Back, page.Describe(page.Keys.NextTab, "view")
	if p.reading.running && p.reading.asked {
		return []key.Binding{page.Describe(page.Keys.Back, "stop"), tab, p.viewHint(), page.Keys.Filter}
	}
	var hints []key.Binding
	if plan, ok := p.currentPlan(); ok && len(plan.layers) > 0 {
		hint := "look inside"
		if plan.archives {
			hint = "archives"
		}
		hints = append(hints, page.Describe(page.Keys.Inside, hint))
	}
	if !p.showsOnlyA() {
		hints = append(hints, page.Describe(page.Keys.Next, "next diff"))
	}
	if p.trail != nil {
		back = page.Describe(page.Keys.Back, "finding")
	}
	if p.hasOpenPackage() {
		back = page.Describe(page.Keys.Back, "close")
	}
	hints = append(hints, page.Keys.Open, back, p.viewHint())
	if !p.showsOnlyA() {
		hints = append(hints, page.Describe(page.Keys.Noise, "noise"))
	}
	hints = append(hints, page.Describe(page.Keys.StepOrder, "order"), page.Keys.Filter, page.Describe(page.Keys.Extract, "write"))
	return append(hints, page.Keys.Copy, page.Describe(page.Keys.Command, "command"), tab)
}

// viewHint names the view of Files that comes next.
func (p comparePage) viewHint() key.Binding {
	pair := p.pair()
	isWhole := pair != nil && pair.Inside != nil && pair.Inside.IsWhole()
	switch {
	case p.merged && (p.showsOnlyA() || isWhole || p.reading.running):
		return page.Describe(page.Keys.Merged, "by step")
	case p.merged, p.showsOnlyA(), isWhole:
		return page.Describe(page.Keys.Merged, "whole image")
	}
	return page.Describe(page.Keys.Merged, "merged")
}

func (p comparePage) Help() page.KeyGroup {
	return page.KeyGroup{Name: "Compare", Keys: []key.Binding{
		page.Keys.NextTab, page.Keys.PrevTab, page.Keys.Tab, page.Keys.Next, page.Keys.Prev, page.Keys.NextPlatform, page.Keys.PrevPlatform,
		page.Describe(page.Keys.Open, "open the row, or a finding's evidence"),
		page.Keys.Proof, page.Describe(page.Keys.Copy, "copy the full value"), page.Keys.Command, page.Keys.Fold,
		page.Describe(page.Keys.Verify, "check that the registry has every config and layer"),
		page.Keys.Swap, page.Keys.ChangeA, page.Keys.ChangeB, page.Keys.Reload,
		page.Describe(page.Keys.Filter, "search text; filter layers, files, packages, platforms"), page.Keys.Save, page.Keys.Columns,
		page.Describe(page.Keys.StepOrder, "another order of the steps, files or packages"),
		page.Keys.Inside, page.Describe(page.Keys.Merged, "in Files: by step, merged, or the whole image"),
		page.Describe(page.Keys.Noise, "in Files: show or hide noise: times, generated files"),
		page.Describe(page.Keys.Extract, "in Files: write the file to the current folder"),
		page.Keys.Left, page.Keys.Right,
		page.Describe(page.Keys.Group, "other tags of A's image (D: of B's)"),
		page.Describe(page.Keys.Timeline, "timeline of A's tag (T: of B's)"),
		page.Describe(page.Keys.Before, "before and after a move of A's tag (M: B's)"),
	}}
}

// View returns the header, the filter and the sheet of the tab.
func (p comparePage) View(f page.Frame) []look.Line {
	lines := p.header(f)
	if l, ok := p.filters[p.tab].Line(f.Width, p.filteredCounts[p.tab], p.rowCounts[p.tab]); ok && !p.tab.isDocument() {
		lines = append(lines, look.L(look.Gap(1)).With(l.Spans...))
	}
	return append(lines, p.sheets[p.tab].View(f)...)
}
