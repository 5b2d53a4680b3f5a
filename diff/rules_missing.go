package diff

import (
	"errors"
	"fmt"
	"slices"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

var advisePushAgain = safe.Const("Push it again from a host that has it. " +
	"If the registry answers \"already exists\" after a clean-up, restart it")

// missingBlob (D8): the registry has the manifest but not its config or some layers, as far
// as they were asked for. What both sides lack at the same place is said once.
func missingBlob(c Comparison, p Pair) []Finding {
	find := func(s entryOf) []Finding { return append(missingConfig(c, s), missingLayers(c, p, s)...) }
	sides := c.entriesOf(p)
	if len(sides) == 1 {
		return find(sides[0])
	}
	a, b := sides[0], sides[1]
	onA, onB := find(a), find(b)
	text := func(f Finding) string { return f.Text.String() }
	if !slices.Equal(mapped(onA, text), mapped(find(entryOf{b.side, a.name, b.entry}), text)) {
		return append(onA, onB...)
	}
	both := find(entryOf{a.side, a.name + " and " + b.name, a.entry})
	for i, f := range onB {
		both[i].Evidence, both[i].Proof = append(both[i].Evidence, f.Evidence...), append(both[i].Proof, f.Proof...)
	}
	return both
}

func missingConfig(c Comparison, s entryOf) []Finding {
	missing := missingConfigOf(s.entry)
	if missing == "" {
		return nil
	}
	return []Finding{{
		Severity: 3, Rests: on(Hashed), Evidence: []Evidence{{s.side, none, missing}},
		Text: safe.Sprintf("In %s, the config (%s) is missing in the registry. Nodes that have the image keep working, new nodes fail.",
			s.name, short(missing)),
		Lead:  safe.Sprintf("%s cannot be pulled: the config is missing in the registry", c.subjectOf(s, lacksConfig)),
		Next:  advisePushAgain,
		Proof: []safe.Text{safe.Sprintf("manifest %s exists", s.entry.Descriptor.Digest), safe.Sprintf("blob %s: 404", missing)},
		Check: safe.Clean("crane blob " + c.refAt(s.side, missing)),
	}}
}

// missingConfigOf returns the config of an image if the registry does not have it: it could
// not be read, or it came from a cache and was asked for on demand.
func missingConfigOf(e *model.Entry) digest.Digest {
	var t *model.ReadError
	switch {
	case errors.As(e.Err, &t):
		return t.MissingBlob
	case e.Image != nil && e.Image.ConfigMissing:
		return e.Image.Config.Digest
	}
	return ""
}

// missingLayers is D8 for layers. Those that were only found missing when they were to be read
// lead the verdict if only one of two images of the same content lacks them: some mirrors have
// documents and no layers.
func missingLayers(c Comparison, p Pair, s entryOf) []Finding {
	gone := missingStepsOf(s.entry)
	if len(gone) == 0 {
		return nil
	}
	steps := stepsText(stepIndexes(gone))
	f := Finding{
		Severity: 3, Rests: on(Hashed), Evidence: stepEvidence(s.side, gone),
		Text: safe.Sprintf("In %s, the registry does not have %s (%s). Nodes that have the image keep working, new nodes fail.",
			s.name, plural(len(gone), "layer"), steps),
		Lead: safe.Sprintf("%s cannot be pulled: the %s of %s missing in the registry",
			c.subjectOf(s, lacksLayers), byNumber(len(gone), "layer", "layers"), steps+" "+isAre(len(gone))),
		Next: advisePushAgain,
		Proof: mappedTo(gone, func(st model.Step) safe.Text {
			return safe.Sprintf("step %d: blob %s: 404", st.Index+1, st.Layer.Digest)
		}),
	}
	asked := slices.ContainsFunc(gone, func(st model.Step) bool { return !st.FoundMissing })
	both := p.A != nil && p.B != nil && lacksLayers(*p.A) && lacksLayers(*p.B) && p.Verdict.Code != Identical
	if !asked && (both || !isSame(p.Verdict.Code)) {
		f.Severity, f.Lead, f.Next = 2, safe.Text{}, safe.Const("See if the registry has the other layers: V on the screen, or --expect")
	}
	if !asked && both {
		f.Severity = 1
	}
	return []Finding{f}
}

func lacksConfig(e model.Entry) bool { return missingConfigOf(&e) != "" }

func lacksLayers(e model.Entry) bool { return len(missingStepsOf(&e)) > 0 }

// missingStepsOf are the steps of an image whose layers the registry does not have, as far
// as they were asked for.
func missingStepsOf(e *model.Entry) []model.Step {
	if e.Image == nil {
		return nil
	}
	return matching(e.Image.Steps, func(st model.Step) bool { return st.Missing })
}

// subjectOf names what cannot be pulled: one platform of a side where its index has others
// that do not lack the same.
func (c Comparison) subjectOf(s entryOf, lacks func(model.Entry) bool) string {
	isWhole := func(e model.Entry) bool { return !lacks(e) }
	if name := nameOf(*s.entry); name != "" && slices.ContainsFunc(c.artifact(s.side).Images(), isWhole) {
		return name + " of " + s.name
	}
	return s.name
}

// entryNames names the entries of an index: by platform, or by digest if the platform does
// not tell them apart.
func entryNames(entries []model.Entry) []string {
	times := map[string]int{}
	for _, e := range entries {
		times[nameOf(e)]++
	}
	return mapped(entries, func(e model.Entry) string {
		name := nameOf(e)
		switch {
		case name == "":
			return "sha256:" + short(e.Descriptor.Digest)
		case times[name] > 1:
			return name + " (" + short(e.Descriptor.Digest) + ")"
		}
		return name
	})
}

// danglingChild (C11): the registry has the index but not one of its manifests. The index
// was read from the same repository, so a 404 does not mean a missing permission.
func danglingChild(c Comparison, s artifactSide) []Finding {
	gone := matching(s.art.Entries, func(e model.Entry) bool { return model.IsMissing(e.Err) })
	if len(gone) == 0 {
		return nil
	}
	names := entryNames(gone)
	lacking := list(names)
	switch {
	case len(names) <= 2:
	case len(names) == len(s.art.Entries):
		lacking = fmt.Sprintf("All %d entries", len(names))
	default:
		lacking = fmt.Sprintf("%d of the %d entries", len(names), len(s.art.Entries))
	}
	return []Finding{{
		Severity: 3, Rests: on(Hashed), Evidence: s.evidence(gone), Proof: entriesProof(gone),
		Text: safe.Sprintf("In %s, %s %s listed, but the registry does not have %s. A pull fails with \"manifest unknown\".",
			s.name, list(names), isAre(len(names)), byNumber(len(names), "it", "them")),
		Lead:  safe.Sprintf("%s of %s %s missing in the registry", lacking, s.name, isAre(len(names))),
		Next:  safe.Const("Push it again. Clean-up jobs must keep the manifests that an index lists"),
		Check: safe.Clean("crane manifest " + c.refAt(s.side, gone[0].Descriptor.Digest)),
	}}
}
