package report

import (
	"cmp"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/diff/filediff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// maxFiles limits the files of a step in a report for people.
const maxFiles = 20

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
	for _, row := range p.Rows {
		if row.Class == diff.Alone {
			if row.A != nil && row.A.HasLayer {
				s.steps = append(s.steps, r.layerFiles(row, p.Inside))
			}
			continue
		}
		// The same layer may have been read for its packages.
		if row.Inside != nil && row.Class != diff.Same || row.HasOtherLayers() {
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
	if f == nil {
		s.counts = safe.Const("not read")
		return s
	}
	s.addCuts(r, f)
	switch f.Rung {
	case filediff.OtherPacking:
		s.counts = bySource(f, safe.Sprintf("the same %s, compressed in another way", entryCount(f.All())))
		return s
	case filediff.OtherArchive:
		s.counts = bySource(f, safe.Sprintf("the same %s, in another archive", entryCount(f.All())))
		return s
	default:
	}
	s.counts = bySource(f, safe.Sprintf("%s, of %s", f.Summary(), look.Number(f.All())))
	if by := f.PackagesText(); !by.IsEmpty() {
		s.counts = bySource(f, safe.Sprintf("%s, %s", f.Summary(), r.g.Sentence(by)))
	}
	if r.o.AllFiles {
		for _, changes := range []diff.SomeChanges{f.Grave(), f.Noise()} {
			for ch := range changes.All() {
				s.files = append(s.files, r.changeLine(f, ch))
			}
		}
	} else {
		changes := f.Grave().Without(filediff.Packages)
		for _, ch := range changes.First(maxFiles) {
			s.files = append(s.files, r.changeLine(f, ch))
		}
		if more := changes.Len() - maxFiles; more > 0 {
			s.add(r.g.Ellipsis, safe.Sprintf("and %s more; --all-files lists them", look.Number(more)))
		}
		r.addPackages(&s, f)
	}
	if f.CountAbove(filediff.Generated) < f.Len() {
		s.add(r.g.Mark(diff.RepackedRow), safe.Clean(f.NoiseText()))
	}
	if f.Same > 0 {
		s.add(r.g.Mark(diff.Same), safe.Sprintf("%s the same", look.Number(f.Same)))
	}
	return s
}

// bySource returns counts of files, with a mark if a table of contents lists them.
func bySource(f *diff.LayerFiles, counts safe.Text) safe.Text {
	if f.HasTable() {
		return safe.Sprintf("%s, by table of contents", counts)
	}
	return counts
}

// add adds a line that counts what is not listed.
func (s *fileStep) add(mark, text safe.Text) {
	s.rest = append(s.rest, fileLine{mark: mark, path: text})
}

// addPackages adds a line for each package that explains files, up to a limit.
func (r report) addPackages(s *fileStep, f *diff.LayerFiles) {
	for _, p := range f.ByPackage[:min(len(f.ByPackage), maxFiles)] {
		mark := r.g.Mark(diff.Substituted)
		if p.Of != nil {
			mark = r.g.PackageMark(p.Of)
		}
		s.add(mark, r.g.Sentence(p.FilesText()))
	}
	if more := len(f.ByPackage) - maxFiles; more > 0 {
		s.add(r.g.Ellipsis, safe.Sprintf("and files of %s; --all-files lists them",
			look.Count(more, safe.Const("more package"), safe.Const("more packages"))))
	}
}

// addCuts adds lines about what the lists of the layers lack.
func (s *fileStep) addCuts(r report, f *diff.LayerFiles) {
	for _, text := range look.CutTexts(f, r.c.B == nil) {
		s.add(r.g.Note, text)
	}
}

// changeLine describes a path that differs.
func (r report) changeLine(f *diff.LayerFiles, ch filediff.Change) fileLine {
	note := safe.Join(nonEmpty(look.ChangeSizes(ch), look.ChangeNote(f, ch)), ", ")
	return fileLine{r.g.ChangeMark(ch), look.EntryPath(ch.Path, r.o.Gate), note}
}

// layerFiles counts, or lists, what the layer of a step of the only image holds.
func (r report) layerFiles(row diff.Row, found *diff.PairInside) fileStep {
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
	s.counts = bySource(row.Inside, safe.Sprintf("%s, %s in files", entryCount(n), look.Size(bytes)))
	s.addCuts(r, row.Inside)
	for _, text := range look.WasteTexts(found.WasteOf(row), r.o.Gate) {
		s.add(r.g.Note, text)
	}
	return s
}

func entryCount(n int) safe.Text { return look.Count(n, safe.Const("entry"), safe.Const("entries")) }

// unreadCost says what reading the layers that differ costs: "2 of 13 layers differ: 60.7 + 60.7 MB to
// read; --inside reads them". It is empty if there is nothing to read.
func unreadCost(c diff.Comparison) safe.Text {
	if c.B == nil {
		return safe.Text{}
	}
	rows, all, about := 0, 0, safe.Text{}
	bytes, seen := map[diff.Side]int64{}, map[digest.Digest]bool{}
	for _, p := range comparedPairs(c) {
		layers, _ := diff.LayersToRead(p)
		differing := map[int]bool{}
		for _, l := range layers {
			differing[l.Row] = true
			if !seen[l.Digest] {
				seen[l.Digest] = true
				if bytes[l.Side] += l.Cost(); l.IsGuess {
					about = safe.Const("about ")
				}
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
	return safe.Sprintf("%s of %s %s: %s%s to read; --inside reads %s", look.Number(rows), layerCount(max(all, rows)), verb, about, sizes,
		itOrThem(len(seen)))
}

// layersIn is the number of layers of an image.
func layersIn(e *model.Entry) int {
	if e == nil || e.Image == nil {
		return 0
	}
	return len(e.Image.Manifest.Layers)
}
