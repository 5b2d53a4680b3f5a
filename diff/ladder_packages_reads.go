package diff

import (
	"slices"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff/packagediff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
)

// LayersWithPackages returns the layers to read so that the packages of a pair are known: those that
// differ, of one image all. While one side's database of system packages is missing, they are also
// the layers that may have it, one for each database. They are also those of LayersAbovePackages. It returns
// them as LayersToRead does.
func LayersWithPackages(p Pair) (readable, unreadable []LayerToRead) {
	readable, unreadable = LayersToRead(p)
	programs := p.UnopenedPrograms()
	for i, l := range readable {
		readable[i] = l.withPackages(p, programs[l.Digest])
	}
	found := p.Inside.Packages()
	if found == nil {
		return readable, unreadable
	}
	var steps []*model.Step
	for _, gap := range found.Gaps {
		if s := p.likelyStep(gap); s != nil {
			steps = append(steps, s)
		}
	}
	above, _ := LayersAbovePackages(p)
	for _, l := range slices.Concat(p.layersOf(steps), above) {
		if !slices.ContainsFunc(readable, func(other LayerToRead) bool { return other.Digest == l.Digest }) {
			readable = append(readable, l.withPackages(p, programs[l.Digest]))
		}
	}
	return readable, unreadable
}

// WithPackages returns the layer with the files that list packages, if its table of contents is read.
func (l LayerToRead) WithPackages() LayerToRead {
	const guess = 50 // a part of the layer: the databases of a base had 0.5 % to 12 % of it
	if l.Table > 0 {
		l.Table, l.IsGuess, l.Packages = l.Table+l.Size/guess, true, true
	}
	return l
}

// withPackages is WithPackages with some programs and jars, whose packed sizes are a guess.
func (l LayerToRead) withPackages(p Pair, programs []string) LayerToRead {
	l = l.WithPackages()
	have := p.Inside.layer(l.Digest)
	if l.Table == 0 || have == nil || len(programs) == 0 {
		return l
	}
	const packing = 2
	l.Programs, l.Table = programs, 0
	for _, path := range programs {
		e, _ := have.Files.Find(path)
		l.Table += e.Size / packing
	}
	l.Table = max(min(l.Table, l.Size), 1)
	return l
}

// layer returns a layer that was read, nil for others.
func (found *PairInside) layer(d digest.Digest) *inside.Layer {
	if found == nil {
		return nil
	}
	return found.Layers[d]
}

// UnopenedPrograms returns, by the digests of layers that were listed by table of contents, the paths of programs and
// jars that may hold packages and whose content was not read. Of two images they are those that only one of them has
// with this content.
func (p Pair) UnopenedPrograms() map[digest.Digest][]string {
	if p.Inside == nil {
		return nil
	}
	return p.Inside.unopened
}

// findUnopened finds what UnopenedPrograms returns.
func (found *PairInside) findUnopened(p Pair) {
	if !found.hasTable() {
		return
	}
	inA, inB := found.programsOf(p.A), found.programsOf(p.B)
	sums := func(programs map[digest.Digest][]inside.Entry) map[inside.Hash]bool {
		all := map[inside.Hash]bool{}
		for _, entries := range programs {
			for _, e := range entries {
				all[e.Sum] = true
			}
		}
		return all
	}
	sumsA, sumsB := sums(inA), sums(inB)
	found.unopened = map[digest.Digest][]string{}
	for _, programs := range []map[digest.Digest][]inside.Entry{inA, inB} {
		for d, entries := range programs {
			l := found.Layers[d]
			if !isFromTable(l) || found.unopened[d] != nil { // a layer of both sides
				continue
			}
			for _, e := range entries {
				isSame := sumsA[e.Sum] && sumsB[e.Sum] && e.Sum != inside.Hash{}
				if !isSame && !l.HasPackagesOf([]string{e.Path}) {
					found.unopened[d] = append(found.unopened[d], e.Path)
				}
			}
		}
	}
}

// programsOf returns the programs and jars that may hold packages in the layers of an image that were read, by the
// digests of the layers.
func (found *PairInside) programsOf(side *model.Entry) map[digest.Digest][]inside.Entry {
	programs := map[digest.Digest][]inside.Entry{}
	img := imageOf(side)
	for i := 0; img != nil && i < len(img.Steps); i++ {
		d := img.Steps[i].Layer.Digest
		l := found.Layers[d]
		if !img.Steps[i].HasLayer || l == nil || programs[d] != nil {
			continue
		}
		for e := range l.Files.All() {
			if inside.MayHoldPackages(e) {
				programs[d] = append(programs[d], e)
			}
		}
	}
	return programs
}

// ArePackagesPartlyRead reports whether a layer of a pair that can hold other packages on each side, or of the only
// image, was not read as far as packages need it.
func (p Pair) ArePackagesPartlyRead() bool {
	isKnown := func(l *inside.Layer) bool {
		return isWhole(l) || isFromTable(l) && l.HasRecords && l.Broken == "" && len(l.Left) == 0
	}
	return p.isPartlyRead(isKnown) || len(p.UnopenedPrograms()) > 0
}

// LayersWithRecords returns the layers of LayersWithPackages that were listed by table of contents, and whose files that
// list packages were not read.
func LayersWithRecords(p Pair) (readable, unreadable []LayerToRead) {
	readable, unreadable = LayersWithPackages(p)
	return slices.DeleteFunc(readable, func(l LayerToRead) bool {
		have := p.Inside.layer(l.Digest)
		return !l.Packages || have == nil || have.HasPackagesOf(nil)
	}), unreadable
}

// LayersAbovePackages returns the layers above the databases of a pair that were not read and may replace them, as
// LayersToRead does. They are the same on both sides, as those of an application above a base that differs.
func LayersAbovePackages(p Pair) (readable, unreadable []LayerToRead) {
	found := p.Inside.Packages()
	if found == nil || imageOf(p.A) == nil || imageOf(p.B) == nil {
		return nil, nil
	}
	var steps []*model.Step
	for _, side := range []struct {
		entry *model.Entry
		all   packagediff.Packages
	}{{p.A, found.A}, {p.B, found.B}} {
		for _, i := range side.all.Above() {
			if s := &imageOf(side.entry).Steps[i]; s.HasLayer && p.Inside.Layers[s.Layer.Digest] == nil && canBeRead(s) {
				steps = append(steps, s)
			}
		}
	}
	return p.layersOf(steps), nil
}

// layersOf returns the layers of some steps of a pair as layers to read, each once.
func (p Pair) layersOf(steps []*model.Step) []LayerToRead {
	all, _ := AllLayers(p)
	var layers []LayerToRead
	for _, l := range all {
		isOf := func(s *model.Step) bool { return s.Layer.Digest == l.Digest }
		isSame := func(other LayerToRead) bool { return other.Digest == l.Digest }
		if slices.ContainsFunc(steps, isOf) && !slices.ContainsFunc(layers, isSame) {
			layers = append(layers, l)
		}
	}
	return layers
}

// likelyStep returns the step that is the likeliest to have the database of a gap: the newest whose table of
// contents lists it or whose instruction installs packages, else the oldest, which is of the base image. It is nil if no layer
// can be read.
func (p Pair) likelyStep(gap packagediff.Gap) *model.Step {
	img := imageOf(p.A)
	if gap.Side == packagediff.SideB {
		img = imageOf(p.B)
	}
	var likely *model.Step
	for _, i := range gap.Steps { // the newest first
		s := &img.Steps[i]
		if have := p.Inside.layer(s.Layer.Digest); !s.HasLayer || have != nil && have.HasPackagesOf(nil) || !canBeRead(s) {
			continue
		}
		if isFromTable(p.Inside.layer(s.Layer.Digest)) || installsPackages.MatchString(s.CreatedBy) {
			return s
		}
		likely = s
	}
	return likely
}

// canBeRead reports whether the layer of a step is in the registry in plain.
func canBeRead(s *model.Step) bool {
	return !s.Missing && !model.IsExternal(s.Layer) && !model.IsEncrypted(s.Layer) && s.Layer.Digest.Validate() == nil
}

// GapLayer is a layer that may have the package database that a side lacks.
type GapLayer struct {
	packagediff.Gap
	Step *model.Step // nil if none of the layers can be read
}

// PackageGaps returns the databases of system packages that only one side has so far, each with the
// layer that is the likeliest to have that of the other side.
func (p Pair) PackageGaps() []GapLayer {
	found := p.Inside.Packages()
	if found == nil {
		return nil
	}
	return mappedTo(found.Gaps, func(g packagediff.Gap) GapLayer { return GapLayer{g, p.likelyStep(g)} })
}
