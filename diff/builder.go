package diff

import (
	"regexp"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/instruction"
)

// Builder is the tool that made the newest steps of an image, as far as its
// config shows. Name is "" if it is unknown.
type Builder struct {
	Name, Version string
	Because       string // the evidence, partly untrusted text
}

func (b Builder) String() string {
	if b.Version == "" {
		return b.Name
	}
	return b.Name + " " + b.Version
}

// Names of builders.
const (
	buildkit   = "BuildKit"
	classic    = "Docker's classic builder"
	buildah    = "buildah"
	kaniko     = "kaniko"
	buildpacks = "Cloud Native Buildpacks"
)

// toolMarks detect tools that record their name in created_by, comment or
// author.
var toolMarks = []toolMark{
	{"Jib", "jib", regexp.MustCompile(`^jib(?:-[a-z]+)*(?:-plugin)?(?::([0-9][\w.]*))?$`)},
	{"debuerreotype", "debuerreotype ", regexp.MustCompile(`^debuerreotype ([0-9.]+)$`)},
	{"Bazel", "bazel ", regexp.MustCompile(`^bazel build `)},
	{"ko", "ko", regexp.MustCompile(`^ko (?:build|publish) |^ko$`)},
	{"apko", "apko", regexp.MustCompile(`^apko$|^apko `)},
	{"Nix", "store paths: [", regexp.MustCompile(`^store paths: \[`)},
	{"Nix", "nix", regexp.MustCompile(`^nix(?:2container)?\b`)},
	{kaniko, kaniko, regexp.MustCompile(`^kaniko$`)},
	{buildpacks, "buildpack", regexp.MustCompile(`(?i)^buildpacks? `)},
	{buildpacks, "", regexp.MustCompile(`, Created by buildpack: `)}, // apart, since a literal is found fast in a long text
}

type toolMark struct {
	name  string
	start string         // the text begins with it, in any case: most texts do not, and a regular expression is slow
	mark  *regexp.Regexp // its first group, if any, is the version
}

func (t toolMark) find(text string) (b Builder, ok bool) {
	if len(text) < len(t.start) || !strings.EqualFold(text[:len(t.start)], t.start) {
		return Builder{}, false
	}
	m := t.mark.FindStringSubmatch(text[:min(len(text), maxMarked)])
	if m == nil {
		return Builder{}, false
	}
	b = Builder{Name: t.name, Because: text}
	if len(m) > 1 {
		b.Version = m[1]
	}
	return b, true
}

// BuilderOf returns the builder of an image. It judges by the newest steps,
// since older steps may belong to a base image that another tool made. Labels
// are inherited from base images too, so they count only if the steps do not
// contradict them.
func BuilderOf(img model.Image) Builder {
	for i, s := range slices.Backward(img.Steps) {
		if b := stepBuilder(&img, &img.Steps[i]); b.Name != "" {
			return b
		}
		if hasFiles(s) {
			break // another tool may have made the older steps
		}
	}
	return labelBuilder(img)
}

// maxMarked is the number of bytes of a text that is searched for the mark of a
// tool: an instruction can have megabytes, and tools record only their name.
const maxMarked = 64 << 10

func stepBuilder(img *model.Image, s *model.Step) Builder {
	for _, text := range []string{s.CreatedBy, s.Comment, s.Author} {
		for _, tool := range toolMarks {
			if b, ok := tool.find(text); ok {
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

// compareHashes compares the hashes of files in a step of A and one of B. Unequal ones of two
// builders tell nothing.
func (p Pair) compareHashes(a, b *model.Step) dockerfile.Hashes {
	if p.hashedByTwo(a, b) {
		return dockerfile.Unknown
	}
	return dockerfile.CompareHashes(a.Instruction, b.Instruction)
}

// hashedByTwo reports whether two builders made the unequal hashes of files in a step of A and one
// of B: each builder computes them in another way.
func (p Pair) hashedByTwo(a, b *model.Step) bool {
	if dockerfile.CompareHashes(a.Instruction, b.Instruction) != dockerfile.OtherFiles {
		return false
	}
	return p.madeByTwo(Row{A: a, B: b})
}

// builtByTwo reports whether two tools made the newest steps of two images. The bytes of a layer
// depend on the tool, so theirs can differ although the files are the same.
func builtByTwo(a, b *model.Image) bool {
	builtA, builtB := BuilderOf(*a).Name, BuilderOf(*b).Name
	return builtA != "" && builtB != "" && builtA != builtB
}

// madeByTwo reports whether two tools made the step of a row.
func (p Pair) madeByTwo(r Row) bool {
	if r.A == nil || r.B == nil {
		return false
	}
	madeA, madeB := stepBuilder(imageOf(p.A), r.A).Name, stepBuilder(imageOf(p.B), r.B).Name
	return madeA != "" && madeB != "" && madeA != madeB
}

// assemblers are the tools that put layers beside each other. A layer of theirs does not
// depend on those below it, as a step of a Dockerfile does.
var assemblers = []string{"Jib", "Bazel", "ko", "apko", "Nix", buildpacks}

// assembledIn returns a function that reports whether a step of an image is a layer of one
// of the assemblers. The first steps are those of its base.
func assembledIn(img *model.Image, base Base) func(*model.Step) bool {
	return func(s *model.Step) bool {
		b := stepBuilder(img, s).Name
		if b == "" && base.Steps > 0 && s.Index >= base.Steps {
			b = BuilderOf(*img).Name
		}
		return slices.Contains(assemblers, b)
	}
}

const buildahLabel = "io.buildah.version"

// isShellStep reports whether a step has the form that the classic builder and
// buildah record.
func isShellStep(createdBy string) bool {
	_, ran := instruction.WithoutShell(createdBy)
	return ran || strings.Contains(createdBy, "#(nop)") || strings.HasPrefix(createdBy, "|")
}

// labelBuilder returns the builder from labels and author, for images whose
// steps name no tool.
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
