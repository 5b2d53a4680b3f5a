package report

import (
	"cmp"
	"slices"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/diff/filediff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// maxFiles limits the files of a step in a report for people.
const maxFiles = 20

// leastWaste is the sum of sizes from which waste is worth a line.
const leastWaste = 1_000_000

type (
	// fileSection is what differs inside the layers of a platform, or the layers of one image.
	fileSection struct {
		title safe.Text
		steps []fileStep
	}
	// fileStep is one step of a fileSection.
	fileStep struct {
		number, instruction safe.Text
		counts              safe.Text // what differs, in numbers
		files               []fileLine
		rest                []fileLine // lines that count what is not listed, with a mark and a text
	}
	fileLine struct {
		mark, path safe.Text
		note       safe.Text
	}
)

// writeFiles writes what is inside the layers, platform by platform.
func writeFiles(w writer) {
	r := w.content()
	for _, p := range comparedPairs(r.c) {
		if s := r.fileSection(p); len(s.steps) > 0 {
			w.files(s)
		}
	}
	if text := unreadCost(r.c); r.o.Cost == nil && !text.IsEmpty() {
		w.paragraph(text)
	}
}

// fileSection returns the section of a platform. It has no steps if no layer differs or was asked for.
func (r report) fileSection(p diff.Pair) fileSection {
	s := fileSection{title: safe.Const("Files")}
	if len(r.c.Pairs) > 1 {
		s.title = safe.Sprintf("Files of %s", tableName(r.c, p))
	}
	if p.Inside == nil && r.o.Cost == nil {
		return s
	}
	waste := wasteOf(p)
	for _, row := range p.Rows {
		if row.Class == diff.Alone {
			if row.A != nil && row.A.HasLayer {
				s.steps = append(s.steps, r.layerFiles(row, waste[row.A.Index]))
			}
			continue
		}
		if row.Inside != nil || row.HasOtherLayers() {
			s.steps = append(s.steps, r.changedFiles(row))
		}
	}
	return s
}

// newFileStep returns a step without files.
func (r report) newFileStep(row diff.Row) fileStep {
	return fileStep{number: stepNumber(row), instruction: look.Instruction(*cmp.Or(row.B, row.A), r.o.Gate)}
}

// changedFiles lists what differs inside the layers of a row: what is more than noise first.
func (r report) changedFiles(row diff.Row) fileStep {
	s, f := r.newFileStep(row), row.Inside
	switch {
	case f == nil:
		s.counts = safe.Const("not read")
		return s
	case f.Rung == filediff.OtherPacking:
		s.counts = safe.Sprintf("the same %s, compressed in another way", entryCount(f.All()))
		return s
	case f.Rung == filediff.OtherArchive:
		s.counts = safe.Sprintf("the same %s, in another archive", entryCount(f.All()))
		return s
	}
	s.counts = safe.Sprintf("%s, of %s", f.Summary(), look.Number(f.All()))
	changes := f.Grave()
	most := maxFiles
	if r.o.AllFiles {
		changes, most = slices.Concat(changes, noise(f)), f.Len()
	}
	for _, ch := range changes[:min(len(changes), most)] {
		s.files = append(s.files, r.changeLine(f, ch))
	}
	if more := len(changes) - most; more > 0 {
		s.add(r.g.Ellipsis, safe.Sprintf("and %s more; --all-files lists them", look.Number(more)))
	}
	if n := f.Len() - len(f.Grave()); n > 0 {
		s.add(r.g.Mark(diff.RepackedRow), safe.Clean(f.NoiseText()))
	}
	if f.Same > 0 {
		s.add(r.g.Mark(diff.Same), safe.Sprintf("%s the same", look.Number(f.Same)))
	}
	return s
}

// add adds a line that counts what is not listed.
func (s *fileStep) add(mark, text safe.Text) {
	s.rest = append(s.rest, fileLine{mark: mark, path: text})
}

// noise returns the changes that every build makes again, by path.
func noise(f *diff.LayerFiles) []filediff.Change {
	var all []filediff.Change
	for i := range f.Len() {
		if ch := f.At(i); ch.Rung <= filediff.Generated {
			all = append(all, ch)
		}
	}
	return all
}

// changeLine describes a path that differs.
func (r report) changeLine(f *diff.LayerFiles, ch filediff.Change) fileLine {
	note := safe.Join(nonEmpty(look.ChangeSizes(ch), look.ChangeNote(f, ch)), ", ")
	return fileLine{r.g.ChangeMark(ch), look.EntryPath(ch.Path, r.o.Gate), note}
}

// layerFiles counts, or lists, what the layer of a step of the only image holds.
func (r report) layerFiles(row diff.Row, waste []inside.Waste) fileStep {
	s := r.newFileStep(row)
	if row.Inside == nil || row.Inside.A == nil {
		s.counts = safe.Const("not read")
		if row.A.Empty {
			s.counts = safe.Const("empty")
		}
		return s
	}
	l := row.Inside.A
	n, bytes := 0, int64(0)
	for e := range l.Files.All() {
		if e.Implied {
			continue
		}
		n, bytes = n+1, bytes+e.Size
		if r.o.AllFiles {
			note := safe.Join(nonEmpty(look.EntryAttributes(e), look.EntrySize(&e)), ", ")
			s.files = append(s.files, fileLine{safe.Const(" "), look.EntryName(e, r.o.Gate), note})
		}
	}
	s.counts = safe.Sprintf("%s, %s in files", entryCount(n), look.Size(bytes))
	for _, x := range waste {
		if x.Bytes >= leastWaste {
			s.add(r.g.Note, r.wasteText(x))
		}
	}
	return s
}

func entryCount(n int) safe.Text { return look.Count(n, safe.Const("entry"), safe.Const("entries")) }

// wasteText says what a step ships although no container needs it.
func (r report) wasteText(w inside.Waste) safe.Text {
	because := safe.Sprintf("step %d deletes", w.By+1)
	switch {
	case w.Kind == inside.Replaced:
		because = safe.Sprintf("step %d replaces", w.By+1)
	case w.Kind == inside.Copied && w.By == w.Layer:
		because = safe.Const("this step has twice")
	case w.Kind == inside.Copied:
		because = safe.Sprintf("step %d has too", w.By+1)
	}
	return safe.Sprintf("%s in %s that %s, the largest %s", look.Size(w.Bytes), look.Count(w.Files, safe.Const("file"), safe.Const("files")),
		because, look.EntryPath(w.Largest, r.o.Gate))
}

// wasteOf returns what the steps of the only image ship in vain, by the index of the step. Layer and By
// are indexes of steps. It is empty unless all layers were read.
func wasteOf(p diff.Pair) map[int][]inside.Waste {
	var layers []*inside.Layer
	var steps []int
	for _, row := range p.Rows {
		if row.Class != diff.Alone || row.A == nil {
			return nil
		}
		if !row.A.HasLayer || row.A.Empty {
			continue
		}
		if row.Inside == nil || row.Inside.A == nil {
			return nil
		}
		layers, steps = append(layers, row.Inside.A), append(steps, row.A.Index)
	}
	by := map[int][]inside.Waste{}
	for _, w := range inside.WasteOf(layers) {
		w.Layer, w.By = steps[w.Layer], steps[w.By]
		by[w.Layer] = append(by[w.Layer], w)
	}
	return by
}

// unreadCost says what reading the layers that differ costs: "2 of 13 layers differ: 60.7 + 60.7 MB to
// read; --inside reads them". It is empty if there is nothing to read.
func unreadCost(c diff.Comparison) safe.Text {
	if c.B == nil {
		return safe.Text{}
	}
	rows, all := 0, 0
	bytes, seen := map[diff.Side]int64{}, map[digest.Digest]bool{}
	for _, p := range comparedPairs(c) {
		layers, _ := diff.LayersToRead(p)
		differing := map[int]bool{}
		for _, l := range layers {
			differing[l.Row] = true
			if !seen[l.Digest] {
				seen[l.Digest] = true
				bytes[l.Side] += l.Size
			}
		}
		rows, all = rows+len(differing), all+max(layersIn(p.A), layersIn(p.B))
	}
	if rows == 0 {
		return safe.Text{}
	}
	sizes := look.Size(bytes[diff.SideA] + bytes[diff.SideB])
	if bytes[diff.SideA] > 0 && bytes[diff.SideB] > 0 {
		sizes = safe.Sprintf("%s + %s", look.Size(bytes[diff.SideA]), look.Size(bytes[diff.SideB]))
	}
	verb := safe.Const("differ")
	if rows == 1 {
		verb = safe.Const("differs")
	}
	return safe.Sprintf("%s of %s %s: %s to read; --inside reads %s", look.Number(rows), layerCount(max(all, rows)), verb, sizes,
		itOrThem(len(seen)))
}

// layersIn is the number of layers of an image.
func layersIn(e *model.Entry) int {
	if e == nil || e.Image == nil {
		return 0
	}
	return len(e.Image.Manifest.Layers)
}
