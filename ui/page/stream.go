package page

import (
	"context"

	tea "charm.land/bubbletea/v2"

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
