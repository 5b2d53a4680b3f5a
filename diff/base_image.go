package diff

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// Base is what is known about the base image of an image.
type Base struct {
	Steps   int           // number of the oldest steps that belong to the base image; 0 if unknown
	Name    string        // reference as given to the builder, "" if it is not recorded
	Digest  digest.Digest // digest of the base image, "" if it is not recorded
	Trust   Trust         // trust in Steps
	Because string
}

// BaseOf finds the last step of the base image, which no config records. The label of
// buildpacks names the last layer of the run image, which decides. Otherwise BaseOf looks
// at each place between two steps, the newest first, for signs of the end of another
// build. A place after a start command (CMD, ENTRYPOINT) needs one sign, any other place
// two: a Dockerfile can set CMD early, and a cache keeps old steps. With two signs the end
// is inferred, with one it is suggested.
func BaseOf(img *model.Image) Base {
	if img == nil {
		return Base{}
	}
	b := Base{Name: img.Manifest.Annotations[v1.AnnotationBaseImageName]}
	if d := digest.Digest(img.Manifest.Annotations[v1.AnnotationBaseImageDigest]); d.Validate() == nil {
		b.Digest = d
	}
	if steps := runImageSteps(img); steps > 0 {
		b.Steps, b.Trust, b.Because = steps, Inferred, "a label of buildpacks names its last layer"
		return b
	}
	files := false // above end
	for end := len(img.Steps) - 1; end > 0; end-- {
		files = files || img.Steps[end].HasLayer && !img.Steps[end].Empty
		if !files || !slices.ContainsFunc(img.Steps[:end], func(s model.Step) bool { return s.HasLayer && !s.Empty }) {
			continue
		}
		signs := baseSigns(img, end, b.Name)
		needed := 2
		if v := verbOf(img.Steps[end-1]); !img.Steps[end-1].HasLayer && (v == "CMD" || v == "ENTRYPOINT") {
			needed = 1
		}
		name, decides := stageBase(img.Steps, end)
		if decides {
			signs = append([]string{"a history entry says FROM"}, signs...)
		}
		if onlyAppends(img, end) {
			signs, decides = append([]string{stepBuilder(*img, img.Steps[end]).Name + " adds layers to a base"}, signs...), true
		}
		if len(signs) < needed && !decides {
			continue
		}
		b.Steps, b.Trust, b.Because = end, Suggested, strings.Join(signs[:min(2, len(signs))], ", ")
		if len(signs) > 1 || decides {
			b.Trust = Inferred
		}
		if name != "" {
			b.Name = name
		}
		return b
	}
	return b
}

func verbOf(s model.Step) string { return dockerfile.Verb(dockerfile.Instruction(s.CreatedBy)) }

// baseSigns returns the signs that the steps before end are a base image, the strongest
// first. name is what an annotation calls the base, "" if there is none.
func baseSigns(img *model.Image, end int, name string) []string {
	var signs []string
	last := img.Steps[end-1]
	if endsRoot(img.Steps, end) && namesDistribution(name) {
		signs = append(signs, "an annotation names it")
	}
	start := verbOf(last)
	if !last.HasLayer && (start == "CMD" || start == "ENTRYPOINT") &&
		slices.ContainsFunc(img.Steps[end:], func(s model.Step) bool { return verbOf(s) == start }) {
		signs = append(signs, "a later step sets "+start+" again")
	}
	if youngerBy(img.Steps, end) >= baseGap {
		signs = append(signs, "the later steps are newer")
	}
	below, above := stepBuilder(*img, last).Name, stepBuilder(*img, img.Steps[end]).Name
	if below != "" && above != "" && below != above {
		signs = append(signs, "another builder made the later steps")
	}
	return signs
}

// endsRoot reports whether the steps before end are one root filesystem and its settings.
func endsRoot(steps []model.Step, end int) bool {
	return steps[0].HasLayer && !slices.ContainsFunc(steps[1:end], func(s model.Step) bool { return s.HasLayer }) &&
		(end == len(steps) || steps[end].HasLayer || verbOf(steps[end]) != "CMD")
}

// namesDistribution reports whether a reference is that of a distribution's image.
func namesDistribution(name string) bool {
	ref, err := model.ParseRef(name)
	return err == nil && slices.Contains(distributions, ref.Repository[strings.LastIndexByte(ref.Repository, '/')+1:])
}

// stageBase reports whether a stage of buildah begins at end, and the base that it names.
// buildah notes "FROM name" at the first step of a stage, or, where it commits a stage as
// one layer, at the last one. Later steps of a stage name the image ID of the step before.
func stageBase(steps []model.Step, end int) (name string, ok bool) {
	if !steps[end-1].HasLayer && youngerBy(steps, end) < baseGap {
		return "", false // the stage began before
	}
	for _, s := range steps[end:] {
		if from, ok := strings.CutPrefix(s.Comment, "FROM "); ok {
			from = strings.TrimSpace(from)
			return from, !isHex(from) && from != "scratch"
		}
		if s.HasLayer {
			break
		}
	}
	return "", false
}

// onlyAppends reports whether the steps from end on are made by a tool that has no base
// image format: Jib and ko put layers on a base that another tool made.
func onlyAppends(img *model.Image, end int) bool {
	above := stepBuilder(*img, img.Steps[end]).Name
	return (above == "Jib" || above == "ko") && stepBuilder(*img, img.Steps[end-1]).Name != above
}

// baseGap is the least age difference between the steps of a base image built
// elsewhere and the steps above it.
const baseGap = 30 * time.Minute

// runImageSteps returns the number of steps of the run image in an image made
// by buildpacks, 0 if unknown.
func runImageSteps(img *model.Image) int {
	var meta struct {
		RunImage struct {
			TopLayer digest.Digest `json:"topLayer"`
		} `json:"runImage"`
	}
	raw := img.Config.Config.Labels["io.buildpacks.lifecycle.metadata"]
	if raw == "" || json.Unmarshal([]byte(raw), &meta) != nil || meta.RunImage.TopLayer == "" {
		return 0
	}
	for i, s := range img.Steps {
		if s.HasLayer && s.DiffID == meta.RunImage.TopLayer && i+1 < len(img.Steps) {
			return i + 1
		}
	}
	return 0
}

// youngerBy returns the time between the newest step before end and the oldest
// step from end on, 0 if unknown.
func youngerBy(steps []model.Step, end int) time.Duration {
	var before, after *time.Time
	for _, s := range steps[:end] {
		if t := model.RealDate(s.Created); t != nil && (before == nil || t.After(*before)) {
			before = t
		}
	}
	for _, s := range steps[end:] {
		if t := model.RealDate(s.Created); t != nil && (after == nil || t.Before(*after)) {
			after = t
		}
	}
	if before == nil || after == nil {
		return 0
	}
	return after.Sub(*before)
}

// recipeFrom returns the recipe of the steps from an index on, one line per
// step.
func recipeFrom(steps []model.Step, from int) string {
	keys := make([]string, 0, len(steps)-from)
	for _, s := range steps[from:] {
		keys = append(keys, dockerfile.Key(s.CreatedBy))
	}
	return strings.Join(keys, "\n")
}

// Boundary returns the first row of a pair that is above the base image on both
// sides, and the base image below it. ok is false if it is unknown.
func (p Pair) Boundary() (row int, base Base, ok bool) {
	a, b := BaseOf(imageOf(p.A)), BaseOf(imageOf(p.B))
	switch {
	case p.A == nil || imageOf(p.A) == nil:
		a = b
	case p.B == nil || imageOf(p.B) == nil:
		b = a
	}
	if a.Steps == 0 || b.Steps == 0 {
		return 0, Base{}, false
	}
	row = len(p.Rows)
	for row > 0 && isAboveBase(p.Rows[row-1].A, a.Steps) && isAboveBase(p.Rows[row-1].B, b.Steps) {
		row--
	}
	base = b
	if a.Trust != b.Trust { // use the weaker of the two
		base.Trust = Suggested
	}
	return row, base, row > 0 && row < len(p.Rows)
}

func isAboveBase(s *model.Step, from int) bool { return s == nil || s.Index >= from }

// Text describes a base image in a table of steps, with the reason.
func (b Base) Text() safe.Text {
	return safe.Sprintf("%s (%s: %s)", b.Title(), string(b.Trust), b.Because)
}

// Title returns "base image", with the name if it is known.
func (b Base) Title() safe.Text {
	if b.Name == "" {
		return safe.Const("base image")
	}
	return safe.Sprintf("base image %s", quoted(b.Name))
}
