package program_test

import (
	"bytes"
	stdelf "debug/elf"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/model/program"
	"github.com/tagdiff/tagdiff/model/program/programtest"
)

// TestRead_elf holds each word for a machine to the number of the gABI, as debug/elf names it.
func TestRead_elf(t *testing.T) {
	big := binary.BigEndian
	for want, e := range map[string]programtest.ELF{
		"amd64":       {Machine: stdelf.EM_X86_64},
		"x32":         {Machine: stdelf.EM_X86_64, Is32: true},
		"386":         {Machine: stdelf.EM_386, Is32: true},
		"arm64":       {Machine: stdelf.EM_AARCH64},
		"arm64ilp32":  {Machine: stdelf.EM_AARCH64, Is32: true},
		"arm64be":     {Machine: stdelf.EM_AARCH64, Order: big},
		"arm":         {Machine: stdelf.EM_ARM, Is32: true, Flags: 0x5000400},
		"armbe":       {Machine: stdelf.EM_ARM, Is32: true, Order: big},
		"riscv64":     {Machine: stdelf.EM_RISCV},
		"riscv":       {Machine: stdelf.EM_RISCV, Is32: true},
		"ppc64":       {Machine: stdelf.EM_PPC64, Order: big},
		"ppc64le":     {Machine: stdelf.EM_PPC64},
		"s390x":       {Machine: stdelf.EM_S390, Order: big},
		"mips":        {Machine: stdelf.EM_MIPS, Is32: true, Order: big},
		"mipsle":      {Machine: stdelf.EM_MIPS, Is32: true},
		"mips64":      {Machine: stdelf.EM_MIPS, Order: big},
		"mips64le":    {Machine: stdelf.EM_MIPS},
		"mips64p32le": {Machine: stdelf.EM_MIPS, Is32: true, Flags: 0x20},
		"loong64":     {Machine: stdelf.EM_LOONGARCH},
		"sparc64":     {Machine: stdelf.EM_SPARCV9, Order: big},
		"sparc":       {Machine: stdelf.EM_SPARC, Is32: true, Order: big},
		"":            {Machine: stdelf.EM_BPF, Type: stdelf.ET_REL},
	} {
		for _, interpreter := range []string{"", "/lib/ld-x.so.1"} {
			for _, id := range []string{"", "0123456789abcdef0123"} {
				e.Interpreter, e.BuildID = interpreter, id
				p, ok := program.Read(e.Bytes())
				if !ok || p.Format != program.ELF || p.Machine != want || p.Interpreter != interpreter || p.BuildID != id {
					t.Errorf("%+v: %+v, %t, want machine %q", e, p, ok, want)
				}
			}
		}
	}
}

func TestRead_elfTypes(t *testing.T) {
	for kind, want := range map[stdelf.Type]struct {
		program.Type
		starts bool
	}{
		stdelf.ET_EXEC: {program.Executable, true}, stdelf.ET_DYN: {program.Shared, true},
		stdelf.ET_REL: {program.Object, false}, stdelf.ET_CORE: {program.Core, false}, 0xfe00: {0, false},
	} {
		p, ok := program.Read(programtest.ELF{Machine: stdelf.EM_X86_64, Type: kind}.Bytes())
		if !ok || p.Type != want.Type || p.Starts() != want.starts {
			t.Errorf("%v: %+v, %t", kind, p, ok)
		}
	}
}

// TestRead_thisProgram compares the test program itself with what debug/elf reads of it.
func TestRead_thisProgram(t *testing.T) {
	head := headOf(t, "/proc/self/exe")
	p, ok := program.Read(head)
	if !ok || p.Machine != runtime.GOARCH || !p.Starts() {
		t.Errorf("%+v, %t", p, ok)
	}
}

// TestRead_systemPrograms compares what is read of the programs of this computer with debug/elf.
func TestRead_systemPrograms(t *testing.T) {
	paths, _ := filepath.Glob("/usr/bin/*")
	if len(paths) == 0 {
		t.Skip("no programs in /usr/bin")
	}
	n := 0
	for _, path := range paths {
		f, err := stdelf.Open(path)
		if err != nil {
			continue
		}
		n++
		p, ok := program.Read(headOf(t, path))
		want := ""
		for _, s := range f.Progs {
			if s.Type == stdelf.PT_INTERP && s.Off+s.Filesz <= program.HeadSize {
				content, _ := io.ReadAll(s.Open())
				want = strings.TrimRight(string(content), "\x00")
			}
		}
		if !ok || p.Format != program.ELF || p.Interpreter != want {
			t.Errorf("%s: %+v, %t, want interpreter %q", path, p, ok, want)
		}
		_ = f.Close()
	}
	t.Logf("%d programs", n)
}

func headOf(t *testing.T, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Skip(err)
	}
	defer func() { _ = f.Close() }()
	head, err := io.ReadAll(io.LimitReader(f, program.HeadSize))
	if err != nil {
		t.Fatal(err)
	}
	return head
}

func TestRead_otherFormats(t *testing.T) {
	for _, test := range []struct {
		name string
		head []byte
		want program.Program
	}{
		{"windows", programtest.PE(0x8664, false, 3, false), program.Program{Format: program.PE, Machine: "amd64", Type: program.Executable}},
		{"windows arm64", programtest.PE(0xaa64, false, 3, false), program.Program{Format: program.PE, Machine: "arm64", Type: program.Executable}},
		{"dll", programtest.PE(0x14c, true, 3, false), program.Program{Format: program.PE, Machine: "386", Type: program.Shared}},
		{".net", programtest.PE(0x14c, true, 3, true), program.Program{Format: program.PE, Type: program.Shared}},
		{"uefi", programtest.PE(0x8664, false, 10, false), program.Program{Format: program.PE, Machine: "amd64", Type: program.Firmware}},
		{"mac", mach(binary.LittleEndian, 0x100000c, 2), program.Program{Format: program.MachO, Machine: "arm64", Type: program.Executable}},
		{"mac library", mach(binary.LittleEndian, 0x1000007, 6), program.Program{Format: program.MachO, Machine: "amd64", Type: program.Shared}},
		{"old mac", mach(binary.BigEndian, 18, 2), program.Program{Format: program.MachO, Machine: "ppc", Type: program.Executable}},
		{"wasm", []byte("\x00asm\x01\x00\x00\x00\x01"), program.Program{Format: program.Wasm, Machine: "wasm", Type: program.Executable}},
		{"wasm component", []byte("\x00asm\x0d\x00\x01\x00"), program.Program{Format: program.Wasm, Machine: "wasm", Type: program.Executable}},
	} {
		if p, ok := program.Read(test.head); !ok || p != test.want {
			t.Errorf("%s: %+v, %t", test.name, p, ok)
		}
	}
}

func mach(order binary.AppendByteOrder, cpu, kind uint32) []byte {
	var b []byte
	for _, n := range []uint32{0xfeedfacf, cpu, 0, kind, 1, 1, 0, 0} {
		b = order.AppendUint32(b, n)
	}
	return b
}

// TestRead_scripts has first lines as Linux reads them.
func TestRead_scripts(t *testing.T) {
	long, blanks := strings.Repeat("x", 300), strings.Repeat(" ", 300)
	for _, test := range []struct{ head, interpreter, argument string }{
		{"#!/bin/sh\necho", "/bin/sh", ""},
		{"#!/bin/sh", "/bin/sh", ""},
		{"#! /usr/bin/env\tpython3 \n", "/usr/bin/env", "python3"},
		{"#!/usr/bin/env -S deno run --allow-net\n", "/usr/bin/env", "-S deno run --allow-net"},
		{"#!/bin/sh\r\n", "/bin/sh\r", ""},
		{"#!/usr/bin/env bash\r\nset -e\r\n", "/usr/bin/env", "bash\r"},
		{"#!/bin/sh -e\r\n", "/bin/sh", "-e\r"},
		{"#!perl -w\n", "perl", "-w"},
		{"#!x", "x", ""},
		{"#![x]\n", "[x]", ""}, // also in a source file of Rust, which is not started
		{"#!\t/bin/sh\t-e\t\n", "/bin/sh", "-e"},
		{"#!/bin/sh\x00rest\n", "/bin/sh", ""},
		{"#!/bin/sh -e\x00rest\n", "/bin/sh", "-e"},
		{"#!/bin/sh\v-e\n", "/bin/sh\v-e", ""},
		{"#!/proc/self/cwd/x\n", "/proc/self/cwd/x", ""},
		{"#!\r\n", "\r", ""},
		{"#!" + blanks[:250] + "/x\n", "/x", ""},
		{"#!" + blanks[:252] + "/", "/", ""}, // the zero behind the file ends the name
		{"#!/bin/sh " + long, "/bin/sh", long[:255-len("#!/bin/sh ")]},
	} {
		p, ok := program.Read([]byte(test.head))
		want := program.Program{Format: program.Script, Interpreter: test.interpreter, Argument: test.argument}
		if !ok || p != want || !p.Starts() {
			t.Errorf("%q: %+v, %t", test.head, p, ok)
		}
	}
}

// TestRead_nearMisses has files that look like programs.
func TestRead_nearMisses(t *testing.T) {
	good := programtest.ELF{Machine: stdelf.EM_X86_64}.Bytes()
	changed := func(at int, to byte) string {
		b := bytes.Clone(good)
		b[at] = to
		return string(b)
	}
	for name, head := range map[string]string{
		"empty":           "",
		"two bytes":       "#!",
		"no interpreter":  "#!\necho",
		"blanks":          "#! \t \n",
		"comment":         "# !/bin/sh\n",
		"no newline":      "#!/" + strings.Repeat("x", 300) + "\n",
		"zero byte":       "#!\x00/bin/sh\n",
		"late newline":    "#!" + strings.Repeat(" ", 252) + "/x\n",
		"only blanks":     "#!" + strings.Repeat(" ", 300) + "/x\n",
		"cut ELF":         string(good[:19]),
		"ELF magic":       changed(1, 'e'),
		"ELF in text":     "\x7fELF is a format of programs, as this file says in more than sixty-four bytes of English",
		"DOS":             "MZ" + strings.Repeat("\x00", 200),
		"PE outside":      "MZ" + strings.Repeat("\xff", 200),
		"Makefile":        "MZ = a variable of a Makefile, and more of them until the offset of PE is text",
		"Java class":      "\xca\xfe\xba\xbe\x00\x00\x00\x34" + strings.Repeat("\x00", 60),
		"fat Mach-O":      "\xca\xfe\xba\xbe\x00\x00\x00\x02" + strings.Repeat("\x00", 60),
		"Mach-O type":     "\xcf\xfa\xed\xfe" + strings.Repeat("\xff", 60),
		"wasm version":    "\x00asm\x02\x00\x00\x00",
		"tar":             "\x00asset",
		"byte order mark": "\xef\xbb\xbf#!/bin/sh\n",
	} {
		if p, ok := program.Read([]byte(head)); ok {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

// TestRead_elfAsLinux has heads that Linux starts, and near misses. All of them were run on amd64.
func TestRead_elfAsLinux(t *testing.T) {
	const class, data, version, padding, kind, mach, version2 = 4, 5, 6, 8, 16, 18, 20
	amd64 := programtest.ELF{Machine: stdelf.EM_X86_64, Interpreter: "/ld"}
	arm64 := programtest.ELF{Machine: stdelf.EM_AARCH64, Interpreter: "/ld"}
	i386 := programtest.ELF{Machine: stdelf.EM_386, Is32: true, Interpreter: "/ld"}
	riscv := programtest.ELF{Machine: stdelf.EM_RISCV, Interpreter: "/ld"}
	s390 := programtest.ELF{Machine: stdelf.EM_S390, Order: binary.BigEndian, Interpreter: "/ld"}
	mips := programtest.ELF{Machine: stdelf.EM_MIPS, Interpreter: "/ld"}
	for _, test := range []struct {
		name    string
		of      programtest.ELF
		changes map[int]byte
		want    string
		starts  bool
	}{
		{"no class", amd64, map[int]byte{class: 0}, "amd64", true},
		{"another class", amd64, map[int]byte{class: 1}, "amd64", true},
		{"no byte order", amd64, map[int]byte{data: 0}, "amd64", true},
		{"arm64 as class of 32 bits", arm64, map[int]byte{class: 1}, "arm64", true},
		{"another byte order", amd64, map[int]byte{data: 2}, "amd64", true},
		{"no version", amd64, map[int]byte{version: 0, version2: 0}, "amd64", true},
		{"padding", amd64, map[int]byte{padding: 1, 7: 77, 9: 255}, "amd64", true},
		{"an object", amd64, map[int]byte{kind: 1}, "amd64", false},
		{"a type in another byte order", amd64, map[int]byte{kind: 0, kind + 1: 2}, "amd64", false},
		{"386 as class of 64 bits", i386, map[int]byte{class: 2}, "386", true},
		{"386 without class and order", i386, map[int]byte{class: 0, data: 0}, "386", true},
		{"486", i386, map[int]byte{mach: 6}, "386", true},
		{"s390x as little endian", s390, map[int]byte{data: 1}, "s390x", true},
		{"riscv64 in another byte order", riscv, map[int]byte{data: 2}, "riscv64", true},
		{"riscv64 without class, which Linux compares", riscv, map[int]byte{class: 0}, "", true},
		{"MIPS without class", mips, map[int]byte{class: 0}, "", true},
		{"an unknown machine", amd64, map[int]byte{mach: 0xee}, "", true},
	} {
		b := test.of.Bytes()
		for at, to := range test.changes {
			b[at] = to
		}
		p, ok := program.Read(b)
		if !ok || p.Machine != test.want || p.Starts() != test.starts || test.want != "" && p.Interpreter != "/ld" {
			t.Errorf("%s: %+v, %t", test.name, p, ok)
		}
	}
	unknown := programtest.ELF{Machine: 0xee}.Bytes()
	for _, at := range []int{class, data, version} {
		b := bytes.Clone(unknown)
		b[at] = 0
		if p, ok := program.Read(b); ok {
			t.Errorf("byte %d of an unknown machine: %+v", at, p)
		}
	}
}

// TestRead_cut has segments behind what is read of a larger file.
func TestRead_cut(t *testing.T) {
	file := programtest.ELF{Machine: stdelf.EM_X86_64, Interpreter: "/lib64/ld-linux-x86-64.so.2"}.Bytes()
	large := append(bytes.Clone(file), make([]byte, 3*program.HeadSize)...)
	moved := func(field int, to uint64) []byte {
		b := bytes.Clone(large)
		binary.LittleEndian.PutUint64(b[field:], to)
		return b
	}
	const segments, content = 32, 64 + 56 + 8 // e_phoff, p_offset of the second segment
	far := uint64(2 * program.HeadSize)
	behind := moved(segments, far)
	copy(behind[far:], file[64:])
	for _, test := range []struct {
		name        string
		head        []byte
		cut         bool
		interpreter string
	}{
		{"all in the head", large[:program.HeadSize], false, "/lib64/ld-linux-x86-64.so.2"},
		{"segments behind the head", behind[:program.HeadSize], true, ""},
		{"segments behind the head, in what was read", behind, false, "/lib64/ld-linux-x86-64.so.2"},
		{"a name behind the head", moved(content, far)[:program.HeadSize], true, ""},
		{"a small file", moved(segments, far)[:len(file)], false, ""},
	} {
		p, ok := program.Read(test.head)
		if !ok || p.Machine != "amd64" || p.Cut != test.cut || p.Interpreter != test.interpreter {
			t.Errorf("%s: %+v, %t", test.name, p, ok)
		}
	}
}

// TestRead_segmentsOutside has segments that the head does not hold, or that are not what they claim.
func TestRead_segmentsOutside(t *testing.T) {
	whole := programtest.ELF{Machine: stdelf.EM_X86_64, Interpreter: "/lib64/ld-linux-x86-64.so.2", BuildID: "00112233445566778899"}.Bytes()
	for n := 64; n < len(whole); n++ {
		if p, ok := program.Read(whole[:n]); !ok || p.Machine != "amd64" || p.BuildID != "" {
			t.Errorf("%d bytes: %+v, %t", n, p, ok)
		}
	}
	for name, at := range map[string]int{"offset": 32 + 7, "entry size": 54, "content offset": 64 + 56 + 8 + 7, "number": 56 + 1} {
		b := bytes.Clone(whole)
		b[at] = 0xff
		if p, ok := program.Read(b); !ok || p.Machine != "amd64" || name != "number" && p.Interpreter != "" {
			t.Errorf("%s: %+v, %t", name, p, ok)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("#!/bin/sh\r\n"))
	f.Add(programtest.ELF{Machine: stdelf.EM_AARCH64, Interpreter: "/lib/ld", BuildID: "0011223344"}.Bytes())
	f.Add(programtest.ELF{Machine: stdelf.EM_MIPS, Is32: true, Order: binary.BigEndian, BuildID: "0011223344"}.Bytes())
	f.Add(programtest.PE(0x14c, true, 3, true))
	f.Add(programtest.PE(0xaa64, false, 10, false))
	f.Add(mach(binary.BigEndian, 18, 2))
	f.Add(mach(binary.LittleEndian, 0x100000c, 6))
	f.Add([]byte("\x00asm\x0d\x00\x01\x00"))
	f.Fuzz(func(t *testing.T, head []byte) {
		p, ok := program.Read(head)
		if len(p.Interpreter) > len(head) || len(p.Argument) > len(head) || len(p.BuildID) > 128 {
			t.Errorf("%+v", p)
		}
		if !ok && p != (program.Program{}) || ok && p.Format == 0 {
			t.Errorf("%+v, %t", p, ok)
		}
		if p.Format == program.Script && (p.Interpreter == "" || strings.ContainsAny(p.Interpreter+p.Argument, "\n\x00")) {
			t.Errorf("%+v", p)
		}
	})
}
