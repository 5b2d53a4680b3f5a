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

// Base is what an image says of the one it is built on.
type Base struct {
	Steps   int           // how many of the oldest steps are the base's; 0 where nothing tells
	Name    string        // as the builder was told, "" if nobody wrote it down
	Digest  digest.Digest // of the base, "" if nobody wrote it down
	Trust   Trust         // in Steps
	Because string
}

// BaseOf finds where the base ends. No config says so. Buildpacks name the last
// layer of the run image, which proves it. Else it is the end of another
// Dockerfile: a start command with files above it that is set again above,
// steps that are much younger, or of another builder. One of these suggests it
// (a Dockerfile can set CMD early, a cache keeps old steps), two show it.
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
	for _, end := range starts(img.Steps) {
		if signs := baseSigns(img, end); len(signs) > 0 {
			b.Steps, b.Trust, b.Because = end, Suggested, strings.Join(signs, ", ")
			if len(signs) > 1 {
				b.Trust = Shown
			}
			return b
		}
	}
	return b
}

// baseSigns are what speaks for a base that ends with a start command, the
// step before end.
func baseSigns(img *model.Image, end int) []string {
	var signs []string
	start := dockerfile.Verb(dockerfile.Instruction(img.Steps[end-1].CreatedBy))
	if slices.ContainsFunc(img.Steps[end:], func(s model.Step) bool { return dockerfile.Verb(dockerfile.Instruction(s.CreatedBy)) == start }) {
		signs = append(signs, start+" is set again above")
	}
	if youngerBy(img.Steps, end) >= baseGap {
		signs = append(signs, "the steps above are younger")
	}
	below, above := stepBuilder(*img, img.Steps[end-1]).Name, stepBuilder(*img, img.Steps[end]).Name
	if below != "" && above != "" && below != above {
		signs = append(signs, "another builder made the steps above")
	}
	return signs
}

// baseGap is how much younger one's own steps are than those of a base that
// somebody else built, at the least.
const baseGap = 30 * time.Minute

// runImageSteps is how many steps the run image of a buildpack's image has.
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

// starts are the ends of the start commands that have files above them, as
// numbers of steps, the newest first.
func starts(steps []model.Step) []int {
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

// youngerBy is how much later the first dated step after the end was made than
// the newest before it.
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

// recipeFrom is the recipe of the steps from one on, a line each.
func recipeFrom(steps []model.Step, from int) string {
	keys := make([]string, 0, len(steps)-from)
	for _, s := range steps[from:] {
		keys = append(keys, dockerfile.Key(s.CreatedBy))
	}
	return strings.Join(keys, "\n")
}

// Boundary is the first row of a pair that is one's own on both sides, and what
// is known of the base below it; ok is false where nothing tells.
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
	for row > 0 && isOwn(p.Rows[row-1].A, a.Steps) && isOwn(p.Rows[row-1].B, b.Steps) {
		row--
	}
	base = b
	if a.Trust != b.Trust { // no more than the weaker of the two
		base.Trust = Suggested
	}
	return row, base, row > 0 && row < len(p.Rows)
}

func isOwn(s *model.Step, from int) bool { return s == nil || s.Index >= from }

// Said is what a base is called in a table of steps; InShort leaves out why.
func (b Base) Said() safe.Text {
	return safe.Sprintf("%s: %s", b.InShort(), b.Because)
}

// InShort is the base's name and how far one can trust where it ends.
func (b Base) InShort() safe.Text {
	if b.Name == "" {
		return safe.Sprintf("the base image (%s)", string(b.Trust))
	}
	return safe.Sprintf("the base image %s (%s)", quoted(b.Name), string(b.Trust))
}
