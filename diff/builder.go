package diff

import (
	"regexp"
	"strings"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/model"
)

// Builder is the tool that made the newest steps of an image, as far as its
// config shows. Name is "" where nothing does.
type Builder struct {
	Name, Version string
	Because       string // what shows it, text from outside in parts
}

func (b Builder) String() string {
	if b.Version == "" {
		return b.Name
	}
	return b.Name + " " + b.Version
}

// Builders by the words that they use.
const (
	buildkit   = "BuildKit"
	classic    = "Docker's classic builder"
	buildah    = "buildah"
	kaniko     = "kaniko"
	buildpacks = "Cloud Native Buildpacks"
)

// toolMarks find tools that name themselves in created_by, comment or author.
var toolMarks = []struct {
	name string
	mark *regexp.Regexp // its first group, if any, is the version
}{
	{"Jib", regexp.MustCompile(`^jib(?:-[a-z]+)*(?:-plugin)?(?::([0-9][\w.]*))?$`)},
	{"Bazel", regexp.MustCompile(`^bazel build `)},
	{"ko", regexp.MustCompile(`^ko (?:build|publish) |^ko$`)},
	{"apko", regexp.MustCompile(`^apko$|^apko `)},
	{"Nix", regexp.MustCompile(`^store paths: \[|^nix(?:2container)?\b`)},
	{kaniko, regexp.MustCompile(`^kaniko$`)},
	{buildpacks, regexp.MustCompile(`(?i)^buildpacks? |, Created by buildpack: `)},
}

// BuilderOf tells by the newest steps, since the older ones may be those of a
// base, which another tool made. Labels are inherited from bases too, so they
// count only where the steps agree.
func BuilderOf(img model.Image) Builder {
	for i := len(img.Steps) - 1; i >= 0; i-- {
		if b := stepBuilder(img, img.Steps[i]); b.Name != "" {
			return b
		}
		if img.Steps[i].HasLayer && !img.Steps[i].Empty {
			break // an older step may be another tool's
		}
	}
	return labelBuilder(img)
}

// maxMarked is how much of a text is searched for the mark of a tool, in bytes:
// an instruction can be megabytes long, and tools name themselves in a word.
const maxMarked = 64 << 10

func stepBuilder(img model.Image, s model.Step) Builder {
	for _, text := range []string{s.CreatedBy, s.Comment, s.Author} {
		for _, tool := range toolMarks {
			if m := tool.mark.FindStringSubmatch(text[:min(len(text), maxMarked)]); m != nil {
				b := Builder{Name: tool.name, Because: text}
				if len(m) > 1 {
					b.Version = m[1]
				}
				return b
			}
		}
	}
	switch {
	case strings.HasPrefix(s.Comment, "buildkit."):
		return Builder{Name: buildkit, Because: s.Comment}
	case strings.HasSuffix(s.CreatedBy, "# buildkit"):
		return Builder{Name: buildkit, Because: "# buildkit"}
	case strings.HasPrefix(s.Comment, "FROM ") || img.Config.Config.Labels[buildahLabel] != "" && isShellStep(s.CreatedBy):
		return Builder{Name: buildah, Version: img.Config.Config.Labels[buildahLabel], Because: buildahLabel}
	case isShellStep(s.CreatedBy) && img.Config.DockerVersion != "" && !isStartCommand(img, s): // else docker commit
		return Builder{Name: classic, Version: img.Config.DockerVersion, Because: "docker_version and #(nop)"}
	}
	return Builder{}
}

const buildahLabel = "io.buildah.version"

// isShellStep reports whether a step is spelled as the classic builder and
// buildah do.
func isShellStep(createdBy string) bool {
	_, ran := dockerfile.WithoutShell(createdBy)
	return ran || strings.Contains(createdBy, "#(nop)") || strings.HasPrefix(createdBy, "|")
}

// labelBuilder is for images whose steps name no tool.
func labelBuilder(img model.Image) Builder {
	labels := img.Config.Config.Labels
	switch {
	case labels["io.buildpacks.lifecycle.metadata"] != "" || labels["io.buildpacks.build.metadata"] != "":
		return Builder{Name: buildpacks, Because: "label io.buildpacks.lifecycle.metadata"}
	case img.Config.Author == kaniko:
		return Builder{Name: kaniko, Because: "author kaniko"}
	}
	return Builder{}
}
