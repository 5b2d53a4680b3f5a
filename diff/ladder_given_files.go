package diff

import (
	"fmt"
	"slices"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// firstGiven returns the step that explains the layer of the step with an index. That is
// the step itself, except where buildah keeps the files of a stage in one layer: then it is
// the first COPY or ADD of the stage that was given other files, or the first step with
// files. stage is the text "steps 4 to 7" for such a layer.
func (l *ladder) firstGiven(at int) (step model.Step, stage string) {
	from := l.stageFrom(at)
	if from == at {
		return l.a.Steps[at], ""
	}
	stage = fmt.Sprintf("steps %d to %d", from+1, at+1)
	for _, s := range l.a.Steps[from : at+1] {
		if dockerfile.CompareHashes(s.Instruction, l.b.Steps[s.Index].Instruction) == dockerfile.OtherFiles {
			return s, stage
		}
	}
	return l.a.Steps[from], stage
}

// stageFrom is the index of the oldest step whose files are in the layer of the step at an
// index.
func (l *ladder) stageFrom(at int) int {
	for _, r := range l.p.Rows {
		if r.A != nil && r.B != nil && r.A.Index == at && r.FilesOf > 0 {
			return min(r.FilesOf-1, at)
		}
	}
	return at
}

// givenFiles says what the hashes of a builder say about the steps whose layers differ, in
// short and as a sentence. ok is false if they tell nothing.
func (l *ladder) givenFiles(differ []int, first model.Step, stage string) (inShort string, sentence safe.Text, ok bool) {
	other := l.b.Steps[first.Index]
	compared := dockerfile.CompareHashes(first.Instruction, other.Instruction)
	same := sameInstructions(len(l.a.Steps))
	switch {
	case compared == dockerfile.OtherFiles:
		return fmt.Sprintf("step %d was given other files", first.Index+1),
			safe.Sprintf("%s; by the hashes of the builder, other files were given: %s has %s, %s has %s%s", same,
				l.nameA, instructionText(first), l.nameB, instructionText(other), moreLayersText(len(differ)-1)), true
	case stage != "":
		return "one of the " + stage + " gave different files",
			safe.Sprintf("%s; the %s gave one layer, so it does not tell which of them differs%s", same, stage, moreLayersText(len(differ)-1)), true
	case l.onlyDates(differ):
		return "only dates or owners differ in " + stepsText(differ),
			safe.Sprintf("%s; by the hashes of the builder, %s %s given the same files (%s), so only dates or owners differ in %s", same,
				stepsText(differ), byNumber(len(differ), "was", "were"), instructionText(first),
				byNumber(len(differ), "its layer", "their layers")), true
	}
	return "", safe.Text{}, false
}

// ownFilesText names the COPY and ADD steps from a step on, by its index in A, that were given
// other files, as hashes of the builder say, or gave another layer. It is "" if there are none,
// and begins with "; ".
func ownFilesText(rows []Row, from int) string {
	var given, gave []string
	for _, r := range rows {
		if r.A == nil || r.B == nil || r.A.Index < from || !copiesFiles(r.A) || !dockerfile.SameStep(*r.A, *r.B) || sameFilesLeft(*r.A, *r.B) {
			continue
		}
		switch dockerfile.CompareHashes(r.A.Instruction, r.B.Instruction) {
		case dockerfile.OtherFiles:
			given = append(given, instructionText(*r.B))
		case dockerfile.Unknown:
			gave = append(gave, instructionText(*r.B))
		case dockerfile.SameFiles: // only dates or owners differ
		}
	}
	text := ""
	if len(given) > 0 {
		text = "; other files were given to " + firstAnd(given, "other step")
	}
	if len(gave) > 0 {
		text += "; " + firstAnd(gave, "other step") + byNumber(len(gave), " gave another layer", " gave other layers")
	}
	return text
}

// onlyDates reports whether all steps with these indexes were given the same files.
func (l *ladder) onlyDates(indexes []int) bool {
	return !slices.ContainsFunc(indexes, func(i int) bool {
		return dockerfile.CompareHashes(l.a.Steps[i].Instruction, l.b.Steps[i].Instruction) != dockerfile.SameFiles
	})
}

func sameInstructions(n int) string {
	return byNumber(n, "The same instruction", fmt.Sprintf("The same %d instructions", n))
}

func moreLayersText(n int) string {
	if n == 0 {
		return ""
	}
	return "; " + plural(n, "later layer") + byNumber(n, " differs, too", " differ, too")
}
