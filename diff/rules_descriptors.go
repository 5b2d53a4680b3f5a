package diff

import (
	"fmt"
	"iter"
	"slices"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// sizeClaim is the size of a blob as a manifest states it.
type sizeClaim struct {
	side Side
	name string
	*v1.Descriptor
}

// wrongSizes returns pairs of claims that give one blob two sizes, one pair per blob.
// Schema1 states no sizes.
func wrongSizes(sides []sideOf) [][2]sizeClaim {
	first := map[digest.Digest]sizeClaim{}
	var wrong [][2]sizeClaim
	for _, s := range sides {
		for d := range blobsOf(s.img) {
			claim, known := first[d.Digest]
			switch {
			case hasSchema1(s.img) || d.Digest == "":
			case !known:
				first[d.Digest] = sizeClaim{s.side, s.name, d}
			case claim.Size != d.Size && !slices.ContainsFunc(wrong, func(w [2]sizeClaim) bool { return w[0].Digest == d.Digest }):
				wrong = append(wrong, [2]sizeClaim{claim, {s.side, s.name, d}})
			}
		}
	}
	return wrong
}

// blobsOf yields the descriptors of the config and of the layers of an image.
func blobsOf(img *model.Image) iter.Seq[*v1.Descriptor] {
	return func(yield func(*v1.Descriptor) bool) {
		more := yield(&img.Manifest.Config)
		for i := 0; more && i < len(img.Manifest.Layers); i++ {
			more = yield(&img.Manifest.Layers[i])
		}
	}
}

// wrongData returns the descriptors of an image whose field data is not the blob that they
// name: data must have the size and the digest (image-spec descriptor.md, "data").
func wrongData(img *model.Image) []*v1.Descriptor {
	var wrong []*v1.Descriptor
	for d := range blobsOf(img) {
		if len(d.Data) > 0 && d.Digest.Validate() == nil && (int64(len(d.Data)) != d.Size || dataDigest(d) != d.Digest) {
			wrong = append(wrong, d)
		}
	}
	return wrong
}

// wrongDescriptors is the verdict on one image whose two manifests contradict each other or
// themselves.
func (l *ladder) wrongDescriptors() (Verdict, bool) {
	sides := []sideOf{{side: SideA, name: l.nameA, img: l.a}, {side: SideB, name: l.nameB, img: l.b}}
	if wrong := wrongSizes(sides); len(wrong) > 0 {
		x, y := wrong[0][0], wrong[0][1]
		return Verdict{
			Code: NotComparable, Rests: on(Hashed), Step: l.stepOf(x.Digest), Proof: sizeProof(wrong),
			Headline: safe.Sprintf("The size of %s is wrong in one manifest", l.blobText(x.Digest)),
			Because: safe.Sprintf("It is %s; a blob has one size. Some runtimes refuse a blob of another size than its manifest states",
				claimedSizesText(x, y)),
		}, true
	}
	if !l.sameConfigs() {
		return Verdict{}, false
	}
	for _, s := range sides {
		if wrong := wrongData(s.img); len(wrong) > 0 {
			return Verdict{
				Code: NotComparable, Rests: on(Hashed), Step: l.stepOf(wrong[0].Digest), Proof: dataProof(wrong),
				Headline: safe.Sprintf("%s contradicts itself: its field data is not %s", s.name, l.blobText(wrong[0].Digest)),
				Because:  safe.Sprintf("The digest of data is %s; some clients use data in place of the blob", short(dataDigest(wrong[0]))),
			}, true
		}
	}
	return Verdict{}, false
}

// blobText names a blob of the pair: the config or a layer.
func (l *ladder) blobText(d digest.Digest) string {
	if d == l.a.Manifest.Config.Digest || d == l.b.Manifest.Config.Digest {
		return "the config"
	}
	return "layer " + short(d)
}

// stepOf is the displayed number of the row with a blob, 0 if there is none.
func (l *ladder) stepOf(blob digest.Digest) int {
	for _, r := range l.p.Rows {
		if r.A != nil && r.A.Layer.Digest == blob || r.B != nil && r.B.Layer.Digest == blob {
			return stepNumber(r)
		}
	}
	return 0
}

func claimedSizesText(x, y sizeClaim) string {
	if x.name == y.name {
		return fmt.Sprintf("%d and %d bytes in %s", x.Size, y.Size, x.name)
	}
	return fmt.Sprintf("%d bytes in %s and %d bytes in %s", x.Size, x.name, y.Size, y.name)
}

func sizeProof(wrong [][2]sizeClaim) []safe.Text {
	return mappedTo(wrong, func(w [2]sizeClaim) safe.Text {
		return safe.Sprintf("blob %s: %s", w[0].Digest, claimedSizesText(w[0], w[1]))
	})
}

func dataDigest(d *v1.Descriptor) digest.Digest { return d.Digest.Algorithm().FromBytes(d.Data) }

func dataProof(wrong []*v1.Descriptor) []safe.Text {
	return mappedTo(wrong, func(d *v1.Descriptor) safe.Text {
		return safe.Sprintf("descriptor of %s, %d bytes: data has %d bytes and digest %s", d.Digest, d.Size, len(d.Data), dataDigest(d))
	})
}

// otherSizes is D25 for layers that the registry has with another size than the manifest states.
func (s sideOf) otherSizes() []Finding {
	return mappedTo(matching(s.img.Steps, func(st model.Step) bool { return st.OtherSize != 0 }), func(st model.Step) Finding {
		sizes := safe.Sprintf("In %s, the registry has %d bytes for the layer of step %d, and the manifest states %d",
			s.name, st.OtherSize, st.Index+1, st.Layer.Size)
		return Finding{
			Severity: 3, Rests: on(Structure), Evidence: stepEvidence(s.side, []model.Step{st}), Check: s.layerCheck(st),
			Text: safe.Sprintf("%s. Runtimes that check the size refuse it.", sizes), Lead: sizes,
			Next: safe.Const("Do not deploy it. Push it again from where it was built"),
			Proof: []safe.Text{safe.Sprintf("layer %s: size %d by the headers of the registry, %d in the manifest",
				st.Layer.Digest, st.OtherSize, st.Layer.Size)},
		}
	})
}

// contradictingDescriptors (D25): descriptors give one blob two sizes, or have data that is
// not the blob, or the registry has a layer of another size.
func contradictingDescriptors(c Comparison, p Pair) []Finding {
	found := c.onSides(p, sideOf.otherSizes)
	found = append(found, c.onSides(p, func(s sideOf) []Finding {
		wrong := wrongData(s.img)
		if len(wrong) == 0 {
			return nil
		}
		return []Finding{{
			Severity: 2, Rests: on(Hashed), Proof: dataProof(wrong), Check: s.manifestCheck("[.config, .layers[]]"),
			Evidence: mappedTo(wrong, func(d *v1.Descriptor) Evidence { return Evidence{s.side, none, d.Digest} }),
			Text: safe.Sprintf("In %s, the field data of %s is not the blob that its descriptor names. "+
				"Clients that use this field get other bytes than clients that request the blob.", s.name, plural(len(wrong), "descriptor")),
			Next: safe.Const("Do not deploy it. Push the manifest again without this field, or with the bytes of the blob in it"),
		}}
	})...)
	wrong := wrongSizes(p.sides)
	if len(wrong) == 0 {
		return found
	}
	f := Finding{
		Severity: 2, Rests: on(Hashed), Proof: sizeProof(wrong), Check: c.ManifestCheck(p, "[.config, .layers[]]"),
		Text: safe.Sprintf("Blob %s is %s. A blob has one size, so one manifest is wrong, and some runtimes refuse it.",
			short(wrong[0][0].Digest), claimedSizesText(wrong[0][0], wrong[0][1])),
		Next: safe.Const("Compare the sizes with that of the blob, and push the manifest with the wrong one again"),
	}
	for _, w := range wrong {
		f.Evidence = append(f.Evidence, Evidence{w[0].side, none, w[0].Digest}, Evidence{w[1].side, none, w[1].Digest})
	}
	return append(found, f)
}
