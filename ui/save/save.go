// Package save is the page that writes a report to a file: it asks for the name, whose
// ending chooses the format.
package save

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model/files"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// Report is what to save.
type Report struct {
	Title string // names the images
	Name  string // of the file, without an ending; it is made safe for file systems
	// Write writes the report in a format: text, markdown or json.
	Write func(w io.Writer, format string) error
}

// formats are the formats by the ending of a file.
var formats = map[string]string{".txt": "text", ".md": "markdown", ".json": "json"}

// savePage asks for the name of the file.
type savePage struct {
	ctx    context.Context
	report Report
	folder safe.Text // the current folder
	input  widget.Input
	saving bool
}

// Messages of the commands that read and write files.
type (
	folderMsg struct{ folder string }
	savedMsg  struct{ path string }
	failedMsg struct{ err error }
	existsMsg struct{ path string }
)

// New returns the page that saves a report.
func New(r Report) page.Page {
	return savePage{report: r, input: widget.NewInputWith(safe.Const("file:"), fileName(r.Name)+".md")}
}

// fileName returns a name with everything replaced that a shell or a file system may read as something
// else.
func fileName(name string) string {
	const longest = 100
	name = unsafeInNames.ReplaceAllString(name, "-")
	return strings.Trim(name[:min(len(name), longest)], ".-")
}

var unsafeInNames = regexp.MustCompile(`[^A-Za-z0-9._]+`)

// Start reads the name of the current folder.
func (p savePage) Start(ctx context.Context) (page.Page, page.Effects) {
	p.ctx = ctx
	return p, page.Once(ctx, func(context.Context) tea.Msg {
		folder, _ := os.Getwd() // without it the page shows none
		return folderMsg{folder}
	})
}

// Update handles keys and the ends of commands.
func (p savePage) Update(msg tea.Msg) (page.Page, page.Effects) {
	switch msg := msg.(type) {
	case folderMsg:
		p.folder = safe.Clean(msg.folder)
		return p, nil
	case savedMsg:
		return p, page.Send(page.PopMsg{Payload: page.ToastMsg{Text: safe.Sprintf("saved %s", msg.path)}})
	case failedMsg:
		p.saving, p.input.Err = false, safe.Clean(msg.err.Error())
		return p, nil
	case existsMsg:
		p.saving = false
		return p, page.Send(page.AskMsg{
			Question: safe.Sprintf("%s exists:", msg.path), Declined: safe.Const("nothing was saved"),
			Answers: []page.Answer{{Key: page.Bind("y", "replace it", "y"), Effects: p.write(msg.path, true)}},
		})
	case tea.KeyPressMsg:
		return p.press(msg)
	case tea.PasteMsg:
		p.input = p.input.Update(msg)
	}
	return p, nil
}

func (p savePage) press(msg tea.KeyPressMsg) (page.Page, page.Effects) {
	switch msg.String() {
	case "esc":
		return p, page.Send(page.PopMsg{Payload: page.ToastMsg{Text: safe.Const("nothing was saved")}})
	case "enter":
		path := expanded(strings.TrimSpace(p.input.Value()))
		if _, known := formats[ending(path)]; !known || filepath.Base(path) == ending(path) {
			p.input.Err = safe.Const("the name must end in .txt, .md or .json, which chooses the format")
			return p, nil
		}
		if p.saving {
			return p, nil
		}
		p.saving = true
		return p, p.write(path, false)
	}
	p.input = p.input.Update(msg)
	return p, nil
}

func ending(path string) string { return strings.ToLower(filepath.Ext(path)) }

// expanded returns a path with the home folder in place of a tilde, as a shell has it.
func expanded(path string) string {
	rest, tilde := strings.CutPrefix(path, "~/")
	home, err := os.UserHomeDir()
	if !tilde || err != nil {
		return path
	}
	return filepath.Join(home, rest)
}

// write returns the command that writes the file. It replaces a file only if replace is set.
func (p savePage) write(path string, replace bool) page.Effects {
	report := p.report
	return page.Once(p.ctx, func(context.Context) tea.Msg {
		var content bytes.Buffer
		if err := report.Write(&content, formats[ending(path)]); err != nil {
			return failedMsg{err}
		}
		err := writeNew(path, content.Bytes())
		if replace {
			err = files.Replace(path, ".tagdiff-", content.Bytes())
		}
		switch {
		case errors.Is(err, fs.ErrExist) && !replace:
			return existsMsg{path}
		case err != nil:
			return failedMsg{fmt.Errorf("not saved: %w", err)}
		}
		return savedMsg{path}
	})
}

// writeNew writes a file that does not exist.
func writeNew(path string, content []byte) error {
	file, err := files.CreateNew(path)
	if err != nil {
		return err
	}
	defer file.Discard()
	if _, err := file.Write(content); err != nil {
		return err
	}
	_, err = file.Commit()
	return err
}

// Layout has nothing to prepare.
func (p savePage) Layout(page.Frame) (page.Page, page.Effects) { return p, nil }

// View returns the input, its error, and what the name decides.
func (p savePage) View(f page.Frame) []look.Line {
	lines := []look.Line{{}, look.L(look.Gap(1), look.S(look.Heading, safe.Const("Save the report"))).With(
		look.Gap(2), look.P(f.Gate.Clean(p.report.Title))).To(f.Width, f.Glyphs.Ellipsis), {}}
	lines = append(lines, look.L(look.Gap(1)).With(p.input.Line(f.Width-2).Spans...), look.Line{})
	if !p.input.Err.IsEmpty() {
		lines = append(lines, look.Paragraph(look.Alert, p.input.Err, f.Width)...)
	}
	if !p.folder.IsEmpty() {
		lines = append(lines, look.Paragraph(look.Faint, safe.Sprintf("The current folder is %s", p.folder), f.Width)...)
	}
	return append(lines, look.Paragraph(look.Faint,
		safe.Const("The ending chooses the format: .md for a ticket, .txt for people, .json for programs. Secrets are masked unless "+
			"the screen shows them."), f.Width)...)
}

// Crumb names the page.
func (p savePage) Crumb() safe.Text { return safe.Const("save the report") }

// Hints returns the keys of the page.
func (p savePage) Hints() []key.Binding {
	return []key.Binding{page.Describe(page.Keys.Open, "save"), page.Describe(page.Keys.Back, "cancel")}
}

// Status is empty.
func (p savePage) Status() safe.Text { return safe.Text{} }

// Help returns no keys: the page takes text.
func (p savePage) Help() page.KeyGroup { return page.KeyGroup{Name: "Save", Keys: p.Hints()} }

// Typing reports that keys are text.
func (p savePage) Typing() bool { return true }
