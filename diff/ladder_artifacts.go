package diff

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/diff/jsondoc"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// artifacts compares two artifacts that are not images: by type, blob by blob, and
// annotation by annotation.
func (l *ladder) artifacts(a, b model.Manifest) Verdict {
	kindA, kindB := artifactName(l.p.A.ArtifactType()), artifactName(l.p.B.ArtifactType())
	v := Verdict{
		Code: NotComparable, Rests: on(Hashed),
		Proof: []safe.Text{safe.Sprintf("manifest(A) = %s", a.Digest), safe.Sprintf("manifest(B) = %s", b.Digest)},
	}
	shortA := shortArtifactText(*l.p.A)
	if kindA != kindB {
		return l.artifactsOfTwoTypes(v, kindA, kindB)
	}
	changes := slices.Concat(l.chartChanges(), manifestChanges(a, b, l.nameA, l.nameB))
	pairs, sameConfig := pairBlobs(a.Layers, b.Layers), a.Config.Digest == b.Config.Digest
	sameContent := sameConfig && !slices.ContainsFunc(pairs, blobPair.hasOtherContent)
	if sameContent && otherSubject(a, b) {
		v.Headline = safe.Sprintf("The same %s, attached to %s", withoutArticle(shortA), l.subjectsText(a, b))
		v.Because = safe.Sprintf("All blobs are the same; what differs: %s", list(changes))
		return v
	}
	if sameContent && isOnlyAnnotations(a) && !maps.Equal(a.Annotations, b.Annotations) {
		v.Headline = safe.Sprintf("Not container images: 2 %s with different annotations", pluralKind(*l.p.A))
		v.Because = safe.Sprintf("Neither has a blob with content, so the annotations are what they state; what differs: %s", list(changes))
		return v
	}
	if sameContent && otherSignatures(a, b) {
		v.Headline = safe.Const("Two signatures of the same payload")
		v.Because = safe.Sprintf("Signatures of cosign are annotations of layers. What differs: %s", list(changes))
		return v
	}
	if sameContent {
		v.Code = OtherEnvelope
		v.Headline = safe.Sprintf("The same %s, different manifest", withoutArticle(shortA))
		v.Because = safe.Sprintf("All blobs are the same; what differs: %s", cmp.Or(list(changes), formattingText(a.Raw, b.Raw)))
		return v
	}
	texts := blobChanges(pairs, l.nameA, l.nameB)
	headline, said := l.artifactCause(a, b, texts)
	if len(said) > 0 {
		v.Rests = on(Hashed, Claimed)
	}
	v.Headline = safe.Sprintf("Not container images: 2 %s, with different content", pluralKind(*l.p.A))
	var because []string
	if headline != "" {
		v.Headline = safe.Sprintf("%s: %s", upperFirst(withoutArticle(shortA)), headline)
		because = append(because, "not container images")
	}
	if len(said) == 0 && headline != "" {
		texts = nil // the headline names the blob
	}
	because = append(because, blobsText(texts, sameConfig, pairs))
	if changes = withoutSaid(changes, said); len(changes) > 0 {
		because = append(because, "also "+list(changes))
	}
	v.Because = safe.Clean(upperFirst(strings.Join(slices.DeleteFunc(because, func(s string) bool { return s == "" }), "; ")))
	return v
}

// artifactsOfTwoTypes completes the verdict on artifacts that cannot be compared.
func (l *ladder) artifactsOfTwoTypes(v Verdict, kindA, kindB string) Verdict {
	shortA, shortB := shortArtifactText(*l.p.A), shortArtifactText(*l.p.B)
	if shortA == shortB {
		v.Headline = safe.Sprintf("Neither is a container image: %s and %s are %s of two types", l.nameA, l.nameB,
			artifactKindOf(l.p.A.ArtifactType()).many)
		v.Because = safe.Sprintf("%s is %s, %s is %s", l.nameA, kindA, l.nameB, kindB)
		return v
	}
	v.Headline = safe.Sprintf("Neither is a container image: %s is %s, %s is %s", l.nameA, shortA, l.nameB, shortB)
	v.Because = safe.Sprintf("Artifacts of two types cannot be compared: %s and %s", kindA, kindB)
	if a, b := l.p.A.Artifact, l.p.B.Artifact; a.Subject != nil && b.Subject != nil && a.Subject.Digest == b.Subject.Digest {
		v.Because = safe.Sprintf("Both are attached to sha256:%s", short(a.Subject.Digest))
	}
	return v
}

func pluralKind(e model.Entry) string {
	return cmp.Or(artifactKindOf(e.ArtifactType()).many, "artifacts")
}

// subjectsText says what two artifacts with different subjects are attached to.
func (l *ladder) subjectsText(a, b model.Manifest) string {
	switch {
	case a.Subject == nil:
		return "nothing in " + l.nameA
	case b.Subject == nil:
		return "nothing in " + l.nameB
	}
	return "another manifest"
}

// otherSubject reports whether two artifacts are attached to different manifests.
func otherSubject(a, b model.Manifest) bool {
	if a.Subject == nil || b.Subject == nil {
		return a.Subject != b.Subject
	}
	return a.Subject.Digest != b.Subject.Digest
}

// isOnlyAnnotations reports whether no blob of an artifact has content: each is the empty JSON object
// (image-spec manifest.md, "Guidance for an Empty Descriptor").
func isOnlyAnnotations(m model.Manifest) bool {
	hasContent := func(d v1.Descriptor) bool { return d.Digest != v1.DescriptorEmptyJSON.Digest }
	return !hasContent(m.Config) && !slices.ContainsFunc(m.Layers, hasContent)
}

// artifactCause is what tells best how two artifacts of one kind differ: the versions or the commits
// that they state, else the one file that differs. said are the annotations that it names.
func (l *ladder) artifactCause(a, b model.Manifest, blobs []string) (headline string, said []string) {
	var versions []string
	for _, of := range []struct {
		name string
		get  func(model.Entry) string
	}{{"version ", versionOf}, {"appVersion ", appVersionOf}} {
		if from, to := of.get(*l.p.A), of.get(*l.p.B); from != "" && to != "" && from != to {
			versions = append(versions, of.name+quoted(from)+" → "+quoted(to))
		}
	}
	if len(versions) > 0 {
		return strings.Join(versions, ", "), []string{v1.AnnotationVersion, "appVersion"}
	}
	from, to := a.Annotations[v1.AnnotationRevision], b.Annotations[v1.AnnotationRevision]
	if text := changedText(from, to); from != "" && to != "" && text != "" {
		return "revision " + text, []string{v1.AnnotationRevision}
	}
	if isUntitled := func(d v1.Descriptor) bool { return titleOf(d) == "" }; len(blobs) == 1 &&
		!slices.ContainsFunc(slices.Concat(a.Layers, b.Layers), isUntitled) {
		return blobs[0], nil
	}
	return "", nil
}

// withoutSaid leaves out the changes of annotations, and of members of a chart, that the headline names,
// and the titles of blobs, which blobChanges names.
func withoutSaid(changes, said []string) []string {
	return matching(changes, func(change string) bool {
		return !strings.HasPrefix(change, "the layer annotation "+v1.AnnotationTitle) && !slices.ContainsFunc(said, func(name string) bool {
			return strings.HasPrefix(change, "the annotation "+name+" (") || strings.HasPrefix(change, "the "+name+" of the chart (")
		})
	})
}

// signatureAnnotations are where cosign keeps a signature and what verifies it, beside the
// payload (cosign, specs/SIGNATURE_SPEC.md).
var signatureAnnotations = []string{
	"dev.cosignproject.cosign/signature", "dev.sigstore.cosign/certificate", "dev.sigstore.cosign/chain", "dev.sigstore.cosign/bundle",
}

// otherSignatures reports whether two artifacts with the same blobs have other signatures of cosign.
func otherSignatures(a, b model.Manifest) bool {
	for i := range min(len(a.Layers), len(b.Layers)) {
		for _, key := range signatureAnnotations {
			if a.Layers[i].Annotations[key] != b.Layers[i].Annotations[key] {
				return true
			}
		}
	}
	return false
}

// versionOf is the version that an artifact states, in its annotations or as a Helm chart.
func versionOf(e model.Entry) string {
	return cmp.Or(e.Artifact.Annotations[v1.AnnotationVersion], strings.Trim(chartOf(e).Member("version").Raw, `"`))
}

// appVersionOf is the version of the application that a Helm chart installs, "" if it states none.
func appVersionOf(e model.Entry) string {
	return strings.Trim(chartOf(e).Member("appVersion").Raw, `"`)
}

// chartOf is the config of a Helm chart, the zero value for others.
func chartOf(e model.Entry) jsondoc.Value {
	if e.Chart == nil {
		return jsondoc.Value{}
	}
	chart, _ := jsondoc.Parse(e.Chart.Raw)
	return chart
}

// chartChanges names the members that differ between two Helm charts, except for the version.
func (l *ladder) chartChanges() []string {
	if l.p.A.Chart == nil || l.p.B.Chart == nil {
		return nil
	}
	return memberChanges(chartOf(*l.p.A), chartOf(*l.p.B), " of the chart", l.nameA, l.nameB, "version")
}

func withoutArticle(noun string) string {
	return strings.TrimPrefix(strings.TrimPrefix(noun, "a "), "an ")
}

// artifactAndImage compares an artifact with an image, which can hold the same blobs.
func artifactAndImage(artifact model.Entry, img model.Image, name, imageName string) Verdict {
	v := Verdict{
		Code: NotComparable, Rests: on(Hashed), says: "C17",
		Headline: safe.Sprintf("%s is not a container image but %s", name, shortArtifactText(artifact)),
		Because:  safe.Sprintf("%s cannot be compared with %s", imageName, artifactText(artifact)),
	}
	if artifact.Artifact == nil {
		return v
	}
	blobs, inImage := artifact.Artifact.Layers, entriesByDigest(img.Manifest.Layers)
	shared := matching(blobs, func(d v1.Descriptor) bool {
		_, ok := inImage[d.Digest]
		return ok
	})
	switch {
	case len(shared) == 0:
		return v
	case len(shared) == len(blobs):
		v.Headline = safe.Sprintf("The same %s: %s is %s, %s an image with %s", byNumber(len(blobs), "blob", plural(len(blobs), "blob")),
			name, shortArtifactText(artifact), imageName, byNumber(len(blobs), "it", "them"))
	}
	subject := byNumber(len(shared), "Blob "+short(shared[0].Digest), plural(len(shared), "blob"))
	v.Because = safe.Sprintf("%s of %s %s of %s", subject, name,
		byNumber(len(shared), "is a layer", "are layers"), imageName)
	return v
}

// ArtifactPart is a line about an artifact that is not an image.
type ArtifactPart struct{ Name, Text safe.Text }

// ContentParts lists what something without an image holds: the parts of the one artifact, or the
// entries of an index; and what it is attached to.
func ContentParts(a model.Artifact) []ArtifactPart {
	var parts []ArtifactPart
	switch entries := artifactsOf(a); {
	case len(entries) == 1:
		parts = artifactParts(entries[0])
	case !isBuildCache(a): // its entries are layers
		parts = mappedTo(entries, entryPart)
	}
	if to, what := model.AttachedTo(a.Ref.Tag); what != "" {
		parts = append(parts, ArtifactPart{safe.Const("attached to"), safe.Sprintf("%s, as the tag says", short(to))})
	}
	return parts
}

// entryPart is an entry of an index that is not an image: what it is, its subject, its annotations.
func entryPart(e model.Entry) ArtifactPart {
	text := artifactText(e)
	if e.Artifact != nil && e.Artifact.Subject != nil {
		text += ", attached to " + short(e.Artifact.Subject.Digest)
	}
	for _, key := range slices.Sorted(maps.Keys(e.Descriptor.Annotations)) {
		text += ", " + quoted(key+"="+e.Descriptor.Annotations[key])
	}
	return ArtifactPart{safe.Clean(short(e.Descriptor.Digest)), safe.Clean(text)}
}

// artifactParts lists what an artifact is, its blobs with media type and size, and its subject.
func artifactParts(e model.Entry) []ArtifactPart {
	parts := []ArtifactPart{{safe.Const("type"), safe.Clean(artifactText(e))}}
	m := e.Artifact
	if m == nil {
		return parts
	}
	if version := versionOf(e); version != "" {
		parts = append(parts, ArtifactPart{safe.Const("version"), safe.Clean(quoted(version))})
	}
	blob := func(name string, d v1.Descriptor) {
		text := safe.Sprintf("%s %s, %s", short(d.Digest), quoted(cmp.Or(d.MediaType, "without a media type")), bytesText(d.Size))
		if title := d.Annotations[v1.AnnotationTitle]; title != "" {
			text = safe.Sprintf("%s, %s", text, quoted(title))
		}
		parts = append(parts, ArtifactPart{safe.Clean(name), text})
	}
	if m.Config.Digest != "" && m.Config.Digest != v1.DescriptorEmptyJSON.Digest {
		blob("config", m.Config)
	}
	for i, d := range m.Layers {
		blob(byNumber(len(m.Layers), "blob", fmt.Sprint("blob ", i+1)), d)
	}
	if m.Subject != nil {
		blob("attached to", *m.Subject)
	}
	return parts
}
