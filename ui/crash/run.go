// Package crash runs a screen so that a crash leaves the terminal as it was, a
// report in a file, and one line that says where. Recovering in goroutines is in
// model/panics.
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

// quitTimeout is how long a screen may take to quit when it is told to.
const quitTimeout = 2 * time.Second

// Run runs a screen until it is quit or ctx ends. A panic in it, in one of its
// commands or in a goroutine that defers panics.Catch ends it, and is the error:
// a *PanicError.
func Run(ctx context.Context, screen func(context.Context) tea.Model, options ...tea.ProgramOption) error {
	defer startMonitor()()
	if err := screenTooLarge(); err != nil {
		return err
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	back := panics.Handle(func(f *panics.PanicError) { end(f) })
	killed, kill := context.WithCancel(context.Background())
	defer kill()
	// Signals end ctx already; two handlers for them can wait for each other.
	options = append(options, tea.WithContext(killed), tea.WithOutput(terminalOutput{os.Stdout}), tea.WithFilter(limitSize),
		tea.WithoutSignalHandler(), tea.WithoutCatchPanics())
	options = append(options, inputOptions(func() { end(ErrLost) })...)
	p := tea.NewProgram(panicCatcher{screen(ctx)}, options...)
	// Bubble Tea waits for who reads keys only when it quits, not when it is killed.
	defer context.AfterFunc(ctx, func() {
		time.AfterFunc(quitTimeout, kill)
		p.Quit()
	})()
	state, errState := term.GetState(os.Stdout.Fd())
	last, err := p.Run()
	if err != nil && errState == nil {
		_ = term.Restore(os.Stdout.Fd(), state) // Bubble Tea does not where it cannot begin
	}
	var own *panics.PanicError
	if errors.As(context.Cause(ctx), &own) {
		return newOnScreen(own, last) // faults that follow from it say nothing: the handler stays
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

// panicCatcher catches the panics of a screen.
type panicCatcher struct{ tea.Model }

func (g panicCatcher) Init() (cmd tea.Cmd) {
	defer panics.Catch()
	return catchPanics(g.Model.Init())
}

// Update leaves the screen as it was where it panics.
func (g panicCatcher) Update(msg tea.Msg) (next tea.Model, cmd tea.Cmd) {
	next = g
	defer panics.Catch()
	m, cmd := g.Model.Update(msg)
	return panicCatcher{m}, catchPanics(cmd)
}

func (g panicCatcher) View() (v tea.View) {
	v.AltScreen = true
	defer panics.Catch()
	return g.Model.View()
}

// catchPanics catches the panics of a command, and of those that it gives.
func catchPanics(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() tea.Msg {
		defer panics.Catch()
		msg := cmd()
		if batch, ok := msg.(tea.BatchMsg); ok {
			for i := range batch {
				batch[i] = catchPanics(batch[i])
			}
		}
		return msg
	}
}
