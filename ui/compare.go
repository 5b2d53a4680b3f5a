package ui

import (
	"context"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// comparePage shows A beside B, or A alone. Its views are sheets of rows made
// from one scene; what is under the cursor is kept by identity, so that newer
// data, another side or another size do not lose the place.
type comparePage struct {
	deps  deps
	ctx   context.Context
	a, b  side
	alone bool
	loads loadID // the newest

	cmp      diff.Comparison
	pick     pairID // the pair in view
	chosen   bool   // by the person, so that it stays
	sums     [tabCount]sum
	docs     docs
	askedFor docsKey

	tab     tabID
	sheets  [tabCount]sheet
	all     [tabCount]int // rows before the filter, and after
	passed  [tabCount]int
	shift   int // cells scrolled sideways
	stacked bool
	filter  filter
	drawn   [tabCount]sceneKey // what the sheets were made from

	sets     map[model.Ref]model.TagSet // what is known of tags, by repository
	watch    recheck
	frame    frame  // the last one that it was laid out in
	trail    *trail // from a finding to its evidence
	want     string // the row to put the cursor on
	unfolded bool   // consequences are shown
	// news and also are the findings, folded and in order.
	news, also []diff.Group
}

// tabID is one of the views.
type tabID int

// The views, in the order of their number keys.
const (
	tabSummary tabID = iota
	tabPlatforms
	tabLayers
	tabHistory
	tabConfig
	tabManifest
	tabSchema1
	tabCount
)

// newComparePage compares a with b, or shows a alone when b is nil. known is
// what is known of tags beside them, nil for nothing.
func newComparePage(d deps, a model.Ref, b *model.Ref, known *model.TagSet) page {
	p := comparePage{deps: d, a: side{ref: a}, alone: b == nil, pick: pairID{name: d.platform}, chosen: d.platform != ""}
	if b != nil {
		p.b = side{ref: *b}
	}
	return p.knowing(known)
}

func (p comparePage) start(ctx context.Context) (page, effects) {
	p.ctx = ctx
	p, asked := p.reload()
	p.watch, asked = p.watch.arm(ctx, p.deps.recheck, asked)
	return p, asked
}

// visited is the place to come back to, once there is something to see there.
func (p comparePage) visited() effects {
	switch {
	case p.a.art == nil || !p.a.art.Done || !p.alone && (p.b.art == nil || !p.b.art.Done):
		return nil
	case p.alone:
		return send(visitedMsg{p.a.ref.String()})
	}
	return send(visitedMsg{p.a.ref.String() + " " + p.b.ref.String()})
}

func (p comparePage) reload() (comparePage, effects) {
	var cmdA, cmdB effects
	p.loads += 2
	p.a, cmdA = p.a.read(p.ctx, p.deps, p.loads-1)
	if !p.alone {
		p.b, cmdB = p.b.read(p.ctx, p.deps, p.loads)
	}
	return p.recompare(), slices.Concat(cmdA, cmdB)
}

func (p comparePage) update(msg tea.Msg) (page, effects) {
	switch msg := msg.(type) {
	case arrivedMsg:
		return p.arrived(msg)
	case headMsg:
		return p.headed(msg), nil
	case recheckMsg:
		p.watch = p.watch.rang(msg)
		return p, nil
	case recheckedTagsMsg:
		return p.recheckDone(msg)
	case pastMsg:
		return p.recalled(msg), nil
	case knownTagsMsg:
		return p.knowing(&msg.set).recompare(), nil
	case contentsMsg:
		return p.settled(msg), nil
	case docsMsg:
		if msg.key == p.askedFor {
			p.docs = msg.docs
			p.sums = p.sum()
		}
		return p, nil
	case pickedMsg:
		return p.changeSide(msg)
	}
	f, changed, handled := p.filter.update(msg)
	p.filter = f
	if changed {
		p.drawn = [tabCount]sceneKey{}
	}
	if press, ok := msg.(tea.KeyPressMsg); ok && !handled {
		return p.press(press)
	}
	return p, nil
}

func (p comparePage) press(msg tea.KeyPressMsg) (page, effects) {
	if s, moved := p.sheets[p.tab].move(msg); moved {
		p.sheets[p.tab] = s
		return p, nil
	}
	switch {
	case key.Matches(msg, keys.Back):
		return p.back()
	case key.Matches(msg, keys.NextTab):
		return p.toTab((p.tab + 1) % tabCount), nil
	case key.Matches(msg, keys.PrevTab):
		return p.toTab((p.tab + tabCount - 1) % tabCount), nil
	case key.Matches(msg, keys.Tab):
		return p.toTab(tabID(msg.String()[0] - '1')), nil
	case key.Matches(msg, keys.Next):
		return p.nextDifference(1)
	case key.Matches(msg, keys.Prev):
		return p.nextDifference(-1)
	case key.Matches(msg, keys.NextPlatform):
		return p.nextPlatform(1)
	case key.Matches(msg, keys.PrevPlatform):
		return p.nextPlatform(-1)
	case key.Matches(msg, keys.Left), key.Matches(msg, keys.Right):
		return p.scroll(key.Matches(msg, keys.Right)), nil
	case key.Matches(msg, keys.Columns):
		p.stacked = !p.stacked
		return p, nil
	case key.Matches(msg, keys.Fold):
		return p.fold(), nil
	}
	return p.act(msg)
}

// act handles the keys that do something with the row under the cursor or with
// the sides.
func (p comparePage) act(msg tea.KeyPressMsg) (page, effects) {
	if asked, taken := p.lookAround(msg); taken {
		return p, asked
	}
	r, some := p.sheets[p.tab].current()
	switch {
	case key.Matches(msg, keys.Reload):
		return p.reload()
	case key.Matches(msg, keys.Swap) && !p.alone:
		return p.swap(), nil
	case key.Matches(msg, keys.ChangeA):
		return p, send(pickRoute{p.a.ref, diff.SideA})
	case key.Matches(msg, keys.ChangeB), key.Matches(msg, keys.MarkB) && p.alone:
		from := p.b.ref
		if p.alone {
			from = p.a.ref
		}
		return p, send(pickRoute{from, diff.SideB})
	case key.Matches(msg, keys.How):
		return p, p.explain(r)
	case !some:
		return p, nil
	case key.Matches(msg, keys.Open) && r.finding != nil:
		return p.follow(r)
	case key.Matches(msg, keys.Open) && p.pairOf(r) >= 0:
		return p.choose(idOf(p.cmp.Pairs, p.pairOf(r))).toTab(tabLayers), nil
	case key.Matches(msg, keys.Open) && r.detail != nil:
		return p, send(pushMsg{newDetailPage(p.crumb(), r)})
	case key.Matches(msg, keys.Copy):
		return p, copyRow(r)
	case key.Matches(msg, keys.Shell):
		return p, shellRow(r)
	}
	return p, nil
}

// pairOf is the index of the pair that a row stands for, -1 for none.
func (p comparePage) pairOf(r row) int {
	for i := range p.cmp.Pairs {
		if platformID(idOf(p.cmp.Pairs, i)) == r.id {
			return i
		}
	}
	return -1
}

// choose puts a pair in view, for good.
func (p comparePage) choose(id pairID) comparePage {
	p.pick, p.chosen, p.trail = id, true, nil
	p.sums = p.sum()
	p.news, p.also = p.tell()
	return p
}

func (p comparePage) toTab(t tabID) comparePage {
	p.tab, p.shift = t, 0
	if t == tabSummary {
		p.trail = nil
	}
	return p
}

// scroll moves both sides sideways together.
func (p comparePage) scroll(right bool) comparePage {
	const step, most = 8, 10_000
	if right {
		p.shift = min(p.shift+step, most)
	} else {
		p.shift = max(p.shift-step, 0)
	}
	return p
}

// nextDifference goes to the next row that differs, and says when there is
// none.
func (p comparePage) nextDifference(dir int) (page, effects) {
	s, found := p.sheets[p.tab].next(dir)
	if found {
		p.sheets[p.tab] = s
		return p, nil
	}
	return p, toast(safe.Const("no more differences this way in this view"))
}

func (p comparePage) nextPlatform(dir int) (page, effects) {
	n := len(p.cmp.Pairs)
	if n < 2 {
		return p, toast(safe.Const("there is only one platform"))
	}
	return p.choose(idOf(p.cmp.Pairs, (p.pairIndex()+dir+n)%n)), nil
}

// swap exchanges the sides; what was loaded stays.
func (p comparePage) swap() comparePage {
	p.a, p.b = p.b, p.a
	return p.recompare()
}

// changeSide puts another reference in place of a side. The view, the cursor
// and the other side stay.
func (p comparePage) changeSide(msg pickedMsg) (page, effects) {
	var cmd effects
	p.loads++
	if msg.side == diff.SideA {
		p.a.stop()
		p.a, cmd = side{ref: msg.ref}.read(p.ctx, p.deps, p.loads)
	} else {
		p.b.stop()
		p.alone = false
		p.b, cmd = side{ref: msg.ref}.read(p.ctx, p.deps, p.loads)
	}
	return p.recompare(), cmd
}

// recompare makes the comparison anew from what has arrived.
func (p comparePage) recompare() comparePage {
	p.drawn = [tabCount]sceneKey{}
	switch {
	case p.a.art != nil && p.b.art != nil && !p.alone:
		p.cmp = diff.Recompare(p.cmp, *p.a.art, *p.b.art)
	case p.a.art != nil:
		p.cmp = diff.Describe(*p.a.art)
	default:
		p.cmp = diff.Comparison{}
	}
	if p.cmp.A != nil {
		p.cmp = p.cmp.WithTagContext(p.around())
	}
	if !p.chosen && len(p.cmp.Pairs) > 0 {
		p.pick = idOf(p.cmp.Pairs, firstToShow(p.cmp))
	}
	p.news, p.also = p.tell()
	p.trail = p.stillFound()
	p.sums = p.sum()
	return p
}

// firstToShow is the pair that the overall verdict is about: the first of the
// worst. While things arrive it is the first one.
func firstToShow(c diff.Comparison) int {
	if c.Verdict.Code == diff.Pending {
		return 0
	}
	i := slices.IndexFunc(c.Pairs, func(p diff.Pair) bool { return p.A != nil && p.B != nil && p.Verdict.Code == c.Verdict.Code })
	return max(i, 0)
}

// pairID tells pairs apart: an index may name a platform twice.
type pairID struct {
	name string
	nth  int // of that name
}

func idOf(pairs []diff.Pair, i int) pairID {
	id := pairID{name: pairs[i].Platform}
	for _, p := range pairs[:i] {
		if p.Platform == id.name {
			id.nth++
		}
	}
	return id
}

// find is the index of the pair with an id. A Windows platform is also found
// without its build.
func find(pairs []diff.Pair, id pairID) (int, bool) {
	for i, p := range pairs {
		if idOf(pairs, i) == id {
			return i, true
		}
		if strings.HasPrefix(p.Platform, id.name+" (") && id.nth == 0 {
			return i, true
		}
	}
	return 0, false
}

// pairIndex is the pair in view: the one picked, else the first.
func (p comparePage) pairIndex() int {
	i, _ := find(p.cmp.Pairs, p.pick)
	return i
}

// absent reports that the platform a person chose is on neither side.
func (p comparePage) absent() bool {
	_, found := find(p.cmp.Pairs, p.pick)
	return p.chosen && !found && len(p.cmp.Pairs) > 0
}

func (p comparePage) pair() *diff.Pair {
	if len(p.cmp.Pairs) == 0 {
		return nil
	}
	return &p.cmp.Pairs[p.pairIndex()]
}

// repo is what a short reference is meant beside.
func (p comparePage) repo() model.Ref { return p.a.ref.Repo() }

// crumb is the repository that both sides share, or both.
func (p comparePage) crumb() safe.Text {
	a := p.a.ref
	if p.alone || p.a.ref.Repo() == p.b.ref.Repo() {
		return safe.Sprintf("%s/%s", a.Registry, a.Repository)
	}
	return safe.Sprintf("%s/%s and %s/%s", a.Registry, a.Repository, p.b.ref.Registry, p.b.ref.Repository)
}

func (p comparePage) status() safe.Text {
	pair := p.pair()
	if pair == nil {
		return safe.Text{}
	}
	if n := len(p.cmp.Pairs); n > 1 {
		return safe.Sprintf("%s %d/%d ", pair.Platform, p.pairIndex()+1, n)
	}
	return safe.Sprintf("%s ", pair.Platform)
}

func (p comparePage) typing() bool { return p.filter.open }

func (p comparePage) hints() []key.Binding {
	if p.filter.open {
		return p.filter.hints()
	}
	if p.alone {
		return []key.Binding{as(keys.NextTab, "view"), keys.Open, as(keys.MarkB, "compare with"), as(keys.How, "why"), keys.Copy, keys.Back}
	}
	hints := []key.Binding{as(keys.NextTab, "view"), as(keys.Next, "next diff"), keys.Open, as(keys.How, "why"), p.backHint(), keys.Copy, as(keys.Shell, "command"), keys.Swap}
	if len(p.cmp.Pairs) > 1 {
		hints = slices.Insert(hints, 1, as(keys.NextPlatform, "platform"))
	}
	return hints
}

func (p comparePage) backHint() key.Binding {
	if p.trail != nil {
		return as(keys.Back, "finding")
	}
	return keys.Back
}

func (p comparePage) help() []keyGroup {
	return []keyGroup{
		{"Compare", []key.Binding{
			keys.NextTab, keys.PrevTab, keys.Tab, keys.Next, keys.Prev, keys.NextPlatform, keys.PrevPlatform,
			as(keys.Open, "open the row; of a finding, its evidence"),
			keys.How, as(keys.Copy, "copy the full value"), keys.Shell, keys.Fold,
			keys.Swap, keys.ChangeA, keys.ChangeB, keys.Reload, keys.Filter, keys.Columns, keys.Left, keys.Right,
			as(keys.Group, "other tags of A's image (D: of B's)"), as(keys.Timeline, "timeline of A's tag (T: of B's)"),
			as(keys.Before, "A's tag moved: compare before and after (M: B's)"),
		}},
		moveKeys, everywhereKeys,
	}
}

// view is who is compared, the verdict, the tabs, and the sheet in use.
func (p comparePage) view(f frame) []look.Line {
	lines := p.top(f)
	if l, ok := p.filter.line(f.width, p.passed[p.tab], p.all[p.tab]); ok {
		lines = append(lines, look.L(look.Gap(1)).With(l.Spans...))
	}
	return append(lines, p.sheets[p.tab].view(f.glyphs)...)
}
