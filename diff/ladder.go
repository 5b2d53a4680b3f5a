package diff

import (
	"maps"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff/jsondoc"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// judge gives the verdict on one platform: the first rung that holds.
func judge(p Pair, nameA, nameB string) Verdict {
	l := ladder{p: p, nameA: nameA, nameB: nameB}
	for _, rung := range []func(*ladder) (Verdict, bool){
		(*ladder).oneSided, (*ladder).sameManifest, (*ladder).unreadable, (*ladder).pending, (*ladder).noImage,
		(*ladder).refused, (*ladder).falseClaim, (*ladder).contradiction,
		(*ladder).sameConfig, (*ladder).reprinted, (*ladder).translated, (*ladder).legacy, (*ladder).noFiles,
		(*ladder).sameFiles, (*ladder).sameFilesSquashed,
		(*ladder).sameRecipe, (*ladder).sameBase,
	} {
		if v, ok := rung(&l); ok {
			return l.withPlatforms(v)
		}
	}
	return l.withPlatforms(l.unrelated())
}

// ladder is one pair with what the rungs ask of it. The images are there from
// the rung noImage on.
type ladder struct {
	p            Pair
	nameA, nameB string
	a, b         *model.Image
	all          [2][]string // content of each layer, oldest first
	real         [2][]string // the same without empty layers

	parsed           bool // ask configs
	configA, configB jsondoc.Value
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
		Code: NotComparable, Trust: Proved,
		Headline: safe.Sprintf("Only in %s", here),
		Because:  safe.Sprintf("The other side has no %s", platformText(l.p.Platform)),
	}, true
}

func platformText(name string) string {
	if name == "" {
		return "such platform"
	}
	return name
}

func (l *ladder) sameManifest() (Verdict, bool) {
	d := l.p.A.Descriptor.Digest
	if d == "" || d != l.p.B.Descriptor.Digest {
		return Verdict{}, false
	}
	return Verdict{
		Code: Identical, Trust: Proved,
		Headline: safe.Const("Identical"),
		Because:  safe.Sprintf("Same bytes: the manifest is sha256:%s on both sides", short(d)),
		Proof:    []safe.Text{safe.Sprintf("manifest(A) = manifest(B) = %s", d)},
	}, true
}

func (l *ladder) unreadable() (Verdict, bool) {
	side, err := l.nameA, l.p.A.Err
	if err == nil {
		side, err = l.nameB, l.p.B.Err
	}
	if err == nil {
		return Verdict{}, false
	}
	return Verdict{
		Code: NotComparable, Trust: Shown,
		Headline: safe.Sprintf("%s could not be read", side),
		Because:  safe.Gate{}.Clean(err.Error()),
	}, true
}

func (l *ladder) pending() (Verdict, bool) {
	return Verdict{}, !l.p.A.Arrived() || !l.p.B.Arrived()
}

func (l *ladder) noImage() (Verdict, bool) {
	l.a, l.b = l.p.A.Image, l.p.B.Image
	if l.a != nil && l.b != nil {
		l.readContents()
		return Verdict{}, false
	}
	side, e := l.nameA, l.p.A
	if l.a != nil {
		side, e = l.nameB, l.p.B
	}
	return Verdict{
		Code: NotComparable, Trust: Proved,
		Headline: safe.Sprintf("%s is not a container image", side),
		Because:  safe.Sprintf("It is %s; only equal digests would make two of these the same, and they differ", artifactText(*e)),
	}, true
}

func artifactText(e model.Entry) string {
	if t := e.Descriptor.ArtifactType; t != "" {
		return "an artifact of type " + quoted(t)
	}
	if e.Role == model.RoleAttestation {
		return "a receipt of a build"
	}
	return "an artifact"
}

// readContents notes what each layer unpacks to: the diff_id where both images
// claim them, else (schema1) the blob.
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
			l.all[side] = append(l.all[side], content)
			if !s.Empty {
				l.real[side] = append(l.real[side], content)
			}
		}
	}
}

func (l *ladder) hasSchema1() bool {
	return l.a.Manifest.Kind == model.KindSchema1 || l.b.Manifest.Kind == model.KindSchema1
}

// refused is the trap before every rung below: runtimes pair layers with
// diff_ids and refuse an image that does not have as many of one as of the other.
func (l *ladder) refused() (Verdict, bool) {
	side, c := l.nameA, l.a.Counts
	if c == nil || !c.Fatal() {
		side, c = l.nameB, l.b.Counts
	}
	if c == nil || !c.Fatal() {
		return Verdict{}, false
	}
	return Verdict{
		Code: NotComparable, Trust: Proved,
		Headline: safe.Sprintf("%s is broken: runtimes refuse it", side),
		Because:  safe.Sprintf("Its manifest lists %s and its config %s", plural(c.Layers, "layer"), plural(c.DiffIDs, "diff_id")),
	}, true
}

// falseClaim is the trap that only reading a layer shows.
func (l *ladder) falseClaim() (Verdict, bool) {
	side, wrong := l.nameA, falseClaims(l.a)
	if len(wrong) == 0 {
		side, wrong = l.nameB, falseClaims(l.b)
	}
	if len(wrong) == 0 {
		return Verdict{}, false
	}
	return Verdict{
		Code: NotComparable, Trust: Proved, Step: wrong[0].Index + 1, Proof: claimProof(wrong[0]),
		Headline: safe.Sprintf("%s is broken: runtimes refuse it", side),
		Because: safe.Sprintf("The layer of step %d unpacks to %s; the config claims %s",
			wrong[0].Index+1, short(wrong[0].DiffID), short(wrong[0].Claimed)),
	}, true
}

// contradiction is the other trap: one blob cannot unpack to two contents, so
// one of the configs belongs to other layers.
func (l *ladder) contradiction() (Verdict, bool) {
	claims := map[digest.Digest]digest.Digest{}
	for _, img := range []*model.Image{l.a, l.b} {
		for _, s := range img.Steps {
			if s.DiffID == "" || s.Layer.Digest == "" {
				continue
			}
			if claim, ok := claims[s.Layer.Digest]; ok && claim != s.DiffID {
				return Verdict{
					Code: NotComparable, Trust: Proved,
					Headline: safe.Const("One of the configs belongs to other layers"),
					Because: safe.Sprintf("Blob %s is claimed to unpack to %s and to %s; it can only do one of them",
						short(s.Layer.Digest), short(claim), short(s.DiffID)),
				}, true
			}
			claims[s.Layer.Digest] = s.DiffID
		}
	}
	return Verdict{}, false
}

func (l *ladder) sameConfig() (Verdict, bool) {
	id := l.a.ID()
	if id == "" || id != l.b.ID() {
		return Verdict{}, false
	}
	step := firstDifference(l.p.Rows)
	if sameBlobs(l.a.Manifest.Layers, l.b.Manifest.Layers) {
		return Verdict{
			Code: OtherEnvelope, Trust: Proved, Step: step,
			Headline: safe.Const("Same image, another manifest around it"),
			Because:  safe.Sprintf("Image ID %s and every layer are the same blobs; only %s of the manifest differ", short(id), manifestDifference(l.a.Manifest, l.b.Manifest)),
			Proof:    append(l.configProof(), safe.Sprintf("all %d layers(A) = layers(B)", len(l.a.Manifest.Layers))),
		}, true
	}
	return Verdict{
		Code: Repacked, Trust: Proved, Step: step,
		Headline: safe.Const("Same image, packed differently"),
		Because:  safe.Sprintf("Same files, same settings: image ID %s on both sides", short(id)),
		Proof:    append(append(l.configProof(), safe.Const("a config holds every setting, and a hash of what each layer unpacks to (diff_id)")), l.partingProof(step)...),
	}, true
}

func (l *ladder) reprinted() (Verdict, bool) {
	if len(l.a.Config.Raw) == 0 || !mayBeReprinted(l.a.Config, l.b.Config) {
		return Verdict{}, false
	}
	if a, b := l.configs(); !a.Exists() || !a.Equal(b) || !a.Unambiguous() || !b.Unambiguous() {
		return Verdict{}, false
	}
	return Verdict{
		Code: Reprinted, Trust: Proved, Step: firstDifference(l.p.Rows),
		Headline: safe.Const("Same image, its config printed differently"),
		Because:  safe.Sprintf("The configs %s and %s say the same; a tool wrote the JSON again", short(l.a.ID()), short(l.b.ID())),
		Proof:    append(l.configProof(), safe.Const("both parse to the same JSON")),
	}, true
}

// mayBeReprinted is false for configs that cannot say the same, by what was
// read of them: almost all, and it spares comparing the whole text.
func mayBeReprinted(a, b model.Config) bool {
	return slices.Equal(a.RootFS.DiffIDs, b.RootFS.DiffIDs) && len(a.History) == len(b.History) &&
		slices.Equal(a.Config.Env, b.Config.Env) && maps.Equal(a.Config.Labels, b.Config.Labels)
}

// noFiles keeps two images without any file from counting as the same files.
func (l *ladder) noFiles() (Verdict, bool) {
	if len(l.real[0])+len(l.real[1]) > 0 {
		return Verdict{}, false
	}
	return Verdict{
		Code: NotComparable, Trust: Proved, Step: firstDifference(l.p.Rows),
		Headline: safe.Const("Neither side has any file"),
		Because:  l.settingsSentence(safe.Const("Their settings differ")),
	}, true
}

func (l *ladder) sameFiles() (Verdict, bool) {
	if !slices.Equal(l.all[0], l.all[1]) {
		return Verdict{}, false
	}
	v := Verdict{
		Code: OtherSettings, Trust: Proved, Step: firstDifference(l.p.Rows),
		Headline: safe.Const("Same files, other settings"),
		Because:  l.settingsSentence(safe.Sprintf("All %s unpack to the same bytes", plural(len(l.all[0]), "layer"))),
		Proof:    append(l.configProof(), safe.Sprintf("diff_ids(A) = diff_ids(B), all %d in order", len(l.all[0]))),
	}
	if len(l.all[0]) == 1 {
		v.Because = l.settingsSentence(safe.Const("The one layer unpacks to the same bytes"))
	}
	return v, true
}

func (l *ladder) sameFilesSquashed() (Verdict, bool) {
	if !slices.Equal(l.real[0], l.real[1]) {
		return Verdict{}, false
	}
	emptyA, emptyB := len(l.all[0])-len(l.real[0]), len(l.all[1])-len(l.real[1])
	return Verdict{
		Code: OtherRecord, Trust: Proved, Step: firstDifference(l.p.Rows),
		Headline: safe.Const("Same files, recorded differently"),
		Because: l.settingsSentence(safe.Sprintf("The same %s with files; %s counts %s and %s %d. Another build, but not other files",
			plural(len(l.real[0]), "layer"), l.nameA, plural(emptyA, "empty layer"), l.nameB, emptyB)),
		Proof: append(l.configProof(), safe.Sprintf("the %d diff_ids that are left without empty layers are equal, in order", len(l.real[0]))),
	}, true
}

// configProof is the image IDs.
func (l *ladder) configProof() []safe.Text {
	if id := l.a.ID(); id == l.b.ID() {
		return []safe.Text{safe.Sprintf("config(A) = config(B) = %s", id)}
	}
	return []safe.Text{safe.Sprintf("config(A) = %s", orNone(string(l.a.ID()))), safe.Sprintf("config(B) = %s", orNone(string(l.b.ID())))}
}

// partingProof is the row of a step as printed, in full.
func (l *ladder) partingProof(step int) []safe.Text {
	for _, r := range l.p.Rows {
		if step > 0 && printed(r) == step {
			return rowProof(r)
		}
	}
	return nil
}

// translated: the configs say the same, dates and history included, but one
// has lost the notes of Docker's builder, as when Docker's format is made OCI.
// Two builds have notes both, or none, and other dates.
func (l *ladder) translated() (Verdict, bool) {
	if len(l.a.Config.Raw) == 0 || !mayBeReprinted(l.a.Config, l.b.Config) {
		return Verdict{}, false
	}
	a, b := l.configs()
	if !a.Exists() || hasNotes(a) == hasNotes(b) || !a.Unambiguous() || !b.Unambiguous() || !withoutNotes(a).Equal(withoutNotes(b)) {
		return Verdict{}, false
	}
	return Verdict{
		Code: Reprinted, Trust: Proved, Step: firstDifference(l.p.Rows),
		Headline: safe.Const("Same image, its config translated"),
		Because: safe.Sprintf("The configs %s and %s say the same, dates and history too, but for notes of Docker's builder, which no runtime reads and OCI leaves out",
			short(l.a.ID()), short(l.b.ID())),
		Proof: append(l.configProof(), safe.Sprintf("both parse to the same JSON without %s; and in config, without %s and what is empty",
			strings.Join(notesAtTop, ", "), strings.Join(notesInSettings, ", "))),
	}, true
}
