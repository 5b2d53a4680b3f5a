package main_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// This file keeps the plan of the house: which package may know which other.
// A verdict stays a matter of values, and what speaks to registries or to
// terminals stays in its place.

const module = "github.com/tagdiff/tagdiff"

// rooms are the top-level folders with what each may import of the others.
var rooms = map[string][]string{
	"":         {"ui", "diff", "registry", "model"},
	"ui":       {"ui", "diff", "model"},
	"diff":     {"diff", "model"},
	"registry": {"registry", "model"},
	"model":    {"model"},
}

// keeps are imports that only some packages may have. A name that ends in a
// slash stands for everything below it.
var keeps = []struct {
	what, why string
	only      []string
}{
	{"github.com/regclient/", "registry puts around it what it lacks", []string{"registry"}},
	{"github.com/google/go-containerregistry/", "the demo is a registry", []string{"registry"}},
	{"net", "only registry speaks to the network", []string{"registry", "model"}}, // model reads addresses
	{"net/http", "only registry speaks to the network", []string{"registry"}},
	{"net/http/", "only registry speaks to the network", []string{"registry"}},
	{"charm.land/", "only screens know the screen", []string{"ui", ""}},
	{"github.com/charmbracelet/", "only screens know the screen", []string{"ui", ""}},
	{"github.com/charmbracelet/ultraviolet", "it promises no stability", []string{"ui/uitest"}},
	{"github.com/charmbracelet/x/vt", "it is for tests", []string{"ui/uitest"}},
	{"github.com/creack/pty", "it is for tests", []string{"ui/uitest"}},
	{"testing", "it is for tests", []string{"ui/uitest"}},
	{"os", "values open nothing", []string{"ui", "registry", "model/files", ""}},
	{"os/exec", "values run nothing", []string{"ui", "registry", ""}},
}

// never are imports that have a better one.
var never = map[string]string{
	"github.com/charmbracelet/bubbletea": "charm.land/bubbletea/v2",
	"github.com/charmbracelet/lipgloss":  "charm.land/lipgloss/v2",
	"github.com/charmbracelet/bubbles":   "charm.land/bubbles/v2",
}

type pkg struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

// name is the package as its path below the module.
func (p pkg) name() string { return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/") }

func packages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		switch err := dec.Decode(&p); {
		case errors.Is(err, io.EOF):
			return all
		case err != nil:
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func room(name string) string {
	first, _, _ := strings.Cut(name, "/")
	return first
}

// TestArrows: main → ui → diff → model, main → registry → model.
func TestArrows(t *testing.T) {
	for _, p := range packages(t) {
		allowed, known := rooms[room(p.name())]
		if !known {
			t.Errorf("%s is in no room of the house: add it to rooms with what it may import", p.ImportPath)
		}
		for _, path := range p.Imports {
			name, own := strings.CutPrefix(path, module+"/")
			if !own {
				continue
			}
			if !slices.Contains(allowed, room(name)) {
				t.Errorf("%s imports %s; it may import %v", p.ImportPath, path, allowed)
			}
			if within("ui/uitest", name) && !within("ui/uitest", p.name()) {
				t.Errorf("%s imports %s, which is for tests", p.ImportPath, path)
			}
		}
	}
}

// TestKeeps: each thing of the outer world has one keeper.
func TestKeeps(t *testing.T) {
	for _, p := range packages(t) {
		for _, path := range p.Imports {
			for _, k := range keeps {
				kept := path == k.what || strings.HasSuffix(k.what, "/") && strings.HasPrefix(path, k.what)
				may := slices.ContainsFunc(k.only, func(only string) bool { return within(only, p.name()) })
				if kept && !may {
					t.Errorf("%s imports %s: %s", p.ImportPath, path, k.why)
				}
			}
		}
		for _, path := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			if better, bad := never[path]; bad {
				t.Errorf("%s imports %s: use %s", p.ImportPath, path, better)
			}
		}
	}
}

// within reports whether name is the folder or below it. The top level is
// only itself.
func within(folder, name string) bool {
	return name == folder || folder != "" && strings.HasPrefix(name, folder+"/")
}

// TestReleaseSetsVersion: the linker ignores variables that are not there, so
// a release would not know its own version and nobody would see why.
func TestReleaseSetsVersion(t *testing.T) {
	if _, err := os.Stat("main.go"); err != nil {
		t.Skip("no main.go")
	}
	release, err := os.ReadFile(".goreleaser.yaml")
	if err != nil {
		t.Fatal(err)
	}
	set := regexp.MustCompile(`-X main\.(\w+)=`).FindAllStringSubmatch(string(release), -1)
	if len(set) == 0 {
		t.Error("the release sets no variable")
	}
	variables := mainVariables(t)
	for _, match := range set {
		if !slices.Contains(variables, match[1]) {
			t.Errorf("no variable %s for the release to set among %v", match[1], variables)
		}
	}
}

// mainVariables are the variables at the top of the main package.
func mainVariables(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for name, object := range file.Scope.Objects {
			if object.Kind == ast.Var {
				names = append(names, name)
			}
		}
	}
	return names
}

// TestGoroutinesCatchPanics: one that does not would leave the terminal raw, on
// the screen of a program that is gone.
func TestGoroutinesCatchPanics(t *testing.T) {
	err := filepath.WalkDir(".", func(path string, entry os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (path == "ui/uitest" || path != "." && strings.HasPrefix(entry.Name(), ".")):
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if work, starts := goroutine(n); starts && !catches(work) {
				t.Errorf("%s: begin what the goroutine does with defer panics.Catch()", files.Position(n.Pos()))
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// goroutine is what runs in one of its own: go work, or group.Go(work).
func goroutine(n ast.Node) (work ast.Expr, starts bool) {
	switch n := n.(type) {
	case *ast.GoStmt:
		return n.Call.Fun, true
	case *ast.CallExpr:
		if method, ok := n.Fun.(*ast.SelectorExpr); ok && method.Sel.Name == "Go" && len(n.Args) == 1 {
			return n.Args[0], true
		}
	}
	return nil, false
}

func catches(work ast.Expr) bool {
	literal, ok := work.(*ast.FuncLit)
	if !ok || len(literal.Body.List) == 0 {
		return false
	}
	first, ok := literal.Body.List[0].(*ast.DeferStmt)
	if !ok {
		return false
	}
	name, ok := first.Call.Fun.(*ast.SelectorExpr)
	return ok && name.Sel.Name == "Catch"
}
