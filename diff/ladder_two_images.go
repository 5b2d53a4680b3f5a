package diff

import (
	"path"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// twoImages is the verdict on two programs that have only their base in common: they start
// other commands, and most of the steps on the base are other ones.
func (c Comparison) twoImages(p Pair, v Verdict) (Verdict, bool) {
	a, b, ok := bothSides(p)
	if !ok || v.isBase || c.sameSource(p) || nameOfBuild(*p.A) != nameOfBuild(*p.B) {
		return v, false
	}
	on, first := "on one base", v.Step
	switch {
	case v.Code == Unrelated && p.sameRootGiven():
		on, first = "on one root filesystem", firstOtherStep(p.Rows)
	case v.Code != SameBase || v.Step < 2:
		return v, false
	}
	from, to := programOf(a), programOf(b)
	if from == to || from == "" || to == "" || !otherStepsFrom(p.Rows, first) {
		return v, false
	}
	if v.Code == SameBase {
		v.Because = v.withoutDifferences
	}
	v = v.behind(safe.Sprintf("Two different images %s; they start %s and %s", on, from, to), slices.Concat(v.Rests, []Ground{Heuristic}))
	v.strangers = true
	return v, true
}

// firstOtherStep is the displayed number of the first step that is written in another way, 0 if
// none is.
func firstOtherStep(rows []Row) int {
	i := slices.IndexFunc(rows, func(r Row) bool { return !r.SameText })
	if i < 0 {
		return 0
	}
	return stepNumber(rows[i])
}

// otherStepsFrom reports whether both sides have some steps from a number on, and few of them
// are the same.
func otherStepsFrom(rows []Row, first int) bool {
	const fewest, most = 3, 3 // at least three steps; at most a third of them the same
	a, b, same := 0, 0, 0
	for _, r := range rows {
		if stepNumber(r) < first {
			continue
		}
		if r.A != nil {
			a++
		}
		if r.B != nil {
			b++
		}
		if r.A != nil && r.SameText {
			same++
		}
	}
	return min(a, b) >= fewest && most*same <= min(a, b)
}

// programOf names the program that an image starts, without its folder and its arguments. An
// entry point that is a script runs what CMD names. It is "" if the config starts none.
func programOf(img *model.Image) string {
	for _, command := range [][]string{img.Config.Config.Cmd, img.Config.Config.Entrypoint} {
		words := slices.DeleteFunc(slices.Clone(command), func(w string) bool { return strings.HasPrefix(w, "-") })
		if len(words) > 0 {
			program := path.Base(words[0])
			return quoted(program)
		}
	}
	return ""
}
