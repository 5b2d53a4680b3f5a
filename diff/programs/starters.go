package programs

import (
	"cmp"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/program"
)

// This file finds the program that env or the dynamic loader starts, whatever name they are started by.

// nextStart returns the program that what runs now starts. ok is false if it starts none that is known. search is PATH,
// and noPath is set if it was removed: env changes both.
func (f *finder) nextStart(role Role, r running, search *string, noPath *bool) (next running, ok bool) {
	if args, isLoader := f.loaderArguments(r); isLoader {
		words, known := parseLoader(args)
		if !known {
			f.endStart(role, UnknownWords)
		}
		if len(words) == 0 {
			return running{}, false
		}
		return f.load(role, r, words), true
	}
	args, isEnv := f.envArguments(r)
	if !isEnv {
		return running{}, false
	}
	call, known := parseEnv(args)
	if known && len(call.words) == 0 {
		return running{}, false // env lists the variables
	}
	if *noPath = (*noPath || call.noPath) && !call.hasPath; call.hasPath {
		*search = call.path
	}
	if !known || *noPath && !strings.Contains(call.words[0], "/") || call.moves && !strings.HasPrefix(call.words[0], "/") {
		f.endStart(role, UnknownWords)
		return running{}, false
	}
	next = running{Role: Word, For: role, words: call.words, neededBy: neededBy(r)}
	if r.script != "" {
		next.Role, next.neededBy = Interpreter, r.script
	}
	return f.run(next, *search), true
}

func neededBy(r running) string { return strings.Trim(cmp.Or(r.found.Entry.Path, r.found.Name), "/") }

// load adds the program that a loader loads. The loader reads the file itself: it needs no mode, and the
// loader and the interpreter that the file names are not used.
func (f *finder) load(role Role, r running, words []string) running {
	l := f.findAt(Loaded, words[0], neededBy(r))
	l.For = role
	f.links = append(f.links, l)
	return running{Role: Loaded, For: role, words: words, found: l}
}

// isCalled reports whether a program is started by a name, or found at a path that ends in it.
func (r running) isCalled(is func(name string) bool) bool {
	return is(path.Base(r.found.Name)) || is(path.Base(r.found.Entry.Path))
}

// envArguments returns the arguments of env, if that runs. Programs that are many commands in one file are env if
// their first argument says so.
func (f *finder) envArguments(r running) (args []string, ok bool) {
	args = r.words[1:]
	switch {
	case r.isCalled(isEnvName):
		return args, true
	case len(args) == 0:
		return nil, false
	case r.isCalled(func(name string) bool { return slices.Contains(manyInOne, name) }):
		switch {
		case args[0] == "env", args[0] == "--coreutils-prog=env":
			return args[1:], true
		case args[0] == "--coreutils-prog-shebang=env" && len(args) > 1: // the first line of the script env
			return args[2:], true
		}
		return nil, false
	}
	names := f.namesOf(r.found)
	isMany := slices.ContainsFunc(names, func(name string) bool {
		return slices.Contains(manyInOne, name) || name == "sh" || name == "ls"
	})
	return args, slices.Contains(names, "env") && !isMany
}

func isEnvName(name string) bool { return name == "env" }

// manyInOne are programs that are many commands in one file.
var manyInOne = []string{"busybox", "toybox", "coreutils"}

// loaderName matches the names of dynamic loaders: ld.so, ld-linux-x86-64.so.2, ld64.so.1, ld-musl-aarch64.so.1, and
// libc.so, which musl has.
var loaderName = regexp.MustCompile(`^(ld[0-9]*(-[A-Za-z0-9_.+-]+)?|libc)\.so(\.[0-9]+)*$`)

// loaderArguments returns the arguments of a dynamic loader, if that runs as a program: it then loads the program
// that they name, whatever the kernel says of its machine.
func (f *finder) loaderArguments(r running) (args []string, ok bool) {
	p := r.found.Program()
	if args = r.words[1:]; len(args) == 0 || p == nil || p.Format != program.ELF || p.Interpreter != "" || p.Cut {
		return nil, false
	}
	if r.isCalled(loaderName.MatchString) {
		return args, true
	}
	return args, !r.isCalled(isEnvName) && slices.ContainsFunc(f.namesOf(r.found), loaderName.MatchString)
}

// namesOf returns the names that the layers have for the content of a file: those of its hard links and copies,
// also those that a newer layer deletes.
func (f *finder) namesOf(l Link) []string {
	sum := l.Entry.Sum
	if sum == (inside.Hash{}) || l.Entry.Kind != inside.File {
		return nil
	}
	if known, ok := f.names[sum]; ok {
		return known
	}
	var names []string
	for _, layer := range f.layers {
		if layer.List == nil {
			continue
		}
		files := layer.List.Files
		for e := range files.All() {
			name := path.Base(e.Path)
			if e.Kind == inside.Hardlink {
				e, _ = files.Find(e.Link)
			}
			if e.Kind == inside.File && e.Sum == sum {
				names = append(names, name)
			}
		}
	}
	if f.names == nil {
		f.names = map[inside.Hash][]string{}
	}
	f.names[sum] = names
	return names
}

// The flags of the dynamic loaders of glibc and musl: those with a value, and those that start nothing.
var (
	loaderValues = []string{
		"--library-path", "--glibc-hwcaps-prepend", "--glibc-hwcaps-mask", "--inhibit-rpath", "--audit", "--preload", "--argv0",
	}
	loaderShows = []string{"--list", "--verify", "--list-tunables", "--list-diagnostics", "--help", "--version"}
)

// parseLoader returns the program that a loader loads, with its arguments: none if it only shows something. It
// reports false for flags that are not known, and for a name without a slash, which loaders look for in ways of
// their own.
func parseLoader(args []string) (words []string, ok bool) {
	for len(args) > 0 && strings.HasPrefix(args[0], "--") {
		name, _, hasValue := strings.Cut(args[0], "=")
		isLast := name == "--"
		switch {
		case slices.Contains(loaderShows, name):
			return nil, true
		case slices.Contains(loaderValues, name) && !hasValue:
			args = args[min(2, len(args)):]
			continue
		case !isLast && name != "--inhibit-cache" && !slices.Contains(loaderValues, name):
			return nil, false
		}
		if args = args[1:]; isLast {
			break
		}
	}
	if len(args) > 0 && !strings.Contains(args[0], "/") {
		return nil, false
	}
	return args, true
}
