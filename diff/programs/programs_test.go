package programs_test

import (
	"debug/elf"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/diff/programs"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/inside/insidetest"
	"github.com/tagdiff/tagdiff/model/program"
	"github.com/tagdiff/tagdiff/model/program/programtest"
)

func code(machine elf.Machine, interpreter string) string {
	return string(programtest.ELF{Machine: machine, Interpreter: interpreter}.Bytes())
}

// run is an executable file.
func run(name, body string) insidetest.Item { return insidetest.File(name, body).As(0o755, 0, 0) }

func whole(items ...insidetest.Item) programs.Layer {
	l, err := inside.Read(strings.NewReader(string(insidetest.Tar(items...))), inside.Options{})
	if err != nil {
		panic(err)
	}
	return programs.Layer{List: l, Verified: true}
}

func start(items ...insidetest.Item) programs.Layer {
	return programs.Layer{List: inside.ReadStart(insidetest.Tar(items...))}
}

var names = map[programs.Role]string{
	programs.Start: "start", programs.Interpreter: "interpreter", programs.Loader: "loader", programs.Word: "word", programs.Command: "command", programs.Loaded: "loaded",
}

// linesOf words what an image starts, a line for each program.
func linesOf(s programs.Started) []string {
	var lines []string
	for _, l := range s.Links {
		at := map[inside.Sight]string{inside.Unseen: "unseen", inside.NotThere: "missing", inside.There: l.Entry.Path}[l.Sight]
		machine := ""
		if p := l.Program(); p != nil {
			machine = " " + p.Machine
		}
		known := ""
		if l.Verified {
			known = " verified"
		}
		lines = append(lines, fmt.Sprintf("%s %q: %s%s%s", names[l.Role], l.Name, at, machine, known))
	}
	return append(lines, fmt.Sprint("next ", s.Next))
}

func TestFind(t *testing.T) {
	link := insidetest.Symlink
	const loader = "/lib64/ld-linux-x86-64.so.2"
	base := whole(link("bin", "usr/bin"), run("usr/bin/dash", code(elf.EM_X86_64, loader)), link("usr/bin/sh", "dash"),
		run("usr/bin/env", code(elf.EM_X86_64, "")), link("lib64", "usr/lib64"), run("usr/lib64/ld.so", code(elf.EM_X86_64, "")),
		link("usr/lib64/ld-linux-x86-64.so.2", "/usr/lib64/ld.so"), insidetest.File("usr/bin/noexec", "x"))
	app := whole(run("app/run", code(elf.EM_AARCH64, "")), run("app/start.sh", "#!/bin/sh\nrun"), run("app/dos.sh", "#!/bin/sh\r\nrun"),
		run("app/py", "#!/usr/bin/env python3\n"), run("usr/local/bin/tool", code(elf.EM_AARCH64, "")), insidetest.Hardlink("app/same", "app/run"))
	shell := []string{`interpreter "/bin/sh": usr/bin/dash amd64 verified`, `loader "` + loader + `": usr/lib64/ld.so amd64 verified`, "next -1"}
	for _, test := range []struct {
		name   string
		config v1.ImageConfig
		layers []programs.Layer
		want   []string
	}{
		{"nothing", v1.ImageConfig{}, []programs.Layer{base}, []string{"next -1"}},
		{"an entrypoint", v1.ImageConfig{Entrypoint: []string{"/app/run", "-x"}}, []programs.Layer{base, app},
			[]string{`start "/app/run": app/run arm64 verified`, "next -1"}},
		{"a hard link", v1.ImageConfig{Entrypoint: []string{"/app/same"}}, []programs.Layer{base, app},
			[]string{`start "/app/same": app/same arm64 verified`, "next -1"}},
		{"above an unread base", v1.ImageConfig{Cmd: []string{"/app/run"}}, []programs.Layer{{}, app},
			[]string{`start "/app/run": app/run arm64 verified`, "next -1"}},
		{"in a working directory", v1.ImageConfig{Cmd: []string{"./run"}, WorkingDir: "/app"}, []programs.Layer{base, app},
			[]string{`start "./run": app/run arm64 verified`, "next -1"}},
		{"by the usual PATH", v1.ImageConfig{Cmd: []string{"tool"}}, []programs.Layer{base, app},
			[]string{`start "tool": usr/local/bin/tool arm64 verified`, "next -1"}},
		{"by PATH", v1.ImageConfig{Cmd: []string{"run"}, Env: []string{"PATH=/none:/app"}}, []programs.Layer{base, app},
			[]string{`start "run": app/run arm64 verified`, "next -1"}},
		{"not by PATH", v1.ImageConfig{Cmd: []string{"run"}}, []programs.Layer{base, app}, []string{`start "run": missing verified`, "next -1"}},
		{"not executable", v1.ImageConfig{Cmd: []string{"noexec"}}, []programs.Layer{base, app},
			[]string{`start "noexec": usr/bin/noexec verified`, "next -1"}},
		{"an empty entrypoint", v1.ImageConfig{Entrypoint: []string{""}, Cmd: []string{"/app/run"}}, []programs.Layer{base, app},
			[]string{`start "/app/run": app/run arm64 verified`, "next -1"}},
		{"by PATH above an unread base", v1.ImageConfig{Cmd: []string{"tool"}}, []programs.Layer{{}, app},
			[]string{`start "tool": usr/local/bin/tool arm64`, "next 0"}},
		{"a script", v1.ImageConfig{Entrypoint: []string{"/app/start.sh"}}, []programs.Layer{base, app},
			append([]string{`start "/app/start.sh": app/start.sh  verified`}, shell...)},
		{"a script for DOS", v1.ImageConfig{Entrypoint: []string{"/app/dos.sh"}}, []programs.Layer{base, app},
			[]string{`start "/app/dos.sh": app/dos.sh  verified`, `interpreter "/bin/sh\r": missing verified`, "next -1"}},
		{"a script of env", v1.ImageConfig{Entrypoint: []string{"/app/py"}}, []programs.Layer{base, app},
			[]string{`start "/app/py": app/py  verified`, `interpreter "/usr/bin/env": usr/bin/env amd64 verified`,
				`interpreter "python3": missing verified`, "next -1"}},
		{"a shell form", v1.ImageConfig{Cmd: []string{"/bin/sh", "-c", "exec X=1 /app/run $HOME"}}, []programs.Layer{base, app},
			[]string{`start "/bin/sh": usr/bin/dash amd64 verified`, shell[1], `word "/app/run": app/run arm64 verified`, "next -1"}},
		{"a builtin", v1.ImageConfig{Cmd: []string{"/bin/sh", "-c", "echo hello"}}, []programs.Layer{base, app},
			[]string{`start "/bin/sh": usr/bin/dash amd64 verified`, shell[1], "next -1"}},
		{"a command", v1.ImageConfig{Entrypoint: []string{"/app/start.sh"}, Cmd: []string{"tool"}}, []programs.Layer{base, app},
			append(append([]string{`start "/app/start.sh": app/start.sh  verified`}, shell[:2]...), `command "tool": usr/local/bin/tool arm64 verified`, "next -1")},
		{"an unread base", v1.ImageConfig{Entrypoint: []string{"/app/start.sh"}}, []programs.Layer{{}, app},
			[]string{`start "/app/start.sh": app/start.sh  verified`, `interpreter "/bin/sh": unseen`, "next 0"}},
		{"an unread layer", v1.ImageConfig{Entrypoint: []string{"/app/run"}}, []programs.Layer{base, {}}, []string{`start "/app/run": unseen`, "next 1"}},
		{"the start of a layer", v1.ImageConfig{Entrypoint: []string{"/app/run"}}, []programs.Layer{start(run("app/run", code(elf.EM_X86_64, "")))},
			[]string{`start "/app/run": app/run amd64`, "next 0"}},
		{"behind the start of a layer", v1.ImageConfig{Entrypoint: []string{"/app/run"}}, []programs.Layer{start(run("app/other", ""))},
			[]string{`start "/app/run": unseen`, "next 0"}},
		{"in a volume", v1.ImageConfig{Cmd: []string{"/data/run"}, Volumes: map[string]struct{}{"/data": {}}}, []programs.Layer{base},
			[]string{`start "/data/run": unseen`, "next -1"}},
		{"missing", v1.ImageConfig{Cmd: []string{"/data/run"}}, []programs.Layer{base}, []string{`start "/data/run": missing verified`, "next -1"}},
		{"missing in an unverified layer", v1.ImageConfig{Cmd: []string{"/data/run"}}, []programs.Layer{{List: base.List}},
			[]string{`start "/data/run": missing`, "next -1"}},
	} {
		if diff := cmp.Diff(test.want, linesOf(programs.Find(test.config, test.layers))); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

// TestFind_env has what env starts, as GNU env and the kernel do.
func TestFind_env(t *testing.T) {
	base := whole(run("usr/bin/env", code(elf.EM_X86_64, "")), run("bin/busybox", code(elf.EM_X86_64, "")), run("bin/tool", code(elf.EM_AARCH64, "")),
		insidetest.Symlink("bin/e", "/usr/bin/env"), insidetest.Symlink("bin/f", "/usr/bin/env"))
	const wrong, none = "bin/tool", ""
	for _, test := range []struct {
		words []string
		want  string // the path of the last program
		doubt programs.Doubt
	}{
		{[]string{"env"}, "usr/bin/env", programs.NoDoubt},
		{[]string{"env", "A=1"}, "usr/bin/env", programs.NoDoubt},
		{[]string{"env", "tool"}, wrong, programs.NoDoubt},
		{[]string{"e", "tool"}, wrong, programs.NoDoubt},
		{[]string{"/bin/busybox", "env", "tool"}, wrong, programs.NoDoubt},
		{[]string{"/bin/busybox", "tool"}, "bin/busybox", programs.NoDoubt},
		{[]string{"env", "A=1", "B=2", "tool", "C=3"}, wrong, programs.NoDoubt},
		{[]string{"env", "--", "tool"}, wrong, programs.NoDoubt},
		{[]string{"env", "--", "A=1", "tool"}, wrong, programs.NoDoubt},
		{[]string{"env", "-i", "/bin/tool"}, wrong, programs.NoDoubt},
		{[]string{"env", "-i", "tool"}, none, programs.UnknownWords}, // without PATH the C library decides
		{[]string{"env", "-", "tool"}, none, programs.UnknownWords},
		{[]string{"env", "-i", "PATH=/bin", "tool"}, wrong, programs.NoDoubt},
		{[]string{"env", "PATH=/usr/bin", "tool"}, none, programs.NoDoubt}, // is missing
		{[]string{"env", "-u", "A", "tool"}, wrong, programs.NoDoubt},
		{[]string{"env", "-uA", "tool"}, wrong, programs.NoDoubt},
		{[]string{"env", "-u", "PATH", "tool"}, none, programs.UnknownWords},
		{[]string{"env", "--unset=A", "tool"}, wrong, programs.NoDoubt},
		{[]string{"env", "--unset", "A", "tool"}, wrong, programs.NoDoubt},
		{[]string{"env", "-C", "/app", "tool"}, none, programs.UnknownWords},
		{[]string{"env", "-C", "/app", "/bin/tool"}, wrong, programs.NoDoubt},
		{[]string{"env", "--chdir=/app", "./tool"}, none, programs.UnknownWords},
		{[]string{"env", "-S", "A=1 tool"}, wrong, programs.NoDoubt},
		{[]string{"env", "-S", "-i A=1 /bin/tool"}, wrong, programs.NoDoubt},
		{[]string{"env", "-vS", "tool"}, wrong, programs.NoDoubt},
		{[]string{"env", "-Stool"}, wrong, programs.NoDoubt},
		{[]string{"env", "-iS/bin/tool a"}, wrong, programs.NoDoubt},
		{[]string{"env", "--split-string=A=1\ttool"}, wrong, programs.NoDoubt},
		{[]string{"env", "-S", `'tool' "a b"`}, wrong, programs.NoDoubt},
		{[]string{"env", "-S", `"/bin/"tool`}, wrong, programs.NoDoubt},
		{[]string{"env", "-S", `${X} a`}, none, programs.UnknownWords},
		{[]string{"env", "-S", `to\c ol`}, none, programs.UnknownWords},
		{[]string{"env", "-S", `'tool`}, none, programs.UnknownWords},
		{[]string{"env", "-S", "# tool"}, "usr/bin/env", programs.NoDoubt},
		{[]string{"env", "-S", "A=1", "tool"}, wrong, programs.NoDoubt},
		{[]string{"env", "-0", "tool"}, none, programs.UnknownWords},
		{[]string{"env", "--block-signal", "tool"}, none, programs.UnknownWords},
		{[]string{"env", "--uns=A", "tool"}, none, programs.UnknownWords},
		{[]string{"env", "-u"}, none, programs.UnknownWords},
		{[]string{"env", "env", "tool"}, wrong, programs.NoDoubt},
		{[]string{"", "tool"}, none, programs.UnknownWords},
		{[]string{""}, none, programs.UnknownWords},
		{[]string{"/app/one"}, wrong, programs.NoDoubt},
		{[]string{"/app/flags"}, wrong, programs.NoDoubt},
		{[]string{"/app/two"}, none, programs.NoDoubt}, // a name with a blank: missing
		{[]string{"/app/alone"}, "usr/bin/env", programs.TooLong},
		{[]string{"/app/set"}, "usr/bin/env", programs.TooLong},
	} {
		app := whole(run("app/one", "#!/usr/bin/env tool\n"), run("app/flags", "#! /bin/f -S -i\tPATH=/bin tool -x\n"), run("app/two", "#!/usr/bin/env tool -x\n"),
			run("app/alone", "#!/usr/bin/env\n"), run("app/set", "#!/usr/bin/env X=1\n"))
		s := programs.Find(v1.ImageConfig{Cmd: test.words}, []programs.Layer{base, app})
		last := s.Links[len(s.Links)-1]
		if s.Doubt != test.doubt || test.want != "" && last.Entry.Path != test.want || test.want == "" && test.doubt == programs.NoDoubt && last.Sight != inside.NotThere {
			t.Errorf("%q: doubt %d, %q", test.words, s.Doubt, linesOf(s))
		}
	}
}

// TestFind_starters has programs behind a dynamic loader, and behind env by another name.
func TestFind_starters(t *testing.T) {
	body := func(of elf.Machine, id string) string {
		return string(programtest.ELF{Machine: of, Type: elf.ET_DYN, BuildID: id}.Bytes())
	}
	env, ld, all, tool := body(elf.EM_X86_64, "01010101"), body(elf.EM_X86_64, "02020202"), body(elf.EM_X86_64, "03030303"), body(elf.EM_AARCH64, "")
	plain := code(elf.EM_X86_64, "/lib64/ld-linux-x86-64.so.2")
	base := whole(run("usr/bin/env", env), insidetest.Hardlink("usr/bin/e", "usr/bin/env"), run("lib64/ld-linux-x86-64.so.2", ld),
		insidetest.Symlink("ld", "lib64/ld-linux-x86-64.so.2"), run("usr/bin/coreutils", all), insidetest.Hardlink("usr/bin/ls", "usr/bin/coreutils"),
		run("many/env", "#!/usr/bin/coreutils --coreutils-prog-shebang=env\n"))
	box := whole(run("box/env", all), insidetest.Hardlink("box/sh", "box/env"), insidetest.Hardlink("box/httpd", "box/env"))
	app := whole(run("bin/tool", tool), insidetest.File("app/data", tool), run("app/script", "#!/ld /bin/tool\n"), run("app/copy", env), run("app/loads", ld),
		run("app/ld.so", plain), run("app/other", plain), run("app/py", "#!/many/env tool\n"))
	const wrong, none, loader = "bin/tool", "", "lib64/ld-linux-x86-64.so.2"
	for _, test := range []struct {
		words []string
		want  string // the path of the last program
		doubt programs.Doubt
	}{
		{[]string{"/ld", "/bin/tool"}, wrong, programs.NoDoubt},
		{[]string{"/" + loader, "/bin/tool", "--list"}, wrong, programs.NoDoubt},
		{[]string{"/ld", "/app/data"}, "app/data", programs.NoDoubt}, // needs no mode
		{[]string{"/ld", "--library-path", "/lib", "--argv0", "x", "--inhibit-cache", "/bin/tool"}, wrong, programs.NoDoubt},
		{[]string{"/ld", "--library-path=/lib", "--", "/bin/tool"}, wrong, programs.NoDoubt},
		{[]string{"/ld"}, loader, programs.NoDoubt},
		{[]string{"/ld", "--list", "/bin/tool"}, loader, programs.NoDoubt},
		{[]string{"/ld", "--help"}, loader, programs.NoDoubt},
		{[]string{"/ld", "--argv0"}, loader, programs.NoDoubt},
		{[]string{"/ld", "--other", "/bin/tool"}, loader, programs.UnknownWords},
		{[]string{"/ld", "tool"}, loader, programs.UnknownWords},
		{[]string{"/ld", "/app/script"}, "app/script", programs.UnknownFormat}, // a loader loads no script
		{[]string{"/ld", "/none/run"}, none, programs.NoDoubt},
		{[]string{"/app/script"}, wrong, programs.NoDoubt},
		{[]string{"/app/loads", "/bin/tool"}, wrong, programs.NoDoubt},
		{[]string{"/ld", "/usr/bin/env", "A=1", "tool"}, wrong, programs.NoDoubt},
		{[]string{"env", "/ld", "/bin/tool"}, wrong, programs.NoDoubt},
		{[]string{"/app/ld.so", "/bin/tool"}, loader, programs.NoDoubt}, // has a loader, so it is none
		{[]string{"e", "tool"}, wrong, programs.NoDoubt},
		{[]string{"/app/copy", "-S", "A=1 tool"}, wrong, programs.NoDoubt},
		{[]string{"/app/copy"}, "app/copy", programs.NoDoubt},
		{[]string{"/app/other", "tool"}, loader, programs.NoDoubt},
		{[]string{"ls", "tool"}, "usr/bin/ls", programs.NoDoubt},
		{[]string{"coreutils", "--coreutils-prog=env", "tool"}, wrong, programs.NoDoubt},
		{[]string{"coreutils", "--coreutils-prog=ls", "tool"}, "usr/bin/coreutils", programs.NoDoubt},
		{[]string{"/many/env", "tool"}, wrong, programs.NoDoubt},
		{[]string{"/app/py"}, wrong, programs.NoDoubt},
		{[]string{"/box/env", "tool"}, wrong, programs.NoDoubt},
		{[]string{"/box/sh", "tool"}, "box/sh", programs.NoDoubt}, // one file, of which the name decides what it is
		{[]string{"/box/httpd", "tool"}, "box/httpd", programs.NoDoubt},
	} {
		s := programs.Find(v1.ImageConfig{Cmd: test.words}, []programs.Layer{base, box, app})
		last := s.Links[len(s.Links)-1]
		if s.Doubt != test.doubt || last.Entry.Path != test.want || test.want == "" && last.Sight != inside.NotThere {
			t.Errorf("%q: doubt %d, %q", test.words, s.Doubt, linesOf(s))
		}
	}
}

// FuzzFind starts any words, and a script with any first line: what is found has an end, and its positions are those of
// links and layers.
func FuzzFind(f *testing.F) {
	for _, words := range []string{"e -S A=1\ttool", "/ld --argv0 x /app/x", "coreutils --coreutils-prog-shebang=env /x tool", "sh -c tool", "tool"} {
		f.Add(strings.ReplaceAll(words, " ", "\x00"), "#!/usr/bin/env -S /ld /app/x\n")
	}
	base := whole(run("usr/bin/env", code(elf.EM_X86_64, "")), insidetest.Hardlink("usr/bin/e", "usr/bin/env"), run("ld-linux.so.2", code(elf.EM_386, "")),
		insidetest.Symlink("ld", "ld-linux.so.2"), insidetest.Symlink("coreutils", "/usr/bin/env"), run("bin/tool", code(elf.EM_AARCH64, "/ld")))
	f.Fuzz(func(t *testing.T, words, script string) {
		layers := []programs.Layer{base, whole(run("app/x", script), run("bin/sh", "#!/app/x "+script))}
		for _, config := range []v1.ImageConfig{{Cmd: strings.Split(words, "\x00")}, {Entrypoint: []string{"/app/x"}, Cmd: strings.Split(words, "\x00")}} {
			s := programs.Find(config, layers)
			const most = 300 // of the start, of the first word of a shell and of CMD
			if n := len(s.Links); n > most || s.Next >= len(layers) || s.NextLink >= n || s.Doubted >= n || (s.Doubt == programs.NoDoubt) != (s.Doubted < 0) {
				t.Errorf("doubt %d about %d, next %d for %d of %q", s.Doubt, s.Doubted, s.Next, s.NextLink, linesOf(s))
			}
		}
	})
}

// TestFind_doubt has starts of which it is not known for which machine they are, and near misses.
func TestFind_doubt(t *testing.T) {
	right, folder := code(elf.EM_X86_64, ""), insidetest.Folder
	cut := whole(run("app/run", right))
	cut.List.Left = []inside.Left{{Kind: inside.LeftEntries, Text: "the entries after the first 1"}}
	for _, test := range []struct {
		name   string
		start  string
		layers []programs.Layer
		want   programs.Doubt
	}{
		{"a program", "/app/run", []programs.Layer{whole(run("app/run", right))}, programs.NoDoubt},
		{"in the first part of a layer", "/app/run", []programs.Layer{start(run("app/run", right))}, programs.NotRead},
		{"an interpreter in the first part of a layer", "/app/run", []programs.Layer{start(run("bin/sh", right)), whole(run("app/run", "#!/bin/sh\n"))}, programs.NoDoubt},
		{"an interpreter behind it", "/app/run", []programs.Layer{start(run("bin/a", right)), whole(run("app/run", "#!/bin/sh\n"))}, programs.NotRead},
		{"an unread layer", "/app/run", []programs.Layer{whole(run("app/run", right)), {}}, programs.NotRead},
		{"a layer that lacks entries", "/app/run", []programs.Layer{cut}, programs.NotRead},
		{"missing", "/app/run", []programs.Layer{whole(run("bin/sh", right))}, programs.NoDoubt},
		{"the root", "/", []programs.Layer{whole(run("app/run", right))}, programs.NoDoubt},
		{"the root by a script", "/app/run", []programs.Layer{whole(run("app/run", "#!/app/..\n"))}, programs.NoDoubt},
		{"a folder", "/app/run", []programs.Layer{whole(folder("app/run"))}, programs.NoDoubt},
		{"below /proc", "/proc/self/cwd/run", []programs.Layer{whole(run("proc/self/cwd/run", right))}, programs.Mounted},
		{"an interpreter below /proc", "/app/run", []programs.Layer{whole(run("app/run", "#!/proc/self/cwd/x\n"))}, programs.Mounted},
		{"a link to /dev", "/app/run", []programs.Layer{whole(insidetest.Symlink("app/run", "/dev/fd/3"))}, programs.Mounted},
		{"a folder that is called so", "/app/proc/run", []programs.Layer{whole(run("app/proc/run", right))}, programs.NoDoubt},
		{"no format", "/app/run", []programs.Layer{whole(run("app/run", "echo hello"))}, programs.UnknownFormat},
		{"Wasm", "/app/run", []programs.Layer{whole(run("app/run", "\x00asm\x01\x00\x00\x00"))}, programs.UnknownFormat},
		{".NET", "/app/run", []programs.Layer{whole(run("app/run", string(programtest.PE(0x14c, false, 3, true))))}, programs.UnknownFormat},
		{"an object file", "/app/run", []programs.Layer{whole(run("app/run", string(programtest.ELF{Machine: elf.EM_X86_64, Type: elf.ET_REL}.Bytes())))},
			programs.UnknownFormat},
		{"an unknown machine", "/app/run", []programs.Layer{whole(run("app/run", code(0xee, "")))}, programs.UnknownMachine},
		{"x32", "/app/run", []programs.Layer{whole(run("app/run", string(programtest.ELF{Machine: elf.EM_X86_64, Is32: true}.Bytes())))}, programs.UnknownMachine},
		{"two entries", "/app/run", []programs.Layer{whole(run("app/run", "1"), run("app/run", right))}, programs.Unclear},
		{"two entries for another file", "/app/run", []programs.Layer{whole(run("app/x", "1"), run("app/x", right), run("app/run", right))}, programs.NoDoubt},
		{"two entries for its interpreter", "/app/run", []programs.Layer{whole(run("bin/sh", "1"), run("bin/sh", right), run("app/run", "#!/bin/sh\n"))}, programs.Unclear},
		{"five interpreters", "/5", []programs.Layer{whole(scripts(5)...)}, programs.NoDoubt},
		{"six interpreters", "/6", []programs.Layer{whole(scripts(6)...)}, programs.TooLong},
	} {
		if s := programs.Find(v1.ImageConfig{Entrypoint: []string{test.start}}, test.layers); s.Doubt != test.want || (s.Doubt == programs.NoDoubt) != (s.Doubted < 0) {
			t.Errorf("%s: doubt %d, %q", test.name, s.Doubt, linesOf(s))
		}
	}
}

// scripts is a program, and a chain of scripts that it is the interpreter of.
func scripts(n int) []insidetest.Item {
	items := []insidetest.Item{run("0", code(elf.EM_X86_64, ""))}
	for i := range n {
		items = append(items, run(fmt.Sprint(i+1), fmt.Sprintf("#!/%d\n", i)))
	}
	return items
}

// TestAllRun has images whose programs all run on a machine, and those where one may not.
func TestAllRun(t *testing.T) {
	right, wrong := run("bin/a", code(elf.EM_X86_64, "")), run("testdata/x", code(elf.EM_AARCH64, ""))
	for name, test := range map[string]struct {
		layers []programs.Layer
		want   bool
	}{
		"all":                       {[]programs.Layer{whole(right), whole(run("x", "#!/bin/sh\n"))}, true},
		"one for another machine":   {[]programs.Layer{whole(right, wrong)}, false},
		"one for an unknown one":    {[]programs.Layer{whole(right, run("x", code(0xee, "")))}, false},
		"an object file":            {[]programs.Layer{whole(right, run("x.o", string(programtest.ELF{Machine: elf.EM_AARCH64, Type: elf.ET_REL}.Bytes())))}, true},
		"a layer that was not read": {[]programs.Layer{whole(right), {}}, false},
		"the start of a layer":      {[]programs.Layer{start(right)}, false},
		"no program":                {[]programs.Layer{whole(insidetest.File("x", "1"))}, false},
	} {
		if got := programs.AllRun("amd64", test.layers); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// TestFind_loop ends at scripts that are their own interpreters.
func TestFind_loop(t *testing.T) {
	layer := whole(run("a", "#!/b\n"), run("b", "#!/a\n"))
	if s := programs.Find(v1.ImageConfig{Cmd: []string{"/a"}}, []programs.Layer{layer}); len(s.Links) > 6 {
		t.Error(linesOf(s))
	}
}

// TestIsForeign has machines that run each other's programs, and those that do not.
func TestIsForeign(t *testing.T) {
	for _, test := range []struct {
		architecture string
		p            program.Program
		want         bool
	}{
		{"amd64", program.Program{Format: program.ELF, Machine: "amd64"}, false},
		{"amd64", program.Program{Format: program.ELF, Machine: "386"}, false},
		{"amd64", program.Program{Format: program.ELF, Machine: "x32"}, false},
		{"386", program.Program{Format: program.ELF, Machine: "amd64"}, true},
		{"arm64", program.Program{Format: program.ELF, Machine: "amd64"}, true},
		{"arm64", program.Program{Format: program.ELF, Machine: "arm"}, false},
		{"arm", program.Program{Format: program.ELF, Machine: "arm64"}, true},
		{"arm", program.Program{Format: program.ELF, Machine: "arm"}, false}, // of any variant
		{"ppc64le", program.Program{Format: program.ELF, Machine: "ppc64"}, true},
		{"riscv64", program.Program{Format: program.ELF, Machine: ""}, false},
		{"riscv64", program.Program{Format: program.ELF, Machine: "riscv"}, true},
		{"arm64", program.Program{Format: program.ELF, Machine: "arm64ilp32"}, true},
		{"s390x", program.Program{Format: program.ELF, Machine: "s390"}, false},
		{"mips64le", program.Program{Format: program.ELF, Machine: "mipsle"}, false},
		{"mips64le", program.Program{Format: program.ELF, Machine: "mips"}, true},
		{"mipsle", program.Program{Format: program.ELF, Machine: "mips64le"}, true},
		{"", program.Program{Format: program.ELF, Machine: "amd64"}, false},
		{"amd64", program.Program{Format: program.Script, Interpreter: "/bin/sh"}, false},
		{"amd64", program.Program{Format: program.PE}, false}, // of .NET
		{"amd64", program.Program{Format: program.PE, Machine: "amd64"}, true},
		{"arm64", program.Program{Format: program.MachO, Machine: "arm64"}, true},
		{"amd64", program.Program{Format: program.Wasm, Machine: "wasm"}, false},
	} {
		if got := programs.IsForeign(test.architecture, test.p); got != test.want {
			t.Errorf("%s: %+v: %t", test.architecture, test.p, got)
		}
	}
}

// TestSee_noEvidence has programs for other machines that images have on purpose.
func TestSee_noEvidence(t *testing.T) {
	other := code(elf.EM_AARCH64, "/lib/ld-linux-aarch64.so.1")
	library := string(programtest.ELF{Machine: elf.EM_AARCH64, Type: elf.ET_DYN}.Bytes())
	object := string(programtest.ELF{Machine: elf.EM_AARCH64, Type: elf.ET_REL}.Bytes())
	for _, item := range []insidetest.Item{
		insidetest.File("usr/lib/aarch64-linux-gnu/libc.so.6", library), run("usr/aarch64-linux-gnu/bin/ld", other),
		run("usr/bin/qemu-aarch64-static", other), run("app/node_modules/x/bin/y", other), run("app/prebuilds/linux-arm64/node.node", other),
		run("usr/lib/python3/dist-packages/x/t", other), run("app/@esbuild/linux-arm64/bin/esbuild", other), run("lib/firmware/x", other),
		run("usr/local/go/pkg/tool/linux_arm64/asm", other), run("opt/sysroot/bin/sh", other), run("src/testdata/arm64", other),
		insidetest.File("usr/lib/libx.so", library), insidetest.File("lib/modules/x.ko", object), insidetest.File("app/x.o", object),
		run("usr/bin/script", "#!/bin/sh\n"), run("opt/x86_64-w64-mingw32/bin/x", other),
	} {
		if seen := programs.See("amd64", []programs.Layer{whole(item)}); seen.All > 0 {
			t.Errorf("%s: %+v", item.Name, seen)
		}
	}
	layers := []programs.Layer{{}, whole(run("usr/bin/aarch64-linux-gnu-gcc", code(elf.EM_X86_64, "/ld")), run("bin/pie", library), run("app/run", other))}
	want := programs.Seen{All: 3, Foreign: 2, Machine: "arm64", Path: "bin/pie", Layer: 1}
	if got := programs.See("amd64", layers); got != want {
		t.Errorf("%+v", got)
	}
}

// TestFind_userByName: a name counts only if the file etc/passwd that a container sees is known, with its content.
func TestFind_userByName(t *testing.T) {
	passwd := insidetest.File("etc/passwd", "app:x:10001:50::/:/bin/sh\n")
	other := insidetest.File("etc/passwd", "app:x:10002:50::/:/bin/sh\n")
	group := insidetest.File("etc/group", "web:x:60:\n")
	app := whole(run("app/run", code(elf.EM_AARCH64, "")).As(0o700, 0, 0))
	table := whole(passwd)
	table.List = &inside.Layer{How: inside.TOC, Files: table.List.Files}
	for _, tt := range []struct {
		name, user string
		layers     []programs.Layer
		want       int // UID of the user that is refused, 0 for none
	}{
		{"a layer", "app", []programs.Layer{whole(passwd), app}, 10001},
		{"the newest layer", "app", []programs.Layer{whole(other), whole(passwd), app}, 10001},
		{"a newer layer without the file", "app", []programs.Layer{whole(passwd), whole(group), app}, 10001},
		{"a newer layer without the user", "app", []programs.Layer{whole(passwd), whole(insidetest.File("etc/passwd", "x:x:1:1::/:\n")), app}, 0},
		{"a newer empty file", "app", []programs.Layer{whole(passwd), whole(insidetest.File("etc/passwd", "")), app}, 0},
		{"a deleted file", "app", []programs.Layer{whole(passwd), whole(insidetest.File("etc/.wh.passwd", "")), app}, 0},
		{"a deleted folder", "app", []programs.Layer{whole(passwd), whole(insidetest.File("etc/.wh..wh..opq", "")), app}, 0},
		{"a layer above that was not read", "app", []programs.Layer{whole(passwd), {}, app}, 0},
		{"a layer above that was read in part", "app", []programs.Layer{whole(passwd), start(group), app}, 0},
		{"a table of contents", "app", []programs.Layer{table, app}, 0},
		{"a file elsewhere", "app", []programs.Layer{whole(insidetest.File("srv/etc/passwd", passwd.Body)), app}, 0},
		{"a link to the file", "app", []programs.Layer{whole(insidetest.File("srv/passwd", passwd.Body), insidetest.Symlink("etc/passwd", "/srv/passwd")), app}, 0},
		{"a link above the file", "app", []programs.Layer{whole(passwd), whole(insidetest.Symlink("etc", "srv"), other), app}, 0},
		{"a hard link to another file", "app", []programs.Layer{whole(insidetest.File("a", other.Body), insidetest.Hardlink("etc/passwd", "a")), app}, 0},
		{"two entries", "app", []programs.Layer{whole(passwd, other), app}, 0},
		{"a file, then a link", "app", []programs.Layer{whole(passwd, insidetest.Symlink("etc/passwd", "x")), app}, 0},
		{"another name", "app2", []programs.Layer{whole(passwd), app}, 0},
		{"an empty name", ":50", []programs.Layer{whole(passwd), app}, 0},
		{"an unknown group", "app:x", []programs.Layer{whole(passwd, group), app}, 10001},
	} {
		s := programs.Find(v1.ImageConfig{Entrypoint: []string{"/app/run"}, User: tt.user}, tt.layers)
		got := 0
		if len(s.Refused) > 0 {
			got = s.Refused[0].User.UID
		}
		if got != tt.want {
			t.Errorf("%s: %+v", tt.name, s.Refused)
		}
	}
	volumes := map[string]struct{}{"/etc": {}}
	s := programs.Find(v1.ImageConfig{Entrypoint: []string{"/app/run"}, User: "app", Volumes: volumes}, []programs.Layer{whole(passwd), app})
	if len(s.Refused) > 0 {
		t.Errorf("a volume: %+v", s.Refused)
	}
}
