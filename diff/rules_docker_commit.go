package diff

import (
	"strings"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// madeByHand (D14): docker commit records the command of the container instead of an
// instruction.
func madeByHand(c Comparison, p Pair) []Finding {
	return c.onSides(p, func(s sideOf) []Finding {
		top := newestFileStep(*s.img)
		if top == nil || s.img.Config.DockerVersion == "" || !isPlainCommand(*s.img, *top) && !isStartCommand(*s.img, *top) {
			return nil
		}
		if top.CreatedBy == "" && (len(s.img.Steps) == 1 || top.Comment == "") {
			return nil // docker import with a message, or a tool that records nothing
		}
		by := "no instruction"
		if top.CreatedBy != "" {
			by = "the command " + quoted(top.CreatedBy) + " instead of an instruction"
		}
		return []Finding{{
			Severity: 2, Rests: on(Structure), Evidence: stepEvidence(s.side, []model.Step{*top}),
			Text: safe.Sprintf("In %s, the newest layer (step %d) has %s. A container was saved with docker commit.", s.name, top.Index+1, by),
			Next: safe.Const("Find its author and the manual changes. Build it from a Dockerfile"),
			Proof: []safe.Text{safe.Sprintf("step %d: created_by %s, comment %s, docker_version %s",
				top.Index+1, quoted(top.CreatedBy), quoted(orNone(top.Comment)), quoted(s.img.Config.DockerVersion))},
			Check: s.configCheck(".docker_version, .history[-1]"),
		}}
	})
}

// newestFileStep returns the newest step with a non-empty layer, nil if there is none.
func newestFileStep(img model.Image) *model.Step {
	for i := len(img.Steps) - 1; i >= 0; i-- {
		if s := &img.Steps[i]; s.HasLayer && !s.Empty && !s.WithoutHistory {
			return s
		}
	}
	return nil
}

var dockerfileVerbs = []string{
	"RUN", "COPY", "ADD", "WORKDIR", "ENV", "CMD", "ENTRYPOINT", "EXPOSE", "LABEL", "USER", "VOLUME", "ARG", "SHELL",
	"HEALTHCHECK", "ONBUILD", "STOPSIGNAL", "MAINTAINER", "FROM",
}

// isPlainCommand reports whether created_by has a form that no builder writes.
func isPlainCommand(img model.Image, s model.Step) bool {
	if stepBuilder(img, s).Name != "" || isShellStep(s.CreatedBy) ||
		strings.HasPrefix(s.Comment, "Imported from ") || strings.HasPrefix(s.Comment, "merge sha256:") {
		return false
	}
	v := dockerfile.Verb(s.CreatedBy)
	for _, known := range dockerfileVerbs {
		if v == known {
			return false
		}
	}
	return true
}

// isStartCommand reports whether the newest step is exactly the start command of the image:
// docker commit records the command of the container in both places, a RUN leaves the start
// command unchanged.
func isStartCommand(img model.Image, s model.Step) bool {
	cmd := img.Config.Config.Cmd
	return s.Index+1 == len(img.Steps) && len(cmd) > 0 && s.CreatedBy == strings.Join(cmd, " ")
}
