package diff

import (
	"cmp"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// rulesStep are group D: layers and history.
var rulesStep = []rule{
	{id: "D3", name: "duplicate-real-layer", means: "The same files are in an image twice: stored once, unpacked twice.",
		proof: "diff_id(step i) = diff_id(step j), not empty",
		pair:  duplicateLayer},
	{id: "D7", name: "row-count-mismatch", means: "Manifest, config and history disagree on how many layers there are.",
		proof: "layers, diff_ids and history entries that are not empty_layer are not as many",
		pair:  rowCountMismatch},
}

// sideOf is one side of a pair, as the rules about single images see it.
type sideOf struct {
	side Side
	name string
	img  *model.Image
	ref  string // of the image, by digest
}

func (c Comparison) sidesOf(p Pair) []sideOf {
	nameA, nameB := c.names()
	var sides []sideOf
	if img := imageOf(p.A); img != nil {
		sides = append(sides, sideOf{SideA, nameA, img, c.imageAt(SideA, p.A)})
	}
	if img := imageOf(p.B); img != nil {
		sides = append(sides, sideOf{SideB, nameB, img, c.imageAt(SideB, p.B)})
	}
	return sides
}

// duplicateLayer (D3): the same files unpacked twice. What both sides repeat
// alike is told of once.
func duplicateLayer(c Comparison, p Pair) []Finding {
	var found []Finding
	at := map[digest.Digest]int{} // content to its finding
	for _, s := range c.sidesOf(p) {
		for _, group := range repeated(s.img.Steps) {
			evidence := stepEvidence(s.side, group)
			content := contentOf(group[0])
			if i, ok := at[content]; ok && len(found[i].Evidence) == len(group) {
				found[i].Evidence = append(found[i].Evidence, evidence...)
				continue
			}
			at[content] = len(found)
			f := Finding{Severity: 1, Trust: Proved, Evidence: evidence}
			f.Say = safe.Sprintf("In %s, %s hold the same %s. The registry stores it once, a node unpacks it %s.",
				s.name, stepsText(stepIndexes(group)), sizeText(group[0].Layer.Size), times(len(group)))
			f.Next = safe.Const("Look at the instructions of these steps: a COPY may be there twice")
			if !sameTexts(group) {
				f.Severity = 2
				f.Next = safe.Const("Different instructions made the same files: a copied COPY line, a mixed-up cache or a hand-made image")
			}
			found = append(found, f)
		}
	}
	return found
}

// repeated groups the steps whose content is there more than once.
func repeated(steps []model.Step) [][]model.Step {
	times := make(map[digest.Digest]int, len(steps))
	for i := range steps {
		times[realContent(&steps[i])]++
	}
	group := map[digest.Digest]int{} // content to its place in out
	var out [][]model.Step
	for i := range steps {
		content := realContent(&steps[i])
		if content == "" || times[content] < 2 {
			continue
		}
		at, ok := group[content]
		if !ok {
			at = len(out)
			group[content], out = at, append(out, nil)
		}
		out[at] = append(out[at], steps[i])
	}
	return out
}

// realContent is what a layer with files unpacks to, "" for other steps.
func realContent(s *model.Step) digest.Digest {
	if !s.HasLayer || s.Empty {
		return ""
	}
	return contentOf(*s)
}

func contentOf(s model.Step) digest.Digest { return cmp.Or(s.DiffID, s.Layer.Digest) }

func sameTexts(steps []model.Step) bool {
	for _, s := range steps[1:] {
		if recipeKey(s.CreatedBy) != recipeKey(steps[0].CreatedBy) {
			return false
		}
	}
	return true
}

func stepIndexes(steps []model.Step) []int {
	out := make([]int, len(steps))
	for i, s := range steps {
		out[i] = s.Index
	}
	return out
}

func stepEvidence(side Side, steps []model.Step) []Evidence {
	out := make([]Evidence, len(steps))
	for i, s := range steps {
		out[i] = Evidence{side, s.Index, s.Layer.Digest}
	}
	return out
}

func sizeText(n int64) string {
	if n <= 0 {
		return "files"
	}
	return bytesText(n)
}

func times(n int) string {
	if n == 2 {
		return "twice"
	}
	return plural(n, "time")
}

// rowCountMismatch (D7): manifest, config and history disagree on the layers.
func rowCountMismatch(c Comparison, p Pair) []Finding {
	var found []Finding
	for _, s := range c.sidesOf(p) {
		m := s.img.Counts
		if m == nil {
			continue
		}
		f := Finding{Severity: 1, Trust: Proved, Evidence: []Evidence{{s.side, none, s.img.Manifest.Digest}}}
		if m.Fatal() {
			f.Severity = 3
			f.Say = safe.Sprintf("%s has %s and %s: runtimes refuse it.", s.name, plural(m.Layers, "layer"), plural(m.DiffIDs, "diff_id"))
			f.Next = safe.Const("Do not deploy it; build and push it again")
		} else {
			f.Say = safe.Sprintf("The history of %s tells of %s, but it has %d. Step names may be shifted against the layers; no layer is left out.",
				s.name, plural(m.History, "step")+" with files", m.Layers)
			f.Next = safe.Const("Build it again with a current builder")
		}
		found = append(found, f)
	}
	return found
}
