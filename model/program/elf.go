package program

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
)

// elf is the head of an ELF file, of either word size and byte order (System V ABI, chapter 4).
type elf struct {
	head  []byte
	order binary.ByteOrder
	is64  bool
}

// The values of EI_CLASS and EI_DATA.
const (
	class32, class64 = 1, 2
	big              = 2
)

var elfTypes = map[uint16]Type{1: Object, 2: Executable, 3: Shared, 4: Core}

// readELF reads an ELF file as Linux does (fs/binfmt_elf.c): the magic number, the type and the machine
// decide, in the byte order of the machine. Linux checks neither the byte order that the file states nor its
// version, and the class only on some machines. A head that is shorter than its header is read as if
// zeros followed.
func readELF(head []byte) (Program, bool) {
	const machineEnd, headerSize = 20, 64
	if len(head) < machineEnd || string(head[:4]) != "\x7fELF" {
		return Program{}, false
	}
	if len(head) < headerSize {
		head = append(bytes.Clone(head), make([]byte, headerSize-len(head))...)
	}
	f := elf{head: head}
	known, ok := f.machine()
	if !ok && !f.isPlausible() {
		return Program{}, false // a text that begins like an ELF file
	}
	p := Program{Format: ELF, Machine: known.word(f.order == binary.ByteOrder(binary.BigEndian)), Type: elfTypes[f.order.Uint16(head[16:])]}
	if known.mips {
		p.Machine = f.mips()
	}
	f.readSegments(&p)
	return p, true
}

// isPlausible reports whether the class, the byte order and the version of a file for an unknown machine
// are those that the format has.
func (f elf) isPlausible() bool {
	return (f.head[4] == class32 || f.head[4] == class64) && (f.head[5] == 1 || f.head[5] == big) && f.head[6] == 1
}

// u16 reads a number at the offset that it has in a file of 32 bits, or of 64.
func (f elf) u16(at32, at64 int) uint16 {
	if f.is64 {
		return f.order.Uint16(f.head[at64:])
	}
	return f.order.Uint16(f.head[at32:])
}

// word reads an address, an offset or a size.
func (f elf) word(from []byte, at32, at64 int) uint64 {
	if f.is64 {
		return f.order.Uint64(from[at64:])
	}
	return uint64(f.order.Uint32(from[at32:]))
}

// machine is what Linux takes a value of e_machine for.
type machine struct {
	// little and big are the words for the kernels of each byte order that start files of 64 bits; little32 and
	// big32 those for files of 32 bits. "" is for none.
	little, big, little32, big32 string
	// byClass is set if the kernel compares the class of the file. Else the size of the segment headers
	// decides how the file is read.
	byClass bool
	mips    bool // the flags decide, too
}

// machines are the values of e_machine (the gABI's list of machines; Go and OCI name the architectures). What
// each kernel checks is in elf_check_arch of arch/*/include/asm/elf.h. Without a word a machine is
// not compared.
var machines = map[uint16]machine{
	2:      {big32: "sparc"},
	3:      {little32: "386"},
	4:      {big32: "m68k"},
	6:      {little32: "386"}, // EM_486, which x86 takes for EM_386
	8:      {mips: true, byClass: true},
	18:     {big32: "sparc"}, // EM_SPARC32PLUS
	20:     {big32: "ppc"},
	21:     {little: "ppc64le", big: "ppc64"},
	22:     {big: "s390x", big32: "s390", byClass: true},
	40:     {little32: "arm", big32: "armbe"},
	42:     {little32: "sh"},
	43:     {big: "sparc64"},
	50:     {little: "ia64"},
	62:     {little: "amd64", little32: "x32"},
	183:    {little: "arm64", big: "arm64be", little32: "arm64ilp32"}, // no kernel of today starts files of 32 bits
	243:    {little: "riscv64", little32: "riscv", byClass: true},
	258:    {little: "loong64", little32: "loong32", byClass: true},
	0x9026: {little: "alpha"},
	0xa390: {big: "s390x", big32: "s390", byClass: true}, // EM_S390_OLD
}

// machine returns the machine for which a kernel accepts the file, and the byte order and word size that the
// kernel reads it with. No value of e_machine is that of another machine when its bytes are swapped. For an
// unknown machine it reports false, and the file is read as it states.
func (f *elf) machine() (known foundMachine, ok bool) {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		m, ok := machines[order.Uint16(f.head[18:])]
		isBig := order == binary.ByteOrder(binary.BigEndian)
		if !ok || !m.mips && m.words(isBig) == [2]string{} {
			continue
		}
		f.order = order
		f.is64 = f.isOf64Bits(m, isBig)
		return foundMachine{m, f.head[4], f.is64}, true
	}
	f.order = binary.LittleEndian
	if f.head[5] == big {
		f.order = binary.BigEndian
	}
	f.is64 = f.head[4] == class64
	return foundMachine{}, false
}

// words are the words for files of 32 and of 64 bits.
func (m machine) words(isBig bool) [2]string {
	if isBig {
		return [2]string{m.big32, m.big}
	}
	return [2]string{m.little32, m.little}
}

// isOf64Bits reports whether a kernel reads the file as one of 64 bits. A kernel of 64 bits tries that first:
// it takes a file whose segment headers have the size that they have there.
func (f elf) isOf64Bits(m machine, isBig bool) bool {
	words := m.words(isBig)
	switch {
	case m.byClass:
		return f.head[4] == class64
	case words[0] == "" || words[1] == "":
		return words[0] == ""
	case f.order.Uint16(f.head[54:]) == segmentSize64:
		return true
	case f.order.Uint16(f.head[42:]) == segmentSize32:
		return false
	}
	return f.head[4] != class32
}

// foundMachine is the machine of a file.
type foundMachine struct {
	machine
	class byte
	is64  bool
}

// word returns the architecture. It is "" for a class that the kernel refuses.
func (m foundMachine) word(isBig bool) string {
	words := m.words(isBig)
	switch {
	case m.byClass && m.class != class32 && m.class != class64:
		return ""
	case m.is64:
		return words[1]
	}
	return words[0]
}

// mips returns one of the six words for MIPS. The ABI n32 has files of 32 bits for 64-bit machines.
func (f elf) mips() string {
	const n32 = 0x20
	word := "mips"
	switch {
	case f.head[4] == class64:
		word = "mips64"
	case f.head[4] != class32:
		return ""
	case f.order.Uint32(f.head[36:])&n32 != 0:
		word = "mips64p32"
	}
	if f.order == binary.ByteOrder(binary.BigEndian) {
		return word
	}
	return word + "le"
}

// The sizes of a segment header.
const segmentSize32, segmentSize64 = 32, 56

// readSegments reads the loader and the build id, as far as the head has them.
func (f elf) readSegments(p *Program) {
	const interpreter, note = 3, 4
	size := uint64(segmentSize32)
	if f.is64 {
		size = segmentSize64
	}
	offset, end := f.word(f.head, 28, 32), uint64(len(f.head))
	count, stated := f.u16(44, 56), f.u16(42, 54)
	if uint64(stated) != size {
		return
	}
	isCut := len(f.head) >= HeadSize // else the head is the whole file
	for ; count > 0; count-- {
		if offset > end-size {
			p.Cut = isCut
			return
		}
		segment := f.head[offset:]
		from, length := f.word(segment, 4, 8), f.word(segment, 16, 32)
		content := f.part(from, length)
		switch f.order.Uint32(segment) {
		case interpreter:
			if length > maxPath {
				break // Linux refuses the file
			}
			if name, _, ended := bytes.Cut(content, []byte{0}); !ended {
				p.Cut = p.Cut || isCut && uint64(len(content)) < length
			} else if len(name) > 0 && p.Interpreter == "" {
				p.Interpreter = string(name)
			}
		case note:
			if p.BuildID == "" {
				p.BuildID = f.buildID(content)
			}
		}
		offset += size
	}
}

// maxPath is the size of the longest name of a loader that Linux takes (PATH_MAX).
const maxPath = 4096

// part returns a part of the head, as much of it as there is.
func (f elf) part(from, size uint64) []byte {
	if from >= uint64(len(f.head)) {
		return nil
	}
	return f.head[from:][:min(size, uint64(len(f.head))-from)]
}

// buildID finds the build id among notes.
func (f elf) buildID(notes []byte) string {
	const header, kind, smallest, largest = 12, 3, 4, 64
	for len(notes) >= header {
		nameSize, size := uint64(f.order.Uint32(notes)), uint64(f.order.Uint32(notes[4:]))
		from := header + (nameSize+3)&^3
		next := from + (size+3)&^3
		if from+size > uint64(len(notes)) {
			return ""
		}
		if f.order.Uint32(notes[8:]) == kind && string(notes[header:header+min(nameSize, 4)]) == "GNU\x00" &&
			size >= smallest && size <= largest {
			return hex.EncodeToString(notes[from : from+size])
		}
		notes = notes[min(next, uint64(len(notes))):]
	}
	return ""
}
