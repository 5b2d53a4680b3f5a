package inside

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagdiff/tagdiff/model/packages"
	"github.com/tagdiff/tagdiff/model/packages/packagestest"
)

// The tests of this file compare what is read of packages with what the tools say that installed them. They
// run where the tools are. With TAGDIFF_REQUIRE_REAL set a tool that is missing is a failure.

// readArchive reads a layer that tar made.
func readArchive(t *testing.T, archive string) *Layer {
	t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	l, err := Read(f, Options{})
	if err != nil || l.Broken != "" || len(l.Left) > 0 {
		t.Fatalf("%v, %q, %q", err, l.Broken, l.Left)
	}
	for _, db := range l.Packages.Databases {
		if db.Problem != "" {
			t.Errorf("%s %s", db.Path, db.Problem)
		}
	}
	return l
}

// rows returns a line for each package of a kind, sorted, as row writes it.
func rows(l *Layer, kind packages.Kind, row func(packages.Package) string) []string {
	var all []string
	for _, db := range l.Packages.Databases {
		for _, p := range db.Packages {
			if p.Kind == kind {
				all = append(all, row(p))
			}
		}
	}
	slices.Sort(all)
	return all
}

// checkRows compares sorted rows. There must be some.
func checkRows(t *testing.T, want, got []string) {
	t.Helper()
	slices.Sort(want)
	if len(want) == 0 {
		t.Fatal("the tool lists nothing")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	t.Logf("%d rows agree", len(want))
}

// checkRoot compares the packages of a root with those that its tool lists, and returns the layer.
func checkRoot(t *testing.T, root packagestest.Root, kind packages.Kind) *Layer {
	t.Helper()
	l := readArchive(t, root.Archive)
	var want []string
	for _, p := range root.Packages {
		want = append(want, strings.TrimSpace(p.Name+" "+p.Version+" "+p.Arch))
	}
	checkRows(t, want, rows(l, kind, func(p packages.Package) string {
		return strings.TrimSpace(p.Name + " " + p.Version + " " + p.Arch)
	}))
	return l
}

// TestReal_dpkg: the packages of this computer are those that dpkg -l lists, and their files have the owners
// that dpkg -S names.
func TestReal_dpkg(t *testing.T) {
	packagestest.Require(t, "dpkg", "dpkg-query")
	if status, err := os.Stat("/var/lib/dpkg/status"); err != nil || status.Size() == 0 {
		packagestest.SkipOrFail(t, "dpkg has installed nothing here")
	}
	l := readArchive(t, packagestest.Archive(t, "/", "var/lib/dpkg/status", "var/lib/dpkg/info", "usr/bin"))
	var want []string
	for _, line := range strings.Split(packagestest.Run(t, "/", "dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Package} ${Version} ${Architecture} ${source:Package}\n"), "\n") {
		if fields := strings.Fields(line); len(fields) > 0 && len(fields[0]) > 1 && strings.Contains("iUFWt", fields[0][1:2]) {
			want = append(want, strings.Join(fields[1:], " "))
		}
	}
	checkRows(t, want, rows(l, packages.Deb, func(p packages.Package) string {
		source := p.Source
		if source == "" {
			source = p.Name
		}
		return strings.Join([]string{p.Name, p.Version, p.Arch, source}, " ")
	}))
	checked := 0
	for _, line := range strings.Split(packagestest.Run(t, "/", "dpkg-query", "-S", "*bin/*"), "\n") {
		owner, path, ok := strings.Cut(line, ": /")
		if !ok || strings.Contains(owner, ",") || strings.HasPrefix(owner, "diversion ") {
			continue
		}
		path = strings.TrimPrefix(path, "usr/")
		if _, ok := l.Files.Find("usr/" + path); !ok { // a folder, or a name of the shell's
			continue
		}
		name, _, _ := strings.Cut(owner, ":")
		if o, _ := l.Owner("usr/" + path); o.Name != name || o.Kind != packages.Deb {
			t.Errorf("the owner of usr/%s is %q, dpkg says %q", path, o, owner)
		}
		checked++
	}
	if checked == 0 {
		t.Error("no owner was checked")
	}
	t.Logf("%d owners agree", checked)
}

// TestReal_pip: the packages of a virtual environment are those that pip lists, and RECORD's files belong to
// them.
func TestReal_pip(t *testing.T) {
	t.Parallel()
	older, newer := packagestest.Pip(t)
	checkRoot(t, newer, packages.Python)
	l := checkRoot(t, older, packages.Python)
	owned := 0
	for e := range l.Files.All() {
		o, ok := l.Owner(e.Path)
		if strings.Contains(e.Path, "/site-packages/odd/") && e.Kind == File {
			owned++
			if !ok || o.Name != "odd-name-x" {
				t.Errorf("the owner of %s is %q", e.Path, o)
			}
		}
	}
	if owned < 2 { // the source, and what pip compiled
		t.Errorf("%d files of the package", owned)
	}
}

// TestReal_npm: the packages of a project are those that npm lists.
func TestReal_npm(t *testing.T) {
	t.Parallel()
	older, newer := packagestest.NPM(t)
	checkRoot(t, newer, packages.NPM)
	l := checkRoot(t, older, packages.NPM)
	if o, ok := l.Owner("app/node_modules/three/node_modules/one/package.json"); !ok || o.Name != "one" || o.Place != "app/node_modules/three/node_modules" {
		t.Errorf("the owner is %q", o)
	}
}

// TestReal_go: the modules of a program of several modules, of this one and of the go command are those that go version
// -m lists.
func TestReal_go(t *testing.T) {
	older, newer := packagestest.GoProgram(t)
	checkRoot(t, older, packages.Go)
	checkRoot(t, newer, packages.Go)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	programs := []string{self}
	if goCommand, err := exec.LookPath("go"); err == nil {
		goCommand, err = filepath.EvalSymlinks(goCommand)
		if err != nil {
			t.Fatal(err)
		}
		programs = append(programs, goCommand)
	}
	for _, program := range programs {
		folder, name := filepath.Split(program)
		checkRoot(t, packagestest.Root{Archive: packagestest.Archive(t, folder, name), Packages: packagestest.ListGo(t, folder, name)}, packages.Go)
	}
}

// TestReal_gem: the gems of a folder are those that gem lists.
func TestReal_gem(t *testing.T) {
	older, newer := packagestest.Gems(t)
	checkRoot(t, newer, packages.Gem)
	l := checkRoot(t, older, packages.Gem)
	if o, ok := l.Owner("gems/gems/two-parts-2.0.rc1/x.rb"); !ok || o.Name != "two-parts" {
		t.Errorf("the owner is %q", o)
	}
}
