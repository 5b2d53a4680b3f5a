package diff

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

// Base is what an image says of the one it is built on.
type Base struct {
	Steps   int           // how many of the oldest steps are the base's; 0 where nothing tells
	Name    string        // as the builder was told, "" if nobody wrote it down
	Digest  digest.Digest // of the base, "" if nobody wrote it down
	Trust   Trust         // in Steps
	Because string
}

// BaseOf finds where the base ends. No config says so: buildpacks name the
// last layer of the run image, which proves it; else a start command with
// files above it is the end of an earlier Dockerfile, which steps that are
// much younger from there on confirm.
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
	end := lastStart(img.Steps)
	if end == 0 {
		return b
	}
	b.Steps, b.Trust, b.Because = end, Suggested, "a start command with files above it ends a Dockerfile"
	if gap := youngerBy(img.Steps, end); gap >= baseGap {
		b.Trust, b.Because = Shown, "a start command with files above it ends a Dockerfile, and the steps above are younger"
	}
	return b
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

// lastStart is the end of the newest CMD or ENTRYPOINT that has files above
// it, as a number of steps.
func lastStart(steps []model.Step) int {
	files := false
	for i := len(steps) - 1; i >= 0; i-- {
		s := steps[i]
		if s.HasLayer && !s.Empty {
			files = true
			continue
		}
		if v := verb(Instruction(s.CreatedBy)); files && (v == "CMD" || v == "ENTRYPOINT") {
			return i + 1
		}
	}
	return 0
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
		keys = append(keys, recipeKey(s.CreatedBy))
	}
	return strings.Join(keys, "\n")
}
