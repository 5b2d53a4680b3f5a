package ui

import (
	"context"
	"errors"
	"slices"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// momentsChecked is of how many moments the registry is asked whether it still
// has them: one HEAD each.
const momentsChecked = 32

// timelinePage is what a tag was, and when. Two moments can be compared as long
// as the registry still has both.
type timelinePage struct {
	deps  deps
	ctx   context.Context
	ref   model.Ref // by tag
	load  loadID
	past  model.Timeline
	read  bool  // past is there
	err   error // of the journal
	now   digest.Digest
	nowOf error
	gone  map[digest.Digest]bool // written by update alone
	mark  digest.Digest
	watch recheck
	sheet sheet
}

// timelineMsg is what the journal knows of the tag.
type timelineMsg struct {
	load loadID
	past model.Timeline
	err  error
}

// nowMsg is where the tag points.
type nowMsg struct {
	load loadID
	now  digest.Digest
	err  error
}

// stillMsg is where the tag points when it is asked again.
type stillMsg struct {
	load loadID
	now  digest.Digest
	err  error
}

// goneMsg says that the registry has a digest no longer.
type goneMsg struct {
	load   loadID
	digest digest.Digest
}

func newTimelinePage(d deps, ref model.Ref) page {
	return timelinePage{deps: d, ref: ref.WithTag(ref.Tag)}
}

// start asks the registry first: the journal then has this look too.
func (p timelinePage) start(ctx context.Context) (page, effects) {
	p.ctx = ctx
	p.load++
	p.read, p.now, p.nowOf, p.gone = false, "", nil, map[digest.Digest]bool{}
	reg, journal, ref, load := p.deps.registry, p.deps.journal, p.ref, p.load
	if journal == nil {
		p.err = &model.Trouble{Say: "the journal is off", Next: "start tagdiff without --no-journal, and with a HOME, to have looks remembered"}
		return p, nil
	}
	asked := stream(ctx, func(ctx context.Context, report func(tea.Msg)) {
		now, errNow := reg.Head(ctx, ref)
		report(nowMsg{load, now, errNow})
		past, err := journal.Timeline(ref)
		report(timelineMsg{load, past, err})
		for _, l := range latest(past, momentsChecked) {
			var t *model.Trouble
			if _, err := reg.Head(ctx, ref.AtDigest(l.Digest)); errors.As(err, &t) && t.Missing {
				report(goneMsg{load, l.Digest})
			}
		}
	})
	p.watch, asked = p.watch.arm(ctx, p.deps.recheck, asked)
	return p, asked
}

// recheck asks where the tag points when it is time: one HEAD, quietly.
func (p timelinePage) recheck() (timelinePage, effects) {
	if !p.watch.due {
		return p, nil
	}
	p.watch.due = false
	reg, ref, load := p.deps.registry, p.ref, p.watch.load
	return p, once(p.ctx, func(ctx context.Context) tea.Msg {
		now, err := reg.Head(ctx, ref)
		return stillMsg{load, now, err}
	})
}

// rechecked reads the timeline anew if the tag has moved since.
func (p timelinePage) rechecked(msg stillMsg) (page, effects) {
	switch {
	case msg.load != p.watch.load:
		return p, nil
	case msg.err == nil && msg.now != p.now, isMissing(msg.err) && p.now != "":
		return p.start(p.ctx)
	}
	var asked effects
	p.watch, asked = p.watch.arm(p.ctx, p.deps.recheck, nil)
	return p, asked
}

// latest are the last n looks, the newest first.
func latest(past model.Timeline, n int) model.Timeline {
	past = slices.Clone(past)
	slices.Reverse(past)
	return past[:min(n, len(past))]
}

func (p timelinePage) update(msg tea.Msg) (page, effects) {
	switch msg := msg.(type) {
	case nowMsg:
		if msg.load == p.load {
			p.now, p.nowOf = msg.now, msg.err
		}
	case timelineMsg:
		if msg.load == p.load {
			p.past, p.err, p.read = latest(msg.past, len(msg.past)), msg.err, true
		}
	case goneMsg:
		if msg.load == p.load {
			p.gone[msg.digest] = true
		}
	case recheckMsg:
		p.watch = p.watch.rang(msg)
	case stillMsg:
		return p.rechecked(msg)
	case tea.KeyPressMsg:
		return p.press(msg)
	}
	return p, nil
}

func (p timelinePage) press(msg tea.KeyPressMsg) (page, effects) {
	if s, moved := p.sheet.move(msg); moved {
		p.sheet = s
		return p, nil
	}
	at, some := p.under()
	switch {
	case key.Matches(msg, keys.Back):
		return p, send(popMsg{})
	case key.Matches(msg, keys.Reload):
		return p.start(p.ctx)
	case !some:
		return p, nil
	case key.Matches(msg, keys.Mark) && p.mark == at.Digest:
		p.mark = ""
	case key.Matches(msg, keys.Mark) && p.mark == "":
		p.mark = at.Digest
	case key.Matches(msg, keys.Mark), key.Matches(msg, keys.Open) && p.mark != "" && p.mark != at.Digest:
		return p, p.compare(p.mark, at.Digest)
	case key.Matches(msg, keys.Open) && p.now != "" && at.Digest != p.now:
		return p, p.compare(at.Digest, p.now)
	case key.Matches(msg, keys.Open):
		return p, send(compareRoute{a: p.moment(at.Digest)})
	case key.Matches(msg, keys.Copy):
		return p, send(copyMsg{safe.Const("the reference"), safe.Clean(p.ref.AtDigest(at.Digest).String())})
	}
	return p, nil
}

// under is the look under the cursor.
func (p timelinePage) under() (model.Sighting, bool) {
	r, ok := p.sheet.current()
	if !ok {
		return model.Sighting{}, false
	}
	i := slices.IndexFunc(p.past, func(l model.Sighting) bool { return momentID(l) == r.id })
	if i < 0 {
		return model.Sighting{}, false
	}
	return p.past[i], true
}

func momentID(l model.Sighting) string { return l.First.Format(time.RFC3339) + l.Digest.String() }

// moment is the tag as it was; what it is now goes by the tag alone.
func (p timelinePage) moment(d digest.Digest) model.Ref {
	ref := p.ref
	if d != p.now {
		ref.Digest = d
	}
	return ref
}

// compare compares two moments, the older one as A.
func (p timelinePage) compare(x, y digest.Digest) effects {
	place := func(d digest.Digest) int {
		return slices.IndexFunc(p.past, func(l model.Sighting) bool { return l.Digest == d })
	}
	if place(x) < place(y) {
		x, y = y, x
	}
	b := p.moment(y)
	return send(compareRoute{a: p.moment(x), b: &b})
}

func (p timelinePage) layout(f frame) (page, effects) {
	p.sheet = p.sheet.with(p.rows(f), f.height)
	p, asked := p.recheck()
	return p, asked
}

func (p timelinePage) rows(f frame) []row {
	var rows []row
	for _, err := range []error{p.nowOf, p.err} {
		if err != nil {
			rows = append(rows, row{header: true, lines: append(troubleLines(err, f), look.Line{})})
		}
	}
	switch {
	case !p.read && p.err == nil:
		return append(rows, row{header: true, lines: []look.Line{{}, look.L(look.Gap(1), look.S(look.Faint, safe.Concat(safe.Const("reading"), f.glyphs.Ellipsis)))}})
	case len(p.past) == 0:
		return rows
	}
	c := momentColumnsFor(f)
	rows = append(rows, row{header: true, lines: []look.Line{{}, c.heading()}})
	for _, l := range p.past {
		rows = append(rows, row{id: momentID(l), lines: []look.Line{c.line(l, p)}, what: safe.Const("the digest"), value: safe.Clean(l.Digest.String())})
	}
	return append(rows, blankRow(), noteRow(f, safe.Const("A tag moved at some time between the last look at one digest and the first at the next: nobody saw when.")))
}

// momentColumns are the widths of the timeline in cells.
type momentColumns struct {
	glyphs  look.Glyphs
	created int
	stamp   func(time.Time) safe.Text
	width   int
}

func momentColumnsFor(f frame) momentColumns {
	c := momentColumns{glyphs: f.glyphs, stamp: look.Moment, width: 19, created: stamp}
	if f.width < wideWidth {
		c.stamp, c.width, c.created = look.Minute, 16, dayOnly
	}
	return c
}

func (c momentColumns) heading() look.Line {
	return c.join(look.Gap(1), look.Faint, safe.Const("digest"), safe.Const("first seen"), safe.Const("last seen"), safe.Const("created"), look.Span{})
}

func (c momentColumns) line(l model.Sighting, p timelinePage) look.Line {
	mark, note := look.Gap(1), look.Span{}
	if p.mark == l.Digest {
		mark = look.S(look.SideA, safe.Const("A"))
	}
	switch {
	case p.gone[l.Digest]:
		note = look.S(look.Alert, safe.Const("gone"))
	case l.Digest == p.now:
		note = look.S(look.Good, safe.Const("now"))
	}
	created := look.Time(l.Created)
	if c.created == dayOnly {
		created, _ = look.Cut(created, dayOnly)
	}
	return c.join(mark, look.Plain, look.Short(l.Digest), c.stamp(l.First), c.stamp(l.Last), created, note)
}

func (c momentColumns) join(mark look.Span, role look.Role, digest, first, last, created safe.Text, note look.Span) look.Line {
	g := c.glyphs
	return look.L(mark, look.Gap(1), look.S(role, g.Fit(digest, digestWidth)), look.Gap(2),
		look.S(role, g.Fit(first, c.width)), look.Gap(2), look.S(role, g.Fit(last, c.width)), look.Gap(2),
		look.S(role, g.Fit(created, c.created)), look.Gap(2), note)
}

func (p timelinePage) repo() model.Ref { return p.ref.Repo() }

func (p timelinePage) view(f frame) []look.Line { return p.sheet.view(f.glyphs) }
func (p timelinePage) crumb() safe.Text {
	return safe.Sprintf("%s:%s: timeline", p.ref.Repository, p.ref.Tag)
}

func (p timelinePage) typing() bool { return false }

func (p timelinePage) status() safe.Text {
	at, of := p.sheet.place()
	if of == 0 {
		return safe.Text{}
	}
	return safe.Sprintf("%d/%d ", at, of)
}

func (p timelinePage) hints() []key.Binding {
	open := as(keys.Open, "compare with now")
	switch at, _ := p.under(); {
	case p.mark != "" && p.mark != at.Digest:
		open = as(keys.Open, "compare A with this")
	case at.Digest == p.now || p.now == "":
		open = keys.Open
	}
	return []key.Binding{open, as(keys.Mark, "mark, then compare"), as(keys.Copy, "copy by digest"), keys.Reload, keys.Back}
}

func (p timelinePage) help() []keyGroup {
	return []keyGroup{{"Timeline", []key.Binding{
		as(keys.Open, "compare with what the tag is now; with A marked, with A"), as(keys.Mark, "mark a moment, then compare it with another"),
		as(keys.Copy, "copy the reference by digest"), keys.Reload,
	}}, moveKeys, everywhereKeys}
}
