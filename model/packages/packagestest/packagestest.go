// Package packagestest installs packages with their own tools for tests, and says what these tools list.
package packagestest

import (
	"bytes"
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Package is a package as its tool lists it.
type Package struct {
	Name, Version string
	Arch          string // "" if the tool says none
	Source        string // the name of the source package, "" if it is Name or the tool says none
	// Place is the path of the folder or program in the root that has the package, "" if the tool says none.
	Place string
	// Key is set for a key for signatures, which rpm lists as a package.
	Key   bool
	Files []string // paths in the root, without folders; nil if the tool does not say them
}

// Root is a folder with packages.
type Root struct {
	Archive  string    // the tar file of the folder
	Packages []Package // as the tool lists them, sorted by name, version and place
}

// Require skips the test if a program is not installed. With TAGDIFF_REQUIRE_REAL set it fails.
func Require(t testing.TB, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			SkipOrFail(t, p+" is not installed")
		}
	}
}

// SkipOrFail skips the test for a reason. With TAGDIFF_REQUIRE_REAL set it fails.
func SkipOrFail(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv("TAGDIFF_REQUIRE_REAL") != "" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}

// Run runs a program in a folder and returns its standard output. It fails the test on an error.
func Run(t testing.TB, dir, name string, args ...string) string {
	t.Helper()
	return string(run(t, nil, dir, nil, name, args...))
}

// run is Run with more environment and with a standard input.
func run(t testing.TB, env []string, dir string, input []byte, name string, args ...string) []byte {
	t.Helper()
	var problems bytes.Buffer
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir, cmd.Stdin, cmd.Stderr = dir, bytes.NewReader(input), &problems
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s%s", name, args, err, out, problems.Bytes())
	}
	return out
}

// Archive returns the tar file of some paths of a folder.
func Archive(t testing.TB, dir string, paths ...string) (file string) {
	t.Helper()
	Require(t, "tar")
	file = filepath.Join(t.TempDir(), "layer.tar")
	Run(t, dir, "tar", append([]string{"-cf", file, "--"}, paths...)...)
	return file
}

// write writes a file and makes its folders.
func write(t testing.TB, file, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// sorted sorts packages by name, version and place. There must be some.
func sorted(t testing.TB, all []Package) []Package {
	t.Helper()
	if len(all) == 0 {
		t.Fatal("the tool lists nothing")
	}
	slices.SortFunc(all, func(x, y Package) int {
		return cmp.Or(strings.Compare(x.Name, y.Name), strings.Compare(x.Version, y.Version), strings.Compare(x.Place, y.Place))
	})
	return all
}

// within returns the path of a file in a root.
func within(t testing.TB, root, file string) string {
	t.Helper()
	real, err := filepath.EvalSymlinks(root)
	if err != nil {
		t.Fatal(err)
	}
	path, err := filepath.Rel(real, file)
	if err != nil || !filepath.IsLocal(path) {
		path, err = filepath.Rel(root, file)
	}
	if err != nil || !filepath.IsLocal(path) {
		t.Fatalf("%s is not in %s: %v", file, root, err)
	}
	return filepath.ToSlash(path)
}

// lines returns the lines of an output that are not empty.
func lines(out string) []string {
	return strings.FieldsFunc(out, func(r rune) bool { return r == '\n' })
}
