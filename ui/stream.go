package ui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model/panics"
)

// pageID says which page a command's message belongs to, however deep in the
// stack that page is by then. Messages for closed pages are dropped.
type pageID int

// owned is a message for one page, with the command that waits for the next
// message of the same stream, if there may be one.
type owned struct {
	page pageID
	msg  tea.Msg
	next tea.Cmd
}

// streamed is the effect of work that takes long. The root gives it an owner.
type streamed struct {
	ctx  context.Context
	work func(ctx context.Context, report func(tea.Msg))
}

// stream asks for work whose messages all come to the page that asked. work
// runs in its own goroutine; report blocks until the screen took the
// message or ctx ended, so a fast producer cannot run ahead of the screen.
func stream(ctx context.Context, work func(ctx context.Context, report func(tea.Msg))) effects {
	return send(streamed{ctx, work})
}

// once is stream for work with one answer.
func once(ctx context.Context, work func(ctx context.Context) tea.Msg) effects {
	return stream(ctx, func(ctx context.Context, report func(tea.Msg)) { report(work(ctx)) })
}

// run is the command that starts the work and waits for its first message.
func (s streamed) run(owner pageID) tea.Cmd {
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

func awaitNext(owner pageID, ch <-chan tea.Msg) tea.Cmd {
	return func() tea.Msg {
		m, ok := <-ch
		if !ok {
			return nil
		}
		return owned{page: owner, msg: m, next: awaitNext(owner, ch)}
	}
}
