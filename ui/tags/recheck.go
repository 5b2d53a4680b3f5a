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

// recheckedMsg is where the tags in view point by now.
type recheckedMsg struct {
	load page.LoadID
	tags []model.Tagged
}

// recheck asks about the tags in view when it is time: one HEAD each, quietly.
// What could not be asked the last time is asked again.
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
		var asked page.Effects
		p.poll, asked = p.poll.Arm(p.listCtx, p.env.Recheck, nil)
		return p, asked
	}
	repo, load := p.ref, p.poll.Load
	return p, page.Once(p.listCtx, func(ctx context.Context) tea.Msg {
		var all []model.Tagged
		// A registry that is down for a while is no news here: r says it.
		_ = p.env.Registry.Resolve(ctx, repo, tags, func(found []model.Tagged) { all = append(all, found...) })
		return recheckedMsg{load, all}
	})
}

// rechecked starts a look at the tags in view, or says which of them moved.
func (p tagsPage) rechecked(msg tea.Msg) (page.Page, page.Effects) {
	switch msg := msg.(type) {
	case page.PollMsg:
		p.poll = p.poll.Fired(msg)
	case recheckedMsg:
		if msg.load != p.poll.Load {
			return p, nil
		}
		var moved []string
		for _, t := range msg.tags {
			if p.targetArrived(t) {
				moved = append(moved, t.Tag)
			}
		}
		p, asked := p.sortList()
		if len(moved) > 0 {
			var more page.Effects
			p, more = p.refreshFindings()
			asked = append(asked, more...)
		}
		p.poll, asked = p.poll.Arm(p.listCtx, p.env.Recheck, asked)
		return p, append(asked, movedToast(p.index, moved)...)
	}
	return p, nil
}

// targetArrived notes where a tag points. It reports whether the tag moved or is
// gone.
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

func movedToast(k index, moved []string) page.Effects {
	slices.SortFunc(moved, model.CompareNatural)
	switch len(moved) {
	case 0:
		return nil
	case 1:
		tag := safe.Clean(moved[0])
		if k.tags[moved[0]].Digest == "" {
			return page.Toast(safe.Sprintf(":%s is gone: the registry has no such tag any more", tag))
		}
		return page.Toast(safe.Sprintf(":%s moved just now, was %s. m on it compares", tag, look.Short(k.moves[moved[0]].from.Digest)))
	}
	return page.Toast(safe.Sprintf("%d tags moved just now or are gone: :%s and others", len(moved), safe.Clean(moved[0])))
}
