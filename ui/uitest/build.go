package uitest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// mainPackage is the package that Build compiles.
const mainPackage = "github.com/tagdiff/tagdiff"

// builds are the programs that this test process has compiled, by package.
var builds sync.Map // of string to func() (string, error)

// Build compiles the program, once in each test process, and returns its path. It
// enables the race detector if the test has it.
func Build(t testing.TB) string {
	t.Helper()
	return BuildPackage(t, mainPackage)
}

// HasRaceDetector reports whether Build enables the race detector, with which a program takes several times
// the memory.
func HasRaceDetector() bool { return raceEnabled }

// BuildPackage is Build for any main package of the module.
func BuildPackage(t testing.TB, pkg string) string {
	t.Helper()
	once, _ := builds.LoadOrStore(pkg, sync.OnceValues(func() (string, error) { return build(pkg) }))
	path, err := once.(func() (string, error))()
	if err != nil {
		t.Fatalf("building %s: %v", pkg, err)
	}
	return path
}

func build(pkg string) (string, error) {
	dir, err := buildDir()
	if err == nil {
		err = statSources()
	}
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, filepath.Base(pkg))
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	args := []string{"build", "-o", path}
	if raceEnabled {
		args = append(args, "-race")
	}
	out, err := exec.Command("go", append(args, pkg)...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return path, nil
}

// buildDir creates a directory next to the test binary if go test has created that,
// because go test removes it when the test ends.
func buildDir() (string, error) {
	parent := ""
	if self, err := os.Executable(); err == nil && strings.Contains(self, string(filepath.Separator)+"go-build") {
		parent = filepath.Dir(self)
	}
	return os.MkdirTemp(parent, "uitest")
}

// statSources calls os.Stat for all source files. go test records these calls, and does
// not take the result of the test from its cache after a change of a file.
func statSources() error {
	gomod, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return err
	}
	root := filepath.Dir(strings.TrimSpace(string(gomod)))
	return filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && path != root {
			return filepath.SkipDir
		}
		os.Stat(path) //nolint:errcheck // only the call counts
		return nil
	})
}
