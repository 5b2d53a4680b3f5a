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
	InsideGenerated InsideCode = "generated" // only what every build makes anew
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
		case !r.Differs() || r.Class == Moved || r.Class == BothEmpty || LayersOf(r) == (RowLayers{}):
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
// that only says that layers differ, else behind the evidence.
func (p Pair) withFiles(v Verdict) Verdict {
	v.Inside = p.insideCode()
	rows, complete := p.readRows()
	if len(rows) == 0 || v.isBase || v.Code == NotComparable || v.Code == Pending {
		return v
	}
	text := p.filesText(rows, complete)
	if text.IsEmpty() {
		return v
	}
	plain := v.Code == SameRecipe || v.Code == SameBase && !v.differences.IsEmpty() && v.Headline == v.differences
	if !plain || !complete {
		v.Because = safe.Sprintf("%s. Inside: %s", v.Because, lowerFirst(text))
		v.Rests = slices.Concat(v.Rests, p.filesRest(rows))
		return v.trusted()
	}
	v.Because = safe.Sprintf("%s. %s", v.Headline, v.Because)
	v.Headline, v.Rests = text, p.filesRest(rows)
	if v.Inside == InsideGenerated || v.Inside == InsideFiles { // the sentence says that it is one recipe
		v.Rests = append(v.Rests, Structure)
	}
	return v.trusted()
}

// filesRest is the evidence for what differs inside some rows.
func (p Pair) filesRest(rows []readRow) []Ground {
	rests := on(Hashed)
	if p.sameAtTheEnd() != nil && p.Inside.partial { // an entry may have hidden more of the layers below before
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
	return l.How == inside.Full && l.Broken == "" && len(l.Left) == 0 && l.Blob == s.Layer.Digest && (s.DiffID == "" || l.DiffID == s.DiffID)
}

// filesText says what differs inside some rows, in one sentence.
func (p Pair) filesText(rows []readRow, complete bool) safe.Text {
	worst := filediff.Nothing
	for _, r := range rows {
		worst = max(worst, r.Rung)
	}
	switch {
	case p.sameAtTheEnd() != nil:
		return safe.Const("Other layers, the same files at the end")
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

// noiseText counts what every build makes anew, and times.
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
	names := mapped(changes[:min(len(changes), most)], r.changeText)
	text := list(parts) + ": " + strings.Join(names, ", ")
	if more := len(changes) - most; more > 0 {
		text += " and " + countText(more) + " more"
	}
	return text
}

// Grave returns the changes that are more than noise: content and files before attributes, and
// files before folders.
func (f *LayerFiles) Grave() []filediff.Change {
	var all []filediff.Change
	for i := range f.Len() {
		if ch := f.At(i); ch.Rung > filediff.Generated {
			all = append(all, ch)
		}
	}
	weight := func(ch filediff.Change) int {
		n := 2 * int(filediff.Files-ch.Rung)
		if e := cmp.Or(ch.B, ch.A); e.Kind == inside.Folder {
			n++
		}
		return n
	}
	slices.SortStableFunc(all, func(x, y filediff.Change) int { return cmp.Compare(weight(x), weight(y)) })
	return all
}

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

// Summary counts the changes that are more than noise: "3 changed, 1 added", else "no file changed".
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
	return safe.Clean(cmp.Or(strings.Join(parts, ", "), "no file changed"))
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
		switch e := cmp.Or(a, b); {
		case !isDeletion(*e):
			return ""
		case b == nil:
			return "only A " + deletionText(*e)
		default:
			return deletionText(*e)
		}
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
	const execute, setuid, setgid = 0o111, 0o4000, 0o2000
	lost := func(bits uint16) bool { return a.Mode&bits != 0 && b.Mode&bits == 0 }
	gained := func(bits uint16) bool { return a.Mode&bits == 0 && b.Mode&bits != 0 }
	switch {
	case lost(setuid):
		return "lost setuid"
	case gained(setuid):
		return "gained setuid"
	case lost(setgid):
		return "lost setgid"
	case gained(setgid):
		return "gained setgid"
	case lost(execute) && a.Kind == inside.File:
		return "no longer executable"
	case gained(execute) && a.Kind == inside.File:
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
