package diff

import (
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// rewritten: one side was made from the layers of the other, or both from the same
// layers, after they were built. Converters, crane flatten, crane rebase and kaniko
// --reproducible do that. A second build of the same Dockerfile leaves other dates.
func (l *ladder) rewritten() (Verdict, bool) {
	if l.p.foreign || l.hasSchema1() || len(l.withFiles[0]) == 0 || len(l.withFiles[1]) == 0 {
		return Verdict{}, false
	}
	for _, way := range []func(*ladder) (Verdict, bool){
		(*ladder).flattened, (*ladder).convertedLayers, (*ladder).renamed, (*ladder).datesKept, (*ladder).datesZeroed,
		(*ladder).timesSet,
	} {
		if v, ok := way(l); ok {
			v.isOneBuild = true
			return l.asRewritten(v), true
		}
	}
	if v, ok := l.rebased(); ok {
		return l.asRewritten(v), true
	}
	return Verdict{}, false
}

// asRewritten completes a verdict of rewritten.
func (l *ladder) asRewritten(v Verdict) Verdict {
	v.Code, v.Step = Rewritten, firstDifference(l.p.Rows)
	v.Proof = append(l.configProof(), v.Proof...)
	return v
}

// convertedWhole reports whether the verdict is that the layers that differ were rewritten
// after the build, so that none of them identifies a step or the base.
func (p Pair) convertedWhole() bool {
	return p.Verdict.Code == Rewritten && (p.Verdict.inPlace || !p.sharesLayer())
}

// flattened: the history of one side names the digest of the other, as crane flatten
// records it.
func (l *ladder) flattened() (Verdict, bool) {
	for _, s := range slices.Backward(l.sides()) {
		named := string(s.other.Descriptor.Digest)
		for _, step := range s.img.Steps {
			if named == "" || !strings.Contains(step.CreatedBy, named) && !strings.Contains(step.Comment, named) {
				continue
			}
			return Verdict{
				Rests: []Ground{Claimed}, says: "D12",
				Headline: safe.Sprintf("%s is %s, %s%s", s.name, s.otherName, rewrittenText(s.img, step), l.settingsNote()),
				Because:  safe.Sprintf("The history of %s names the digest of %s: %s", s.name, s.otherName, short(s.other.Descriptor.Digest)),
				Proof: []safe.Text{
					safe.Sprintf("created_by of step %d: %s", step.Index+1, quoted(step.CreatedBy)),
					safe.Sprintf("manifest of the other side: %s", named),
				},
			}, true
		}
	}
	return Verdict{}, false
}

// rewrittenText says what a tool made of an image whose digest a step names, as "flattened by crane
// into 1 layer". crane flatten leaves one layer, so others are new.
func rewrittenText(img *model.Image, step model.Step) string {
	layers := realLayers(*img)
	verb, _, _ := strings.Cut(step.CreatedBy, " sha256:")
	what := "made from it"
	switch {
	case verb == "crane flatten" && layers > 1:
		return "flattened by crane, and " + plural(layers-1, "layer") + " more"
	case verb == "crane flatten":
		what = "flattened by crane"
	case verb == "crane rebase":
		what = "rebased by crane"
	case strings.HasPrefix(verb, "crane "):
		what = "rewritten by crane"
	}
	return what + " into " + plural(layers, "layer")
}

// settingsNote ends a headline with how the settings compare.
func (l *ladder) settingsNote() string {
	if l.sameSettings() {
		return "; same settings"
	}
	return "; other settings"
}

// conversions are annotations that converters write on layers, with the format that
// they stand for. Each is documented by its snapshotter or by containers/storage.
var conversions = []struct{ prefix, format string }{
	{"containerd.io/snapshot/stargz/", "eStargz"},
	{"containerd.io/snapshot/overlaybd/turbo-oci/", "turboOCI"},
	{"containerd.io/snapshot/overlaybd/", "overlaybd"},
	{"containerd.io/snapshot/nydus-", "nydus"},
	{"io.github.containers.zstd-chunked.", zstdChunked},
}

// zstdChunked is the one of these formats that keeps the diff_ids of layers.
const zstdChunked = "zstd:chunked"

// convertedApart reports whether the layers of the two sides are in two formats that have
// other diff_ids: a converter wrote all of them again, so no layer identifies a step or the
// base.
func (p Pair) convertedApart() bool {
	a, b, ok := bothSides(p)
	if !ok {
		return false
	}
	tarFormat := func(img *model.Image) string {
		if format := formatOfLayers(img); format != zstdChunked {
			return format
		}
		return ""
	}
	return tarFormat(a) != tarFormat(b) && !p.sharesLayer()
}

// convertedText says that no layer tells what changed, as a converter wrote all of them again.
func (l *ladder) convertedText() string {
	name, format := l.convertedSide()
	return "The layers of " + name + " claim to be " + format + ", so no layer can be compared"
}

// convertedSide is the side of convertedApart whose layers a converter wrote, and their format.
func (l *ladder) convertedSide() (name, format string) {
	if format = formatOfLayers(l.b); format != "" && format != zstdChunked {
		return l.nameB, format
	}
	return l.nameA, formatOfLayers(l.a)
}

// sharesLayer reports whether a layer with files is the same on both sides.
func (p Pair) sharesLayer() bool {
	return slices.ContainsFunc(p.Rows, func(r Row) bool {
		return (r.Class == Same || r.Class == RepackedRow || r.Class == Moved) && r.A != nil && hasFiles(*r.A)
	})
}

// builtSteps are the steps of an image without those that nydusify adds for its bootstrap
// layer.
func builtSteps(img *model.Image) []model.Step {
	steps := img.Steps
	for len(steps) > 0 && steps[len(steps)-1].CreatedBy == "Nydus Converter" {
		steps = steps[:len(steps)-1]
	}
	return steps
}

// targetDigest is the annotation in which turboOCI names the layer it was made from.
const targetDigest = "containerd.io/snapshot/overlaybd/turbo-oci/target-digest"

// formatOfLayers is the format that the layers of an image claim by annotations, "" if
// they claim none.
func formatOfLayers(img *model.Image) string {
	for _, c := range conversions {
		for _, d := range img.Manifest.Layers {
			for key := range d.Annotations {
				if strings.HasPrefix(key, c.prefix) {
					return c.format
				}
			}
		}
	}
	return ""
}

// convertedLayers: the layers of a side claim to be a converter's, and every date is
// the other side's, as a clock gave it. A build that writes such layers itself has different
// dates.
func (l *ladder) convertedLayers() (Verdict, bool) {
	formatA, formatB := formatOfLayers(l.a), formatOfLayers(l.b)
	if formatA == "" && formatB == "" || !l.sameDates() || !l.sameSettings() {
		return Verdict{}, false
	}
	if targets := targetsOf(l.a); len(targets) > 0 && slices.Equal(targets, targetsOf(l.b)) {
		return Verdict{
			Rests:    []Ground{Claimed},
			Headline: safe.Sprintf("%s and %s are the same image, converted for %s in two ways", l.nameA, l.nameB, formatB),
			Because: safe.Sprintf("The annotation target-digest names the same source for %s; all dates and settings are the same",
				allOfThem(len(targets), "layer")),
			Proof: []safe.Text{safe.Sprintf("%s(A) = %s(B) for %s", targetDigest, targetDigest, allOfThem(len(targets), "layer"))},
		}, true
	}
	// Two builds share a constant or the date of the source. Few are converted on both sides.
	if !isClockDate(l.a.Config.Created) && (formatA == "" || formatB == "" || model.RealDate(l.a.Config.Created) == nil) {
		return Verdict{}, false
	}
	converted, original, format := l.nameB, l.nameA, formatB
	if formatB == "" || formatA != "" && formatB == formatA {
		converted, original, format = l.nameA, l.nameB, formatA
	}
	headline, layers := safe.Sprintf("%s is %s, rewritten as %s after it was built", converted, original, format), "its layers"
	switch {
	case formatA == formatB:
		headline, layers = safe.Sprintf("The same build, rewritten as %s on both sides", format), "the layers"
	case formatA != "" && formatB != "":
		headline = safe.Sprintf("The same build, rewritten as %s in %s and as %s in %s", formatA, l.nameA, formatB, l.nameB)
		format, layers = "these formats", "the layers"
	}
	return Verdict{
		Rests: []Ground{Claimed, Heuristic}, Headline: headline,
		Because: safe.Sprintf("Annotations of %s claim %s, every date is the same on both sides, and so are the settings", layers, format),
		Proof:   []safe.Text{safe.Sprintf("created(A) = created(B), and %s", allOfThem(len(builtSteps(l.a)), "date")+" of the history")},
	}, true
}

func allOfThem(n int, noun string) string {
	return byNumber(n, "the one "+noun, "all "+plural(n, noun))
}

func targetsOf(img *model.Image) []string {
	targets := mappedTo(img.Manifest.Layers, func(d v1.Descriptor) string { return d.Annotations[targetDigest] })
	if slices.Contains(targets, "") {
		return nil
	}
	return targets
}

// sameDates reports whether created and every date of the history are the same
// instants on both sides, and there is one.
func (l *ladder) sameDates() bool {
	return l.a.Config.Created != nil && sameInstant(l.a.Config.Created, l.b.Config.Created) &&
		slices.EqualFunc(builtSteps(l.a), builtSteps(l.b), func(a, b model.Step) bool { return sameInstant(a.Created, b.Created) })
}

func sameInstant(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}

// datesKept: layers differ, and every date is the same, with fractions of a second that
// only a clock gives. SOURCE_DATE_EPOCH and constant dates have whole seconds.
func (l *ladder) datesKept() (Verdict, bool) {
	if !l.sameDates() || !l.sameSettings() || !l.sameInstructions() || clockDates(l.a) < 2 {
		return Verdict{}, false
	}
	v := Verdict{
		Rests: []Ground{Heuristic}, inPlace: true,
		Headline: safe.Const("The same build, its layers rewritten after it was built"),
		Because: safe.Sprintf("%s and every date are the same, to the fraction of a second; %s %s other bytes, the base's too",
			upperFirst(plural(len(l.a.Steps), "instruction")), allOfThem(len(l.withFiles[0]), "layer"), hasHave(len(l.withFiles[0]))),
		Proof: []safe.Text{safe.Sprintf("created(A) = created(B) = %s", l.a.Config.Created.UTC().Format(time.RFC3339Nano))},
	}
	if l.noLayerShared() {
		return v, true
	}
	differ, ok := l.otherBytes()
	if !ok || len(differ) == 0 {
		return Verdict{}, false
	}
	v.Headline = safe.Sprintf("The same build, %s of it rewritten after it was built",
		byNumber(len(differ), "a layer", plural(len(differ), "layer")))
	v.Because = safe.Sprintf("%s and every date are the same, to the fraction of a second; only %s gave other bytes, "+
		"and a second build leaves other dates",
		upperFirst(plural(len(l.a.Steps), "instruction")), stepsText(differ))
	v.Proof = append(v.Proof, safe.Sprintf("created of %s is equal on both sides; the diff_ids of %s are not",
		stepsText(differ), byNumber(len(differ), "its layer", "their layers")))
	return v, true
}

// otherBytes are the indexes of the steps whose layers differ. ok is false unless
// each of them has a date with a fraction of a second, and files on both sides.
func (l *ladder) otherBytes() (differ []int, ok bool) {
	for i, a := range l.a.Steps {
		b := l.b.Steps[i]
		if sameFilesLeft(a, b) {
			continue
		}
		if !hasFiles(a) || !hasFiles(b) || !isClockDate(a.Created) || max(a.Layer.Size, b.Layer.Size) > 10*min(a.Layer.Size, b.Layer.Size) {
			return nil, false
		}
		differ = append(differ, i)
	}
	return differ, true
}

// isClockDate reports whether a date is a real one with a fraction of a second.
func isClockDate(t *time.Time) bool {
	t = model.RealDate(t)
	return t != nil && t.Nanosecond() != 0
}

// renamed: the digests of all layers and their diff_ids are of two algorithms, and their
// sizes, every date and the settings are the same. Nothing shows that the bytes are, too.
func (l *ladder) renamed() (Verdict, bool) {
	if !l.sameDates() || !l.sameSettings() || !l.sameInstructions() {
		return Verdict{}, false
	}
	first, layers := model.Step{}, 0
	for i, a := range l.a.Steps {
		b := l.b.Steps[i]
		if !a.HasLayer && !b.HasLayer {
			continue
		}
		if !otherAlgorithms(a, b) {
			return Verdict{}, false
		}
		if layers++; layers == 1 {
			first = b
		}
	}
	if layers == 0 {
		return Verdict{}, false
	}
	return Verdict{
		Rests: []Ground{Heuristic}, says: "D21",
		Headline: safe.Sprintf("The same build, named by %s", l.algorithmsText(l.a.Steps[first.Index].Layer.Digest, first.Layer.Digest)),
		Because: safe.Sprintf("%s, every date and the %s of %s are the same. Hashes of two algorithms cannot be compared",
			upperFirst(plural(len(l.a.Steps), "instruction")), byNumber(layers, "size", "sizes"), allOfThem(layers, "layer")),
		Proof: []safe.Text{safe.Sprintf("created(A) = created(B) = %s", l.a.Config.Created.UTC().Format(time.RFC3339Nano))},
	}, true
}

// otherAlgorithms reports whether two layers of one size have digests and diff_ids of two
// algorithms.
func otherAlgorithms(a, b model.Step) bool {
	return a.HasLayer && b.HasLayer && a.Layer.Size > 0 && a.Layer.Size == b.Layer.Size &&
		a.Layer.Digest != "" && b.Layer.Digest != "" && a.DiffID != "" && b.DiffID != "" &&
		a.Layer.Digest.Algorithm() != b.Layer.Digest.Algorithm() && a.DiffID.Algorithm() != b.DiffID.Algorithm()
}

// clockDates counts the different dates of an image that have fractions of a second.
func clockDates(img *model.Image) int {
	seen := map[int64]bool{}
	for _, s := range img.Steps {
		if isClockDate(s.Created) {
			seen[s.Created.UnixNano()] = true
		}
	}
	return len(seen)
}

func (l *ladder) noLayerShared() bool {
	if len(l.withFiles[0]) != len(l.withFiles[1]) {
		return false
	}
	inA := make(map[string]bool, len(l.withFiles[0]))
	for _, content := range l.withFiles[0] {
		inA[content] = true
	}
	return !slices.ContainsFunc(l.withFiles[1], func(content string) bool { return inA[content] })
}

func (l *ladder) sameInstructions() bool {
	return slices.EqualFunc(l.a.Steps, l.b.Steps, func(a, b model.Step) bool {
		return dockerfile.SameStep(a, b) && l.p.compareHashes(&a, &b) != dockerfile.OtherFiles
	})
}

// datesZeroed: the instructions agree, one side has real dates and the other none, and
// every layer differs though an ADD or COPY names the same files: kaniko --reproducible
// writes every layer again, the base's too, with all times zero. Layers without such a name
// can be those of another program: then their sizes must agree, and it is only possible.
func (l *ladder) datesZeroed() (Verdict, bool) {
	realA, realB := datedSteps(l.a), datedSteps(l.b)
	if (realA == 0) == (realB == 0) || !l.noLayerShared() || !l.sameInstructions() || !l.sameSettings() {
		return Verdict{}, false
	}
	zeroed, original := l.nameB, l.nameA
	if realA == 0 {
		zeroed, original = l.nameA, l.nameB
	}
	named, unnamed := l.namedLayers()
	if len(named) == 0 || len(unnamed) > 0 && !l.similarSizes() {
		return Verdict{}, false
	}
	first := named[0]
	v := Verdict{
		Rests:    []Ground{Claimed, Heuristic},
		Headline: safe.Sprintf("%s is %s, rewritten with all times zero", zeroed, original),
		Because: safe.Sprintf("Step %d names the same files on both sides (%s) and its layer differs, as kaniko --reproducible leaves it",
			first+1, instructionText(l.a.Steps[first])),
		Proof: []safe.Text{safe.Sprintf("created_by of step %d is equal on both sides, hash included", first+1)},
	}
	if len(unnamed) > 0 {
		v.Headline = safe.Sprintf("%s may be %s, rewritten with all times zero", zeroed, original)
		v.Because = safe.Sprintf("%s; of %s only the sizes are about the same", v.Because, stepsText(unnamed))
	}
	return v, true
}

// namedLayers are the indexes of the steps with files: those whose hashes say that the same
// files were given, and the others.
func (l *ladder) namedLayers() (named, unnamed []int) {
	for i, s := range l.a.Steps {
		switch {
		case !hasFiles(s):
		case l.hashesOf(i) == dockerfile.SameFiles:
			named = append(named, i)
		default:
			unnamed = append(unnamed, i)
		}
	}
	return named, unnamed
}

func datedSteps(img *model.Image) int {
	return countOf(img.Steps, func(s model.Step) bool { return model.RealDate(s.Created) != nil })
}

// timesSet: every date of one side is the same, in whole seconds, the other side has those of a
// clock, and every layer differs, the base's too, with about the same size: regctl image mod
// --time leaves that. A build can set its dates, too, so it is only possible.
func (l *ladder) timesSet() (Verdict, bool) {
	for _, s := range l.sides() {
		if !hasOneSetDate(s.img) || clockDates(s.otherImg) < 2 {
			continue
		}
		if !l.noLayerShared() || !l.sameInstructions() || !l.sameSettings() || !l.similarSizes() {
			return Verdict{}, false
		}
		created := *s.img.Config.Created
		date := model.TimeText(created)
		return Verdict{
			Rests: []Ground{Heuristic},
			Headline: safe.Sprintf("Same instructions and settings; %s, and every date of %s is %s",
				lowerFirst(safe.Clean(layersDiffer(len(l.withFiles[0]), len(l.withFiles[0])))), s.name, date),
			Because: safe.Sprintf("The sizes are about the same. regctl image mod --time on %s leaves that, and so does a build with set dates",
				s.otherName),
			Proof: []safe.Text{safe.Sprintf("created(%s) = %s, as are all %d dates of the history", s.name, utc(created), len(s.img.Steps))},
		}, true
	}
	return Verdict{}, false
}

// hasOneSetDate reports whether the config and all steps have one real date in whole seconds.
func hasOneSetDate(img *model.Image) bool {
	created := model.RealDate(img.Config.Created)
	return created != nil && !isClockDate(created) && len(img.Steps) > 1 &&
		!slices.ContainsFunc(img.Steps, func(s model.Step) bool { return !sameInstant(s.Created, created) })
}
