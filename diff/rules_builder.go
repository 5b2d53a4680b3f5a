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
	if madeFirst(a, b, builtA.Name, builtB.Name) {
		f.Severity, f.Next = 0, safe.Const("Nothing to fix: an image can be built by another tool than its base")
	}
	different := "Different builders"
	if builtA.Name == builtB.Name {
		different = "Different versions of one builder"
		f.Severity = 0
		f.Next = safe.Const("Nothing to do, unless both must have the same bytes")
	}
	nameA, nameB := c.names()
	f.Text = safe.Sprintf("%s: %s was built by %s, %s by %s.", different, nameA, quoted(builtA.String()), nameB, quoted(builtB.String()))
	return []Finding{f}
}

// madeFirst reports whether the builder of one image made the oldest steps of the other, too.
func madeFirst(a, b *model.Image, builtA, builtB string) bool {
	oldest := func(img *model.Image) string { return stepBuilder(img, &img.Steps[0]).Name }
	return len(a.Steps) > 0 && len(b.Steps) > 0 && (oldest(a) == builtB || oldest(b) == builtA)
}
