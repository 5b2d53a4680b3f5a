// Package programtest makes heads of programs for tests.
package programtest

import (
	"debug/elf"
	"encoding/binary"
	"encoding/hex"
)

// ELF describes an ELF file. The zero value of Order is little endian, that of Type an executable.
type ELF struct {
	Machine     elf.Machine
	Is32        bool
	Order       binary.AppendByteOrder
	Type        elf.Type
	Flags       uint32
	Interpreter string
	BuildID     string // in hexadecimal digits
}

// Bytes returns a file with the header, the segments and what they hold, and no code.
func (e ELF) Bytes() []byte {
	order := e.Order
	if order == nil {
		order = binary.LittleEndian
	}
	class, data := elf.ELFCLASS64, elf.ELFDATA2LSB
	headerSize, segmentSize := 64, 56
	if e.Is32 {
		class, headerSize, segmentSize = elf.ELFCLASS32, 52, 32
	}
	if order == binary.AppendByteOrder(binary.BigEndian) {
		data = elf.ELFDATA2MSB
	}
	if e.Type == 0 {
		e.Type = elf.ET_EXEC
	}
	type segment struct {
		kind    elf.ProgType
		content []byte
	}
	segments := []segment{{elf.PT_PHDR, nil}}
	if e.Interpreter != "" {
		segments = append(segments, segment{elf.PT_INTERP, append([]byte(e.Interpreter), 0)})
	}
	if e.BuildID != "" {
		id, _ := hex.DecodeString(e.BuildID)
		// Another note comes first, whose name and content need padding.
		notes := order.AppendUint32(order.AppendUint32(order.AppendUint32(nil, 3), 5), 3)
		notes = append(notes, "Go\x00\x00"+"12345\x00\x00\x00"...)
		notes = order.AppendUint32(order.AppendUint32(order.AppendUint32(notes, 4), uint32(len(id))), 3) //nolint:gosec // of a test
		notes = append(append(notes, "GNU\x00"...), id...)
		segments = append(segments, segment{elf.PT_NOTE, notes})
	}
	word := func(b []byte, n int) []byte {
		if e.Is32 {
			return order.AppendUint32(b, uint32(n)) //nolint:gosec // of a test
		}
		return order.AppendUint64(b, uint64(n)) //nolint:gosec // of a test
	}
	half := func(b []byte, all ...int) []byte {
		for _, n := range all {
			b = order.AppendUint16(b, uint16(n)) //nolint:gosec // of a test
		}
		return b
	}
	b := append([]byte(elf.ELFMAG), byte(class), byte(data), 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	b = order.AppendUint32(half(b, int(e.Type), int(e.Machine)), 1)
	b = word(word(word(b, 0x1000), headerSize), 0)
	b = half(order.AppendUint32(b, e.Flags), headerSize, segmentSize, len(segments), 0, 0, 0)
	var contents []byte
	from := headerSize + len(segments)*segmentSize
	for _, s := range segments {
		b = order.AppendUint32(b, uint32(s.kind))
		if !e.Is32 {
			b = order.AppendUint32(b, 4)
		}
		at := from + len(contents)
		b = word(word(word(b, at), at), at)
		b = word(word(b, len(s.content)), len(s.content))
		if e.Is32 {
			b = order.AppendUint32(b, 4)
		}
		b = word(b, 4)
		contents = append(contents, s.content...)
	}
	return append(b, contents...)
}

// PE returns the head of a file of Windows for a machine, with its kind: 3 is the subsystem of the
// console, 10 that of UEFI.
func PE(machine uint16, isDLL bool, subsystem uint16, isDotNet bool) []byte {
	const at = 0x80
	b := make([]byte, at+24+240)
	copy(b, "MZ")
	binary.LittleEndian.PutUint32(b[0x3c:], at)
	pe := b[at:]
	copy(pe, "PE\x00\x00")
	binary.LittleEndian.PutUint16(pe[4:], machine)
	if isDLL {
		binary.LittleEndian.PutUint16(pe[22:], 0x2000)
	}
	binary.LittleEndian.PutUint16(pe[24:], 0x20b)
	binary.LittleEndian.PutUint16(pe[24+68:], subsystem)
	if isDotNet {
		binary.LittleEndian.PutUint32(pe[24+112+14*8:], 0x2008)
	}
	return b
}
