// Package tags has two pages: the tags of a repository, with sorting, groups and
// the survey that resolves all tags, and the timeline of one tag. Comparisons are
// in package compare; findings on tags come from package diff.
package tags

import (
	"cmp"
	"context"
	"path"
	"slices"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/compare"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// tagsPage lists the tags of a repository. By default it reads only the tags in
// view.
type tagsPage struct {
	env     page.Env
	ctx     context.Context // of the page
	listCtx context.Context // of the current listing and the requests for its rows
	ref     model.Ref
	list    widget.NameList
	marks   page.Marks
	pick    diff.Side // the side to choose a tag for; "" when the page is not a picker

	index    index
	previous index                     // the index of the previous listing
	peeking  int                       // peeks under way
	history  map[string]model.Timeline // recorded sightings; they may include those of this run

	order            sortOrder
	grouped          bool // tags of one image follow each other
	sortable         int  // tags with a known sort key
	countedFor       ordering
	sorting          sorting
	survey           survey
	unread           unreadCount // what a filter by digest cannot look at
	search           digestSearch
	findings         []diff.Finding // on the tags as a whole
	findingsLoad     page.LoadID    // of the newest search for them
	showFindingsNext bool           // open the findings when the search ends
	flagged          map[string]bool
	poll             page.Poll
}

// maxPeeks bounds the requests for rows in view. When a person scrolls through
// thousands of rows, the rows now in view must not wait for all the others.
const maxPeeks = 64

// peekedMsg is the answer to one peek.
type peekedMsg struct {
	load page.LoadID
	tag  string        // "" when the image was requested by digest
	of   digest.Digest // that digest, else ""
	info model.TagInfo
	err  error
}

// historyMsg has the recorded sightings of the tags.
type historyMsg struct {
	load    page.LoadID
	history map[string]model.Timeline
}

// findingsMsg has the findings on the tags as a whole.
type findingsMsg struct {
	load     page.LoadID
	findings []diff.Finding
}

// New returns the page of a repository's tags, sorted and filtered as it was last. Its cursor waits for the tag of
// ref, if that has one.
func New(env page.Env, ref model.Ref) page.Page {
	return newPage(env, ref).withState(env.Lists[ref.Repo()])
}

// NewFind returns the page of a repository's tags that looks for a digest by its first digits. It
// resolves the tags, or says what that costs. pick is the side to choose a tag for, "" for none.
func NewFind(env page.Env, repo model.Ref, prefix model.DigestPrefix, pick diff.Side) page.Page {
	p := newPage(env, repo)
	p.pick = pick
	p.list.Filter = widget.NewFilter(string(prefix))
	p.grouped, p.survey.stage = true, surveyPending
	return p
}

// listState is how a list is sorted and filtered, for page.Env.Lists.
type listState struct {
	order   sortOrder
	grouped bool
	filter  widget.Filter
}

func (p tagsPage) state() listState {
	f := p.list.Filter
	f.Open = false
	return listState{p.order, p.grouped, f}
}

// withState sorts and filters the list as state says, if it is one.
func (p tagsPage) withState(state any) tagsPage {
	s, ok := state.(listState)
	if !ok {
		return p
	}
	p.order, p.grouped, p.survey.stage = s.order, s.grouped, surveyIdle
	if s.filter.Matches(p.list.WantedName) || p.list.WantedName == "" {
		p.list.Filter = s.filter
	}
	p.survey.stage = surveyIdle
	if p.grouped || p.order.needsImages() {
		p.survey.stage = surveyPending
	}
	return p
}

// newPage returns a page of tags. Its cursor waits for the tag of ref, if that has one.
func newPage(env page.Env, ref model.Ref) tagsPage {
	return tagsPage{
		env: env, ref: ref.Repo(), list: widget.NameList{IsExtra: model.IsAttached, WantedName: ref.Tag},
	}.withIndex(newIndex()).withFirstOrder()
}

// NewPick returns a tags page to choose another tag for a side. The cursor starts
// on the tag of now.
func NewPick(env page.Env, now model.Ref, side diff.Side) page.Page {
	p := newPage(env, now)
	p.pick = side
	return p
}

// keepState keeps how the list is sorted and filtered, if a key changed that.
func (p tagsPage) keepState(before listState) page.Effects {
	now := p.state()
	same := now.order == before.order && now.grouped == before.grouped && now.filter.SameText(before.filter)
	if p.pick != "" || p.search.digest != "" || same {
		return nil
	}
	return page.Send(page.KeepListMsg{Repo: p.ref, State: now})
}

func (p tagsPage) Start(ctx context.Context) (page.Page, page.Effects) {
	p.ctx = ctx
	if len(p.list.All) > 0 {
		p.previous = p.index
	}
	p, _ = p.advance(listRestarted)
	p = p.withIndex(newIndex())
	p.history, p.findings, p.flagged = nil, nil, nil
	p.sorting, p.peeking, p.sortable = sortIdle, 0, 0
	p.findingsLoad++
	var requests page.Effects
	p.list, p.listCtx, requests = p.list.Read(ctx, func(ctx context.Context, page func([]string)) error {
		return p.env.Registry.Tags(ctx, p.ref, page)
	})
	p.poll, requests = p.poll.Arm(p.listCtx, p.env.Recheck, requests)
	return p, append(requests, p.readHistory()...)
}

// readHistory reads the recorded sightings.
func (p tagsPage) readHistory() page.Effects {
	if p.env.Journal == nil {
		return nil
	}
	repo, load := p.ref, p.list.Load
	return page.Once(p.listCtx, func(context.Context) tea.Msg {
		past, _ := p.env.Journal.History(repo) // an error comes with the readable part
		return historyMsg{load, past}
	})
}

func (p tagsPage) Update(msg tea.Msg) (page.Page, page.Effects) {
	switch msg := msg.(type) {
	case widget.NamesMsg:
		p.list = p.list.Arrived(msg)
		if msg.Load == p.list.Load {
			p.index.addAttached(msg.Names)
		}
		if p.survey.stage == surveyOffered && p.survey.goal != goalMembers {
			p.survey.total = len(p.tagsToAsk())
		}
		return p.andSort(page.Send(page.VisitedMsg{Place: p.ref.String()}))
	case widget.NamesDoneMsg:
		none := len(p.list.All) == 0
		p.list = p.list.Arrived(msg)
		switch {
		case msg.Load != p.list.Load:
			return p, nil
		case none && len(p.list.All) > 0: // the list could not be read again
			p = p.withIndex(p.previous)
			return p.advance(listRestored)
		case p.pick != "" && p.list.WantedName != "": // the tag to replace does not exist
			p.list = p.list.ToClosest()
		}
		return p.advance(listComplete)
	case page.ArtifactsMsg:
		return p.addArtifacts(msg.Artifacts).updateSearch().updateFilter(), nil
	case tea.KeyPressMsg:
		before := p.state()
		next, effects := p.key(msg)
		if next, ok := next.(tagsPage); ok {
			effects = append(effects, next.keepState(before)...)
		}
		return next, effects
	case page.SelectMsg, page.ScrollMsg:
		return p.mouse(msg)
	}
	return p.answerArrived(msg)
}

// answerArrived handles the answers of streams.
func (p tagsPage) answerArrived(msg tea.Msg) (page.Page, page.Effects) {
	switch msg := msg.(type) {
	case peekedMsg:
		if msg.load == p.list.Load {
			p.peeking--
			return p.peekArrived(msg).sortList()
		}
	case historyMsg:
		if msg.load == p.list.Load {
			p.history = msg.history
			for tag := range p.index.tags {
				p.noteMove(tag)
			}
			return p.refreshFindings()
		}
	case sortedMsg:
		return p.sortArrived(msg)
	case findingsMsg:
		if msg.load == p.findingsLoad {
			p = p.withFindings(msg.findings)
			if p.showFindingsNext {
				p.showFindingsNext = false
				return p, p.showFindings()
			}
		}
	case page.PollMsg:
		p.poll = p.poll.Fired(msg)
	case recheckedMsg:
		return p.rechecked(msg)
	case surveyMsg:
		return p.surveyArrived(msg)
	}
	return p, nil
}

// peekArrived records an answer about a tag or an image. It does not replace a
// known target: that may come from a later request.
func (p tagsPage) peekArrived(msg peekedMsg) tagsPage {
	if msg.tag != "" && p.index.tags[msg.tag].Digest == "" {
		t := model.Tagged{Tag: msg.tag, Digest: msg.info.Digest, MediaType: msg.info.MediaType}
		if t.Digest == "" {
			t.Err = msg.err
		}
		p.index.setTarget(t)
		p.noteMove(msg.tag)
	}
	switch d := cmp.Or(msg.of, msg.info.Digest); {
	case msg.err == nil:
		p.index.addImage(msg.info)
		p.search = p.search.noteParts(p.index, msg.info.Digest)
	case d != "" && !model.IsMissing(msg.err):
		p.index.read[d], p.index.failed[d] = true, true
	}
	return p
}

// noteMove records that a tag moved since its last recorded sighting.
func (p tagsPage) noteMove(tag string) {
	t := p.index.tags[tag]
	if p.index.moves[tag].now || t.Digest == "" {
		return
	}
	if before, ok := diff.MovedFrom(p.history[tag], t.Digest); ok {
		p.index.moves[tag] = movedTag{from: before}
	}
}

// key handles a key. An announcement comes first, then the filter, the list and
// the page.
func (p tagsPage) key(msg tea.KeyPressMsg) (page.Page, page.Effects) {
	if !p.list.Filter.Open {
		if event, ok := p.survey.keyEvent(msg); ok {
			return p.advance(event)
		}
	}
	var handled bool
	if p.list, handled = p.list.Update(msg); handled {
		return p.updateFilter(), nil
	}
	return p.press(msg)
}

// mouse handles a click on a row and the wheel. A click declines an offer: it does not open a row
// in place of an answer.
func (p tagsPage) mouse(msg tea.Msg) (page.Page, page.Effects) {
	p.list, _ = p.list.Update(msg)
	click, isClick := msg.(page.SelectMsg)
	switch {
	case isClick && p.survey.stage == surveyOffered:
		return p.advance(surveyStop)
	case isClick && click.Open:
		return p.press(page.Enter)
	}
	return p, nil
}

func (p tagsPage) press(msg tea.KeyPressMsg) (page.Page, page.Effects) {
	tag, some := p.list.Current()
	here := p.ref.WithTag(tag)
	switch {
	case key.Matches(msg, page.Keys.Back) && p.marks.A != nil && p.marks.B != nil:
		return p, page.Send(page.MarkMsg{}) // a single mark stays, for a comparison with another repository
	case key.Matches(msg, page.Keys.Back):
		return p, page.Send(page.PopMsg{Payload: p.knownTags()})
	case key.Matches(msg, page.Keys.Reload):
		if p.list.Err != nil || p.index.hasErrors() {
			p.env.Registry.ForgetLogins(p.ref.Registry)
		}
		return p.Start(p.ctx)
	case key.Matches(msg, page.Keys.Group):
		return p.group()
	case key.Matches(msg, page.Keys.Order):
		return p.nextOrder()
	case key.Matches(msg, page.Keys.Extra):
		return p.showExtra()
	case key.Matches(msg, page.Keys.Fold):
		return p.openFindings()
	case !some:
		return p, nil
	case key.Matches(msg, page.Keys.Open) && p.pick != "":
		return p, page.Send(page.PopMsg{Payload: page.PickedMsg{Side: p.pick, Ref: here}})
	case key.Matches(msg, page.Keys.Open):
		return p, p.open(here)
	case key.Matches(msg, page.Keys.Timeline):
		return p, page.Send(page.TimelineRoute{Ref: here})
	case key.Matches(msg, page.Keys.Before):
		return p, p.beforeAndAfter(tag)
	case key.Matches(msg, page.Keys.Copy):
		here.Digest = p.index.tags[tag].Digest // if it is known, because a tag moves
		return p, page.Send(page.CopyMsg{What: safe.Const("the reference"), Text: safe.Clean(here.String())})
	case p.pick == "":
		return p, p.pressMark(msg, here)
	}
	return p, page.Unused(msg)
}

// pressMark marks rows. space marks A and then B, and removes the mark of a marked row. The keys of A and B compare as
// soon as both are marked.
func (p tagsPage) pressMark(msg tea.KeyPressMsg, here model.Ref) page.Effects {
	a, b := p.marks.A, p.marks.B
	switch isA, isB := a != nil && *a == here, b != nil && *b == here; {
	case key.Matches(msg, page.Keys.MarkA) && !isA:
		return p.mark(page.Marks{A: &here, B: b, KeepA: true})
	case key.Matches(msg, page.Keys.MarkB):
		return p.mark(page.Marks{A: a, B: &here, KeepA: p.marks.KeepA})
	case !key.Matches(msg, page.Keys.Mark, page.Keys.MarkA):
		return page.Unused(msg)
	case isA:
		return page.Send(page.MarkMsg{Marks: page.Marks{B: b}})
	case isB:
		return page.Send(page.MarkMsg{Marks: page.Marks{A: a}})
	case a == nil:
		return page.Send(page.MarkMsg{Marks: page.Marks{A: &here, B: b}})
	case b != nil:
		return page.Toast(safe.Sprintf("two are marked: enter compares them, %s on one of them removes its mark", page.Keys.Mark.Help().Key))
	}
	return page.Send(page.MarkMsg{Marks: page.Marks{A: a, B: &here, KeepA: p.marks.KeepA}})
}

// marked returns what enter compares on a row: the two that are marked, or the one that is marked with the row.
// ok is false if it opens the row.
func (p tagsPage) marked(here model.Ref) (_ page.Marks, ok bool) {
	m := p.marks
	switch {
	case m.A == nil && m.B == nil:
		return m, false
	case m.A != nil && m.B != nil && m.A.Repo() != p.ref && m.B.Repo() != p.ref: // marked in another list
		return m, false
	case m.A == nil:
		m.A = &here
	case m.B == nil:
		m.B = &here
	}
	return m, *m.A != *m.B
}

// open opens a tag, or compares when tags are marked.
func (p tagsPage) open(here model.Ref) page.Effects {
	if m, ok := p.marked(here); ok {
		return p.mark(m)
	}
	return page.Send(page.CompareRoute{A: here, Known: p.tagSet()})
}

// compareText says what enter compares, in few cells: a hint that does not fit is not shown.
func (p tagsPage) compareText(m page.Marks) string {
	const most = 44
	name := func(ref model.Ref) string {
		if ref.Repo() == p.ref {
			return ref.Short()
		}
		return path.Base(ref.Repository) + ref.Short()
	}
	if text := "compare A " + name(*m.A) + " with " + name(*m.B); len(text) <= most {
		return text
	}
	if p.marks.A != nil && p.marks.B != nil {
		return "compare A with B"
	}
	return "compare the marked tag with this"
}

func (p tagsPage) knownTags() tea.Msg {
	if set := p.tagSet(); set != nil {
		return page.KnownTagsMsg{Set: *set}
	}
	return nil
}

// tagSet returns what is known about the tags, nil before a survey.
func (p tagsPage) tagSet() *model.TagSet {
	if p.survey.settled() != surveyDone {
		return nil
	}
	set := p.index.tagSet(p.ref, p.list)
	return &set
}

// mark sets the marks and compares once there are two. Then the mark of A stays only if its own key made it, to compare A
// with several others.
func (p tagsPage) mark(m page.Marks) page.Effects {
	if m.A == nil || m.B == nil {
		return page.Send(page.MarkMsg{Marks: m})
	}
	var kept page.Marks
	if m.KeepA {
		kept = page.Marks{A: m.A, KeepA: true}
	}
	return page.Send(page.MarkMsg{Marks: kept, Then: page.CompareRoute{A: *m.A, B: m.B, Known: p.tagSet()}})
}

// beforeAndAfter compares the previous target of a tag with the current one.
func (p tagsPage) beforeAndAfter(tag string) page.Effects {
	m, moved := p.index.moves[tag]
	t, name := p.index.tags[tag], safe.Sprintf(":%s", safe.Clean(tag))
	switch {
	case t.Err != nil:
		return page.Toast(safe.Sprintf("%s: %s", name, safe.Clean(model.ShortError(t.Err))))
	case t.Digest == "":
		return page.Toast(safe.Sprintf("%s is not resolved yet", name))
	case !moved:
		return page.Toast(compare.UnmovedText(name, p.history[tag]))
	}
	before, after := p.ref.WithTag(tag), p.ref.WithTag(tag)
	before.Digest = m.from.Digest
	return page.Send(page.CompareRoute{A: before, B: &after})
}

// Layout sizes the list and requests the tags that came into view.
func (p tagsPage) Layout(f page.Frame) (page.Page, page.Effects) {
	p.marks = f.Marks
	p.list = p.list.Resize(f, f.Height-1-len(p.linesAbove(f))-p.linesBelow(f, p.columns(f)))
	if p.listCtx == nil {
		return p, nil
	}
	var requests page.Effects
	for _, tag := range p.inView() {
		if p.peeking >= maxPeeks {
			break // each answer calls Layout again
		}
		more := p.requestRow(tag)
		p.peeking += len(more)
		requests = append(requests, more...)
	}
	p, more := p.recheck()
	return p, append(requests, more...)
}

func (p tagsPage) inView() []string {
	from, to := p.list.Window.Visible()
	return p.list.Shown[from:to]
}

// requestRow requests what the row of a tag shows, unless it is known or already
// requested, if only for another tag of the same image.
func (p tagsPage) requestRow(tag string) page.Effects {
	t := p.index.tags[tag]
	switch {
	case t.Digest != "" && !p.index.read[t.Digest]:
		p.index.read[t.Digest], p.index.requested[tag] = true, true
		return p.peek("", p.ref.AtDigest(t.Digest))
	case t.Digest != "" || p.index.requested[tag]:
		return nil
	}
	p.index.requested[tag] = true
	return p.peek(tag, p.ref.WithTag(tag))
}

func (p tagsPage) peek(tag string, ref model.Ref) page.Effects {
	load := p.list.Load
	return page.Once(p.listCtx, func(ctx context.Context) tea.Msg {
		info, err := p.env.Registry.Peek(ctx, ref)
		return peekedMsg{load, tag, ref.Digest, info, err}
	})
}

func (p tagsPage) View(f page.Frame) []look.Line {
	c := p.columns(f).withTail(p.inView())
	c.now = p.env.Now()
	lines := append(p.linesAbove(f), look.L(look.Gap(1)).With(c.heading().Spans...))
	lines = append(lines, p.list.View(f, safe.Const("tags"), safe.Const("no tags here"), func(tag string, at int) look.Line {
		return p.rowOf(c, tag, at)
	})...)
	below := p.linesBelow(f, c)
	if below == 0 {
		return lines
	}
	room := f.Height - below
	for len(lines) < room {
		lines = append(lines, look.Line{})
	}
	return append(append(lines[:room], p.rowLines(f, c, below-1)...), p.tagLine(f))
}

// columns returns the widths of the columns in a frame.
func (p tagsPage) columns(f page.Frame) tagColumns {
	return tagColumnsFor(f, p.list, *p.index.filled)
}

// markOf returns the letter of the side that a tag is marked as.
func (p tagsPage) markOf(tag string) look.Span {
	here := p.ref.WithTag(tag)
	switch {
	case p.pick != "":
		return look.Gap(1)
	case p.marks.A != nil && *p.marks.A == here:
		return look.S(look.SideA, safe.Const("A"))
	case p.marks.B != nil && *p.marks.B == here:
		return look.S(look.SideB, safe.Const("B"))
	}
	return look.Gap(1)
}

func (p tagsPage) Repo() model.Ref { return p.ref }

func (p tagsPage) Crumb() safe.Text {
	if p.pick != "" {
		return safe.Sprintf("%s/%s: choose %s", p.ref.Registry, p.ref.Repository, safe.Clean(string(p.pick)).Upper())
	}
	return safe.Sprintf("%s/%s", p.ref.Registry, p.ref.Repository)
}

// Place returns the repository: esc leads to it in the list of repositories.
func (p tagsPage) Place() model.Ref { return p.ref }

// Path returns the registry, the repository and the side to choose.
func (p tagsPage) Path(look.Glyphs) []page.PathPart {
	parts := page.Path(safe.Clean(p.ref.Registry), safe.Clean(p.ref.Repository))
	if p.pick != "" {
		parts = append(parts, page.PathPart{Text: safe.Sprintf("choose %s", safe.Clean(string(p.pick)).Upper())})
	}
	return parts
}

func (p tagsPage) Status() safe.Text {
	if n := len(p.list.Extra); n > 0 && !p.list.ExtraShown {
		return safe.Sprintf("%s hidden  %s", look.Number(n), p.list.Status())
	}
	return p.list.Status()
}

// Loading reports whether the list is being read.
func (p tagsPage) Loading() bool { return p.list.Loading }

// Lacks reports whether a key acts on a tag and none is shown.
func (p tagsPage) Lacks(press tea.KeyPressMsg) bool {
	if !p.list.Filter.Open {
		_, answers := p.survey.keyEvent(press)
		if answers || key.Matches(press, page.Keys.Group, page.Keys.Order, page.Keys.Extra, page.Keys.Fold) {
			return false
		}
	}
	return p.list.Lacks(press)
}

func (p tagsPage) Typing() bool { return p.list.Filter.Open }

func (p tagsPage) Hints() []key.Binding {
	tag, _ := p.list.Current()
	_, moved := p.index.moves[tag]
	more := []key.Binding{page.Keys.Filter, page.Describe(page.Keys.Group, "group"), page.Describe(page.Keys.Fold, "findings"),
		page.Describe(page.Keys.Order, "order"), page.Describe(page.Keys.Timeline, "timeline")}
	if moved {
		more = slices.Insert(more, 0, page.Describe(page.Keys.Before, "before and after"))
	}
	if t := p.index.tags[tag]; t.Err != nil && !model.IsMissing(t.Err) {
		more = slices.Insert(more, 0, page.Keys.Reload)
	}
	switch {
	case p.list.Filter.Open:
		return p.list.Filter.Hints()
	case p.survey.stage == surveyOffered:
		return []key.Binding{page.Describe(page.Keys.Open, "go on"), page.Describe(page.Keys.Back, "cancel")}
	case p.list.NoneMatches():
		return p.list.Filter.NoMatchHints()
	case p.pick != "":
		return []key.Binding{page.Describe(page.Keys.Open, "choose"), page.Keys.Filter, page.Describe(page.Keys.Back, "cancel")}
	}
	here := p.ref.WithTag(tag)
	if p.marks.A != nil && p.marks.B != nil {
		more = append([]key.Binding{page.Describe(page.Keys.Back, "remove the marks")}, more...)
	}
	if m, ok := p.marked(here); ok {
		return append([]key.Binding{page.Describe(page.Keys.Open, p.compareText(m)),
			page.Describe(page.Keys.Mark, "mark")}, more...)
	}
	if p.marks.A != nil || p.marks.B != nil {
		return append([]key.Binding{page.Describe(page.Keys.Mark, "remove the mark"), page.Keys.Open}, more...)
	}
	return append([]key.Binding{page.Describe(page.Keys.Mark, "mark A, then B"), page.Keys.Open},
		append(more, page.Keys.Copy, page.Keys.Back)...)
}

func (p tagsPage) Help() page.KeyGroup {
	return page.KeyGroup{Name: "Tags", Keys: []key.Binding{
		page.Describe(page.Keys.Open, "open the tag; with two marked, compare them; with one marked, compare it with the tag"),
		page.Describe(page.Keys.Mark, "mark A, then B; on a marked tag remove its mark"),
		page.Keys.MarkA, page.Keys.MarkB,
		page.Describe(page.Keys.Filter, "filter by name, or by the first digits (6 or more) of a digest or image ID; "+
			"tab in it: plain, fuzzy, regular expression"), page.Keys.Group, page.Keys.Order, page.Keys.Timeline,
		page.Describe(page.Keys.Before, "moved tag: compare before and after"),
		page.Describe(page.Keys.Fold, "findings on all tags"), page.Keys.Extra,
		page.Describe(page.Keys.Goto, "go to a :tag, or find what a digest belongs to (12 digits are enough)"),
		page.Describe(page.Keys.Copy, "copy the reference by digest"), page.Keys.Reload,
	}}
}

// Args returns the repository: the command line that opens its tags.
func (p tagsPage) Args() []string { return []string{p.ref.Repo().String()} }
