package diff

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/diff/jsondoc"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// madeByHand (D14): docker commit records the command of the container instead of an
// instruction.
func madeByHand(s sideOf) []Finding {
	saved := committedStep(*s.img)
	if saved == nil {
		return nil
	}
	by := "no instruction"
	if saved.CreatedBy != "" {
		by = "the command " + quoted(saved.CreatedBy) + " instead of an instruction"
	}
	which := "the newest layer"
	if top := newestFileStep(*s.img); top != nil && top.Index != saved.Index {
		which = "a layer"
	}
	next := safe.Const("Find its author and the manual changes. Build it from a Dockerfile")
	if saved.Author != "" {
		next = safe.Sprintf("Ask its author, %s, for the manual changes. Build it from a Dockerfile", quoted(saved.Author))
	}
	severity := 2
	if byBuildah(*saved) { // scripts build with it, too
		severity = 1
	}
	return []Finding{{
		Severity: severity, Rests: on(Structure), Evidence: stepEvidence(s.side, []model.Step{*saved}),
		Text: safe.Sprintf("In %s, %s (step %d) has %s. A container was saved with %s%s.", s.name, which, saved.Index+1, by,
			committedBy(*saved), messageText(*saved)),
		Next: next,
		Proof: []safe.Text{safe.Sprintf("step %d: created_by %s, comment %s, author %s, docker_version %s", saved.Index+1,
			quoted(saved.CreatedBy), quoted(orNone(saved.Comment)), quoted(orNone(saved.Author)), quoted(orNone(s.img.Config.DockerVersion)))},
		Check: s.configCheck(".docker_version, .history[-1]"),
	}}
}

// committedStep is the step that docker commit left, nil if there is none: the newest one
// with files, or one under the steps of a build. A builder leaves out what Docker records of
// a container, so a step under others needs the start command of the image.
func committedStep(img model.Image) *model.Step {
	top := newestFileStep(img)
	if top == nil {
		return nil
	}
	if isCommitted(img, *top) && keepsContainer(img) || byBuildah(*top) && slices.ContainsFunc(img.Steps[:top.Index], hasInstruction) &&
		!recordsFiles(img, *top) {
		return top
	}
	var saved *model.Step
	start := "" // the start command that the steps so far set last
	for i := range img.Steps[:top.Index] {
		s := &img.Steps[i]
		switch {
		case isStart(*s):
			start = startCommandOf(*s)
		case start != "" && s.CreatedBy == start && hasFiles(*s) && isPlainCommand(&img, s):
			saved = s // the container that was saved ran it
		}
	}
	return saved
}

// recordsFiles reports whether a COPY, ADD or RUN under a step says what its layer holds, as after
// buildah copy --add-history.
func recordsFiles(img model.Image, s model.Step) bool {
	return slices.Contains(stageLayers(&img), s.Index+1)
}

// byBuildah reports whether buildah or podman saved a container: the step records the base and the
// command of the container, not an instruction.
func byBuildah(s model.Step) bool {
	return strings.HasPrefix(s.Comment, "FROM ") && s.CreatedBy != "" && !isShellStep(s.CreatedBy) &&
		!slices.Contains(dockerfileVerbs, dockerfile.Verb(s.CreatedBy))
}

func committedBy(s model.Step) string {
	if byBuildah(s) {
		return "podman commit or buildah commit"
	}
	return "docker commit"
}

// emptyCommit is the newest step if docker commit left it and the container had changed no file,
// nil otherwise.
func emptyCommit(img *model.Image) *model.Step {
	if len(img.Steps) < 2 || !keepsContainer(*img) {
		return nil
	}
	if s := &img.Steps[len(img.Steps)-1]; s.CreatedBy == "" && !hasFiles(*s) && s.Comment != "" && isPlainCommand(img, s) {
		return s
	}
	return nil
}

// keepsContainer reports whether a config has what Docker records of the container that it
// was saved from: the version of Docker, or the id of the container and its host name.
func keepsContainer(img model.Image) bool {
	if img.Config.DockerVersion != "" {
		return true
	}
	config, err := jsondoc.Parse(img.Config.Raw)
	return err == nil && (config.Member("container").Text != "" || config.Member("config").Member("Hostname").Text != "")
}

// isCommitted reports whether the newest step with files has a form that docker commit
// writes and no builder.
func isCommitted(img model.Image, top model.Step) bool {
	if !isPlainCommand(&img, &top) && !isStartCommand(&img, &top) {
		return false
	}
	if top.CreatedBy == "" { // else docker import with a message, or a tool that records nothing
		return len(img.Steps) > 1 && top.Comment != "" || slices.ContainsFunc(img.Steps[:top.Index], hasInstruction)
	}
	return true
}

// startCommandOf is the command of a CMD or ENTRYPOINT in the form that docker commit
// records, "" if it is not a list of words.
func startCommandOf(s model.Step) string {
	_, words, _ := strings.Cut(s.Instruction, " ")
	var list []string
	if json.Unmarshal([]byte(words), &list) != nil {
		return ""
	}
	return strings.Join(list, " ")
}

// messageText is what docker commit -m and -a recorded.
func messageText(s model.Step) string {
	text := ""
	if s.Comment != "" && !byBuildah(s) {
		text += " -m \"" + quoted(s.Comment) + "\""
	}
	if s.Author != "" {
		text += ", by " + quoted(s.Author)
	}
	return text
}

// newestFileStep returns the newest step with a non-empty layer, nil if there is none.
func newestFileStep(img model.Image) *model.Step {
	for i := len(img.Steps) - 1; i >= 0; i-- {
		if s := &img.Steps[i]; hasFiles(*s) && !s.WithoutHistory {
			return s
		}
	}
	return nil
}

var dockerfileVerbs = append([]string{"RUN", "COPY", "ADD", "WORKDIR", "FROM"}, configVerbs...)

// isPlainCommand reports whether created_by has a form that no builder writes.
func isPlainCommand(img *model.Image, s *model.Step) bool {
	return !isShellStep(s.CreatedBy) && !slices.Contains(dockerfileVerbs, dockerfile.Verb(s.CreatedBy)) &&
		!strings.HasPrefix(s.CreatedBy, "crane flatten ") && !strings.HasPrefix(s.CreatedBy, "crane rebase ") &&
		!strings.HasPrefix(s.Comment, "Imported from ") && !strings.HasPrefix(s.Comment, "merge sha256:") &&
		stepBuilder(img, s).Name == ""
}

// isStartCommand reports whether the newest step is exactly the start command of the image:
// docker commit records the command of the container in both places, a RUN leaves the start
// command unchanged.
func isStartCommand(img *model.Image, s *model.Step) bool {
	cmd := img.Config.Config.Cmd
	return s.Index+1 == len(img.Steps) && len(cmd) > 0 && s.CreatedBy == strings.Join(cmd, " ")
}
