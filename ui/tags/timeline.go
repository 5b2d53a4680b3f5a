package tags

import (
	"context"
	"slices"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// maxGoneChecks is for how many sightings the page checks that the registry still
// has the digest, with one HEAD request each.
const maxGoneChecks = 32

// timelinePage shows the sightings of a tag. Two of them can be compared as long
// as the registry still has both digests.
type timelinePage struct {
	env       page.Env
	ctx       context.Context
	ref       model.Ref // by tag
	load      page.LoadID
	history   model.Timeline
	read      bool  // history was read
	err       error // of the journal
	target    digest.Digest
	targetErr error
	gone      map[digest.Digest]bool // digests the registry no longer has; only Update writes it
	marks     []digest.Digest        // at most two
	poll      page.Poll
	sheet     widget.Sheet
}

// timelineMsg has the sightings of the tag, oldest first.
type timelineMsg struct {
	load    page.LoadID
	history model.Timeline
	err     error
}

// targetMsg has the current target of the tag.
type targetMsg struct {
	load   page.LoadID
	target digest.Digest
	err    error
}

// targetRecheckedMsg has the target of the tag after a poll.
type targetRecheckedMsg targetMsg

// goneMsg reports that the registry no longer has a digest.
type goneMsg struct {
	load   page.LoadID
	digest digest.Digest
}

// NewTimeline returns the timeline page of a tag.
func NewTimeline(env page.Env, ref model.Ref) page.Page {
	return timelinePage{env: env, ref: ref.WithTag(ref.Tag)}
}

// Start resolves the tag before it reads the journal, so that the journal already
// has this sighting.
func (p timelinePage) Start(ctx context.Context) (page.Page, page.Effects) {
	p.ctx = ctx
	p.load++
	p.read, p.target, p.targetErr, p.gone = false, "", nil, map[digest.Digest]bool{}
	reg, journal, ref, load := p.env.Registry, p.env.Journal, p.ref, p.load
	if journal == nil {
		p.err = &model.ReadError{
			Message: "the journal is off",
			Next:    "start tagdiff without --no-journal and with HOME set to record where tags point",
		}
		return p, nil
	}
	requests := page.Stream(ctx, func(ctx context.Context, report func(tea.Msg)) {
		now, errNow := reg.Head(ctx, ref)
		report(targetMsg{load, now, errNow})
		past, err := journal.Timeline(ref)
		report(timelineMsg{load, past, err})
		for _, s := range latest(past, maxGoneChecks) {
			if _, err := reg.Head(ctx, ref.AtDigest(s.Digest)); model.IsMissing(err) {
				report(goneMsg{load, s.Digest})
			}
		}
	})
	p.poll, requests = p.poll.Arm(ctx, p.env.Recheck, requests)
	return p, requests
}

// recheck resolves the tag again when the poll is due, with one HEAD request.
func (p timelinePage) recheck() (timelinePage, page.Effects) {
	if !p.poll.Due {
		return p, nil
	}
	p.poll.Due = false
	reg, ref, load := p.env.Registry, p.ref, p.poll.Load
	return p, page.Once(p.ctx, func(ctx context.Context) tea.Msg {
		now, err := reg.Head(ctx, ref)
		return targetRecheckedMsg{load, now, err}
	})
}

// rechecked reads the timeline again if the tag moved or is gone.
func (p timelinePage) rechecked(msg targetRecheckedMsg) (page.Page, page.Effects) {
	switch {
	case msg.load != p.poll.Load:
		return p, nil
	case msg.err == nil && msg.target != p.target, model.IsMissing(msg.err) && p.target != "":
		return p.Start(p.ctx)
	}
	var wait page.Effects
	p.poll, wait = p.poll.Arm(p.ctx, p.env.Recheck, nil)
	return p, wait
}

// latest returns the last n sightings, newest first.
func latest(past model.Timeline, n int) model.Timeline {
	past = slices.Clone(past)
	slices.Reverse(past)
	return past[:min(n, len(past))]
}

func (p timelinePage) Update(msg tea.Msg) (page.Page, page.Effects) {
	switch msg := msg.(type) {
	case targetMsg:
		if msg.load == p.load {
			p.target, p.targetErr = msg.target, msg.err
		}
	case timelineMsg:
		if msg.load == p.load {
			p.history, p.err, p.read = latest(msg.history, len(msg.history)), msg.err, true
		}
	case goneMsg:
		if msg.load == p.load {
			p.gone[msg.digest] = true
		}
	case page.PollMsg:
		p.poll = p.poll.Fired(msg)
	case targetRecheckedMsg:
		return p.rechecked(msg)
	case tea.KeyPressMsg:
		return p.press(msg)
	case page.SelectMsg, page.ScrollMsg:
		p.sheet, _ = p.sheet.Mouse(msg)
		if click, ok := msg.(page.SelectMsg); ok && click.Open {
			return p.press(page.Enter)
		}
	}
	return p, nil
}

func (p timelinePage) press(msg tea.KeyPressMsg) (page.Page, page.Effects) {
	if s, moved := p.sheet.Move(msg); moved {
		p.sheet = s
		return p, nil
	}
	at, ok := p.current()
	switch {
	case key.Matches(msg, page.Keys.Back):
		return p, page.Send(page.PopMsg{})
	case key.Matches(msg, page.Keys.Reload):
		if p.targetErr != nil {
			p.env.Registry.ForgetLogins(p.ref.Registry)
		}
		return p.Start(p.ctx)
	case !ok:
		return p, nil
	case key.Matches(msg, page.Keys.Mark):
		return p.toggleMark(at.Digest)
	case key.Matches(msg, page.Keys.Open) && len(p.marks) == 2:
		return p, p.compare(p.marks[0], p.marks[1])
	case key.Matches(msg, page.Keys.Open) && len(p.marks) == 1 && p.marks[0] != at.Digest:
		return p, p.compare(p.marks[0], at.Digest)
	case key.Matches(msg, page.Keys.Open) && p.target != "" && at.Digest != p.target:
		return p, p.compare(at.Digest, p.target)
	case key.Matches(msg, page.Keys.Open):
		return p, page.Send(page.CompareRoute{A: p.refAt(at.Digest)})
	case key.Matches(msg, page.Keys.Copy):
		return p, page.Send(page.CopyMsg{What: safe.Const("the reference"), Text: safe.Clean(p.ref.AtDigest(at.Digest).String())})
	default:
		return p, page.Unused(msg)
	}
}

// Loading reports whether the sightings are being read.
func (p timelinePage) Loading() bool { return !p.read && p.err == nil }

// Lacks reports whether a key acts on a sighting and none is shown.
func (p timelinePage) Lacks(press tea.KeyPressMsg) bool {
	return len(p.history) == 0 && !key.Matches(press, page.Keys.Back, page.Keys.Reload)
}

// toggleMark marks a digest, or removes its mark.
func (p timelinePage) toggleMark(d digest.Digest) (page.Page, page.Effects) {
	i := slices.Index(p.marks, d)
	switch {
	case i >= 0:
		p.marks = slices.Delete(slices.Clone(p.marks), i, i+1)
	case len(p.marks) == 2:
		return p, page.Toast(safe.Const("two are marked: enter compares them"))
	default:
		p.marks = append(slices.Clone(p.marks), d)
	}
	return p, nil
}

// isOlder reports whether the first of two digests was seen before the other.
func (p timelinePage) isOlder(x, y digest.Digest) bool {
	place := func(d digest.Digest) int {
		return slices.IndexFunc(p.history, func(s model.Sighting) bool { return s.Digest == d })
	}
	return place(x) > place(y)
}

// markOf returns the letter of the side that a digest is marked as: of two, the older one is A.
func (p timelinePage) markOf(d digest.Digest) look.Span {
	switch i := slices.Index(p.marks, d); {
	case i < 0:
		return look.Gap(1)
	case len(p.marks) == 2 && p.isOlder(p.marks[1-i], d):
		return look.S(look.SideB, safe.Const("B"))
	}
	return look.S(look.SideA, safe.Const("A"))
}

// current returns the sighting under the cursor.
func (p timelinePage) current() (model.Sighting, bool) {
	r, _ := p.sheet.Current()
	i := slices.IndexFunc(p.history, func(s model.Sighting) bool { return sightingID(s) == r.ID })
	if i < 0 {
		return model.Sighting{}, false
	}
	return p.history[i], true
}

// sightingID identifies the row of a sighting.
func sightingID(s model.Sighting) string { return s.First.Format(time.RFC3339) + s.Digest.String() }

// refAt returns the tag at a digest, or only the tag for its current target.
func (p timelinePage) refAt(d digest.Digest) model.Ref {
	ref := p.ref
	if d != p.target {
		ref.Digest = d
	}
	return ref
}

// compare compares two digests of the tag, the older one as A.
func (p timelinePage) compare(x, y digest.Digest) page.Effects {
	if p.isOlder(y, x) {
		x, y = y, x
	}
	b := p.refAt(y)
	return page.Send(page.CompareRoute{A: p.refAt(x), B: &b})
}

func (p timelinePage) Layout(f page.Frame) (page.Page, page.Effects) {
	p.sheet = p.sheet.With(p.rows(f), f.Height)
	p, requests := p.recheck()
	return p, requests
}

func (p timelinePage) rows(f page.Frame) []widget.Row {
	var rows []widget.Row
	for _, err := range []error{p.targetErr, p.err} {
		if err != nil {
			rows = append(rows, widget.HeaderRow(append(page.RetryLines(err, f), look.Line{})...))
		}
	}
	switch {
	case !p.read && p.err == nil:
		return append(rows, widget.BlankRow(), widget.NoteRow(f, safe.Concat(safe.Const("reading"), f.Glyphs.Ellipsis)))
	case len(p.history) == 0:
		return rows
	}
	c := timelineColumnsFor(f)
	rows = append(rows, widget.HeaderRow(look.Line{}, c.heading()))
	for _, s := range p.history {
		rows = append(rows, widget.Row{ID: sightingID(s), Lines: []look.Line{c.line(s, p)}, ValueName: safe.Const("the digest"),
			Value: safe.Clean(s.Digest.String())})
	}
	return append(rows, widget.BlankRow(), widget.NoteRow(f,
		safe.Const("A move happens between last seen of one digest and first seen of the next; the exact time is not recorded.")))
}

// timelineColumns are the widths of the timeline in cells.
type timelineColumns struct {
	glyphs  look.Glyphs
	created int
	stamp   func(*time.Time) safe.Text
	width   int
}

func timelineColumnsFor(f page.Frame) timelineColumns {
	c := timelineColumns{glyphs: f.Glyphs, stamp: look.Second, width: look.SecondWidth, created: look.MinuteWidth}
	if f.Width < look.WideWidth {
		c.stamp, c.width, c.created = look.Minute, look.MinuteWidth, look.DayWidth
	}
	return c
}

func (c timelineColumns) heading() look.Line {
	return c.join(look.Gap(1), look.Faint, safe.Const("digest"), safe.Const("first seen UTC"), safe.Const("last seen UTC"),
		safe.Const("created UTC"), look.Span{})
}

func (c timelineColumns) line(s model.Sighting, p timelinePage) look.Line {
	mark, note := p.markOf(s.Digest), look.Span{}
	switch {
	case p.gone[s.Digest]:
		note = look.S(look.Alert, safe.Const("gone"))
	case s.Digest == p.target:
		note = look.S(look.Good, safe.Const("now"))
	}
	return c.join(mark, look.Plain, look.Short(s.Digest), c.stamp(&s.First), c.stamp(&s.Last),
		look.DayOrMinute(s.Created, c.created), note)
}

func (c timelineColumns) join(mark look.Span, role look.Role, digest, first, last, created safe.Text, note look.Span) look.Line {
	g := c.glyphs
	return look.L(mark, look.Gap(1), look.S(role, g.Fit(digest, look.DigestWidth)), look.Gap(2),
		look.S(role, g.Fit(first, c.width)), look.Gap(2), look.S(role, g.Fit(last, c.width)), look.Gap(2),
		look.S(role, g.Fit(created, c.created)), look.Gap(2), note)
}

func (p timelinePage) Repo() model.Ref { return p.ref.Repo() }

func (p timelinePage) View(f page.Frame) []look.Line { return p.sheet.View(f.Glyphs) }
func (p timelinePage) Crumb() safe.Text {
	return safe.Sprintf("%s:%s: timeline", p.ref.Repository, p.ref.Tag)
}

// Place returns the tag: esc leads to it in the list of tags.
func (p timelinePage) Place() model.Ref { return p.ref }

// Path returns the registry, the repository, the tag and what the page shows of it.
func (p timelinePage) Path(look.Glyphs) []page.PathPart {
	return page.Path(safe.Clean(p.ref.Registry), safe.Clean(p.ref.Repository), safe.Sprintf(":%s", p.ref.Tag), safe.Const("timeline"))
}

func (p timelinePage) Typing() bool { return false }

func (p timelinePage) Status() safe.Text {
	at, of := p.sheet.Position()
	if of == 0 {
		return safe.Text{}
	}
	return safe.Sprintf("%d/%d ", at, of)
}

func (p timelinePage) Hints() []key.Binding {
	open := page.Describe(page.Keys.Open, "compare with now")
	switch at, _ := p.current(); {
	case len(p.marks) == 2:
		open = page.Describe(page.Keys.Open, "compare A with B")
	case len(p.marks) == 1 && p.marks[0] != at.Digest:
		open = page.Describe(page.Keys.Open, "compare A with this")
	case at.Digest == p.target || p.target == "":
		open = page.Keys.Open
	}
	return []key.Binding{open, page.Describe(page.Keys.Mark, "mark"), page.Describe(page.Keys.Copy, "copy by digest"),
		page.Keys.Reload, page.Keys.Back}
}

func (p timelinePage) Help() page.KeyGroup {
	return page.KeyGroup{Name: "Timeline", Keys: []key.Binding{
		page.Describe(page.Keys.Open, "compare with the tag now; with marks, compare the marked"),
		page.Describe(page.Keys.Mark, "mark one or two rows, for enter to compare; again: remove the mark"),
		page.Describe(page.Keys.Copy, "copy the reference by digest"), page.Keys.Reload,
	}}
}
