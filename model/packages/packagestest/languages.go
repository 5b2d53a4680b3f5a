package packagestest

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The roots of this file are each of one tool. The newer one has a package more, one less, and one with another
// version.

// Pip returns a virtual environment with packages of Python, in the folder venv.
func Pip(t testing.TB) (older, newer Root) {
	t.Helper()
	Require(t, "python3")
	dir := t.TempDir()
	venv := filepath.Join(dir, "venv")
	if out, err := exec.CommandContext(t.Context(), "python3", "-m", "venv", venv).CombinedOutput(); err != nil {
		SkipOrFail(t, "python3 makes no virtual environment: "+string(out))
	}
	pip := func(args ...string) string {
		return Run(t, dir, filepath.Join(venv, "bin", "pip"), append([]string{"--disable-pip-version-check"}, args...)...)
	}
	install := func(name, version, module string) {
		pip("install", "--no-index", "--no-deps", wheel(t, name, version, module))
	}
	list := func() Root {
		var listed []struct{ Name, Version, Location string }
		if err := json.Unmarshal([]byte(pip("list", "-v", "--format=json")), &listed); err != nil {
			t.Fatal(err)
		}
		var all []Package
		normal := regexp.MustCompile(`[-_.]+`) // PEP 503
		for _, p := range listed {
			name := strings.ToLower(normal.ReplaceAllString(p.Name, "-"))
			all = append(all, Package{Name: name, Version: p.Version, Place: within(t, dir, p.Location)})
		}
		return Root{Archive(t, dir, "venv"), sorted(t, all)}
	}
	install("Odd_Name.x", "1.0rc1", "odd")
	install("gone", "2", "gone")
	older = list()
	install("Odd_Name.x", "1.0", "odd")
	pip("uninstall", "-y", "gone")
	install("added", "0.1.dev3+local.1", "added")
	return older, list()
}

// wheel writes a package of Python with one module. A wheel needs no build, and so no other package.
func wheel(t testing.TB, name, version, module string) (file string) {
	t.Helper()
	dir := t.TempDir()
	info := name + "-" + version + ".dist-info"
	write(t, filepath.Join(dir, info, "METADATA"), "Metadata-Version: 2.1\nName: "+name+"\nVersion: "+version+"\n\nVersion: 2\n")
	write(t, filepath.Join(dir, info, "WHEEL"), "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
	write(t, filepath.Join(dir, info, "RECORD"), module+"/__init__.py,,\n"+info+"/METADATA,,\n"+info+"/WHEEL,,\n"+info+"/RECORD,,\n")
	write(t, filepath.Join(dir, module, "__init__.py"), "x = 1\n")
	file = filepath.Join(dir, name+"-"+version+"-py3-none-any.whl")
	Run(t, dir, "python3", "-m", "zipfile", "-c", file, info, module)
	return file
}

// NPM returns a project of Node.js in the folder app, with a package that has another version of one in it.
func NPM(t testing.TB) (older, newer Root) {
	t.Helper()
	Require(t, "npm")
	dir := t.TempDir()
	app, pack := filepath.Join(dir, "app"), []string{"pack"}
	for _, p := range []struct{ folder, body string }{
		{"one", `{"name":"one","version":"1.2.3"}`},
		{"next", `{"name":"one","version":"1.10.0"}`},
		{"two", `{"name":"@scope/two","version":"2.0.0-rc.1"}`},
		{"three", `{"name":"three","version":"3.0.0","bundleDependencies":["one"],"dependencies":{"one":"0.9.0"}}`},
		{"four", `{"name":"@scope/four","version":"4.0.0+build.1"}`},
	} {
		write(t, filepath.Join(dir, p.folder, "package.json"), p.body)
		write(t, filepath.Join(dir, p.folder, "test/package.json"), `{"name":"a part of the test","version":"1.0.0"}`)
		if p.folder == "three" { // npm packs what is bundled from node_modules
			write(t, filepath.Join(dir, "three/node_modules/one/package.json"), `{"name":"one","version":"0.9.0"}`)
		}
		pack = append(pack, "./"+p.folder)
	}
	Run(t, dir, "npm", pack...)
	npm := func(command string, packages ...string) {
		args := []string{command, "--offline", "--no-audit", "--no-fund", "--cache", filepath.Join(dir, "cache")}
		Run(t, app, "npm", append(args, packages...)...)
	}
	list := func() Root {
		var all []Package
		for _, line := range lines(Run(t, app, "npm", "ls", "--all", "--parseable", "--long"))[1:] { // the first is app
			folder, id, _ := strings.Cut(line, ":")
			id, _, _ = strings.Cut(id, ":") // remarks of npm
			at := strings.LastIndexByte(id, '@')
			all = append(all, Package{Name: id[:at], Version: id[at+1:], Place: within(t, dir, folder)})
		}
		return Root{Archive(t, dir, "app"), sorted(t, all)}
	}
	write(t, filepath.Join(app, "package.json"), `{"name":"app","version":"1.0.0"}`)
	npm("install", "../one-1.2.3.tgz", "../scope-two-2.0.0-rc.1.tgz", "../three-3.0.0.tgz")
	older = list()
	npm("install", "../one-1.10.0.tgz", "../scope-four-4.0.0+build.1.tgz")
	npm("uninstall", "@scope/two")
	return older, list()
}

// Gems returns a folder gems with packages of Ruby, of several versions and platforms.
func Gems(t testing.TB) (older, newer Root) {
	t.Helper()
	Require(t, "gem")
	dir := t.TempDir()
	env := []string{"GEM_HOME=" + filepath.Join(dir, "gems"), "GEM_PATH=" + filepath.Join(dir, "gems")}
	gem := func(args ...string) string { return string(run(t, env, dir, nil, "gem", args...)) }
	install := func(name, version, platform string) {
		write(t, filepath.Join(dir, "x.gemspec"), fmt.Sprintf(
			"Gem::Specification.new { |s| s.name=%q; s.version=%q; s.platform=%q; s.summary='x'; s.authors=['x']; s.files=['x.rb'] }\n",
			name, version, platform))
		write(t, filepath.Join(dir, "x.rb"), "X = 1\n")
		gem("build", "--silent", "--output", "x.gem", "x.gemspec")
		gem("install", "--silent", "--local", "--no-document", "--force", "--install-dir", "gems", "x.gem")
	}
	list := func() Root {
		var all []Package
		for _, line := range lines(gem("list", "--local", "--no-verbose")) {
			name, versions, ok := strings.Cut(strings.TrimSuffix(line, ")"), " (")
			if !ok || strings.Contains(versions, "default: ") { // of Ruby itself
				continue
			}
			for _, v := range strings.Split(versions, ", ") {
				version, platform, _ := strings.Cut(v, " ")
				all = append(all, Package{Name: name, Version: version, Arch: platform})
			}
		}
		return Root{Archive(t, dir, "gems"), sorted(t, all)}
	}
	install("one", "1.2.3", "ruby")
	install("two-parts", "2.0.rc1", "ruby")
	install("three", "3", "x86_64-linux")
	install("one", "2", "ruby")
	older = list()
	gem("uninstall", "two-parts", "--all", "--force", "--quiet", "--install-dir", "gems")
	install("two-parts", "2.0", "ruby")
	gem("uninstall", "three", "--all", "--force", "--quiet", "--install-dir", "gems")
	install("four", "0.4", "ruby")
	return older, list()
}

// GoProgram returns a program in usr/bin/app that the go command builds of modules, one of which is replaced.
func GoProgram(t testing.TB) (older, newer Root) {
	t.Helper()
	Require(t, "go")
	program := func(modules ...[2]string) Root {
		source, root := t.TempDir(), t.TempDir()
		mod, vendored := "module example.org/app\n\ngo 1.24\n", ""
		imports, uses := "", ""
		for i, m := range modules {
			path, version := m[0], m[1]
			mod += "\nrequire " + path + " " + version
			vendored += "# " + path + " " + version
			if path == "example.org/replaced" {
				mod += "\nreplace example.org/replaced => example.org/fork v1.9.0"
				vendored += " => example.org/fork v1.9.0"
			}
			vendored += "\n## explicit\n" + path + "\n"
			imports += fmt.Sprintf("import m%d %q\n", i, path)
			uses += fmt.Sprintf("\tprintln(m%d.Name)\n", i)
			write(t, filepath.Join(source, "vendor", path, "name.go"), "package name\n\nvar Name = \""+version+"\"\n")
		}
		vendored += strings.Repeat("# example.org/replaced => example.org/fork v1.9.0\n", strings.Count(vendored, "=>"))
		write(t, filepath.Join(source, "go.mod"), mod+"\n")
		write(t, filepath.Join(source, "vendor/modules.txt"), vendored)
		write(t, filepath.Join(source, "main.go"), "package main\n\n"+imports+"\nfunc main() {\n"+uses+"}\n")
		if err := os.MkdirAll(filepath.Join(root, "usr/bin"), 0o755); err != nil {
			t.Fatal(err)
		}
		app := filepath.Join(root, "usr/bin/app")
		run(t, []string{"GOFLAGS=-mod=vendor", "GOWORK=off", "CGO_ENABLED=0"}, source, nil, "go", "build", "-o", app, ".")
		return Root{Archive(t, root, "usr"), ListGo(t, root, "usr/bin/app")}
	}
	replaced := [2]string{"example.org/replaced", "v1.0.0"}
	older = program([2]string{"example.org/moved", "v1.2.0"}, replaced, [2]string{"example.org/gone", "v0.1.0"})
	newer = program([2]string{"example.org/moved", "v1.10.0"}, replaced, [2]string{"example.org/new/v2", "v2.0.0-rc.1"})
	return older, newer
}

// ListGo returns the modules of a program in a root in the words of go version -m, and the release of Go as the
// module stdlib.
func ListGo(t testing.TB, root, program string) []Package {
	t.Helper()
	var all []Package
	for i, line := range lines(Run(t, root, "go", "version", "-m", program)) {
		if i == 0 {
			_, release, _ := strings.Cut(line, ": go")
			release, _, _ = strings.Cut(release, " ")
			all = append(all, Package{Name: "stdlib", Version: release, Place: program})
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) < 4 {
			continue
		}
		p := Package{Name: f[2], Version: f[3], Place: program}
		switch f[1] {
		case "mod", "dep":
			all = append(all, p)
		case "=>": // replaces the module of the line before
			all[len(all)-1] = p
		}
	}
	return sorted(t, all)
}
