package ui

import (
	"context"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// tagsPage lists the tags of a repository. It reads about the tags that are in
// view, and about no others.
type tagsPage struct {
	deps  deps
	ctx   context.Context // of the page
	look  context.Context // of the listing in view, and of what is read for it
	ref   model.Ref
	list  names
	info  map[string]peeked // written by update alone
	marks marks
	pick  diff.Side // set when the page was opened to choose another A or B
}

// peeked is what is known of one tag. The zero value is "asked, no answer yet".
type peeked struct {
	info model.TagInfo
	err  error
	done bool
}

type peekedMsg struct {
	load loadID
	tag  string
	peeked
}

// pickedMsg answers a page that was opened to pick a side.
type pickedMsg struct {
	side diff.Side
	ref  model.Ref
}

func newTagsPage(d deps, repo model.Ref) page {
	return tagsPage{deps: d, ref: repo.Repo(), info: map[string]peeked{}}
}

// newPickPage is the tags page, opened to choose another A or B.
func newPickPage(d deps, now model.Ref, side diff.Side) page {
	return tagsPage{deps: d, ref: now.Repo(), info: map[string]peeked{}, pick: side, list: names{want: now.Tag}}
}

func (p tagsPage) start(ctx context.Context) (page, effects) {
	p.ctx = ctx
	p.info = map[string]peeked{}
	var asked effects
	p.list, p.look, asked = p.list.read(ctx, func(ctx context.Context, page func([]string)) error {
		return p.deps.registry.Tags(ctx, p.ref, page)
	})
	return p, asked
}

func (p tagsPage) update(msg tea.Msg) (page, effects) {
	p.list = p.list.arrived(msg)
	if _, ok := msg.(namesMsg); ok {
		return p, send(visitedMsg{p.ref.String()})
	}
	if m, ok := msg.(peekedMsg); ok {
		if m.load == p.list.load {
			p.info[m.tag] = m.peeked
		}
		return p, nil
	}
	var handled bool
	if p.list, handled = p.list.update(msg); handled {
		return p, nil
	}
	if press, ok := msg.(tea.KeyPressMsg); ok {
		return p.press(press)
	}
	return p, nil
}

func (p tagsPage) press(msg tea.KeyPressMsg) (page, effects) {
	tag, some := p.list.current()
	here := p.ref.WithTag(tag)
	switch {
	case key.Matches(msg, keys.Back):
		return p, send(popMsg{})
	case key.Matches(msg, keys.Reload):
		return p.start(p.ctx)
	case !some:
		return p, nil
	case key.Matches(msg, keys.Open) && p.pick != "":
		return p, send(popMsg{pickedMsg{p.pick, here}})
	case key.Matches(msg, keys.Open):
		return p, p.open(here)
	case p.pick != "":
		return p, nil
	case key.Matches(msg, keys.MarkA) && p.marks.a != nil && *p.marks.a == here:
		return p, send(markMsg{marks: marks{b: p.marks.b}})
	case key.Matches(msg, keys.MarkA):
		return p, p.mark(marks{a: &here, b: p.marks.b})
	case key.Matches(msg, keys.MarkB):
		return p, p.mark(marks{a: p.marks.a, b: &here})
	case key.Matches(msg, keys.Mark):
		return p, p.markNext(here)
	case key.Matches(msg, keys.Copy):
		return p, p.copy(here)
	}
	return p, nil
}

// open shows a tag alone, or beside A when A is marked.
func (p tagsPage) open(here model.Ref) effects {
	if p.marks.a != nil && *p.marks.a != here {
		return send(pushMsg{newComparePage(p.deps, *p.marks.a, &here)})
	}
	return send(pushMsg{newComparePage(p.deps, here, nil)})
}

// mark sets the marks and compares once there are two.
func (p tagsPage) mark(m marks) effects {
	if m.a == nil || m.b == nil {
		return send(markMsg{marks: m})
	}
	return send(markMsg{marks: marks{a: m.a}, then: newComparePage(p.deps, *m.a, m.b)})
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

// copy copies the reference by digest where the digest is known: a tag moves.
func (p tagsPage) copy(here model.Ref) effects {
	if got := p.info[here.Tag]; got.done && got.err == nil {
		return send(copyMsg{safe.Const("the reference"), safe.Sprintf("%s@%s", here.String(), got.info.Digest)})
	}
	return send(copyMsg{safe.Const("the reference"), safe.Clean(here.String())})
}

// layout asks about the tags that have come into view.
func (p tagsPage) layout(f frame) (page, effects) {
	p.marks = f.marks
	p.list = p.list.resize(f, f.height-1)
	if p.look == nil {
		return p, nil
	}
	var cmds effects
	from, to := p.list.win.seen()
	for _, tag := range p.list.shown[from:to] {
		if _, asked := p.info[tag]; !asked {
			p.info[tag] = peeked{}
			cmds = append(cmds, p.peek(tag)...)
		}
	}
	return p, cmds
}

func (p tagsPage) peek(tag string) effects {
	ref, load := p.ref.WithTag(tag), p.list.load
	return once(p.look, func(ctx context.Context) tea.Msg {
		info, err := p.deps.registry.Peek(ctx, ref)
		return peekedMsg{load, tag, peeked{info, err, true}}
	})
}

func (p tagsPage) view(f frame) []look.Line {
	c := tagColumnsFor(f)
	head := look.L(look.Gap(1)).With(c.heading().Spans...)
	return append([]look.Line{head}, p.list.view(f, safe.Const("tags"), func(tag string, _ bool) look.Line {
		return c.line(tag, p.markOf(tag), p.info[tag])
	})...)
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

func (p tagsPage) crumb() safe.Text {
	if p.pick != "" {
		return safe.Sprintf("%s/%s: choose %s", p.ref.Registry, p.ref.Repository, safe.Clean(string(p.pick)).Upper())
	}
	return safe.Sprintf("%s/%s", p.ref.Registry, p.ref.Repository)
}

func (p tagsPage) status() safe.Text { return p.list.status() }
func (p tagsPage) typing() bool      { return p.list.filter.open }

func (p tagsPage) hints() []key.Binding {
	tag, _ := p.list.current()
	switch {
	case p.list.filter.open:
		return filterHints()
	case p.pick != "":
		return []key.Binding{as(keys.Open, "choose"), keys.Filter, as(keys.Back, "keep the old one")}
	case p.marks.a != nil && *p.marks.a != p.ref.WithTag(tag):
		return []key.Binding{as(keys.Open, "compare A "+p.marks.a.Short()+" with :"+tag), keys.Filter, keys.Back}
	case p.marks.a != nil:
		return []key.Binding{as(keys.Mark, "take the mark away"), keys.Open, keys.Filter, keys.Back}
	}
	return []key.Binding{as(keys.Mark, "mark A, then B"), keys.Open, keys.Filter, keys.Copy, as(keys.Goto, "go to"), keys.Back}
}

func (p tagsPage) help() []keyGroup {
	return []keyGroup{{"Tags", []key.Binding{
		as(keys.Open, "open the tag; with A marked, compare A with it"), as(keys.Mark, "mark A, then B, and compare"),
		keys.MarkA, keys.MarkB, keys.Filter, as(keys.Copy, "copy the reference by digest"), keys.Reload,
	}}, moveKeys, everywhereKeys}
}
