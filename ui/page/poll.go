package page

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model"
)

// Poll is the timer of a page that checks regularly whether its tags have moved. Only
// the top page checks, because the root lays out no other page.
type Poll struct {
	Load LoadID
	Due  bool
}

// PollMsg is sent when the timer expires.
type PollMsg struct{ Load LoadID }

// Arm restarts the timer and appends its wait to effects. Without an interval it stays
// off.
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

// Fired marks the timer due, unless it was re-armed since.
func (p Poll) Fired(msg PollMsg) Poll {
	p.Due = p.Due || msg.Load == p.Load
	return p
}

// LoadID distinguishes the answers of several loads on the same page.
type LoadID int

// MayMove reports whether the reference can point to a different image later.
func MayMove(r model.Ref) bool { return r.Tag != "" && r.Digest == "" && r.At == "" }
