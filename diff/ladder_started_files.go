package diff

import (
	"path"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/diff/filediff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
)

// refuseStarted takes the files that start commands name from the rung Generated: a script below /tmp that containers
// start is not what a build left there.
func (f *LayerFiles) refuseStarted(started startedPaths) {
	if len(started) == 0 {
		return
	}
	f.WithoutCause(func(ch filediff.Change) bool { return started.has(ch.Path) || ch.From != "" && started.has(ch.From) })
	f.setRung()
}

// startedPaths are the paths that start commands may name, without the slash at the start.
type startedPaths map[string]bool

// startedBy returns the paths that the start commands of both sides of a pair may name.
func startedBy(p Pair, read ReadLayers) startedPaths {
	started := startedPaths{}
	started.add(p.A, read)
	started.add(p.B, read)
	return started
}

// has reports whether a start command names a path, or a folder that it is in: then the folder holds what is started. A
// folder for leftovers as /tmp itself is only a place to write to.
func (s startedPaths) has(p string) bool {
	if s[p] {
		return true
	}
	for folder := parentOf(p); folder != ""; folder = parentOf(folder) {
		if s[folder] && filediff.HasCause(folder) {
			return true
		}
	}
	return false
}

// Limits on what is looked for in a start command.
const (
	maxStartedWords   = 200
	maxStartedFolders = 10
)

// add adds what the start command of an image names, as it stands there and where the links of the layers that were read
// lead.
func (s startedPaths) add(e *model.Entry, read ReadLayers) {
	img := imageOf(e)
	if img == nil {
		return
	}
	config := img.Config.Config
	words := startedWords(slices.Concat(config.Entrypoint, config.Cmd))
	if len(words) == 0 {
		return
	}
	// A shell can go to another folder first: cd /tmp && ./run.sh.
	folders := []string{"/" + config.WorkingDir}
	for _, word := range words {
		if strings.HasPrefix(word, "/") && len(folders) < maxStartedFolders {
			folders = append(folders, word)
		}
	}
	stack := inside.NewStack(listsOf(img, read))
	for _, word := range words {
		if strings.HasPrefix(word, "/") {
			s.addPath(word, stack)
			continue
		}
		for _, folder := range folders {
			s.addPath(folder+"/"+word, stack)
		}
		if !strings.Contains(word, "/") {
			for _, folder := range foldersOfPath(config.Env) {
				s.addPath(folder+"/"+word, stack)
			}
		}
	}
}

func (s startedPaths) addPath(full string, stack *inside.Stack) {
	s[strings.TrimPrefix(path.Clean("/"+full), "/")] = true
	if place := stack.Find(full); place.Path != "" {
		s[place.Path] = true
	}
}

// startedWords returns the words of a command, and those in what a shell gets as one word: "-c", "cd /tmp && ./run.sh",
// "--config=/tmp/app.conf".
func startedWords(command []string) []string {
	var words []string
	for _, arg := range command {
		words = append(words, arg)
		words = append(words, strings.FieldsFunc(arg, func(r rune) bool { return strings.ContainsRune(" \t\n;&|()<>\"'`=:,{}", r) })...)
	}
	words = slices.DeleteFunc(words, func(word string) bool { return word == "" || strings.HasPrefix(word, "-") })
	slices.Sort(words)
	words = slices.Compact(words)
	return words[:min(len(words), maxStartedWords)]
}

// foldersOfPath returns the folders of the variable PATH.
func foldersOfPath(env []string) []string {
	for _, variable := range env {
		if value, ok := strings.CutPrefix(variable, "PATH="); ok {
			folders := strings.Split(value, ":")
			return folders[:min(len(folders), maxStartedFolders)]
		}
	}
	return nil
}

// listsOf returns the layers of an image, the oldest first, nil for one that was not read.
func listsOf(img *model.Image, read ReadLayers) []*inside.Layer {
	var lists []*inside.Layer
	for i := range img.Steps {
		st := &img.Steps[i]
		switch l, wasRead := layerOfStep(st, read); {
		case !st.HasLayer:
		case l == nil && wasRead:
			lists = append(lists, &inside.Layer{How: inside.Full})
		default:
			lists = append(lists, l)
		}
	}
	return lists
}
