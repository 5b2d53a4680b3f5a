package diff

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/tagdiff/tagdiff/diff/filediff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/safe"
)

// InsideCode is what differs inside the layers of two images. The values are used in the JSON report.
type InsideCode string

// The codes, from no difference to other files. InsideUnknown is the code while a layer that
// differs was not read.
const (
	InsideUnknown   InsideCode = ""
	InsideSame      InsideCode = "same"      // the files are the same at the end
	InsidePacking   InsideCode = "packing"   // the archives were written or compressed in another way
	InsideTimes     InsideCode = "times"     // only times differ
	InsideGenerated InsideCode = "generated" // only what every build makes again
	InsidePackages  InsideCode = "packages"  // only files of packages that differ
	InsideFiles     InsideCode = "files"
)

// codeOfRung is the code of the rung that explains all differences.
func codeOfRung(r filediff.Rung) InsideCode {
	switch r {
	case filediff.Nothing:
		return InsideSame
	case filediff.OtherPacking, filediff.OtherArchive:
		return InsidePacking
	case filediff.FolderTimes, filediff.Times:
		return InsideTimes
	case filediff.SameInside, filediff.Generated:
		return InsideGenerated
	case filediff.Packages:
		return InsidePackages
	case filediff.Attributes, filediff.Files:
	}
	return InsideFiles
}

// readRow is a row that differs, with what differs inside it.
type readRow struct {
	Row
	*LayerFiles
}

// readRows returns the rows of layers that differ. complete is false if a layer was not read, or only in part, or if
// layers were moved and the files that all layers give together are not known.
func (p Pair) readRows() (rows []readRow, complete bool) {
	if p.Inside == nil {
		return nil, false
	}
	complete = true
	for _, r := range p.Rows {
		switch {
		case !r.HasOtherLayers():
		case r.Inside == nil, isBroken(r.Inside.A), isBroken(r.Inside.B): // what stands behind a fault is not known
			complete = false
		default:
			rows = append(rows, readRow{r, r.Inside})
			complete = complete && !isLimited(r.Inside.A) && !isLimited(r.Inside.B) && r.Inside.Unhashed == 0
		}
	}
	if p.movesLayers() {
		return rows, complete && p.Inside.merged != nil
	}
	return rows, complete && len(rows) > 0
}

// movesLayers reports whether a layer with files is at another place among the layers of each side: what it hides, and
// what hides it, differs.
func (p Pair) movesLayers() bool {
	return slices.ContainsFunc(p.Rows, isMovedLayer)
}

func isMovedLayer(r Row) bool {
	return r.Class == Moved && (r.A != nil && hasFiles(*r.A) || r.B != nil && hasFiles(*r.B))
}

// needsMerged reports whether the files that all layers give together say what differs, and not those of each
// step.
func (p Pair) needsMerged(rows []readRow) bool {
	return p.Inside != nil && (p.sameAtTheEnd() != nil || bothOneSided(rows) || p.movesLayers() && p.Inside.merged != nil)
}

// insideCode returns what differs inside the layers of a pair.
func (p Pair) insideCode() InsideCode {
	rows, complete := p.readRows()
	if merged := p.sameAtTheEnd(); merged != nil {
		return InsideSame
	}
	if !complete {
		return InsideUnknown
	}
	merged := p.Inside.merged
	if isKnown := p.Inside.whole && !p.Inside.partial; merged != nil && (isKnown && merged.Rung != filediff.Nothing || p.movesLayers()) {
		rows = []readRow{{LayerFiles: merged}}
		if !p.Inside.deletions.isEmpty() {
			return InsideFiles
		}
	}
	worst := filediff.Nothing
	for _, r := range rows {
		worst = max(worst, r.Rung)
		if r.Rung == filediff.Packages && r.CountRung(filediff.Attributes) > 0 { // of files that no package explains
			return InsideFiles
		}
	}
	if worst == filediff.Nothing {
		return InsidePacking
	}
	return codeOfRung(worst)
}

// insideOfAll returns the code of the pair with the gravest differences inside its layers. It is
// InsideUnknown if a layer that differs was not read. Pairs whose layers are the same do not count.
func insideOfAll(pairs []Pair) InsideCode {
	order := []InsideCode{InsideUnknown, InsideSame, InsidePacking, InsideTimes, InsideGenerated, InsidePackages, InsideFiles}
	worst := 0
	for _, p := range pairs {
		if !slices.ContainsFunc(p.Rows, Row.HasOtherLayers) && !p.movesLayers() {
			continue
		}
		i := slices.Index(order, p.insideCode())
		if i <= 0 {
			return InsideUnknown
		}
		worst = max(worst, i)
	}
	return order[worst]
}

// HasOtherLayers reports whether the layers of a row can hold other files on each side.
func (r Row) HasOtherLayers() bool {
	return r.Differs() && r.Class != Moved && r.Class != BothEmpty && LayersOf(r) != (RowLayers{})
}

// sameAtTheEnd returns the merged files of a pair whose layers differ though the files that they give
// together are the same, nil if they are not. A path that only one side has can be the same
// on the other side if the layers below were not read, but that is not known.
func (p Pair) sameAtTheEnd() *LayerFiles {
	if p.Inside == nil || p.Inside.merged == nil || p.Inside.merged.Rung > filediff.Times || p.Inside.merged.Unhashed > 0 ||
		!p.Inside.deletions.isEmpty() {
		return nil
	}
	rows, _ := p.readRows()
	if !slices.ContainsFunc(rows, func(r readRow) bool { return r.Rung > filediff.Times }) && !p.movesLayers() {
		return nil // each step is the same
	}
	return p.Inside.merged
}

// withFiles puts what differs inside the layers into the verdict on a pair: in place of a headline
// that only says that layers differ, else behind the evidence. judged is the verdict before its cause
// was found.
func (p Pair) withFiles(v, judged Verdict, nameA, nameB string) Verdict {
	v.Inside = p.insideCode()
	rows, complete := p.readRows()
	if len(rows) == 0 && !complete || v.isBase || v.Code == NotComparable || v.Code == Pending {
		return v
	}
	settings := p.otherSettings(nameA, nameB)
	text := p.filesText(rows, complete, settings)
	if text.IsEmpty() {
		return v
	}
	behind := v
	behind.Because = safe.Sprintf("%s. %s%s", v.Because, p.filesText(rows, complete, ""), tablesText(rows))
	behind.Rests = slices.Concat(v.Rests, p.filesRest(rows))
	if moved := p.packagesBeside(v.Headline); !moved.IsEmpty() {
		behind.Headline = safe.Sprintf("%s; %s", v.Headline, moved)
		behind.Because = v.Because
		if own := p.unpackagedText(rows); !own.IsEmpty() {
			behind.Because = safe.Sprintf("%s. %s", v.Because, upperFirst(own.String()))
		}
		behind.Because = safe.Sprintf("%s. %s", behind.Because, p.byDatabases())
		behind.Rests = append(behind.Rests, p.packagesRest()...)
	}
	behind.Proof = slices.Concat(v.Proof, p.insideProof(rows))
	if in, of, ok := p.holdsAll(nameA, nameB); ok && complete && behind.Headline == unrelatedImages {
		behind.Headline, behind.strangers = safe.Sprintf("Other layers; all files of %s are in %s", of, in), false
		if !p.Inside.areWhole() {
			behind.Rests = append(behind.Rests, Claimed)
		}
	}
	behind = behind.trusted()
	isWrong := v.isOneBuild && p.hasOtherFiles(rows)
	if !isWrong && (!complete || !p.onlyLayersDiffer(v, judged) || bothOneSided(rows) && p.sameAtTheEnd() == nil) {
		return behind
	}
	v.filesBehind = &behind
	return p.withFilesAhead(v, text, rows, isWrong)
}

// withFilesAhead puts the sentence on files, which is text, in place of the headline of a verdict. isWrong is set if what
// was read shows that the headline is wrong: it is then left out.
func (p Pair) withFilesAhead(v Verdict, text safe.Text, rows []readRow, isWrong bool) Verdict {
	if v.Headline != unrelatedImages && !isWrong {
		v.Because = safe.Sprintf("%s. %s", v.Headline, v.Because)
	}
	v.Because = safe.Sprintf("%s%s", v.Because, tablesText(rows))
	v.strangers = false
	v.Headline, v.Rests = text, p.filesRest(saidRows(rows))
	if p.packagesToTell() {
		v.Because = safe.Sprintf("%s. %s", v.Because, p.byDatabases())
		v.Rests = append(v.Rests, p.packagesRest()...)
	}
	v.Proof = slices.Concat(p.insideProof(rows), v.Proof)
	if v.Inside == InsideGenerated { // the sentence says that it is one recipe
		v.Rests = append(v.Rests, Structure)
	}
	return v.trusted()
}

// hasOtherFiles reports whether what was read shows that the files of a pair differ by more than what every build makes
// again.
func (p Pair) hasOtherFiles(rows []readRow) bool {
	if text, ok := p.mergedText(rows); ok {
		return p.sameAtTheEnd() == nil && !text.IsEmpty() && (p.Inside.merged.CountAbove(filediff.Generated) > 0 || !p.Inside.deletions.isEmpty())
	}
	return slices.ContainsFunc(rows, func(r readRow) bool { return r.Rung > filediff.Generated })
}

// tablesText is a sentence about the tables of contents that some rows were compared by, "" if all were
// compared by their archives.
func tablesText(rows []readRow) string {
	if !slices.ContainsFunc(rows, func(r readRow) bool { return r.HasTable() }) {
		return ""
	}
	return ". Files are listed by tables of contents; the archives were not read"
}

// onlyLayersDiffer reports whether the headline of a pair says no more than that layers of the same
// instructions differ: it names no cause, and no instruction that is another one, unless both sides
// have the same files at the end.
func (p Pair) onlyLayersDiffer(v, judged Verdict) bool {
	switch v.Code {
	case SameRecipe:
		return v.Headline == judged.Headline
	case SameBase:
		isOther := func(r Row) bool { return r.Differs() && (!r.SameText || r.Inside == nil) }
		return !v.differences.IsEmpty() && v.Headline == v.differences &&
			(p.sameAtTheEnd() != nil || !slices.ContainsFunc(p.Rows, isOther))
	case Unrelated:
		return v.Headline == unrelatedImages && p.mostFilesSame()
	}
	return false
}

// mostFilesSame reports whether most entries of the layers that differ are the same on both sides except for
// times: then the images are not unrelated, whatever their layers and instructions say.
func (p Pair) mostFilesSame() bool {
	rows, _ := p.readRows()
	same, all := 0, 0
	for _, r := range rows {
		same, all = same+r.Same+r.Count(filediff.Time), all+r.All()
	}
	return same > all/2
}

// saidRows are the rows that filesText speaks of: those with more than noise, if there are any.
func saidRows(rows []readRow) []readRow {
	if grave := matching(rows, func(r readRow) bool { return r.Rung > filediff.Generated }); len(grave) > 0 {
		return grave
	}
	return rows
}

// bothOneSided reports whether each side has layers without a counterpart, as where one side is
// flattened. A file of one such layer can be in another layer of the other side.
func bothOneSided(rows []readRow) bool {
	return slices.ContainsFunc(rows, func(r readRow) bool { return r.Row.A == nil }) &&
		slices.ContainsFunc(rows, func(r readRow) bool { return r.Row.B == nil })
}

// hasFile reports whether a layer holds a file.
func hasFile(l *inside.Layer) bool {
	for e := range filesOf(l).All() {
		if e.Kind == inside.File {
			return true
		}
	}
	return false
}

// atTheEndText says what differs between the files that the layers give together. It is empty
// if that is not known.
func (p Pair) atTheEndText() safe.Text {
	merged := p.Inside.merged
	isOneSided := func(ch filediff.Change) bool { return ch.A == nil || ch.B == nil }
	if merged == nil || p.Inside.partial && merged.hasAbove(filediff.Generated, isOneSided) {
		return safe.Text{} // the layers below can have a file that only one side writes
	}
	all, text := readRow{LayerFiles: merged}, p.Inside.deletions.text()
	switch {
	case merged.CountAbove(filediff.Generated) > 0 && text != "":
		text = all.changesText() + "; " + text
	case merged.CountAbove(filediff.Generated) > 0:
		text = all.changesText()
	case text == "":
		text = noiseText([]readRow{all})
	}
	if p.Inside.isBelow { // a layer above can hide it
		return safe.Sprintf("In the layers that differ, taken together, %s", text)
	}
	return safe.Sprintf("At the end, %s", text)
}

// mergedText is atTheEndText. ok is false where what differs in each step is to be said.
func (p Pair) mergedText(rows []readRow) (text safe.Text, ok bool) {
	if !p.needsMerged(rows) {
		return safe.Text{}, false
	}
	text = p.atTheEndText()
	return text, !text.IsEmpty() || bothOneSided(rows)
}

// text says what only one side deletes: "only A deletes etc/x of the layers below", "" for nothing.
func (d onlyDeletions) text() string {
	const most = 3
	var parts []string
	for _, side := range []struct {
		name string
		all  []Deletion
	}{{"A", d.a}, {"B", d.b}} {
		if len(side.all) == 0 {
			continue
		}
		names := mapped(side.all[:min(len(side.all), most)], func(d Deletion) string {
			if d.Kind == inside.OpaqueFolder {
				return "all in " + quoted(d.Path)
			}
			return quoted(d.Path)
		})
		text := "only " + side.name + " deletes " + strings.Join(names, ", ")
		if more := len(side.all) - most; more > 0 {
			text += " and " + countText(more) + " more"
		}
		parts = append(parts, text+" of the layers below")
	}
	return strings.Join(parts, "; ")
}

// holdsAll names the side that has all files of the other, as the merged layers show.
func (p Pair) holdsAll(nameA, nameB string) (in, of string, ok bool) {
	merged := p.Inside.merged
	if merged == nil || p.Inside.partial {
		return "", "", false
	}
	rows, _ := p.readRows()
	isIn := func(own func(readRow) *inside.Layer, isExtra func(filediff.Change) bool) bool {
		return !merged.hasAbove(filediff.Generated, func(ch filediff.Change) bool { return !isExtra(ch) }) &&
			slices.ContainsFunc(rows, func(r readRow) bool { return hasFile(own(r)) })
	}
	switch {
	case isIn(func(r readRow) *inside.Layer { return r.LayerFiles.A }, func(ch filediff.Change) bool { return ch.A == nil }):
		return nameB, nameA, true
	case isIn(func(r readRow) *inside.Layer { return r.LayerFiles.B }, func(ch filediff.Change) bool { return ch.B == nil }):
		return nameA, nameB, true
	}
	return "", "", false
}

// filesRest is the evidence for what differs inside some rows.
func (p Pair) filesRest(rows []readRow) []Ground {
	rests := on(Hashed)
	if p.needsMerged(rows) {
		isByRuntime := func(ch filediff.Change) bool { return ch.ByRuntime }
		if merged := p.Inside.merged; merged != nil && (merged.HaveByRuntime() || merged.hasAbove(filediff.Nothing, isByRuntime)) {
			rests = append(rests, Structure)
		}
		if p.Inside.partial { // an entry may have hidden more of the layers below before
			rests = append(rests, Structure)
		}
		if !p.Inside.areWhole() {
			rests = append(rests, Claimed)
		}
	}
	for _, r := range rows {
		if !r.verified() {
			rests = append(rests, Claimed)
		}
		if r.dependsOnRuntime() {
			rests = append(rests, Structure)
		}
		if slices.Contains(r.Rungs(), filediff.Generated) && r.Rung == filediff.Generated {
			rests = append(rests, Heuristic)
		}
	}
	return rests
}

// dependsOnRuntime reports whether runtimes can make other files of the two layers of a row: one of them
// has a path twice, or has and deletes it, so that the order of the entries counts; or deletes one by a device; or a
// folder is not listed, and a layer below can have it.
func (r readRow) dependsOnRuntime() bool {
	for _, l := range []*inside.Layer{r.LayerFiles.A, r.LayerFiles.B} {
		if l == nil || r.Rung == filediff.OtherPacking {
			continue
		}
		if x := l.Remarks; len(x.Repeated)+len(x.DeletedAndGiven)+len(x.DeviceDeletions) > 0 {
			return true
		}
	}
	return r.HaveByRuntime() || r.hasAbove(filediff.Generated, func(ch filediff.Change) bool { return ch.ByRuntime })
}

// verified reports whether both layers of a row were read to their ends, and are those that
// manifests and configs name.
func (r readRow) verified() bool {
	return isVerified(r.Row.A, r.LayerFiles.A) && isVerified(r.Row.B, r.LayerFiles.B)
}

// isVerified reports whether a layer was read to its end, and both digests are those of a step.
func isVerified(s *model.Step, l *inside.Layer) bool {
	if s == nil || l == nil {
		return true
	}
	return isWhole(l) && l.Blob == s.Layer.Digest && (s.DiffID == "" || l.DiffID == s.DiffID)
}

// IsInsideVerified reports whether the layers of a row were read to their ends, and are those that
// manifests and configs name.
func (r Row) IsInsideVerified() bool { return r.Inside != nil && readRow{r, r.Inside}.verified() }

// filesText says what differs inside some rows, in one sentence, and then the settings that differ.
func (p Pair) filesText(rows []readRow, complete bool, settings string) safe.Text {
	text := p.onlyFilesText(rows, complete, settings == "")
	if text.IsEmpty() || settings == "" {
		return text
	}
	return safe.Sprintf("%s; %s", text, settings)
}

// onlyFilesText is filesText without settings. isAll is whether nothing else differs.
func (p Pair) onlyFilesText(rows []readRow, complete, isAll bool) safe.Text {
	worst := filediff.Nothing
	for _, r := range rows {
		worst = max(worst, r.Rung)
	}
	merged, isMerged := p.mergedText(rows)
	switch {
	case p.sameAtTheEnd() != nil && worst <= filediff.Times: // layers were moved
		return safe.Const("The same files at the end")
	case p.sameAtTheEnd() != nil:
		return safe.Const("Other layers, the same files at the end")
	case p.packagesToTell():
		text := p.packagesText(safe.Text{})
		if own := p.unpackagedText(rows); !own.IsEmpty() {
			text = safe.Sprintf("%s; %s", text, own)
		}
		if !p.packagesDiffer() { // it does not begin with the name of a package
			return safe.Clean(upperFirst(text.String()))
		}
		return text
	case isMerged:
		return merged
	case worst > filediff.Generated:
		return gravestRowsText(rows)
	case !complete || p.movesLayers():
		return safe.Sprintf("In the layers that were read, %s", noiseText(rows))
	case worst == filediff.OtherPacking:
		return safe.Const("Same files, compressed in another way")
	case worst <= filediff.OtherArchive:
		return safe.Const("Same files, packed by another tool or in another order")
	case worst <= filediff.Times && isAll:
		return safe.Sprintf("Same files; %s", noiseText(rows))
	case worst <= filediff.Times:
		return safe.Sprintf("Same files but for %s", newNoise(rows).text)
	}
	return p.builtAgainText(rows, isAll)
}

// builtAgainText is the sentence on rows in which only what every build makes again differs.
func (p Pair) builtAgainText(rows []readRow, isAll bool) safe.Text {
	again, packages := "Built again with the same result", ""
	if !isAll {
		again = "Built again"
	}
	switch hasDownloads := slices.ContainsFunc(rows, func(r readRow) bool { return r.hasDownloads() }); {
	case !p.samePackages():
	case hasDownloads:
		packages = ", no installed package"
	default:
		packages = ", no package"
	}
	return safe.Sprintf("%s: %s, no program%s", again, noiseText(rows), packages)
}

// hasDownloads reports whether one side lacks a package that was downloaded.
func (r readRow) hasDownloads() bool {
	for i := range r.Len() {
		if r.RungAt(i) == filediff.Generated && r.At(i).Cause.IsDownloads() {
			return true
		}
	}
	return false
}

// noise is what every build makes again, and times.
type noise struct {
	text      string // "4 logs and 5,709 times", "" for none
	n         int
	onlyTimes bool // one kind of times
}

// noiseText counts what every build makes again, and times: "only 3 times differ".
func noiseText(rows []readRow) string {
	unhashed := 0
	for _, r := range rows {
		unhashed += r.Unhashed
	}
	text := comparedNoiseText(rows, unhashed == 0)
	if unhashed > 0 {
		text += "; the content of " + plural(unhashed, "file") + byNumber(unhashed, " was", " were") + " not compared"
	}
	return text
}

// comparedNoiseText is noiseText for what was compared. isAll is whether the contents of all files were.
func comparedNoiseText(rows []readRow, isAll bool) string {
	switch counts := newNoise(rows); {
	case counts.n == 0 && !isAll:
		return "no difference was seen"
	case counts.n == 0:
		return "nothing differs"
	case counts.onlyTimes && !isAll:
		return counts.text + byNumber(counts.n, " differs", " differ")
	case counts.onlyTimes:
		return "only " + counts.text + byNumber(counts.n, " differs", " differ")
	default:
		return counts.text + byNumber(counts.n, " differs", " differ")
	}
}

func newNoise(rows []readRow) noise {
	byCause, inside, times, folders, idle := map[string]int{}, 0, 0, 0, 0
	var causes []*filediff.Cause
	for _, r := range rows {
		for i := range r.Len() {
			switch ch := r.At(i); {
			case ch.Rung == filediff.Generated:
				if byCause[ch.Cause.Name]++; byCause[ch.Cause.Name] == 1 {
					causes = append(causes, ch.Cause)
				}
			case ch.Rung == filediff.SameInside:
				inside++
			case ch.Rung == filediff.Times:
				times++
			case ch.Rung == filediff.FolderTimes:
				folders++
			case ch.Rung == filediff.OtherArchive:
				idle++
			}
		}
	}
	var parts []string
	switch n := sumOf(byCause); n {
	case 0:
	case 1:
		parts = append(parts, "1 "+causes[0].One)
	default:
		parts = append(parts, countText(n)+" "+list(mapped(causes, func(c *filediff.Cause) string { return c.Name })))
	}
	if inside > 0 {
		parts = append(parts, countText(inside)+byNumber(inside, " file that holds a time", " files that hold times"))
	}
	if idle > 0 {
		parts = append(parts, countText(idle)+byNumber(idle, " deletion without effect", " deletions without effect"))
	}
	switch {
	case times > 0:
		parts = append(parts, countText(times+folders)+byNumber(times+folders, " time", " times"))
	case folders > 0:
		parts = append(parts, countText(folders)+byNumber(folders, " time of a folder", " times of folders"))
	}
	return noise{list(parts), sumOf(byCause) + inside + times + folders + idle, len(parts) == 1 && len(byCause) == 0 && idle == 0}
}

func sumOf(counts map[string]int) int {
	n := 0
	for _, k := range counts {
		n += k
	}
	return n
}

// countText writes a number as 5,709.
func countText(n int) string { return humanize.Comma(int64(n)) }

// gravestRowsText names the files that differ in the rows where more than noise does.
func gravestRowsText(rows []readRow) safe.Text {
	rows = matching(rows, func(r readRow) bool { return r.CountAbove(filediff.Generated) > 0 })
	slices.SortStableFunc(rows, func(x, y readRow) int { return cmp.Compare(y.Rung, x.Rung) })
	const most = 2
	var parts []string
	for _, r := range rows[:min(len(rows), most)] {
		parts = append(parts, fmt.Sprintf("step %d: %s", stepNumber(r.Row), r.changesText()))
	}
	text := strings.Join(parts, "; ")
	if more := len(rows) - most; more > 0 {
		text += "; " + plural(more, "more step") + byNumber(more, " differs", " differ")
	}
	return safe.Clean(upperFirst(text))
}

// changesText counts and names the changes of a row that are more than noise: "3 files changed:
// app/main.py +2 −1 lines, app/start.sh (no longer executable)".
func (r readRow) changesText() string {
	changes := r.own()
	counts, nouns := map[string]int{}, map[string]string{}
	for ch := range changes.All() {
		verb, noun := changeVerb(ch), changeNoun(ch)
		if counts[verb]++; counts[verb] > 1 && nouns[verb] != noun {
			noun = "path"
		}
		nouns[verb] = noun
	}
	mixed := len(counts) > 1
	var parts []string
	last := ""
	for _, verb := range changeVerbs {
		if n := counts[verb]; n > 0 {
			noun := ""
			if nouns[verb] != last {
				last = nouns[verb]
				noun = byNumber(n, " "+last, " "+last+"s")
			}
			parts = append(parts, countText(n)+noun+" "+verb)
		}
	}
	const most = 3
	names := mapped(changes.First(most), func(ch filediff.Change) string {
		if verb := changeVerb(ch); mixed && (ch.A == nil || ch.B == nil) && !ch.Unknown && !isDeletion(*cmp.Or(ch.A, ch.B)) {
			return r.changeText(ch) + " (" + verb + ")"
		}
		return r.changeText(ch)
	})
	text := list(parts) + ": " + strings.Join(names, ", ")
	if more := changes.Len() - most; more > 0 {
		text += " and " + countText(more) + " more"
	}
	return text
}

// stopsRunning reports whether a file lost the permission to run: a container that starts it fails.
func stopsRunning(ch filediff.Change) bool {
	return ch.A != nil && ch.B != nil && ch.B.Kind == inside.File && hasLost(*ch.A, *ch.B, executeBits)
}

const executeBits = 0o111

// hasLost reports whether an entry had one of some permissions and has none of them now.
func hasLost(a, b inside.Entry, bits uint16) bool { return a.Mode&bits != 0 && b.Mode&bits == 0 }

// changeVerbs are the results of changeVerb, in the order of sentences.
var changeVerbs = []string{
	"changed", "replaced", "added", addedOrReplaced, "removed", removedOrReplaced, "moved", "deleted", "no longer deleted", "on one side only",
}

// The verbs for a path that only one layer of a step has, if layers below were not read: they can have a file
// there, which the step of the other side leaves.
const (
	addedOrReplaced   = "added or replaced"
	removedOrReplaced = "removed or replaced"
)

// changeNoun is what stands at the path of a change: "file", "folder"; "path" if it is something else on each side, or if a
// layer deletes what is below.
func changeNoun(ch filediff.Change) string {
	e := cmp.Or(ch.B, ch.A)
	if ch.What.Has(filediff.Kind) || isDeletion(*e) || e.Kind == inside.Other {
		return "path"
	}
	return entryKindText(*e)
}

// changeVerb is what happened to a path.
func changeVerb(ch filediff.Change) string {
	switch {
	case ch.Unknown:
		return "on one side only"
	case ch.B != nil && isDeletion(*ch.B) && ch.A == nil:
		return "deleted"
	case ch.A != nil && isDeletion(*ch.A) && ch.B == nil:
		return "no longer deleted"
	case ch.What.Has(filediff.Moved):
		return "moved"
	case IsReplaced(ch):
		return "replaced"
	case ch.A == nil && ch.Below == filediff.UnknownBelow:
		return addedOrReplaced
	case ch.A == nil:
		return "added"
	case ch.B == nil && ch.Below == filediff.UnknownBelow:
		return removedOrReplaced
	case ch.B == nil:
		return "removed"
	}
	return "changed"
}

// IsReplaced reports whether a path that only one layer of a step has is one that the layers below have too.
func IsReplaced(ch filediff.Change) bool {
	return (ch.A == nil || ch.B == nil) && ch.Below == filediff.EntryBelow
}

// IsGain reports whether B can have something that A lacks since only one side has an entry: B alone has a
// file, or A alone deletes one of the layers below.
func IsGain(ch filediff.Change) bool {
	if ch.A == nil {
		return ch.B != nil && !isDeletion(*ch.B)
	}
	return ch.B == nil && isDeletion(*ch.A)
}

func isDeletion(e inside.Entry) bool {
	return e.Kind == inside.Whiteout || e.Kind == inside.OpaqueFolder
}

// changeText names a path with what changed beside its content.
func (r readRow) changeText(ch filediff.Change) string {
	name := pathText(ch.Path)
	note := changeNote(ch)
	if t, ok := r.Texts[ch.Path]; ok && ch.What.Has(filediff.Content) {
		name += lineCountsText(t)
	} else if HasContentBeside(ch) {
		note = "other content, " + note
	}
	if note != "" {
		name += " (" + note + ")"
	}
	return name
}

// LineCounts is "+2 −1 lines", or what alone differs.
func LineCounts(t filediff.TextChange) safe.Text {
	return safe.Clean(strings.TrimSpace(lineCountsText(t)))
}

// Summary counts the changes that are more than noise: "3 changed, 1 added", else "only noise".
func (f *LayerFiles) Summary() safe.Text {
	counts := map[string]int{}
	for i := range f.Len() {
		ch := f.At(i)
		if f.onUnread && ch.Unknown { // the layers below are what was not read, as of a step
			ch.Unknown, ch.Below = false, filediff.UnknownBelow
		}
		if ch.Rung > filediff.Generated {
			counts[changeVerb(ch)]++
		}
	}
	var parts []string
	for _, verb := range changeVerbs {
		if n := counts[verb]; n > 0 {
			parts = append(parts, countText(n)+" "+verb)
		}
	}
	if f.Unhashed > 0 {
		parts = append(parts, countText(f.Unhashed)+" not compared")
	}
	return safe.Clean(cmp.Or(strings.Join(parts, ", "), "only noise"))
}

// CountAbove returns the number of changes above a rung.
func (f *LayerFiles) CountAbove(rung filediff.Rung) int {
	n := 0
	for i := range f.Len() {
		if f.RungAt(i) > rung {
			n++
		}
	}
	return n
}

// NoiseText counts what every build makes again, and times: "4 logs and 5,709 times differ".
func (f *LayerFiles) NoiseText() string { return noiseText([]readRow{{LayerFiles: f}}) }

// lineCountsText is " +2 −1 lines".
func lineCountsText(t filediff.TextChange) string {
	switch {
	case t.Only != "":
		return " (only " + t.Only + ")"
	case t.Removed == 0:
		return fmt.Sprintf(" +%d %s", t.Added, byNumber(t.Added, "line", "lines"))
	case t.Added == 0:
		return fmt.Sprintf(" −%d %s", t.Removed, byNumber(t.Removed, "line", "lines"))
	}
	return fmt.Sprintf(" +%d −%d lines", t.Added, t.Removed)
}

// HasContentBeside reports whether the content of a file differs beside what ChangeNote says of it.
func HasContentBeside(ch filediff.Change) bool {
	const noted = filediff.Owner | filediff.Mode | filediff.Xattrs | filediff.HardLinks
	return ch.A != nil && ch.B != nil && ch.What.Has(filediff.Content) && ch.What&noted != 0 && emptiedText(*ch.A, *ch.B) == ""
}

// ChangeNote says in a few words what differs at a path beside the content of a file; it is empty for
// nothing.
func ChangeNote(ch filediff.Change) safe.Text { return safe.Clean(changeNote(ch)) }

func changeNote(ch filediff.Change) string {
	a, b := ch.A, ch.B
	switch {
	case a == nil || b == nil:
		if e := cmp.Or(a, b); isDeletion(*e) {
			if a == nil {
				return "only B " + deletionText(*e)
			}
			return "only A " + deletionText(*e)
		}
		return ""
	case ch.What.Has(filediff.Kind):
		return entryKindText(*a) + " → " + entryKindText(*b)
	}
	var notes []string
	if ch.From != "" {
		notes = append(notes, "was "+pathText(ch.From))
	}
	add := func(way filediff.What, text string) {
		if ch.What.Has(way) && text != "" {
			notes = append(notes, text)
		}
	}
	add(filediff.Content, emptiedText(*a, *b))
	add(filediff.Link, "→ "+quoted(b.Link)+", was "+quoted(a.Link))
	add(filediff.Device, fmt.Sprintf("device %d:%d → %d:%d", a.Major, a.Minor, b.Major, b.Minor))
	x, y, where := sidesOfAttributes(ch)
	add(filediff.Mode, modeText(x, y))
	add(filediff.Owner, fmt.Sprintf("owner %d:%d → %d:%d", x.UID, x.GID, y.UID, y.GID))
	add(filediff.HardLinks, hardLinkText(ch))
	add(filediff.Xattrs, cmp.Or(capabilitiesText(*a, *b), "extended attributes differ"))
	return strings.Join(notes, ", ") + where
}

// sidesOfAttributes returns the two entries of a change as a runtime makes them, and which runtime, and side, that
// is if a side does not list a folder: " in docker and podman, not listed in B". It is "" else.
func sidesOfAttributes(ch filediff.Change) (a, b inside.Entry, where string) {
	a, b = *ch.A, *ch.B
	if ch.What&(filediff.Owner|filediff.Mode|filediff.Xattrs) == 0 {
		return a, b, ""
	}
	switch {
	case a.Lent && b.Lent:
		return a, b, " in containerd"
	case ch.ByRuntime:
		where = " in docker and podman"
	}
	switch {
	case a.Implied:
		where += ", not listed in A"
	case b.Implied:
		where += ", not listed in B"
	}
	return a.WithoutLent(), b.WithoutLent(), where
}

// hardLinkText says with which name a file is one, where that differs.
func hardLinkText(ch filediff.Change) string {
	switch {
	case ch.LinkedA != "" && ch.LinkedB != "" && ch.LinkedA != ch.LinkedB:
		return "hard link of " + quoted(ch.LinkedB) + ", was of " + quoted(ch.LinkedA)
	case ch.LinkedB != "" && ch.LinkedA == "":
		return "now a hard link of " + quoted(ch.LinkedB)
	case ch.LinkedA != "" && ch.LinkedB == "":
		return "no longer a hard link of " + quoted(ch.LinkedA)
	}
	return "other hard links"
}

// emptiedText says that a file lost or got all of its content, "" else.
func emptiedText(a, b inside.Entry) string {
	switch {
	case b.Size == 0:
		return "emptied"
	case a.Size == 0:
		return "was empty"
	}
	return ""
}

// deletionText says what a whiteout does.
func deletionText(e inside.Entry) string {
	if e.Kind == inside.OpaqueFolder {
		return "hides what the layers below have in it"
	}
	return "deletes it"
}

// modeText says how the permissions of an entry changed, in words where one bit decides.
func modeText(a, b inside.Entry) string {
	const setuid, setgid = 0o4000, 0o2000
	lost := func(bits uint16) bool { return hasLost(a, b, bits) }
	gained := func(bits uint16) bool { return hasLost(b, a, bits) }
	switch {
	case lost(setuid):
		return "lost setuid"
	case gained(setuid):
		return "gained setuid"
	case lost(setgid):
		return "lost setgid"
	case gained(setgid):
		return "gained setgid"
	case lost(executeBits) && a.Kind == inside.File:
		return "no longer executable"
	case gained(executeBits) && a.Kind == inside.File:
		return "now executable"
	}
	return fmt.Sprintf("mode %04o → %04o", a.Mode, b.Mode)
}

// EntryKind is the type of an entry in words: "file", "folder".
func EntryKind(e inside.Entry) string { return entryKindText(e) }

// entryKindText is the type of an entry in words.
func entryKindText(e inside.Entry) string {
	switch e.Kind {
	case inside.File, inside.Hardlink:
		return "file"
	case inside.Folder:
		return "folder"
	case inside.Symlink:
		return "link"
	case inside.CharDevice, inside.BlockDevice:
		return "device"
	case inside.Fifo:
		return "named pipe"
	case inside.Whiteout, inside.OpaqueFolder:
		return "deletion"
	case inside.Other:
	}
	return "unknown type"
}
