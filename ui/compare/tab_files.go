package compare

import (
	"cmp"
	"errors"
	"slices"
	"strconv"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/diff/filediff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// fileOrder is the order of the files of a step.
type fileOrder int

// The orders, in the order in which the key goes through them.
const (
	byPath fileOrder = iota
	byDelta
	bySize
	fileOrders
)

var fileOrderNames = [fileOrders]safe.Text{
	safe.Const("files by path"), safe.Const("files by change of size"), safe.Const("files by size"),
}

// fileRows returns what differs inside the layers, or the files of the only image.
func (v view) fileRows() []widget.Row {
	rows, complete := v.insideOpening()
	if complete {
		return rows
	}
	rows = append(rows, v.tableErrorRows()...)
	if v.merged {
		return append(rows, v.mergedRows()...)
	}
	for _, r := range v.pair.Rows {
		rows = append(rows, v.stepFileRows(r)...)
	}
	if !slices.ContainsFunc(rows, isSelectable) {
		rows = append(rows, v.nothingInside())
	}
	return rows
}

// insideOpening returns the first rows of a tab about what is inside the layers: why there is nothing to show, which is
// complete, or the layers that could not be read.
func (v view) insideOpening() (rows []widget.Row, complete bool) {
	if rows := v.noTableRows(); rows != nil {
		return rows, true
	}
	for _, err := range v.layerErrorsOf(v.pair) {
		rows = append(rows, widget.HeaderRow(page.RetryLines(err, v.Frame)...))
	}
	return rows, false
}

// tableErrorRows says why tables of contents could not be used, once for a step, until the layers are read.
func (v view) tableErrorRows() []widget.Row {
	var rows []widget.Row
	for _, r := range v.pair.Rows {
		for _, step := range bothSides(r.A, r.B) {
			err := v.tableErrors[step.Layer.Digest]
			if err == nil || r.Inside != nil && !r.Inside.HasTable() {
				continue
			}
			why := err.Error()
			if t, ok := errors.AsType[*model.ReadError](err); ok {
				why = t.Message
			}
			rows = append(rows, v.note(safe.Sprintf("Step %s has a table of contents that cannot be used: %s", stepNumber(r), v.Gate.Clean(why))))
			break
		}
	}
	return rows
}

// nothingInside says why there are no files to list.
func (v view) nothingInside() widget.Row {
	readable, unreadable := diff.LayersToRead(v.pair)
	switch {
	case v.isReading:
		return v.note(safe.Concat(safe.Const("reading the layers"), v.Glyphs.Ellipsis))
	case len(readable) > 0:
		return v.note(safe.Const("The layers were not read: i reads them."))
	case len(unreadable) > 0:
		return v.note(safe.Const("The layers that differ cannot be read: they are encrypted, missing, or stored elsewhere."))
	case slices.ContainsFunc(v.pair.Rows, func(r diff.Row) bool { return r.Class == diff.BothEmpty && r.Differs() }):
		return v.note(safe.Const("The layers that differ are empty."))
	}
	return v.note(safe.Const("No layer differs."))
}

// stepFileRows returns the step of a row and what differs inside it.
func (v view) stepFileRows(r diff.Row) []widget.Row {
	if !hasFileRows(r) {
		return nil
	}
	rows := []widget.Row{v.stepFileHead(r)}
	if r.Inside == nil {
		return append(rows, v.arrivingRows(diff.LayersOf(r))...)
	}
	rows = append(rows, v.cutNotes(r.Inside)...)
	if r.Class == diff.Alone {
		for _, text := range look.WasteTexts(v.pair.Inside.WasteOf(r), v.Gate) {
			rows = append(rows, v.note(text))
		}
		return append(rows, v.listRows(stepRowID(r), cmp.Or(r.Inside.A, r.Inside.B).Files, r)...)
	}
	return append(append(rows, v.changeRows(stepRowID(r), r.Inside, r)...), widget.BlankRow())
}

// hasFileRows reports whether a step is listed: what is in equal layers differs in nothing.
func hasFileRows(r diff.Row) bool {
	return diff.LayersOf(r) != (diff.RowLayers{}) && r.Class != diff.Same && r.Class != diff.BothEmpty && r.Class != diff.Moved
}

// fileStepID identifies the heading of a step.
func fileStepID(r diff.Row) string { return "step " + stepRowID(r) }

// stepFileHead returns the heading of a step: its number, its instruction, and what differs.
func (v view) stepFileHead(r diff.Row) widget.Row {
	step := cmp.Or(r.B, r.A)
	note := v.stepFileNote(r)
	lead := look.L(look.S(look.Heading, safe.Sprintf("Step %s ", stepNumber(r))))
	room := max(v.Width-2-lead.Width()-look.Width(note)-2, 12)
	l := lead.With(look.P(v.instructionIn(step, room)), look.Gap(2), look.S(look.Faint, note))
	out := v.stepRow(r)
	out.ID, out.Lines, out.Command = fileStepID(r), []look.Line{l}, v.layerCommand(r)
	return out
}

// stepFileNote counts what differs inside a step.
func (v view) stepFileNote(r diff.Row) safe.Text {
	f := r.Inside
	switch {
	case f == nil && v.isReading:
		return safe.Concat(safe.Const("reading"), v.Glyphs.Ellipsis)
	case f == nil:
		return cmp.Or(v.unreadableText(r), safe.Const("not read"))
	case r.Class == diff.Alone:
		return entryCount(cmp.Or(f.A, f.B).Files.Recorded())
	case f.Rung == filediff.OtherPacking:
		return safe.Const("same files, compressed in another way")
	case f.Rung == filediff.OtherArchive:
		return safe.Const("same files, another archive")
	}
	if by := f.PackagesText(); !by.IsEmpty() {
		return safe.Sprintf("%s, %s", f.Summary(), v.Glyphs.Sentence(by))
	}
	return safe.Sprintf("%s, of %s", f.Summary(), entryCount(f.All()))
}

// unreadableText says which layer of a step cannot be read, empty if none is known.
func (v view) unreadableText(r diff.Row) safe.Text {
	for _, side := range []struct {
		name safe.Text
		step *model.Step
	}{{safe.Const("A's layer"), r.A}, {safe.Const("B's layer"), r.B}} {
		name, st := side.name, side.step
		if v.alone {
			name = safe.Const("the layer")
		}
		switch {
		case st == nil || !st.HasLayer:
		case st.Missing:
			return safe.Sprintf("%s is missing", name)
		case model.IsEncrypted(st.Layer):
			return safe.Sprintf("%s is encrypted", name)
		case model.IsExternal(st.Layer):
			return safe.Sprintf("%s is stored elsewhere", name)
		case v.layerErrors[st.Layer.Digest] != nil:
			return safe.Sprintf("%s could not be read", name)
		}
	}
	return safe.Text{}
}

func entryCount(n int) safe.Text { return look.Count(n, safe.Const("entry"), safe.Const("entries")) }

// changeRows returns the changes of a step. What every build makes again, and times, are one line
// until the user asks for them.
func (v view) changeRows(id string, f *diff.LayerFiles, r diff.Row) []widget.Row {
	var grave, noise []int
	for i := range f.Len() {
		switch rung := f.At(i).Rung; {
		case rung == filediff.Packages && len(f.ByPackage) > 0: // listed by package
		case rung > filediff.Generated:
			grave = append(grave, i)
		default:
			noise = append(noise, i)
		}
	}
	v.sortChanges(f, grave)
	rows := append(v.rowsOfChanges(id, f, r, grave), v.packageStepRows(id, f, r)...)
	if len(noise) > 0 {
		hint := safe.Const("z shows them")
		if v.showsNoise {
			hint = safe.Const("z hides them")
		}
		rows = append(rows, v.countRow(v.Glyphs.Ellipsis, safe.Clean(f.NoiseText()), hint))
	}
	if v.showsNoise {
		v.sortChanges(f, noise)
		rows = append(rows, v.rowsOfChanges(id, f, r, noise)...)
	}
	if f.Same > 0 {
		rows = append(rows, v.countRow(v.Glyphs.Mark(diff.Same), safe.Sprintf("%s the same", look.Number(f.Same)), safe.Text{}))
	}
	return rows
}

// countRow returns a line that counts entries.
func (v view) countRow(mark, text, hint safe.Text) widget.Row {
	l := look.L(look.Gap(1), look.S(look.Faint, mark), look.Gap(1), look.S(look.Faint, text))
	if pad := v.Width - 3 - l.Width() - look.Width(hint); !hint.IsEmpty() && pad > 0 {
		l = l.With(look.Gap(pad), look.S(look.Faint, hint))
	}
	return widget.HeaderRow(l)
}

// sortChanges puts the indexes of changes in the order that the user chose.
func (v view) sortChanges(f *diff.LayerFiles, indexes []int) {
	size := func(e *inside.Entry) int64 {
		if e == nil {
			return 0
		}
		return e.Size
	}
	weight := func(ch filediff.Change) int64 { return max(size(ch.A), size(ch.B)) }
	switch v.fileOrder {
	case byDelta:
		weight = func(ch filediff.Change) int64 { return max(size(ch.A)-size(ch.B), size(ch.B)-size(ch.A)) }
	case bySize:
	default:
		return
	}
	weights := make(map[int]int64, len(indexes))
	for _, i := range indexes {
		weights[i] = weight(f.At(i))
	}
	slices.SortStableFunc(indexes, func(x, y int) int { return cmp.Compare(weights[y], weights[x]) })
}

func (v view) rowsOfChanges(id string, f *diff.LayerFiles, r diff.Row, indexes []int) []widget.Row {
	rows, shared := make([]widget.Row, 0, len(indexes)), &v
	for _, i := range indexes {
		rows = append(rows, shared.changeRow(id, f, r, i))
	}
	return rows
}

// changeRow returns the row of one path that differs. It is drawn when it is visible, and shares the view
// with the others: a step can have thousands.
func (v *view) changeRow(id string, f *diff.LayerFiles, r diff.Row, i int) widget.Row {
	ch := f.At(i)
	path := look.EntryPath(ch.Path, v.Gate)
	return widget.Row{
		ID: entryID(id, *cmp.Or(ch.B, ch.A)), Height: 1,
		Draw:    func() []look.Line { return []look.Line{v.changeLine(f, f.At(i))} },
		Differs: ch.Rung > filediff.Generated, ValueName: safe.Const("the path"), Value: path, Title: path,
		Open: func(env page.Env) page.Page { return v.openFile(env, r, f.At(i)) },
	}
}

// The widths of the columns of a change in cells.
const (
	sizesWidth    = 17
	leastPath     = 16
	mostPath      = 100
	leastForNotes = 80 // of the window, for a column of its own
)

// changeLine draws one path that differs: its mark, the sizes, and what changed. In a wide window the
// sizes stand below each other, unless a note is long.
func (v view) changeLine(f *diff.LayerFiles, ch filediff.Change) look.Line {
	note := v.changeNote(f, ch)
	room := v.Width - 1 - 2 - sizesWidth - 2
	noteRoom := look.Width(note)
	if v.Width >= leastForNotes {
		noteRoom = max(noteRoom, v.Width/4, room-mostPath-2)
	}
	noteRoom = min(noteRoom, max(room-leastPath-2, 0))
	pathRoom := room
	if noteRoom > 0 {
		pathRoom -= noteRoom + 2
	}
	path := look.EntryPath(ch.Path, v.Gate)
	l := look.L(look.S(changeRole(ch), v.Glyphs.ChangeMark(ch)), look.Gap(1), look.P(v.Glyphs.FitMiddle(path, pathRoom)), look.Gap(1),
		look.S(look.Faint, v.Glyphs.Right(v.Glyphs.Sentence(look.ChangeSizes(ch)), sizesWidth)))
	if noteRoom > 0 {
		l = l.With(look.Gap(2), look.P(v.Glyphs.Fit(note, noteRoom)))
	}
	return l
}

// changeRole is the role of the mark of a change.
func changeRole(ch filediff.Change) look.Role {
	switch {
	case ch.Unknown, ch.What.Has(filediff.Moved), diff.IsReplaced(ch):
		return look.Warn
	case diff.IsGain(ch):
		return look.SideB
	case ch.A == nil || ch.B == nil:
		return look.SideA
	case ch.Rung <= filediff.Generated:
		return look.Faint
	}
	return look.Warn
}

// changeNote says what changed, in a few words.
func (v view) changeNote(f *diff.LayerFiles, ch filediff.Change) safe.Text {
	return v.Glyphs.Sentence(look.ChangeNote(f, ch))
}

// listRows returns the entries of a list that is not compared.
func (v view) listRows(id string, files inside.List, r diff.Row) []widget.Row {
	rows, shared := make([]widget.Row, 0, files.Len()+1), &v
	for _, i := range v.listOrder(files) {
		rows = append(rows, shared.listRow(id, files, r, i))
	}
	return append(rows, widget.BlankRow())
}

// listOrder returns the positions of the entries that an archive has, in the order that the user chose.
func (v view) listOrder(files inside.List) []int {
	order, sizes := make([]int, 0, files.Len()), make([]int64, files.Len())
	i := 0
	for e := range files.All() {
		if sizes[i] = e.Size; !e.Implied {
			order = append(order, i)
		}
		i++
	}
	if v.fileOrder != byPath {
		slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(sizes[y], sizes[x]) })
	}
	return order
}

func (v *view) listRow(id string, files inside.List, r diff.Row, i int) widget.Row {
	e := files.At(i)
	path := look.EntryPath(e.Path, v.Gate)
	return widget.Row{
		ID: entryID(id, e), Height: 1,
		Draw:      func() []look.Line { return []look.Line{v.entryLine(files.At(i))} },
		ValueName: safe.Const("the path"), Value: path, Title: path,
		Open: func(env page.Env) page.Page {
			file, _ := files.Resolve(files.At(i)) // what a hard link names
			return v.openFile(env, r, v.onlyEntry(r, file))
		},
	}
}

// entryID identifies the row of an entry of a step.
func entryID(step string, e inside.Entry) string {
	return step + " " + e.Path + " " + strconv.Itoa(int(e.Kind))
}

// entryLine draws an entry of a layer: permissions, owner, size, path.
func (v view) entryLine(e inside.Entry) look.Line {
	const attributes, size = 22, 9
	room := v.Width - 1 - attributes - size - 2
	return look.L(look.S(look.Faint, v.Glyphs.Fit(look.EntryAttributes(e), attributes)),
		look.S(look.Faint, v.Glyphs.Right(look.EntrySize(&e), size)), look.Gap(2),
		look.P(v.Glyphs.FitMiddle(look.EntryName(e, v.Gate), room)))
}

// insideText says what is inside the layers of a step, empty if that is not known.
func (v view) insideText(r diff.Row) safe.Text {
	if r.Inside == nil || r.Class == diff.Alone || !r.Differs() {
		return safe.Text{}
	}
	return safe.Sprintf("inside: %s", v.stepFileNote(r))
}

// insideLines are the lines under a step in Layers: how the sizes differ, and what is inside.
func (v view) insideLines(r diff.Row, delta safe.Text) []look.Line {
	text := v.insideText(r)
	switch {
	case text.IsEmpty() && delta.IsEmpty():
		return nil
	case text.IsEmpty():
		text = delta
	case !delta.IsEmpty():
		text = safe.Sprintf("%s; %s", delta, text)
	}
	return look.Hanging(look.L(look.Gap(leadWidth)), max(v.Width-leadWidth-2, 8), look.S(look.Faint, text))
}

// tallyFiles counts the paths of a pair that differ in more than times and generated files; known is
// false until all layers that differ were read.
func tallyFiles(pair diff.Pair) tally {
	if pair.Verdict.Inside == diff.InsideUnknown {
		return tally{}
	}
	n := 0
	for _, r := range pair.Rows {
		if r.Inside != nil && r.Class != diff.Alone {
			n += r.Inside.CountAbove(filediff.Generated)
		}
	}
	if n == 0 && pair.Verdict.Inside != diff.InsideSame {
		return tally{diff.RepackedRow, 0, true}
	}
	return tally{diff.Substituted, n, true}
}
