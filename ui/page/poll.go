package page

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model"
)

// Poll is the clock of a page that asks now and then whether its tags have
// moved. Only the page on top asks: the root lays out no other.
type Poll struct {
	Load LoadID
	Due  bool
}

// PollMsg says that it is time.
type PollMsg struct{ Load LoadID }

// Arm starts the clock again and adds its wait to effects. Without an interval it
// stands still.
func (p Poll) Arm(ctx context.Context, every time.Duration, effects Effects) (Poll, Effects) {
	p.Load++
	p.Due = false
	if every <= 0 {
		return p, effects
	}
	id := p.Load
	return p, append(effects, Once(ctx, func(ctx context.Context) tea.Msg {
		t := time.NewTimer(every)
		defer t.Stop()
		select {
		case <-ctx.Done():
		case <-t.C:
		}
		return PollMsg{id}
	})...)
}

// Fired marks the clock due, unless it was armed again since.
func (p Poll) Fired(msg PollMsg) Poll {
	p.Due = p.Due || msg.Load == p.Load
	return p
}

// LoadID tells the answers of one load from those of another on the same page.
type LoadID int

// MayMove reports whether what a reference leads to may change.
func MayMove(r model.Ref) bool { return r.Tag != "" && r.Digest == "" && r.At == "" }
