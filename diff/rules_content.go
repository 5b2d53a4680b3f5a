package diff

import (
	"errors"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// notWhatItClaims (D15): a layer that was read, and whose config is wrong about
// it. Registries do not check that; runtimes do when they pull.
func notWhatItClaims(c Comparison, p Pair) []Finding {
	return c.onSides(p, func(s sideOf) []Finding {
		wrong := falseClaims(s.img)
		if len(wrong) == 0 {
			return nil
		}
		f := Finding{
			Severity: 3, Trust: Proved, Evidence: stepEvidence(s.side, wrong),
			Say: safe.Sprintf("In %s, the layer of %s does not unpack to what the config claims: runtimes refuse to pull it.",
				s.name, stepsText(stepIndexes(wrong))),
			Next:  safe.Const("Do not deploy it; push it again from where it was built"),
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
		safe.Sprintf("claimed diff_id %s", st.Claimed),
		safe.Sprintf("unpacks to %s", st.DiffID),
	}
}

// missingBlob (D8): the manifest is there and its config is not.
func missingBlob(c Comparison, p Pair) []Finding {
	nameA, nameB := c.names()
	var found []Finding
	for _, s := range []struct {
		side Side
		name string
		e    *model.Entry
	}{{SideA, nameA, p.A}, {SideB, nameB, p.B}} {
		var t *model.Trouble
		if s.e == nil || !errors.As(s.e.Err, &t) || t.NoBlob == "" {
			continue
		}
		found = append(found, Finding{
			Severity: 3, Trust: Proved, Evidence: []Evidence{{s.side, none, t.NoBlob}},
			Say:   safe.Sprintf("In %s, the config (%s) is not in the registry: nodes that have the image keep working, new ones fail.", s.name, short(t.NoBlob)),
			Next:  safe.Const("Push it again from a host that has it; a registry that says \"already exists\" needs a restart after a clean-up"),
			Proof: []safe.Text{safe.Sprintf("manifest %s is there", s.e.Descriptor.Digest), safe.Sprintf("blob %s answers 404", t.NoBlob)},
			Check: safe.Clean("crane blob " + c.at(s.side, t.NoBlob)),
		})
	}
	return found
}
