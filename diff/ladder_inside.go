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
	case filediff.Attributes, filediff.Packages, filediff.Files:
	}
	return InsideFiles
}

// readRow is a row that differs, with what differs inside it.
type readRow struct {
	Row
	*LayerFiles
}

// readRows returns the rows of layers that differ. complete is false if a layer was not read, or only in part.
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
			complete = complete && !isLimited(r.Inside.A) && !isLimited(r.Inside.B)
		}
	}
	return rows, complete && len(rows) > 0
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
	worst := filediff.Nothing
	for _, r := range rows {
		worst = max(worst, r.Rung)
	}
	if worst == filediff.Nothing {
		return InsidePacking
	}
	return codeOfRung(worst)
}

// insideOfAll returns the code of the pair with the gravest differences inside its layers. It is
// InsideUnknown if a layer that differs was not read. Pairs whose layers are the same do not count.
func insideOfAll(pairs []Pair) InsideCode {
	order := []InsideCode{InsideUnknown, InsideSame, InsidePacking, InsideTimes, InsideGenerated, InsideFiles}
	worst := 0
	for _, p := range pairs {
		if !slices.ContainsFunc(p.Rows, Row.HasOtherLayers) {
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
	if p.Inside == nil || p.Inside.merged == nil || p.Inside.merged.Rung > filediff.Times || p.Inside.otherDeletions {
		return nil
	}
	rows, _ := p.readRows()
	if !slices.ContainsFunc(rows, func(r readRow) bool { return r.Rung > filediff.Times }) {
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
	if len(rows) == 0 || v.isBase || v.Code == NotComparable || v.Code == Pending {
		return v
	}
	text := p.filesText(rows, complete)
	if text.IsEmpty() {
		return v
	}
	behind := v
	behind.Because = safe.Sprintf("%s. %s", v.Because, text)
	behind.Rests = slices.Concat(v.Rests, p.filesRest(rows))
	if in, of, ok := p.holdsAll(nameA, nameB); ok && complete && behind.Headline == unrelatedImages {
		behind.Headline, behind.strangers = safe.Sprintf("Other layers; all files of %s are in %s", of, in), false
	}
	behind = behind.trusted()
	if !complete || !p.onlyLayersDiffer(v, judged) || bothOneSided(rows) && p.sameAtTheEnd() == nil {
		return behind
	}
	v.filesBehind = &behind
	if v.Headline != unrelatedImages {
		v.Because = safe.Sprintf("%s. %s", v.Headline, v.Because)
	}
	v.strangers = false
	v.Headline, v.Rests = text, p.filesRest(saidRows(rows))
	if v.Inside == InsideGenerated || v.Inside == InsideFiles { // the sentence says that it is one recipe
		v.Rests = append(v.Rests, Structure)
	}
	return v.trusted()
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

// mostFilesSame reports whether most entries of the layers that differ are the same on both sides but for
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
	if merged == nil || p.Inside.partial && slices.ContainsFunc(merged.Grave(), isOneSided) {
		return safe.Text{} // the layers below can have a file that only one side writes
	}
	all := readRow{LayerFiles: merged}
	if len(merged.Grave()) == 0 {
		return safe.Sprintf("At the end, %s", noiseText([]readRow{all}))
	}
	return safe.Sprintf("At the end, %s", all.changesText())
}

// holdsAll names the side that has all files of the other, as the merged layers show.
func (p Pair) holdsAll(nameA, nameB string) (in, of string, ok bool) {
	merged := p.Inside.merged
	if merged == nil || p.Inside.partial || p.Inside.otherDeletions {
		return "", "", false
	}
	rows, _ := p.readRows()
	isIn := func(own func(readRow) *inside.Layer, isExtra func(filediff.Change) bool) bool {
		return !slices.ContainsFunc(merged.Grave(), func(ch filediff.Change) bool { return !isExtra(ch) }) &&
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
	if p.Inside.partial && (p.sameAtTheEnd() != nil || bothOneSided(rows)) { // an entry may have hidden more of the layers below before
		rests = append(rests, Structure)
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

// dependsOnRuntime reports whether runtimes can make other files of the two layers of a row, since
// one of them has a path twice, or has and deletes it: then the order of the entries counts.
func (r readRow) dependsOnRuntime() bool {
	for _, l := range []*inside.Layer{r.LayerFiles.A, r.LayerFiles.B} {
		if l != nil && r.Rung > filediff.OtherPacking && len(l.Remarks.Repeated)+len(l.Remarks.DeletedAndGiven) > 0 {
			return true
		}
	}
	return false
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

// filesText says what differs inside some rows, in one sentence.
func (p Pair) filesText(rows []readRow, complete bool) safe.Text {
	worst := filediff.Nothing
	for _, r := range rows {
		worst = max(worst, r.Rung)
	}
	switch {
	case p.sameAtTheEnd() != nil:
		return safe.Const("Other layers, the same files at the end")
	case bothOneSided(rows):
		return p.atTheEndText()
	case worst > filediff.Generated:
		return gravestRowsText(rows)
	case !complete:
		return safe.Sprintf("In the layers that were read, %s", noiseText(rows))
	case worst == filediff.OtherPacking:
		return safe.Const("Same files, compressed in another way")
	case worst <= filediff.OtherArchive:
		return safe.Const("Same files, packed by another tool or in another order")
	case worst <= filediff.Times:
		return safe.Sprintf("Same files; %s", noiseText(rows))
	}
	return safe.Sprintf("Built again with the same result: %s, no program", noiseText(rows))
}

// noiseText counts what every build makes again, and times.
func noiseText(rows []readRow) string {
	byCause, inside, times, folders := map[string]int{}, 0, 0, 0
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
	switch {
	case times > 0:
		parts = append(parts, countText(times+folders)+byNumber(times+folders, " time", " times"))
	case folders > 0:
		parts = append(parts, countText(folders)+byNumber(folders, " time of a folder", " times of folders"))
	}
	if len(parts) == 0 {
		return "nothing differs"
	}
	only := "only "
	if len(parts) > 1 || len(byCause) > 0 {
		only = ""
	}
	verb := "differ"
	if len(parts) == 1 && sumOf(byCause)+inside+times+folders == 1 {
		verb = "differs"
	}
	return only + list(parts) + " " + verb
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
	rows = matching(rows, func(r readRow) bool { return r.Rung > filediff.Generated })
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
	changes := r.Grave()
	counts := map[string]int{}
	for _, ch := range changes {
		counts[changeVerb(ch)]++
	}
	mixed := len(counts) > 1
	var parts []string
	for _, verb := range changeVerbs {
		if n := counts[verb]; n > 0 {
			noun := ""
			if len(parts) == 0 {
				noun = byNumber(n, " file", " files")
			}
			parts = append(parts, countText(n)+noun+" "+verb)
		}
	}
	const most = 3
	names := mapped(changes[:min(len(changes), most)], func(ch filediff.Change) string {
		if verb := changeVerb(ch); mixed && (verb == "added" || verb == "removed") {
			return r.changeText(ch) + " (" + verb + ")"
		}
		return r.changeText(ch)
	})
	text := list(parts) + ": " + strings.Join(names, ", ")
	if more := len(changes) - most; more > 0 {
		text += " and " + countText(more) + " more"
	}
	return text
}

// Grave returns the changes that are more than noise: content, files and programs that no longer
// run before other attributes, and files before folders.
func (f *LayerFiles) Grave() []filediff.Change {
	var all []filediff.Change
	for i := range f.Len() {
		if ch := f.At(i); ch.Rung > filediff.Generated {
			all = append(all, ch)
		}
	}
	weight := func(ch filediff.Change) int {
		n := 0
		if !stopsRunning(ch) {
			n = 2 * int(filediff.Files-ch.Rung)
		}
		if e := cmp.Or(ch.B, ch.A); e.Kind == inside.Folder {
			n++
		}
		return n
	}
	slices.SortStableFunc(all, func(x, y filediff.Change) int { return cmp.Compare(weight(x), weight(y)) })
	return all
}

// stopsRunning reports whether a file lost the permission to run: a container that starts it fails.
func stopsRunning(ch filediff.Change) bool {
	return ch.A != nil && ch.B != nil && ch.B.Kind == inside.File && hasLost(*ch.A, *ch.B, executeBits)
}

const executeBits = 0o111

// hasLost reports whether an entry had one of some permissions and has none of them now.
func hasLost(a, b inside.Entry, bits uint16) bool { return a.Mode&bits != 0 && b.Mode&bits == 0 }

// changeVerbs are the results of changeVerb, in the order of sentences.
var changeVerbs = []string{"changed", "added", "removed", "moved", "deleted", "no longer deleted"}

// changeVerb is what happened to a path.
func changeVerb(ch filediff.Change) string {
	switch {
	case ch.B != nil && isDeletion(*ch.B) && ch.A == nil:
		return "deleted"
	case ch.A != nil && isDeletion(*ch.A) && ch.B == nil:
		return "no longer deleted"
	case ch.What.Has(filediff.Moved):
		return "moved"
	case ch.A == nil:
		return "added"
	case ch.B == nil:
		return "removed"
	}
	return "changed"
}

func isDeletion(e inside.Entry) bool {
	return e.Kind == inside.Whiteout || e.Kind == inside.OpaqueFolder
}

// changeText names a path with what changed beside its content.
func (r readRow) changeText(ch filediff.Change) string {
	name := quoted(ch.Path)
	if t, ok := r.Texts[ch.Path]; ok && ch.What.Has(filediff.Content) {
		name += lineCountsText(t)
	}
	if note := changeNote(ch); note != "" {
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
		if ch := f.At(i); ch.Rung > filediff.Generated {
			counts[changeVerb(ch)]++
		}
	}
	var parts []string
	for _, verb := range changeVerbs {
		if n := counts[verb]; n > 0 {
			parts = append(parts, countText(n)+" "+verb)
		}
	}
	return safe.Clean(cmp.Or(strings.Join(parts, ", "), "only noise"))
}

// CountAbove returns the number of changes above a rung.
func (f *LayerFiles) CountAbove(rung filediff.Rung) int {
	n := 0
	for i := range f.Len() {
		if f.At(i).Rung > rung {
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
	case ch.From != "" && ch.What.Has(filediff.Moved):
		return "was " + quoted(ch.From)
	case ch.What.Has(filediff.Kind):
		return entryKindText(*a) + " → " + entryKindText(*b)
	}
	var notes []string
	add := func(way filediff.What, text string) {
		if ch.What.Has(way) && text != "" {
			notes = append(notes, text)
		}
	}
	add(filediff.Link, "→ "+quoted(b.Link)+", was "+quoted(a.Link))
	add(filediff.Device, fmt.Sprintf("device %d:%d → %d:%d", a.Major, a.Minor, b.Major, b.Minor))
	add(filediff.Mode, modeText(*a, *b))
	add(filediff.Owner, fmt.Sprintf("owner %d:%d → %d:%d", a.UID, a.GID, b.UID, b.GID))
	add(filediff.Xattrs, cmp.Or(capabilitiesText(*a, *b), "extended attributes differ"))
	return strings.Join(notes, ", ")
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
