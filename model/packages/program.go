package packages

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"io"
	"strings"
)

// goMagic begins the build information of a Go program, at a multiple of 16 bytes (Go's
// debug/buildinfo). With bit 2 of the flags two texts follow after 32 bytes, each after its length: the version
// of Go and the modules. Go 1.17 and older have addresses in their place, which are not read.
const (
	goMagic     = "\xff Go buildinf:"
	goAlign     = 16
	goHeader    = 32
	goFlags     = 15
	goInline    = 2
	goModMarker = 16 // bytes before and after the text of the modules
)

// isProgram reports whether a file begins as an ELF, PE or Mach-O file.
func isProgram(start []byte) bool {
	if len(start) < goHeader {
		return false
	}
	switch string(start[:4]) {
	case "\x7fELF", "\xfe\xed\xfa\xce", "\xfe\xed\xfa\xcf", "\xce\xfa\xed\xfe", "\xcf\xfa\xed\xfe":
		return true
	}
	return string(start[:2]) == "MZ"
}

// openProgram looks for the build information of Go in a program, which stands anywhere in it. A
// program can hold other Go programs as data. In an ELF file, the information about the program itself
// is in the part that is loaded as writable memory, where debug/buildinfo looks for it.
func openProgram(r *reading) io.WriteCloser { return &goScan{r: r, writable: writableParts(r.start)} }

// goScan is a program that streams by.
type goScan struct {
	r        *reading
	at       int64       // of the first byte of rest
	rest     []byte      // what is not looked at yet: less than 16 bytes, or the start of build information
	writable [][2]uint64 // parts of the file that become writable memory
	ended    bool
	inside   []goBuildInfo // in the parts of writable
	outside  []goBuildInfo // elsewhere; both have at most 2
}

// goBuildInfo is the build information of a Go program.
type goBuildInfo struct{ version, modules string }

func (s *goScan) Write(p []byte) (int, error) {
	n := len(p)
	if len(s.rest) == 0 {
		used := s.scan(p)
		s.rest = append(s.rest, p[used:]...)
		s.at += int64(used)
		return n, nil
	}
	s.rest = append(s.rest, p...)
	if used := s.scan(s.rest); used > 0 {
		s.rest = s.rest[:copy(s.rest, s.rest[used:])]
		s.at += int64(used)
	}
	return n, nil
}

// scan looks for build information in b, which begins at s.at, a multiple of 16. It returns how many bytes
// need not be looked at again, also a multiple of 16.
func (s *goScan) scan(b []byte) (used int) {
	magic := binary.LittleEndian.Uint64([]byte(goMagic))
	for ; used+goAlign <= len(b); used += goAlign {
		if binary.LittleEndian.Uint64(b[used:]) != magic || string(b[used:used+len(goMagic)]) != goMagic {
			continue
		}
		info, state := parseGo(b[used:])
		if state == goShort && !s.ended {
			return used
		}
		if state == goFound {
			s.found(s.at+int64(used), info)
		}
	}
	return used
}

func (s *goScan) found(at int64, info goBuildInfo) {
	to := &s.outside
	for _, part := range s.writable {
		if part[0] <= uint64(at) && uint64(at) < part[1] { //nolint:gosec // not negative
			to = &s.inside
		}
	}
	if len(*to) < 2 { //nolint:mnd // more than one is as good as two
		*to = append(*to, info)
	}
}

func (s *goScan) Close() error {
	s.ended = true
	s.scan(s.rest)
	all := s.inside
	if len(all) == 0 {
		all = s.outside
	}
	switch len(all) {
	case 0:
		return nil
	case 1:
		s.r.is(Go)
		s.r.goPackages(all[0])
	default:
		s.r.is(Go)
		s.r.problem("holds the build information of several Go programs")
	}
	return nil
}

// The results of parseGo.
const (
	goInvalid = iota
	goShort   // more bytes are needed
	goFound
)

// parseGo reads build information at the start of b.
func parseGo(b []byte) (info goBuildInfo, state int) {
	if len(b) < goHeader {
		return info, goShort
	}
	if b[goFlags]&goInline == 0 {
		return info, goInvalid
	}
	version, rest, state := goText(b[goHeader:], MaxText)
	if state != goFound {
		return info, state
	}
	if !strings.HasPrefix(string(version), "go") && !strings.HasPrefix(string(version), "devel") {
		return info, goInvalid
	}
	modules, _, state := goText(rest, MaxGo)
	if state != goFound {
		return info, state
	}
	switch {
	case len(modules) == 0: // built without modules
	case len(modules) > 2*goModMarker && modules[len(modules)-goModMarker-1] == '\n':
		modules = modules[goModMarker : len(modules)-goModMarker]
	default:
		return info, goInvalid
	}
	return goBuildInfo{string(version), string(modules)}, goFound
}

// goText reads a text of at most max bytes after its length.
func goText(b []byte, max uint64) (text, rest []byte, state int) {
	length, n := binary.Uvarint(b)
	switch {
	case n < 0 || n > 0 && length > max:
		return nil, nil, goInvalid
	case n == 0 || uint64(len(b)-n) < length:
		return nil, nil, goShort
	}
	end := n + int(length) //nolint:gosec // at most max
	return b[n:end], b[end:], goFound
}

// goPackages adds the packages of build information: lines of "mod", "dep" or "=>" with path, version and
// hash, and "build" with settings (Go's runtime/debug.BuildInfo). The version of Go is that of the package
// "stdlib", which is a part of each Go program.
func (r *reading) goPackages(info goBuildInfo) {
	place := r.path
	main := Package{Place: place}
	var dep Package
	var deps []Package
	add := func() {
		if dep.Name != "" {
			deps = append(deps, dep)
		}
		dep = Package{Place: place}
	}
	for line := range strings.Lines(info.modules) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(fields) < 2 { //nolint:mnd // a word and a value
			continue
		}
		version := ""
		if len(fields) > 2 { //nolint:mnd // word, path, version
			version = fields[2]
		}
		switch fields[0] {
		case "mod":
			main.Name, main.Version = fields[1], version
			if version == "" {
				main.Version = "(devel)"
			}
		case "dep":
			add()
			dep.Name, dep.Version = fields[1], version
		case "=>": // a module in place of the one before; one in a folder has no version
			dep.Name, dep.Version = fields[1], version
		case "build":
			if revision, ok := strings.CutPrefix(fields[1], "vcs.revision="); ok {
				main.Revision = revision
			}
		}
	}
	add()
	r.add(main)
	number, _, _ := strings.Cut(strings.TrimPrefix(info.version, "go"), " X:") // experiments follow
	r.add(Package{Name: "stdlib", Version: number, Place: place})
	for _, d := range deps {
		r.add(d)
	}
	if main.Name == "" {
		return
	}
	if id, ok := r.owner(Owner{Kind: Go, Name: main.Name, Place: place}, ""); ok {
		r.owns(id, []byte(place))
	}
}

// writableParts returns the parts of an ELF file that become writable memory, by the program headers in its
// first bytes; nil if they are not there.
func writableParts(start []byte) (parts [][2]uint64) {
	const headers = 64 // of a 64-bit file; a 32-bit one has 52
	if len(start) < headers || !bytes.HasPrefix(start, []byte(elf.ELFMAG)) {
		return nil
	}
	var order binary.ByteOrder = binary.LittleEndian
	if elf.Data(start[elf.EI_DATA]) == elf.ELFDATA2MSB {
		order = binary.BigEndian
	}
	is64 := elf.Class(start[elf.EI_CLASS]) == elf.ELFCLASS64
	var at, size, count uint64
	if is64 {
		at, size, count = order.Uint64(start[32:]), uint64(order.Uint16(start[54:])), uint64(order.Uint16(start[56:]))
	} else {
		at, size, count = uint64(order.Uint32(start[28:])), uint64(order.Uint16(start[42:])), uint64(order.Uint16(start[44:]))
	}
	const smallest64, smallest32 = 56, 32
	if is64 && size < smallest64 || size < smallest32 || at > uint64(len(start)) || count*size > uint64(len(start))-at {
		return nil
	}
	for i := range count {
		h := start[at+i*size:]
		var flags uint32
		var from, length uint64
		if is64 {
			flags, from, length = order.Uint32(h[4:]), order.Uint64(h[8:]), order.Uint64(h[32:])
		} else {
			flags, from, length = order.Uint32(h[24:]), uint64(order.Uint32(h[4:])), uint64(order.Uint32(h[16:]))
		}
		if elf.ProgType(order.Uint32(h)) == elf.PT_LOAD && elf.ProgFlag(flags)&(elf.PF_W|elf.PF_X) == elf.PF_W {
			parts = append(parts, [2]uint64{from, from + length})
		}
	}
	return parts
}
