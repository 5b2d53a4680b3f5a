package diff

import (
	"cmp"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// rulesStep are group D: layers and history.
var rulesStep = []rule{
	{
		id: "D1", name: "first-difference", pair: firstDifferent, under: []string{"D15", "G1", "C4", "A7", "D4", "D5"},
		means: "Two builds agree up to a step; everything above it was made on other files.",
		proof: "the longest common prefix of the rows by diff_id",
	},
	{
		id: "D2", name: "empty-layers-are-normal", pair: emptyLayers, under: []string{"A4", "A6"},
		means: "Steps that change no file leave layers without one. They do no harm.",
		proof: "the layer's diff_id is that of an archive without a file, or its blob unpacks to nothing but zeros",
	},
	{
		id: "D3", name: "duplicate-real-layer", pair: duplicateLayer,
		means: "The same files are in an image twice: stored once, unpacked twice.",
		proof: "diff_id(step i) = diff_id(step j), not empty",
	},
	{
		id: "D4", name: "same-step-different-output", pair: rebuiltDifferently, under: []string{"D15", "G1", "C4", "A7"},
		means: "An instruction reads the same on both sides and left other files.",
		proof: "the normalised created_by of a row are equal, its diff_ids differ",
	},
	{
		id: "D5", name: "copy-copied-nothing", pair: copiedNothing,
		means: "A COPY or ADD brought files on one side and none on the other.",
		proof: "the row is COPY or ADD on both sides; one layer is empty, the other is not",
	},
	{
		id: "D6", name: "order-changed", pair: orderChanged,
		means: "Both sides have the same layers in another order; later layers win.",
		proof: "the diff_ids of both sides are the same set and not the same list",
	},
	{
		id: "D7", name: "row-count-mismatch", pair: rowCountMismatch,
		means: "Manifest, config and history disagree on how many layers there are.",
		proof: "layers, diff_ids and history entries that are not empty_layer are not as many",
	},
	{
		id: "D8", name: "missing-blob", pair: missingBlob,
		means: "A blob that the manifest names is not in the registry: nodes that have it keep working, new ones fail.",
		proof: "GET of the config by digest answers 404, after the manifest was read from the same repository",
	},
	{
		id: "D9", name: "lives-elsewhere", pair: livesElsewhere,
		means: "Layers are to be fetched from somewhere else than this registry.",
		proof: "a layer has urls, or a media type that is foreign or nondistributable",
	},
	{
		id: "D10", name: "your-runtime-may-not-read-this", pair: unreadableFormat,
		means: "Layers are compressed in a way that some runtimes cannot unpack.",
		proof: "the media type of a layer ends in zstd",
	},
	{
		id: "D11", name: "paid-twice", pair: paidTwice,
		means: "A RUN that changes owners, modes or places of files stores them a second time.",
		proof: "created_by has chown, chmod, chgrp or mv, and the layer is within 15 % of the size of an earlier COPY or ADD, at least 1 MB",
	},
	{
		id: "D12", name: "squashed", pair: squashed,
		means: "All steps were flattened into one layer, so that they cannot be compared.",
		proof: "one layer with files; docker import or a squash left its comment, or there is no history",
	},
	{
		id: "D13", name: "old-layer-in-a-new-image", pair: oldLayer,
		means: "A step that installs packages was taken from a build cache and is weeks older than the image.",
		proof: "created of a step above the base that installs packages is more than 14 days before created of the image, both real dates",
	},
	{
		id: "D14", name: "made-by-hand", pair: madeByHand,
		means: "The newest layer comes from a container that somebody changed and saved, not from a Dockerfile.",
		proof: "the newest step with files has no instruction, or a plain command in place of one, in a config that docker wrote",
	},
	{
		id: "D15", name: "not-what-it-claims", pair: notWhatItClaims,
		means: "A layer was read, and unpacks to something else than the config claims. Registries do not check that; runtimes do, and refuse the image.",
		proof: "sha256 of the unpacked layer ≠ diff_id; layers of at most 4 KiB are read where their content decides something",
	},
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
	first := ""
	for _, s := range c.sidesOf(p) {
		first = cmp.Or(first, s.name)
		for _, group := range repeated(s.img.Steps) {
			evidence := stepEvidence(s.side, group)
			content := contentOf(group[0])
			if i, ok := at[content]; ok && len(found[i].Evidence) == len(group) {
				found[i].Evidence, found[i].Common = append(found[i].Evidence, evidence...), true
				found[i].Say = repeatedText(first+" and "+s.name, group)
				continue
			}
			at[content] = len(found)
			f := Finding{Severity: 1, Trust: Proved, Evidence: evidence, Proof: sameContentProof(group), Check: layerCommand(s.refOf(group[0].Layer.Digest), group[0].Layer.MediaType)}
			f.Say = repeatedText(s.name, group)
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

func repeatedText(name string, group []model.Step) safe.Text {
	return safe.Sprintf("In %s, %s hold the same %s. The registry stores it once, a node unpacks it %s.",
		name, stepsText(stepIndexes(group)), sizeText(group[0].Layer.Size), times(len(group)))
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

func sameContentProof(group []model.Step) []safe.Text {
	var lines []safe.Text
	for _, st := range group {
		lines = append(lines, safe.Sprintf("step %d: layer %s, unpacks to %s", st.Index+1, st.Layer.Digest, orNone(string(st.DiffID))))
	}
	return lines
}

func sameTexts(steps []model.Step) bool {
	for _, s := range steps[1:] {
		if dockerfile.Key(s.CreatedBy) != dockerfile.Key(steps[0].CreatedBy) {
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
		f := Finding{
			Severity: 1, Trust: Proved, Evidence: []Evidence{{s.side, none, s.img.Manifest.Digest}},
			Proof: []safe.Text{safe.Sprintf("manifest: %d layers; config: %d diff_ids; history: %d entries with a layer", m.Layers, m.DiffIDs, m.History)},
			Check: s.configCheck("(.rootfs.diff_ids|length), ([.history[]|select(.empty_layer|not)]|length)"),
		}
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
