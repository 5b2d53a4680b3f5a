package compare

import (
	"path"
	"slices"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/diff/filediff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// pressFilesKey handles the keys that only the tab Files has.
func (p comparePage) pressFilesKey(msg tea.KeyPressMsg) (_ comparePage, effects page.Effects, taken bool) {
	if p.tab != tabFiles {
		return p, nil, false
	}
	switch {
	case key.Matches(msg, page.Keys.Noise):
		p, effects = p.toggleNoise()
	case key.Matches(msg, page.Keys.Merged):
		p, effects = p.pressView()
	case key.Matches(msg, page.Keys.Extract):
		r, _ := p.sheets[tabFiles].Current()
		effects = p.extractRow(r)
	default:
		return p, nil, false
	}
	return p, effects, true
}

// toggleNoise shows or hides what every build makes again, or says that there is none.
func (p comparePage) toggleNoise() (comparePage, page.Effects) {
	pair := p.pair()
	hasNoise := pair != nil && slices.ContainsFunc(pair.Rows, func(r diff.Row) bool {
		return r.Inside != nil && r.Class != diff.Alone && r.Inside.Len() > r.Inside.CountAbove(filediff.Generated)
	})
	if !hasNoise {
		return p, page.Toast(safe.Const("none of what was read is noise"))
	}
	p.showsNoise = !p.showsNoise
	if p.showsNoise {
		return p, page.Toast(safe.Const("noise is shown"))
	}
	return p, page.Toast(safe.Const("noise is hidden"))
}

// pressView goes from the files of each step to those of the layers together, and on to those of the
// whole image, which costs the layers that were not read.
func (p comparePage) pressView() (comparePage, page.Effects) {
	pair := p.pair()
	whole := pair != nil && pair.Inside != nil && pair.Inside.IsWhole()
	switch {
	case !p.merged:
		p.merged = true
		return p, nil
	case p.wholeOffered || whole || p.showsOnlyA() || p.reading.running:
		p.merged, p.wholeOffered = false, false
		return p, nil
	}
	plan, ok := p.planOfWhole()
	switch {
	case !ok:
		p.merged = false
		return p, nil
	case len(plan.layers) == 0:
		p.merged = false
		return p, page.Toast(safe.Const("the whole image is not known: some layers cannot be read"))
	}
	p.wholeOffered = true
	return p, nil
}

// planOfWhole returns the layers to read for the files of the whole images, none if there are layers
// that cannot be read. ok is false while the pair has not arrived.
func (p comparePage) planOfWhole() (plan readingPlan, ok bool) {
	if _, ok := p.currentPlan(); !ok {
		return readingPlan{}, false
	}
	plan = p.planOf(*p.pair(), diff.AllLayers)
	if plan.failed || len(plan.unreadable) > 0 {
		plan.layers = nil
	}
	return plan, true
}

// wholeLine offers to read the layers that the whole image needs, empty if it is not offered.
func (p comparePage) wholeLine(f page.Frame) look.Line {
	if !p.wholeOffered {
		return look.Line{}
	}
	plan, _ := p.planOfWhole()
	return widget.OfferLine(f.Width, safe.Sprintf("The whole image needs %s, %s",
		look.Count(len(plan.layers), safe.Const("layer more"), safe.Const("layers more")), plan.sizeText()))
}

// startWhole reads what the whole image needs.
func (p comparePage) startWhole() (comparePage, page.Effects) {
	p.wholeOffered = false
	plan, ok := p.planOfWhole()
	if !ok || len(plan.layers) == 0 || p.reading.running {
		return p, nil
	}
	return p.startReading(plan, true)
}

// mergedRows returns what differs in the files that the layers give together, or those of the only
// image.
func (v view) mergedRows() []widget.Row {
	if v.pair.Inside == nil {
		return []widget.Row{v.nothingInside()}
	}
	files, partial, otherDeletions := v.pair.Inside.Merged()
	whole := v.pair.Inside.IsWhole()
	switch {
	case files == nil && v.isReading:
		return []widget.Row{v.nothingInside()}
	case files == nil:
		return []widget.Row{v.note(safe.Const("Not all layers that this needs were read, or they have too many files to be put together."))}
	case files.A != nil:
		heading := widget.HeadingRow(safe.Sprintf("The whole image  %s", entryCount(files.A.Files.Recorded())))
		return append([]widget.Row{heading}, v.listRows("merged", files.A.Files, diff.Row{})...)
	}
	title := safe.Const("All layers from the first that differs")
	if whole {
		title = safe.Const("The whole image")
	}
	summary := files.Summary()
	switch isNoise := files.CountAbove(filediff.Generated) == 0; {
	case otherDeletions && isNoise:
		summary = safe.Const("other deletions")
	case otherDeletions:
		summary = safe.Sprintf("%s, other deletions", summary)
	}
	rows := []widget.Row{widget.HeadingRow(safe.Sprintf("%s  %s, of %s", title, summary, entryCount(files.All())))}
	switch {
	case partial && whole:
		rows = append(rows, v.note(safe.Const("Some layers could not be read to their ends. ? marks what the other side may have there.")))
	case partial:
		rows = append(rows, v.note(
			safe.Const("The layers below were not read. ? marks what the other side may have from there: v goes on to the whole image.")))
	}
	if v.pair.Inside.IsBelowUnread() {
		rows = append(rows, v.note(safe.Const("Equal layers above were not read. They can hide a difference: v goes on to the whole image.")))
	}
	switch {
	case otherDeletions:
		rows = append(rows, v.note(safe.Const("The two sides delete different files of the layers below: v shows the steps.")))
	case files.Len() == 0 && partial:
		rows = append(rows, v.note(safe.Const("These files are the same on both sides.")))
	case files.Len() == 0:
		rows = append(rows, v.note(safe.Const("The files are the same at the end.")))
	}
	return append(rows, v.changeRows("merged", files, diff.Row{})...)
}

// onlyEntry is the change of an entry that is not compared: that of A, unless only B has the step.
func (v view) onlyEntry(r diff.Row, e inside.Entry) filediff.Change {
	ch := filediff.Change{Path: e.Path, A: &e}
	if r.A == nil && r.B != nil {
		ch.A, ch.B = nil, &e
	}
	return ch
}

// rowOfChange returns the steps whose layers have the entries of a change. Of merged layers it is the
// newest on each side with such an entry at the path.
func (v view) rowOfChange(r diff.Row, ch filediff.Change) diff.Row {
	if r.A != nil || r.B != nil || v.pair.Inside == nil {
		return r
	}
	return diff.Row{A: v.stepWith(v.pair.A, ch.A), B: v.stepWith(v.pair.B, ch.B)}
}

// stepWith returns the newest step of an image whose layer has an entry, nil if no layer has it at its
// path: runtimes follow the links of a layer.
func (v view) stepWith(image *model.Entry, e *inside.Entry) *model.Step {
	if image == nil || image.Image == nil || e == nil {
		return nil
	}
	steps := image.Image.Steps
	for i := range slices.Backward(steps) {
		if !steps[i].HasLayer {
			continue
		}
		layer := v.pair.Inside.Layers[steps[i].Layer.Digest]
		if layer == nil {
			continue
		}
		found, ok := layer.Files.Find(e.Path)
		if !ok {
			continue
		}
		if found, ok = layer.Files.Resolve(found); ok && found.Kind == e.Kind && found.Sum == e.Sum && found.Size == e.Size {
			return &steps[i]
		}
		return nil
	}
	return nil
}

// fileCommand returns the command that proves a change: the hashes of a content, or what the archives
// say of the entry.
func (v view) fileCommand(r diff.Row, ch filediff.Change) safe.Text {
	a, b := v.recordedPath(r.A, ch.A), v.recordedPath(r.B, ch.B)
	isFile := func(e *inside.Entry) bool { return e == nil || e.Kind == inside.File }
	onlyOne := ch.A == nil || ch.B == nil
	if isFile(ch.A) && isFile(ch.B) && (onlyOne || ch.What.Has(filediff.Content) || ch.What.Has(filediff.Moved)) {
		return v.shellCommand(v.cmp.FileCheck(r, a, b))
	}
	if ch.What&(filediff.Owner|filediff.Mode|filediff.Xattrs|filediff.Time) != 0 {
		a, b = v.lastName(r.A, ch.A, a), v.lastName(r.B, ch.B, b)
	}
	return v.shellCommand(v.cmp.EntryCheck(r, a, b))
}

// lastName returns the path of the last entry of a file with several names, which its attributes are from, and the
// path recorded of another entry.
func (v view) lastName(st *model.Step, e *inside.Entry, recorded string) string {
	if e == nil || st == nil || v.pair.Inside == nil || e.Kind != inside.File {
		return recorded
	}
	if layer := v.pair.Inside.Layers[st.Layer.Digest]; layer != nil {
		return layer.Files.LastName(recorded)
	}
	return recorded
}

// recordedPath returns the path at which an archive has the content of an entry: another one for a hard
// link.
func (v view) recordedPath(st *model.Step, e *inside.Entry) string {
	switch {
	case e == nil || st == nil || v.pair.Inside == nil:
		return ""
	case e.Kind == inside.Whiteout && v.isDevice(st, e.Path):
		return e.Path
	case e.Kind == inside.Whiteout:
		return path.Join(path.Dir(e.Path), ".wh."+path.Base(e.Path))
	case e.Kind == inside.OpaqueFolder:
		return path.Join(e.Path, ".wh..wh..opq")
	}
	layer := v.pair.Inside.Layers[st.Layer.Digest]
	if layer == nil {
		return e.Path
	}
	found, ok := layer.Files.Find(e.Path)
	const maxLinks = 8
	for range maxLinks {
		if !ok || found.Kind != inside.Hardlink {
			break
		}
		found, ok = layer.Files.Find(found.Link)
	}
	if !ok {
		return e.Path
	}
	return found.Path
}

// isDevice reports whether the layer of a step deletes a path by a device.
func (v view) isDevice(st *model.Step, p string) bool {
	layer := v.pair.Inside.Layers[st.Layer.Digest]
	return layer != nil && slices.Contains(layer.Remarks.DeviceDeletions, p)
}

// arrivingRows says how far the layers of a step have been read, with the newest files.
func (v view) arrivingRows(layers diff.RowLayers) []widget.Row {
	var rows []widget.Row
	for _, side := range []struct {
		name  safe.Text
		layer digest.Digest
	}{{safe.Const("A"), layers.A}, {safe.Const("B"), layers.B}} {
		state, ok := v.arriving[side.layer]
		if !ok {
			continue
		}
		name := side.name
		if v.alone {
			name = safe.Text{}
		}
		l := look.L(look.Gap(1), look.S(look.Faint, v.Glyphs.Fit(name, 2)), look.P(safe.Sprintf("%s read, %s", look.Size(state.packed),
			look.Count(state.entries, safe.Const("file"), safe.Const("files")))))
		rows = append(rows, widget.HeaderRow(l.To(v.Width-1, v.Glyphs.Ellipsis)))
		narrow := v
		narrow.Width -= 2
		for _, e := range slices.Backward(state.newest) {
			rows = append(rows, widget.HeaderRow(look.L(look.Gap(2)).With(narrow.entryLine(e).Spans...)))
		}
	}
	return rows
}

// cutNotes says which of the two layers of a step have entries that were not read, or were not read from
// the archive.
func (v view) cutNotes(f *diff.LayerFiles) []widget.Row {
	var rows []widget.Row
	if f.HasTable() {
		rows = append(rows, v.note(safe.Const("Listed by table of contents; the archive can hold other files.")))
	}
	for _, text := range look.CutTexts(f, v.alone) {
		rows = append(rows, v.note(text))
	}
	return rows
}
