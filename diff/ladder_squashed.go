package diff

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// flattenedRecipe: crane flatten keeps the history of before in the comment of its one
// step, and that history has the instructions of the other side.
func (l *ladder) flattenedRecipe() (Verdict, bool) {
	if v, ok := l.flattenedTwice(); ok {
		return v, true
	}
	for _, s := range slices.Backward(l.sides()) {
		before := historyBeforeFlatten(s.img)
		if len(before) == 0 || !slices.EqualFunc(before, s.otherImg.Steps, func(h v1.History, st model.Step) bool {
			return dockerfile.Key(h.CreatedBy) == dockerfile.Key(st.CreatedBy)
		}) {
			continue
		}
		from := short(digest.Digest(strings.TrimPrefix(s.img.Steps[0].CreatedBy, "crane flatten ")))
		return Verdict{
			Code: SameRecipe, Rests: on(Claimed), Step: 1, says: "D12",
			Headline: safe.Sprintf("Same recipe as %s, but %s is flattened into one layer, from another digest (%s)", s.otherName, s.name,
				quoted(from)),
			Because: safe.Sprintf("The comment of crane flatten in %s keeps the same %s", s.name, plural(len(before), "instruction")),
			Proof: []safe.Text{safe.Sprintf("created_by of the history in the comment = created_by(%s) for %s",
				s.otherName, plural(len(before), "step"))},
		}, true
	}
	return Verdict{}, false
}

// flattenedTwice: both sides are flattened, and the comments keep the same instructions.
func (l *ladder) flattenedTwice() (Verdict, bool) {
	beforeA, beforeB := historyBeforeFlatten(l.a), historyBeforeFlatten(l.b)
	sameKey := func(a, b v1.History) bool { return dockerfile.Key(a.CreatedBy) == dockerfile.Key(b.CreatedBy) }
	if len(beforeA) == 0 || l.allLayers[0][0] == l.allLayers[1][0] || !slices.EqualFunc(beforeA, beforeB, sameKey) {
		return Verdict{}, false
	}
	return Verdict{
		Code: SameRecipe, Rests: on(Claimed), Step: 1, says: "D12",
		Headline: safe.Const("Same recipe, flattened into one layer on both sides"),
		Because: safe.Sprintf("The comments of crane flatten keep the same %s%s. The one layer does not tell which step differs",
			plural(len(beforeA), "instruction"), datesBefore(beforeA, beforeB)),
		Proof: []safe.Text{safe.Sprintf("created_by(A) = created_by(B) for %s of the histories in the comments", plural(len(beforeA), "step"))},
	}, true
}

// datesBefore compares the dates of two histories of the same instructions.
func datesBefore(a, b []v1.History) string {
	own := commonSuffix(a, b, func(x, y v1.History) bool { return sameInstant(x.Created, y.Created) })
	switch below := len(a) - own; {
	case below == 0:
		return ", with the same dates"
	case own > 0 && isClockDate(a[len(a)-1].Created):
		return fmt.Sprintf("; the newest %s the same dates, the %d before %s not, as after a rebase", afterFirst(own, "step")+" "+hasHave(own),
			below, hasHave(below))
	}
	return ""
}

// historyBeforeFlatten is the history that crane flatten keeps as JSON in the comment of the
// one step that it leaves (go-containerregistry cmd/crane/cmd/flatten.go), nil without one.
func historyBeforeFlatten(img *model.Image) []v1.History {
	if len(img.Steps) != 1 || !strings.HasPrefix(img.Steps[0].CreatedBy, "crane flatten ") {
		return nil
	}
	var before []v1.History
	if json.Unmarshal([]byte(img.Steps[0].Comment), &before) != nil {
		return nil
	}
	return before
}

// isFlattened reports whether crane flatten made an image.
func isFlattened(img *model.Image) bool { return len(historyBeforeFlatten(img)) > 0 }

// squashedSide is the verdict on two images without a common layer, if one of them is
// squashed into one layer: it names the other as its base, or has its settings and size.
func (l *ladder) squashedSide() (Verdict, bool) {
	for _, s := range slices.Backward(l.sides()) {
		flat, because := squashMark(*s.img)
		if because == "" || realLayers(*s.img) != 1 || strings.HasPrefix(because, "crane ") {
			continue
		}
		if named := annotatedBase(s.entry); named != "" && named == s.other.Descriptor.Digest {
			return Verdict{
				Code: Unrelated, Rests: on(Claimed), onNamedBase: true, says: "D12",
				Headline: safe.Sprintf("%s names %s as its base; its layers were squashed", s.name, s.otherName),
				Because: safe.Sprintf("The annotation of %s names the digest of %s, %s; in %s, %s (%s)", s.name, s.otherName,
					short(named), s.name, flat, because),
			}, true
		}
		_, otherMark := squashMark(*s.otherImg)
		if because == "docker import" && importsStdin(s.img) && otherMark == "" && hasNoSettings(s.img) &&
			!hasNoSettings(s.otherImg) && sameTotal(s.img, s.otherImg) {
			return Verdict{
				Code: Unrelated, Rests: on(Heuristic), says: "D12",
				Headline: safe.Sprintf("docker import made %s: one layer, without settings, of about the size of %s %s",
					s.name, s.otherName, twoSizes(s.img, s.otherImg)),
				Because: safe.Const("So layers cannot be compared. The files may be the same or others"),
			}, true
		}
		if otherMark == "" && realLayers(*s.otherImg) > 1 && l.sameOwnSettings() && sameTotal(s.img, s.otherImg) {
			return Verdict{
				Code: Unrelated, Rests: on(Heuristic), says: "D12",
				Headline: safe.Sprintf("Same settings; %s is squashed into one layer, of about the size of %s %s",
					s.name, s.otherName, twoSizes(s.img, s.otherImg)),
				Because: safe.Sprintf("In %s, %s (%s), so layers cannot be compared. The files may be the same or others", s.name, flat, because),
			}, true
		}
	}
	return Verdict{}, false
}

// exported is the verdict on an image of several layers and one of about its size that has one
// layer without history and no settings but those of the other one.
func (l *ladder) exported() (Verdict, bool) {
	for _, s := range slices.Backward(l.sides()) {
		_, because := squashMark(*s.img)
		_, otherMark := squashMark(*s.otherImg)
		kept, ok := keptSettings(s.img, s.otherImg)
		if !ok || because != noStepRecorded || otherMark != "" || !sameTotal(s.img, s.otherImg) {
			continue
		}
		return Verdict{
			Code: Unrelated, Rests: on(Heuristic),
			Headline: safe.Sprintf("%s is one layer %s, of about the size of %s %s", s.name, kept, s.otherName, twoSizes(s.img, s.otherImg)),
			Because: safe.Const("Its history records no step, as after docker import -m or crane append, so layers cannot be compared. " +
				"The files may be the same or others"),
		}, true
	}
	return Verdict{}, false
}

// keptSettings says which settings of an image of several layers an image of one layer has. ok
// is false if it has others, or if there are none to keep.
func keptSettings(flat, other *model.Image) (kept string, ok bool) {
	var names []string
	a, b := flat.Config.Config, other.Config.Config
	for _, s := range []struct {
		name string
		a, b []string
	}{
		{"ENTRYPOINT", a.Entrypoint, b.Entrypoint}, {"CMD", a.Cmd, b.Cmd}, {"ENV", a.Env, b.Env},
		{"USER", fieldsOf(a.User, " "), fieldsOf(b.User, " ")},
	} {
		switch {
		case len(s.a) == 0:
		case !slices.Equal(s.a, s.b):
			return "", false
		default:
			names = append(names, s.name)
		}
	}
	if len(names) == 0 {
		kept = "without settings"
	} else {
		kept = "with the same " + list(names)
	}
	return kept, realLayers(*other) > 1 && !hasNoSettings(other)
}

// hasNoSettings reports whether an image sets neither a start command nor a variable.
func hasNoSettings(img *model.Image) bool {
	cfg := img.Config.Config
	return len(cfg.Entrypoint)+len(cfg.Cmd)+len(cfg.Env) == 0
}

// sameOwnSettings reports whether the settings agree and there are some beyond a command.
func (l *ladder) sameOwnSettings() bool {
	c := l.a.Config.Config
	isSet := []bool{
		len(c.Cmd) > 0, len(c.Entrypoint) > 0, len(c.Env) > 1, c.User != "", c.WorkingDir != "", len(c.ExposedPorts) > 0, len(c.Labels) > 0,
	}
	return countOf(isSet, func(set bool) bool { return set }) > 1 && l.sameSettings()
}

// sameTotal reports whether one layer has about the size of many. Another gzip of the same files
// differs by up to 5 percent, as in similarSizes. One layer also lacks the files that later layers
// hide, so it can be as much smaller again. A larger difference hints at other files, not at the same.
func sameTotal(flat, other *model.Image) bool {
	one, all := flat.Manifest.LayerSize(), other.Manifest.LayerSize()
	return one > 0 && one <= all+all/20 && one >= all-all/10
}

// twoSizes is the sizes of an image of one layer and of one of many, in brackets. Where they read
// the same they are in bytes.
func twoSizes(flat, other *model.Image) string {
	one, all := flat.Manifest.LayerSize(), other.Manifest.LayerSize()
	if one != all && bytesText(one) == bytesText(all) {
		return fmt.Sprintf("(%d and %d bytes)", one, all)
	}
	return "(" + bytesText(one) + " and " + bytesText(all) + ")"
}

// importsStdin reports whether the oldest step is an import of what docker export wrote: a URL
// would name another source.
func importsStdin(img *model.Image) bool {
	return len(img.Steps) > 0 && img.Steps[0].Comment == "Imported from -"
}
