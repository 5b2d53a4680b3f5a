package diff

import (
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// notWhatItClaims (D15): a layer was read and its diff_id in the config is wrong.
// Registries do not check diff_ids; runtimes check them when they pull.
func notWhatItClaims(c Comparison, p Pair) []Finding {
	return c.onSides(p, func(s sideOf) []Finding {
		wrong := falseClaims(s.img)
		if len(wrong) == 0 {
			return nil
		}
		f := Finding{
			Severity: 3, Rests: on(Hashed), Evidence: stepEvidence(s.side, wrong),
			Text: safe.Sprintf("In %s, the layer of %s does not have the diff_id that the config claims. Runtimes refuse to pull it.",
				s.name, stepsText(stepIndexes(wrong))),
			Next:  safe.Const("Do not deploy it. Push it again from where it was built"),
			Check: layerCommand(s.refOf(wrong[0].Layer.Digest), wrong[0].Layer.MediaType),
		}
		for _, st := range wrong {
			f.Proof = append(f.Proof, claimProof(st)...)
		}
		return []Finding{f}
	})
}

func claimProof(st model.Step) []safe.Text {
	return []safe.Text{
		safe.Sprintf("step %d: layer %s", st.Index+1, st.Layer.Digest),
		safe.Sprintf("claimed diff_id %s", st.ClaimedDiffID),
		safe.Sprintf("unpacks to %s", st.DiffID),
	}
}

// rowCountMismatch (D7): manifest, config and history disagree on the number of layers.
func rowCountMismatch(c Comparison, p Pair) []Finding {
	var found []Finding
	for _, s := range c.sidesOf(p) {
		m := s.img.Counts
		if m == nil {
			continue
		}
		f := Finding{
			Severity: 1, Rests: on(Hashed), Evidence: []Evidence{{s.side, none, s.img.Manifest.Digest}},
			Proof: []safe.Text{safe.Sprintf("manifest: %d layers; config: %d diff_ids; history: %d entries with a layer",
				m.Layers, m.DiffIDs, m.History)},
			Check: s.configCheck("(.rootfs.diff_ids|length), ([.history[]|select(.empty_layer|not)]|length)"),
		}
		if m.Fatal() {
			f.Severity = 3
			f.Text = safe.Sprintf("%s has %s and %s. Runtimes refuse it.", s.name, plural(m.Layers, "layer"), plural(m.DiffIDs, "diff_id"))
			f.Next = safe.Const("Do not deploy it. Build and push it again")
		} else {
			f.Text = safe.Sprintf("The history of %s lists %s, but the image has %s. "+
				"Step names may be next to the wrong layers; no layer is omitted.",
				s.name, plural(m.History, "step")+" with files", plural(m.Layers, "layer"))
			f.Next = safe.Const("Build it again with a current builder")
		}
		found = append(found, f)
	}
	return found
}
