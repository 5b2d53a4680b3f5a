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

// BaseOf finds the last step of the base image, which no config records. The
// label of buildpacks names the last layer of the run image, which proves it.
// Otherwise BaseOf searches for the end of another Dockerfile: a start command
// (CMD, ENTRYPOINT) with files above it, and signs in the steps above: the
// command is set again, they are much younger, or another builder made them.
// One sign only suggests it (a Dockerfile can set CMD early, a cache keeps old
// steps); with two it is inferred.
func BaseOf(img *model.Image) Base {
	if img == nil {
		return Base{}
	}
	b := Base{Name: img.Manifest.Annotations[v1.AnnotationBaseImageName]}
	if d := digest.Digest(img.Manifest.Annotations[v1.AnnotationBaseImageDigest]); d.Validate() == nil {
		b.Digest = d
	}
	if steps := runImageSteps(img); steps > 0 {
		b.Steps, b.Trust, b.Because = steps, Proved, "the label io.buildpacks.lifecycle.metadata names the last layer of the run image"
		return b
	}
	for _, end := range startCommandEnds(img.Steps) {
		if signs := baseSigns(img, end); len(signs) > 0 {
			b.Steps, b.Trust, b.Because = end, Suggested, strings.Join(signs, ", ")
			if len(signs) > 1 {
				b.Trust = Inferred
			}
			return b
		}
	}
	return b
}

// baseSigns returns the signs for a base image whose last step is the start
// command before end.
func baseSigns(img *model.Image, end int) []string {
	var signs []string
	start := dockerfile.Verb(dockerfile.Instruction(img.Steps[end-1].CreatedBy))
	if slices.ContainsFunc(img.Steps[end:], func(s model.Step) bool { return dockerfile.Verb(dockerfile.Instruction(s.CreatedBy)) == start }) {
		signs = append(signs, "a later step sets "+start+" again")
	}
	if youngerBy(img.Steps, end) >= baseGap {
		signs = append(signs, "the later steps are newer")
	}
	below, above := stepBuilder(*img, img.Steps[end-1]).Name, stepBuilder(*img, img.Steps[end]).Name
	if below != "" && above != "" && below != above {
		signs = append(signs, "another builder made the later steps")
	}
	return signs
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

// startCommandEnds returns the index after each start command that has files
// above it, the newest first.
func startCommandEnds(steps []model.Step) []int {
	var ends []int
	files := false
	for i := len(steps) - 1; i >= 0; i-- {
		s := steps[i]
		if s.HasLayer && !s.Empty {
			files = true
			continue
		}
		if v := dockerfile.Verb(dockerfile.Instruction(s.CreatedBy)); files && (v == "CMD" || v == "ENTRYPOINT") {
			ends = append(ends, i+1)
		}
	}
	return ends
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
