package diff

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff/jsondoc"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// judge returns the verdict on one platform: that of the first rung that
// applies.
func judge(p Pair, nameA, nameB string) Verdict {
	l := newLadder(p, nameA, nameB)
	for _, rung := range []func(*ladder) (Verdict, bool){
		(*ladder).oneSided, (*ladder).sameManifest, (*ladder).unreadable, (*ladder).pending, (*ladder).notAnImage,
		(*ladder).encrypted, (*ladder).refused, (*ladder).falseClaim, (*ladder).contradiction, (*ladder).otherDiffIDs,
		(*ladder).wrongDescriptors, (*ladder).checksums, (*ladder).trailing, (*ladder).mistyped,
		(*ladder).sameConfig, (*ladder).reprinted, (*ladder).translated, (*ladder).schema1, (*ladder).noFiles,
		(*ladder).sameFiles, (*ladder).sameFilesSquashed,
		(*ladder).rewritten, (*ladder).sameRecipe, (*ladder).sameBase,
	} {
		if v, ok := rung(l); ok {
			return l.withPlatforms(l.withEncryption(l.withBesides(v))).trusted()
		}
	}
	return l.withPlatforms(l.unrelated()).trusted()
}

// newLadder prepares the judgement of a pair.
func newLadder(p Pair, nameA, nameB string) *ladder {
	l := &ladder{p: p, nameA: nameA, nameB: nameB}
	l.configs = sync.OnceValues(func() (a, b jsondoc.Value) {
		if l.hasSchema1() {
			return schema1Settings(l.a), schema1Settings(l.b)
		}
		a, _ = jsondoc.Parse(l.a.Config.Raw)
		b, _ = jsondoc.Parse(l.b.Config.Raw)
		return a, b
	})
	l.changes = sync.OnceValue(func() []fieldChange { return configChanges(l.configs()) })
	return l
}

// ladder is a pair with the values that the rungs use. The images are set after
// the rung notAnImage.
type ladder struct {
	p            Pair
	nameA, nameB string
	a, b         *model.Image
	allLayers    [2][]string // content of each layer, oldest first
	withFiles    [2][]string // the same without empty layers

	// The two below are computed on first use, as large configs take time.
	configs func() (a, b jsondoc.Value) // the parsed configs, or what the schema1 format has of them
	changes func() []fieldChange        // the differences between the configs
}

// ladderSide is one side of a ladder beside the other.
type ladderSide struct {
	img, otherImg   *model.Image
	entry, other    *model.Entry
	name, otherName string
}

// sides are A, then B.
func (l *ladder) sides() []ladderSide {
	return []ladderSide{{l.a, l.b, l.p.A, l.p.B, l.nameA, l.nameB}, {l.b, l.a, l.p.B, l.p.A, l.nameB, l.nameA}}
}

// firstWith returns the first side that has steps of a kind, and those.
func (l *ladder) firstWith(stepsOf func(*model.Image) []model.Step) (name string, found []model.Step) {
	if found = stepsOf(l.a); len(found) > 0 {
		return l.nameA, found
	}
	return l.nameB, stepsOf(l.b)
}

// firstOfEach returns the first step of a kind of each side.
func (l *ladder) firstOfEach(stepsOf func(*model.Image) []model.Step) []layerAt {
	var first []layerAt
	if a := stepsOf(l.a); len(a) > 0 {
		first = append(first, layerAt{SideA, a[0]})
	}
	if b := stepsOf(l.b); len(b) > 0 {
		first = append(first, layerAt{SideB, b[0]})
	}
	return first
}

func (l *ladder) oneSided() (Verdict, bool) {
	if l.p.A != nil && l.p.B != nil {
		return Verdict{}, false
	}
	here := l.nameA
	if l.p.A == nil {
		here = l.nameB
	}
	return Verdict{
		Code: NotComparable, Rests: on(Hashed),
		Headline: safe.Sprintf("Only in %s", here),
		Because:  safe.Sprintf("The other side has no %s", cmp.Or(l.p.Platform, "entry like it")),
	}, true
}

// unnamedImage is what sentences call an image without a platform.
const unnamedImage = "an image without a platform"

// unknownImage is what sentences call an image that was not read, and for which the index states no platform.
const unknownImage = "an image of an unknown platform"

func platformText(name string) string { return cmp.Or(name, unnamedImage) }

// platformTextOf is platformText for an entry, which may not have been read.
func platformTextOf(e model.Entry) string {
	if name := nameOf(e); name != "" || e.Err == nil {
		return platformText(name)
	}
	return unknownImage
}

func (l *ladder) sameManifest() (Verdict, bool) {
	d := l.p.A.Descriptor.Digest
	if d == "" || d != l.p.B.Descriptor.Digest || model.IsCorrupt(l.p.A.Err) || model.IsCorrupt(l.p.B.Err) {
		return Verdict{}, false
	}
	return Verdict{
		Code: Identical, Rests: on(Hashed),
		Headline: safe.Const("Identical"),
		Because:  safe.Sprintf("Same bytes: the manifest is sha256:%s on both sides", short(d)),
		Proof:    []safe.Text{safe.Sprintf("manifest(A) = manifest(B) = %s", d)},
	}, true
}

func (l *ladder) unreadable() (Verdict, bool) {
	unread := matching(l.sides(), func(s ladderSide) bool { return s.entry.Err != nil })
	if len(unread) == 0 {
		return Verdict{}, false
	}
	err, rests := unread[0].entry.Err, on(Structure)
	if lacksPart(err) || model.IsCorrupt(err) { // the registry answered
		rests = on(Hashed)
	}
	because := err.Error()
	if lacksPart(err) { // a finding says what to do
		because = model.ShortError(err)
	}
	return Verdict{
		Code: NotComparable, Rests: rests,
		Headline: safe.Sprintf("%s could not be read", list(mapped(unread, func(s ladderSide) string { return s.name }))),
		Because:  safe.Gate{}.Clean(because),
	}, true
}

func (l *ladder) pending() (Verdict, bool) {
	return Verdict{}, !l.p.A.Arrived() || !l.p.B.Arrived()
}

func (l *ladder) notAnImage() (Verdict, bool) {
	l.a, l.b = l.p.A.Image, l.p.B.Image
	if l.a != nil && l.b != nil {
		l.readContents()
		return Verdict{}, false
	}
	if l.a == nil && l.b == nil && l.p.A.Artifact != nil && l.p.B.Artifact != nil {
		return l.artifacts(*l.p.A.Artifact, *l.p.B.Artifact), true
	}
	side, e, other := l.nameA, l.p.A, l.nameB
	if l.a != nil {
		side, e, other = l.nameB, l.p.B, l.nameA
	}
	if img := cmp.Or(l.a, l.b); img != nil {
		return artifactAndImage(*e, *img, side, other), true
	}
	return Verdict{
		Code: NotComparable, Rests: on(Hashed),
		Headline: safe.Sprintf("%s is not a container image but %s", side, shortArtifactText(*e)),
		Because:  safe.Sprintf("%s cannot be compared with %s", other, artifactText(*e)),
	}, true
}

func artifactText(e model.Entry) string {
	if t := e.ArtifactType(); t != "" {
		return artifactName(t)
	}
	if e.Role == model.RoleAttestation {
		return "a build attestation"
	}
	return "an artifact"
}

// shortArtifactText is artifactText without the media type, if the kind says enough.
func shortArtifactText(e model.Entry) string {
	return cmp.Or(artifactKindOf(e.ArtifactType()).name, artifactText(e))
}

// readContents records the content of each layer: its diff_id if both images
// have them, else (schema1) its blob digest.
func (l *ladder) readContents() {
	blobs := l.hasSchema1()
	for side, img := range []*model.Image{l.a, l.b} {
		for _, s := range img.Steps {
			if !s.HasLayer {
				continue
			}
			content := string(s.DiffID)
			if blobs {
				content = string(s.Layer.Digest)
			}
			l.allLayers[side] = append(l.allLayers[side], content)
			if !s.Empty {
				l.withFiles[side] = append(l.withFiles[side], content)
			}
		}
	}
}

func (l *ladder) hasSchema1() bool {
	return l.a.Manifest.Kind == model.KindSchema1 || l.b.Manifest.Kind == model.KindSchema1
}

// refused comes before all rungs below: Docker and containerd pair layers with diff_ids and
// refuse an image that has different numbers of them.
func (l *ladder) refused() (Verdict, bool) {
	for _, s := range l.sides() {
		if c := s.img.Counts; c != nil && c.Fatal() {
			return Verdict{
				Code: NotComparable, Rests: on(Hashed),
				Headline: safe.Sprintf("%s is broken: %s refuse it", s.name, checkers),
				Because:  safe.Sprintf("Its manifest lists %s and its config %s", plural(c.Layers, "layer"), plural(c.DiffIDs, "diff_id")),
			}, true
		}
	}
	return Verdict{}, false
}

// falseClaim detects a layer that unpacks to another diff_id than the config
// claims, or cannot be unpacked. Only reading the layer shows it.
func (l *ladder) falseClaim() (Verdict, bool) {
	side, wrong := l.firstWith(falseClaims)
	if len(wrong) == 0 {
		return Verdict{}, false
	}
	v := Verdict{
		Code: NotComparable, Rests: on(Hashed), Step: wrong[0].Index + 1, Proof: claimProof(wrong[0]), says: "D15",
		hashed:   l.firstOfEach(falseClaims),
		Headline: safe.Sprintf("%s is broken: %s refuse it", side, refusers(wrong)),
		Because:  claimText(wrong[0]),
	}
	isProbable := func(s model.Step) bool { return s.BrokenStart }
	switch a, b := falseClaims(l.a), falseClaims(l.b); {
	case len(a) > 0 && len(b) > 0 && !slices.ContainsFunc(slices.Concat(a, b), isProbable):
		of := refusers(a)
		if other := refusers(b); other != allRuntimes {
			of = other
		}
		v.Headline = safe.Sprintf("Both are broken: %s refuse them", of)
		v.Because, v.Proof = l.bothClaims(a[0], b[0])
	case wrong[0].BrokenStart:
		v.Rests, v.Headline = on(Structure), safe.Sprintf("%s is probably broken: %s", side, lowerFirst(v.Because))
		v.Because = safe.Sprintf("The first bytes of the layer were read. Its media type says %s", model.ClaimedPacking(wrong[0].Layer.MediaType))
	}
	return v, true
}

// bothClaims says what is wrong with a step of falseClaims of each side, and proves it.
func (l *ladder) bothClaims(a, b model.Step) (because safe.Text, proof []safe.Text) {
	textA, textB := lowerFirst(claimText(a)), lowerFirst(claimText(b))
	because = safe.Sprintf("In %s, %s. In %s, %s", l.nameA, textA, l.nameB, textB)
	if textA == textB {
		because = safe.Sprintf("In %s and %s, %s", l.nameA, l.nameB, textA)
	}
	for side, st := range (Row{A: &a, B: &b}).stepsBySide() {
		for i, line := range claimProof(*st) {
			switch {
			case i == 0:
				line = safe.Sprintf("%s %s", strings.ToUpper(string(side)), line)
			case line != safe.Const(diffIDSource):
				line = safe.Sprintf("%s step %d: %s", strings.ToUpper(string(side)), st.Index+1, line)
			}
			if !slices.Contains(proof, line) {
				proof = append(proof, line)
			}
		}
	}
	return because, proof
}

// allRuntimes are the runtimes that refuse a layer which cannot be unpacked.
const allRuntimes = "runtimes"

// refusers are the runtimes that refuse an image for some steps of falseClaims.
func refusers(steps []model.Step) string {
	if slices.ContainsFunc(steps, func(s model.Step) bool { return s.Broken != "" }) {
		return allRuntimes
	}
	return checkers
}

// claimText says what is wrong with a step of falseClaims.
func claimText(s model.Step) safe.Text {
	switch {
	case s.BrokenStart:
		return safe.Sprintf("The layer of step %d %s", s.Index+1, s.Broken)
	case s.Broken != "":
		return safe.Sprintf("The layer of step %d cannot be unpacked: it %s", s.Index+1, s.Broken)
	}
	return safe.Sprintf("The layer of step %d unpacks to %s; the config claims %s", s.Index+1, short(s.DiffID), short(s.ClaimedDiffID))
}

// trailing detects images of one config where a layer has bytes after its gzip stream, which
// some runtimes refuse.
func (l *ladder) trailing() (Verdict, bool) {
	side, steps := l.firstWith(trailing)
	if len(steps) == 0 || !l.sameConfigs() {
		return Verdict{}, false
	}
	first := steps[0]
	return Verdict{
		Code: NotComparable, Rests: on(Hashed, Claimed), Step: first.Index + 1, Proof: l.configProof(), says: "D24",
		hashed:   l.firstOfEach(trailing),
		Headline: safe.Sprintf("Same image, but some runtimes refuse %s: bytes follow the gzip stream of a layer", side),
		Because: safe.Sprintf("The layer of step %d has the files that the config claims, and bytes after its end. "+
			"Go's gzip reader fails there, pigz ignores them", first.Index+1),
	}, true
}

// contradiction detects one blob with two diff_ids of one algorithm. A blob has only one
// content, so one of the configs belongs to other layers.
func (l *ladder) contradiction() (Verdict, bool) {
	claims := map[digest.Digest]digest.Digest{}
	images := []*model.Image{l.a, l.b}
	for i, side := range []Side{SideA, SideB} {
		for _, s := range images[i].Steps {
			if s.DiffID == "" || s.Layer.Digest == "" {
				continue
			}
			claim, ok := claims[s.Layer.Digest]
			if ok && claim != s.DiffID && claim.Algorithm() == s.DiffID.Algorithm() {
				return l.contradictionOf(layerAt{side, s}, claim), true
			}
			claims[s.Layer.Digest] = s.DiffID
		}
	}
	return Verdict{}, false
}

// contradictionOf words the verdict on a layer that has another diff_id elsewhere.
func (l *ladder) contradictionOf(at layerAt, claim digest.Digest) Verdict {
	s := at.step
	v := Verdict{
		Code: NotComparable, Rests: on(Hashed), hashed: []layerAt{at},
		Headline: safe.Const("One config does not match its layers"),
		Because: safe.Sprintf("The configs claim that blob %s unpacks to %s and to %s; only one of them can be true",
			short(s.Layer.Digest), short(claim), short(s.DiffID)),
	}
	if l.sameConfigs() {
		v.Headline = safe.Sprintf("%s or %s is broken: their manifests list the layers of one config in different orders", l.nameA, l.nameB)
		v.Because = safe.Sprintf("By the order, blob %s unpacks to %s and to %s; only one of them can be true",
			short(s.Layer.Digest), short(claim), short(s.DiffID))
	}
	return v
}

// otherDiffIDs detects the same blobs whose diff_ids are hashes of another algorithm.
func (l *ladder) otherDiffIDs() (Verdict, bool) {
	a, b := l.a.Config.RootFS.DiffIDs, l.b.Config.RootFS.DiffIDs
	first := commonPrefix(a, b)
	if len(a) != len(b) || first == len(a) || !sameBlobs(l.a.Manifest.Layers, l.b.Manifest.Layers) ||
		!slices.EqualFunc(a, b, func(x, y digest.Digest) bool { return x == y || x.Algorithm() != y.Algorithm() }) {
		return Verdict{}, false
	}
	v := Verdict{
		Code: OtherRecord, Rests: on(Hashed), Step: firstDifference(l.p.Rows),
		Headline: safe.Sprintf("Same blobs; the configs name diff_ids by %s", l.algorithmsText(a[first], b[first])),
		Because:  safe.Sprintf("%s the same; nothing else differs in the configs", allOf(len(a), "blob", "is", "are")),
		Proof:    append(l.configProof(), safe.Sprintf("layers(A) = layers(B), all %d in order", len(a))),
	}
	if len(l.changes()) > 0 {
		v.Because = l.withDifferences(safe.Sprintf("%s the same", allOf(len(a), "blob", "is", "are")))
	}
	if !l.sameSettings() {
		v.Code = OtherSettings
	}
	return v, true
}

func (l *ladder) sameConfig() (Verdict, bool) {
	if !l.sameConfigs() {
		return Verdict{}, false
	}
	step, renamed := firstDifference(l.p.Rows), l.configAlgorithms()
	if sameBlobs(l.a.Manifest.Layers, l.b.Manifest.Layers) {
		return l.sameBlobs(step, renamed), true
	}
	v := Verdict{Code: Repacked, Rests: filesGrounds(l.p.Rows), Step: step, Proof: l.configProof()}
	if algorithms := l.otherHashes(); algorithms != "" {
		what := "layers"
		if renamed != "" {
			what = "config and layers"
		}
		v.Headline, v.says = safe.Sprintf("Same image, its %s named by %s", what, algorithms), "D21"
		v.Because = safe.Sprintf("%s. The layers have the same diff_ids and sizes", l.sameSettingsText())
	} else {
		v.Headline = safe.Sprintf("Same image, packed %s%s", packingsText(l.p.Rows, l.nameA, l.nameB), l.oddlyNamed())
		v.Because = safe.Sprintf("Same files%s, %s", l.asClaimed(), lowerFirst(l.sameSettingsText()))
		v.Proof = append(v.Proof, safe.Const("a config contains every setting, and a hash of what each layer unpacks to (diff_id)"))
	}
	v.Proof = append(v.Proof, l.stepProof(step)...)
	return v, true
}

// sameBlobs is the verdict on two manifests of one config and the same layers. renamed names
// the algorithms of the config's digests, "" for one digest.
func (l *ladder) sameBlobs(step int, renamed string) Verdict {
	v := Verdict{
		Code: OtherEnvelope, Rests: on(Hashed), Step: step,
		Proof: append(l.configProof(), safe.Sprintf("layers(A) = layers(B), all %d in order", len(l.a.Manifest.Layers))),
	}
	if renamed != "" {
		v.Headline, v.says = safe.Sprintf("Same image, its config named by %s", renamed), "D21"
		v.Because = safe.Sprintf("The configs are the same %d bytes, and all layers are the same blobs", len(l.a.Config.Raw))
		if changes := manifestChanges(l.a.Manifest, l.b.Manifest, l.nameA, l.nameB); len(changes) > 0 {
			v.Because = safe.Sprintf("%s; what else differs in the manifest: %s", v.Because, list(changes))
		}
		return v
	}
	inShort, all := l.manifestDifference()
	v.Headline = safe.Sprintf("Same image, different manifest: %s", inShort)
	if callsAttestation(l.a) != callsAttestation(l.b) {
		name := l.nameA
		if callsAttestation(l.b) {
			name = l.nameB
		}
		v.Headline, v.says = safe.Sprintf("Same config and layers, but an annotation calls %s an attestation of a build", name), "C19"
	}
	v.Because = safe.Sprintf("Image ID %s and all layers are the same blobs", short(l.a.ID()))
	if all != inShort {
		v.Because = safe.Sprintf("%s; what differs in the manifest: %s", v.Because, all)
	}
	if text := l.annotatedAgainstLabel(); text != "" {
		v.Because = safe.Sprintf("%s; %s", v.Because, text)
	}
	return v
}

// sameSettingsText says how sameConfigs is known.
func (l *ladder) sameSettingsText() safe.Text {
	if l.configAlgorithms() != "" {
		return safe.Sprintf("Same settings: the configs are the same %d bytes", len(l.a.Config.Raw))
	}
	return safe.Sprintf("Same settings: image ID %s on both sides", short(l.a.ID()))
}

// sameConfigs reports whether both sides have the same config: one digest, or the same
// bytes under digests of two algorithms.
func (l *ladder) sameConfigs() bool {
	return l.a.ID() != "" && l.a.ID() == l.b.ID() || l.configAlgorithms() != ""
}

// configAlgorithms names the algorithms of the digests of two configs of the same bytes, ""
// for one algorithm or other bytes.
func (l *ladder) configAlgorithms() string {
	a, b := l.a.Config, l.b.Config
	if a.Digest == "" || b.Digest == "" || len(a.Raw) == 0 || a.Digest.Algorithm() == b.Digest.Algorithm() || !bytes.Equal(a.Raw, b.Raw) {
		return ""
	}
	return l.algorithmsText(a.Digest, b.Digest)
}

func (l *ladder) algorithmsText(a, b digest.Digest) string {
	return a.Algorithm().String() + " in " + l.nameA + " and by " + b.Algorithm().String() + " in " + l.nameB
}

// otherHashes names the algorithms of the digests if the layers differ in nothing else.
func (l *ladder) otherHashes() string {
	algorithms := ""
	for _, r := range l.p.Rows {
		switch {
		case r.Class != RepackedRow:
		case !otherHash(r):
			return ""
		default:
			algorithms = l.algorithmsText(r.A.Layer.Digest, r.B.Layer.Digest)
		}
	}
	return algorithms
}

// oddlyNamed says which side names a layer by sha512 that the other side names by sha256.
func (l *ladder) oddlyNamed() string {
	for _, r := range l.p.Rows {
		if r.Class != RepackedRow || r.A.Layer.Digest.Validate() != nil || r.B.Layer.Digest.Validate() != nil {
			continue
		}
		a, b := r.A.Layer.Digest.Algorithm(), r.B.Layer.Digest.Algorithm()
		switch {
		case a == b:
		case a != digest.SHA256:
			return "; " + l.nameA + " names layers by " + a.String()
		default:
			return "; " + l.nameB + " names layers by " + b.String()
		}
	}
	return ""
}

func (l *ladder) reprinted() (Verdict, bool) {
	if !l.configsMatch(jsondoc.Value.Equal) {
		return Verdict{}, false
	}
	return Verdict{
		Code: Reprinted, Rests: filesGrounds(l.p.Rows), Step: firstDifference(l.p.Rows),
		Headline: safe.Sprintf("Same image, %sconfig formatted differently", l.packedBefore()),
		Because: safe.Sprintf("The configs %s and %s have the same content; a tool rewrote the JSON%s",
			short(l.a.ID()), short(l.b.ID()), l.filesClaimed()),
		Proof: append(l.configProof(), safe.Const("both parse to the same JSON")),
	}, true
}

// packedBefore says how the layers are packed, if in two ways, before what differs in the config.
func (l *ladder) packedBefore() string {
	if !slices.ContainsFunc(l.p.Rows, func(r Row) bool { return r.Class == RepackedRow }) {
		return ""
	}
	return "packed " + packingsText(l.p.Rows, l.nameA, l.nameB) + "; "
}

// configsMatch reports whether match holds for the configs, and all readers read each of them alike.
func (l *ladder) configsMatch(match func(a, b jsondoc.Value) bool) bool {
	if len(l.a.Config.Raw) == 0 || !mayBeReprinted(l.a.Config, l.b.Config) {
		return false
	}
	a, b := l.configs()
	return a.Exists() && match(a, b) && a.Unambiguous() && b.Unambiguous()
}

// mayBeReprinted is a cheap check of parsed fields. It is false for almost all
// pairs of different configs and avoids comparing the whole JSON.
func mayBeReprinted(a, b model.Config) bool {
	return slices.Equal(a.RootFS.DiffIDs, b.RootFS.DiffIDs) && len(a.History) == len(b.History) &&
		slices.Equal(a.Config.Env, b.Config.Env) && maps.Equal(a.Config.Labels, b.Config.Labels)
}

// noFiles prevents two images without any file from counting as the same files.
func (l *ladder) noFiles() (Verdict, bool) {
	if len(l.withFiles[0])+len(l.withFiles[1]) > 0 {
		return Verdict{}, false
	}
	settings, others := l.settingsAndOthers()
	if others == "" {
		others = "nothing else differs in the configs"
	}
	return Verdict{
		Code: NotComparable, Rests: l.emptyGrounds(), Step: firstDifference(l.p.Rows), Because: safe.Clean(upperFirst(others)),
		Headline: safe.Sprintf("Neither side contains a file; %s", cmp.Or(settings, "the settings are the same")),
	}, true
}

// emptyGrounds is the evidence that the layers of both sides that count as empty are.
func (l *ladder) emptyGrounds() []Ground {
	return emptyGrounds(slices.Concat(l.a.Steps, l.b.Steps)...)
}

// settingsAndOthers are the changes of settings in words, and those of dates, history and notes.
func (l *ladder) settingsAndOthers() (settings, others string) {
	ofSettings := settingsOf(l.changes())
	rest := matching(withoutMinor(l.changes()), func(c fieldChange) bool { return !slices.Contains(ofSettings, c) })
	return fieldsText(ofSettings, l.nameB), fieldsText(rest, l.nameB)
}

// sameSettings reports whether the configs agree in all but files, dates, history and
// notes of the builder.
func (l *ladder) sameSettings() bool { return keepSettings(l.changes()) }

// keepSettings reports whether no change is one of a setting.
func keepSettings(changes []fieldChange) bool {
	return len(settingsOf(changes)) == 0
}

// settingsOf are the changes of settings.
func settingsOf(changes []fieldChange) []fieldChange {
	others := []fieldKind{fieldNote, fieldSpelling, fieldDate, fieldHistory, fieldAuthor}
	return matching(changes, func(c fieldChange) bool { return !slices.Contains(others, c.kind) })
}

// asClaimed follows "same files" where only the configs claim it.
func (l *ladder) asClaimed() string {
	if trustOf(filesGrounds(l.p.Rows)) != Proved {
		return ", as the configs claim"
	}
	return ""
}

// filesClaimed ends a statement about two equal configs where they only claim that the files are the same.
func (l *ladder) filesClaimed() string {
	if l.asClaimed() == "" {
		return ""
	}
	return ". That the files are the same is the claim of the configs"
}

func (l *ladder) sameFiles() (Verdict, bool) {
	if !slices.Equal(l.allLayers[0], l.allLayers[1]) {
		return Verdict{}, false
	}
	changes := l.changes()
	v := Verdict{
		Code: OtherSettings, Rests: filesGrounds(l.p.Rows), Step: firstDifference(l.p.Rows), says: "A5",
		Because: safe.Sprintf("%s to the same bytes%s", allOf(len(l.allLayers[0]), "layer", "unpacks", "unpack"), l.asClaimed()),
		Proof:   append(l.configProof(), safe.Sprintf("diff_ids(A) = diff_ids(B), all %d in order", len(l.allLayers[0]))),
	}
	v.sameSettings = len(changes) > 0 && keepSettings(changes)
	switch text := fieldsText(changes, l.nameB); {
	case len(changes) == 0:
		v.Headline = safe.Const("Same files, different settings or notes")
	case onlyKinds(changes, fieldSpelling):
		v.Code, v.Rests = Reprinted, append(v.Rests, Structure)
		v.Headline = safe.Sprintf("Same image, its config written differently: %s", text)
	case onlyKinds(changes, fieldDate):
		v.Headline = safe.Sprintf("Same files, same settings; only dates differ%s", l.createdText())
	case onlyKinds(changes, fieldNote, fieldSpelling):
		v.Headline = safe.Sprintf("Same files, same settings; only notes of the builder differ: %s", namesOrText(changes, text))
	case keepSettings(changes):
		if saved := l.emptyCommitText(); saved != "" {
			text, v.Rests = saved, append(v.Rests, Structure)
		}
		v.Headline = safe.Sprintf("Same files, same settings; %s", text)
	default:
		settings, others := l.settingsAndOthers()
		v.Headline = safe.Sprintf("Same files, different settings: %s", settings)
		if others != "" {
			v.Because = safe.Sprintf("%s; %s", v.Because, others)
		}
	}
	return v, true
}

// emptyCommitText says which side is the other one saved by docker commit, "" for neither.
func (l *ladder) emptyCommitText() string {
	for _, s := range l.sides() {
		if saved := emptyCommit(s.img); saved != nil && len(s.img.Steps) == len(s.otherImg.Steps)+1 && beginsWith(s.img.Steps, s.otherImg.Steps) {
			return s.name + " was saved with docker commit" + messageText(*saved) + ", without a changed file"
		}
	}
	return ""
}

// createdText is the dates of creation where they differ by a minute or more: ": 3 Jun 2024 → 1 Jul 2024".
func (l *ladder) createdText() string {
	a, b := l.a.Config.Created, l.b.Config.Created
	if a == nil || b == nil || model.TimeText(*a) == model.TimeText(*b) {
		return ""
	}
	return ": " + model.TimeText(*a) + " → " + model.TimeText(*b)
}

// namesOrText is the names of changes that only differ, else the whole text of them.
func namesOrText(changes []fieldChange, text string) string {
	names := make([]string, len(changes))
	for i, ch := range changes {
		if !ch.inA || !ch.inB {
			return text
		}
		names[i] = fieldText(ch)
	}
	return list(names)
}

func (l *ladder) sameFilesSquashed() (Verdict, bool) {
	if !slices.Equal(l.withFiles[0], l.withFiles[1]) {
		return Verdict{}, false
	}
	emptyA, emptyB := len(l.allLayers[0])-len(l.withFiles[0]), len(l.allLayers[1])-len(l.withFiles[1])
	return Verdict{
		Code: OtherRecord, Rests: slices.Concat(filesGrounds(l.p.Rows), l.emptyGrounds()), Step: firstDifference(l.p.Rows),
		Headline: safe.Const("Same files, recorded differently"),
		Because: l.withDifferences(safe.Sprintf("The same %s with files%s; %s has %s and %s %s. A different build, but the same files",
			plural(len(l.withFiles[0]), "layer"), l.asClaimed(), l.nameA, noneOr(emptyA, "empty layer"), l.nameB, noneOr(emptyB, "empty layer"))),
		Proof: append(l.configProof(),
			safe.Sprintf("diff_ids(A) = diff_ids(B) without those of empty layers, all %d in order", len(l.withFiles[0]))),
	}, true
}

// configProof returns the image IDs of both sides.
func (l *ladder) configProof() []safe.Text {
	if id := l.a.ID(); id == l.b.ID() {
		return []safe.Text{safe.Sprintf("config(A) = config(B) = %s", id)}
	}
	proof := []safe.Text{safe.Sprintf("config(A) = %s", orNone(string(l.a.ID()))), safe.Sprintf("config(B) = %s", orNone(string(l.b.ID())))}
	if l.configAlgorithms() != "" {
		proof = append(proof, safe.Sprintf("both are the same bytes, with digest %s", digest.FromBytes(l.a.Config.Raw)))
	}
	return proof
}

// stepProof returns the full row of the step with this number.
func (l *ladder) stepProof(step int) []safe.Text {
	for _, r := range l.p.Rows {
		if step > 0 && stepNumber(r) == step {
			return rowProof(r)
		}
	}
	return nil
}

// translated detects configs that are equal, dates and history included, except
// that one has lost the fields of Docker's builder, as after a conversion from
// Docker's format to OCI. Two different builds would both have these fields, or
// neither, and other dates.
func (l *ladder) translated() (Verdict, bool) {
	if !l.configsMatch(func(a, b jsondoc.Value) bool {
		return hasBuilderFields(a) != hasBuilderFields(b) && withoutBuilderFields(a).Equal(withoutBuilderFields(b))
	}) {
		return Verdict{}, false
	}
	fields := builderFieldsText(l.configs())
	return Verdict{
		Code: Reprinted, Rests: filesGrounds(l.p.Rows), Step: firstDifference(l.p.Rows),
		Headline: safe.Sprintf("Same image, %sconfig converted", l.packedBefore()),
		Because: safe.Sprintf("The configs %s and %s are equal, dates and history too, except for fields of Docker's builder, "+
			"which no runtime reads and OCI does not have: %s%s", short(l.a.ID()), short(l.b.ID()), fields, l.filesClaimed()),
		Proof: append(l.configProof(), safe.Sprintf("both parse to the same JSON without %s, and in config without %s and empty members",
			strings.Join(builderFields, ", "), strings.Join(builderSettings, ", "))),
	}, true
}
