package diff

import (
	"slices"

	"github.com/opencontainers/go-digest"
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
	nameA, nameB := c.names()
	ways := []struct {
		child, base         *model.Entry
		childName, baseName string
		side                Side
		baseTop             digest.Digest
	}{{p.B, p.A, nameB, nameA, SideB, c.A.Top.Digest}, {p.A, p.B, nameA, nameB, SideA, c.B.Top.Digest}}
	for _, w := range ways {
		source, named := c.claimedBaseOf(w.side, w.child)
		isNamed := named == w.base.Descriptor.Digest || named == w.baseTop && nameOf(*p.A) == nameOf(*p.B)
		if named == "" || !isNamed || startsWith(w.child.Image, w.base.Image) {
			continue
		}
		return []Finding{{
			Severity: 1, Rests: on(Claimed), Evidence: pairEvidence(p),
			Text: safe.Sprintf("The %s of %s names %s as its base, but the layers of %s are not the first ones of %s. The layers count.",
				source, w.childName, w.baseName, w.baseName, w.childName),
			Next: safe.Const("Do not rely on tools that find the base by this value. Correct the build that sets it"),
			Proof: []safe.Text{
				safe.Sprintf("%s(%s) = %s, the manifest of the other side", v1.AnnotationBaseImageDigest, string(w.side), named),
				safe.Sprintf("the first diff_id of A is %s, that of B is %s", a.Config.RootFS.DiffIDs[0], b.Config.RootFS.DiffIDs[0]),
			},
			Check: c.ConfigCheck(p, ".rootfs.diff_ids"),
		}}
	}
	_, baseA := claimedBase(p.A)
	_, baseB := claimedBase(p.B)
	if baseA == "" || baseA != baseB || a.Config.RootFS.DiffIDs[0] == b.Config.RootFS.DiffIDs[0] || nameOf(*p.A) != nameOf(*p.B) {
		return nil
	}
	return []Finding{{
		Severity: 1, Rests: on(Claimed), Evidence: pairEvidence(p),
		Text: safe.Sprintf("Both sides name the base %s, but their first layers differ. At least one of the two names a wrong base.",
			short(baseA)),
		Next: safe.Const("Do not rely on tools that find the base by this value. Correct the build that sets it"),
		Proof: []safe.Text{
			safe.Sprintf("%s(A) = %s(B) = %s", v1.AnnotationBaseImageDigest, v1.AnnotationBaseImageDigest, baseA),
			safe.Sprintf("the first diff_id of A is %s, that of B is %s", a.Config.RootFS.DiffIDs[0], b.Config.RootFS.DiffIDs[0]),
		},
		Check: c.ConfigCheck(p, ".rootfs.diff_ids"),
	}}
}

// claimedBase returns the digest that an image claims for its base, "" if there is none,
// and what claims it. Labels are left out: an image inherits those of its base.
func claimedBase(e *model.Entry) (source string, d digest.Digest) {
	if namesOwnStep(e) {
		return "", ""
	}
	for _, from := range []struct {
		source string
		values map[string]string
	}{{"annotation", e.Image.Manifest.Annotations}, {"index annotation", e.Descriptor.Annotations}} {
		if d := digest.Digest(from.values[v1.AnnotationBaseImageDigest]); d.Validate() == nil {
			return from.source, d
		}
	}
	return "", ""
}

// startsWith reports whether the layers of base are the first ones of img.
func startsWith(img, base *model.Image) bool {
	b, all := base.Config.RootFS.DiffIDs, img.Config.RootFS.DiffIDs
	return len(all) >= len(b) && slices.Equal(all[:len(b)], b)
}
