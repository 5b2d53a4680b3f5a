package diff

import (
	"cmp"
	"slices"
	"strings"

	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/diff/jsondoc"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// advisePromotion is the advice for all changes that docker pull, tag and push cause.
var advisePromotion = safe.Const("Promote inside the registry, which copies the bytes: crane tag, regctl image copy or " +
	"skopeo copy --all --preserve-digests. Do not pull, tag and push")

// adviseElsewhere is the advice where the images are no cause.
var adviseElsewhere = safe.Const("Check configuration, secrets and the digest that runs: a node may have an older one in its cache")

// repacked (A3): layers were compressed again. If only empty layers were, A4 reports it
// instead.
func repacked(c Comparison, p Pair) []Finding {
	if p.Verdict.Code != Repacked && p.Verdict.Code != Reprinted {
		return nil
	}
	rows := matching(p.Rows, func(r Row) bool { return !otherHash(r) && (r.Class == RepackedRow || isEmptyTwin(r)) })
	if !slices.ContainsFunc(rows, func(r Row) bool { return r.Class == RepackedRow }) {
		return nil
	}
	nameA, nameB := c.names()
	rests, packed := filesGrounds(rows), packingsText(rows, nameA, nameB)
	if packed != "differently" && strings.Contains(p.Verdict.Headline.String(), packed) { // it says how
		packed = "in two ways"
	}
	return []Finding{{ // without a command: which of the two packings is meant is not known
		Severity: 1, Rests: rests, Evidence: evidenceOf(rows),
		Text: safe.Sprintf("%s (%s) %s packed %s, so the digests of layers and manifest differ.",
			upperFirst(plural(len(rows), "layer")), stepsText(rowSteps(rows)), isAre(len(rows)), packed),
		Next: advisePromotion, Proof: slices.Concat(mappedTo(rows, rowProof)...), Check: c.LayerCheck(rows[0]),
	}}
}

// packingsText says how the layers that are packed in two ways are packed on the two sides:
// "as gzip in :a and as zstd in :b".
func packingsText(rows []Row, nameA, nameB string) string {
	packings := func(of func(Row) *model.Step) []string {
		repacked := matching(rows, func(r Row) bool { return r.Class == RepackedRow && of(r) != nil && of(r).HasLayer })
		return distinct(repacked, func(r Row) string { return packingName(*of(r)) })
	}
	a := packings(func(r Row) *model.Step { return r.A })
	b := packings(func(r Row) *model.Step { return r.B })
	slices.Sort(a)
	slices.Sort(b)
	if slices.Contains(slices.Concat(a, b), "") || slices.Equal(a, b) {
		return "differently"
	}
	return list(a) + " in " + nameA + " and " + list(b) + " in " + nameB
}

// packingName says how a layer is packed: not at all if its digest is its diff_id, else by
// its first bytes or its media type. A type that says plain tar is wrong then.
func packingName(s model.Step) string {
	if s.Layer.Digest == s.DiffID || s.Packing == model.PackingTar {
		return "uncompressed"
	}
	if packing := cmp.Or(s.Packing, model.ClaimedPacking(s.Layer.MediaType)); packing == model.PackingGzip || packing == model.PackingZstd {
		return "as " + packing
	}
	return ""
}

// identical (A1) tells the reader where not to look.
func identical(c Comparison) []Finding {
	if c.B == nil || c.A.Top.Digest == "" || c.A.Top.Digest != c.B.Top.Digest {
		return nil
	}
	return []Finding{{
		Rests: on(Hashed), Evidence: topEvidence(c),
		Text: safe.Const("If the two behave differently, the cause is not the image. Equal digests do not show that the registry has " +
			"every layer: V on the screen and --expect ask for them."),
		Next:  adviseElsewhere,
		Proof: []safe.Text{safe.Sprintf("digest(A) = digest(B) = %s", c.A.Top.Digest)}, Check: c.digestsCommand(),
	}}
}

// newEnvelope (A2): only attestations differ. Provenance contains the time of the build.
func newEnvelope(c Comparison) []Finding {
	if c.B == nil || c.Verdict.Code != OtherEnvelope || !isIndex(*c.A) || !isIndex(*c.B) {
		return nil
	}
	onlyA, onlyB := c.onlyIn()
	if len(onlyA)+len(onlyB) > 0 || slices.Equal(attestations(*c.A), attestations(*c.B)) || !c.allIdentical() {
		return nil
	}
	say := safe.Const("Only the build attestations differ. Provenance contains the time of the build, " +
		"so the digest of the index changes with every build.")
	if with := matching(c.artifacts(), func(s artifactSide) bool { return len(attestations(*s.art)) > 0 }); len(with) == 1 {
		say = safe.Sprintf("Only %s has build attestations (provenance, SBOM). Nothing else makes the digests differ.", with[0].name)
	}
	return []Finding{{
		Rests: on(Hashed), Evidence: topEvidence(c), Check: c.digestsCommand(), Text: say,
		Next: safe.Const("Compare and pin the digests of the platforms, or build with --provenance=false"),
		Proof: mappedTo(c.shared(), func(p Pair) safe.Text {
			return safe.Sprintf("%s: manifest(A) = manifest(B) = %s", platformOrImage(p), p.A.Descriptor.Digest)
		}),
	}}
}

// allIdentical reports whether every platform that both sides have is the same manifest.
func (c Comparison) allIdentical() bool {
	return !slices.ContainsFunc(c.shared(), func(p Pair) bool { return p.Verdict.Code != Identical })
}

// otherSettings (A5): the layers are equal, the config is not.
func otherSettings(c Comparison, p Pair, a, b *model.Image) []Finding {
	if p.Verdict.Code != OtherSettings || a.ID() == "" || b.ID() == "" {
		return nil
	}
	rests := filesGrounds(p.Rows)
	text := safe.Const("All files are the same, byte for byte. If the two behave differently, the cause is the settings.")
	if trustOf(rests) != Proved {
		text = safe.Const("All files are the same, as the configs claim. If the two behave differently, the cause is the settings.")
	}
	next := safe.Const("Compare the two configs")
	if p.Verdict.sameSettings {
		text = safe.Const("Files and settings are the same. The image IDs differ, since they hash the whole config. " +
			"If the two behave differently, the cause is not the image.")
		if trustOf(rests) != Proved {
			text = safe.Const("The settings are the same, and so are the files, as the configs claim. The image IDs differ, since they hash " +
				"the whole config. If the claim holds and the two behave differently, the cause is not the image.")
		}
		next = adviseElsewhere
	}
	return []Finding{{
		Rests: rests, Evidence: pairEvidence(p), Text: text, Next: next,
		Proof: []safe.Text{
			safe.Sprintf("diff_ids(A) = diff_ids(B), all %d in order", len(a.Config.RootFS.DiffIDs)),
			safe.Sprintf("config(A) = %s", a.ID()), safe.Sprintf("config(B) = %s", b.ID()),
		},
		Check: c.ConfigCheck(p, "."),
	}}
}

// converted (A8): the same image in the formats of Docker and of OCI.
func converted(c Comparison, p Pair, a, b *model.Image) []Finding {
	if !isSame(p.Verdict.Code) {
		return nil
	}
	formatA, formatB := formatOf(a.Manifest.MediaType), formatOf(b.Manifest.MediaType)
	if formatA == "" || formatB == "" || formatA == formatB {
		return nil
	}
	nameA, nameB := c.names()
	return []Finding{{
		Severity: 1, Rests: on(Hashed), Evidence: []Evidence{{SideA, none, a.Manifest.Digest}, {SideB, none, b.Manifest.Digest}},
		Text: safe.Sprintf("The manifest of %s has the %s format, that of %s the %s format. "+
			"The digests differ, so pins and signatures for one do not match the other.", nameA, formatA, nameB, formatB),
		Next:  safe.Const("Pin after the last conversion, or copy with skopeo copy --all --preserve-digests"),
		Proof: []safe.Text{safe.Sprintf("mediaType(A) = %s", a.Manifest.MediaType), safe.Sprintf("mediaType(B) = %s", b.Manifest.MediaType)},
		Check: c.ManifestCheck(p, ".mediaType"),
	}}
}

func formatOf(mediaType string) string {
	switch {
	case strings.HasPrefix(mediaType, "application/vnd.docker.distribution.manifest.v2"):
		return "Docker"
	case mediaType == v1.MediaTypeImageManifest:
		return "OCI"
	}
	return ""
}

// reprinted (A12): a tool wrote the JSON of config or manifest again.
func reprinted(c Comparison, p Pair, a, b *model.Image) []Finding {
	if a.ID() == "" || b.ID() == "" {
		return nil
	}
	what := "config"
	switch {
	case p.Verdict.Code == Reprinted:
	case p.Verdict.Code == OtherEnvelope && jsondoc.Equal(a.Manifest.Raw, b.Manifest.Raw):
		what = "manifest"
	default:
		return nil
	}
	say := safe.Sprintf("A tool wrote the JSON of the %s again (spacing, order of fields). "+
		"This changes its digest, not what it says.", what)
	same := safe.Sprintf("both %ss parse to the same JSON", what)
	rests, spelled := on(Hashed), spellingOnly(a, b)
	switch {
	case what == "config" && len(spelled) > 0:
		_, nameB := c.names()
		rests = on(Hashed, Structure)
		say = safe.Sprintf("The configs mean the same to runtimes, but their digests differ: %s.",
			fieldsText(spelled, nameB))
		names := distinct(spelled, func(change fieldChange) string { return change.name })
		same = safe.Sprintf("the configs differ in nothing but %s", list(names))
	case what == "config" && !jsondoc.Equal(a.Config.Raw, b.Config.Raw):
		say = safe.Sprintf("A tool wrote the config again without fields of Docker's builder (%s). "+
			"No runtime reads these fields, but the digest changed.", builderFieldsOf(a, b))
		same = safe.Const("both configs parse to the same JSON except container, container_config, docker_version, " +
			"and Image and similar fields of config")
	}
	return []Finding{{
		Severity: 1, Rests: rests, Evidence: pairEvidence(p), Text: say,
		Next: safe.Const("Copy manifests and configs as bytes. Pins and signatures for the old digest do not match the new one"),
		Proof: []safe.Text{
			safe.Sprintf("config(A) = %s, manifest(A) = %s", a.ID(), a.Manifest.Digest),
			safe.Sprintf("config(B) = %s, manifest(B) = %s", b.ID(), b.Manifest.Digest), same,
		},
		Check: c.ConfigCheck(p, "."),
	}}
}

// builderFieldsOf names the fields of Docker's builder that the config of one of two images sets.
func builderFieldsOf(a, b *model.Image) string {
	va, errA := jsondoc.Parse(a.Config.Raw)
	vb, errB := jsondoc.Parse(b.Config.Raw)
	if errA != nil || errB != nil {
		return ""
	}
	return builderFieldsText(va, vb)
}

// spellingOnly are the changes between two configs if all of them are other spellings.
func spellingOnly(a, b *model.Image) []fieldChange {
	va, errA := jsondoc.Parse(a.Config.Raw)
	vb, errB := jsondoc.Parse(b.Config.Raw)
	if errA != nil || errB != nil {
		return nil
	}
	changes := configChanges(va, vb)
	if !onlyKinds(changes, fieldSpelling) {
		return nil
	}
	return changes
}
