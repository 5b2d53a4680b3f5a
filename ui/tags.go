package ui

import (
	"cmp"
	"context"
	"slices"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// tagsPage lists the tags of a repository. Unasked it reads about the tags that
// are in view, and about no others.
type tagsPage struct {
	deps  deps
	ctx   context.Context // of the page
	look  context.Context // of the listing in view, and of what is read for it
	ref   model.Ref
	list  names
	marks marks
	pick  diff.Side // set when the page was opened to choose another A or B

	know tagKnow
	kept tagKnow                   // what was known before the list was read anew
	out  int                       // peeks under way
	past map[string]model.Timeline // looks before, and perhaps this one

	order   tagOrder
	grouped bool
	asSoon  bool // as the list is there, put tags of one image together
	again   bool // as soon as it is there, find out anew what was known of the tags as a whole
	known   int  // tags that the order could go by, of all there are
	counted arranging
	sorting sorting
	survey  survey
	seek    seeking
	found   []diff.Finding // on the tags as a whole
	judged  loadID         // the newest look for them
	tell    bool           // them as soon as they are there
	flagged map[string]bool
	watch   recheck
}

// arranging is in what way a list is put in order.
type arranging struct {
	order          tagOrder
	grouped, whole bool
}

func (p tagsPage) arranging() arranging { return arranging{p.order, p.grouped, p.list.whole} }

// sorting is the state of putting the list in order, which happens beside the
// screen and one time after the other.
type sorting struct {
	busy, stale bool
	void        bool // nobody wants any more what is under way
}

// peeksAtOnce bounds what is asked for the rows in view: who scrolls through
// thousands must not wait for all that went by.
const peeksAtOnce = 64

// peekedMsg is what became of one peek.
type peekedMsg struct {
	load loadID
	tag  string        // "" when the image was asked for by its digest
	of   digest.Digest // that digest
	info model.TagInfo
	err  error
}

// historyMsg is what is remembered of the tags.
type historyMsg struct {
	load loadID
	past map[string]model.Timeline
}

// foundMsg are findings on the tags as a whole.
type foundMsg struct {
	load  loadID
	found []diff.Finding
}

// pickedMsg answers a page that was opened to pick a side.
type pickedMsg struct {
	side diff.Side
	ref  model.Ref
}

func newTagsPage(d deps, repo model.Ref) page {
	return tagsPage{deps: d, ref: repo.Repo(), list: names{apart: isAttached}, know: newTagKnow()}
}

// newPickPage is the tags page, opened to choose another A or B.
func newPickPage(d deps, now model.Ref, side diff.Side) page {
	return tagsPage{deps: d, ref: now.Repo(), pick: side, list: names{apart: isAttached, want: now.Tag}, know: newTagKnow()}
}

func (p tagsPage) start(ctx context.Context) (page, effects) {
	p.ctx = ctx
	if len(p.list.all) > 0 {
		p.kept = p.know
	}
	p.again = p.again || p.survey.asked() || p.survey.running()
	p.know, p.past, p.found, p.flagged = newTagKnow(), nil, nil, nil
	p.sorting, p.survey, p.out, p.known = sorting{}, p.survey.anew(), 0, 0
	p.judged++
	if tag, some := p.list.current(); some {
		p.list.want = tag
	}
	var asked effects
	p.list, p.look, asked = p.list.read(ctx, func(ctx context.Context, page func([]string)) error {
		return p.deps.registry.Tags(ctx, p.ref, page)
	})
	p.watch, asked = p.watch.arm(p.look, p.deps.recheck, asked)
	return p, append(asked, p.remembered()...)
}

// remembered asks for what was seen before.
func (p tagsPage) remembered() effects {
	if p.deps.journal == nil {
		return nil
	}
	repo, load := p.ref, p.list.load
	return once(p.look, func(context.Context) tea.Msg {
		past, _ := p.deps.journal.History(repo) // what could be read comes with the error
		return historyMsg{load, past}
	})
}

func (p tagsPage) update(msg tea.Msg) (page, effects) {
	switch msg := msg.(type) {
	case namesMsg:
		p.list = p.list.arrived(msg)
		if msg.load == p.list.load {
			p.noteAttached(msg.names)
		}
		if p.survey.stage == surveyOffered && p.survey.goal != goalMembers {
			p.survey.of = len(p.unasked())
		}
		p, asked := p.rearrange()
		return p, append(send(visitedMsg{p.ref.String()}), asked...)
	case namesDoneMsg:
		none := len(p.list.all) == 0
		p.list = p.list.arrived(msg)
		if none && len(p.list.all) > 0 { // it could not be read anew
			return p.asBefore()
		}
		if p.asSoon && msg.load == p.list.load {
			p.asSoon = false
			return p.group()
		}
		if p.again && msg.load == p.list.load {
			return p.surveyAnew()
		}
		if p.survey.early && msg.load == p.list.load {
			return p.askOn()
		}
		return p, nil
	case tea.KeyPressMsg:
		return p.key(msg)
	}
	return p.answered(msg)
}

// noteAttached notes the tags that stand for what is attached to an image.
func (p tagsPage) noteAttached(tags []string) {
	for _, tag := range tags {
		if isAttached(tag) {
			p.know.attach(tag)
		}
	}
}

// answered takes in what was asked for.
func (p tagsPage) answered(msg tea.Msg) (page, effects) {
	switch msg := msg.(type) {
	case peekedMsg:
		if msg.load != p.list.load {
			return p, nil
		}
		p.out--
		p = p.peeked(msg)
		return p.rearrange()
	case historyMsg:
		if msg.load == p.list.load {
			p.past = msg.past
			for tag := range p.know.tags {
				p.noteMove(tag)
			}
			return p.judgeAgain()
		}
		return p, nil
	case arrangedMsg:
		return p.arranged(msg)
	case foundMsg:
		if msg.load == p.judged {
			p = p.withFindings(msg.found)
			if p.tell {
				p.tell = false
				return p, p.showFindings()
			}
		}
		return p, nil
	case recheckMsg, recheckedMsg:
		return p.rechecked(msg)
	}
	return p.surveyed(msg)
}

// peeked notes what a tag or an image is. Where the tag points may have been
// learned meanwhile from a question that was put later.
func (p tagsPage) peeked(msg peekedMsg) tagsPage {
	if msg.tag != "" && p.know.tags[msg.tag].Digest == "" {
		t := model.Tagged{Tag: msg.tag, Digest: msg.info.Digest, MediaType: msg.info.MediaType}
		if t.Digest == "" {
			t.Err = msg.err
		}
		p.know.point(t)
		p.noteMove(msg.tag)
	}
	switch d := cmp.Or(msg.of, msg.info.Digest); {
	case msg.err == nil:
		p.know.saw(msg.info)
	case d != "" && !isMissing(msg.err):
		p.know.read[d], p.know.failed[d] = true, true
	}
	return p
}

// noteMove notes that a tag leads elsewhere than it did when it was looked at
// before.
func (p tagsPage) noteMove(tag string) {
	t := p.know.tags[tag]
	if p.know.moves[tag].now || t.Digest == "" {
		return
	}
	if before, ok := diff.MovedFrom(p.past[tag], t.Digest); ok {
		p.know.moves[tag] = movedTag{from: before}
	}
}

// key takes a key: for an announcement, the filter, the list, or the page.
func (p tagsPage) key(msg tea.KeyPressMsg) (page, effects) {
	if !p.list.filter.open {
		if next, asked, taken := p.pressSurvey(msg); taken {
			return next, asked
		}
	}
	var handled bool
	if p.list, handled = p.list.update(msg); handled {
		return p, nil
	}
	return p.press(msg)
}

func (p tagsPage) press(msg tea.KeyPressMsg) (page, effects) {
	tag, some := p.list.current()
	here := p.ref.WithTag(tag)
	switch {
	case key.Matches(msg, keys.Back):
		return p, send(popMsg{p.learned()})
	case key.Matches(msg, keys.Reload):
		return p.start(p.ctx)
	case key.Matches(msg, keys.Group):
		return p.group()
	case key.Matches(msg, keys.Order):
		return p.nextOrder()
	case key.Matches(msg, keys.Aside):
		return p.showAside()
	case key.Matches(msg, keys.Fold):
		return p.askFindings()
	case !some:
		return p, nil
	case key.Matches(msg, keys.Open) && p.pick != "":
		return p, send(popMsg{pickedMsg{p.pick, here}})
	case key.Matches(msg, keys.Open):
		return p, p.open(here)
	case key.Matches(msg, keys.Timeline):
		return p, send(timelineRoute{here})
	case key.Matches(msg, keys.Before):
		return p, p.beforeAndAfter(tag)
	case key.Matches(msg, keys.Copy):
		return p, p.copy(here)
	case p.pick == "":
		return p, p.pressMark(msg, here)
	}
	return p, nil
}

// pressMark marks A and B.
func (p tagsPage) pressMark(msg tea.KeyPressMsg, here model.Ref) effects {
	switch {
	case key.Matches(msg, keys.MarkA) && p.marks.a != nil && *p.marks.a == here:
		return send(markMsg{marks: marks{b: p.marks.b}})
	case key.Matches(msg, keys.MarkA):
		return p.mark(marks{a: &here, b: p.marks.b})
	case key.Matches(msg, keys.MarkB):
		return p.mark(marks{a: p.marks.a, b: &here})
	case key.Matches(msg, keys.Mark):
		return p.markNext(here)
	}
	return nil
}

// open shows a tag alone, or beside A when A is marked.
func (p tagsPage) open(here model.Ref) effects {
	if p.marks.a != nil && *p.marks.a != here {
		return send(p.comparison(*p.marks.a, &here))
	}
	return send(p.comparison(here, nil))
}

// comparison leads to a page that knows what this one has found out.
func (p tagsPage) comparison(a model.Ref, b *model.Ref) route {
	return compareRoute{a, b, p.set()}
}

// knownTagsMsg tells the page below what is known of the tags of a repository.
type knownTagsMsg struct{ set model.TagSet }

func (p tagsPage) learned() tea.Msg {
	if set := p.set(); set != nil {
		return knownTagsMsg{*set}
	}
	return nil
}

// set is what is known of the tags; nil if nobody has asked about all.
func (p tagsPage) set() *model.TagSet {
	if !p.survey.asked() && !p.survey.running() {
		return nil
	}
	set := p.know.set(p.ref, p.list)
	return &set
}

// mark sets the marks and compares once there are two.
func (p tagsPage) mark(m marks) effects {
	if m.a == nil || m.b == nil {
		return send(markMsg{marks: m})
	}
	return send(markMsg{marks: marks{a: m.a}, then: p.comparison(*m.a, m.b)})
}

// markNext marks A, then B; on A again it takes the mark away.
func (p tagsPage) markNext(here model.Ref) effects {
	switch {
	case p.marks.a == nil:
		return p.mark(marks{a: &here, b: p.marks.b})
	case *p.marks.a == here:
		return send(markMsg{marks: marks{b: p.marks.b}})
	}
	return p.mark(marks{a: p.marks.a, b: &here})
}

// beforeAndAfter compares what a tag was with what it is.
func (p tagsPage) beforeAndAfter(tag string) effects {
	m, moved := p.know.moves[tag]
	t, name := p.know.tags[tag], safe.Sprintf(":%s", safe.Clean(tag))
	switch {
	case t.Err != nil:
		return toast(safe.Sprintf("%s: %s", name, safe.Clean(shortTrouble(t.Err))))
	case t.Digest == "":
		return toast(safe.Sprintf("%s is not read yet", name))
	case !moved:
		return toast(unmoved(name, p.past[tag]))
	}
	before, after := p.ref.WithTag(tag), p.ref.WithTag(tag)
	before.Digest = m.from.Digest
	return send(compareRoute{a: before, b: &after})
}

// copy copies the reference by digest where the digest is known: a tag moves.
func (p tagsPage) copy(here model.Ref) effects {
	if t := p.know.tags[here.Tag]; t.Digest != "" {
		return send(copyMsg{safe.Const("the reference"), safe.Sprintf("%s@%s", here.String(), t.Digest)})
	}
	return send(copyMsg{safe.Const("the reference"), safe.Clean(here.String())})
}

// layout asks about the tags that have come into view.
func (p tagsPage) layout(f frame) (page, effects) {
	p.marks = f.marks
	p.list = p.list.resize(f, f.height-1-len(p.above(f))-p.below(f))
	if p.look == nil {
		return p, nil
	}
	var asked effects
	for _, tag := range p.inView() {
		if p.out >= peeksAtOnce {
			break // each answer lays the page out again
		}
		more := p.wants(tag)
		p.out += len(more)
		asked = append(asked, more...)
	}
	p, more := p.recheck()
	return p, append(asked, more...)
}

func (p tagsPage) inView() []string {
	from, to := p.list.win.seen()
	return p.list.shown[from:to]
}

// wants asks about a tag in view: where it points, then what is there, unless
// that is known or another tag has asked.
func (p tagsPage) wants(tag string) effects {
	t := p.know.tags[tag]
	switch {
	case t.Digest != "" && !p.know.read[t.Digest]:
		p.know.read[t.Digest], p.know.asked[tag] = true, true
		return p.peek("", p.ref.AtDigest(t.Digest))
	case t.Digest != "" || p.know.asked[tag]:
		return nil
	}
	p.know.asked[tag] = true
	return p.peek(tag, p.ref.WithTag(tag))
}

func (p tagsPage) peek(tag string, ref model.Ref) effects {
	load := p.list.load
	return once(p.look, func(ctx context.Context) tea.Msg {
		info, err := p.deps.registry.Peek(ctx, ref)
		return peekedMsg{load, tag, ref.Digest, info, err}
	})
}

func (p tagsPage) view(f frame) []look.Line {
	c := tagColumnsFor(f)
	lines := append(p.above(f), look.L(look.Gap(1)).With(c.heading().Spans...))
	lines = append(lines, p.list.view(f, safe.Const("tags"), func(tag string, at int) look.Line {
		return p.line(c, tag, at)
	})...)
	if p.below(f) == 0 {
		return lines
	}
	for len(lines) < f.height-1 {
		lines = append(lines, look.Line{})
	}
	return append(lines[:f.height-1], p.about(f))
}

// markOf is the letter of the side a tag is marked as.
func (p tagsPage) markOf(tag string) look.Span {
	here := p.ref.WithTag(tag)
	switch {
	case p.pick != "":
		return look.Gap(1)
	case p.marks.a != nil && *p.marks.a == here:
		return look.S(look.SideA, safe.Const("A"))
	case p.marks.b != nil && *p.marks.b == here:
		return look.S(look.SideB, safe.Const("B"))
	}
	return look.Gap(1)
}

func (p tagsPage) repo() model.Ref { return p.ref }

func (p tagsPage) crumb() safe.Text {
	if p.pick != "" {
		return safe.Sprintf("%s/%s: choose %s", p.ref.Registry, p.ref.Repository, safe.Clean(string(p.pick)).Upper())
	}
	return safe.Sprintf("%s/%s", p.ref.Registry, p.ref.Repository)
}

func (p tagsPage) status() safe.Text {
	if n := len(p.list.aside); n > 0 && !p.list.whole {
		return safe.Sprintf("%s folded  %s", look.Number(n), p.list.status())
	}
	return p.list.status()
}

func (p tagsPage) typing() bool { return p.list.filter.open }

func (p tagsPage) hints() []key.Binding {
	tag, _ := p.list.current()
	_, moved := p.know.moves[tag]
	more := []key.Binding{keys.Filter, as(keys.Group, "same image"), as(keys.Fold, "findings"), as(keys.Order, "order"), as(keys.Timeline, "timeline")}
	if moved {
		more = slices.Insert(more, 0, as(keys.Before, "before and after"))
	}
	if t := p.know.tags[tag]; t.Err != nil && !isMissing(t.Err) {
		more = slices.Insert(more, 0, keys.Reload)
	}
	switch {
	case p.list.filter.open:
		return p.list.filter.hints()
	case p.survey.stage == surveyOffered:
		return []key.Binding{as(keys.Open, "ask"), as(keys.Back, "do not ask")}
	case p.pick != "":
		return []key.Binding{as(keys.Open, "choose"), keys.Filter, as(keys.Back, "keep the old one")}
	case p.marks.a != nil && *p.marks.a != p.ref.WithTag(tag):
		return append([]key.Binding{as(keys.Open, "compare A "+p.marks.a.Short()+" with :"+tag)}, more...)
	case p.marks.a != nil:
		return append([]key.Binding{as(keys.Mark, "take the mark away"), keys.Open}, more...)
	}
	return append([]key.Binding{as(keys.Mark, "mark A, then B"), keys.Open}, append(more, keys.Copy, keys.Back)...)
}

func (p tagsPage) help() []keyGroup {
	return []keyGroup{{"Tags", []key.Binding{
		as(keys.Open, "open the tag; with A marked, compare A with it"), as(keys.Mark, "mark A, then B, and compare"),
		keys.MarkA, keys.MarkB, as(keys.Filter, "filter; tab in it: plain, fuzzy, regular expression"), keys.Group, keys.Order, keys.Timeline,
		as(keys.Before, "of a tag that moved: compare before and after"), as(keys.Fold, "findings on these tags"), keys.Aside,
		as(keys.Goto, "a :tag; or a digest: which tags is it?"), as(keys.Copy, "copy the reference by digest"), keys.Reload,
	}}, moveKeys, everywhereKeys}
}
