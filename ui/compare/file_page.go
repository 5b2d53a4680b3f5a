package compare

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/diff/filediff"
	"github.com/tagdiff/tagdiff/diff/text"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// filePage shows one file of both sides: what is known of it, and the lines of a text. A content that
// was not kept is read again, which reads the layer up to the file.
type filePage struct {
	env     page.Env
	ctx     context.Context
	crumb   safe.Text
	path    safe.Text
	change  filediff.Change
	sources [2]fileSource
	command safe.Text

	contents *fileContents // nil until they were read
	loading  bool
	err      error
	sheet    widget.Document
	around   widget.Around
	key      filePageKey
	stacked  bool
	extracts bool // write the file to disk at the start
	asksSide bool // which side to write to disk
	asked    bool // the user asked to read a large file

	extraction extraction

	isCompared bool // with another image
}

// filePageKey is what the rows depend on.
type filePageKey struct {
	width          int
	reveal, loaded bool
	stacked, err   bool
	loading        bool
}

// fileContentsMsg is the end of reading a file.
type fileContentsMsg struct {
	contents *fileContents
	err      error
}

// openFile returns the page of a file. r has the steps whose layers have the file, none where layers are
// merged.
func (v view) openFile(env page.Env, r diff.Row, ch filediff.Change) filePage {
	r, where := v.rowOfChange(r, ch), safe.Const("of several layers")
	if r.A != nil || r.B != nil {
		where = stepNumber(r)
	}
	p := filePage{
		env: env, path: look.EntryPath(ch.Path, v.Gate), change: ch, command: v.fileCommand(r, ch), isCompared: !v.alone,
		crumb: safe.Sprintf("step %s", where),
	}
	if ch.A != nil && r.A != nil {
		p.sources[0] = fileSource{v.a.Repo(), r.A, *ch.A}
	}
	if ch.B != nil && r.B != nil {
		p.sources[1] = fileSource{v.b.Repo(), r.B, *ch.B}
	}
	p.contents = keptContents(v.shelves[diff.LayersOf(r)], ch.A, ch.B)
	return p
}

func (p filePage) Start(ctx context.Context) (page.Page, page.Effects) {
	p.ctx = ctx
	p, effects := p.read()
	if p.extracts {
		var more page.Effects
		p, more = p.pressExtract()
		effects = slices.Concat(effects, more)
	}
	return p, effects
}

// read reads the contents, unless they were kept or are not to be shown.
func (p filePage) read() (filePage, page.Effects) {
	if p.contents != nil || p.largest() < 0 || p.largest() > inside.MaxProgram || p.change.What == filediff.Time {
		return p, nil
	}
	if p.largest() > maxTextBytes && p.cost() > unasked && !p.asked {
		return p, nil
	}
	p.loading = true
	return p, readFile(p.ctx, p.env.Registry, p.sources)
}

// cost is the size of the layers that are read up to the file.
func (p filePage) cost() int64 {
	var bytes int64
	for i, s := range p.sources {
		if s.isFile() && (i == 0 || !p.sources[0].isFile() || s.layer.Layer.Digest != p.sources[0].layer.Layer.Digest) {
			bytes += s.layer.Layer.Size
		}
	}
	return bytes
}

// largest is the size of the larger content, -1 if there is none to read.
func (p filePage) largest() int64 {
	size := int64(-1)
	for _, s := range p.sources {
		if s.isFile() {
			size = max(size, s.entry.Size)
		}
	}
	return size
}

func (p filePage) Update(msg tea.Msg) (page.Page, page.Effects) {
	switch msg := msg.(type) {
	case fileContentsMsg:
		p.loading = false
		if !errors.Is(msg.err, context.Canceled) {
			p.contents, p.err = msg.contents, msg.err
		}
		return p, nil
	case extractProgressMsg, extractedMsg:
		return p.extractionUpdate(msg)
	}
	if press, ok := msg.(tea.KeyPressMsg); ok && p.asksSide {
		return p.pressSide(press)
	}
	sheet, effects, handled := p.sheet.Update(msg)
	p.sheet = sheet
	if press, ok := msg.(tea.KeyPressMsg); ok && !handled {
		return p.press(press)
	}
	return p, effects
}

func (p filePage) press(msg tea.KeyPressMsg) (page.Page, page.Effects) {
	r, _ := p.sheet.Current()
	switch {
	case key.Matches(msg, page.Keys.Back) && p.extraction.running:
		return p.stopExtraction()
	case key.Matches(msg, page.Keys.Back), key.Matches(msg, page.Keys.Open):
		return p, page.Send(page.PopMsg{})
	case key.Matches(msg, page.Keys.Columns):
		p.stacked = !p.stacked
		return p, nil
	case key.Matches(msg, page.Keys.Next):
		return p.nextDifference(1)
	case key.Matches(msg, page.Keys.Prev):
		return p.nextDifference(-1)
	case key.Matches(msg, page.Keys.Copy) && r.HasValue():
		return p, widget.CopyRow(r)
	case key.Matches(msg, page.Keys.Copy):
		return p, widget.CopyRow(widget.Row{ValueName: safe.Const("the path"), Value: p.path})
	case key.Matches(msg, page.Keys.Command):
		return p, widget.CopyCommand(widget.Row{Command: p.command})
	case key.Matches(msg, page.Keys.Tab) && !p.extraction.running:
		return p, page.Send(page.PopMsg{Payload: msg})
	case key.Matches(msg, page.Keys.Extract):
		return p.pressExtract()
	case key.Matches(msg, page.Keys.Inside) && p.contents == nil && !p.loading:
		p.asked = true
		return p.read()
	case key.Matches(msg, page.Keys.Reload):
		p.contents, p.err = nil, nil
		return p.read()
	}
	return p, page.Unused(msg)
}

func (p filePage) nextDifference(dir int) (page.Page, page.Effects) {
	s, found := p.sheet.NextDifference(dir)
	if found {
		p.sheet.Sheet = s
		return p, nil
	}
	if p.extraction.running {
		return p, page.Toast(safe.Const("a file is being written; esc stops it"))
	}
	return p, p.around.Leave(dir)
}

func (p filePage) Layout(f page.Frame) (page.Page, page.Effects) {
	if p.extraction.running {
		f.Height = max(f.Height-1, 1)
	}
	k := filePageKey{f.Width, f.Gate.Reveal, p.contents != nil, p.stacked, p.err != nil, p.loading}
	if k == p.key {
		p.sheet = p.sheet.Sized(f.Height)
		return p, nil
	}
	arrived := k.loaded && !p.key.loaded && p.sheet.AtFirst()
	p.sheet, p.key = p.sheet.With(p.rows(f), f.Height), k
	if arrived {
		p.sheet.Sheet = p.sheet.ToDifference(p.around.AtLast)
	}
	return p, nil
}

// rows are the properties of both sides, then the lines.
func (p filePage) rows(f page.Frame) []widget.Row {
	rows := widget.FieldRows(f, safe.Const("path"), p.path, look.Strong)
	if p.change.From != "" {
		rows = append(rows, widget.FieldRows(f, safe.Const("path in A"), f.Gate.Clean(p.change.From), look.SideA)...)
	}
	if note := diff.ChangeNote(p.change); !note.IsEmpty() && p.isCompared {
		rows = append(rows, widget.FieldRows(f, safe.Const("compared"), f.Glyphs.Sentence(note), look.Plain)...)
	}
	if text := p.belowText(); !text.IsEmpty() {
		rows = append(rows, widget.FieldRows(f, safe.Const("layers below"), text, look.Plain)...)
	}
	if c := p.change.Cause; c != nil {
		rows = append(rows, widget.FieldRows(f, safe.Const("cause"), safe.Sprintf("%s: %s", c.Name, c.Why), look.Plain)...)
		rows = append(rows, widget.FieldRows(f, safe.Const("to avoid it"), safe.Clean(c.Fix), look.Plain)...)
	}
	if p.change.ByRuntime {
		rows = append(rows, widget.FieldRows(f, safe.Const("runtimes"), safe.Const("docker and podman give a folder that a layer does not list "+
			"0755 and root; containerd copies what an older layer gives it"), look.Plain)...)
	}
	rows = append(rows, p.propertyRows(f)...)
	rows = append(rows, widget.BlankRow())
	switch {
	case p.err != nil:
		return append(rows, widget.HeaderRow(page.RetryLines(p.err, f)...))
	case p.loading:
		return append(rows, widget.NoteRow(f, safe.Concat(safe.Const("reading the content"), f.Glyphs.Ellipsis)))
	case p.contents == nil && p.largest() > inside.MaxProgram:
		return append(rows,
			widget.NoteRow(f, safe.Sprintf("The file is larger than %s: its content is not shown.", look.Size(inside.MaxProgram))))
	case p.contents == nil && p.largest() > maxTextBytes && p.change.What != filediff.Time:
		return append(rows, widget.NoteRow(f, safe.Sprintf("The content is not read: i reads up to %s of layers for it.", look.Size(p.cost()))))
	case p.contents == nil:
		return rows
	case !p.contents.isText:
		return append(rows, p.programRows(f)...)
	}
	return append(rows, p.textRows(f)...)
}

// belowText says what the layers below the step have at the path of a file that only one side has, empty if
// that is known to be nothing.
func (p filePage) belowText() safe.Text {
	side, other := "A", "B"
	if p.change.A == nil {
		side, other = "B", "A"
	}
	switch {
	case !p.isCompared || p.change.A != nil && p.change.B != nil:
		return safe.Text{}
	case p.change.Below == filediff.EntryBelow:
		return safe.Sprintf("have the path, too: only %s's step replaces what is there", side)
	case p.change.IsUncertain():
		return safe.Sprintf("not all were read: %s may have the path from there", other)
	}
	return safe.Text{}
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
		{"mode", modeInWords},
		{"owner", func(e inside.Entry) string { return fmt.Sprintf("%d:%d", e.UID, e.GID) }},
		{"time", func(e inside.Entry) string {
			if e.Implied {
				return "none: the layer does not list the folder"
			}
			return e.Time.UTC().Format(time.RFC3339Nano)
		}},
		{"link", func(e inside.Entry) string { return f.Gate.Mask(e.Link) }},
		{"file caps", filediff.Capabilities},
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
		rows = append(rows, p.sidesRows(f, pr.name, a, b)...)
	}
	return rows
}

// sidesRows is a property of both sides, once where it is the same.
func (p filePage) sidesRows(f page.Frame, label, a, b string) []widget.Row {
	name := safe.Clean(label)
	field := func(name safe.Text, value string, role look.Role) []widget.Row {
		if value == "" {
			return nil
		}
		return widget.TextRows(f, name, safe.Lines(value), safe.Clean(value), role)
	}
	switch {
	case a == b || p.change.B == nil:
		return field(name, a, look.Plain)
	case p.change.A == nil:
		return field(name, b, look.Plain)
	}
	return append(field(safe.Sprintf("A %s", name), a, look.SideA), field(safe.Sprintf("B %s", name), b, look.SideB)...)
}

// programRows says what is known of a content that is not text.
func (p filePage) programRows(f page.Frame) []widget.Row {
	a, b := p.contents.programs[0], p.contents.programs[1]
	note := safe.Const("The content is not text.")
	switch {
	case p.contents.onlyTimes && p.isCompared:
		note = safe.Const("The contents are equal but for the times that their format records.")
	case p.largest() > maxTextBytes && a.machine+b.machine == "":
		note = safe.Sprintf("The content is not a program, and more than %s are not shown.", look.Size(maxTextBytes))
	}
	rows := []widget.Row{widget.NoteRow(f, note)}
	rows = append(rows, p.sidesRows(f, "machine", a.machine, b.machine)...)
	rows = append(rows, p.sidesRows(f, "build ID", a.buildID, b.buildID)...)
	rows = append(rows, p.sidesRows(f, "Go", a.goVersion, b.goVersion)...)
	if a.goVersion != "" && b.goVersion != "" { // what differs comes first
		rows = append(rows, p.onlyRows(f, "modules", a.modules, b.modules)...)
		rows = append(rows, p.onlyRows(f, "build", a.settings, b.settings)...)
	}
	all := a.modules
	if len(b.modules) > 0 {
		all = b.modules
	}
	return append(rows, p.sidesRows(f, "all modules", f.Gate.Mask(lines(all)), f.Gate.Mask(lines(all)))...)
}

// onlyRows are the lines that each side has alone.
func (p filePage) onlyRows(f page.Frame, label string, a, b []string) []widget.Row {
	return p.sidesRows(f, label, f.Gate.Mask(lines(onlyIn(a, b))), f.Gate.Mask(lines(onlyIn(b, a))))
}

// lines writes a list as lines.
func lines(all []string) string { return strings.Join(all, "\n") }

// modeInWords is the permissions of an entry, with the names of the bits that let it run as another user.
func modeInWords(e inside.Entry) string {
	if e.Kind == inside.Whiteout || e.Kind == inside.OpaqueFolder {
		return ""
	}
	text := fmt.Sprintf("%04o", e.Mode)
	for _, bit := range []struct {
		mask uint16
		name string
	}{{0o4000, "setuid"}, {0o2000, "setgid"}, {0o1000, "sticky"}} {
		if e.Mode&bit.mask != 0 {
			text += ", " + bit.name
		}
	}
	return text
}

// textRows are the lines of both sides, with the words that differ marked.
func (p filePage) textRows(f page.Frame) []widget.Row {
	v := view{Frame: f, alone: p.change.A == nil || p.change.B == nil, wide: (f.Width >= look.WideWidth) != p.stacked}
	lines := p.contents.lines(f.Gate)
	block := docBlock{a: lines.a, b: lines.b, lines: lines.pairs}
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
		rows = append(rows, oneLineEach(r)...)
	}
	return rows
}

// oneLineEach splits the row of a line of A that stands above another one of B in two: y copies the line of the
// cursor.
func oneLineEach(r widget.Row) []widget.Row {
	if r.Height < 2 {
		return []widget.Row{r}
	}
	draw, full, ofA := r.Draw, r.Full, r
	ofA.Sides[1], ofA.WithNext = safe.Text{}, true
	ofA.Height, ofA.Draw, ofA.Full = 1, func() []look.Line { return draw()[:1] }, func() []safe.Text { return full()[:1] }
	r.ID, r.Differs, r.Sides[0] = r.ID+" b", false, safe.Text{}
	r.Height, r.Draw, r.Full = 1, func() []look.Line { return draw()[1:] }, func() []safe.Text { return full()[1:] }
	return []widget.Row{ofA, r}
}

func (p filePage) View(f page.Frame) []look.Line {
	shown := p.sheet.View(f)
	if p.extraction.running {
		return append([]look.Line{p.extractionLine(f)}, shown...)
	}
	return shown
}

func (p filePage) Title() safe.Text { return p.Crumb() }
func (p filePage) Crumb() safe.Text { return safe.Sprintf("%s: %s", p.crumb, p.path) }
func (p filePage) Typing() bool     { return p.sheet.Search.Open }

// PagerLines returns what is known of the file, and its lines.
func (p filePage) PagerLines(f page.Frame) []safe.Text {
	return append([]safe.Text{p.Crumb(), {}}, widget.Sheet{}.With(p.rows(f), 1).TextLines()...)
}

func (p filePage) Status() safe.Text {
	at, of := p.sheet.Position()
	return safe.Sprintf("%d/%d ", at, of)
}

func (p filePage) Hints() []key.Binding {
	switch {
	case p.extraction.running:
		return []key.Binding{page.Describe(page.Keys.Back, "stop writing"), page.Keys.Up, page.Keys.Down}
	case p.asksSide:
		return []key.Binding{page.Describe(page.Keys.MarkA, "write A's file"), page.Describe(page.Keys.MarkB, "write B's file"),
			page.Describe(page.Keys.Back, "cancel")}
	}
	if hints, ok := p.sheet.SearchHints(); ok {
		return hints
	}
	return []key.Binding{page.Describe(page.Keys.Next, "next diff"), page.Keys.Copy, page.Describe(page.Keys.Command, "command"),
		page.Describe(page.Keys.Extract, "write to disk"), page.Keys.Back, page.Keys.Up, page.Keys.Down}
}

func (p filePage) Help() page.KeyGroup {
	return page.KeyGroup{Name: "File", Keys: []key.Binding{
		page.Describe(page.Keys.Next, "next difference, here or in the next file that differs"), page.Keys.Prev,
		page.Describe(page.Keys.Filter, "search; n and N go through the matches"), page.Keys.Columns,
		page.Describe(page.Keys.Copy, "copy the line or the value"), page.Keys.Command,
		page.Describe(page.Keys.Inside, "read a large file"), page.Keys.Extract, page.Keys.Reload,
	}}
}
