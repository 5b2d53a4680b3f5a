package diff

import (
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// emptyLayerTwin (A4): an empty layer with different digests on the two sides. Rows with
// the same two digests are one finding.
func emptyLayerTwin(c Comparison, p Pair) []Finding {
	type twins struct{ a, b digest.Digest }
	twinsOf := func(r Row) twins { return twins{r.A.Layer.Digest, r.B.Layer.Digest} }
	sound := matching(p.Rows, func(r Row) bool { return isEmptyTwin(r) && !isFaulty(r.A) && !isFaulty(r.B) })
	return mappedTo(grouped(sound, twinsOf), func(rows []Row) Finding {
		first, t := rows[0], twinsOf(rows[0])
		f := Finding{
			Rests: filesGrounds(rows), Evidence: evidenceOf(rows), Check: c.LayerCheck(first),
			Text: safe.Sprintf("%s empty on both sides: an archive without files, %s. No file is missing and none is duplicated.",
				upperFirst(stepsText(rowSteps(rows)))+" "+isAre(len(rows)), compressedBy(t.a, t.b)),
			Next: advisePromotion, Command: c.promoteCommand(),
			Proof: append(rowProof(first), contentProof(*first.A), contentProof(*first.B)),
		}
		if t.a == model.EmptyGzipGo17 || t.b == model.EmptyGzipGo17 {
			f.Proof = append(f.Proof, pushCacheNote)
		}
		return f
	})
}

// pushCacheNote explains how an old compression comes back (moby's push_v2.go; reproduced
// with Docker 20.10 and 24.0).
var pushCacheNote = safe.Const("how the old blob comes back: docker push sends the blob that its host remembers for this content " +
	"(distribution/v2metadata-by-diffid). A host that once pushed an old image sends the old blob again")

func isEmptyTwin(r Row) bool {
	return r.Class == BothEmpty && r.A.HasLayer && r.B.HasLayer && r.A.Layer.Digest != r.B.Layer.Digest
}

func compressedBy(a, b digest.Digest) string {
	packerA, knownA := model.EmptyPacker(a)
	packerB, knownB := model.EmptyPacker(b)
	if knownA && knownB {
		return "gzipped by two generations of tools (" + short(a) + ": " + packerA + "; " + short(b) + ": " + packerB + ")"
	}
	return "compressed by two tools (" + short(a) + " and " + short(b) + ")"
}

// emptyLayers (D2) states that empty layers are normal, before a reader takes them for an
// error.
func emptyLayers(s sideOf) []Finding {
	layers := countOf(s.img.Steps, func(st model.Step) bool { return st.HasLayer })
	empty := matching(s.img.Steps, func(st model.Step) bool { return st.HasLayer && st.Empty && !isFaulty(&st) })
	found := mappedTo(matching(duplicateSteps(s.img.Steps), setNoFiles), s.probablyEmpty)
	if len(empty) == 0 {
		return found
	}
	return append(found, Finding{
		Rests: emptyGrounds(empty...), Evidence: stepEvidence(s.side, empty),
		Text: safe.Sprintf("In %s, %d of %s %s empty (%s). Steps that change no file make such layers. They are harmless.",
			s.name, len(empty), plural(layers, "layer"), isAre(len(empty)), stepsText(stepIndexes(empty))),
		Next:  safe.Const("Nothing to do"),
		Proof: mappedTo(empty, contentProof), Check: s.layerCheck(empty[0]),
	})
}

// probablyEmpty is D2 for one layer of several steps whose instructions change no file.
func (s sideOf) probablyEmpty(group []model.Step) Finding {
	return Finding{
		Rests: on(Structure), Evidence: stepEvidence(s.side, group),
		Text: safe.Sprintf("In %s, %s have one layer, and their instructions change no file: the layer is probably empty.",
			s.name, stepsText(stepIndexes(group))),
		Next:  safe.Const("Nothing to do"),
		Proof: mappedTo(group, func(st model.Step) safe.Text { return safe.Sprintf("step %d: layer %s", st.Index+1, st.Layer.Digest) }),
		Check: s.layerCheck(group[0]),
	}
}

// isPlainEmpty reports whether a blob is an archive without files that is not compressed.
func isPlainEmpty(blob digest.Digest) bool {
	return blob == model.EmptyTar || blob == model.EmptyTarGNU
}

// contentProof states why a layer counts as empty.
func contentProof(st model.Step) safe.Text {
	packer, known := model.EmptyPacker(st.Layer.Digest)
	switch {
	case st.Checked:
		return safe.Sprintf("step %d: blob %s was read and unpacks to zeros only", st.Index+1, st.Layer.Digest)
	case isPlainEmpty(st.Layer.Digest):
		return safe.Sprintf("step %d: blob %s is an archive without files, not compressed", st.Index+1, st.Layer.Digest)
	case st.DiffID != "":
		return safe.Sprintf("step %d: diff_id %s is that of an archive without files", st.Index+1, st.DiffID)
	case known:
		return safe.Sprintf("step %d: blob %s is an archive without files, compressed by %s", st.Index+1, st.Layer.Digest, packer)
	}
	return safe.Sprintf("step %d: blob %s unpacks to an archive without files", st.Index+1, st.Layer.Digest)
}
