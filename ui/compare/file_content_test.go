package compare

import (
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"encoding/binary"
	"testing"

	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/inside/insidetest"
	"github.com/tagdiff/tagdiff/model/safe"
)

// smallProgram is an ELF file of a machine with a build ID, and nothing else.
func smallProgram(t *testing.T, machine elf.Machine, id string) []byte {
	t.Helper()
	const head, section = 64, 64
	names := "\x00.note.gnu.build-id\x00.shstrtab\x00"
	note := "\x04\x00\x00\x00" + string(rune(len(id))) + "\x00\x00\x00\x03\x00\x00\x00GNU\x00" + id
	notesAt, namesAt := uint64(head), uint64(head+len(note))
	sectionsAt := namesAt + uint64(len(names))
	header := elf.Header64{
		Ident: [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_EXEC), Machine: uint16(machine), Version: uint32(elf.EV_CURRENT), Ehsize: head, Shentsize: section, Shnum: 3,
		Shoff: sectionsAt, Shstrndx: 2,
	}
	sections := []elf.Section64{
		{},
		{Name: 1, Type: uint32(elf.SHT_NOTE), Off: notesAt, Size: uint64(len(note))},
		{Name: 20, Type: uint32(elf.SHT_STRTAB), Off: namesAt, Size: uint64(len(names))},
	}
	var out bytes.Buffer
	for _, part := range []any{header, []byte(note), []byte(names), sections} {
		if err := binary.Write(&out, binary.LittleEndian, part); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

func TestProgramOf(t *testing.T) {
	program := smallProgram(t, elf.EM_AARCH64, "\xab\xcd")
	if got := programOf(program); got.machine != "aarch64" || got.buildID != "abcd" || got.modules != "" {
		t.Errorf("programOf = %+v", got)
	}
	if got := programOf([]byte("#!/bin/sh\n")); got != (programFacts{}) {
		t.Errorf("a script is taken for a program: %+v", got)
	}
}

// TestProgramOf_hostile cuts and damages a program at every byte: that neither panics nor takes much memory.
func TestProgramOf_hostile(t *testing.T) {
	program := smallProgram(t, elf.EM_X86_64, "\x01\x02")
	for i := range program {
		_ = programOf(program[:i])
		for _, b := range []byte{0, 0x7f, 0xff} {
			damaged := bytes.Clone(program)
			damaged[i] = b
			if got := programOf(damaged); len(got.buildID) > 2<<10 {
				t.Errorf("byte %d = %#x: a build ID of %d characters", i, b, len(got.buildID))
			}
		}
	}
}

// TestKeptContents: a kept text counts only if it has the hash that the list has.
func TestKeptContents(t *testing.T) {
	entry := func(path, content string) *inside.Entry {
		return &inside.Entry{Path: path, Kind: inside.File, Sum: sha256.Sum256([]byte(content))}
	}
	shelf := new(inside.Shelf)
	for side, content := range []string{"one\n", "two\n"} {
		if _, err := inside.Read(bytes.NewReader(archive(t, "f", content)), inside.Options{Keep: shelf, Side: side}); err != nil {
			t.Fatal(err)
		}
	}
	if c := keptContents(shelf, entry("f", "one\n"), entry("f", "two\n")); c == nil || len(c.lines(safe.Gate{}).pairs) == 0 {
		t.Error("the texts of the list are not shown")
	}
	for name, pair := range map[string][2]*inside.Entry{
		"other hash": {entry("f", "other"), entry("f", "two\n")}, "other path": {entry("g", "one\n"), entry("f", "two\n")},
		"one side": {entry("f", "one\n"), nil},
	} {
		if keptContents(shelf, pair[0], pair[1]) != nil {
			t.Errorf("%s: a text is shown that is not that of the list", name)
		}
	}
}

// TestFileLines: masking changes what is shown, and not which lines differ.
func TestFileLines(t *testing.T) {
	c := newFileContents([]byte("x\nPASSWORD=hunter2abc\ny"), []byte("x\nPASSWORD=hunter3abc\ny\n"), true)
	for _, g := range []safe.Gate{{}, {Reveal: true}} {
		l := c.lines(g)
		if len(l.a) != 3 || len(l.b) != 3 || len(l.pairs) != 3 || !l.pairs[1].Changed || l.pairs[0].Changed {
			t.Errorf("reveal %t: %+v", g.Reveal, l)
		}
		if masked := l.a[1].String() == "PASSWORD=(masked)"; masked == g.Reveal {
			t.Errorf("reveal %t: the line is %q", g.Reveal, l.a[1])
		}
	}
}

func archive(t *testing.T, name, content string) []byte {
	t.Helper()
	return insidetest.Tar(insidetest.File(name, content))
}
