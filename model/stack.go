package model

import (
	"fmt"

	"github.com/opencontainers/go-digest"
)

// Stack is the layers and the instructions of an image in short: enough to find out whether
// another image is built on it.
type Stack struct {
	DiffIDs []digest.Digest // of the layers with files, the oldest first; none unless all are known
	Steps   int             // number of steps
	Recipe  digest.Digest   // of the instructions of all steps, "" if none is recorded
}

// Stack returns the layers and the instructions of an image in short.
func (img Image) Stack() Stack {
	s := Stack{Steps: len(img.Steps), Recipe: RecipeOf(img.Steps)}
	if img.Counts != nil && img.Counts.Fatal() {
		return s
	}
	for _, step := range img.Steps {
		switch {
		case !step.HasLayer || step.Empty:
		case step.DiffID == "":
			s.DiffIDs = nil
			return s
		default:
			s.DiffIDs = append(s.DiffIDs, step.DiffID)
		}
	}
	return s
}

// RecipeOf returns the digest of the instructions of some steps, "" if none is recorded.
func RecipeOf(steps []Step) digest.Digest {
	var recipe []byte
	recorded := false
	for _, s := range steps {
		recipe = fmt.Appendf(recipe, "%d %s\n", len(s.CreatedBy), s.CreatedBy) // the length tells where it ends
		recorded = recorded || s.CreatedBy != ""
	}
	if !recorded {
		return ""
	}
	return digest.FromBytes(recipe)
}
