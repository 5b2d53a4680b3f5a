package page

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/panics"
)

// ID identifies the page of a command's message, at any depth of the stack. Messages for
// closed pages are dropped.
type ID int

// OwnedMsg is a message for one page, with the command that waits for the next message
// of the same stream, if there is one.
type OwnedMsg struct {
	Page ID
	Msg  tea.Msg
	Next tea.Cmd
}

// Work is an effect that takes long. The root assigns it to a page.
type Work struct {
	ctx  context.Context
	work func(ctx context.Context, report func(tea.Msg))
}

// Stream requests work whose messages are all delivered to the requesting page. work
// runs in its own goroutine. report blocks until the screen took the message or ctx is
// cancelled, so a fast producer cannot run ahead of the screen.
func Stream(ctx context.Context, work func(ctx context.Context, report func(tea.Msg))) Effects {
	return Send(Work{ctx, work})
}

// Once is Stream for work with one result.
func Once(ctx context.Context, work func(ctx context.Context) tea.Msg) Effects {
	return Stream(ctx, func(ctx context.Context, report func(tea.Msg)) { report(work(ctx)) })
}

// Run returns the command that starts the work and waits for its first message.
func (s Work) Run(owner ID) tea.Cmd {
	return func() tea.Msg {
		ch := make(chan tea.Msg)
		panics.Go(func() {
			defer close(ch)
			s.work(s.ctx, func(m tea.Msg) {
				select {
				case ch <- m:
				case <-s.ctx.Done():
				}
			})
		})
		return awaitNext(owner, ch)()
	}
}

func awaitNext(owner ID, ch <-chan tea.Msg) tea.Cmd {
	return func() tea.Msg {
		m, ok := <-ch
		if !ok {
			return nil
		}
		return OwnedMsg{Page: owner, Msg: m, Next: awaitNext(owner, ch)}
	}
}

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
		select {
		case <-ctx.Done():
		case <-time.After(every):
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
