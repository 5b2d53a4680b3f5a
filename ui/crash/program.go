// Package crash ends the program well where it has a fault: the terminal is as
// it was, a report lies in a file, and one line says where.
package crash

import (
	"context"
	"errors"
	"os"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/term"

	"github.com/tagdiff/tagdiff/model/panics"
)

// grace is how long a screen may take to quit when it is told to.
const grace = 2 * time.Second

// Run runs a screen until it is quit or ctx ends. A panic in it, in one of its
// commands or in a goroutine that defers panics.Catch ends it, and is the error:
// a *Crash.
func Run(ctx context.Context, screen func(context.Context) tea.Model, options ...tea.ProgramOption) error {
	defer standBy()()
	if err := tooLarge(); err != nil {
		return err
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	back := panics.Handle(func(f *panics.Caught) { end(f) })
	killed, kill := context.WithCancel(context.Background())
	defer kill()
	// Signals end ctx already; two handlers for them can wait for each other.
	options = append(options, tea.WithContext(killed), tea.WithOutput(output{os.Stdout}), tea.WithFilter(believable),
		tea.WithoutSignalHandler(), tea.WithoutCatchPanics())
	options = append(options, watched(func() { end(ErrLost) })...)
	p := tea.NewProgram(guarded{screen(ctx)}, options...)
	// Bubble Tea waits for who reads keys only when it quits, not when it is killed.
	defer context.AfterFunc(ctx, func() {
		time.AfterFunc(grace, kill)
		p.Quit()
	})()
	state, errState := term.GetState(os.Stdout.Fd())
	last, err := p.Run()
	if err != nil && errState == nil {
		_ = term.Restore(os.Stdout.Fd(), state) // Bubble Tea does not where it cannot begin
	}
	var own *panics.Caught
	if errors.As(context.Cause(ctx), &own) {
		return at(own, last) // faults that follow from it say nothing: the handler stays
	}
	back()
	switch {
	case errors.Is(context.Cause(ctx), ErrLost):
		return ErrLost
	case ctx.Err() != nil, errors.Is(err, tea.ErrInterrupted):
		return context.Canceled
	}
	return err
}

// guarded catches the panics of a screen.
type guarded struct{ tea.Model }

func (g guarded) Init() (cmd tea.Cmd) {
	defer panics.Catch()
	return guard(g.Model.Init())
}

// Update leaves the screen as it was where it panics.
func (g guarded) Update(msg tea.Msg) (next tea.Model, cmd tea.Cmd) {
	next = g
	defer panics.Catch()
	m, cmd := g.Model.Update(msg)
	return guarded{m}, guard(cmd)
}

func (g guarded) View() (v tea.View) {
	v.AltScreen = true
	defer panics.Catch()
	return g.Model.View()
}

// guard catches the panics of a command, and of those that it gives.
func guard(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() tea.Msg {
		defer panics.Catch()
		msg := cmd()
		if batch, ok := msg.(tea.BatchMsg); ok {
			for i := range batch {
				batch[i] = guard(batch[i])
			}
		}
		return msg
	}
}
