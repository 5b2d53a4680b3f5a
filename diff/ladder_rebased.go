package diff

import (
	"slices"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// rebased: only the layers of the base differ, the lowest one among them. Both sides say that they are one build, or
// the base ends below the layers that are the same, by its signs or by dates.
func (l *ladder) rebased() (Verdict, bool) {
	own := commonSuffix(l.withFiles[0], l.withFiles[1], func(x, y string) bool { return x == y })
	below := min(len(l.withFiles[0]), len(l.withFiles[1])) - own
	if own == 0 || below == 0 || l.withFiles[0][0] == l.withFiles[1][0] || l.sameBaseGiven() ||
		!l.oneBuild() && !l.ownLayersSame(own) && !l.ownDatesSame() {
		return Verdict{}, false
	}
	baseA, baseB := runImageName(l.a), runImageName(l.b)
	because := safe.Sprintf("Only the %s before %s %s", byNumber(below, "layer", plural(below, "layer")),
		byNumber(own, "it", "them"), byNumber(below, "differs", "differ"))
	if baseA != "" && baseB != "" && baseA != baseB {
		because = safe.Sprintf("%s. The run image was %s, now it is %s, as labels say", because, baseA, baseB)
	}
	if suite, from, to := debianBump(l.a, l.b); suite != "" {
		because = safe.Sprintf("%s. The base is debian %s of %s in %s and of %s in %s", because, suite, from, l.nameA, to, l.nameB)
	}
	return Verdict{
		Rests: []Ground{Structure, Claimed}, Because: because,
		Headline: safe.Sprintf("%s is %s on another base: rebased, its own %s %s the same",
			l.nameB, l.nameA, afterFirst(own, "layer"), isAre(own)),
		Proof: []safe.Text{safe.Sprintf("the newest %d diff_ids with files are equal; those that differ come before them", own)},
	}, true
}

// commonSuffix counts the last items that are the same in two lists.
func commonSuffix[T any](a, b []T, same func(x, y T) bool) int {
	n := 0
	for n < len(a) && n < len(b) && same(a[len(a)-1-n], b[len(b)-1-n]) {
		n++
	}
	return n
}

// ownLayersSame reports whether all layers above the base are among the newest n, which
// are the same on both sides. The end of the base must be more than suggested.
func (l *ladder) ownLayersSame(n int) bool {
	for _, img := range []*model.Image{l.a, l.b} {
		base := BaseOf(img)
		above := countFiles(img.Steps[base.Steps:])
		if base.Steps == 0 || base.Trust == Suggested || above == 0 || above > n {
			return false
		}
	}
	return true
}

// sameBaseGiven reports whether dates and instructions of the bases agree, too: then a tool
// changed a layer of the base, and both sides have one base.
func (l *ladder) sameBaseGiven() bool {
	return l.sameDates() && clockDates(l.a) > 0 && l.sameInstructions()
}

// ownDatesSame reports whether the newest steps are the same on both sides, with layers and
// dates that a clock gave, and the steps below them have other dates: a build on another
// base gives other dates to its own steps.
func (l *ladder) ownDatesSame() bool {
	newest := commonSuffix(l.a.Steps, l.b.Steps, func(a, b model.Step) bool {
		return dockerfile.SameStep(a, b) && sameInstant(a.Created, b.Created) && sameFilesLeft(a, b)
	})
	baseA, baseB, own := l.a.Steps[:len(l.a.Steps)-newest], l.b.Steps[:len(l.b.Steps)-newest], l.a.Steps[len(l.a.Steps)-newest:]
	hasClock := slices.ContainsFunc(own, func(s model.Step) bool { return isClockDate(s.Created) })
	if !hasClock || countFiles(own) == 0 || countFiles(baseA) == 0 || countFiles(baseB) == 0 {
		return false
	}
	seen := map[int64]bool{}
	for _, s := range baseA {
		t := model.RealDate(s.Created)
		if t == nil {
			return false
		}
		seen[t.UnixNano()] = true
	}
	return !slices.ContainsFunc(baseB, func(s model.Step) bool {
		t := model.RealDate(s.Created)
		return t == nil || seen[t.UnixNano()]
	})
}

// oneBuild reports whether two images with other bases come from one build: buildpacks
// record the same application in both. An equal date of creation does not show it.
func (l *ladder) oneBuild() bool {
	appA, appB := buildpackApp(l.a), buildpackApp(l.b)
	return appA != "" && appA == appB
}
