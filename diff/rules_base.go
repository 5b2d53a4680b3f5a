package diff

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// baseMoved (G1). The images claim their bases. Without claims, equal instructions above the
// base and different layers below show it.
func baseMoved(c Comparison, p Pair, a, b *model.Image) []Finding {
	if !p.baseCanMove() {
		return nil
	}
	if f, ok := c.baseMovedByClaims(p); ok {
		return []Finding{f.ofRebase(p)}
	}
	if p.convertedApart() || c.baseOfAnotherPlatform(p) {
		return nil
	}
	baseA, baseB := p.baseA, p.baseB
	if baseA.Steps == 0 || baseB.Steps == 0 || recipeFrom(a.Steps, baseA.Steps) != recipeFrom(b.Steps, baseB.Steps) {
		return nil
	}
	rows := differingBase(p.Rows, baseA.Steps, baseB.Steps)
	if len(rows) == 0 || p.onlyDatesDiffer(rows) || p.madeByTwo(rows[0]) { // the tool that made it is the cause
		return nil
	}
	own := ownStepsSame(len(a.Steps)-baseA.Steps, p.ownFilesText(baseA.Steps))
	severity, rests, moved := 2, on(Structure), "The base moved"
	if baseA.Trust == Suggested || baseB.Trust == Suggested {
		severity, rests, moved = 1, on(Structure, Heuristic), "The base may have moved"
	}
	f := Finding{
		Severity: severity, Rests: rests, Evidence: evidenceOf(rows[:1]),
		Text:  safe.Sprintf("%s: it differs from step %d on%s. %s", moved, stepNumber(rows[0]), baseVersions(*a, *b), own),
		Next:  adviseBase(b, cmp.Or(baseB.Name, baseA.Name)),
		Proof: baseProof(*a, *b, baseA, baseB, rows[0]),
		Check: c.ConfigCheck(p, "[.history[].created_by]"),
	}
	return []Finding{f.ofRebase(p)}
}

// baseCanMove reports whether the two images of a pair can be two builds on two bases.
func (p Pair) baseCanMove() bool {
	return !isSame(p.Verdict.Code) && p.Verdict.Code != OtherSettings && !p.Verdict.isBase && !p.convertedWhole() &&
		!platformsContradict(p.A.Platform(), p.B.Platform())
}

// ofRebase takes another base for what it is if the verdict is a rebase.
func (f Finding) ofRebase(p Pair) Finding {
	if p.Verdict.Code == Rewritten {
		f.Severity, f.Next, f.Command = 0, safe.Const("Nothing to fix: a rebase puts the image on another base"), safe.Text{}
	}
	return f
}

// baseOfAnotherPlatform reports whether the first layer of one side is that of another
// platform on the other side: such a base did not move.
func (c Comparison) baseOfAnotherPlatform(p Pair) bool {
	borrows := func(e *model.Entry, other *model.Artifact) bool {
		first := firstContent(*e)
		return first != "" && slices.ContainsFunc(other.Images(), func(o model.Entry) bool {
			return firstContent(o) == first && platformsContradict(o.Platform(), e.Platform())
		})
	}
	return borrows(p.A, c.B) || borrows(p.B, c.A)
}

// firstContent is the content of the first layer with files, "" if it is not known.
func firstContent(e model.Entry) string {
	if e.Image == nil {
		return ""
	}
	contents := fileContents(*e.Image)
	if len(contents) == 0 {
		return ""
	}
	return contents[0]
}

// ownStepsSame says that the instructions after a base are the same, and what is not.
func ownStepsSame(n int, but string) string {
	return byNumber(n, "The instruction of your own step after it is the same",
		fmt.Sprintf("The instructions of your own %d steps after it are the same", n)) + but + "."
}

// differingBase returns the rows within both bases whose content or settings differ.
func differingBase(rows []Row, endA, endB int) []Row {
	return matching(rows, func(r Row) bool {
		return (r.A == nil || r.A.Index < endA) && (r.B == nil || r.B.Index < endB) && differs(r)
	})
}

// baseVersions returns the first version variable that differs, " (NAME old → new)".
func baseVersions(a, b model.Image) string {
	for _, ch := range envChanges(a, b) {
		if isVersion(ch.name) && ch.from != "" && ch.to != "" {
			return " (" + ch.text() + ")"
		}
	}
	return ""
}

// adviseBase says how to pin the base of an image.
func adviseBase(img *model.Image, name string) safe.Text {
	if _, packed := buildpackOf(img); packed {
		return safe.Const("Pin the run image by digest, since a tag can move: pack build --run-image NAME@sha256:…")
	}
	return advisePinnedBase(name)
}

func advisePinnedBase(name string) safe.Text {
	return safe.Sprintf("Pin the base by digest, since a tag can move: FROM %s@sha256:…", quoted(cmp.Or(name, "NAME")))
}

func baseProof(a, b model.Image, baseA, baseB Base, first Row) []safe.Text {
	lines := []safe.Text{
		safe.Sprintf("base(A) = %s, base(B) = %s: %s", firstSteps(baseA.Steps), firstSteps(baseB.Steps), baseB.Because),
		safe.Sprintf("steps %d to %d of A and %d to %d of B: the same instructions", baseA.Steps+1, len(a.Steps), baseB.Steps+1, len(b.Steps)),
	}
	return append(lines, rowProof(first)...)
}

func firstSteps(n int) string { return "the first " + afterFirst(n, "step") }

// baseMovedByClaims compares the bases that the images of both sides name.
func (c Comparison) baseMovedByClaims(p Pair) (Finding, bool) {
	a, b, ok := bothSides(p)
	if !ok || !p.baseCanMove() || c.basesAgree(p) {
		return Finding{}, false
	}
	from, to := c.BaseClaim(SideA, p), c.BaseClaim(SideB, p)
	if !otherBaseNamed(from, to) {
		return Finding{}, false
	}
	sideA, sideB := c.names()
	f := Finding{
		Severity: 2, Rests: on(Claimed), Next: adviseBase(b, to.Name),
		Evidence: []Evidence{{SideA, none, p.A.Descriptor.Digest}, {SideB, none, p.B.Descriptor.Digest}},
		Proof:    []safe.Text{from.proof("A"), to.proof("B")}, Check: c.claimCheck(p, to.source),
	}
	state := bothState(from, to)
	switch {
	case from.Name != "" && to.Name != "" && !sameReference(from.Name, to.Name):
		f.Text = safe.Sprintf("The bases differ: %s is built on %s, %s on %s, %s.", sideA, quoted(from.Name), sideB, quoted(to.Name), state)
		f.Next = safe.Const("Check that the different base is intended")
	case from.Name == "" != (to.Name == ""):
		f.Text = safe.Sprintf("The bases differ: %s in %s, %s in %s, %s.", short(from.Digest), sideA, short(to.Digest), sideB, state)
		f.Next = safe.Const("Check that the different base is intended")
	case to.Name != "":
		f.Text = safe.Sprintf("The base moved: %s was %s, now it is %s, %s%s.",
			quoted(to.Name), short(from.Digest), short(to.Digest), state, sameStepsText(p, a, b))
		if fitsCommand(to.Name) {
			f.Command = safe.Sprintf("crane digest %s", quoted(to.Name))
		}
	default:
		f.Text = safe.Sprintf("The base moved: it was %s, now it is %s, %s%s.",
			short(from.Digest), short(to.Digest), state, sameStepsText(p, a, b))
	}
	return f, true
}

// fitsCommand reports whether a base name from outside is safe in a shell command.
func fitsCommand(name string) bool {
	ref, err := model.ParseRef(name)
	return err == nil && ref.Repository != "" && ref.Digest == "" && quoted(name) == name
}

// sameStepsText returns a remark if the instructions above the two bases are equal.
func sameStepsText(p Pair, a, b *model.Image) string {
	if p.baseA.Steps == 0 || p.baseB.Steps == 0 || recipeFrom(a.Steps, p.baseA.Steps) != recipeFrom(b.Steps, p.baseB.Steps) {
		return ""
	}
	return "; the instructions after it are the same"
}

// basesAgree reports whether the two bases have the same content for this platform, as far
// as their ends are known. An index that was published again for another platform has a new
// digest, but the base here is unchanged.
func (c Comparison) basesAgree(p Pair) bool {
	a, b := p.baseA, p.baseB
	return a.Steps > 0 && b.Steps > 0 && len(differingBase(p.Rows, a.Steps, b.Steps)) == 0
}
