package compare

import (
	"context"
	"maps"
	"slices"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
)

// historyMsg is the recorded history of a side's tag.
type historyMsg struct {
	load    page.LoadID
	history model.Timeline
}

// recheckedMsg is the current digests of the tags of both sides.
type recheckedMsg struct {
	load  page.LoadID
	heads []headMsg
}

// readHistory reads the recorded history of the side's tag.
func (s side) readHistory(ctx context.Context, j page.Journal) page.Effects {
	if j == nil || !page.MayMove(s.ref) {
		return nil
	}
	ref, load := s.ref, s.load
	return page.Once(ctx, func(context.Context) tea.Msg {
		history, _ := j.Timeline(ref) // the journal returns what it could read with the error
		return historyMsg{load, history}
	})
}

func (p comparePage) historyArrived(msg historyMsg) comparePage {
	for _, s := range p.sides() {
		if s.load == msg.load {
			s.history = sightingsBefore(msg.history, s.loadStarted)
		}
	}
	return p.recompare()
}

// sightingsBefore returns the sightings up to a time. The sighting of the current load,
// and a move after it, are not part of the history.
func sightingsBefore(history model.Timeline, then time.Time) model.Timeline {
	for len(history) > 0 && history[len(history)-1].First.After(then) {
		history = history[:len(history)-1]
	}
	return history
}

// withTags adds the known tags of a repository; nil adds nothing.
func (p comparePage) withTags(set *model.TagSet) comparePage {
	if set == nil {
		return p
	}
	sets := map[model.Ref]model.TagSet{}
	maps.Copy(sets, p.tagSets) // the page before this one keeps its own
	sets[set.Repo] = *set
	p.tagSets = sets
	return p
}

// sideContext returns what is known about the tag of a side.
func (p comparePage) sideContext(s side) diff.SideContext {
	n := diff.SideContext{History: s.history}
	if set, ok := p.tagSets[s.ref.Repo()]; ok {
		n.Tags = &set
	}
	if s.moved != "" && s.art != nil {
		member := slices.ContainsFunc(s.art.Entries,
			func(e model.Entry) bool { return e.Descriptor.Digest == s.moved && e.Role == model.RoleImage })
		n.Moved = diff.Move{To: s.moved, At: s.movedAt, Later: s.movedLater, ToMember: member && s.art.Top.Kind == model.KindIndex}
	}
	return n
}

// recheck requests the current digests of the tags when the timer has expired: one HEAD
// request each. Errors are not shown.
func (p comparePage) recheck() (comparePage, page.Effects) {
	if !p.poll.Due {
		return p, nil
	}
	p.poll.Due = false
	var sides []side
	for _, s := range []side{p.a, p.b} {
		if page.MayMove(s.ref) && s.complete() {
			sides = append(sides, s)
		}
	}
	reg, load := p.env.Registry, p.poll.Load
	return p, page.Once(p.ctx, func(ctx context.Context) tea.Msg {
		msg := recheckedMsg{load: load}
		for _, s := range sides {
			if h, ok := s.head(ctx, reg); ok {
				msg.heads = append(msg.heads, h)
			}
		}
		return msg
	})
}

// rechecked records which tags moved. The content on the screen stays.
func (p comparePage) rechecked(msg recheckedMsg) (page.Page, page.Effects) {
	if msg.load != p.poll.Load {
		return p, nil
	}
	for _, h := range msg.heads {
		if p.changesHead(h) {
			p = p.headArrived(h, true)
		}
	}
	var effects page.Effects
	p.poll, effects = p.poll.Arm(p.ctx, p.env.Recheck, nil)
	return p, effects
}

// changesHead reports whether the current digest of a tag is new.
func (p comparePage) changesHead(h headMsg) bool {
	return slices.ContainsFunc([]side{p.a, p.b}, func(s side) bool {
		known := s.moved
		if known == "" && !s.gone && s.art != nil {
			known = s.art.Digest()
		}
		return s.load == h.load && (known != h.now || s.stale())
	})
}

// movedText returns a warning that the tag moved, with the key that compares, that it
// was deleted, or that it could not be read again. It is empty otherwise.
func (s side) movedText(f page.Frame, compares string) safe.Text {
	switch {
	case s.stale():
		why := model.ShortError(s.err)
		if model.IsRefused(s.err) {
			why = s.err.Error() // with the command that logs in
		}
		return safe.Sprintf("%s could not be read again: %s. This is its previous state; r tries again", s.ref.Short(), f.Gate.Clean(why))
	case s.gone:
		return safe.Sprintf("%s was deleted: this is its previous state, %s. r reads again", s.ref.Short(), look.Short(s.art.Digest()))
	case s.moved == "":
		return safe.Text{}
	}
	return safe.Sprintf("%s has moved: it is %s now, this is %s. %s compares, r reads again", s.ref.Short(), look.Short(s.moved),
		look.Short(s.art.Digest()), safe.Clean(compares))
}

// pressTagKey handles the keys that lead to the tags of the two sides.
func (p comparePage) pressTagKey(msg tea.KeyPressMsg) (_ page.Effects, taken bool) {
	switch {
	case key.Matches(msg, page.Keys.Before), key.Matches(msg, page.Keys.BeforeB) && !p.alone:
		return p.beforeAndAfter(key.Matches(msg, page.Keys.BeforeB)), true
	case key.Matches(msg, page.Keys.Timeline):
		return p.timeline(p.a.ref), true
	case key.Matches(msg, page.Keys.TimelineB) && !p.alone:
		return p.timeline(p.b.ref), true
	case key.Matches(msg, page.Keys.Group):
		return page.Send(page.SameImageRoute{Ref: p.a.ref}), true
	case key.Matches(msg, page.Keys.GroupB) && !p.alone:
		return page.Send(page.SameImageRoute{Ref: p.b.ref}), true
	}
	return nil, false
}

// beforeAndAfter compares a tag before and after its move: the move while the page was
// open, otherwise the last recorded one.
func (p comparePage) beforeAndAfter(ofB bool) page.Effects {
	s := p.a
	if ofB || p.a.moved == "" && p.b.moved != "" {
		s = p.b
	}
	before := s.ref
	switch old, ok := s.lastOtherSighting(); {
	case s.moved != "":
		before.Digest = s.art.Digest()
	case ok:
		before.Digest = old.Digest
	default:
		return page.Toast(UnmovedText(safe.Clean(s.ref.Short()), s.history))
	}
	after := s.ref
	return page.Send(page.CompareRoute{A: before, B: &after})
}

// UnmovedText returns the message that no move of a tag is recorded.
func UnmovedText(name safe.Text, history model.Timeline) safe.Text {
	if len(history) == 0 {
		return safe.Sprintf("the journal has no earlier record of %s", name)
	}
	return safe.Sprintf("%s has not moved since its last record in the journal", name)
}

// lastOtherSighting returns the last sighting of the tag with a different digest.
func (s side) lastOtherSighting() (model.Sighting, bool) {
	for _, l := range slices.Backward(s.history) {
		if s.art != nil && l.Digest != s.art.Digest() {
			return l, true
		}
	}
	return model.Sighting{}, false
}

func (p comparePage) timeline(ref model.Ref) page.Effects {
	if ref.Tag == "" {
		return page.Toast(safe.Const("a digest has no timeline: it never moves"))
	}
	return page.Send(page.TimelineRoute{Ref: ref})
}
