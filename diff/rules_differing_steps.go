package diff

import (
	"fmt"
	"slices"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// firstDifferent (D1) reports how many first steps are the same and how many above the
// first difference differ.
func firstDifferent(_ Comparison, p Pair) []Finding {
	if p.Verdict.Code != SameBase && p.Verdict.Code != SameRecipe {
		return nil
	}
	first := slices.IndexFunc(p.Rows, differs)
	if first < 1 {
		return nil
	}
	row, later := p.Rows[first], "; no later step differs"
	if above := countOf(p.Rows[first+1:], differs); above > 0 {
		later = ". " + laterSteps(above, len(p.Rows)-first-1)
	}
	return []Finding{{
		Rests: filesGrounds(p.Rows[:first]), Evidence: evidenceOf([]Row{row}), Proof: rowProof(row),
		Text: safe.Sprintf("The first %s the same on both sides. The first difference is step %d%s.",
			afterFirst(first, "step")+" "+isAre(first), stepNumber(row), later),
		Next: safe.Const("Open this step first"),
	}}
}

// laterSteps says how many of the n steps after the first difference differ, at least one.
func laterSteps(differ, n int) string {
	switch {
	case n == 1:
		return "The one later step differs, too"
	case differ == n && n == 2:
		return "Both later steps differ, too"
	case differ == n:
		return fmt.Sprintf("All %d later steps differ, too", n)
	case differ == 1:
		return fmt.Sprintf("1 of the %d later steps differs", n)
	}
	return fmt.Sprintf("%d of the %d later steps differ", differ, n)
}

// differs is Row.Differs without rows whose layers have the same content.
func differs(r Row) bool {
	return r.Differs() && r.Class != RepackedRow && r.Class != BothEmpty
}

// rebuiltDifferently (D4): the same instruction gave different layers. It is the cause only
// if no lower step differs. Layers with the same files and other times differ too, so the
// texts do not mention files.
func rebuiltDifferently(c Comparison, p Pair) []Finding {
	isRebuilt := func(r Row) bool { // two imports without text are not one step
		return r.builtAgain() && r.A != nil && r.B != nil && r.A.CreatedBy != "" && !r.writtenInTwoWays()
	}
	differ := matching(p.Rows, differs)
	rebuilt := matching(differ, isRebuilt)
	if len(rebuilt) == 0 || platformsContradict(p.A.Platform(), p.B.Platform()) { // other machines have other files
		return nil
	}
	if p.convertedWhole() || p.convertedApart() {
		return nil // the tool that wrote all layers again is the cause, not this step
	}
	first, cause := rebuilt[0], isRebuilt(differ[0])
	if p.hashedByTwo(first.A, first.B) {
		return nil // two builders give two layers of the same files
	}
	text := instructionText(*first.A)
	if !slices.ContainsFunc(rebuilt, func(r Row) bool { return !r.sameFilesRead() }) {
		return []Finding{{
			Severity: 1, Rests: on(Hashed), Evidence: evidenceOf([]Row{first}), Check: c.LayerCheck(first),
			Proof: append(rowProof(first), safe.Sprintf("digest of each archive without times: %s", first.A.Untimed)),
			Text: safe.Sprintf("Step %d gave the same files on both sides (%s). Its layers were read: only %s%s.",
				stepNumber(first), text, formDiffers(rebuilt), moreLayersText(len(rebuilt)-1)),
			Next: safe.Const("Nothing to fix, unless the same bytes are expected"),
		}}
	}
	if f, ok := c.filesGiven(p, rebuilt); ok {
		return []Finding{f}
	}
	if f, ok := c.otherLayers(p, rebuilt); ok {
		return []Finding{f}
	}
	if _, complete := p.readRows(); complete {
		return nil // group H says which files differ
	}
	if first.FilesOf > 0 && first.FilesOf < stepNumber(first) {
		text = fmt.Sprintf("The layer of steps %d to %d", first.FilesOf, stepNumber(first))
	}
	f := Finding{Rests: on(Hashed), Evidence: evidenceOf(rebuilt), Proof: rowProof(first), Check: c.LayerCheck(first)}
	if !cause && stepNumber(first) == 1 {
		return nil // the step has nothing below it that could be the cause
	}
	if !cause {
		// That a builder runs later steps again is how builders work; no hash shows it.
		f.Rests = on(Hashed, Structure)
		f.Text = safe.Sprintf("%s the same instruction on both sides but different layers. "+
			"An earlier step differs, so builders run later steps again.",
			upperFirst(stepsText(rowSteps(rebuilt)))+" "+hasHave(len(rebuilt)))
		f.Next = safe.Const("Check the first difference")
		return []Finding{f}
	}
	f.Severity = 2
	f.Text = safe.Sprintf("%s has different layers on the two sides%s%s.", text, sizesText(first), moreStepsText(len(rebuilt)-1))
	f.Next = safe.Const("No earlier step differs, so its inputs differ or it is not reproducible. " +
		"Pin versions, or compare the files that it copied")
	if p.madeByTwo(first) {
		f.Next = safe.Const("Compare the files of the two layers: two builders write the same files in different bytes")
	}
	return []Finding{f}
}

// otherLayers is D4 for layers that a tool puts beside each other, as Nix, Jib and
// buildpacks do: none of them follows from the ones below.
func (c Comparison) otherLayers(p Pair, rebuilt []Row) (Finding, bool) {
	isOne := assembledIn(imageOf(p.A), p.baseA)
	if slices.ContainsFunc(rebuilt, func(r Row) bool { return !isOne(r.A) }) {
		return Finding{}, false
	}
	names := mapped(rebuilt, func(r Row) string { return instructionText(*r.A) })
	layers := countOf(imageOf(p.A).Steps, hasFiles)
	return Finding{
		Severity: 1, Rests: on(Claimed), Evidence: evidenceOf(rebuilt), Proof: rowProof(rebuilt[0]), Check: c.LayerCheck(rebuilt[0]),
		Text: safe.Sprintf("%s: %s.", layersDiffer(len(rebuilt), layers), list(names)),
		Next: safe.Const("Compare the files of these layers"),
	}, true
}

// filesGiven is D4 for a COPY or ADD of which both sides record a hash of the files. The
// hash decides: whether a step below differs does not matter to such a step.
func (c Comparison) filesGiven(p Pair, rebuilt []Row) (Finding, bool) {
	inBase := p.baseB.Steps
	for _, r := range rebuilt {
		hashes := p.compareHashes(r.A, r.B)
		if hashes == dockerfile.Unknown {
			continue
		}
		f := Finding{
			Severity: 2, Rests: on(Claimed), Evidence: evidenceOf([]Row{r}), Check: c.LayerCheck(r),
			Proof: append(rowProof(r), safe.Sprintf("created_by(A) = %s", r.A.CreatedBy), safe.Sprintf("created_by(B) = %s", r.B.CreatedBy)),
		}
		if hashes == dockerfile.OtherFiles {
			nameA, nameB := c.names()
			f.Text = safe.Sprintf("Step %d was given other files: %s has %s, %s has %s.",
				stepNumber(r), nameA, instructionText(*r.A), nameB, instructionText(*r.B))
			f.Next = safe.Const("Compare the files that it copies. The hashes are those of the builder")
			if r.B.Index < inBase {
				f.Severity, f.Next = 1, safe.Const("It is a step of the base image: compare the two bases")
			}
			return f, true
		}
		f.Severity = 1
		f.Text = safe.Sprintf("Step %d was given the same files on both sides (%s). Its layers differ, so only dates or owners can differ.",
			stepNumber(r), instructionText(*r.A))
		f.Next = safe.Const("Nothing to fix, unless the same bytes are expected")
		return f, true
	}
	return Finding{}, false
}

// onlyDatesDiffer reports whether all of these steps have the same files on both sides, see givenSame.
func (p Pair) onlyDatesDiffer(rows []Row) bool {
	return !slices.ContainsFunc(rows, func(r Row) bool { return !p.givenSame(r) })
}

// writtenInTwoWays reports whether two builders recorded what may be one COPY or ADD: one
// with a hash of the files, the other with their names. Nothing shows that the files are the same.
func (r Row) writtenInTwoWays() bool {
	return r.A != nil && r.B != nil && !dockerfile.SameStep(*r.A, *r.B) && dockerfile.SameCopy(r.A.Instruction, r.B.Instruction)
}

// sizesText returns the sizes of both layers of a row, "" if one is unknown.
func sizesText(r Row) string {
	if r.A.Layer.Size <= 0 || r.B.Layer.Size <= 0 {
		return ""
	}
	return " (" + bytesText(r.A.Layer.Size) + " → " + bytesText(r.B.Layer.Size) + ")"
}

func moreStepsText(n int) string {
	if n == 0 {
		return ""
	}
	return "; so " + hasHave(n) + " " + plural(n, "later step")
}

// copiedNothing (D5): a COPY or ADD gave files on one side and none on the other.
func copiedNothing(c Comparison, p Pair) []Finding {
	nameA, nameB := c.names()
	var found []Finding
	for _, r := range p.Rows {
		if r.Detail != Emptied && r.Detail != Filled || r.A == nil || r.B == nil || r.A.DiffID != "" && r.A.DiffID == r.B.DiffID {
			continue
		}
		full, empty, in, notIn := r.A, r.B, nameA, nameB
		if r.Detail == Filled {
			full, empty, in, notIn = r.B, r.A, nameB, nameA
		}
		if !isCopy(full) || !isCopy(empty) || !empty.HasLayer {
			continue
		}
		f := Finding{
			Severity: 3, Rests: emptyGrounds(*empty), Evidence: evidenceOf([]Row{r}), Proof: rowProof(r), Check: c.LayerCheck(r),
			Text: safe.Sprintf("%s added no file in %s. In %s it added %s.", instructionText(*empty), notIn, in, sizeText(full.Layer.Size)),
			Next: safe.Const("Check .dockerignore, the stage it copies from, and the build cache"),
		}
		if p.Verdict.Code != NotComparable { // else the verdict says more
			f.Lead = safe.Sprintf("%s copied nothing in %s", instructionText(*empty), notIn)
		}
		found = append(found, f)
	}
	return found
}

func isCopy(s *model.Step) bool {
	v := dockerfile.Verb(s.Instruction)
	return v == "COPY" || v == "ADD"
}

// orderChanged (D6): the same layers in a different order. Upper layers hide files of lower
// ones, so the files can differ.
func orderChanged(_ Comparison, p Pair, a, b *model.Image) []Finding {
	inA, inB := fileContents(*a), fileContents(*b)
	if len(inA) < 2 || len(inA) != len(inB) || slices.Equal(inA, inB) {
		return nil
	}
	sortedA, sortedB := slices.Sorted(slices.Values(inA)), slices.Sorted(slices.Values(inB))
	if !slices.Equal(sortedA, sortedB) {
		return nil
	}
	moved := matching(p.Rows, func(r Row) bool { return r.Class == Moved })
	swapped := swappedText(*a, *b)
	if swapped != "" {
		swapped = ": " + swapped + " changed places"
	}
	return []Finding{{
		Severity: 2, Rests: filesGrounds(p.Rows), Evidence: evidenceOf(moved),
		Text: safe.Sprintf("The same %s are in a different order%s. Upper layers hide files of lower ones, so the files can differ.",
			plural(len(inA), "layer"), swapped),
		Next:  safe.Const("Check the tool that copied the image, or whether the manifest was made by hand. Build it again"),
		Proof: []safe.Text{safe.Sprintf("the %d diff_ids of A and of B are the same set in a different order", len(inA))},
	}}
}

// swappedText names the two steps of A whose layers are in the place of each other in B, while all
// others keep theirs, "" if the order differs in more.
func swappedText(a, b model.Image) string {
	stepsA, inB := matching(a.Steps, hasFiles), fileContents(b)
	if len(stepsA) != len(inB) {
		return ""
	}
	var at []int
	for i, s := range stepsA {
		if contentOf(s) != digest.Digest(inB[i]) {
			at = append(at, i)
		}
	}
	if len(at) != 2 || string(contentOf(stepsA[at[0]])) != inB[at[1]] || string(contentOf(stepsA[at[1]])) != inB[at[0]] {
		return ""
	}
	name := func(s model.Step) string {
		if !hasInstruction(s) {
			return fmt.Sprintf("step %d", s.Index+1)
		}
		return fmt.Sprintf("%s (step %d)", instructionText(s), s.Index+1)
	}
	return name(stepsA[at[0]]) + " and " + name(stepsA[at[1]])
}

// fileContents returns the contents (see contentOf) of the layers with files, oldest first.
func fileContents(img model.Image) []string {
	var out []string
	for i := range img.Steps {
		if content := fileContent(&img.Steps[i]); content != "" {
			out = append(out, string(content))
		}
	}
	return out
}
