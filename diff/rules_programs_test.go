package diff

import (
	"bytes"
	"debug/elf"
	"slices"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/inside/insidetest"
	"github.com/tagdiff/tagdiff/model/program/programtest"
)

// aProgram is an executable file with code for a machine.
func aProgram(name string, machine elf.Machine, interpreter string) insidetest.Item {
	return aFile(name, string(programtest.ELF{Machine: machine, Interpreter: interpreter}.Bytes())).As(0o755, 0, 0)
}

// aScript is an executable script.
func aScript(name, body string) insidetest.Item { return aFile(name, body).As(0o755, 0, 0) }

// startOf is the list of the first bytes of a layer.
func startOf(items ...insidetest.Item) *inside.Layer {
	return inside.ReadStart(insidetest.Tar(items...))
}

// imageWith is an image for arm64 with a base and an app, of which layers were read for their programs.
func imageWith(t testing.TB, config map[string]any, base, app *inside.Layer) Comparison {
	t.Helper()
	b := build{arch: "arm64", config: config, steps: []step{
		does("ADD base.tar /", files("base").sized(50_000_000)), sets("ENV X=1"), does("COPY app /app", files("app")),
	}}
	return Describe(index(t, "1.0", entry(b.image(t)))).WithPrograms(layersRead(base, app))
}

func layersRead(base, app *inside.Layer) ReadLayers {
	read := ReadLayers{}
	if base != nil {
		read[files("base").descriptor().Digest] = base
	}
	if app != nil {
		read[files("app").descriptor().Digest] = app
	}
	return read
}

// programCases are the rules about programs.
func programCases(t *testing.T) []ruleCase {
	t.Helper()
	const loader = "/lib/ld-linux-aarch64.so.1"
	arm, amd := elf.EM_AARCH64, elf.EM_X86_64
	config := func(words ...string) map[string]any { return map[string]any{"Entrypoint": words} }
	user := func(user string, words ...string) map[string]any {
		return map[string]any{"Entrypoint": words, "User": user}
	}
	base := func(items ...insidetest.Item) *inside.Layer { return holding(t, files("base"), items...) }
	app := func(items ...insidetest.Item) *inside.Layer { return holding(t, files("app"), items...) }
	run := config("/app/run")
	sh := []insidetest.Item{insidetest.Symlink("bin", "usr/bin"), aProgram("usr/bin/sh", arm, ""), aProgram("usr/bin/env", arm, "")}
	old := aProgram("usr/bin/sh", elf.EM_386, "")
	passwd := aFile("etc/passwd", "root:x:0:0:root:/root:/bin/sh\napp:x:10001:50::/app:/bin/sh\n")
	group := aFile("etc/group", "root:x:0:\napp:x:50:\nweb:x:60:\nlogs:x:70:app\n")
	named := func(u string, mode int64, uid, gid int, accounts ...insidetest.Item) Comparison { // of the file /app/x.py
		return imageWith(t, user(u, "sh", "/app/x.py"), base(append(accounts, sh...)...), app(aFile("app/x.py", "1").As(mode, uid, gid)))
	}
	amd64 := build{arch: "amd64", config: run, steps: []step{does("COPY app /app", files("app"))}}
	cut := app(aFile("app/x", ""))
	cut.Broken = "is cut off"
	return []ruleCase{
		{"the start program", imageWith(t, run, nil, app(aProgram("app/run", amd, ""))), "C5", 3,
			"linux/arm64 starts /app/run, a program for amd64. On arm64, the start fails with \"exec format error\".", 1},
		{"in the start of a layer", imageWith(t, run, nil, startOf(aProgram("app/run", amd, ""))), "C5", 3, "linux/arm64 starts /app/run", 1},
		{"an interpreter", imageWith(t, run, base(insidetest.Symlink("bin", "usr/bin"), aProgram("usr/bin/sh", amd, "")), app(aScript("app/run", "#!/bin/sh\n"))),
			"C5", 3, "linux/arm64 starts a script of /usr/bin/sh, a program for amd64", 1},
		{"a base", imageWith(t, config(), startOf(aProgram("bin/a", amd, "/ld"), aProgram("bin/b", amd, "/ld")), nil), "C5", 3,
			"every program that was seen in the image for linux/arm64 is for amd64, as /bin/a", 1},
		{"a base below an app", imageWith(t, run, startOf(aProgram("bin/a", amd, "/ld")), app(aProgram("app/run", arm, ""))), "C5", 2,
			"linux/arm64 starts a program for arm64, but the other programs", 1},
		{"a program of macOS", imageWith(t, run, nil, app(aScript("app/run", "\xcf\xfa\xed\xfe\x0c\x00\x00\x01\x00\x00\x00\x00\x02\x00\x00\x00"+string(make([]byte, 32))))),
			"C5", 3, "a program for macOS", 1},
		{"what env starts", imageWith(t, config("env", "X=1", "/app/run"), base(sh...), app(aProgram("app/run", amd, ""))), "C5", 3,
			"linux/arm64 starts /app/run, a program for amd64", 1},
		{"a loader", imageWith(t, run, base(aProgram("lib/ld.so", amd, "")), app(aProgram("app/run", arm, "/lib/ld.so"))), "C5", 3,
			"linux/arm64 starts /app/run, whose loader /lib/ld.so is a program for amd64", 1},
		{"what a loader loads", imageWith(t, config(loader, "/app/run"), base(aProgram(loader[1:], arm, "")), app(aProgram("app/run", amd, ""))), "C5", 3,
			"linux/arm64 starts the loader " + loader + ", which loads /app/run, a program for amd64. On arm64, the start fails.", 1},
		{"a right program that a loader loads", imageWith(t, config(loader, "/app/run"), base(aProgram(loader[1:], arm, "")), app(aProgram("app/run", arm, ""))),
			"C5", -1, "", 0},
		{"a right program", imageWith(t, run, base(sh...), app(aProgram("app/run", arm, ""))), "C5", -1, "", 0},
		{"a program for arm on arm64", imageWith(t, run, nil, app(aProgram("app/run", elf.EM_ARM, ""))), "C5", -1, "", 0},
		{"386 on amd64", Describe(single("1.0", amd64.image(t))).WithPrograms(ReadLayers{files("app").descriptor().Digest: app(aProgram("app/run", elf.EM_386, ""))}),
			"C5", -1, "", 0},
		{"data for another machine", imageWith(t, run, base(sh...), app(aProgram("app/run", arm, ""), aProgram("app/testdata/x", amd, ""))), "C5", -1, "", 0},
		{"programs for two machines", imageWith(t, config(), startOf(aProgram("bin/a", amd, "/ld"), aProgram("bin/b", arm, "/ld")), nil), "C5", -1, "", 0},
		{"a base with cross compilers", imageWith(t, config(), startOf(aProgram("usr/x86_64-linux-gnu/bin/ld", amd, "/ld")), nil), "C5", -1, "", 0},

		{"a user that may not run it", imageWith(t, user("10001", "/app/run"), nil, app(aProgram("app/run", arm, "").As(0o700, 0, 0))), "H8", 3,
			"user 10001 cannot run /app/run (0700, owner 0:0)", 1},
		{"in a closed folder", imageWith(t, user("10001", "/app/run"), nil, app(insidetest.Folder("app").As(0o700, 0, 0), aProgram("app/run", arm, ""))), "H8", 3,
			"user 10001 cannot run /app/run (the folder /app is 0700, owner 0:0)", 1},
		{"an argument that it may not read", imageWith(t, user("10001:10001", "sh", "/app/x.py"), base(sh...), app(aFile("app/x.py", "1").As(0o640, 0, 0))), "H8", 3,
			"user 10001:10001 cannot read /app/x.py (0640, owner 0:0)", 1},
		{"not executable", imageWith(t, run, nil, app(aProgram("app/run", arm, "").As(0o644, 0, 0))), "H8", 3,
			"/app/run is to be started and is not executable (mode 0644)", 1},
		{"a loader that may not read it", imageWith(t, user("10001:10001", loader, "/app/run"), base(aProgram(loader[1:], arm, "")), app(aProgram("app/run", arm, "").As(0o640, 0, 0))),
			"H8", 3, "user 10001:10001 cannot read /app/run (0640, owner 0:0)", 1},
		{"a loader needs no mode", imageWith(t, user("10001", loader, "/app/run"), base(aProgram(loader[1:], arm, "")), app(aProgram("app/run", arm, "").As(0o644, 0, 0))),
			"H8", -1, "", 0},
		{"the owner", imageWith(t, user("10001", "/app/run"), nil, app(aProgram("app/run", arm, "").As(0o700, 10001, 0))), "H8", -1, "", 0},
		{"a group that only the image names", imageWith(t, user("10001", "/app/run"), nil, app(aProgram("app/run", arm, "").As(0o750, 0, 20))), "H8", -1, "", 0},
		{"root", imageWith(t, user("0", "/app/run"), nil, app(aProgram("app/run", arm, "").As(0o700, 5, 5))), "H8", -1, "", 0},
		{"a user by name without etc/passwd", imageWith(t, user("app", "/app/run"), nil, app(aProgram("app/run", arm, "").As(0o700, 0, 0))), "H8", -1, "", 0},
		{"a user by name", named("app", 0o640, 0, 0, passwd, group), "H8", 3, "user app (10001 in etc/passwd) cannot read /app/x.py (0640, owner 0:0)", 1},
		{"a user by name without etc/group", named("app", 0o600, 0, 0, passwd), "H8", 3, "user app (10001 in etc/passwd) cannot read /app/x.py", 1},
		{"a user and a group by name", named("app:web", 0o640, 0, 5, passwd, group), "H8", 3,
			"user app:web (10001:60 in etc/passwd and etc/group) cannot read /app/x.py (0640, owner 0:5)", 1},
		{"a group by name", named("10001:web", 0o640, 0, 5, group), "H8", 3, "user 10001:web (group 60 in etc/group) cannot read", 1},
		{"a number of a group", named("app:7", 0o640, 0, 5, passwd, group), "H8", 3, "user app:7 (10001 in etc/passwd) cannot read", 1},
		{"the primary group, which may not read", named("app", 0o604, 0, 50, passwd, group), "H8", 3, "user app (10001 in etc/passwd) cannot read", 1},
		{"a user by name that owns it", named("app", 0o600, 10001, 0, passwd, group), "H8", -1, "", 0},
		{"a user by name whose groups are not known", named("app", 0o640, 0, 0, passwd), "H8", -1, "", 0},
		{"a group that lists the user", named("app", 0o640, 0, 70, passwd, group), "H8", -1, "", 0},
		{"a broken line in etc/group", named("app", 0o640, 0, 0, passwd, aFile("etc/group", "web:x\n")), "H8", -1, "", 0},
		{"the primary group of a user with another group", named("app:web", 0o640, 0, 50, passwd, group), "H8", -1, "", 0},
		{"a group that lists a user with another group", named("app:web", 0o640, 0, 70, passwd, group), "H8", -1, "", 0},
		{"a group by name that may read", named("app:web", 0o640, 0, 60, passwd, group), "H8", -1, "", 0},
		{"a number of a group without etc/group", named("app:7", 0o640, 0, 0, passwd), "H8", -1, "", 0},
		{"root by name", named("root", 0o600, 5, 5, passwd, group), "H8", -1, "", 0},
		{"an access control list", imageWith(t, user("10001", "/app/run"), nil,
			app(aProgram("app/run", arm, "").As(0o700, 0, 0).With("SCHILY.xattr.system.posix_acl_access", "x"))), "H8", -1, "", 0},

		{"nothing at the path", imageWith(t, run, base(sh...), app(aProgram("app/other", arm, ""))), "H10", 3, "the start program /app/run is not in the image", 1},
		{"a link to nothing", imageWith(t, run, base(sh...), app(insidetest.Symlink("app/run", "/opt/run"))), "H10", 3,
			"the start program /app/run leads by links to /opt/run, which is not in the image", 1},
		{"a link to nothing in PATH", imageWith(t, config("tool"), base(sh...), app(insidetest.Symlink("usr/bin/tool", "/opt/run"))), "H10", 3,
			"the start program tool leads by links to /opt/run, which is not in the image", 1},
		{"a loop of links", imageWith(t, run, base(sh...), app(insidetest.Symlink("app/run", "run"))), "H10", 3,
			"the start program /app/run leads to a loop of links. A container fails with \"too many levels of symbolic links\"", 1},
		{"a link to what the kernel has", imageWith(t, run, base(sh...), app(insidetest.Symlink("app/run", "/proc/self/exe"))), "H10", -1, "", 0},
		{"a link into a volume", imageWith(t, map[string]any{"Entrypoint": []string{"/app/run"}, "Volumes": map[string]any{"/data": map[string]any{}}}, base(sh...),
			app(insidetest.Symlink("app/run", "/data/run"))), "H10", -1, "", 0},
		{"not in PATH", imageWith(t, config("run"), base(sh...), app(aProgram("app/run", arm, ""))), "H10", 3, "the start program run is in no folder of PATH", 1},
		{"a layer that was not read", imageWith(t, run, nil, app(aProgram("app/other", arm, ""))), "H10", -1, "", 0},
		{"the start of a layer is not all", imageWith(t, run, startOf(sh...), app(aProgram("app/other", arm, ""))), "H10", -1, "", 0},
		{"a broken layer", imageWith(t, run, base(sh...), cut), "H10", -1, "", 0},
		{"a volume", imageWith(t, map[string]any{"Entrypoint": []string{"/data/run"}, "Volumes": map[string]any{"/data": map[string]any{}}}, base(sh...), app()), "H10", -1, "", 0},
		{"behind a link", imageWith(t, config("/bin/sh"), base(sh...), app()), "H10", -1, "", 0},

		{"CR", imageWith(t, run, nil, app(aScript("app/run", "#!/bin/sh\r\n"))), "H11", 3, "the first line of /app/run ends in a carriage return", 1},
		{"CR after env", imageWith(t, run, nil, app(aScript("app/run", "#!/usr/bin/env bash\r\nexec x\r\n"))), "H11", 3, "carriage return", 1},
		{"CR in the name of a file", imageWith(t, run, base(append(sh, aProgram("usr/bin/sh\r", arm, ""))...), app(aScript("app/run", "#!/bin/sh\r\n"))), "H11", -1, "", 0},
		{"CR and nothing else is missing", imageWith(t, run, base(sh...), app(aScript("app/run", "#!/bin/sh\r\n"))), "H12", -1, "", 0},
		{"CR in later lines", imageWith(t, run, nil, app(aScript("app/run", "#!/bin/sh\nexec x\r\n"))), "H11", -1, "", 0},
		{"CR in a script that is not started", imageWith(t, run, base(sh...), app(aProgram("app/run", arm, ""), aScript("app/x", "#!/bin/sh\r\n"))), "H11", -1, "", 0},

		{"what env starts is missing", imageWith(t, config("env", "/none/run"), base(sh...), app(aProgram("app/run", arm, ""))), "H12", 3,
			"/usr/bin/env needs /none/run, which is not in the image. A container fails", 1},
		{"a loader", imageWith(t, run, base(sh...), app(aProgram("app/run", arm, loader))), "H12", 3,
			"/app/run needs /lib/ld-linux-aarch64.so.1, which is not in the image. It is a loader of glibc", 1},
		{"an interpreter of env", imageWith(t, run, base(sh...), app(aScript("app/run", "#!/usr/bin/env python3\n"))), "H12", 3,
			"/app/run needs python3, which is not in the image", 1},
		{"a link to another loader", imageWith(t, run, base(insidetest.Symlink("lib/ld-linux-aarch64.so.1", "ld-musl.so"), aFile("lib/ld-musl.so", "x")),
			app(aProgram("app/run", arm, loader))), "H12", -1, "", 0},
		{"a static program", imageWith(t, run, base(sh...), app(aProgram("app/run", arm, ""))), "H12", -1, "", 0},
		{"an unread base", imageWith(t, run, nil, app(aProgram("app/run", arm, loader))), "H12", -1, "", 0},
		{"an older program", imageWith(t, config("/bin/sh"), base(sh[0], old), nil), "H12", -1, "", 0},
	}
}

// TestPrograms_trust: a program in a layer that was read to its end is proved, in a prefix inferred.
func TestPrograms_trust(t *testing.T) {
	run := map[string]any{"Entrypoint": []string{"/app/run"}}
	amd := aProgram("app/run", elf.EM_X86_64, "")
	unverified := holding(t, files("app"), amd)
	unverified.DiffID = digest.FromString("other")
	for name, tt := range map[string]struct {
		app  *inside.Layer
		want Trust
	}{
		"whole": {holding(t, files("app"), amd), Proved}, "start": {startOf(amd), Inferred}, "another diff_id": {unverified, Inferred},
	} {
		if f := found(imageWith(t, run, nil, tt.app), "C5"); f == nil || f.Trust != tt.want {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// TestPrograms_namedUserTrust: what the image says of a user by name is proved if its layer is.
func TestPrograms_namedUserTrust(t *testing.T) {
	config := map[string]any{"Entrypoint": []string{"/app/run"}, "User": "app"}
	program := holding(t, files("app"), aProgram("app/run", elf.EM_AARCH64, "").As(0o700, 0, 0))
	passwd := aFile("etc/passwd", "app:x:10001:50::/:/bin/sh\n")
	for name, tt := range map[string]struct {
		base *inside.Layer
		want Trust
	}{"whole": {holding(t, files("base"), passwd), Proved}, "start": {startOf(passwd), Inferred}} {
		if f := found(imageWith(t, config, tt.base, program), "H8"); f == nil || f.Trust != tt.want {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// TestPrograms_borrowedBase: what C4 suspects, one read of the shared layer decides for both platforms.
func TestPrograms_borrowedBase(t *testing.T) {
	shared := index(t, "b", onBase(t, "amd64", "x", 2_000_000), onBase(t, "arm64", "x", 2_000_000))
	c := Describe(shared)
	all := func(model.Entry) bool { return true }
	reads := c.ProgramReads(all, 0, nil)
	if len(reads) != 1 || reads[0].Digest != files("x").sized(2_000_000).descriptor().Digest || reads[0].Enough == nil {
		t.Fatalf("%+v", reads)
	}
	base := startOf(aProgram("bin/a", elf.EM_X86_64, "/ld"))
	if !reads[0].Enough(base) || reads[0].Enough(startOf(aFile("etc/x", ""))) {
		t.Error("not the programs are enough")
	}
	c = c.WithPrograms(ReadLayers{reads[0].Digest: base})
	if f := found(c, "C5"); f == nil || f.Trust != Inferred || f.Severity != 3 || len(c.ProgramReads(all, 0, nil)) > 0 {
		t.Errorf("%+v", f)
	}
	if a, b := c.ProgramsOf(c.Pairs[0], SideA), c.ProgramsOf(c.Pairs[1], SideA); a.Seen.Foreign != 0 || b.Seen.Foreign != 1 {
		t.Errorf("%+v, %+v", a.Seen, b.Seen)
	}
	groups := GroupByCause(c.allFindings())
	if groups[0].ID != "C5" || !slices.ContainsFunc(groups[0].Consequences, func(f Finding) bool { return f.ID == "C4" }) {
		t.Errorf("%+v", groups)
	}
}

// TestProgramReads: the layers that decide are read newest first, the small ones whole.
func TestProgramReads(t *testing.T) {
	config := map[string]any{"Entrypoint": []string{"/app/run"}}
	base, app := files("base").descriptor().Digest, files("app").descriptor().Digest
	all := func(model.Entry) bool { return true }
	for _, tt := range []struct {
		name      string
		base, app *inside.Layer
		whole     int64
		tried     map[digest.Digest]bool
		want      digest.Digest
		isWhole   bool
	}{
		{"the newest layer", nil, nil, 2000, nil, app, true},
		{"a large layer", nil, nil, 500, nil, app, false},
		{"a layer that cannot be read", nil, nil, 2000, map[digest.Digest]bool{app: true}, base, false},
		{"decided", nil, holding(t, files("app"), aProgram("app/run", elf.EM_X86_64, "")), 2000, nil, "", false},
		{"behind its start", nil, startOf(aFile("x", "")), 2000, nil, app, true},
		{"behind the start of a large layer", nil, startOf(aFile("x", "")), 500, nil, base, false},
		{"an interpreter", nil, holding(t, files("app"), aScript("app/run", "#!/bin/sh\n")), 100_000_000, nil, base, false},
		{"a start that is in no layer", holding(t, files("base")), holding(t, files("app")), 2000, nil, "", false},
	} {
		reads := imageWith(t, config, tt.base, tt.app).ProgramReads(all, tt.whole, tt.tried)
		var got digest.Digest
		if len(reads) > 0 {
			got = reads[0].Digest
		}
		if got != tt.want || len(reads) > 1 || got != "" && tt.isWhole != (reads[0].Enough == nil) {
			t.Errorf("%s: %+v", tt.name, reads)
		}
	}
	if reads := imageWith(t, config, nil, nil).ProgramReads(func(model.Entry) bool { return false }, 2000, nil); len(reads) > 0 {
		t.Error(reads)
	}
}

// TestProgramFiles lists the programs with what is started.
func TestProgramFiles(t *testing.T) {
	config := map[string]any{"Cmd": []string{"/app/run"}}
	c := imageWith(t, config, startOf(aProgram("bin/sh", elf.EM_AARCH64, ""), aScript("bin/x", "#!/bin/sh\n")),
		holding(t, files("app"), aScript("app/run", "#!/bin/sh\n"), aProgram("app/lib", elf.EM_X86_64, "")))
	var out bytes.Buffer
	for _, f := range c.ProgramsOf(c.Pairs[0], SideA).Files() {
		out.WriteString(f.Path + " " + f.Program.Machine)
		if f.Starts {
			out.WriteString(" starts")
		}
		out.WriteString("\n")
	}
	if got, want := out.String(), "bin/sh arm64 starts\napp/run  starts\napp/lib amd64\n"; got != want {
		t.Errorf("%q", got)
	}
}
