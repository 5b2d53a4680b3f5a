package dockerfile

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/instruction"
)

// Layer is a layer of a tool that assembles images without a Dockerfile. The history
// names the content of such a layer, not a command.
type Layer struct {
	Name    string // what the layer holds, without the version
	Version string // "" if the history names none
	Part    string // the part of Name that the layer holds, "" for all
}

// LayerOf returns the layer that a step names, as Nix, buildpacks, Jib, apko and ko record
// it. ok is false for steps of a Dockerfile.
func LayerOf(s model.Step) (l Layer, ok bool) {
	if len(s.Comment) > maxComment || len(s.CreatedBy) > maxComment {
		return Layer{}, false
	}
	createdBy := strings.TrimSpace(s.CreatedBy)
	if createdBy != "" && !namesTool(createdBy) {
		return Layer{}, false
	}
	comment, createdBy := instruction.CollapseBlanks(s.Comment), instruction.CollapseBlanks(createdBy)
	if m := buildpackLayer.FindStringSubmatch(createdBy); m != nil {
		return Layer{Name: m[2], Version: m[3], Part: m[1]}, true
	}
	if createdBy == "" {
		return nixLayer(comment)
	}
	tool := toolLayer.FindStringSubmatch(createdBy)
	if tool == nil {
		return Layer{}, false
	}
	switch comment {
	case "":
		return Layer{}, false
	case "This is an apko single-layer image": // apko, pkg/build/oci/image.go
		comment = "single layer"
	}
	return Layer{Name: tool[1] + ": " + comment}, true
}

// namesTool reports whether a text begins with the name of a tool. Most are instructions.
func namesTool(text string) bool {
	return slices.ContainsFunc([]string{"Layer:", "jib", "apko", "ko"}, func(name string) bool { return strings.HasPrefix(text, name) })
}

// maxComment is the longest comment, in bytes, that is used as the name of a layer.
const maxComment = 4096

var (
	// buildpackLayer is how the lifecycle records a layer (buildpacks/lifecycle,
	// phase/exporter.go and layers/history.go).
	buildpackLayer = regexp.MustCompile(`^Layer: '([^']+)', Created by buildpack: ([^@]+)@(\S+)$`)
	// toolLayer finds tools that record their name in created_by and the layer in comment.
	toolLayer = regexp.MustCompile(`^(jib|apko|ko)(?:-[a-z]+)*(?::\S+)?(?: (?:build|publish) .*)?$`)
)

// nixLayer reads "store paths: ['/nix/store/HASH-NAME-VERSION', …]" (nixpkgs,
// pkgs/build-support/docker/stream_layered_image.py).
func nixLayer(comment string) (Layer, bool) {
	if !strings.HasPrefix(comment, "store paths: [") {
		return Layer{}, false
	}
	names := nixNames(comment)
	if len(names) == 0 {
		return Layer{}, false
	}
	var l Layer
	l.Name, l.Version = cutNixVersion(names[0])
	switch n := len(names) - 1; n {
	case 0:
	case 1:
		l.Part = "and 1 other package"
	default:
		l.Part = fmt.Sprintf("and %d other packages", n)
	}
	return l, true
}

// cutNixVersion cuts at the first dash that no letter follows (Nix manual, builtins.parseDrvName).
func cutNixVersion(s string) (name, version string) {
	for i := 1; i+1 < len(s); i++ {
		if c := s[i+1] | 0x20; s[i] == '-' && (c < 'a' || c > 'z') { // 0x20 makes a letter lower case
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

// nixNames returns the names, with versions, of the quoted paths '/nix/store/HASH-NAME' in a text.
func nixNames(text string) []string {
	const store, hashBytes = "'/nix/store/", "0123456789abcdefghijklmnopqrstuvwxyz"
	var names []string
	for at := strings.Index(text, store); at >= 0; at = strings.Index(text, store) {
		text = text[at+len(store):]
		path, rest, closed := strings.Cut(text, "'")
		hash, name, _ := strings.Cut(path, "-")
		if closed && hash != "" && strings.Trim(hash, hashBytes) == "" && name != "" {
			names, text = append(names, name), rest
		}
	}
	return names
}

// Text is the layer in one line: "glibc 2.40-66", "paketo-buildpacks/ca-certificates
// 3.6.8: helper", "jib: classes".
func (l Layer) Text() string {
	text := l.Name
	if l.Version != "" {
		text += " " + l.Version
	}
	switch {
	case l.Part == "":
		return text
	case strings.HasPrefix(l.Part, "and "):
		return text + " " + l.Part
	}
	return text + ": " + l.Part
}

// Key is equal for two versions of the same layer.
func (l Layer) Key() string {
	if strings.HasPrefix(l.Part, "and ") { // the number of packages is not part of the name
		return l.Name
	}
	return l.Name + "\x00" + l.Part
}

// SameStep reports whether two steps have the same StepKey.
func SameStep(a, b model.Step) bool {
	return a.CreatedBy == b.CreatedBy && a.Comment == b.Comment || StepKey(a) == StepKey(b)
}

// StepKey is Key for a step: the name of its layer, or its line in a Dockerfile.
func StepKey(s model.Step) string {
	if l, ok := LayerOf(s); ok {
		return l.Text()
	}
	return JoinKey(Recipe(s.Instruction), s.BuildArgs)
}
