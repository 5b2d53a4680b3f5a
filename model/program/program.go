// Package program says for which machine a program is, and what it needs to start, from the first
// bytes of its file. It reads ELF, PE, Mach-O and WebAssembly, and the first line of scripts.
package program

import (
	"bytes"
	"encoding/binary"
)

// HeadSize is the number of bytes of a file that Read needs at least. They hold all that is read of 460 of
// 463 programs that have an interpreter, and of all build ids.
const HeadSize = 4 << 10

// Format is the format of a program.
type Format uint8

// The formats of programs.
const (
	ELF Format = iota + 1
	PE
	MachO
	Script
	Wasm
)

var formatNames = []string{"", "ELF", "PE", "Mach-O", "script", "WebAssembly"}

// String returns the name of the format, as "ELF".
func (f Format) String() string {
	if int(f) >= len(formatNames) {
		return ""
	}
	return formatNames[f]
}

// Program is what the first bytes of a program say. All texts are untrusted.
type Program struct {
	Format Format
	// Machine is the architecture in the words of platforms, as "amd64", "arm64", "arm", "386",
	// "riscv64", without a variant; "" for scripts, for .NET assemblies that run on every machine, and for
	// machines without a word. "x32" is the ABI with short pointers of amd64,
	// "arm64ilp32" that of arm64.
	Machine string
	Type    Type
	// Interpreter is the program that the kernel starts in its place: the loader of an ELF
	// file, or the program of a script's first line, as recorded. It is "" for a program that needs none,
	// and for one whose head does not hold it.
	Interpreter string
	// Argument is what the first line of a script passes to the interpreter, as recorded: one text,
	// also if it has blanks.
	Argument string
	// Cut is set if the segments of an ELF file are beyond what was read, at least in part: then Interpreter is
	// not known.
	Cut bool
	// BuildID is the note of the GNU linker in hexadecimal digits, "" without.
	BuildID string
}

// Type is the kind of a file of machine code.
type Type uint8

// The kinds of files that matter here; 0 for scripts and for all others. A position-independent program
// of ELF is Shared with an interpreter, or without one if it is static.
const (
	Executable Type = iota + 1
	Shared          // a library, or a position-independent program
	Object          // of a compiler, or a module of the kernel
	Core            // the memory of a process
	Firmware        // starts without an operating system, as boot loaders do
)

// Starts reports whether an operating system can start the file as a program.
func (p Program) Starts() bool {
	return p.Format == Script || p.Type == Executable || p.Type == Shared && p.Format == ELF
}

// Read reads the head of a file: its first HeadSize bytes or more, or all of a smaller file. It reports
// false if the file is not a program.
func Read(head []byte) (Program, bool) {
	if len(head) < len("#!x") {
		return Program{}, false
	}
	switch head[0] {
	case '#':
		return readScript(head)
	case 0x7f:
		return readELF(head)
	case 'M':
		return readPE(head)
	case 0xfe, 0xce, 0xcf:
		return readMachO(head)
	case 0:
		return readWasm(head)
	}
	return Program{}, false
}

// wasmMagic is "\0asm" with the version of a module or of a component, which Wasm tools write
// (WebAssembly core specification 5.5.16; component model, Binary.md).
var wasmModule, wasmComponent = []byte("\x00asm\x01\x00\x00\x00"), []byte("\x00asm\x0d\x00\x01\x00")

func readWasm(head []byte) (Program, bool) {
	if !bytes.HasPrefix(head, wasmModule) && !bytes.HasPrefix(head, wasmComponent) {
		return Program{}, false
	}
	return Program{Format: Wasm, Machine: "wasm", Type: Executable}, true
}

// The CPU types and file types of Mach-O (mach/machine.h, mach-o/loader.h).
var machOMachines = map[uint32]string{
	7: "386", 0x0100_0007: "amd64", 12: "arm", 0x0100_000c: "arm64", 18: "ppc", 0x0100_0012: "ppc64",
}

var machOTypes = map[uint32]Type{1: Object, 2: Executable, 4: Core, 6: Shared, 7: 0, 8: Shared, 10: 0, 11: Object, 12: 0}

// readMachO reads a file for one machine. Files for several begin with the bytes cafebabe, as Java
// classes do, and are no evidence.
func readMachO(head []byte) (Program, bool) {
	const header = 28
	if len(head) < header {
		return Program{}, false
	}
	var order binary.ByteOrder
	switch binary.LittleEndian.Uint32(head) {
	case 0xfeedface, 0xfeedfacf:
		order = binary.LittleEndian
	case 0xcefaedfe, 0xcffaedfe:
		order = binary.BigEndian
	default:
		return Program{}, false
	}
	kind, known := machOTypes[order.Uint32(head[12:])]
	if !known {
		return Program{}, false
	}
	return Program{Format: MachO, Machine: machOMachines[order.Uint32(head[4:])], Type: kind}, true
}

// The machines of PE (Microsoft, PE Format, "Machine Types").
var peMachines = map[uint16]string{
	0x14c: "386", 0x8664: "amd64", 0xaa64: "arm64", 0x1c4: "arm", 0x1c0: "arm", 0x200: "ia64",
	0x5064: "riscv64", 0x6264: "loong64",
}

// readPE reads a program or library of Windows or of UEFI. The offsets are those of Microsoft's PE Format.
func readPE(head []byte) (Program, bool) {
	const (
		coff     = 4  // "PE\0\0" is before it
		optional = 24 // after "PE\0\0"
	)
	if len(head) < 0x40 || head[1] != 'Z' {
		return Program{}, false
	}
	at := int64(binary.LittleEndian.Uint32(head[0x3c:]))
	if at+optional+2 > int64(len(head)) || string(head[at:at+coff]) != "PE\x00\x00" {
		return Program{}, false
	}
	pe := head[at:]
	p := Program{Format: PE, Machine: peMachines[binary.LittleEndian.Uint16(pe[coff:])], Type: Executable}
	const isDLL = 0x2000
	if binary.LittleEndian.Uint16(pe[22:])&isDLL != 0 {
		p.Type = Shared
	}
	directories := 96
	if binary.LittleEndian.Uint16(pe[optional:]) == 0x20b { // 64-bit
		directories = 112
	}
	const subsystem, runtimeHeader = optional + 68, 14 * 8
	if len(pe) >= subsystem+2 {
		if s := binary.LittleEndian.Uint16(pe[subsystem:]); s >= 10 && s <= 13 { //nolint:mnd // IMAGE_SUBSYSTEM_EFI_…
			p.Type = Firmware
		}
	}
	if d := optional + directories + runtimeHeader; len(pe) >= d+4 && binary.LittleEndian.Uint32(pe[d:]) != 0 {
		p.Machine = "" // of .NET: "386" there stands for every machine
	}
	return p, true
}

// scriptBuffer is how many bytes of a file Linux reads to know how to start it (BINPRM_BUF_SIZE in binfmts.h).
const scriptBuffer = 256

// readScript reads the first line of a script as Linux does (fs/binfmt_script.c): blanks and tabs around
// the interpreter and its one argument do not count, and a carriage return is part of what it ends. A
// zero byte ends the name or the argument. An argument may be cut off, a name may not.
func readScript(head []byte) (Program, bool) {
	const blanks, ends = " \t", " \t\x00"
	if head[1] != '!' {
		return Program{}, false
	}
	var padded [scriptBuffer]byte
	copy(padded[:], head)
	line := padded[2:]
	newline, zero := bytes.IndexByte(line, '\n'), bytes.IndexByte(line, 0)
	if newline >= 0 && (zero < 0 || newline < zero) {
		line = bytes.TrimRight(line[:newline], blanks)
	} else {
		if !bytes.ContainsAny(bytes.TrimLeft(line, blanks), ends) {
			return Program{}, false // the name of the interpreter may be cut off
		}
		line = bytes.TrimRight(line[:len(line)-1], blanks)
	}
	line = bytes.TrimLeft(line, blanks)
	name, argument := line, []byte(nil)
	if i := bytes.IndexAny(line, ends); i >= 0 {
		name = line[:i]
		if line[i] != 0 {
			argument, _, _ = bytes.Cut(bytes.TrimLeft(line[i:], blanks), []byte{0})
		}
	}
	if len(name) == 0 {
		return Program{}, false
	}
	return Program{Format: Script, Interpreter: string(name), Argument: string(argument)}, true
}
