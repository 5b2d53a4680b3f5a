// Command faulty is a screen that fails in the way that a key selects. Tests check
// how the program ends then.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/adrg/xdg"

	"github.com/tagdiff/tagdiff/model/panics"
	"github.com/tagdiff/tagdiff/ui/crash"
)

type screen struct {
	inView, inInit bool
	printed        bool // noise is on standard error
	width, height  int
}

// imageText is text that a panic may contain of an image: a secret, control sequences.
const imageText = "A_TOKEN=hunter2 \x1b]0;owned\x07\u202e"

func (s screen) Init() tea.Cmd {
	if s.inInit {
		panic("in Init " + imageText)
	}
	return nil
}

func (s screen) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		s.width, s.height = msg.Width, msg.Height
	case tea.KeyPressMsg:
		return s.press(msg.String())
	}
	return s, nil
}

func (s screen) press(key string) (tea.Model, tea.Cmd) {
	raise := func(where string) tea.Cmd { return func() tea.Msg { panic(where + " " + imageText) } }
	switch key {
	case "u":
		panic("in Update " + imageText)
	case "v":
		s.inView = true
	case "c":
		return s, raise("in a command")
	case "b":
		return s, tea.Batch(tea.Batch(nil, raise("in a batch"), raise("in a batch")), raise("in a batch"))
	case "g":
		panics.Go(func() { raise("in a goroutine")() })
	case "l":
		go raise("in a library")() // which does not defer panics.Catch
	case "o":
		debug.SetMaxStack(1 << 20)
		go overflow(0)
	case "k":
		self, _ := os.FindProcess(os.Getpid())
		_ = self.Kill()
	case "s":
		killChildren()
	case "n":
		printNoise()
		s.printed = true
	case "e":
		return s, func() tea.Msg { var none *screen; return none.width }
	case "q":
		return s, tea.Quit
	}
	return s, nil
}

// noise is output that looks like a crash of Go's runtime.
const noise = "panic: not really\n\nfatal error: nor this\ngoroutine 1 [running]:\nSIGSEGV: not either\n"

// printNoise prints noise to standard error, more than a pipe holds, from this process and
// from a child.
func printNoise() {
	fmt.Fprint(os.Stderr, strings.Repeat(noise, 10_000))
	child := exec.Command("sh", "-c", "printf '%s' \"$1\" >&2", "sh", noise)
	child.Stderr = os.Stderr
	if err := child.Run(); err != nil {
		panic(err)
	}
}

// killChildren kills the monitor.
func killChildren() {
	ps := exec.Command("ps", "-A", "-o", "pid=", "-o", "ppid=")
	all, _ := ps.Output()
	for line := range strings.Lines(string(all)) {
		var pid, parent int
		if _, err := fmt.Sscan(line, &pid, &parent); err == nil && parent == os.Getpid() && pid != ps.Process.Pid {
			child, _ := os.FindProcess(pid)
			_ = child.Kill()
		}
	}
}

// overflow ends in a fatal error, which recover cannot stop.
func overflow(n int) int {
	if n < 0 { // never: for the linter
		return 0
	}
	return overflow(n+1) + 1
}

func (s screen) View() tea.View {
	if s.inView {
		panic("in View " + imageText)
	}
	text := "press a key"
	if s.printed {
		text = "printed, press another key"
	}
	v := tea.NewView(text)
	v.AltScreen, v.MouseMode, v.WindowTitle = true, tea.MouseModeCellMotion, "faulty"
	return v
}

func (s screen) Pages() []string           { return []string{"first \x1b[2J", "second"} }
func (s screen) Size() (width, height int) { return s.width, s.height }

func main() {
	state := filepath.Join(xdg.StateHome, "tagdiff")
	crash.RunMonitor(state, "1.2.3")
	inInit := len(os.Args) > 1
	err := crash.Run(context.Background(), func(context.Context) tea.Model { return screen{inInit: inInit} })
	if own, ok := errors.AsType[*crash.PanicError](err); ok {
		fmt.Fprintln(os.Stderr, own.Save(state, "1.2.3"))
		os.Exit(2)
	}
}
