package diff

import (
	"fmt"
	"slices"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// firstGiven returns the step that explains the layers of the steps with these indexes: the
// first one, or a later one of other files if those before it were given the same. Where buildah
// keeps the files of a stage in one layer, it is the first COPY or ADD of the stage that was given
// other files, or the first step with files. stage is the text "steps 4 to 7" for such a layer.
func (l *ladder) firstGiven(differ []int) (step model.Step, stage string) {
	at := differ[0]
	if i := slices.IndexFunc(differ, func(i int) bool { return l.hashesOf(i) != dockerfile.SameFiles }); i > 0 &&
		l.hashesOf(differ[i]) == dockerfile.OtherFiles {
		at = differ[i]
	}
	from := l.stageFrom(at)
	if from == at {
		return l.a.Steps[at], ""
	}
	stage = fmt.Sprintf("steps %d to %d", from+1, at+1)
	for _, s := range l.a.Steps[from : at+1] {
		if l.hashesOf(s.Index) == dockerfile.OtherFiles {
			return s, stage
		}
	}
	return l.a.Steps[from], stage
}

// hashesOf compares what the builder recorded of the files of a step, on both sides.
func (l *ladder) hashesOf(step int) dockerfile.Hashes {
	return l.p.compareHashes(&l.a.Steps[step], &l.b.Steps[step])
}

// sameFilesRead reports whether the layers of the steps with these indexes were read, and hold the
// same files on both sides except for their times.
func (l *ladder) sameFilesRead(indexes []int) bool {
	return !slices.ContainsFunc(indexes, func(i int) bool {
		return !slices.ContainsFunc(l.p.Rows, func(r Row) bool { return r.A != nil && r.A.Index == i && r.sameFilesRead() })
	})
}

// formDiffers says what differs in layers that hold the same files: "dates differ".
func formDiffers(rows []Row) string {
	switch n := countOf(rows, Row.sameTimes); n {
	case 0:
		return "dates differ"
	case len(rows):
		return "the form of " + byNumber(n, "the archive differs", "the archives differs")
	}
	return "dates or the form of the archives differ"
}

// formText is formDiffers as the end of a sentence: "with other dates".
func formText(rows []Row) string {
	switch n := countOf(rows, Row.sameTimes); n {
	case 0:
		return "with other dates"
	case len(rows):
		return "in another form of archive"
	}
	return "with other dates or in another form of archive"
}

// inOneLayer returns the side that keeps the files of several steps in the layer of the last
// step that differs, as buildah does without --layers, where the other side has a layer for each.
func (l *ladder) inOneLayer(differ []int) (name string, from int, ok bool) {
	last := differ[len(differ)-1]
	for _, s := range l.sides() {
		from := slices.Index(stageLayers(s.img), last+1)
		if from >= 0 && from <= differ[0] && !slices.Contains(stageLayers(s.otherImg), last+1) {
			return s.name, from, true
		}
	}
	return "", 0, false
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

// givenFiles says what the layers that were read, or the hashes of a builder, say about the steps
// whose layers differ, in short and as a sentence. ok is false if they tell nothing.
func (l *ladder) givenFiles(differ []int, first model.Step, stage string) (inShort string, sentence safe.Text, ok bool) {
	other := l.b.Steps[first.Index]
	isLater := func(i int) bool { return l.stageFrom(i) > first.Index }
	same := sameInstructions(len(l.a.Steps))
	keeps, from, inOne := l.inOneLayer(differ)
	switch {
	case l.sameFilesRead(differ):
		rows := matching(l.p.Rows, func(r Row) bool { return r.A != nil && slices.Contains(differ, r.A.Index) })
		return fmt.Sprintf("only %s in %s", formDiffers(rows), stepsText(differ)),
			safe.Sprintf("%s; the %s of %s, read here, %s the same files on both sides, %s", same,
				byNumber(len(differ), "layer", "layers"), stepsText(differ), byNumber(len(differ), "holds", "hold"), formText(rows)), true
	case l.hashesOf(first.Index) == dockerfile.OtherFiles:
		return fmt.Sprintf("step %d was given other files", first.Index+1),
			safe.Sprintf("%s; by the hashes of the builder, other files were given: %s has %s, %s has %s%s", same,
				l.nameA, instructionText(first), l.nameB, instructionText(other), moreLayersText(countOf(differ, isLater))), true
	case l.p.hashedByTwo(&first, &other):
		return "hashes of two builders cannot be compared",
			safe.Sprintf("%s; %s and %s compute the hashes of files in two ways, so those of step %d tell nothing%s", same,
				stepBuilder(l.a, &first).Name, stepBuilder(l.b, &other).Name, first.Index+1, moreLayersText(countOf(differ, isLater))), true
	case inOne:
		return fmt.Sprintf("%s keeps steps %d to %d in one layer", keeps, from+1, differ[len(differ)-1]+1),
			safe.Sprintf("%s%s; layers of several steps cannot be compared with one", same, l.sameGivenText(differ)), true
	case stage != "":
		return "one of the " + stage + " gave another layer",
			safe.Sprintf("%s; the %s gave one layer, so it does not tell which of them differs%s", same, stage, moreLayersText(len(differ)-1)), true
	case len(l.sameGiven(differ)) == len(differ):
		return "only dates or owners differ in " + stepsText(differ),
			safe.Sprintf("%s%s (%s), so only dates or owners differ in %s", same, l.sameGivenText(differ), instructionText(first),
				byNumber(len(differ), "its layer", "their layers")), true
	}
	return "", safe.Text{}, false
}

// ownFilesText names the COPY and ADD steps from a step on, by its index in A, that were given
// other files, as hashes of the builder say, or gave another layer. It is "" if there are none,
// and begins with "; ".
func (p Pair) ownFilesText(from int) string {
	var given, gave []string
	for _, r := range p.Rows {
		if r.A == nil || r.B == nil || r.A.Index < from || !copiesFiles(r.A) || !dockerfile.SameStep(*r.A, *r.B) || sameFilesLeft(*r.A, *r.B) ||
			r.sameFilesRead() {
			continue
		}
		switch p.compareHashes(r.A, r.B) {
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

// sameGiven are the steps with these indexes that were given the same files on both sides.
func (l *ladder) sameGiven(indexes []int) []int {
	return matching(indexes, func(i int) bool { return l.hashesOf(i) == dockerfile.SameFiles })
}

// sameGivenText is the end of a sentence that names sameGiven, "" for none.
func (l *ladder) sameGivenText(indexes []int) string {
	same := l.sameGiven(indexes)
	if len(same) == 0 {
		return ""
	}
	return "; by the hashes of the builder, " + stepsText(same) + byNumber(len(same), " was", " were") + " given the same files"
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
