// Package crash runs a screen. After a crash it restores the terminal, writes a
// report to a file and prints one line with its path. Recovering in goroutines is in
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

// quitTimeout limits the time that a screen needs to quit.
const quitTimeout = 2 * time.Second

// Run runs a screen until it quits or ctx ends. It returns a *PanicError after a panic
// in the screen, in one of its commands or in a goroutine that defers panics.Catch,
// ErrLost if the terminal is gone, and context.Canceled if ctx ended or the screen was
// interrupted (tea.Interrupt).
func Run(ctx context.Context, screen func(context.Context) tea.Model, options ...tea.ProgramOption) error {
	defer startMonitor()()
	if err := screenTooLarge(); err != nil {
		return err
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	restoreHandler := panics.Handle(func(err *panics.PanicError) { end(err) })
	killed, kill := context.WithCancel(context.Background())
	defer kill()
	// Signals already end ctx; a second signal handler can deadlock with the first.
	options = append(options, tea.WithContext(killed), tea.WithOutput(terminalOutput{os.Stdout}), tea.WithFilter(limitSize),
		tea.WithoutSignalHandler(), tea.WithoutCatchPanics())
	options = append(options, inputOptions(func() { end(ErrLost) })...)
	p := tea.NewProgram(panicCatcher{screen(ctx)}, options...)
	// Bubble Tea waits for its input reader when it quits, but not when it is killed.
	defer context.AfterFunc(ctx, func() {
		time.AfterFunc(quitTimeout, kill)
		p.Quit()
	})()
	state, errState := term.GetState(os.Stdout.Fd())
	last, err := p.Run()
	if err != nil && errState == nil {
		_ = term.Restore(os.Stdout.Fd(), state) // Bubble Tea does not restore it after a failed start
	}
	if own, ok := errors.AsType[*panics.PanicError](context.Cause(ctx)); ok {
		return newOnScreen(own, last) // the handler stays: panics that follow are not reported
	}
	restoreHandler()
	switch {
	case errors.Is(context.Cause(ctx), ErrLost):
		return ErrLost
	case ctx.Err() != nil, errors.Is(err, tea.ErrInterrupted):
		return context.Canceled
	}
	return err
}

// panicCatcher recovers panics of a screen.
type panicCatcher struct{ tea.Model }

func (g panicCatcher) Init() (cmd tea.Cmd) {
	defer panics.Catch()
	return catchPanics(g.Model.Init())
}

// Update returns the unchanged screen after a panic.
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

// catchPanics returns cmd with its panics recovered, and those of a batch that it returns.
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
