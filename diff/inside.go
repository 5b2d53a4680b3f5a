package diff

import (
	"cmp"
	"crypto/sha256"
	"maps"
	"slices"
	"sync"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/diff/filediff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/panics"
)

// ReadLayers are layers that were read, by the digests of their blobs.
type ReadLayers map[digest.Digest]*inside.Layer

// Inside is what was found inside the layers of the pairs of a comparison.
type Inside map[ManifestPair]*PairInside

// ManifestPair identifies a pair by the digests of its two manifests, "" for a side that is
// missing.
type ManifestPair struct{ A, B digest.Digest }

// Manifests returns the identity of a pair.
func (p Pair) Manifests() ManifestPair {
	var m ManifestPair
	if p.A != nil {
		m.A = p.A.Descriptor.Digest
	}
	if p.B != nil {
		m.B = p.B.Descriptor.Digest
	}
	return m
}

// PairInside is what was found inside the layers of one pair.
type PairInside struct {
	// Layers are all layers of the pair that were read.
	Layers ReadLayers
	rows   map[RowLayers]*LayerFiles
	merged *LayerFiles
	// partial is set if merged does not know what other layers have, and isBelow if equal layers above those
	// of merged were not read: they can hide a difference.
	partial, isBelow bool
	whole            bool // merged is all files of the image
	deletions        onlyDeletions
	// waste is what the steps of the only image ship in vain, by the index of the step.
	waste    map[int][]inside.Waste
	packages *PairPackages
	unopened map[digest.Digest][]string // see UnopenedPrograms
}

// onlyDeletions are what only one side deletes of the layers below, that were not read.
type onlyDeletions struct{ a, b []Deletion }

func (d onlyDeletions) isEmpty() bool { return len(d.a)+len(d.b) == 0 }

// RowLayers identifies a row by the blobs of its two steps, "" where a side has no layer.
type RowLayers struct{ A, B digest.Digest }

// LayerFiles is what differs inside the two layers of a row, or in the files of two images.
type LayerFiles struct {
	filediff.Changes
	// A and B are the two layers, nil where a side has no layer or more than one.
	A, B *inside.Layer
	// Rung is what explains all differences.
	Rung filediff.Rung
	// Texts are the changed text files whose lines were compared, by path.
	Texts map[string]filediff.TextChange
	// ByPackage are the changes that packages explain, by package.
	ByPackage []FilesOfPackage

	packages *PairPackages // of the pair, nil if they are not known
	onUnread bool          // layers below were not read: a path that one side lacks may be there
}

// HasTable reports whether the files of A or of B are those of a table of contents.
func (f *LayerFiles) HasTable() bool { return isFromTable(f.A) || isFromTable(f.B) }

// TextsOf returns the contents of a text file on both sides of a row. It reports false if they were
// not kept.
type TextsOf func(row RowLayers, path string) (a, b []byte, ok bool)

// CompareInside compares what the layers of a pair hold, as far as they were read. texts may be
// nil, and is called from several goroutines: the rows are compared at the same time. It takes about 1 ms
// for 1,000 entries.
func CompareInside(p Pair, read ReadLayers, texts TextsOf) *PairInside {
	found := &PairInside{Layers: ReadLayers{}, rows: map[RowLayers]*LayerFiles{}}
	started := startedBy(p, read)
	var work sync.WaitGroup
	files := make([]*LayerFiles, len(p.Rows))
	for i, r := range p.Rows {
		key := LayersOf(r)
		for _, d := range []digest.Digest{key.A, key.B} {
			if l := read[d]; l != nil {
				found.Layers[d] = l
			}
		}
		work.Go(func() {
			defer panics.Catch()
			if f, ok := compareRow(r, key, read); ok {
				f.refuseStarted(started)
				f.compareTexts(key, texts)
				files[i] = f
			}
		})
	}
	found.compareMerged(p, read)
	if found.merged != nil {
		found.merged.refuseStarted(started)
	}
	work.Wait()
	lookBelow(p, read, files)
	for i, f := range files {
		if f != nil {
			found.rows[LayersOf(p.Rows[i])] = f
		}
	}
	found.keepTexts()
	found.comparePackages(p, read)
	found.findUnopened(p)
	return found
}

// LayersOf returns the layers of a row.
func LayersOf(r Row) RowLayers {
	var key RowLayers
	if r.A != nil && r.A.HasLayer {
		key.A = r.A.Layer.Digest
	}
	if r.B != nil && r.B.HasLayer {
		key.B = r.B.Layer.Digest
	}
	return key
}

// compareRow compares the layers of a row. It reports false if one of them was not read.
func compareRow(r Row, key RowLayers, read ReadLayers) (*LayerFiles, bool) {
	if key == (RowLayers{}) || r.Class == Moved {
		return nil, false
	}
	a, okA := layerOfStep(r.A, read)
	b, okB := layerOfStep(r.B, read)
	if r.Class == Alone && (a != nil || b != nil) {
		return &LayerFiles{A: a, B: b}, true
	}
	if !okA || !okB {
		return nil, false
	}
	filesA, filesB := comparableFiles(a, b)
	f := &LayerFiles{A: a, B: b, Changes: filediff.CompareCut(filesA, filesB, isCut(a), isCut(b))}
	isOneArchive := a != nil && b != nil && archiveOf(r.A, a) == archiveOf(r.B, b) && archiveOf(r.A, a) != ""
	if key.A == key.B || isOneArchive {
		f.TakeAsSame()
	}
	if hasTrueTable(a) && hasTrueTable(b) {
		f.ExplainTables()
	}
	f.Rung = f.Worst()
	switch {
	case f.Rung != filediff.Nothing, f.Unhashed > 0:
	case key.A != key.B && isOneArchive:
		f.Rung = filediff.OtherPacking
	case key.A != key.B:
		f.Rung = filediff.OtherArchive
	}
	return f, true
}

// hasTrueTable reports whether a layer was read to its end, and has a table of contents that says what the archive
// holds.
func hasTrueTable(l *inside.Layer) bool {
	return l != nil && isWhole(l) && len(l.TOCDigests) > 0 && len(l.TOCDiffers) == 0
}

// comparableFiles returns the files of two layers. A table of contents lists neither itself nor, in some
// layers, the marks of eStargz: they do not count beside the list of an archive.
func comparableFiles(a, b *inside.Layer) (filesA, filesB inside.List) {
	filesA, filesB = filesOf(a), filesOf(b)
	if a != nil && b != nil && isFromTable(a) != isFromTable(b) {
		return filesA.Without(inside.LazyPullFile), filesB.Without(inside.LazyPullFile)
	}
	return filesA, filesB
}

// isFromTable reports whether the files of a layer are those of its table of contents: the archive may
// hold others.
func isFromTable(l *inside.Layer) bool { return l != nil && l.How == inside.TOC }

// archiveOf identifies the archive of a layer: by its bytes, or as the config claims if they were not read.
func archiveOf(s *model.Step, l *inside.Layer) digest.Digest {
	if isFromTable(l) {
		return s.DiffID
	}
	return l.DiffID
}

// layerOfStep returns the layer of a step, nil if it has none or an empty one. It reports false if
// the layer was not read.
func layerOfStep(s *model.Step, read ReadLayers) (*inside.Layer, bool) {
	if s == nil || !s.HasLayer {
		return nil, true
	}
	if l := read[s.Layer.Digest]; l != nil {
		return l, true
	}
	return nil, s.Empty
}

func isBroken(l *inside.Layer) bool { return l != nil && l.Broken != "" }

// isLimited reports whether a limit left something out of the list of a layer.
func isLimited(l *inside.Layer) bool { return l != nil && len(l.Left) > 0 }

func filesOf(l *inside.Layer) inside.List {
	if l == nil {
		return inside.List{}
	}
	return l.Files
}

// maxTexts limits the text files of a row whose lines are compared.
const maxTexts = 200

// compareTexts compares the lines of the text files that have changed.
func (f *LayerFiles) compareTexts(key RowLayers, texts TextsOf) {
	if texts == nil {
		return
	}
	f.Texts = map[string]filediff.TextChange{}
	for i := range f.Len() {
		ch := f.At(i)
		if !isTextChange(ch) || len(f.Texts) >= maxTexts {
			continue
		}
		if a, b, ok := texts(key, ch.Path); ok && isContentOf(*ch.A, a) && isContentOf(*ch.B, b) {
			f.Texts[ch.Path] = filediff.CompareTexts(a, b)
		}
	}
}

// LineCountStore keeps the counts of lines for two layers.
type LineCountStore interface {
	LineCounts(a, b digest.Digest) inside.LineCounts
	KeepLineCounts(a, b digest.Digest, counts inside.LineCounts)
}

// ShareLineCounts adds the counts that an earlier comparison of the same layers has kept, where the texts were
// not read this time, and keeps those of this one. It may read the disk.
func (found *PairInside) ShareLineCounts(with LineCountStore) {
	for key, f := range found.rows {
		if f.A == nil || f.B == nil || f.A == f.B {
			continue
		}
		known := with.LineCounts(key.A, key.B)
		if counts, isMore := f.shareCounts(known); isMore {
			with.KeepLineCounts(key.A, key.B, counts)
		}
	}
	found.keepTexts()
}

// shareCounts adds known counts to the texts of a row. It returns the counts of all texts, and whether they
// are more than what was known.
func (f *LayerFiles) shareCounts(known inside.LineCounts) (counts inside.LineCounts, isMore bool) {
	counts = maps.Clone(known)
	for i := range f.Len() {
		ch := f.At(i)
		if !isTextChange(ch) {
			continue
		}
		pair := inside.ContentPair{A: ch.A.Sum, B: ch.B.Sum}
		t, isCounted := f.Texts[ch.Path]
		k, isKnown := known[pair]
		switch {
		case isCounted && !isKnown:
			if counts == nil {
				counts = inside.LineCounts{}
			}
			counts[pair], isMore = t, true
		case isKnown && !isCounted:
			if f.Texts == nil {
				f.Texts = map[string]filediff.TextChange{}
			}
			f.Texts[ch.Path] = k
		}
	}
	return counts, isMore
}

// isTextChange reports whether the lines of a change are compared if both contents are texts.
func isTextChange(ch filediff.Change) bool {
	return ch.What.Has(filediff.Content) && ch.Rung == filediff.Files && ch.A != nil && ch.B != nil
}

// isContentOf reports whether a content is that of an entry. A kept text may be of another entry with
// the same path.
func isContentOf(e inside.Entry, content []byte) bool { return sha256.Sum256(content) == e.Sum }

// keepTexts gives the merged files the texts of the rows, where the contents are the same.
func (found *PairInside) keepTexts() {
	if found.merged == nil {
		return
	}
	type text struct {
		a, b inside.Hash
		filediff.TextChange
	}
	texts := map[string]text{}
	for _, f := range found.rows {
		for i := 0; len(f.Texts) > 0 && i < f.Len(); i++ {
			if ch := f.At(i); ch.A != nil && ch.B != nil {
				if t, ok := f.Texts[ch.Path]; ok {
					texts[ch.Path] = text{ch.A.Sum, ch.B.Sum, t}
				}
			}
		}
	}
	found.merged.Texts = map[string]filediff.TextChange{}
	for i := 0; len(texts) > 0 && i < found.merged.Len(); i++ {
		ch := found.merged.At(i)
		if t, ok := texts[ch.Path]; ok && ch.A != nil && ch.B != nil && ch.A.Sum == t.a && ch.B.Sum == t.b {
			found.merged.Texts[ch.Path] = t.TextChange
		}
	}
}

// compareMerged compares the files of the two images if all their layers were read, and else those
// that the differing layers give together. Of one image alone it puts the files together.
func (found *PairInside) compareMerged(p Pair, read ReadLayers) {
	if a, b, ok := allLayers(p, read); ok {
		switch {
		case imageOf(p.A) == nil || imageOf(p.B) == nil:
			found.merged = aloneMerged(slices.Concat(a, b))
			found.waste = wasteOf(p.Rows, read)
		default:
			found.setMerged(a, b, false)
		}
		found.whole = found.merged != nil
		return
	}
	differs := func(r Row) bool { return r.Differs() && LayersOf(r) != (RowLayers{}) }
	first := slices.IndexFunc(p.Rows, differs)
	if first < 0 || p.A == nil || p.B == nil {
		return
	}
	end := first + 1
	for i, r := range p.Rows {
		if differs(r) {
			end = i + 1
		}
	}
	for first > 0 && rowsRead(p.Rows[first-1:first], read) {
		first--
	}
	for end < len(p.Rows) && rowsRead(p.Rows[end:end+1], read) { // equal layers above may hide files
		end++
	}
	if rows := p.Rows[first:end]; rowsRead(rows, read) {
		found.isBelow = end < len(p.Rows)
		found.setMerged(layersIn(rows, read, func(r Row) *model.Step { return r.A }),
			layersIn(rows, read, func(r Row) *model.Step { return r.B }), first > 0)
	}
}

// setMerged compares what two stacks of layers give together. partial is set if there are layers below
// that were not read.
func (found *PairInside) setMerged(a, b []*inside.Layer, partial bool) {
	if !inside.Mergeable(a) || !inside.Mergeable(b) {
		return
	}
	cut := slices.ContainsFunc(slices.Concat(a, b), isCut)
	found.partial = partial || cut
	var filesA, filesB inside.List
	var merges sync.WaitGroup
	merges.Go(func() {
		defer panics.Catch()
		filesA = inside.Merge(a)
	})
	filesB = inside.Merge(b)
	merges.Wait()
	if partial {
		deletedA, deletedB := deletions(a), deletions(b)
		found.deletions = onlyDeletions{deletedA.without(deletedB, filesB), deletedB.without(deletedA, filesA)}
	}
	found.merged = &LayerFiles{Changes: filediff.Compare(filesA, filesB, found.partial)}
	found.merged.onUnread = partial && !cut
	found.merged.Rung = found.merged.Worst()
}

// aloneMerged returns the files of the only image, nil if there are too many.
func aloneMerged(layers []*inside.Layer) *LayerFiles {
	if !inside.Mergeable(layers) {
		return nil
	}
	return &LayerFiles{A: &inside.Layer{Files: inside.Merge(layers)}}
}

// WasteOf returns what the step of a row of the only image ships in vain. Layer and By are indexes of steps. It is
// empty unless all layers of the image were read.
func (found *PairInside) WasteOf(r Row) []inside.Waste {
	if found == nil || r.A == nil {
		return nil
	}
	return found.waste[r.A.Index]
}

func wasteOf(rows []Row, read ReadLayers) map[int][]inside.Waste {
	var layers []*inside.Layer
	var steps []int
	for _, r := range rows {
		if r.Class != Alone || r.A == nil {
			return nil
		}
		if l, _ := layerOfStep(r.A, read); l != nil {
			layers, steps = append(layers, l), append(steps, r.A.Index)
		}
	}
	if !inside.Mergeable(layers) {
		return nil
	}
	by := map[int][]inside.Waste{}
	for _, w := range inside.WasteOf(layers) {
		w.Layer, w.By = steps[w.Layer], steps[w.By]
		by[w.Layer] = append(by[w.Layer], w)
	}
	return by
}

// isCut reports whether the list of a layer lacks entries that the layer may have.
func isCut(l *inside.Layer) bool { return l != nil && l.LacksEntries() }

// allLayers returns the layers of both images, the oldest first, if all of them were read. Of one
// image alone b is nil.
func allLayers(p Pair, read ReadLayers) (a, b []*inside.Layer, ok bool) {
	for _, side := range []struct {
		entry  *model.Entry
		layers *[]*inside.Layer
	}{{p.A, &a}, {p.B, &b}} {
		img := imageOf(side.entry)
		if img == nil {
			continue
		}
		ok = true
		for i := range img.Steps {
			l, wasRead := layerOfStep(&img.Steps[i], read)
			if !wasRead {
				return nil, nil, false
			}
			if l != nil {
				*side.layers = append(*side.layers, l)
			}
		}
	}
	return a, b, ok
}

// Deletion is a path that a layer deletes of the layers below it.
type Deletion struct {
	Path string
	// Kind is inside.Whiteout, or inside.OpaqueFolder where all that is in the folder is deleted.
	Kind inside.Kind
}

type deletionSet map[Deletion]bool

func deletions(layers []*inside.Layer) deletionSet {
	all := deletionSet{}
	for _, l := range layers {
		for e := range l.Files.Deletions() {
			all[Deletion{e.Path, e.Kind}] = true
		}
	}
	return all
}

// without returns the deletions that the other side does not have, by path. A file of the other side hides
// what is below it as well as a deletion does.
func (s deletionSet) without(others deletionSet, otherFiles inside.List) []Deletion {
	var only []Deletion
	for d := range s {
		e, isGiven := otherFiles.Find(d.Path)
		if !others[d] && (!isGiven || e.Kind == inside.Folder) {
			only = append(only, d)
		}
	}
	slices.SortFunc(only, func(x, y Deletion) int {
		return cmp.Or(inside.ComparePaths(x.Path, y.Path), cmp.Compare(x.Kind, y.Kind))
	})
	return only
}

// rowsRead reports whether all layers of some rows were read, and can be.
func rowsRead(rows []Row, read ReadLayers) bool {
	return !slices.ContainsFunc(rows, func(r Row) bool {
		a, okA := layerOfStep(r.A, read)
		b, okB := layerOfStep(r.B, read)
		return !okA || !okB || isBroken(a) || isBroken(b)
	})
}

// layersIn returns the layers of one side of some rows, the oldest first: a row of a step that was moved
// is at the place of the other side.
func layersIn(rows []Row, read ReadLayers, side func(Row) *model.Step) []*inside.Layer {
	var steps []*model.Step
	for _, r := range rows {
		if s := side(r); s != nil {
			steps = append(steps, s)
		}
	}
	slices.SortStableFunc(steps, func(x, y *model.Step) int { return cmp.Compare(x.Index, y.Index) })
	var all []*inside.Layer
	for _, s := range steps {
		if l, _ := layerOfStep(s, read); l != nil {
			all = append(all, l)
		}
	}
	return all
}

// Merged returns what differs between the files of two images if all their layers were read, and else
// between those that the differing layers give together: nil if not all of them were read. Of one
// image alone it is a list of files. partial is set if layers below were not read, or not to their
// ends; otherDeletions if the two sides delete different paths of the layers below.
func (found *PairInside) Merged() (files *LayerFiles, partial, otherDeletions bool) {
	return found.merged, found.partial, !found.deletions.isEmpty()
}

// OnlyDeletions returns what only A, and what only B, deletes of the layers below those of Merged, by path.
// Of whole images there are none: their files are known.
func (found *PairInside) OnlyDeletions() (a, b []Deletion) {
	return found.deletions.a, found.deletions.b
}

// IsBelowUnread reports whether equal layers above those of Merged were not read. They can hide a difference,
// but make none.
func (found *PairInside) IsBelowUnread() bool { return found.isBelow }

// IsWhole reports whether Merged has all files of the images: only then a file that is not there is
// known to be absent. An image may have layers with entries that were not read: see partial.
func (found *PairInside) IsWhole() bool { return found.whole }

// withInside sets what was found inside the layers of the rows.
func (c Comparison) withInside(p Pair) Pair {
	p.Inside = c.Inside[p.Manifests()]
	if p.Inside == nil {
		return p
	}
	p.Rows = slices.Clone(p.Rows)
	for i, r := range p.Rows {
		p.Rows[i].Inside = p.Inside.rows[LayersOf(r)]
	}
	return p
}

// WithInside returns the comparison with what was found inside layers: findings, and sentences
// that name files.
func (c Comparison) WithInside(found Inside) Comparison {
	c.Inside = found
	switch {
	case c.A == nil:
		return c
	case c.B == nil:
		return describe(*c.A, found, c.Programs).WithTagContext(c.TagContext)
	}
	return Recompare(c, *c.A, *c.B)
}

// LayerToRead is a layer whose content can explain a difference.
type LayerToRead struct {
	v1.Descriptor
	Side Side
	// Row is the index of its row in Pair.Rows.
	Row int
	// Table is the number of bytes to read for the table of contents of the layer, 0 if the whole layer is
	// to be read. eStargz does not state it: it is then a guess.
	Table   int64
	IsGuess bool
	// Packages is set if the files that list packages are read too, by the table of contents. Programs are the paths of
	// programs and jars that are.
	Packages bool
	Programs []string
}

// Cost is the number of bytes to read for the files of the layer.
func (l LayerToRead) Cost() int64 {
	if l.Table > 0 {
		return l.Table
	}
	return l.Size
}

// Whole returns the layer without its table of contents.
func (l LayerToRead) Whole() LayerToRead {
	l.Table, l.IsGuess, l.Packages, l.Programs = 0, false, false, nil
	return l
}

// LeastByTable is the size above which the table of contents of a layer is read in its place.
const LeastByTable = 4 << 20

// tableOf returns the number of bytes to read for the table of contents of a layer, 0 if there is none or
// the layer is small. Tables of eStargz were 1 % to 4 % of their layers.
func tableOf(d v1.Descriptor) (bytes int64, isGuess bool) {
	const guess = 50
	plan, ok := inside.PlanTOC(d)
	switch {
	case !ok || d.Size <= LeastByTable:
		return 0, false
	case plan.IsFooter:
		return d.Size / guess, true
	}
	return plan.Length, false
}

// hasTables reports whether the tables of contents do for all layers of a row: the table of one layer says
// less than the archive of the other.
func (r Row) hasTables() bool {
	for _, s := range r.stepsBySide() {
		if bytes, _ := tableOf(s.Layer); s.HasLayer && !s.Empty && bytes == 0 {
			return false
		}
	}
	return true
}

// LayersToRead returns the layers of a pair whose content explains the difference, the oldest
// first: those of rows that differ. Of one image alone they are all layers. Each blob is listed
// once. unreadable are those that cannot be read: encrypted, missing, stored elsewhere.
func LayersToRead(p Pair) (readable, unreadable []LayerToRead) {
	return layersToRead(p, func(r Row) bool {
		return r.Class != Same && r.Class != Settings && r.Class != BothEmpty && r.Class != Moved
	})
}

// AllLayers is LayersToRead for all layers, which give the files of the whole images.
func AllLayers(p Pair) (readable, unreadable []LayerToRead) {
	return layersToRead(p, func(Row) bool { return true })
}

func layersToRead(p Pair, wanted func(Row) bool) (readable, unreadable []LayerToRead) {
	seen := map[digest.Digest]bool{}
	for i, r := range p.Rows {
		if !wanted(r) {
			continue
		}
		for side, s := range r.stepsBySide() {
			if !s.HasLayer || s.Empty || seen[s.Layer.Digest] {
				continue
			}
			seen[s.Layer.Digest] = true
			l := LayerToRead{Descriptor: s.Layer, Side: side, Row: i}
			if r.hasTables() {
				l.Table, l.IsGuess = tableOf(s.Layer)
			}
			if s.Missing || model.IsExternal(s.Layer) || model.IsEncrypted(s.Layer) || s.Layer.Digest.Validate() != nil {
				unreadable = append(unreadable, l)
			} else {
				readable = append(readable, l)
			}
		}
	}
	return readable, unreadable
}
