package uitest

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// mainPackage is what Build compiles.
const mainPackage = "github.com/tagdiff/tagdiff"

// builds remembers what this test process has compiled, by package.
var builds sync.Map // of string to func() (string, error)

// Build compiles the program, once in each test process, and returns its path.
// The race detector is on where it is on for the test.
func Build(t testing.TB) string {
	t.Helper()
	return BuildPackage(t, mainPackage)
}

// BuildPackage does the same for any main package of the module.
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
		err = lookAtSources()
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
		return "", &buildError{err, string(out)}
	}
	return path, nil
}

// buildDir is below the directory that holds the test binary where go test
// made that one, because go test then removes it when the test ends.
func buildDir() (string, error) {
	parent := ""
	if self, err := os.Executable(); err == nil && strings.Contains(self, string(filepath.Separator)+"go-build") {
		parent = filepath.Dir(self)
	}
	return os.MkdirTemp(parent, "uitest")
}

// lookAtSources looks at all files that may be compiled, so that go test knows
// that the result depends on them and does not take an old one from its cache.
func lookAtSources() error {
	gomod, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return err
	}
	root := filepath.Dir(strings.TrimSpace(string(gomod)))
	return filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && path != root {
			return filepath.SkipDir
		}
		os.Stat(path) //nolint:errcheck // looking is all
		return nil
	})
}

// buildError is what the compiler said.
type buildError struct {
	err error
	out string
}

func (e *buildError) Error() string { return e.err.Error() + "\n" + e.out }
func (e *buildError) Unwrap() error { return e.err }
