package diff

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/diff/filediff"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/safe"
)

// rowsOn returns the rows of a pair whose differences a rung explains. Where the content of a file was not compared,
// no rung explains that nothing else differs.
func (p Pair) rowsOn(rungs ...filediff.Rung) []readRow {
	rows, _ := p.readRows()
	return matching(rows, func(r readRow) bool {
		return slices.Contains(rungs, r.Rung) && (r.Unhashed == 0 || r.Rung > filediff.Generated)
	})
}

func plainRows(rows []readRow) []Row { return mappedTo(rows, func(r readRow) Row { return r.Row }) }

// readSteps are the indexes of the steps of rows, each once.
func readSteps(rows []readRow) []int {
	steps := mappedTo(rows, func(r readRow) int { return stepNumber(r.Row) - 1 })
	slices.Sort(steps)
	return slices.Compact(steps)
}

// readStepsText is "Step 7" or "Steps 7 and 9" of rows.
func readStepsText(rows []readRow) string { return upperFirst(stepsText(readSteps(rows))) }

// readStepsDo is "Step 7 holds" or "Steps 7 and 9 hold" of rows, with the verb for one step or for several.
func readStepsDo(rows []readRow, one, several string) string {
	return readStepsText(rows) + " " + byNumber(len(readSteps(rows)), one, several)
}

// nothingToFix is the next step where a difference does no harm.
var nothingToFix = safe.Const("Nothing to fix. To get equal bytes, build with SOURCE_DATE_EPOCH and rewrite-timestamp=true")

// sameButTimes (H1): only times differ in a step.
func sameButTimes(_ Comparison, p Pair) []Finding {
	rows := p.rowsOn(filediff.FolderTimes, filediff.Times)
	if len(rows) == 0 {
		return nil
	}
	times, folders := 0, 0
	for _, r := range rows {
		times += r.CountRung(filediff.Times) + r.CountRung(filediff.FolderTimes)
		folders += r.CountRung(filediff.FolderTimes)
	}
	of := ""
	if folders > 0 {
		of = ", " + countText(folders) + byNumber(folders, " of a folder", " of folders")
	}
	return []Finding{{
		Severity: 0, Rests: p.filesRest(rows), Evidence: evidenceOf(plainRows(rows)),
		Text: safe.Sprintf("%s the same files on both sides; only times differ (%s%s).", readStepsDo(rows, "holds", "hold"),
			countText(times), of),
		Next: nothingToFix, Proof: countProof(rows),
	}}
}

// countProof counts the entries of some rows by how they compare.
func countProof(rows []readRow) []safe.Text {
	return mappedTo(rows, func(r readRow) safe.Text {
		return safe.Sprintf("step %d: %s in A, %s in B; %s the same, %s in time alone, %s in more%s", stepNumber(r.Row),
			entriesText(r.EntriesA), entriesText(r.EntriesB), countText(r.Same),
			countText(r.Count(filediff.Time))+byNumber(r.Count(filediff.Time), " differs", " differ"),
			countText(r.Len()-r.Count(filediff.Time)), r.sourceText())
	})
}

// sourceText says that a list is from a table of contents, "" if both are from archives.
func (f *LayerFiles) sourceText() string {
	if !f.HasTable() {
		return ""
	}
	return "; listed by table of contents, which the archive may contradict"
}

// sameFilesOtherArchive (H2): two archives of the same entries.
func sameFilesOtherArchive(_ Comparison, p Pair) []Finding {
	rows := p.rowsOn(filediff.OtherArchive)
	if len(rows) == 0 {
		return nil
	}
	return []Finding{{
		Severity: 0, Rests: p.filesRest(rows), Evidence: evidenceOf(plainRows(rows)),
		Text: safe.Sprintf("%s the same files on both sides. Another tool wrote the archive, or in another order.",
			readStepsDo(rows, "holds", "hold")),
		Next: safe.Const("Nothing to fix: containers get the same files"), Proof: countProof(rows),
	}}
}

// onlyGenerated (H3): every build makes what differs again.
func onlyGenerated(_ Comparison, p Pair) []Finding {
	rows := p.rowsOn(filediff.SameInside, filediff.Generated)
	if len(rows) == 0 {
		return nil
	}
	f := Finding{
		Severity: 0, Rests: p.filesRest(rows), Evidence: evidenceOf(plainRows(rows)), Proof: countProof(rows),
		Text: safe.Sprintf("In %s, %s: every build makes such files again.", lowerFirst(safe.Clean(readStepsText(rows))), noiseText(rows)),
		Next: nothingToFix,
	}
	if fix := firstFix(rows); fix != "" {
		f.Next = safe.Sprintf("Nothing to fix. To get equal bytes: %s", fix)
	}
	return []Finding{f}
}

// firstFix is the fix of the first known cause in some rows, "" for none.
func firstFix(rows []readRow) string {
	for _, r := range rows {
		for i := range r.Len() {
			if ch := r.At(i); ch.Cause != nil && ch.Cause.Fix != "" {
				return ch.Cause.Name + ": " + ch.Cause.Fix
			}
		}
	}
	return ""
}

// filesChanged (H6): files differ, and nothing explains it. If each side has layers without a
// counterpart, the files that all layers give together are compared.
func filesChanged(_ Comparison, p Pair) []Finding {
	var found []Finding
	if p.sameAtTheEnd() != nil {
		return nil
	}
	rows, _ := p.readRows()
	if text, ok := p.mergedText(rows); ok {
		if !text.IsEmpty() && (p.Inside.merged.CountAbove(filediff.Generated) > 0 || !p.Inside.deletions.isEmpty()) {
			found = append(found, Finding{
				Severity: 1, Rests: p.filesRest(rows), Evidence: evidenceOf(plainRows(rows)), Proof: countProof(rows),
				Text: safe.Sprintf("%s.", text), Next: safe.Const("Look at the files (tab Files)"),
			})
		}
		return found
	}
	for _, r := range p.rowsOn(filediff.Files) {
		found = append(found, Finding{
			Severity: 1, Rests: p.filesRest([]readRow{r}), Evidence: evidenceOf([]Row{r.Row}), Proof: countProof([]readRow{r}),
			Text: safe.Sprintf("In step %d, %s.", stepNumber(r.Row), r.changesText()),
			Next: safe.Const("Look at the files (tab Files)"),
		})
	}
	return found
}

// ownersOrModes (H7): attributes differ where the content is the same. Those that tools of the build set are no reason
// for a warning.
func ownersOrModes(_ Comparison, p Pair) []Finding {
	rows, _ := p.readRows()
	var found []Finding
	for _, r := range rows {
		owners, modes := r.Count(filediff.Owner), r.Count(filediff.Mode)
		for i := range r.Len() {
			if ch := r.At(i); isSetByBuild(ch) {
				if ch.What.Has(filediff.Owner) {
					owners--
				} else {
					modes--
				}
			}
		}
		if owners+modes == 0 {
			continue
		}
		var parts []string
		if owners > 0 {
			parts = append(parts, countText(owners)+byNumber(owners, " path has another owner", " paths have other owners")+ownersText(r))
		}
		if modes > 0 {
			parts = append(parts, countText(modes)+byNumber(modes, " path has", " paths have")+" other permissions")
		}
		found = append(found, Finding{
			Severity: 2, Rests: p.filesRest([]readRow{r}), Evidence: evidenceOf([]Row{r.Row}), Proof: countProof([]readRow{r}),
			Text: safe.Sprintf("In step %d, %s: %s.", stepNumber(r.Row), list(parts), pathsText(r, filediff.Owner|filediff.Mode)),
			Next: safe.Const("Check that the user of the container can still read and run them; COPY has --chown and --chmod"),
		})
	}
	return found
}

// isSetByBuild reports whether only the owner or mode of a path differ, and each build sets them.
func isSetByBuild(ch filediff.Change) bool {
	const others = filediff.Added | filediff.Removed | filediff.Content
	return ch.Rung == filediff.Generated && ch.What&others == 0 && ch.What&(filediff.Owner|filediff.Mode) != 0
}

// ownersText is " (0:0, were 1000:1000)" if all paths changed their owner in the same way.
func ownersText(r readRow) string {
	text := ""
	for i := range r.Len() {
		ch := r.At(i)
		if !ch.What.Has(filediff.Owner) || ch.A == nil || ch.B == nil || isSetByBuild(ch) {
			continue
		}
		t := fmt.Sprintf(" (%d:%d, in A %d:%d)", ch.B.UID, ch.B.GID, ch.A.UID, ch.A.GID)
		if text != "" && t != text {
			return ""
		}
		text = t
	}
	return text
}

// pathsText names the first paths that differ in one of some ways.
func pathsText(r readRow, ways filediff.What) string {
	const most = 3
	var paths []string
	for i := range r.Len() {
		if ch := r.At(i); ch.What&ways != 0 && ch.A != nil && ch.B != nil && !isSetByBuild(ch) {
			paths = append(paths, pathText(ch.Path))
		}
	}
	if more := len(paths) - most; more > 0 {
		return strings.Join(paths[:most], ", ") + " and " + countText(more) + " more"
	}
	return list(paths)
}

// powerChanged (H9): a file gained or lost setuid, setgid or capabilities.
func powerChanged(_ Comparison, p Pair) []Finding {
	rows, _ := p.readRows()
	var found []Finding
	for _, r := range rows {
		var changes []string
		for i := range r.Len() {
			ch := r.At(i)
			if ch.A == nil || ch.B == nil || ch.B.Kind != inside.File || ch.A.Kind != inside.File {
				continue
			}
			if text := powerText(*ch.A, *ch.B); text != "" {
				changes = append(changes, pathText(ch.Path)+" "+text)
			}
		}
		if len(changes) == 0 {
			continue
		}
		found = append(found, Finding{
			Severity: 2, Rests: p.filesRest([]readRow{r}), Evidence: evidenceOf([]Row{r.Row}),
			Text: safe.Sprintf("In step %d, %s.", stepNumber(r.Row), list(changes)),
			Next: safe.Const("Check that this was meant. Some builders do not store capabilities"),
		})
	}
	return found
}

// powerText says which power a file gained or lost, "" for none.
func powerText(a, b inside.Entry) string {
	const setuid, setgid = 0o4000, 0o2000
	var parts []string
	for _, bit := range []struct {
		mask uint16
		name string
	}{{setuid, "setuid"}, {setgid, "setgid"}} {
		switch hadIt, hasIt := a.Mode&bit.mask != 0, b.Mode&bit.mask != 0; {
		case hadIt && !hasIt:
			parts = append(parts, "lost "+bit.name)
		case !hadIt && hasIt:
			parts = append(parts, "gained "+bit.name)
		}
	}
	if text := capabilitiesText(a, b); text != "" {
		parts = append(parts, text)
	}
	return strings.Join(parts, " and ")
}

// capabilitiesText says which capabilities a file gained or lost, "" for none.
func capabilitiesText(a, b inside.Entry) string {
	switch had, has := filediff.Capabilities(a), filediff.Capabilities(b); {
	case had == has:
		return ""
	case has == "":
		return "lost " + had
	case had == "":
		return "gained " + has
	default:
		return "has " + has + ", had " + had
	}
}

// sameFilesAtTheEnd (H20): other layers give the same files.
func sameFilesAtTheEnd(_ Comparison, p Pair) []Finding {
	merged := p.sameAtTheEnd()
	if merged == nil {
		return nil
	}
	rows, _ := p.readRows()
	times := ""
	if merged.Rung > filediff.Nothing {
		times = "; only times differ (" + countText(merged.Len()) + ")"
	}
	differing := "Layers are in another order"
	if slices.ContainsFunc(rows, func(r readRow) bool { return r.Rung > filediff.Times }) {
		differing = readStepsDo(rows, "differs", "differ")
	}
	evidence := slices.Concat(plainRows(rows), matching(p.Rows, isMovedLayer))
	return []Finding{{
		Severity: 0, Rests: p.filesRest(rows), Evidence: evidenceOf(evidence),
		Text: safe.Sprintf("%s, and the files that the layers give together are the same (%s)%s.", differing,
			entriesText(merged.EntriesA), times),
		Next: safe.Const("Nothing to fix: containers get the same files"),
		Proof: []safe.Text{safe.Sprintf("merged entries: %s in A, %s in B, %s the same", countText(merged.EntriesA),
			countText(merged.EntriesB), countText(merged.Same))},
	}}
}

// entriesText counts entries of an archive.
func entriesText(n int) string { return countText(n) + byNumber(n, " entry", " entries") }
