// Package dockerfile compares the instructions that the history of an image records, and
// names the layers of tools without Dockerfiles.
package dockerfile

import (
	"strings"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/instruction"
)

// Key is equal for two steps that have the same line in a Dockerfile. Hashes of
// copied files are left out; build arguments count, as they can change the
// result.
func Key(createdBy string) string {
	text, args := instruction.Parse(createdBy)
	return JoinKey(Recipe(text), args)
}

// Recipe is an instruction in one spelling, without the hashes of copied files.
func Recipe(text string) string { return Canonical(WithoutHashes(text)) }

// JoinKey returns the key of a recipe and its build arguments, the recipe
// without hashes.
func JoinKey(recipe string, args []string) string {
	if len(args) == 0 {
		return recipe
	}
	return recipe + "\x00" + WithoutHashes(strings.Join(args, "\x00"))
}

// CopyKey returns the verb and the destination of a COPY or ADD, "" for other
// instructions. The classic builder and buildah record a hash of the copied
// files, BuildKit records the sources, so only the destination can be compared
// between them.
func CopyKey(recipe string) string {
	v := Verb(recipe)
	if v != "COPY" && v != "ADD" {
		return ""
	}
	i := strings.LastIndexByte(recipe, ' ')
	if i <= len(v) { // no destination, or one word
		return ""
	}
	return v + strings.TrimSuffix(recipe[i:], "/")
}

// SameCopy reports whether two instructions may be what two builders recorded of the same
// COPY or ADD, one of them with the hash of the files and the other with the sources.
func SameCopy(a, b string) bool {
	recipeA, recipeB := WithoutHashes(a), WithoutHashes(b)
	key := CopyKey(recipeA)
	return key != "" && key == CopyKey(recipeB) && (a == recipeA) != (b == recipeB)
}

// Verb returns the first word of an instruction, for example RUN; "" if there
// is none.
func Verb(instruction string) string {
	v, _, _ := strings.Cut(instruction, " ")
	return v
}

// StepText describes a step in one line: its instruction as in a Dockerfile, or the layer
// that a tool without Dockerfiles names. A comment stands in for a missing instruction.
func StepText(s model.Step) string {
	if l, ok := LayerOf(s); ok {
		return l.Text()
	}
	if s.Instruction == "" && s.Comment != "" && len(s.Comment) <= maxShownComment {
		return "(" + instruction.CollapseBlanks(s.Comment) + ")"
	}
	return s.Instruction
}

// maxShownComment is the longest comment, in bytes, that stands in for an instruction.
const maxShownComment = 200
