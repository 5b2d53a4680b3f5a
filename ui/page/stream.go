package page

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model/panics"
)

// ID says which page a command's message belongs to, however deep in the
// stack that page is by then. Messages for closed pages are dropped.
type ID int

// OwnedMsg is a message for one page, with the command that waits for the next
// message of the same stream, if there may be one.
type OwnedMsg struct {
	Page ID
	Msg  tea.Msg
	Next tea.Cmd
}

// Work is the effect of work that takes long. The root gives it an owner.
type Work struct {
	ctx  context.Context
	work func(ctx context.Context, report func(tea.Msg))
}

// Stream asks for work whose messages all come to the page that effects. work
// runs in its own goroutine; report blocks until the screen took the
// message or ctx ended, so a fast producer cannot run ahead of the screen.
func Stream(ctx context.Context, work func(ctx context.Context, report func(tea.Msg))) Effects {
	return Send(Work{ctx, work})
}

// Once is stream for work with one answer.
func Once(ctx context.Context, work func(ctx context.Context) tea.Msg) Effects {
	return Stream(ctx, func(ctx context.Context, report func(tea.Msg)) { report(work(ctx)) })
}

// Run is the command that starts the work and waits for its first message.
func (s Work) Run(owner ID) tea.Cmd {
	return func() tea.Msg {
		ch := make(chan tea.Msg)
		go func() {
			defer panics.Catch()
			defer close(ch)
			s.work(s.ctx, func(m tea.Msg) {
				select {
				case ch <- m:
				case <-s.ctx.Done():
				}
			})
		}()
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
