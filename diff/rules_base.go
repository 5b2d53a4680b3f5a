package diff

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// baseMoved (G1). The annotations of the base image claim it. Without them, equal
// instructions above the base and different layers below show it.
func baseMoved(c Comparison, p Pair, a, b *model.Image) []Finding {
	if isSame(p.Verdict.Code) || p.Verdict.Code == OtherSettings || p.Verdict.isBase || p.convertedWhole() ||
		platformsContradict(p.A.Platform(), p.B.Platform()) {
		return nil
	}
	if f, ok := c.baseAnnotated(p); ok {
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

// baseAnnotated compares the base digests that the builders recorded.
func (c Comparison) baseAnnotated(p Pair) (Finding, bool) {
	nameA, digestA := annotatedBase(p.A)
	nameB, digestB := annotatedBase(p.B)
	if digestA == "" || digestB == "" || digestA == digestB || c.basesAgree(p) {
		return Finding{}, false
	}
	sameName := nameA == nameB // a base without a name can be any
	if (sameName || nameA == "" || nameB == "") && (namesOwnStep(p.A) || namesOwnStep(p.B)) {
		return Finding{}, false
	}
	sideA, sideB := c.names()
	f := Finding{
		Severity: 2, Rests: on(Claimed), Next: advisePinnedBase(nameB),
		Evidence: []Evidence{{SideA, none, p.A.Descriptor.Digest}, {SideB, none, p.B.Descriptor.Digest}},
		Proof: []safe.Text{
			safe.Sprintf("A: %s = %s (%s)", v1.AnnotationBaseImageDigest, digestA, quoted(nameA)),
			safe.Sprintf("B: %s = %s (%s)", v1.AnnotationBaseImageDigest, digestB, quoted(nameB)),
		},
		Check: c.ManifestCheck(p, ".annotations"),
	}
	switch {
	case !sameName && nameA != "" && nameB != "":
		f.Text = safe.Sprintf("The bases differ: %s is built on %s, %s on %s, as annotations state.", sideA, quoted(nameA), sideB, quoted(nameB))
		f.Next = safe.Const("Check that the different base is intended")
	case !sameName:
		f.Text = safe.Sprintf("The bases differ: %s in %s, %s in %s, as annotations state.",
			short(digestA), sideA, short(digestB), sideB)
		f.Next = safe.Const("Check that the different base is intended")
	case nameB != "":
		f.Text = safe.Sprintf("The base moved: %s was %s, now it is %s, as annotations state%s.",
			quoted(nameB), short(digestA), short(digestB), c.sameStepsText(p))
		if fitsCommand(nameB) {
			f.Command = safe.Sprintf("crane digest %s", quoted(nameB))
		}
	default:
		f.Text = safe.Sprintf("The base moved: it was %s, now it is %s, as annotations state%s.",
			short(digestA), short(digestB), c.sameStepsText(p))
	}
	return f, true
}

// fitsCommand reports whether a base name from outside is safe in a shell command.
func fitsCommand(name string) bool {
	ref, err := model.ParseRef(name)
	return err == nil && ref.Repository != "" && ref.Digest == "" && quoted(name) == name
}

// sameStepsText returns a remark if the instructions above the two bases are equal.
func (c Comparison) sameStepsText(p Pair) string {
	a, b := p.baseA, p.baseB
	if a.Steps == 0 || b.Steps == 0 || recipeFrom(p.A.Image.Steps, a.Steps) != recipeFrom(p.B.Image.Steps, b.Steps) {
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

// annotatedBase returns name and digest of the base from the annotations of the manifest,
// or of the index if the manifest has none.
func annotatedBase(e *model.Entry) (name string, d digest.Digest) {
	_, from := baseAnnotations(e)
	return from[v1.AnnotationBaseImageName], baseDigestIn(from)
}

// namesOwnStep reports whether the image is made by buildah or podman. With --layers they
// record the digest of the last but one step of the same build as the digest of the base.
func namesOwnStep(e *model.Entry) bool {
	return e.Image.Config.Config.Labels[buildahLabel] != ""
}
