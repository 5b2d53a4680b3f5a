package diff

import (
	"slices"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// checksums: two gzip blobs claim one diff_id, and the checksums at their ends differ.
// One of the claims may be false. Correct archives can differ too (eStargz, several gzip
// members, padding), so this is inferred, and it does not count as the same image.
func (l *ladder) checksums() (Verdict, bool) {
	rows := contradictingRows(l.p.Rows)
	if len(rows) == 0 {
		return Verdict{}, false
	}
	first := rows[0]
	return Verdict{
		Code: NotComparable, Rests: on(Structure), Step: stepNumber(first), says: "D17",
		hashed:   []layerAt{{SideA, *first.A}, {SideB, *first.B}},
		Headline: safe.Sprintf("%s may hold other bytes: one diff_id, two checksums", upperFirst(stepsText(rowSteps(rows)))),
		Because:  l.checksumsText(first),
		Proof:    trailerProof(first),
	}, true
}

// checksumsText says which of the two sides of a row was read whole, if one was.
func (l *ladder) checksumsText(r Row) safe.Text {
	read, end, nameRead, nameEnd := r.A, r.B, l.nameA, l.nameB
	if r.B.Checked {
		read, end, nameRead, nameEnd = r.B, r.A, l.nameB, l.nameA
	}
	if !read.Checked {
		return safe.Sprintf("Both blobs of step %d claim diff_id %s, and their gzip checksums are %08x and %08x",
			stepNumber(r), short(r.A.DiffID), r.A.Trailer.CRC, r.B.Trailer.CRC)
	}
	return safe.Sprintf("Both blobs of step %d claim diff_id %s. "+
		"That of %s has this content, with CRC-32 %08x; that of %s ends in CRC-32 %08x",
		stepNumber(r), short(r.A.DiffID), nameRead, read.Trailer.CRC, nameEnd, end.Trailer.CRC)
}

// contradictingRows are the rows of one diff_id whose gzip blobs end in different
// checksums or lengths. A blob that is not gzip, whatever its media type says, has none,
// unless it was read whole.
func contradictingRows(rows []Row) []Row {
	return matching(rows, func(r Row) bool {
		return r.Class == RepackedRow && r.A.Trailer != nil && r.B.Trailer != nil && *r.A.Trailer != *r.B.Trailer &&
			speaksOfContent(r.A) && speaksOfContent(r.B)
	})
}

// speaksOfContent reports whether the trailer of a layer is one: the layer was read whole,
// or may be gzip.
func speaksOfContent(s *model.Step) bool {
	return s.Checked || s.Packing == "" || s.Packing == model.PackingGzip
}

func trailerProof(r Row) []safe.Text {
	proof := rowProof(r)
	for _, s := range []struct {
		letter string
		*model.Step
	}{{"A", r.A}, {"B", r.B}} {
		of := "last 8 bytes of "
		if s.Checked {
			of = "content of "
		}
		proof = append(proof, safe.Sprintf("%s%s: CRC-32 %08x, length %d", of, s.letter, s.Trailer.CRC, s.Trailer.Size))
	}
	return proof
}

// checksumsDisagree (D17): as the rung checksums says.
func checksumsDisagree(c Comparison, p Pair) []Finding {
	rows := matching(contradictingRows(p.Rows), func(r Row) bool { // not a blob in another place, which has its own diff_id there
		return !slices.ContainsFunc(p.Rows, func(o Row) bool { return o.B != nil && o.B.Layer.Digest == r.A.Layer.Digest })
	})
	if len(rows) == 0 {
		return nil
	}
	return []Finding{{
		Severity: 2, Rests: on(Structure), Evidence: evidenceOf(rows), Proof: trailerProof(rows[0]), Check: c.LayerCheck(rows[0]),
		Text: safe.Sprintf("%s may hold other bytes on the two sides: the config claims one diff_id, and the gzip checksums differ. "+
			"eStargz, several gzip members and padding can cause this too.", upperFirst(stepsText(rowSteps(rows)))),
		Next: safe.Const("To be sure, unpack both layers and compare their sha256 with the diff_id. If one differs, push that image again"),
	}}
}

// wrongPacking (D18): the first bytes of a layer are not those of its media type. A
// layer that is called plain is not judged by bytes of an unknown format.
func wrongPacking(c Comparison, p Pair) []Finding {
	return append(contradictingTypes(c, p), c.onSides(p, func(s sideOf) []Finding {
		found := byPacking(s.img.Steps, func(st model.Step) (packings, bool) {
			is := packings{model.ClaimedPacking(st.Layer.MediaType), st.Packing}
			judged := st.Broken == "" && is[0] != "" && is[1] != "" && (is[1] != model.PackingUnknown || is[0] != model.PackingTar)
			return is, judged && is[0] != is[1] && !isNotPlain(st)
		}, func(is packings, steps []model.Step) Finding { return s.wrongPacking(is[0], is[1], steps) })
		return append(found, s.notPlain()...)
	})...)
}

// contradictingTypes is D18 for a blob with two compressions by its media types on the two
// sides, which needs no request: one of the types is wrong.
func contradictingTypes(c Comparison, p Pair) []Finding {
	a, _, ok := bothSides(p)
	if !ok {
		return nil
	}
	nameA, nameB := c.names()
	onB := disputedTypes(p)
	return byPacking(a.Steps, func(st model.Step) (packings, bool) {
		other, disputed := onB[st.Layer.Digest]
		is := packings{model.ClaimedPacking(st.Layer.MediaType), model.ClaimedPacking(other.Layer.MediaType)}
		return is, disputed && st.HasLayer && st.Packing == ""
	}, func(is packings, steps []model.Step) Finding {
		f := Finding{
			Severity: 1, Rests: on(Hashed), Check: c.ManifestCheck(p, "[.layers[].mediaType]"),
			Text: safe.Sprintf("The layer of %s is the same blob on both sides, but its media type says %s in %s and %s in %s. "+
				"One media type is wrong, and some clients rely on it and fail.", stepsText(stepIndexes(steps)), is[0], nameA, is[1], nameB),
			Next: safe.Const("Push the image with the wrong type again with a tool that sets the media type"),
		}
		for _, st := range steps {
			other := onB[st.Layer.Digest]
			f.Evidence = append(f.Evidence, Evidence{SideA, st.Index, st.Layer.Digest}, Evidence{SideB, other.Index, st.Layer.Digest})
			f.Proof = append(f.Proof, safe.Sprintf("layer %s: media type %s in A, %s in B",
				st.Layer.Digest, quoted(st.Layer.MediaType), quoted(other.Layer.MediaType)))
		}
		return f
	})
}

// disputedTypes returns the steps of B, by blob, whose media types state another compression
// than those of the same blobs in A. A type that is known to be wrong does not count.
func disputedTypes(p Pair) map[digest.Digest]model.Step {
	a, b, ok := bothSides(p)
	if !ok {
		return nil
	}
	inA := map[digest.Digest]string{}
	for _, st := range slices.DeleteFunc(slices.Clone(a.Steps), isNotPlain) {
		inA[st.Layer.Digest] = model.ClaimedPacking(st.Layer.MediaType)
	}
	disputed := map[digest.Digest]model.Step{}
	for _, st := range slices.DeleteFunc(slices.Clone(b.Steps), isNotPlain) {
		is := model.ClaimedPacking(st.Layer.MediaType)
		if other := inA[st.Layer.Digest]; st.Layer.Digest != "" && is != "" && other != "" && is != other {
			disputed[st.Layer.Digest] = st
		}
	}
	return disputed
}

// isNotPlain reports whether the media type or the diff_id of a layer is wrong, since only one
// of them can be true. Runtimes find out how a layer of Docker's format is compressed, so such
// a layer is left out if it was read and unpacks to its diff_id.
func isNotPlain(st model.Step) bool {
	return st.IsNotPlain() && st.Broken == "" && st.ClaimedDiffID == "" && (!st.Checked || st.Layer.MediaType == v1.MediaTypeImageLayer)
}

// notPlain is D18 for layers that are not the plain archive which media type and diff_id state.
func (s sideOf) notPlain() []Finding {
	steps := matching(s.img.Steps, isNotPlain)
	if len(steps) == 0 {
		return nil
	}
	where := stepsText(stepIndexes(steps))
	fails := "containerd does not decompress a layer of this type, so it fails"
	if steps[0].Layer.MediaType != v1.MediaTypeImageLayer {
		fails = "Runtimes find out about gzip by the first bytes, and not all know xz and bzip2"
	}
	return []Finding{{
		Severity: 2, Rests: on(Hashed), Evidence: stepEvidence(s.side, steps),
		Text: safe.Sprintf("In %s, the media type of %s says plain tar, but the digest is not the diff_id. "+
			"So the layer is compressed, or it is not what the config claims. %s.", s.name, where, fails),
		Lead:  safe.Sprintf("In %s, the media type of %s says plain tar, but the digest is not the diff_id", s.name, where),
		Next:  safe.Const("Push the image again with a tool that sets the media type"),
		Check: s.manifestCheck("[.layers[] | {mediaType, digest}]"), Proof: notPlainProof(steps),
	}}
}

func notPlainProof(steps []model.Step) []safe.Text {
	proof := mappedTo(steps, func(st model.Step) safe.Text {
		return safe.Sprintf("layer %s: media type %s, diff_id %s", st.Layer.Digest, quoted(st.Layer.MediaType), st.DiffID)
	})
	return append(proof, safe.Const("source: image-spec config.md: a diff_id is the digest of the uncompressed layer; containerd issue 10134"))
}

// mistyped detects images of one config where a layer is not the plain archive that its media
// type states, or is packed in a way that not all runtimes know.
func (l *ladder) mistyped() (Verdict, bool) {
	odd := func(st model.Step) bool {
		return model.ClaimedPacking(st.Layer.MediaType) != "" && st.Packing == model.PackingUnknown
	}
	side, steps := l.firstWith(func(img *model.Image) []model.Step {
		return matching(img.Steps, func(st model.Step) bool { return isNotPlain(st) || odd(st) })
	})
	if len(steps) == 0 || !l.sameConfigs() {
		return Verdict{}, false
	}
	first := steps[0]
	if !isNotPlain(first) {
		return Verdict{
			Code: NotComparable, Rests: on(Structure), Step: first.Index + 1, Proof: l.configProof(),
			Headline: safe.Sprintf("Same image, but some runtimes refuse %s: the layer of step %d is neither gzip, zstd nor tar",
				side, first.Index+1),
			Because: safe.Sprintf("%s. Docker also unpacks xz and bzip2, containerd does not", l.sameSettingsText()),
		}, true
	}
	return Verdict{
		Code: NotComparable, Rests: on(Hashed), Step: first.Index + 1, Proof: append(l.configProof(), notPlainProof(steps)...),
		hashed: l.firstOfEach(func(img *model.Image) []model.Step { return matching(img.Steps, isNotPlain) }),
		Headline: safe.Sprintf("In %s, the media type or the diff_id of step %d is wrong: the digest of a plain tar is its diff_id",
			side, first.Index+1),
		Because: safe.Sprintf("%s. The layer is compressed, or it is not what the config claims", l.sameSettingsText()),
	}, true
}

// packings are how a layer is compressed by two sources.
type packings [2]string

// byPacking returns a finding for the steps of each pair of packings that of accepts.
func byPacking(steps []model.Step, of func(model.Step) (packings, bool), say func(packings, []model.Step) Finding) []Finding {
	var order []packings
	groups := map[packings][]model.Step{}
	for _, st := range steps {
		is, ok := of(st)
		if !ok {
			continue
		}
		if groups[is] == nil {
			order = append(order, is)
		}
		groups[is] = append(groups[is], st)
	}
	return mappedTo(order, func(is packings) Finding { return say(is, groups[is]) })
}

// wrongPacking words D18 for layers that have another packing than their media types claim.
func (s sideOf) wrongPacking(claimed, packing string, steps []model.Step) Finding {
	rests, is, severity := on(Hashed), packing, 1
	if slices.ContainsFunc(steps, func(st model.Step) bool { return !st.Checked }) { // only the first bytes were read, which have no digest
		rests = on(Structure)
	}
	if packing == model.PackingUnknown { // xz and bzip2, which containerd does not know
		is, severity = "neither gzip, zstd nor tar", 2
	}
	layers, types := byNumber(len(steps), "layer", "layers"), byNumber(len(steps), "its media type says", "their media types say")
	return Finding{
		Severity: severity, Rests: rests, Evidence: stepEvidence(s.side, steps),
		Text: safe.Sprintf("In %s, the %s of %s %s %s, but %s %s. Some clients rely on the media type and fail.",
			s.name, layers, stepsText(stepIndexes(steps)), isAre(len(steps)), is, types, claimed),
		Next:  safe.Const("Push the image again with a tool that sets the media type"),
		Check: s.manifestCheck("[.layers[].mediaType]"),
		Proof: mappedTo(steps, func(st model.Step) safe.Text {
			return safe.Sprintf("layer %s: first bytes are %s, media type %s", st.Layer.Digest, st.Packing, quoted(st.Layer.MediaType))
		}),
	}
}
