package diff

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/safe"
)

// readStep is a step of an image whose layer was read.
type readStep struct {
	model.Step
	*inside.Layer
}

// readSteps returns the steps of a side whose layers were read, the oldest first.
func (s sideOf) readSteps() []readStep {
	if s.inside == nil {
		return nil
	}
	var all []readStep
	for _, st := range s.img.Steps {
		if l := s.inside.Layers[st.Layer.Digest]; st.HasLayer && l != nil {
			all = append(all, readStep{st, l})
		}
	}
	return all
}

// layerRest is the evidence for what a layer holds.
func (r readStep) layerRest() []Ground {
	if isVerified(&r.Step, r.Layer) {
		return on(Hashed)
	}
	return on(Hashed, Claimed)
}

// firstPaths names the first paths of several.
func firstPaths(paths []string) string {
	const most = 3
	quotedPaths := mapped(paths[:min(len(paths), most)], pathText)
	if more := len(paths) - most; more > 0 {
		return strings.Join(quotedPaths, ", ") + " and " + countText(more) + " more"
	}
	return list(quotedPaths)
}

// notEveryRuntimeUnpacks (H14): an archive with what runtimes treat in different ways.
func notEveryRuntimeUnpacks(s sideOf) []Finding {
	var found []Finding
	for _, r := range s.readSteps() {
		if isFromTable(r.Layer) { // the archive decides
			continue
		}
		kinds := []struct {
			paths []string
			text  string
		}{
			{r.Remarks.Repeated, "has two entries for %s. Docker with its classic store refuses such a layer; containerd takes the last one"},
			{r.Remarks.Escaping, "has names that leave the root (%s). Docker refuses such a layer, containerd keeps it below the root"},
			{r.Remarks.DeletedAndGiven, "has and also deletes %s. What is left depends on the runtime"},
			{r.Remarks.DeviceDeletions, "has a device 0, 0 at %s. Overlay storage takes it for a deletion, other storage makes the device"},
		}
		for _, k := range kinds {
			if len(k.paths) == 0 {
				continue
			}
			found = append(found, Finding{
				Severity: 2, Rests: r.layerRest(), Evidence: stepEvidence(s.side, []model.Step{r.Step}),
				Text: safe.Sprintf("In %s, the layer of step %d %s.", s.name, r.Index+1, fmt.Sprintf(k.text, firstPaths(k.paths))),
				Next: safe.Const("Build the layer with another tool"), Check: s.layerCheck(r.Step),
				Proof: []safe.Text{safe.Sprintf("%s in the archive of step %d", plural(len(k.paths), "such path"), r.Index+1)},
			})
		}
	}
	return found
}

// twoTruths (H15): a table of contents and the archive of its layer disagree.
func twoTruths(s sideOf) []Finding {
	var found []Finding
	for _, r := range s.readSteps() {
		if len(r.TOCDiffers) == 0 || !r.HasTOC(r.Step.Layer) {
			continue
		}
		found = append(found, Finding{
			Severity: 3, Rests: r.layerRest(), Evidence: stepEvidence(s.side, []model.Step{r.Step}), Check: s.layerCheck(r.Step),
			Text: safe.Sprintf("In %s, the table of contents of step %d's layer and the archive disagree about %s: %s. Runtimes that load files by "+
				"the table (podman, stargz-snapshotter) see other files than Docker.", s.name, r.Index+1, plural(len(r.TOCDiffers), "path"),
				firstPaths(r.TOCDiffers)),
			Lead: safe.Sprintf("The layer of step %d of %s holds two versions of %s", r.Index+1, s.name, pathText(r.TOCDiffers[0])),
			Next: safe.Const("Do not run the image before you know the tool that wrote the layer. Build or convert it again"),
			Proof: []safe.Text{safe.Sprintf("%s in the table of contents and in the archive of step %d",
				plural(len(r.TOCDiffers), "path")+byNumber(len(r.TOCDiffers), " differs", " differ"), r.Index+1)},
		})
	}
	return found
}

// leastWaste is the sum of sizes from which deleted and replaced files are worth a finding.
const leastWaste = 1_000_000

// deletedButShipped (H16): a layer deletes or replaces files of layers below it. A file counts for the first
// layer above it that does.
func deletedButShipped(s sideOf) []Finding {
	steps := s.readSteps()
	by := map[int][]inside.Waste{}
	if len(steps) > 1 {
		for _, w := range inside.WasteOf(mappedTo(steps, func(r readStep) *inside.Layer { return r.Layer })) {
			if w.Kind != inside.Copied {
				by[w.By] = append(by[w.By], w)
			}
		}
	}
	var found []Finding
	for i, r := range steps {
		bytes, files, kinds, below := int64(0), 0, map[inside.WasteKind]bool{}, []int(nil)
		for _, w := range by[i] {
			bytes, files, kinds[w.Kind], below = bytes+w.Bytes, files+w.Files, true, appendNew(below, w.Layer)
		}
		if bytes < leastWaste {
			continue
		}
		verb := "deletes"
		switch {
		case len(kinds) > 1:
			verb = "deletes or replaces"
		case kinds[inside.Replaced]:
			verb = "replaces"
		}
		from := mappedTo(below, func(i int) model.Step { return steps[i].Step })
		found = append(found, Finding{
			Severity: 1, Evidence: stepEvidence(s.side, append(slices.Clone(from), r.Step)),
			Rests: slices.Concat(r.layerRest(), slices.Concat(mappedTo(below, func(i int) []Ground { return steps[i].layerRest() })...)),
			Text: safe.Sprintf("In %s, step %d %s %s (%s) that %s. %s in the image.", s.name, r.Index+1, verb,
				countText(files)+byNumber(files, " file", " files"), bytesText(bytes),
				stepsText(stepIndexes(from))+byNumber(len(from), " ships", " ship"), byNumber(files, "It stays", "They stay")),
			Next: safe.Const("Delete files in the RUN that makes them, or leave them out with several stages"),
		})
	}
	return found
}

// hiddenData (H21): bytes after the end of an archive.
func hiddenData(s sideOf) []Finding {
	var found []Finding
	for _, r := range s.readSteps() {
		if r.Remarks.Hidden == 0 {
			continue
		}
		found = append(found, Finding{
			Severity: 1, Rests: r.layerRest(), Evidence: stepEvidence(s.side, []model.Step{r.Step}), Check: s.layerCheck(r.Step),
			Text: safe.Sprintf("In %s, %s bytes follow the end of the archive of step %d. Runtimes ignore them.", s.name,
				countText(int(r.Remarks.Hidden)), r.Index+1),
			Next: safe.Const("Look at them if you do not know the tool that built the image"),
		})
	}
	return found
}
