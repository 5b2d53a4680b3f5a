package ui

import (
	"context"
	"os/exec"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/page"
)

// copyCmd copies text to the clipboard with OSC 52, which works over SSH. tmux ignores
// OSC 52 by default. So inside tmux its buffer is set too, and tmux forwards the text if
// it is configured to (load-buffer -w).
func (a App) copyCmd(text safe.Text) tea.Cmd {
	if !a.options.InTmux {
		return tea.SetClipboard(text.String())
	}
	return tea.Batch(tea.SetClipboard(text.String()), tmuxBuffer(a.env.Context, text))
}

func tmuxBuffer(ctx context.Context, text safe.Text) tea.Cmd {
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		cmd := exec.CommandContext(ctx, "tmux", "load-buffer", "-w", "-")
		cmd.Stdin = strings.NewReader(text.String())
		if err := cmd.Run(); err != nil {
			return page.ToastMsg{Text: safe.Sprintf("copied to the terminal only, tmux failed: %s", err)}
		}
		return nil
	}
}
