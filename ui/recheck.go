package ui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"
)

// recheck is the clock of a page that asks now and then whether its tags have
// moved. Only the page on top asks: the root lays out no other.
type recheck struct {
	load loadID
	due  bool
}

// recheckMsg says that it is time.
type recheckMsg struct{ load loadID }

// arm starts the clock anew, after what else is asked for. Without an interval
// there is none.
func (r recheck) arm(ctx context.Context, every time.Duration, asked effects) (recheck, effects) {
	r.load++
	r.due = false
	if every <= 0 {
		return r, asked
	}
	id := r.load
	return r, append(asked, once(ctx, func(ctx context.Context) tea.Msg {
		t := time.NewTimer(every)
		defer t.Stop()
		select {
		case <-ctx.Done():
		case <-t.C:
		}
		return recheckMsg{id}
	})...)
}

// rang is r after its clock has rung.
func (r recheck) rang(msg recheckMsg) recheck {
	r.due = r.due || msg.load == r.load
	return r
}
