package diff

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/diff/jsondoc"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// manifestChanges names what differs between two manifests of the same config and
// layers, a phrase each: the format, media types, annotations, URLs, then all other members.
// It is empty for equal JSON.
func manifestChanges(a, b model.Manifest, nameA, nameB string) []string {
	changes := formatChange(a, b)
	if a.Config.MediaType != b.Config.MediaType {
		changes = append(changes, fmt.Sprintf("the media type of the config (%s, %s)",
			formatText(a.Config.MediaType), formatText(b.Config.MediaType)))
	}
	types, urls, notes := 0, 0, annotationSet{}
	notes.add("", a.Annotations, b.Annotations)
	notes.add("config ", a.Config.Annotations, b.Config.Annotations)
	for i := range min(len(a.Layers), len(b.Layers)) {
		la, lb := a.Layers[i], b.Layers[i]
		if la.MediaType != lb.MediaType {
			types++
		}
		if !slices.Equal(la.URLs, lb.URLs) {
			urls++
		}
		notes.add("layer ", la.Annotations, lb.Annotations)
	}
	if types > 0 {
		changes = append(changes, "the media types of "+plural(types, "layer"))
	}
	if urls > 0 {
		changes = append(changes, "the URLs of "+plural(urls, "layer"))
	}
	changes = append(changes, notes.phrases(nameA, nameB)...)
	return append(changes, unnamedMembers(a, b, nameA, nameB)...)
}

// unnamedMembers names the members that differ between two manifests and that
// manifestChanges has not named yet: of the document, of the config's descriptor and of
// those of the layers.
func unnamedMembers(a, b model.Manifest, nameA, nameB string) []string {
	va, errA := jsondoc.Parse(a.Raw)
	vb, errB := jsondoc.Parse(b.Raw)
	if errA != nil || errB != nil {
		return nil
	}
	but := alreadyNamed([]string{"config", "layers"}, a.MediaType == b.MediaType, a.Annotations, b.Annotations)
	members := otherMembers(va, vb, nameA, nameB, but...)
	descriptor := func(da, db v1.Descriptor, va, vb jsondoc.Value) []memberChange {
		if da.Digest != db.Digest { // another blob
			return nil
		}
		but := alreadyNamed([]string{"urls", "digest"}, da.MediaType == db.MediaType, da.Annotations, db.Annotations)
		return differingMembers(va, vb, nameA, nameB, but...)
	}
	for _, m := range descriptor(a.Config, b.Config, va.Member("config"), vb.Member("config")) {
		members = append(members, memberText(m.name)+" of the config descriptor"+m.only)
	}
	var ofLayers []memberChange
	layersA, layersB := va.Member("layers").Members, vb.Member("layers").Members
	for i := range min(len(a.Layers), len(b.Layers), len(layersA), len(layersB)) {
		ofLayers = append(ofLayers, descriptor(a.Layers[i], b.Layers[i], layersA[i], layersB[i])...)
	}
	for len(ofLayers) > 0 {
		m, n := ofLayers[0], len(ofLayers)
		ofLayers = slices.DeleteFunc(ofLayers, func(o memberChange) bool { return o.name == m.name && o.only == m.only })
		members = append(members, memberText(m.name)+" of "+plural(n-len(ofLayers), "layer descriptor")+m.only)
	}
	return members
}

// alreadyNamed returns the members of a document or descriptor that have been named if they differ.
func alreadyNamed(always []string, sameType bool, notesA, notesB map[string]string) []string {
	if !sameType {
		always = append(always, "mediaType")
	}
	if !maps.Equal(notesA, notesB) {
		always = append(always, "annotations")
	}
	return always
}

// otherMembers names the members of two objects that differ, except for those named.
func otherMembers(a, b jsondoc.Value, nameA, nameB string, but ...string) []string {
	return mappedTo(differingMembers(a, b, nameA, nameB, but...), func(m memberChange) string { return memberText(m.name) + m.only })
}

func memberText(name string) string {
	switch name {
	case "subject", "artifactType": // members of the specification need no noun
		return "the " + name
	case "annotations": // annotations that differ are named one by one
		return "an empty annotations object"
	}
	return "the " + quoted("field "+name)
}

// formatChange names the formats of two manifests if they differ.
func formatChange(a, b model.Manifest) []string {
	if a.MediaType == b.MediaType {
		return nil
	}
	return []string{fmt.Sprintf("the format (%s, %s)", formatText(a.MediaType), formatText(b.MediaType))}
}

func formatText(mediaType string) string { return cmp.Or(formatNames[mediaType], quoted(mediaType)) }

var formatNames = map[string]string{
	model.MediaTypeDockerManifest: "Docker", v1.MediaTypeImageManifest: "OCI",
	model.MediaTypeDockerList: "a Docker manifest list", v1.MediaTypeImageIndex: "an OCI index",
	model.MediaTypeDockerConfig: "Docker", v1.MediaTypeImageConfig: "OCI",
}

// annotationSet collects annotations that differ, each key once.
type annotationSet struct {
	changed, gone, added []string
}

// add compares two maps of annotations of the same thing; where is that thing as an
// adjective, "" for the document itself.
func (s *annotationSet) add(where string, a, b map[string]string) {
	note := func(list *[]string, key string, values ...string) {
		if text := where + "annotation " + quoted(key) + strings.Join(values, ""); !slices.Contains(*list, text) {
			*list = append(*list, text)
		}
	}
	for _, key := range sortedNames(a, b) {
		va, inA := a[key]
		vb, inB := b[key]
		switch {
		case inA && inB && va != vb:
			note(&s.changed, key, valuesText(maskedValue(key, va), maskedValue(key, vb)))
		case inA && !inB:
			note(&s.gone, key)
		case inB && !inA:
			note(&s.added, key)
		}
	}
}

// valuesText is a change of a value in brackets, as in " (1.0 → 1.1)", "" for long values.
func valuesText(from, to string) string {
	if text := changedText(from, to); text != "" {
		return " (" + text + ")"
	}
	return ""
}

// shortValue is a value for a sentence: of hashes it has the first digits.
func shortValue(value string) string {
	const sha1, sha256 = 40, 64
	isHash := func(s string) bool { return isHex(s) && (len(s) == sha1 || len(s) == sha256) }
	if d := digest.Digest(value); d.Validate() == nil || isHash(value) {
		return short(d)
	}
	if at := strings.LastIndexAny(value, ":@/-"); at >= 0 && isHash(value[at+1:]) { // main@sha1:…, as Flux writes
		return quoted(value[:at+1]) + short(digest.Digest(value[at+1:]))
	}
	return quoted(value)
}

// changedText is a change of a masked value, as in "1.0 → 1.1", "" for values that are long
// or look the same. Of hashes it has the first digits.
func changedText(from, to string) string {
	if strings.ContainsFunc(from+to, safe.IsLineBreak) {
		return ""
	}
	isCut := func(short, value string) bool {
		return strings.HasSuffix(short, "…") && !strings.HasSuffix(value, "…")
	}
	shortFrom, shortTo := shortValue(from), shortValue(to)
	if shortFrom == shortTo || isCut(shortFrom, from) || isCut(shortTo, to) {
		return ""
	}
	return shortFrom + " → " + shortTo
}

// annotatedAgainstLabel names the first annotation that only one side has and that
// contradicts the label of the same name, with both values.
func (l *ladder) annotatedAgainstLabel() string {
	for _, s := range l.sides() {
		annotations, labels := s.img.Manifest.Annotations, s.img.Config.Config.Labels
		for _, key := range slices.Sorted(maps.Keys(annotations)) {
			value, label := annotations[key], labels[key]
			if label == "" || label == value || s.otherImg.Manifest.Annotations[key] == value {
				continue
			}
			return fmt.Sprintf("in %s, the annotation %s is %s, the label is %s",
				s.name, quoted(shortKey(key)), shortValue(maskedValue(key, value)), shortValue(maskedValue(key, label)))
		}
	}
	return ""
}

func (s *annotationSet) phrases(nameA, nameB string) []string {
	with := func(end string) func(string) string { return func(key string) string { return "the " + key + end } }
	return slices.Concat(mapped(s.changed, with("")),
		mapped(s.gone, with(" (only in "+nameA+")")), mapped(s.added, with(" (only in "+nameB+")")))
}

// indexChanges names what differs between two indexes, a phrase each: the family,
// annotations of the index and of entries, entries that are not images, the order.
// Platforms that only one side has are not among them; neither are attestations,
// which receiptsText names.
func indexChanges(a, b model.Artifact, nameA, nameB string) []string {
	changes := formatChange(a.Top, b.Top)
	var notes annotationSet
	var bareA, bareB []v1.Descriptor // entries with a platform on the other side only
	notes.add("", a.Top.Annotations, b.Top.Annotations)
	inA, inB := entriesByDigest(a.Top.Children), entriesByDigest(b.Top.Children)
	for _, d := range a.Top.Children {
		if other, ok := inB[d.Digest]; ok && d.Annotations[model.AnnotationReferenceType] == "" {
			notes.add("entry ", d.Annotations, other.Annotations)
			switch from, to := platformLabel(d), platformLabel(other); {
			case from == to:
			case from == noPlatform:
				bareA = append(bareA, d)
			case to == noPlatform:
				bareB = append(bareB, d)
			default:
				changes = append(changes, fmt.Sprintf("the label of sha256:%s (%s, %s)", short(d.Digest), from, to))
			}
			if d.ArtifactType != other.ArtifactType {
				changes = append(changes, "the artifactType of an entry")
			}
		}
	}
	changes = append(slices.Concat(withoutLabels(a, bareA, nameA), withoutLabels(b, bareB, nameB)), changes...)
	changes = append(changes, notes.phrases(nameA, nameB)...)
	changes = append(changes, orphansOnly(a, b, nameA)...)
	changes = append(changes, orphansOnly(b, a, nameB)...)
	changes = append(changes, entriesOnly(a, inB, nameA)...)
	changes = append(changes, entriesOnly(b, inA, nameB)...)
	topA, errA := jsondoc.Parse(a.Top.Raw)
	topB, errB := jsondoc.Parse(b.Top.Raw)
	if errA == nil && errB == nil {
		changes = append(changes, otherMembers(topA, topB, nameA, nameB,
			alreadyNamed([]string{"manifests"}, a.Top.MediaType == b.Top.MediaType, a.Top.Annotations, b.Top.Annotations)...)...)
	}
	changes = append(changes, entryFields(a.Top, b.Top, nameA, nameB)...)
	if len(changes) > 0 || !maps.EqualFunc(inA, inB, func(x, y v1.Descriptor) bool { return x.Digest == y.Digest }) {
		return changes
	}
	changes = append(repeatedEntries(a, b, nameA), repeatedEntries(b, a, nameB)...)
	if len(changes) == 0 && !sameBlobs(a.Top.Children, b.Top.Children) {
		changes = append(changes, "the order of the entries")
	}
	return changes
}

// repeatedEntries names the entries that an index lists more often than another one.
func repeatedEntries(a, other model.Artifact, name string) []string {
	var texts []string
	for _, d := range a.Top.Children {
		is := func(o v1.Descriptor) bool { return o.Digest == d.Digest }
		if n := countOf(a.Top.Children, is); n > countOf(other.Top.Children, is) {
			texts = appendNew(texts, name+" lists "+entryText(d)+" "+timesText(n))
		}
	}
	return texts
}

func countOf[T any](items []T, is func(T) bool) int {
	n := 0
	for _, item := range items {
		if is(item) {
			n++
		}
	}
	return n
}

// entryText names an entry of an index by its platform, or by its digest if it has none.
func entryText(d v1.Descriptor) string {
	if d.Platform != nil && d.Platform.OS != "" {
		return model.PlatformName(*d.Platform)
	}
	return "sha256:" + short(d.Digest)
}

const noPlatform = "no platform"

// withoutLabels names the entries that an index lists without a platform.
func withoutLabels(a model.Artifact, bare []v1.Descriptor, name string) []string {
	switch n := len(bare); n {
	case 0:
		return nil
	case 1:
		return []string{name + " lists sha256:" + short(bare[0].Digest) + " without a platform"}
	case len(a.Images()):
		return []string{fmt.Sprintf("%s lists its %d images without a platform", name, n)}
	default:
		return []string{fmt.Sprintf("%s lists %d images without a platform", name, n)}
	}
}

func platformLabel(d v1.Descriptor) string {
	if d.Platform == nil || model.PlatformName(*d.Platform) == "" {
		return noPlatform
	}
	return model.PlatformName(*d.Platform) + featuresText(d)
}

func entriesByDigest(all []v1.Descriptor) map[digest.Digest]v1.Descriptor {
	found := make(map[digest.Digest]v1.Descriptor, len(all))
	for _, d := range all {
		if _, ok := found[d.Digest]; !ok {
			found[d.Digest] = d
		}
	}
	return found
}

// orphansOnly names the attestations of an index that are for images it does not list, unless
// the other one has the same.
func orphansOnly(a, other model.Artifact, name string) []string {
	orphans := func(a model.Artifact) []model.Entry {
		return matching(a.Entries, func(e model.Entry) bool { return isOrphan(a, e) })
	}
	same := func(x, y model.Entry) bool {
		return x.Descriptor.Digest == y.Descriptor.Digest && x.Subject == y.Subject
	}
	found := orphans(a)
	if len(found) == 0 || slices.EqualFunc(found, orphans(other), same) {
		return nil
	}
	return []string{orphansText(name, found)}
}

// entriesOnly names the entries of an index that the other side lacks and that are
// neither images nor known to be attestations.
func entriesOnly(a model.Artifact, other map[digest.Digest]v1.Descriptor, name string) []string {
	var types, texts []string
	var only model.Entry // the last artifact
	unknown := 0
	for _, e := range a.Entries {
		_, both := other[e.Descriptor.Digest]
		switch {
		case both || e.Depth > 0:
		case e.Role == model.RoleArtifact:
			types, only = append(types, e.ArtifactType()), e
		case e.Role == model.RoleUnknown:
			unknown++
		}
	}
	if len(types) == 1 {
		texts = append(texts, artifactText(only)+", sha256:"+short(only.Descriptor.Digest)+", only in "+name)
	} else if len(types) > 0 {
		texts = append(texts, artifactsText(types)+" only in "+name)
	}
	if unknown > 0 {
		entries := byNumber(unknown, "an entry", fmt.Sprint(unknown, " entries"))
		texts = append(texts, entries+" with platform unknown/unknown only in "+name)
	}
	return texts
}

// artifactName is what an artifact's type stands for, with the type: "an SBOM
// (application/spdx+json)".
func artifactName(mediaType string) string {
	known := artifactKindOf(mediaType)
	switch {
	case known.name != "":
		return known.name + " (" + quoted(mediaType) + ")"
	case mediaType == "":
		return "an artifact"
	}
	return "an artifact of type " + quoted(mediaType)
}

// artifactsText counts artifacts by type: "2 SBOMs (application/spdx+json) and a Helm
// chart (application/vnd.cncf.helm.config.v1+json)".
func artifactsText(types []string) string {
	count := map[string]int{}
	for _, t := range types {
		count[t]++
	}
	var texts []string
	for _, t := range slices.Sorted(maps.Keys(count)) {
		text := artifactName(t)
		if n := count[t]; n > 1 {
			many := cmp.Or(artifactKindOf(t).many, "artifacts")
			text = fmt.Sprintf("%d %s (%s)", n, many, quoted(cmp.Or(t, "without a type")))
		}
		texts = append(texts, text)
	}
	return list(texts)
}

func artifactKindOf(mediaType string) artifactKind {
	for _, known := range artifactTypes {
		if strings.HasPrefix(mediaType, known.prefix) {
			return known
		}
	}
	return artifactKind{}
}

// artifactKind is a kind of artifact by the start of its type, in words for one and many.
type artifactKind struct{ prefix, name, many string }

// artifactTypes names the artifacts that registries hold beside images, by the start
// of their type. The types are those that the tools themselves document.
var artifactTypes = []artifactKind{
	{"application/vnd.cncf.helm.", "a Helm chart", "Helm charts"},
	{"application/vnd.cncf.flux.", "a Flux artifact", "Flux artifacts"},
	{"application/vnd.buildkit.cacheconfig.", "a build cache of BuildKit", "build caches of BuildKit"},
	{"application/spdx", "an SBOM", "SBOMs"},
	{"application/vnd.cyclonedx", "an SBOM", "SBOMs"},
	{"application/vnd.syft", "an SBOM", "SBOMs"},
	{"text/spdx", "an SBOM", "SBOMs"},
	{"application/vnd.dev.cosign.", "a cosign signature or attestation", "cosign signatures or attestations"},
	{"application/vnd.dev.sigstore.bundle", "a sigstore bundle", "sigstore bundles"},
	{"application/vnd.cncf.notary.signature", "a Notary signature", "Notary signatures"},
	{"application/vnd.in-toto", "an attestation", "attestations"},
	{"application/vnd.wasm.", "a WebAssembly module", "WebAssembly modules"},
	{"application/vnd.module.wasm.", "a WebAssembly module", "WebAssembly modules"},
	{"application/vnd.dsse.envelope", "a DSSE envelope", "DSSE envelopes"},
	{"application/vnd.cncf.model.", "a model", "models"},
	{"application/vnd.docker.ai.", "a model", "models"},
	{"application/vnd.ollama.", "a model", "models"},
	{model.SOCIType, "a SOCI index", "SOCI indexes"},
	{"application/vnd.nydus.image.manifest.", "an image for nydus", "images for nydus"},
	{"application/vnd.docker.plugin", "a Docker plugin", "Docker plugins"},
}
