package compare

import (
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"encoding/binary"
	"os"
	"runtime"
	"slices"
	"strings"
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
	if got := programOf(program); got.machine != "aarch64" || got.buildID != "abcd" || got.goVersion != "" {
		t.Errorf("programOf = %+v", got)
	}
	if got := programOf([]byte("#!/bin/sh\n")); got.machine+got.buildID+got.goVersion != "" {
		t.Errorf("a script is taken for a program: %+v", got)
	}
}

// TestProgramOf_go reads what a Go program, this test, says of its modules.
func TestProgramOf_go(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the program of the test is not an ELF file")
	}
	name, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	got := programOf(content)
	hasModule := slices.ContainsFunc(got.modules, func(m string) bool { return strings.HasPrefix(m, "github.com/tagdiff/tagdiff") })
	if got.goVersion != runtime.Version() || !hasModule || !slices.Contains(got.settings, "GOOS=linux") {
		t.Errorf("%+v", got)
	}
}

// TestOnlyTimes checks which contents differ in nothing but the time that their format records.
func TestOnlyTimes(t *testing.T) {
	pyc := func(time, code string) []byte { return []byte("\xa7\x0d\r\n\x00\x00\x00\x00" + time + "size" + code) }
	for _, tt := range []struct {
		name, path string
		a, b       []byte
		want       bool
	}{
		{"times", "x.pyc", pyc("1111", "code"), pyc("2222", "code"), true},
		{"code", "x.pyc", pyc("1111", "code"), pyc("2222", "edoc"), false},
		{"no format", "x.bin", pyc("1111", "code"), pyc("2222", "code"), false},
		{"one side", "x.pyc", nil, pyc("2222", "code"), false},
	} {
		if got := newFileContents(tt.path, tt.a, tt.b, true); got.onlyTimes != tt.want || got.isText {
			t.Errorf("%s: %+v", tt.name, got)
		}
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
	c := newFileContents("x", []byte("x\nPASSWORD=hunter2abc\ny"), []byte("x\nPASSWORD=hunter3abc\ny\n"), true)
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
