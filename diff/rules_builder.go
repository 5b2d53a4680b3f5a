package diff

import (
	"regexp"
	"strings"
	"time"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// squashed (D12): the steps were flattened into one layer.
func squashed(c Comparison, p Pair) []Finding {
	return c.onSides(p, func(s sideOf) []Finding {
		flat, because := squashMark(*s.img)
		if because == "" {
			return nil
		}
		f := Finding{
			Severity: 1, Trust: Shown, Evidence: []Evidence{{s.side, none, s.img.Config.Digest}},
			Say:   safe.Sprintf("In %s, %s (%s): settings and sizes can be compared, steps cannot.", s.name, flat, because),
			Next:  safe.Const("Compare with the build that was not flattened"),
			Proof: []safe.Text{safe.Sprintf("layers with files: %d; history entries: %d; %s", realLayers(*s.img), len(s.img.Config.History), because)},
			Check: s.configCheck(".history"),
		}
		if cfg := s.img.Config.Config; len(cfg.Entrypoint)+len(cfg.Cmd)+len(cfg.Env) == 0 {
			f.Severity = 2
			f.Say = safe.Sprintf("In %s, %s (%s), and no start command or environment is left.", s.name, flat, because)
			f.Next = safe.Const("docker import drops the settings: give them with --change, or build from a Dockerfile")
		}
		return []Finding{f}
	})
}

// squashMark is what was flattened, and what shows it.
func squashMark(img model.Image) (flat, because string) {
	const all = "all steps were flattened into one layer"
	if img.Manifest.Kind == model.KindSchema1 {
		return "", ""
	}
	top, layers := topStep(img), realLayers(img)
	if top != nil && (strings.HasPrefix(top.Comment, "merge sha256:") || strings.HasPrefix(top.CreatedBy, "merge sha256:")) {
		if layers > 1 {
			return "the steps above the base were flattened into one layer", "docker build --squash"
		}
		return all, "docker build --squash"
	}
	switch {
	case layers != 1:
		return "", ""
	case top == nil && len(img.Config.History) > 0:
		return "", ""
	case top == nil, len(img.Config.History) == 1 && isUnrecorded(img, *top):
		if img.Manifest.LayerSize() < bigEnough {
			return "", ""
		}
		return "one layer holds all files", "no step is recorded"
	case strings.HasPrefix(top.Comment, "Imported from ") && top.Index+1 == len(img.Steps):
		return all, "docker import" // else it is the base that was imported
	case makesNoFiles(dockerfile.Verb(dockerfile.Instruction(top.CreatedBy))):
		return all, dockerfile.Verb(dockerfile.Instruction(top.CreatedBy)) + " makes no files, but has them all"
	}
	return "", ""
}

// isUnrecorded reports whether the only step of an image says nothing of how
// it was made: buildah commit leaves the command and the base's name.
func isUnrecorded(img model.Image, s model.Step) bool {
	return isPlainCommand(img, s) || strings.HasPrefix(s.Comment, "FROM ") && !isShellStep(s.CreatedBy)
}

// makesNoFiles reports whether an instruction only sets something.
func makesNoFiles(verb string) bool {
	switch verb {
	case "ENV", "CMD", "ENTRYPOINT", "EXPOSE", "LABEL", "USER", "VOLUME", "ARG", "SHELL", "HEALTHCHECK", "ONBUILD", "STOPSIGNAL", "MAINTAINER":
		return true
	}
	return false
}

var installs = regexp.MustCompile(`\b(apt-get|apt|apk|yum|dnf|microdnf|zypper|tdnf) .*\b(install|add|update|upgrade)\b|\bpip3? install\b|\bnpm (ci|install)\b`)

// staleAge is how much older than its image a layer of packages may be.
const staleAge = 14 * 24 * time.Hour

// oldLayer (D13): packages that a build cache kept. Only one's own steps: those
// of a base are older by nature.
func oldLayer(c Comparison, p Pair) []Finding {
	return c.onSides(p, func(s sideOf) []Finding {
		created, base := s.img.Created(), BaseOf(s.img)
		if created == nil || base.Steps == 0 || sameDate(*s.img) != "" {
			return nil
		}
		for _, st := range s.img.Steps[base.Steps:] {
			at := model.RealDate(st.Created)
			if at == nil || !st.HasLayer || !installs.MatchString(st.CreatedBy) || created.Sub(*at) < staleAge {
				continue
			}
			days := int(created.Sub(*at).Hours() / 24)
			return []Finding{{
				Severity: 1, Trust: Shown, Evidence: stepEvidence(s.side, []model.Step{st}),
				Say: safe.Sprintf("In %s, the image is from %s, but its step %d (%s) is %d days older: it came from a build cache.",
					s.name, created.UTC().Format("2006-01-02"), st.Index+1, instructionText(st.CreatedBy), days),
				Next:  safe.Const("Build with --no-cache-filter for that stage, and look at cache-from: updates since then are not in it"),
				Proof: []safe.Text{safe.Sprintf("created = %s; step %d: %s", created.UTC().Format(rfc3339), st.Index+1, at.UTC().Format(rfc3339))},
				Check: s.configCheck(".created, [.history[]|{created,created_by}]"),
			}}
		}
		return nil
	})
}

// madeByHand (D14): docker commit records the command of the container it was
// made from in place of an instruction.
func madeByHand(c Comparison, p Pair) []Finding {
	return c.onSides(p, func(s sideOf) []Finding {
		top := topStep(*s.img)
		if top == nil || s.img.Config.DockerVersion == "" || !isPlainCommand(*s.img, *top) && !isOwnCommand(*s.img, *top) {
			return nil
		}
		if top.CreatedBy == "" && len(s.img.Steps) == 1 {
			return nil // docker import, with a message of one's own
		}
		by := "no instruction"
		if top.CreatedBy != "" {
			by = "the command " + quoted(top.CreatedBy) + " in place of an instruction"
		}
		return []Finding{{
			Severity: 2, Trust: Shown, Evidence: stepEvidence(s.side, []model.Step{*top}),
			Say:   safe.Sprintf("In %s, the newest layer (step %d) has %s: a container was saved with docker commit.", s.name, top.Index+1, by),
			Next:  safe.Const("Find who made it and what was changed by hand; build it from a Dockerfile"),
			Proof: []safe.Text{safe.Sprintf("step %d: created_by %s, comment %s, docker_version %s", top.Index+1, quoted(top.CreatedBy), quoted(orNone(top.Comment)), quoted(s.img.Config.DockerVersion))},
			Check: s.configCheck(".docker_version, .history[-1]"),
		}}
	})
}

// topStep is the newest step with files.
func topStep(img model.Image) *model.Step {
	for i := len(img.Steps) - 1; i >= 0; i-- {
		if s := &img.Steps[i]; s.HasLayer && !s.Empty && !s.Unnamed {
			return s
		}
	}
	return nil
}

var dockerfileVerbs = []string{"RUN", "COPY", "ADD", "WORKDIR", "ENV", "CMD", "ENTRYPOINT", "EXPOSE", "LABEL", "USER", "VOLUME", "ARG", "SHELL", "HEALTHCHECK", "ONBUILD", "STOPSIGNAL", "MAINTAINER", "FROM"}

// isPlainCommand reports whether a step is recorded as no builder does it.
func isPlainCommand(img model.Image, s model.Step) bool {
	if stepBuilder(img, s).Name != "" || isShellStep(s.CreatedBy) || strings.HasPrefix(s.Comment, "Imported from ") || strings.HasPrefix(s.Comment, "merge sha256:") {
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

// isOwnCommand reports whether the newest step is the very command that the
// image starts: docker commit records the container's command as both. A RUN
// leaves the start command as it was.
func isOwnCommand(img model.Image, s model.Step) bool {
	cmd := img.Config.Config.Cmd
	return s.Index+1 == len(img.Steps) && len(cmd) > 0 && s.CreatedBy == strings.Join(cmd, " ")
}
