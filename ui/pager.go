package ui

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/term"

	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/crash"
	"github.com/tagdiff/tagdiff/ui/page"
)

// pagerEndedMsg is the end of a pager.
type pagerEndedMsg struct{ err error }

// openPager shows the text of the top page in the pager.
func (a App) openPager(msg tea.KeyPressMsg) (App, tea.Cmd) {
	p, ok := a.top().(page.Readable)
	if !ok {
		a.toast = safe.Sprintf("%s does nothing here; ? lists the keys", msg.String())
		return a, nil
	}
	return a.navigate(page.PagerMsg{Lines: p.PagerLines(a.frame())})
}

// page returns the command that shows lines in the pager. The screen gives the terminal away until it ends.
func (a App) page(lines []safe.Text) tea.Cmd {
	var text strings.Builder
	for _, l := range lines {
		text.WriteString(a.theme.Text(l))
		text.WriteByte('\n')
	}
	ctx := a.env.Context
	pager := &pagerProcess{
		cmd: pagerCommand(ctx, os.Getenv("PAGER")), text: text.String(), atOnce: 500 * time.Millisecond, awaitKey: func() { awaitKey(ctx) },
	}
	return tea.Exec(pager, func(err error) tea.Msg {
		crash.TerminalTaken()
		return pagerEndedMsg{err}
	})
}

// awaitKey keeps what is on the terminal until a key is pressed.
func awaitKey(ctx context.Context) {
	in, out, err := tea.OpenTTY()
	if err != nil {
		return
	}
	defer out.Close()
	defer context.AfterFunc(ctx, func() { in.Close() })() // it ends the read
	if state, err := term.MakeRaw(in.Fd()); err == nil {
		defer term.Restore(in.Fd(), state) //nolint:errcheck // Bubble Tea sets the terminal, too
	}
	fmt.Fprint(out, "\r\n(any key goes back to tagdiff)")
	in.Read(make([]byte, 8)) //nolint:errcheck // without a key there is nothing to wait for
}

// pagerCommand returns the pager of the user, less without one. The value of PAGER is a shell command, as
// for git and man.
func pagerCommand(ctx context.Context, pager string) *exec.Cmd {
	if runtime.GOOS == "windows" {
		words := strings.Fields(cmp.Or(strings.TrimSpace(pager), "more"))
		return exec.CommandContext(ctx, words[0], words[1:]...)
	}
	c := exec.CommandContext(ctx, "sh", "-c", cmp.Or(strings.TrimSpace(pager), "less"))
	// Option F ends less at once if the text fits on one screen.
	c.Env = append(os.Environ(), strings.TrimSpace("LESS="+os.Getenv("LESS")+" -+F"))
	return c
}

// pagerProcess is a pager that reads a text. It implements tea.ExecCommand.
type pagerProcess struct {
	cmd      *exec.Cmd
	text     string
	atOnce   time.Duration // a pager that ends sooner did not wait for the user, as cat does not
	awaitKey func()        // keeps what such a pager printed on the terminal
}

// Run runs the pager to its end. An error has what the pager said.
func (p *pagerProcess) Run() error {
	crash.TerminalLent()
	var said bytes.Buffer
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = strings.NewReader(p.text), os.Stdout, &said
	start := time.Now()
	err := p.cmd.Run()
	if line, _, _ := strings.Cut(strings.TrimSpace(said.String()), "\n"); err != nil && line != "" {
		return fmt.Errorf("%w: %s", err, line)
	}
	if err == nil && time.Since(start) < p.atOnce {
		p.awaitKey()
	}
	return err
}

// SetStdin does nothing: the pager reads the text, and keys from the terminal.
func (p *pagerProcess) SetStdin(io.Reader) {}

// SetStdout does nothing: the output of Bubble Tea may be a writer around the terminal, which the pager
// would take for a pipe.
func (p *pagerProcess) SetStdout(io.Writer) {}

// SetStderr does nothing: Run keeps what the pager says for its error.
func (p *pagerProcess) SetStderr(io.Writer) {}
