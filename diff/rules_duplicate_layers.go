package diff

import (
	"cmp"
	"regexp"
	"slices"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// duplicateLayer (D3): an image has the same files in two layers. Duplicates that both
// sides have are one finding.
func duplicateLayer(_ Comparison, p Pair) []Finding {
	var found []Finding
	at := map[digest.Digest]int{} // content to index in found
	first := ""
	for _, s := range p.sides {
		first = cmp.Or(first, s.name)
		for _, group := range duplicateSteps(s.img.Steps) {
			if setNoFiles(group) {
				continue // D2
			}
			evidence := stepEvidence(s.side, group)
			content := contentOf(group[0])
			if i, ok := at[content]; ok && len(found[i].Evidence) == len(group) {
				found[i].Evidence, found[i].Common = append(found[i].Evidence, evidence...), true
				found[i].Text = duplicateText(first+" and "+s.name, group)
				continue
			}
			at[content] = len(found)
			f := Finding{
				Severity: 1, Rests: groupGrounds(group), Evidence: evidence, Text: duplicateText(s.name, group),
				Next:  safe.Const("Check the instructions of these steps: the Dockerfile may have a COPY twice"),
				Proof: sameContentProof(group), Check: s.layerCheck(group[0]),
			}
			if !sameTexts(group) {
				f.Severity = 2
				f.Next = safe.Const("Different instructions made the same files. " +
					"Check for a duplicate COPY, a wrong cache entry or an image made by hand")
			}
			found = append(found, f)
		}
	}
	return found
}

// setNoFiles reports whether some steps with one small layer only have instructions that change no
// file: the layer is then probably empty, though its digest is not a known one.
func setNoFiles(group []model.Step) bool {
	const most = 1024 // bytes of an archive without files, compressed or not
	return !slices.ContainsFunc(group, func(st model.Step) bool {
		return !slices.Contains(configVerbs, verbOf(st)) || st.Layer.Size > most
	})
}

// groupGrounds is the evidence that the layers of some steps have the same content.
func groupGrounds(group []model.Step) []Ground {
	for i := range group[1:] {
		if contentGround(&group[0], &group[i+1]) != Hashed {
			return on(Claimed)
		}
	}
	return on(Hashed)
}

func duplicateText(name string, group []model.Step) safe.Text {
	if groupGrounds(group)[0] != Hashed {
		return safe.Sprintf("In %s, %s contain the same files (%s), as the config claims. A node unpacks them %s.",
			name, stepsText(stepIndexes(group)), sizeText(group[0].Layer.Size), timesText(len(group)))
	}
	return safe.Sprintf("In %s, %s contain the same files (%s). The registry stores them once, a node unpacks them %s.",
		name, stepsText(stepIndexes(group)), sizeText(group[0].Layer.Size), timesText(len(group)))
}

// duplicateSteps groups the steps whose layers have the same content.
func duplicateSteps(steps []model.Step) [][]model.Step {
	times := make(map[digest.Digest]int, len(steps))
	for i := range steps {
		times[fileContent(&steps[i])]++
	}
	group := map[digest.Digest]int{} // content to index in out
	var out [][]model.Step
	for i := range steps {
		content := fileContent(&steps[i])
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

// fileContent is contentOf for a step with a non-empty layer, "" for other steps.
func fileContent(s *model.Step) digest.Digest {
	if !s.HasLayer || s.Empty {
		return ""
	}
	return contentOf(*s)
}

// contentOf identifies the content of a layer: its diff_id, or the digest of the blob if
// there is none (schema1).
func contentOf(s model.Step) digest.Digest { return cmp.Or(s.DiffID, s.Layer.Digest) }

func sameContentProof(group []model.Step) []safe.Text {
	return mappedTo(group, func(st model.Step) safe.Text {
		return safe.Sprintf("step %d: layer %s, unpacks to %s", st.Index+1, st.Layer.Digest, orNone(string(st.DiffID)))
	})
}

func sameTexts(steps []model.Step) bool {
	return !slices.ContainsFunc(steps[1:], func(s model.Step) bool { return dockerfile.StepKey(s) != dockerfile.StepKey(steps[0]) })
}

func sizeText(n int64) string {
	if n <= 0 {
		return "files"
	}
	return bytesText(n)
}

func timesText(n int) string {
	if n == 2 {
		return "twice"
	}
	return plural(n, "time")
}

// changesMetadata matches commands that change owner, mode or place of files. A layer
// stores each such file again.
var changesMetadata = regexp.MustCompile(`\b(chown|chmod|mv|chgrp)\b`)

// notableBytes is the size from which a duplicate copy is reported.
const notableBytes = 1_000_000

// paidTwice (D11): a RUN changes owner or mode of files that a COPY brought. It goes by the
// sizes of the two layers.
func paidTwice(s sideOf) []Finding {
	var found []Finding
	for i, st := range s.img.Steps {
		if !st.HasLayer || st.Layer.Size < notableBytes {
			continue
		}
		from := copyOfSize(s.img.Steps[:i], st.Layer.Size)
		if from == nil || isRoot(s.img.Steps, from.Index) { // no step changes a whole root filesystem
			continue
		}
		text := st.Instruction
		if dockerfile.Verb(text) != "RUN" || !changesMetadata.MatchString(text) || installsPackages.MatchString(text) {
			continue
		}
		found = append(found, Finding{
			Severity: 1, Rests: on(Heuristic), Evidence: stepEvidence(s.side, []model.Step{*from, st}),
			Text: safe.Sprintf("In %s, step %d (%s) stores %s, about as much as step %d. "+
				"These are probably the same files with a different owner or mode.",
				s.name, st.Index+1, quoted(text), bytesText(st.Layer.Size), from.Index+1),
			Next: safe.Const("Set owner and mode when copying: COPY --chown=… --chmod=…"),
			Proof: []safe.Text{safe.Sprintf("size of step %d: %d bytes; of step %d: %d bytes",
				from.Index+1, from.Layer.Size, st.Index+1, st.Layer.Size)},
			Check: s.manifestCheck(".layers[].size"),
		})
	}
	return found
}

// copyOfSize returns the newest COPY or ADD whose layer size is within 15 % of size.
func copyOfSize(steps []model.Step, size int64) *model.Step {
	for i := len(steps) - 1; i >= 0; i-- {
		s := &steps[i]
		if s.HasLayer && s.Layer.Size >= size-size/100*15 && s.Layer.Size <= size+size/100*15 && isCopy(s) {
			return s
		}
	}
	return nil
}
