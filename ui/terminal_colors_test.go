package ui

import (
	"image/color"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
)

// TestColors_firstFrame: the first frame waits for the terminal's answer, for a short time. A later answer counts from the
// next other screen on.
func TestColors_firstFrame(t *testing.T) {
	dark, light := tea.BackgroundColorMsg{Color: color.Black}, tea.BackgroundColorMsg{Color: color.White}
	redraw, other := tea.KeyPressMsg{Code: 'l', Mod: tea.ModCtrl}, tea.KeyPressMsg{Code: '?', Text: "?"}
	noColors, all := tea.ColorProfileMsg{Profile: 2}, tea.ColorProfileMsg{Profile: 4} // ASCII and ANSI256 of colorprofile
	const blank, plain, colored = "blank", "plain", "coloured"
	for name, tt := range map[string]struct {
		options Options
		msgs    []tea.Msg
		want    string
	}{
		"before the answer":       {Options{AskColors: true}, nil, blank},
		"answer":                  {Options{AskColors: true}, []tea.Msg{dark}, colored},
		"time is over":            {Options{AskColors: true}, []tea.Msg{firstFrameMsg{}}, plain},
		"answer too late":         {Options{AskColors: true}, []tea.Msg{firstFrameMsg{}, dark}, plain},
		"late, then other screen": {Options{AskColors: true}, []tea.Msg{firstFrameMsg{}, dark, other}, colored},
		"late, then a toast":      {Options{AskColors: true}, []tea.Msg{firstFrameMsg{}, dark, tea.KeyPressMsg{Code: tea.KeyDown}}, plain},
		"late, then redraw":       {Options{AskColors: true}, []tea.Msg{firstFrameMsg{}, dark, redraw}, colored},
		"no colours":              {Options{AskColors: true}, []tea.Msg{noColors}, plain},
		"colours":                 {Options{AskColors: true}, []tea.Msg{all}, blank},
		"known":                   {Options{AskColors: true, Background: look.DarkBackground}, nil, colored},
		"known, other answer":     {Options{AskColors: true, Background: look.DarkBackground}, []tea.Msg{light}, colored},
		"not asked":               {Options{}, nil, plain},
		"not asked, answer":       {Options{}, []tea.Msg{dark}, plain},
	} {
		tt.options.Registry, tt.options.Glyphs = fakereg.Retag(t), look.Unicode()
		var m tea.Model = New(t.Context(), tt.options)
		for _, msg := range append([]tea.Msg{startMsg{}, tea.WindowSizeMsg{Width: 80, Height: 24}}, tt.msgs...) {
			m, _ = m.Update(msg)
		}
		content, got := m.View().Content, plain
		switch {
		case content == " ":
			got = blank
		case strings.Contains(content, "\x1b[38;5;"), strings.Contains(content, ";38;5;"):
			got = colored
		}
		if got != tt.want {
			t.Errorf("%s: the screen is %s, want %s:\n%s", name, got, tt.want, content)
		}
	}
}
