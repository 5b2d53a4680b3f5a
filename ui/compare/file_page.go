package compare

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/diff/filediff"
	"github.com/tagdiff/tagdiff/diff/text"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// The limits of a text that is compared: larger ones are only described.
const (
	maxTextBytes = 1 << 20
	maxTextLines = 20_000
)

// filePage shows one file of both sides: what is known of it, and the lines of a text. A content that
// was not kept is read again, which reads the layer up to the file.
type filePage struct {
	env     page.Env
	crumb   safe.Text
	path    safe.Text
	change  filediff.Change
	sources [2]fileSource
	command safe.Text

	contents *fileContents // nil until they were read
	loading  bool
	err      error
	sheet    widget.Sheet
	key      filePageKey
	stacked  bool
}

// fileSource says where a file can be read.
type fileSource struct {
	repo  model.Ref
	layer *model.Step // nil for a side without the file
	entry inside.Entry
}

// fileContents are the contents of both sides, and their lines side by side if both are texts.
type fileContents struct {
	sides    [2][]byte
	verified bool
	isText   bool
	rawLines [2][]safe.Text
	pairs    []text.Pair
}

// filePageKey is what the rows depend on.
type filePageKey struct {
	width          int
	reveal, loaded bool
	stacked, err   bool
}

// fileContentsMsg is the end of reading a file.
type fileContentsMsg struct {
	contents *fileContents
	err      error
}

// openFile returns the function that makes the page of a file.
func (v view) openFile(r diff.Row, f *diff.LayerFiles, ch filediff.Change) func(page.Env) page.Page {
	return func(env page.Env) page.Page {
		p := filePage{env: env, path: v.Gate.Clean(pathOrRoot(ch.Path)), change: ch, command: v.fileCommand(r, ch.Path)}
		p.crumb = safe.Sprintf("step %s", stepNumberOrNone(r))
		for i, s := range []struct {
			entry *inside.Entry
			step  *model.Step
			repo  model.Ref
		}{{ch.A, r.A, v.a.Repo()}, {ch.B, r.B, v.b.Repo()}} {
			if s.entry != nil && s.step != nil {
				p.sources[i] = fileSource{s.repo, s.step, *s.entry}
			}
		}
		if shelf := v.shelves[diff.LayersOf(r)]; f != nil && shelf != nil {
			if a, b, ok := shelf.Texts(ch.Path); ok {
				p.contents = newFileContents(a, b, true)
			}
		}
		return p
	}
}

func stepNumberOrNone(r diff.Row) safe.Text {
	if r.A == nil && r.B == nil {
		return safe.Const("of several layers")
	}
	return stepNumber(r)
}

// newFileContents compares the lines of two contents if both are texts.
func newFileContents(a, b []byte, verified bool) *fileContents {
	c := &fileContents{sides: [2][]byte{a, b}, verified: verified, isText: isText(a) && isText(b)}
	if !c.isText {
		return c
	}
	var raw [2][]string
	for i, content := range c.sides {
		if len(content) > 0 {
			c.rawLines[i] = safe.Lines(strings.TrimSuffix(string(content), "\n"))
		}
		for _, l := range c.rawLines[i] {
			raw[i] = append(raw[i], l.String())
		}
	}
	c.pairs = text.LinesDisplayed(raw[0], raw[1], raw[0], raw[1])
	return c
}

// isText reports whether a content can be shown as lines.
func isText(content []byte) bool {
	return len(content) <= maxTextBytes && utf8.Valid(content) && !bytes.Contains(content[:min(len(content), 8<<10)], []byte{0}) &&
		bytes.Count(content, []byte{'\n'}) <= maxTextLines
}

func (p filePage) Start(ctx context.Context) (page.Page, page.Effects) {
	if p.contents != nil || !p.isReadable() {
		return p, nil
	}
	p.loading = true
	reg, sources := p.env.Registry, p.sources
	return p, page.Once(ctx, func(ctx context.Context) tea.Msg {
		var contents [2][]byte
		verified := true
		for i, s := range sources {
			if s.layer == nil || s.entry.Kind != inside.File {
				continue
			}
			got, err := reg.ReadFile(ctx, s.repo, s.layer.Layer, s.entry, maxTextBytes)
			if err != nil {
				return fileContentsMsg{err: err}
			}
			contents[i], verified = got.Bytes, verified && got.Verified
		}
		return fileContentsMsg{contents: newFileContents(contents[0], contents[1], verified)}
	})
}

// isReadable reports whether the contents are small enough to be read and shown, and belong to one
// step.
func (p filePage) isReadable() bool {
	files := 0
	for _, s := range p.sources {
		if s.layer == nil || s.entry.Kind != inside.File {
			continue
		}
		files++
		if s.entry.Size > maxTextBytes {
			return false
		}
	}
	return files > 0 && p.change.What != filediff.Time
}

func (p filePage) Update(msg tea.Msg) (page.Page, page.Effects) {
	switch msg := msg.(type) {
	case fileContentsMsg:
		p.loading = false
		if !errors.Is(msg.err, context.Canceled) {
			p.contents, p.err = msg.contents, msg.err
		}
		return p, nil
	case tea.KeyPressMsg:
		return p.press(msg)
	}
	return p, nil
}

func (p filePage) press(msg tea.KeyPressMsg) (page.Page, page.Effects) {
	if s, moved := p.sheet.Move(msg); moved {
		p.sheet = s
		return p, nil
	}
	r, _ := p.sheet.Current()
	switch {
	case key.Matches(msg, page.Keys.Back), key.Matches(msg, page.Keys.Open):
		return p, page.Send(page.PopMsg{})
	case key.Matches(msg, page.Keys.Columns):
		p.stacked = !p.stacked
		return p, nil
	case key.Matches(msg, page.Keys.Next):
		return p.nextDifference(1)
	case key.Matches(msg, page.Keys.Prev):
		return p.nextDifference(-1)
	case key.Matches(msg, page.Keys.Copy) && !r.Value.IsEmpty():
		return p, widget.CopyRow(r)
	case key.Matches(msg, page.Keys.Copy):
		return p, widget.CopyRow(widget.Row{ValueName: safe.Const("the path"), Value: p.path})
	case key.Matches(msg, page.Keys.Command):
		return p, widget.CopyCommand(widget.Row{Command: p.command})
	case key.Matches(msg, page.Keys.Reload):
		p.contents, p.err = nil, nil
		return p.Start(p.env.Context)
	}
	return p, page.Unused(msg)
}

func (p filePage) nextDifference(dir int) (page.Page, page.Effects) {
	s, found := p.sheet.NextDifference(dir)
	if found {
		p.sheet = s
		return p, nil
	}
	return p, page.Toast(safe.Const("no more differences in this direction"))
}

func (p filePage) Layout(f page.Frame) (page.Page, page.Effects) {
	k := filePageKey{f.Width, f.Gate.Reveal, p.contents != nil, p.stacked, p.err != nil}
	if k == p.key {
		p.sheet = p.sheet.Sized(f.Height)
		return p, nil
	}
	p.sheet, p.key = p.sheet.With(p.rows(f), f.Height), k
	return p, nil
}

// rows are the properties of both sides, then the lines.
func (p filePage) rows(f page.Frame) []widget.Row {
	rows := widget.FieldRows(f, safe.Const("path"), p.path, look.Strong)
	if p.change.From != "" {
		rows = append(rows, widget.FieldRows(f, safe.Const("path in A"), f.Gate.Clean(p.change.From), look.SideA)...)
	}
	if note := diff.ChangeNote(p.change); !note.IsEmpty() {
		rows = append(rows, widget.FieldRows(f, safe.Const("compared"), note, look.Plain)...)
	}
	if c := p.change.Cause; c != nil {
		rows = append(rows, widget.FieldRows(f, safe.Const("cause"), safe.Sprintf("%s: %s", c.Name, c.Why), look.Plain)...)
		rows = append(rows, widget.FieldRows(f, safe.Const("to avoid it"), safe.Clean(c.Fix), look.Plain)...)
	}
	rows = append(rows, p.propertyRows(f)...)
	rows = append(rows, widget.BlankRow())
	switch {
	case p.err != nil:
		return append(rows, widget.HeaderRow(page.RetryLines(p.err, f)...))
	case p.loading:
		return append(rows, widget.NoteRow(f, safe.Concat(safe.Const("reading the content"), f.Glyphs.Ellipsis)))
	case p.contents == nil:
		return rows
	case !p.contents.isText:
		return append(rows, widget.NoteRow(f, safe.Const("The content is not text.")))
	}
	return append(rows, p.textRows(f)...)
}

// propertyRows lists what is known of the file, once where both sides are equal.
func (p filePage) propertyRows(f page.Frame) []widget.Row {
	properties := []struct {
		name string
		of   func(inside.Entry) string
	}{
		{"type", func(e inside.Entry) string { return diff.EntryKind(e) }},
		{"size", func(e inside.Entry) string {
			if e.Kind != inside.File {
				return ""
			}
			return sizeInFull(e.Size).String()
		}},
		{"mode", func(e inside.Entry) string { return fmt.Sprintf("%04o", e.Mode) }},
		{"owner", func(e inside.Entry) string { return fmt.Sprintf("%d:%d", e.UID, e.GID) }},
		{"time", func(e inside.Entry) string { return e.Time.UTC().Format(time.RFC3339Nano) }},
		{"link", func(e inside.Entry) string { return f.Gate.Mask(e.Link) }},
		{"capabilities", filediff.Capabilities},
		{"sha256", func(e inside.Entry) string {
			if e.Sum == (inside.Hash{}) {
				return ""
			}
			return hex.EncodeToString(e.Sum[:])
		}},
	}
	var rows []widget.Row
	for _, pr := range properties {
		var a, b string
		if p.change.A != nil {
			a = pr.of(*p.change.A)
		}
		if p.change.B != nil {
			b = pr.of(*p.change.B)
		}
		name := safe.Clean(pr.name)
		switch {
		case a == b || p.change.B == nil:
			rows = append(rows, widget.FieldRows(f, name, safe.Clean(a), look.Plain)...)
		case p.change.A == nil:
			rows = append(rows, widget.FieldRows(f, name, safe.Clean(b), look.Plain)...)
		default:
			rows = append(rows, widget.FieldRows(f, safe.Sprintf("A %s", name), safe.Clean(a), look.SideA)...)
			rows = append(rows, widget.FieldRows(f, safe.Sprintf("B %s", name), safe.Clean(b), look.SideB)...)
		}
	}
	return rows
}

// textRows are the lines of both sides, with the words that differ marked.
func (p filePage) textRows(f page.Frame) []widget.Row {
	v := view{Frame: f, alone: p.change.A == nil || p.change.B == nil, wide: (f.Width >= look.WideWidth) != p.stacked}
	block := docBlock{lines: p.contents.pairs}
	block.a, block.b = gated(f, p.contents.sides[0]), gated(f, p.contents.sides[1])
	if v.alone && p.change.A == nil {
		block.a, block.b = block.b, nil
		block.lines = nil
		for i := range block.a {
			block.lines = append(block.lines, text.Pair{A: i, B: -1})
		}
	}
	var rows []widget.Row
	if !p.contents.verified {
		rows = append(rows, widget.NoteRow(f, safe.Const("The content was not compared with a hash.")))
	}
	for i, l := range block.lines {
		r := v.docRow(block, l)
		r.ID, r.Differs, r.Detail = block.lineID(l), !v.alone && block.startsRun(i), nil
		rows = append(rows, r)
	}
	return rows
}

// gated returns the lines of a content with secrets masked.
func gated(f page.Frame, content []byte) []safe.Text {
	if len(content) == 0 {
		return nil
	}
	return f.Gate.Lines(strings.TrimSuffix(string(content), "\n"))
}

func (p filePage) View(f page.Frame) []look.Line { return p.sheet.View(f.Glyphs) }
func (p filePage) Crumb() safe.Text              { return safe.Sprintf("%s: %s", p.crumb, p.path) }
func (p filePage) Typing() bool                  { return false }

func (p filePage) Status() safe.Text {
	at, of := p.sheet.Position()
	return safe.Sprintf("%d/%d ", at, of)
}

func (p filePage) Hints() []key.Binding {
	return []key.Binding{page.Describe(page.Keys.Next, "next diff"), page.Keys.Copy, page.Describe(page.Keys.Command, "command"), page.Keys.Up,
		page.Keys.Down, page.Keys.Back}
}

func (p filePage) Help() page.KeyGroup {
	return page.KeyGroup{Name: "File", Keys: []key.Binding{
		page.Keys.Next, page.Keys.Prev, page.Keys.Columns, page.Describe(page.Keys.Copy, "copy the line or the value"), page.Keys.Command,
		page.Keys.Reload,
	}}
}
