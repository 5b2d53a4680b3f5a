package diff

import (
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/model"
)

// onOtherRelease reports whether all images of B are built on another release of A: A is
// nothing but a root filesystem, and B has one of the same kind under its own layers.
func (c Comparison) onOtherRelease() bool {
	shared := c.shared()
	return c.B != nil && len(shared) > 0 && !slices.ContainsFunc(shared, func(p Pair) bool { return !p.onOtherRelease() })
}

func (p Pair) onOtherRelease() bool {
	a, b, ok := bothSides(p)
	return ok && p.Verdict.Code != SameBase && isRootAlone(a.Steps) && len(b.Steps) > len(a.Steps) && countFiles(b.Steps) > 1 &&
		sameRootKind(a, b) && slices.EqualFunc(a.Steps[1:], b.Steps[1:len(a.Steps)], dockerfile.SameStep)
}

// isRootAlone reports whether an image is one root filesystem and, if it has one, its start
// command.
func isRootAlone(steps []model.Step) bool {
	return len(steps) > 0 && len(steps) <= 2 && hasFiles(steps[0]) && (len(steps) == 1 || isStart(steps[1]))
}

// sameRootKind reports whether the oldest steps of two images are the root filesystems of
// one distribution: those of a Debian suite, or an archive unpacked to "/" by the same
// instruction.
func sameRootKind(a, b *model.Image) bool {
	suiteA, _ := debianOf(a)
	suiteB, _ := debianOf(b)
	if suiteA != "" || suiteB != "" {
		return suiteA == suiteB
	}
	first := a.Steps[0].Instruction
	return dockerfile.Verb(first) == "ADD" && strings.HasSuffix(first, " /") && dockerfile.SameStep(a.Steps[0], b.Steps[0])
}
