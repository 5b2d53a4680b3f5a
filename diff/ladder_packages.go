package diff

import (
	"cmp"

	"github.com/tagdiff/tagdiff/diff/filediff"
	"github.com/tagdiff/tagdiff/diff/packagediff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/safe"
)

// PairPackages is what is known of the packages of a pair.
type PairPackages struct {
	// A and B are the packages of each side, as far as its layers were read.
	A, B packagediff.Packages
	packagediff.Changes
	// Verified is whether the databases were read from whole layers whose digests are right, and no layer was listed by
	// its table of contents: its archive may hold another database.
	Verified bool
	// ByTable is whether a layer was listed by its table of contents.
	ByTable bool
}

// Packages returns what the layers that were read say of packages, nil if none of them has a
// database. Of one image alone the other side is empty and nothing is compared.
func (found *PairInside) Packages() *PairPackages {
	if found == nil {
		return nil
	}
	return found.packages
}

// comparePackages compares the packages of a pair and puts the files that they explain on their rung.
func (found *PairInside) comparePackages(p Pair, read ReadLayers) {
	all := &PairPackages{A: packagediff.Of(stepsToSearch(p.A, read)), B: packagediff.Of(stepsToSearch(p.B, read))}
	isPair := imageOf(p.A) != nil && imageOf(p.B) != nil
	if isPair {
		all.Changes = packagediff.Compare(all.A, all.B, sameStepIn(p.Rows))
	}
	if isPair {
		found.refuseDatabases(all)
	}
	if all.A.IsEmpty() && all.B.IsEmpty() && !all.SameSystem && len(all.A.Deletions)+len(all.B.Deletions) == 0 {
		return
	}
	found.packages = all
	all.ByTable = found.hasTable()
	all.Verified = isDatabaseVerified(p.A, all.A, read) && isDatabaseVerified(p.B, all.B, read) && !all.ByTable
	if !isPair {
		return
	}
	found.explainByPackages(all)
}

// stepsToSearch returns the steps of an image that may hold packages.
func stepsToSearch(e *model.Entry, read ReadLayers) []packagediff.Step {
	img := imageOf(e)
	if img == nil {
		return nil
	}
	var steps []packagediff.Step
	for i := range img.Steps {
		s := &img.Steps[i]
		if l, ok := layerOfStep(s, read); s.HasLayer && (l != nil || !ok) {
			steps = append(steps, packagediff.Step{Index: s.Index, Content: s.Layer.Digest, Layer: l})
		}
	}
	return steps
}

// sameStepIn returns a function that reports whether a step of A and one of B may be the same step: they
// are of one row, or one of them has no row with the other side.
func sameStepIn(rows []Row) func(a, b int) bool {
	ofA, ofB := map[int]int{}, map[int]int{}
	for i, r := range rows {
		if r.A != nil && r.B != nil {
			ofA[r.A.Index], ofB[r.B.Index] = i, i
		}
	}
	return func(a, b int) bool {
		rowA, okA := ofA[a]
		rowB, okB := ofB[b]
		return !okA || !okB || rowA == rowB
	}
}

// isDatabaseVerified reports whether the layers that have the databases of a side were read to their ends,
// and are those that its manifest and config name.
func isDatabaseVerified(e *model.Entry, all packagediff.Packages, read ReadLayers) bool {
	img := imageOf(e)
	for _, d := range all.Databases {
		s := img.Steps[d.Step]
		if !isVerified(&s, read[s.Layer.Digest]) {
			return false
		}
	}
	return true
}

// hasTable reports whether a layer of the pair was listed by its table of contents.
func (found *PairInside) hasTable() bool {
	for _, l := range found.Layers {
		if isFromTable(l) {
			return true
		}
	}
	return false
}

// explainByPackages puts the files that packages explain on their rung, and counts the files of each
// package.
func (found *PairInside) explainByPackages(all *PairPackages) {
	lists := make([]*LayerFiles, 0, len(found.rows)+1)
	for _, f := range found.rows {
		lists = append(lists, f)
	}
	counted := lists
	if found.merged != nil {
		lists, counted = append(lists, found.merged), []*LayerFiles{found.merged}
	}
	seen, rebuilt := map[string]bool{}, []string(nil)
	for _, f := range counted {
		for i := range f.Len() {
			ch := f.At(i)
			if ch.Rung <= filediff.Generated && ch.Rung != filediff.SameInside || seen[ch.Path] {
				continue
			}
			seen[ch.Path] = true
			all.AddFile(pathsOf(ch))
			if isOtherContent(ch) {
				rebuilt = append(rebuilt, ch.Path)
			}
		}
	}
	all.AddRebuilt(rebuilt)
	if len(all.All) == 0 && len(all.Missing) == 0 {
		return
	}
	for _, f := range lists {
		f.packages = all
		f.ByPackages(func(ch filediff.Change) bool { return all.IsRecord(ch.Path) || all.Explains(pathsOf(ch)) })
		f.setRung()
		f.ByPackage = f.byPackage()
	}
}

// setRung sets the rung after those of the changes were set.
func (f *LayerFiles) setRung() {
	if f.Rung > filediff.OtherArchive {
		f.Rung = f.Worst()
	}
}

// FilesOfPackage are the changes of a LayerFiles that one package explains, as indexes.
type FilesOfPackage struct {
	Of      *packagediff.Change // nil for the records of package managers
	Indexes []int
	// Files is the number of changes other than those of folders.
	Files int
}

// byPackage groups the changes that packages explain, in the order of the changes of packages.
func (f *LayerFiles) byPackage() []FilesOfPackage {
	groups := map[*packagediff.Change]*FilesOfPackage{}
	for i := range f.Len() {
		ch := f.At(i)
		if ch.Rung != filediff.Packages {
			continue
		}
		of := f.packageOf(i)
		if groups[of] == nil {
			groups[of] = &FilesOfPackage{Of: of}
		}
		group := groups[of]
		if group.Indexes = append(group.Indexes, i); !ch.IsFolder() {
			group.Files++
		}
	}
	var all []FilesOfPackage
	for i := range f.packages.All {
		if of := &f.packages.All[i]; groups[of] != nil {
			all = append(all, *groups[of])
		}
	}
	if records := groups[nil]; records != nil {
		all = append(all, *records)
	}
	return all
}

// PackageNames returns the names of the packages that explain changes, by the paths of the changes.
func (f *LayerFiles) PackageNames() map[string]string {
	names := map[string]string{}
	for _, p := range f.ByPackage {
		if p.Of == nil {
			continue
		}
		for _, i := range p.Indexes {
			names[f.At(i).Path] = p.Of.Package().Name
		}
	}
	return names
}

// packageOf returns the change of the package that explains a change by its index, nil for a record of a package
// manager. A folder goes with the first file in it.
func (f *LayerFiles) packageOf(i int) *packagediff.Change {
	if of := f.packages.OfFile(pathsOf(f.At(i))); of != nil || !f.At(i).IsFolder() {
		return of
	}
	for j := range f.Below(i) {
		if of := f.packages.OfFile(pathsOf(f.At(j))); of != nil {
			return of
		}
	}
	return nil
}

// FilesText counts the files of a package: "18 files of requests 2.31.0 → 2.32.3".
func (f FilesOfPackage) FilesText() safe.Text {
	n := safe.Clean(countText(f.Files) + byNumber(f.Files, " file", " files"))
	if f.Of == nil {
		return safe.Sprintf("%s in which package managers keep their records", n)
	}
	return safe.Sprintf("%s of %s", n, PackageText(*f.Of))
}

// pathsOf returns the path of a change on each side, "" for none.
func pathsOf(ch filediff.Change) (inA, inB string) {
	if ch.A != nil && !isDeletion(*ch.A) {
		inA = cmp.Or(ch.From, ch.Path)
	}
	if ch.B != nil && !isDeletion(*ch.B) {
		inB = ch.Path
	}
	return inA, inB
}

// isOtherContent reports whether a file of one path has another content on each side for a reason that
// is not known. An archive of a package that was built again is one too, whatever the times in it.
func isOtherContent(ch filediff.Change) bool {
	isExplained := ch.Cause != nil && !ch.Cause.IsArchive()
	return ch.Rung == filediff.Files && !isExplained && ch.From == "" && ch.What.Has(filediff.Content) &&
		ch.A.Kind == inside.File && ch.B.Kind == inside.File
}
