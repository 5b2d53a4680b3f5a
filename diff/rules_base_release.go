package diff

import (
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/model"
)

// onOtherRelease returns the side that is another release of the base of the other, for all
// images: it is nothing but a root filesystem, and the other has one of the same kind under its own layers.
func (c Comparison) onOtherRelease() (base Side, ok bool) {
	shared := c.shared()
	if c.B == nil || len(shared) == 0 {
		return "", false
	}
	base, ok = shared[0].onOtherRelease()
	return base, ok && !slices.ContainsFunc(shared, func(p Pair) bool { side, _ := p.onOtherRelease(); return side != base })
}

func (p Pair) onOtherRelease() (base Side, ok bool) {
	a, b, ok := bothSides(p)
	switch {
	case !ok || p.Verdict.Code == SameBase:
	case isBuiltOnOther(b, a):
		return SideA, true
	case isBuiltOnOther(a, b):
		return SideB, true
	}
	return "", false
}

// isBuiltOnOther reports whether an image is built on another release of a root filesystem.
func isBuiltOnOther(img, root *model.Image) bool {
	n := len(root.Steps)
	return isRootAlone(root.Steps) && len(img.Steps) > n && countFiles(img.Steps) > 1 &&
		sameRootKind(root, img) && slices.EqualFunc(root.Steps[1:], img.Steps[1:n], dockerfile.SameStep)
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
