// Package programs finds what an image starts, and for which machines its programs are, as far as
// its layers were read.
package programs

import (
	"cmp"
	"path"
	"slices"
	"strings"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/program"
)

// Layer is a layer of an image. List is nil if nothing is known of it.
type Layer struct {
	List *inside.Layer
	// Verified is set if the layer was read to its end, and both digests are those of manifest and config.
	Verified bool
}

// Role says why a program is looked for.
type Role uint8

// The roles of programs.
const (
	// Start is the program that a container starts: the first word of ENTRYPOINT, else of CMD.
	Start Role = iota + 1
	// Interpreter is named in the first line of the script before it, Loader in the ELF file before it.
	Interpreter
	Loader
	// Word is the first word of a command that a shell or env starts: CMD python app.py.
	Word
	// Command is the first word of CMD after an ENTRYPOINT, which usually starts it.
	Command
	// Loaded is the program that a dynamic loader loads, which is started by itself: CMD /lib64/ld.so /app/run.
	Loaded
)

// Link is a program that a start needs, and where it is.
type Link struct {
	Role Role
	// For is Start, Word or Command: the first role of the chain that the link is of.
	For Role
	// Name is as the config, the script or the program before it says it. NeededBy is the path of what needs
	// an Interpreter or a Loader, or starts what env or a loader starts.
	Name, NeededBy string
	inside.Place
	// Verified is set if verified layers alone decide Place, and it is not unclear.
	Verified bool
	// Earlier is the index of a layer that was not read and may have the program in an earlier folder of PATH, -1
	// for none.
	Earlier int

	mounted bool // the path is where containers have other files than their image
}

// Program returns what was read of the program, nil for nothing.
func (l Link) Program() *program.Program { return l.Entry.Program }

// Started is what an image starts.
type Started struct {
	// Links are in the order in which they are needed. The first is the Start; there is none if the config
	// starts nothing.
	Links []Link
	// Next is the index of the newest layer whose rest decides about the Start or what it needs, -1 if they
	// are known or no layer helps. NextLink is the position of the link that it is read for.
	Next, NextLink int
	// Doubt says why it is not known for which machine the Start is. Doubted is the position of the link that
	// it is about.
	Doubt   Doubt
	Doubted int
	// Refused are files that the start needs and that the user of the container cannot use.
	Refused []Refusal
}

// defaultPath is the PATH that runtimes set where the config has none (moby, daemon/pkg/oci; containerd
// oci/spec.go).
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Find finds what an image starts. layers are the oldest first.
func Find(config v1.ImageConfig, layers []Layer) Started {
	f := finder{layers: layers, env: defaultPath}
	lists := make([]*inside.Layer, len(layers))
	for i, l := range layers {
		lists[i] = l.List
	}
	f.stack = inside.NewStack(lists)
	f.stack.Mount("proc", "dev", "sys")
	for _, variable := range config.Env {
		if value, ok := strings.CutPrefix(variable, "PATH="); ok {
			f.env = value
		}
	}
	if slices.Equal(config.Entrypoint, []string{""}) {
		config.Entrypoint = nil // as Docker does
	}
	words := slices.Concat(config.Entrypoint, config.Cmd)
	switch {
	case len(words) == 0:
		return Started{Next: -1, NextLink: -1, Doubted: -1}
	case words[0] == "": // runtimes refuse it
		unseen := Link{Role: Start, For: Start, Earlier: -1, Place: inside.Place{Layer: -1}}
		return Started{Links: []Link{unseen}, Next: -1, NextLink: -1, Doubt: UnknownWords}
	}
	f.config = config
	f.follow(Start, words)
	if word := shellWord(words); word != "" {
		f.follow(Word, []string{word})
	}
	isEnvWord := func(l Link) bool { return l.For == Start && l.Role == Word }
	if len(config.Entrypoint) > 0 && len(config.Cmd) > 0 && isWord(config.Cmd[0]) && shellWord(words) == "" &&
		!slices.ContainsFunc(f.links, isEnvWord) {
		f.follow(Command, config.Cmd)
	}
	s := Started{Links: f.links, Refused: f.refusals()}
	s.Next, s.NextLink = f.next()
	s.Doubt, s.Doubted = f.doubt()
	return s
}

// finder finds what one image starts.
type finder struct {
	config v1.ImageConfig
	layers []Layer
	stack  *inside.Stack
	env    string // the value of PATH
	links  []Link
	ending Doubt                    // why the links of the Start end too soon
	names  map[inside.Hash][]string // what namesOf found
}

// MaxInterpreters limits a chain of scripts whose interpreters are scripts: Linux starts five, and says that a
// sixth is a loop. MaxStarts limits how often env and loaders start each other.
const (
	MaxInterpreters = 5
	MaxStarts       = 8
)

// follow adds the program that the first of some words names, what it needs, and what env or a loader starts.
func (f *finder) follow(role Role, words []string) {
	search, noPath := f.env, false
	r := f.run(running{Role: role, For: role, words: words}, search)
	for range MaxStarts {
		next, ok := f.nextStart(role, r, &search, &noPath)
		if !ok {
			return
		}
		r = next
	}
	f.endStart(role, TooLong)
}

// endStart notes why the links of the Start end too soon.
func (f *finder) endStart(role Role, why Doubt) {
	if role == Start {
		f.ending = why
	}
}

// running is a program that is started with some words.
type running struct {
	Role, For Role
	words     []string // the name and the arguments
	neededBy  string
	// script is the path of the script that the program is the interpreter of, found the program itself.
	script string
	found  Link
}

// run adds a program that is looked for in some folders, and its interpreters and its loader. It returns
// what runs in the end.
func (f *finder) run(r running, search string) running {
	add := func(l Link) Link {
		l.For = r.For
		f.links = append(f.links, l)
		return l
	}
	r.found = add(f.find(r.Role, r.words[0], r.neededBy, search))
	for n := 0; ; n++ {
		p := r.found.Program()
		switch {
		case r.found.Sight != inside.There || p == nil || p.Interpreter == "":
			return r
		case p.Format != program.Script:
			add(f.findAt(Loader, p.Interpreter, r.found.Entry.Path))
			return r
		case n == MaxInterpreters:
			f.endStart(r.For, TooLong)
			return r
		}
		r.script = r.found.Entry.Path
		words := []string{p.Interpreter}
		if p.Argument != "" {
			words = append(words, p.Argument)
		}
		r.words = slices.Concat(words, []string{"/" + r.script}, r.words[1:])
		r.found = add(f.findAt(Interpreter, p.Interpreter, r.script))
	}
}

// find finds a program by its name as exec does: in the folders of PATH, which is search, if the name has no
// slash.
func (f *finder) find(role Role, name, neededBy, search string) Link {
	if strings.Contains(name, "/") {
		return f.findAt(role, name, neededBy)
	}
	var unseen, plain Link
	missing := Link{Role: role, Name: name, NeededBy: neededBy, Earlier: -1}
	missing.Place = inside.Place{Sight: inside.NotThere, Layer: -1, Lowest: len(f.layers)}
	for folder := range strings.SplitSeq(search, ":") {
		l := f.findAt(role, cmp.Or(folder, ".")+"/"+name, neededBy)
		l.Name = name
		isFile := l.Sight == inside.There && l.Entry.Kind == inside.File
		switch {
		case isFile && l.CanRun() && unseen.Role != 0:
			l.Verified, l.Earlier = false, unseen.Layer // a folder before it may have another one
			return l
		case isFile && l.CanRun():
			return l
		case isFile:
			plain = l
		case l.Sight == inside.Unseen && unseen.Role == 0:
			unseen = l
		}
		missing.addMissing(l)
	}
	switch {
	case unseen.Role != 0:
		return unseen
	case plain.Role != 0: // exec finds no other file, and says that it may not start this one
		plain.Verified = f.isVerified(missing.Lowest) && !plain.Unclear && !missing.Unclear
		return plain
	}
	missing.Verified = f.isVerified(missing.Lowest) && !missing.Unclear
	return missing
}

// addMissing adds what is known of one folder to a program that is in no folder of PATH. A link that has the
// name of the program, and leads nowhere, says why it is missing.
func (l *Link) addMissing(of Link) {
	l.Lowest = min(l.Lowest, of.Lowest)
	l.Unclear = l.Unclear || of.Unclear
	if of.Sight == inside.NotThere && l.Link.Path == "" && path.Base(of.Link.Path) == l.Name {
		l.Path, l.Link, l.Loop = of.Path, of.Link, of.Loop
	}
}

// CanRun reports whether the mode of the file lets some user execute it.
func (l Link) CanRun() bool { return l.Entry.Mode&0o111 != 0 }

// findAt finds a program at a path, which may start in the working directory.
func (f *finder) findAt(role Role, name, neededBy string) Link {
	l := Link{Role: role, Name: name, NeededBy: neededBy, Earlier: -1}
	full := name
	if !strings.HasPrefix(name, "/") {
		full = "/" + f.config.WorkingDir + "/" + name
	}
	l.Place = f.stack.Find(full)
	l.mounted = l.Mounted
	if l.Sight == inside.NotThere && f.isMounted("/"+l.Path) {
		l.Place, l.mounted = inside.Place{Layer: -1, Lowest: l.Lowest}, true
	}
	l.Verified = l.Sight != inside.Unseen && f.isVerified(l.Lowest) && !l.Unclear
	return l
}

// isMounted reports whether a container can have more at a path than its image: in volumes, and in /run.
func (f *finder) isMounted(full string) bool {
	full = path.Clean(full)
	mounts := []string{"/run"}
	for volume := range f.config.Volumes {
		mounts = append(mounts, path.Clean("/"+volume))
	}
	return slices.ContainsFunc(mounts, func(m string) bool {
		return m == "/" || full == m || strings.HasPrefix(full, m+"/")
	})
}

// isVerified reports whether all layers from one on are verified.
func (f *finder) isVerified(lowest int) bool {
	return !slices.ContainsFunc(f.layers[max(lowest, 0):], func(l Layer) bool { return !l.Verified })
}

// next returns the layer to read next, and the position of the link that it is read for.
func (f *finder) next() (layer, link int) {
	for i, l := range f.links {
		switch {
		case l.For == Command:
		case l.Sight == inside.Unseen && l.Layer >= 0:
			return l.Layer, i
		case l.Sight == inside.There && l.For == Start && l.Role != Loader && f.isInStart(l) && f.isCutOff(l):
			return l.Layer, i
		}
	}
	for i, l := range f.links {
		if l.For == Start && l.Earlier >= 0 {
			return l.Earlier, i
		}
	}
	return -1, -1
}

// HasCR reports whether the first line of a script ends in a carriage return that keeps it from starting:
// in the name of the interpreter, or in that of the program that env starts.
func HasCR(p program.Program) bool {
	if p.Format != program.Script {
		return false
	}
	return strings.HasSuffix(p.Interpreter, "\r") || isEnv(p) && strings.HasSuffix(p.Argument, "\r") && !strings.HasPrefix(p.Argument, "-")
}

func isEnv(p program.Program) bool { return path.Base(p.Interpreter) == "env" }

var shells = []string{"sh", "bash", "dash", "ash", "zsh", "busybox"}

// shellWord returns the first word of a command that a shell starts, as in /bin/sh -c "exec run x": "" if
// it is not the plain name of a program.
func shellWord(words []string) string {
	if len(words) < 3 || !slices.Contains(shells, path.Base(words[0])) {
		return ""
	}
	i := 1
	for i < len(words)-1 && strings.HasPrefix(words[i], "-") && !isCommandFlag(words[i]) {
		i++
	}
	if !isCommandFlag(words[i]) || i+1 >= len(words) {
		return ""
	}
	fields := strings.Fields(words[i+1])
	for len(fields) > 0 && (fields[0] == "exec" || isAssignment(fields[0])) {
		fields = fields[1:]
	}
	if len(fields) == 0 || !isWord(fields[0]) || slices.Contains(builtins, fields[0]) {
		return ""
	}
	return fields[0]
}

// isCommandFlag reports whether a flag of a shell says that a command follows: -c, -ec, -lc.
func isCommandFlag(flag string) bool {
	return strings.HasPrefix(flag, "-") && !strings.HasPrefix(flag, "--") && strings.HasSuffix(flag, "c")
}

func isAssignment(word string) bool {
	name, _, ok := strings.Cut(word, "=")
	return ok && name != "" && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// builtins are commands that shells have, though an image may have a program of their name, too.
var builtins = []string{
	"echo", "cd", "test", "true", "false", "printf", "set", "export", "source", ".", "if", "while", "for", "trap",
	"ulimit", "umask",
}

// isWord reports whether a text is a name or path of a program, without what shells or env treat in
// their own ways.
func isWord(s string) bool {
	return s != "" && s[0] != '-' && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./+-") == ""
}
