package diff

import (
	"slices"
	"strings"

	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// dockerOnly are the instructions whose settings Docker's format has and OCI's has not
// (moby docker-image-spec specs-go/v1, DockerOCIImageConfigExt; image-spec config.md).
// BuildKit writes them into OCI configs all the same, buildah leaves them out.
var dockerOnly = []struct {
	verb  string
	isSet func(model.Image) bool
}{
	{"HEALTHCHECK", func(img model.Image) bool { return hasCheck(img.Config.Docker.Healthcheck) }},
	{"ONBUILD", func(img model.Image) bool { return len(img.Config.Docker.OnBuild) > 0 }},
	{"SHELL", func(img model.Image) bool { return len(img.Config.Docker.Shell) > 0 }},
}

// lostInOCI (E9): settings that an image in the OCI format has only in its history.
func lostInOCI(c Comparison, p Pair) []Finding {
	others := map[Side]*model.Image{SideA: imageOf(p.B), SideB: imageOf(p.A)}
	return c.onSides(p, func(s sideOf) []Finding {
		lost := lostSettings(*s.img, others[s.side])
		if len(lost) == 0 {
			return nil
		}
		whose := ""
		if !hasInstructions(*s.img) {
			whose = " of the other side"
		}
		it := byNumber(len(lost), "it", "them")
		f := Finding{
			Severity: 1, Rests: on(Hashed, Structure), Evidence: []Evidence{{s.side, none, s.img.Config.Digest}},
			Text: safe.Sprintf("In %s, %s %s gone: the OCI format has no place for %s, and only the history%s still has %s.",
				s.name, list(lost), isAre(len(lost)), it, whose, it),
			Next: safe.Const("Build it with --format docker (podman, buildah), or copy it without changing the format"),
			Proof: []safe.Text{
				safe.Sprintf("media types: manifest %s, config %s", orNone(s.img.Manifest.MediaType), quoted(s.img.Manifest.Config.MediaType)),
				safe.Sprintf("not in the config: %s", list(lost)),
			},
			Check: s.configCheck("[.config | {Healthcheck, OnBuild, Shell}], [.history[]?.created_by]"),
		}
		if slices.Contains(lost, dockerOnly[0].verb) {
			f.Severity = 2
		}
		for _, verb := range lost {
			if st := lastStep(*s.img, verb); st != nil {
				f.Proof = append(f.Proof, safe.Sprintf("history, step %d: %s", st.Index+1, instructionText(*st)))
				f.Evidence = append(f.Evidence, Evidence{s.side, st.Index, st.Layer.Digest})
			}
		}
		return []Finding{f}
	})
}

// lostSettings names the settings that an image lacks because of its format: its history
// has the instruction. Where it has no history, that of the other side counts.
func lostSettings(img model.Image, other *model.Image) []string {
	if !isOCI(img) {
		return nil
	}
	recorded := img
	if other != nil && !hasInstructions(img) {
		recorded = *other
	}
	var lost []string
	for _, setting := range dockerOnly {
		if setting.isSet(img) {
			continue
		}
		wasSet := recordsSetting(recorded, setting.verb)
		if !hasInstructions(img) {
			wasSet = wasSet && other != nil && setting.isSet(*other)
		}
		if wasSet {
			lost = append(lost, setting.verb)
		}
	}
	return lost
}

// isOCI reports whether an image has the format of OCI, by its manifest or its config.
func isOCI(img model.Image) bool {
	return formatOf(img.Manifest.MediaType) == "OCI" || img.Manifest.Config.MediaType == v1.MediaTypeImageConfig
}

// recordsSetting reports whether the history of an image says that it has a setting. An
// image built on another runs the other's ONBUILD triggers and does not have them, so a
// trigger counts only if no instruction of its kind follows.
func recordsSetting(img model.Image, verb string) bool {
	st := lastStep(img, verb)
	if st == nil {
		return false
	}
	switch verb {
	case "ONBUILD":
		trigger := dockerfile.Verb(strings.TrimPrefix(st.Instruction, "ONBUILD "))
		ran := lastStep(img, trigger)
		return ran == nil || ran.Index < st.Index
	case "HEALTHCHECK":
		return !strings.Contains(st.Instruction, "NONE")
	}
	return true
}

// lastStep is the newest step with an instruction, nil if there is none.
func lastStep(img model.Image, verb string) *model.Step {
	for i := len(img.Steps) - 1; i >= 0; i-- {
		if dockerfile.Verb(img.Steps[i].Instruction) == verb {
			return &img.Steps[i]
		}
	}
	return nil
}

// hasInstructions reports whether an image records how it was built.
func hasInstructions(img model.Image) bool {
	return slices.ContainsFunc(img.Steps, func(st model.Step) bool { return st.Instruction != "" })
}
