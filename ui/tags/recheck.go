package tags

import (
	"context"
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
)

// recheckedMsg has the current targets of the tags in view.
type recheckedMsg struct {
	load page.LoadID
	tags []model.Tagged
}

// recheck resolves the tags in view again when the poll is due, with one HEAD
// request each. It also repeats requests that failed, and shows no new errors.
func (p tagsPage) recheck() (tagsPage, page.Effects) {
	if !p.poll.Due {
		return p, nil
	}
	p.poll.Due = false
	var tags []string
	for _, tag := range p.inView() {
		t := p.index.tags[tag]
		p.index.retry(t.Digest)
		if t.Digest != "" || t.Err != nil {
			tags = append(tags, tag)
		}
	}
	if len(tags) == 0 {
		var wait page.Effects
		p.poll, wait = p.poll.Arm(p.listCtx, p.env.Recheck, nil)
		return p, wait
	}
	repo, load := p.ref, p.poll.Load
	return p, page.Once(p.listCtx, func(ctx context.Context) tea.Msg {
		var all []model.Tagged
		// An outage is not reported here; r (read again) shows the error.
		_ = p.env.Registry.Resolve(ctx, repo, tags, func(found []model.Tagged) { all = append(all, found...) })
		return recheckedMsg{load, all}
	})
}

// rechecked takes in the answers and shows which tags moved.
func (p tagsPage) rechecked(msg recheckedMsg) (page.Page, page.Effects) {
	if msg.load != p.poll.Load {
		return p, nil
	}
	var moved []string
	for _, t := range msg.tags {
		if p.targetArrived(t) {
			moved = append(moved, t.Tag)
		}
	}
	p, effects := p.sortList()
	if len(moved) > 0 {
		var search page.Effects
		p, search = p.refreshFindings()
		effects = append(effects, search...)
	}
	p.poll, effects = p.poll.Arm(p.listCtx, p.env.Recheck, effects)
	return p, append(effects, movedToast(p.index, moved)...)
}

// targetArrived records where a tag points. It reports whether the tag moved or
// is gone.
func (p tagsPage) targetArrived(t model.Tagged) bool {
	before := p.index.setTarget(t)
	if before == "" {
		p.noteMove(t.Tag)
		return false
	}
	if t.Digest == "" {
		delete(p.index.moves, t.Tag)
		return true
	}
	now := p.env.Now()
	p.index.moves[t.Tag] = movedTag{now: true, from: model.Sighting{Digest: before, First: now, Last: now}}
	return true
}

// movedToast returns the notice of tags that moved or are gone.
func movedToast(x index, moved []string) page.Effects {
	slices.SortFunc(moved, model.CompareNatural)
	switch len(moved) {
	case 0:
		return nil
	case 1:
		tag := safe.Clean(moved[0])
		if x.tags[moved[0]].Digest == "" {
			return page.Toast(safe.Sprintf(":%s is gone: the registry no longer has this tag", tag))
		}
		return page.Toast(safe.Sprintf(":%s moved just now, was %s: m compares before and after", tag, look.Short(x.moves[moved[0]].from.Digest)))
	}
	return page.Toast(safe.Sprintf("%d tags moved just now or are gone: :%s and others", len(moved), safe.Clean(moved[0])))
}
