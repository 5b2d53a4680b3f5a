package programs

import (
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/program"
)

// Doubt says why it is not known for which machine the program is that a container starts.
type Doubt uint8

// The doubts.
const (
	NoDoubt Doubt = iota
	// NotRead: the program may be in a layer of which nothing was read, or only a part.
	NotRead
	// Mounted: the path is below a folder where containers have other files than their image.
	Mounted
	// UnknownWords: env or a loader starts a program by words that are not understood.
	UnknownWords
	// TooLong: too many interpreters of interpreters, which Linux takes for a loop.
	TooLong
	// Unclear: runtimes can unpack the layers to different files at the path.
	Unclear
	// UnknownFormat: the file is not a program that Linux starts by itself.
	UnknownFormat
	// UnknownMachine: the program is for a machine that is not known.
	UnknownMachine
)

// doubt finds the first doubt about the start and the interpreters that it needs, and the position of the
// link that it is about. What is missing or cannot be run is not in doubt: it does not start.
func (f *finder) doubt() (Doubt, int) {
	last := -1
	for i, l := range f.links {
		if l.For != Start || l.Role == Loader {
			continue
		}
		last = i
		if d := f.doubtOf(l); d != NoDoubt {
			return d, i
		}
		if l.Sight == inside.NotThere {
			return NoDoubt, -1
		}
	}
	if f.ending != NoDoubt && last >= 0 {
		return f.ending, last
	}
	return NoDoubt, -1
}

// doubtOf returns the doubt about one link.
func (f *finder) doubtOf(l Link) Doubt {
	switch {
	case l.Sight == inside.Unseen && l.Layer < 0 && l.mounted:
		return Mounted
	case l.Sight == inside.Unseen:
		return NotRead
	case l.Unclear:
		return Unclear
	case l.Sight == inside.NotThere || l.Entry.Kind != inside.File:
		return NoDoubt
	}
	list, p := f.layers[l.Layer].List, l.Program()
	switch {
	case list.LacksEntries(), f.isCutOff(l):
		return NotRead
	case p == nil || p.Format == program.Wasm || p.Format == program.PE && p.Machine == "" || !p.Starts():
		return UnknownFormat
	case l.Role == Loaded && p.Format != program.ELF:
		return UnknownFormat
	case p.Format == program.ELF && (p.Machine == "" || p.Machine == "x32"): // most kernels of amd64 do not start x32
		return UnknownMachine
	}
	return NoDoubt
}

// isCutOff reports whether the layer of a link was read to its end no further than to a place that
// leaves the program open: a later entry of the layer could replace it. An interpreter is usually in the first
// part of a large base, which will do.
func (f *finder) isCutOff(l Link) bool {
	return f.layers[l.Layer].List.How != inside.Full && (l.Role != Interpreter || l.Program() == nil)
}

// isInStart reports whether a link is in a layer of which the first part was read. The root is in none.
func (f *finder) isInStart(l Link) bool {
	return l.Layer >= 0 && f.layers[l.Layer].List.How == inside.Start
}

// AllRun reports whether all layers were read to their ends, and each program in them runs on a machine of
// an architecture, wherever it is. Then what a container starts of its image does, too.
func AllRun(architecture string, layers []Layer) bool {
	any := false
	for _, l := range layers {
		if l.List == nil || l.List.How != inside.Full || l.List.LacksEntries() {
			return false
		}
		for e := range l.List.Files.All() {
			p := e.Program
			if p == nil || !p.Starts() || p.Format == program.Script {
				continue
			}
			if p.Format != program.ELF || p.Machine == "" || !Runs(architecture, *p) {
				return false
			}
			any = true
		}
	}
	return any
}
