package inside

import (
	"bytes"
	"debug/elf"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagdiff/tagdiff/model/inside/insidetest"
	"github.com/tagdiff/tagdiff/model/program"
	"github.com/tagdiff/tagdiff/model/program/programtest"
)

// machineCode is a program of a size for a machine.
func machineCode(machine elf.Machine, size int) string {
	head := programtest.ELF{Machine: machine, Interpreter: "/lib/ld.so", BuildID: "00112233"}.Bytes()
	return string(head) + strings.Repeat("\x00", size-len(head))
}

// machines returns the machines of the programs in a list, by path.
func machines(l List) map[string]string {
	found := map[string]string{}
	for e := range l.All() {
		if e.Program != nil {
			found[e.Path] = e.Program.Machine + e.Program.Interpreter
		}
	}
	return found
}

func TestRead_programs(t *testing.T) {
	amd64, arm64 := machineCode(elf.EM_X86_64, 10_000), machineCode(elf.EM_AARCH64, 300)
	archive := insidetest.Tar(
		insidetest.File("etc/motd", "#! hello\n"), insidetest.File("bin/a", amd64), insidetest.File("bin/b", arm64),
		insidetest.File("bin/c", amd64), insidetest.Hardlink("bin/d", "bin/a"), insidetest.File("bin/e", "#!/bin/sh\r\n"),
		insidetest.File("bin/b", "now a text"), insidetest.File("bin/c", arm64), insidetest.File("etc/empty", ""),
	)
	want := map[string]string{"bin/a": "amd64/lib/ld.so", "bin/c": "arm64/lib/ld.so", "bin/e": "/bin/sh\r", "etc/motd": "hello"}
	l := mustReadWell(t, archive, archive)
	if diff := cmp.Diff(want, machines(l.Files)); diff != "" {
		t.Error(diff)
	}
	var again Layer
	if err := again.UnmarshalBinary(marshal(t, l)); err != nil {
		t.Fatal(err)
	}
	checkSame(t, l, &again)
	link, _ := l.Files.Find("bin/d")
	if file, ok := l.Files.Resolve(link); !ok || file.Program == nil || file.Program.Machine != "amd64" {
		t.Errorf("%+v", file)
	}
	merged := Merge([]*Layer{l})
	link, _ = merged.Find("bin/d")
	if file, ok := merged.Resolve(link); !ok || file.Program == nil || file.Program.Machine != "amd64" {
		t.Errorf("%+v", file)
	}
}

// TestReadStart cuts a layer at many places. What is listed then is what the whole layer has there.
func TestReadStart(t *testing.T) {
	archive := insidetest.Tar(
		insidetest.File("etc/motd", strings.Repeat("text ", 1000)), insidetest.File("bin/a", machineCode(elf.EM_X86_64, 5000)),
		insidetest.Symlink("bin/sh", "a"), insidetest.File("bin/b", machineCode(elf.EM_AARCH64, 5000)),
	)
	whole := mustReadWell(t, archive, archive)
	for _, blob := range [][]byte{archive, insidetest.Gzip(archive), insidetest.Zstd(archive)} {
		for size := 0; size <= len(blob); size += max(1, len(blob)/50) {
			l := ReadStart(blob[:size])
			if l.How != Start || l.Blob != "" || l.DiffID != "" || l.Broken != "" && size > 512 {
				t.Fatalf("%d bytes: %s %s %q", size, l.Blob, l.DiffID, l.Broken)
			}
			for e := range l.Files.All() {
				want, ok := whole.Files.Find(e.Path)
				if e.Sum == (Hash{}) {
					want.Sum = Hash{}
				}
				if e.Program == nil {
					want.Program = nil
				}
				if diff := cmp.Diff(want, e); !ok || diff != "" {
					t.Errorf("%d bytes: %s", size, diff)
				}
			}
		}
	}
	start := ReadStart(archive[:512+5120+512+4096]) // 4 KiB of bin/a
	if got := machines(start.Files); !maps.Equal(got, map[string]string{"bin/a": "amd64/lib/ld.so"}) {
		t.Errorf("%v", got)
	}
	if a, ok := start.Files.Find("bin/a"); !ok || a.Sum != (Hash{}) || a.Size != 5000 {
		t.Errorf("%+v", a)
	}
}

// TestReadStart_broken has bytes that are not the start of a layer.
func TestReadStart_broken(t *testing.T) {
	for name, start := range map[string][]byte{
		"text": bytes.Repeat([]byte("no archive "), 500), "bzip2": append([]byte("BZh9"), make([]byte, 1000)...),
	} {
		if l := ReadStart(start); l.Broken == "" || l.Files.Len() > 0 {
			t.Errorf("%s: %+v", name, l)
		}
	}
}

func TestRead_manyPrograms(t *testing.T) {
	max := usual
	max.names = 100_000
	var items []insidetest.Item
	for i := range 1000 {
		items = append(items, insidetest.File(string(rune('a'+i%26))+strings.Repeat("x", i/26), "#!/bin/"+strings.Repeat("y", i%200)+" "+string(rune('a'+i%26))+"\n"))
	}
	l, err := read(bytes.NewReader(insidetest.Tar(items...)), Options{}, max)
	if err != nil || len(l.Left) != 1 || l.Files.Len() < 300 || l.Files.Len() >= 1000 {
		t.Errorf("%d entries, left %q, %v", l.Files.Len(), l.Left, err)
	}
	for e := range l.Files.All() {
		if e.Program == nil || e.Program.Format != program.Script {
			t.Fatalf("%+v", e)
		}
	}
}
