package diff

import (
	"slices"

	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// baseContradicted (G8): what an annotation or label says of the base does not fit the
// layers. Registries do not check annotations, so the layers count.
func baseContradicted(c Comparison, p Pair, a, b *model.Image) []Finding {
	if p.Verdict.Code == Rewritten || len(a.Config.RootFS.DiffIDs) == 0 || len(b.Config.RootFS.DiffIDs) == 0 {
		return nil
	}
	contradiction := func(text, claim safe.Text) []Finding {
		return []Finding{{
			Severity: 1, Rests: on(Claimed), Evidence: pairEvidence(p), Text: text,
			Next: adviseBaseClaim,
			Proof: []safe.Text{
				claim, safe.Sprintf("the first diff_id of A is %s, that of B is %s", a.Config.RootFS.DiffIDs[0], b.Config.RootFS.DiffIDs[0]),
			},
			Check: c.ConfigCheck(p, ".rootfs.diff_ids"),
		}}
	}
	sides := c.entriesOf(p)
	for i, child := range slices.Backward(sides) {
		base := sides[1-i]
		claim := c.claimOf(child.side, child.entry).direct()
		named := claim.Digest
		isNamed := named == base.entry.Descriptor.Digest ||
			named == c.artifact(base.side).Top.Digest && nameOf(*p.A) == nameOf(*p.B)
		if named == "" || !isNamed || startsWith(child.entry.Image, base.entry.Image) {
			continue
		}
		return contradiction(
			safe.Sprintf("The %s of %s names %s as its base, but the layers of %s are not the first ones of %s. The layers count.",
				claim.source, child.name, base.name, base.name, child.name),
			safe.Sprintf("%s(%s) = %s, the manifest of the other side", v1.AnnotationBaseImageDigest, string(child.side), named))
	}
	baseA, baseB := baseClaim(nil, p.A).direct().Digest, baseClaim(nil, p.B).direct().Digest
	if baseA == "" || baseA != baseB || a.Config.RootFS.DiffIDs[0] == b.Config.RootFS.DiffIDs[0] || nameOf(*p.A) != nameOf(*p.B) {
		return nil
	}
	return contradiction(
		safe.Sprintf("Both sides name the base %s, but their first layers differ. At least one of the two names a wrong base.", short(baseA)),
		safe.Sprintf("%s(A) = %s(B) = %s", v1.AnnotationBaseImageDigest, v1.AnnotationBaseImageDigest, baseA))
}

// adviseBaseClaim is for a claim that the layers contradict.
var adviseBaseClaim = safe.Const("Do not rely on tools that find the base by this value. Correct the build that sets it")

// startsWith reports whether the layers of base are the first ones of img.
func startsWith(img, base *model.Image) bool {
	b, all := base.Config.RootFS.DiffIDs, img.Config.RootFS.DiffIDs
	return len(all) >= len(b) && slices.Equal(all[:len(b)], b)
}
