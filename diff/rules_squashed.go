package diff

import (
	"regexp"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/instruction"
	"github.com/tagdiff/tagdiff/model/safe"
)

// squashed (D12): the steps were merged into one layer.
func squashed(s sideOf) []Finding {
	flat, because := squashMark(*s.img)
	if because == "" {
		return nil
	}
	f := Finding{
		Severity: 1, Rests: on(Structure), Evidence: []Evidence{{s.side, none, s.img.Config.Digest}},
		Text: safe.Sprintf("In %s, %s (%s). Settings and sizes can be compared, steps cannot.", s.name, flat, because),
		Next: safe.Const("Compare with the build before it was squashed"),
		Proof: []safe.Text{safe.Sprintf("layers with files: %d; history entries: %d; %s",
			realLayers(*s.img), len(s.img.Config.History), because)},
		Check: s.configCheck(".history"),
	}
	if before := historyBeforeFlatten(s.img); len(before) > 0 {
		f.Next = safe.Sprintf("Read its steps in the comment of its history, which keeps those from before: %s", plural(len(before), "step"))
		for i, h := range before {
			text, _ := instruction.Parse(h.CreatedBy)
			f.Proof = append(f.Proof, safe.Sprintf("step %d before: %s", i+1, dockerfile.ShortHashes(text)))
		}
	}
	if hasNoSettings(s.img) {
		f.Severity = 2
		f.Text = safe.Sprintf("In %s, %s (%s). The image has no start command and no environment.", s.name, flat, because)
		f.Next = safe.Const("docker import drops the settings. Set them with --change, or build from a Dockerfile")
	}
	return []Finding{f}
}

const noStepRecorded = "no step is recorded"

// squashMark returns what was merged and the evidence for it; "" if nothing was.
func squashMark(img model.Image) (flat, because string) {
	const all = "all steps were merged into one layer"
	if img.Manifest.Kind == model.KindSchema1 {
		return "", ""
	}
	top, layers := newestFileStep(img), realLayers(img)
	if top != nil && (strings.HasPrefix(top.Comment, "merge sha256:") || strings.HasPrefix(top.CreatedBy, "merge sha256:")) {
		if layers > 1 {
			return "the steps after the base were merged into one layer", "docker build --squash"
		}
		return all, "docker build --squash"
	}
	switch {
	case layers == 1 && top != nil && strings.HasPrefix(top.CreatedBy, "crane flatten "):
		return all, "crane flatten"
	case layers != 1, top == nil && len(img.Config.History) > 0:
		return "", ""
	case top == nil, len(img.Config.History) == 1 && isUnrecorded(img, *top):
		if img.Manifest.LayerSize() < notableBytes {
			return "", ""
		}
		return "one layer contains all files", noStepRecorded
	case strings.HasPrefix(top.Comment, "Imported from ") && top.Index+1 == len(img.Steps):
		return all, "docker import" // otherwise only the base was imported
	case slices.Contains(configVerbs, verbOf(*top)):
		return all, verbOf(*top) + " adds no files, but its layer contains all files"
	}
	return "", ""
}

// isUnrecorded reports whether the history of a one-step image hides its instructions, as
// after buildah commit, which records only the command of the container and the name of the
// base.
func isUnrecorded(img model.Image, s model.Step) bool {
	return isPlainCommand(&img, &s) && !isRootTool(s) || strings.HasPrefix(s.Comment, "FROM ") && !isShellStep(s.CreatedBy)
}

// rootTool matches what tools record that make a root filesystem in one layer: debuerreotype,
// the builds of BusyBox, KIWI, mkosi, rpm-ostree, umoci and Buildroot.
var rootTool = regexp.MustCompile(`(?i)^(# debian\.sh |debuerreotype |busybox \d|kiwi\b|mkosi\b|ostree |rpm-ostree|umoci |buildroot)`)

// isRootTool reports whether one layer is what the tool makes, not what is left of many.
func isRootTool(s model.Step) bool {
	return rootTool.MatchString(s.CreatedBy) || rootTool.MatchString(s.Comment) || strings.HasPrefix(s.CreatedBy, "bazel ") ||
		s.CreatedBy == "apko" || strings.HasPrefix(s.CreatedBy, "ko ")
}

// configVerbs are the instructions that only change the config.
var configVerbs = []string{
	"ENV", "CMD", "ENTRYPOINT", "EXPOSE", "LABEL", "USER", "VOLUME", "ARG", "SHELL", "HEALTHCHECK", "ONBUILD", "STOPSIGNAL", "MAINTAINER",
}

// realLayers counts the layers with files.
func realLayers(img model.Image) int { return countFiles(img.Steps) }
