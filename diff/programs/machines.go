package programs

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/program"
)

// Runs reports whether a machine of an architecture, in the words of platforms, can run a program.
// Programs without a word for their machine can run: nothing is known of them.
func Runs(architecture string, p program.Program) bool {
	if p.Machine == "" || p.Machine == architecture {
		return true
	}
	return architecture == "" || slices.Contains(alsoRun[architecture], p.Machine)
}

// alsoRun are the machines of 32 bits whose programs the kernels of distributions start on one of 64 bits. x32 is
// one that most of them know and do not start.
var alsoRun = map[string][]string{
	"amd64": {"386", "x32"}, "arm64": {"arm"}, "s390x": {"s390"}, "ppc64": {"ppc"}, "sparc64": {"sparc"},
	"mips64": {"mips", "mips64p32"}, "mips64le": {"mipsle", "mips64p32le"},
}

// IsForeign reports whether a container for Linux on a machine of an architecture cannot start a
// program. Assemblies of .NET and WebAssembly are not started by the kernel. Of the variants of arm nothing
// is known: the head of a file does not have them.
func IsForeign(architecture string, p program.Program) bool {
	switch p.Format {
	case program.ELF:
		return !Runs(architecture, p)
	case program.MachO:
		return true
	case program.PE:
		return p.Machine != ""
	}
	return false
}

// noEvidence are folders and names of files that are for other machines on purpose: libraries of
// several architectures, cross compilers, emulators, prebuilt modules that are chosen when they are loaded,
// firmware, test data.
var noEvidence = regexp.MustCompile(`(?i)(^|/)(` + strings.Join([]string{
	`[a-z0-9_]+-(linux|w64|apple|unknown|none|elf)[a-z0-9_-]*/`, // usr/lib/aarch64-linux-gnu, usr/arm-linux-gnueabihf
	`qemu-[a-z0-9_-]+$`, `prebuilds/`, `@[a-z0-9_.-]+/`, `node_modules/`, `site-packages/`, `dist-packages/`, `gems/`,
	`firmware/`, `go/pkg/`, `sysroots?/`, `\.debug/`, `\.build-id/`, `tests?/`, `testdata/`, `testing/`, `fixtures/`, `examples?/`,
	`gcc-cross/`, `ndk/`, `syslinux/`, `grub/`, `efi/`, `bpf/`, `rustlib/`, `lib/modules/`,
}, "|") + `)`)

// IsEvidence reports whether the machine of a program at a path says for which machine an image is.
func IsEvidence(e inside.Entry) bool {
	p := e.Program
	if p == nil || p.Format != program.ELF || p.Machine == "" || noEvidence.MatchString(e.Path) {
		return false
	}
	folder := path.Base(path.Dir(e.Path))
	return p.Type == program.Executable || p.Type == program.Shared && (p.Interpreter != "" || folder == "bin" || folder == "sbin")
}

// Seen counts the programs of some layers by their machine.
type Seen struct {
	All      int
	Foreign  int    // cannot run
	Machine  string // of all foreign ones; "" if they are for several
	Path     string // of the first foreign one
	Layer    int    // index of the layer that has it
	Verified bool   // all layers are verified
}

// See counts the programs that say for which machine an image is, in all layers of which something is
// known.
func See(architecture string, layers []Layer) Seen {
	s := Seen{Verified: true}
	for i, l := range layers {
		s.Verified = s.Verified && l.Verified
		if l.List == nil {
			continue
		}
		for e := range l.List.Files.All() {
			if e.Program == nil || !IsEvidence(e) {
				continue
			}
			s.All++
			if Runs(architecture, *e.Program) {
				continue
			}
			if s.Foreign == 0 {
				s.Machine, s.Path, s.Layer = e.Program.Machine, e.Path, i
			} else if s.Machine != e.Program.Machine {
				s.Machine = ""
			}
			s.Foreign++
		}
	}
	return s
}
