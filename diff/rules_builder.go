package diff

import (
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// differentBuilder (G3): the builders of the two images differ.
func differentBuilder(c Comparison, p Pair, a, b *model.Image) []Finding {
	if a.ID() == b.ID() {
		return nil
	}
	builtA, builtB := BuilderOf(*a), BuilderOf(*b)
	if builtA.Name == "" || builtB.Name == "" || builtA.String() == builtB.String() {
		return nil
	}
	f := Finding{
		Severity: 1, Rests: on(Structure), Evidence: pairEvidence(p),
		Next:  safe.Const("Find the job that pushed it. Build both with the same tool"),
		Proof: []safe.Text{safe.Sprintf("A: %s", quoted(builtA.Because)), safe.Sprintf("B: %s", quoted(builtB.Because))},
		Check: c.ConfigCheck(p, ".docker_version, .author, .history[-1]"),
	}
	if builtA.Name == builtB.Name {
		f.Severity = 0
		f.Next = safe.Const("Nothing to do, unless both must have the same bytes")
	}
	nameA, nameB := c.names()
	f.Text = safe.Sprintf("Different builders: %s was built by %s, %s by %s.", nameA, quoted(builtA.String()), nameB, quoted(builtB.String()))
	return []Finding{f}
}
