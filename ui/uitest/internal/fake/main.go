// Command fake is a small program with a screen, for the tests of uitest: a list with a
// cursor. It shows keys, pastes and its size.
package main

import (
	"fmt"
	"os"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
)

var (
	head     = lipgloss.NewStyle().Bold(true).Foreground(lipgloss.Color("#f6c177"))
	dim      = lipgloss.NewStyle().Faint(true)
	removed  = lipgloss.NewStyle().Background(lipgloss.Color("#46300f"))
	added    = lipgloss.NewStyle().Background(lipgloss.Color("#12324a")).Bold(true)
	selected = lipgloss.NewStyle().Reverse(true)
	link     = lipgloss.NewStyle().Underline(true).Foreground(lipgloss.Color("4"))
)

type screen struct {
	width, height int
	dark          bool
	cursor        int
	message       string // the last key or paste
	counter       int    // for race
}

func (s screen) Init() tea.Cmd { return tea.Batch(tea.RequestBackgroundColor, tea.RequestWindowSize) }

func (s screen) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		s.width, s.height = msg.Width, msg.Height
	case tea.BackgroundColorMsg:
		s.dark = msg.IsDark()
	case tea.PasteMsg:
		s.message = fmt.Sprintf("pasted %q", msg.Content)
	case tea.KeyPressMsg:
		return s.press(msg.String())
	}
	return s, nil
}

func (s screen) press(key string) (tea.Model, tea.Cmd) {
	s.message = "pressed " + key
	switch key {
	case "j", "down":
		s.cursor++
	case "k", "up":
		s.cursor--
	case "y":
		return s, tea.SetClipboard(fmt.Sprintf("sha256:%d", s.cursor))
	case "r":
		race(&s.counter)
	case "q":
		return s, tea.Quit
	case "x":
		os.Exit(3)
	}
	return s, nil
}

// race has a data race, which a test must find.
func race(n *int) {
	done := make(chan bool)
	go func() { *n++; close(done) }()
	*n++
	<-done
}

func (s screen) View() tea.View {
	rows := []string{
		head.Render(" fake") + dim.Render(fmt.Sprintf("  %d×%d dark=%t", s.width, s.height, s.dark)) + "   " + strings.Join(os.Args[1:], " "),
		"╭" + strings.Repeat("─", max(0, s.width-2)) + "╮",
		" ≠ " + removed.Render("- PATH=/usr/local/bin") + " ╱╱╱ " + added.Render("+ PATH=/opt/app/bin"),
		" ∅ wide: 日本 <&> " + link.Render("read on"),
		" port 127.0.0.1:" + os.Getenv("FAKE_PORT"),
	}
	for i := s.cursor; len(rows) < s.height-1; i++ {
		row := fmt.Sprintf("   step %d", i)
		if i == s.cursor {
			row = selected.Render(fmt.Sprintf(" › step %d ", i))
		}
		rows = append(rows, row)
	}
	if len(rows) < s.height {
		rows = append(rows, " "+s.message)
	}
	view := tea.NewView(strings.Join(rows, "\n"))
	view.AltScreen = true
	view.WindowTitle = fmt.Sprintf("fake at %d", s.cursor)
	return view
}

func main() {
	if _, err := tea.NewProgram(screen{}).Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}
