package diff

import (
	"cmp"
	"crypto/sha256"
	"maps"
	"slices"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/diff/filediff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
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
	// partial is set if merged does not know what other layers have, and otherDeletions if the two
	// sides delete different paths of those below.
	partial, otherDeletions bool
	whole                   bool // merged is all files of the image
}

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
}

// TextsOf returns the contents of a text file on both sides of a row. It reports false if they were
// not kept.
type TextsOf func(row RowLayers, path string) (a, b []byte, ok bool)

// CompareInside compares what the layers of a pair hold, as far as they were read. texts may be
// nil. It takes about 1 ms for 1,000 entries.
func CompareInside(p Pair, read ReadLayers, texts TextsOf) *PairInside {
	found := &PairInside{Layers: ReadLayers{}, rows: map[RowLayers]*LayerFiles{}}
	for _, r := range p.Rows {
		key := LayersOf(r)
		for _, d := range []digest.Digest{key.A, key.B} {
			if l := read[d]; l != nil {
				found.Layers[d] = l
			}
		}
		if f, ok := compareRow(r, key, read); ok {
			f.compareTexts(key, texts)
			found.rows[key] = f
		}
	}
	found.compareMerged(p, read)
	found.keepTexts()
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
	f := &LayerFiles{A: a, B: b, Changes: filediff.Compare(filesOf(a), filesOf(b), false)}
	f.Rung = f.Worst()
	switch {
	case f.Rung != filediff.Nothing:
	case key.A != key.B && a != nil && b != nil && a.DiffID == b.DiffID:
		f.Rung = filediff.OtherPacking
	case key.A != key.B:
		f.Rung = filediff.OtherArchive
	}
	return f, true
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
		if !ch.What.Has(filediff.Content) || ch.Rung != filediff.Files || len(f.Texts) >= maxTexts {
			continue
		}
		if a, b, ok := texts(key, ch.Path); ok && isContentOf(*ch.A, a) && isContentOf(*ch.B, b) {
			f.Texts[ch.Path] = filediff.CompareTexts(a, b)
		}
	}
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
	found.partial = partial || slices.ContainsFunc(slices.Concat(a, b), isCut)
	found.otherDeletions = partial && !maps.Equal(deletions(a), deletions(b))
	found.merged = &LayerFiles{Changes: filediff.Compare(inside.Merge(a), inside.Merge(b), found.partial)}
	found.merged.Rung = found.merged.Worst()
}

// aloneMerged returns the files of the only image, nil if there are too many.
func aloneMerged(layers []*inside.Layer) *LayerFiles {
	if !inside.Mergeable(layers) {
		return nil
	}
	return &LayerFiles{A: &inside.Layer{Files: inside.Merge(layers)}}
}

// isCut reports whether the list of a layer lacks entries that the layer may have.
func isCut(l *inside.Layer) bool { return l.Broken != "" || len(l.Left) > 0 }

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

// deletion is a path that a layer deletes of the layers below it, or a folder that it hides.
type deletion struct {
	path string
	kind inside.Kind
}

func deletions(layers []*inside.Layer) map[deletion]bool {
	all := map[deletion]bool{}
	for _, l := range layers {
		for e := range l.Files.All() {
			if isDeletion(e) {
				all[deletion{e.Path, e.Kind}] = true
			}
		}
	}
	return all
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
	return found.merged, found.partial, found.otherDeletions
}

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
		return describe(*c.A, found).WithTagContext(c.TagContext)
	}
	return Recompare(c, *c.A, *c.B)
}

// LayerToRead is a layer whose content can explain a difference.
type LayerToRead struct {
	v1.Descriptor
	Side Side
	// Row is the index of its row in Pair.Rows.
	Row int
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
			l := LayerToRead{s.Layer, side, i}
			if s.Missing || model.IsExternal(s.Layer) || model.IsEncrypted(s.Layer) || s.Layer.Digest.Validate() != nil {
				unreadable = append(unreadable, l)
			} else {
				readable = append(readable, l)
			}
		}
	}
	return readable, unreadable
}
