package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/ui/uitest"
)

// This file checks the layout of the checkout: the imports of each package, imports
// that are restricted, and the files at the top. golangci-lint checks the imports too:
// TestDepguard writes its rules in .golangci.yml from the tables here.

const module = "github.com/tagdiff/tagdiff"

// layout lists every package with the packages of this module that its code may import.
// Tests may import more. "model/..." is model and everything below it. Imports go one
// way: main → ui/command → ui → {tags → compare → {save → widget → page, report}} → look → diff → model,
// and ui/command → registry → {transport → credentials → inflight, diskcache} → model.
var layout = []struct {
	name    string
	imports []string
}{
	{"", []string{"ui/command"}},
	{"ui/command", []string{"ui", "ui/config", "ui/crash", "ui/garbage", "ui/journal", "ui/look", "ui/page", "ui/places", "ui/report", "ui/watch", "registry", "registry/demo", "diff", "model/..."}},
	{"ui", []string{"ui/compare", "ui/crash", "ui/look", "ui/page", "ui/tags", "ui/widget", "diff/...", "model/..."}},
	{"ui/tags", []string{"ui/compare", "ui/look", "ui/page", "ui/widget", "diff/...", "model/..."}},
	{"ui/compare", []string{"ui/look", "ui/page", "ui/report", "ui/save", "ui/widget", "diff/...", "model/..."}},
	{"ui/widget", []string{"ui/look", "ui/page", "diff/...", "model/..."}},
	{"ui/page", []string{"ui/look", "diff/...", "model/..."}},
	{"ui/config", []string{"ui/page", "model/..."}},
	{"ui/crash", []string{"model/..."}},
	{"ui/garbage", nil},
	{"ui/journal", []string{"model/..."}},
	{"ui/look", []string{"diff/...", "model/..."}},
	{"ui/places", []string{"model/..."}},
	{"ui/report", []string{"ui/look", "diff/...", "model/..."}},
	{"ui/save", []string{"ui/look", "ui/page", "ui/widget", "model/..."}},
	{"ui/watch", []string{"model/..."}},
	{"ui/e2e", nil},
	{"ui/e2e/layers", nil},
	{"ui/uitest", nil},
	{"ui/uitest/driver", []string{"ui/uitest"}},
	{"ui/uitest/fakereg", []string{"model/..."}},
	{"ui/uitest/internal/fake", nil},
	{"ui/uitest/internal/faulty", []string{"ui/crash", "model/..."}},
	{"registry", []string{"registry/credentials", "registry/diskcache", "registry/inflight", "registry/transport", "model/..."}},
	{"registry/credentials", []string{"registry/inflight", "model/..."}},
	{"registry/demo", []string{"registry/demo/layout", "model/..."}},
	{"registry/demo/generate", []string{"registry/demo/layout", "model/..."}},
	{"registry/demo/layout", nil},
	{"registry/diskcache", []string{"model/..."}},
	{"registry/inflight", []string{"model/panics"}},
	{"registry/internal/registrytest", []string{"model"}},
	{"registry/transport", []string{"registry/credentials", "registry/inflight", "model/..."}},
	{"diff", []string{"diff/dockerfile", "diff/filediff", "diff/jsondoc", "diff/packagediff", "diff/programs", "diff/text", "diff/version", "model/..."}},
	{"diff/dockerfile", []string{"diff/text", "model/..."}},
	{"diff/filediff", []string{"diff/text", "model/..."}},
	{"diff/jsondoc", nil},
	{"diff/packagediff", []string{"model/..."}},
	{"diff/programs", []string{"model/..."}},
	{"diff/text", []string{"model/..."}},
	{"diff/version", []string{"model/..."}},
	{"model", []string{"model/files", "model/inside", "model/instruction", "model/packages", "model/panics", "model/program", "model/safe"}},
	{"model/accounts", nil},
	{"model/files", nil},
	{"model/inside", []string{"model/accounts", "model/inside/chunks", "model/packages", "model/privatekey", "model/program"}},
	{"model/inside/chunks", nil},
	{"model/inside/insidetest", nil},
	{"model/instruction", nil},
	{"model/packages", []string{"model/packages/rpmdb"}},
	{"model/packages/packagestest", nil},
	{"model/packages/rpmdb", nil},
	{"model/packages/versions", []string{"model/packages"}},
	{"model/panics", nil},
	{"model/privatekey", nil},
	{"model/program", nil},
	{"model/program/programtest", nil},
	{"model/safe", nil},
}

// restricted lists imports that only some packages may have. Tests may have them. A
// pattern that ends in a slash matches every import path below it. "" is package main.
var restricted = []struct {
	name, pattern, reason string
	only                  []string
}{
	{"regclient", "github.com/regclient/", "registry wraps it with limits and checks", []string{"registry/..."}},
	{"go-containerregistry", "github.com/google/go-containerregistry/", "it is for tests", nil},
	{"net", "net", "only registry uses the network; model parses addresses", []string{"registry/...", "model/..."}},
	{"http", "net/http", "only registry uses the network", []string{"registry/..."}},
	{"http-below", "net/http/", "only registry uses the network", []string{"registry/..."}},
	{"charm", "charm.land/", "only ui uses the terminal", []string{"ui/..."}},
	{"charmbracelet", "github.com/charmbracelet/", "only ui uses the terminal", []string{"ui/..."}},
	{"ultraviolet", "github.com/charmbracelet/ultraviolet", "its API is unstable", []string{"ui/uitest/..."}},
	{"vt", "github.com/charmbracelet/x/vt", "it is for tests", []string{"ui/uitest/..."}},
	{"pty", "github.com/creack/pty", "it is for tests", []string{"ui/uitest/..."}},
	{"testing", "testing", "it is for tests", []string{"ui/uitest/...", "registry/internal/registrytest", "model/packages/packagestest"}},
	{"uitest", module + "/ui/uitest", "it is for tests", []string{"ui/uitest/..."}},
	{"registrytest", module + "/registry/internal/registrytest", "it is for tests", nil},
	{"packagestest", module + "/model/packages/packagestest", "it is for tests", nil},
	{"insidetest", module + "/model/inside/insidetest", "it is for tests", nil},
	{"os", "os", "diff and the values of model do no I/O", []string{"ui/...", "registry/...", "model/files", "model/packages/packagestest", ""}},
	{"exec", "os/exec", "diff and model run no programs", []string{"ui/...", "registry/...", "model/packages/packagestest"}},
}

// replaced maps import paths to those that replace them, also in tests.
var replaced = map[string]string{
	"github.com/charmbracelet/bubbletea": "charm.land/bubbletea/v2",
	"github.com/charmbracelet/lipgloss":  "charm.land/lipgloss/v2",
	"github.com/charmbracelet/bubbles":   "charm.land/bubbles/v2",
}

// atTop lists the files at the top of the checkout, besides dot files and ignored files.
var atTop = []string{
	"LICENSE", "README.md", "SECURITY.md", "diff", "docs", "go.mod", "go.sum", "main.go", "model", "registry", "testdata", "ui",
}

// maxFlatFiles is the maximum number of files of a package, without tests and without
// the rules of diff: with more, a reader does not find a file by its name.
const maxFlatFiles = 25

type pkg struct {
	ImportPath                                  string
	GoFiles, Imports, TestImports, XTestImports []string
}

// name returns the path of the package below the module.
func (p pkg) name() string { return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/") }

func packages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,GoFiles,Imports,TestImports,XTestImports", "./...").Output()
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

// matches reports whether name is pattern, or is below a pattern that ends in /...
func matches(pattern, name string) bool {
	folder, below := strings.CutSuffix(pattern, "/...")
	return name == folder || below && strings.HasPrefix(name, folder+"/")
}

func matchesAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, name) })
}

func TestLayout(t *testing.T) {
	allowed := map[string][]string{}
	for _, l := range layout {
		allowed[l.name] = l.imports
	}
	for _, p := range packages(t) {
		imports, known := allowed[p.name()]
		if !known {
			t.Errorf("%s is not in layout: add it with what it may import", p.ImportPath)
		}
		delete(allowed, p.name())
		for _, path := range p.Imports {
			if name, own := strings.CutPrefix(path, module+"/"); own && !matchesAny(imports, name) {
				t.Errorf("%s imports %s; it may import %v", p.ImportPath, path, imports)
			}
		}
		files := slices.DeleteFunc(p.GoFiles, func(name string) bool { return p.name() == "diff" && isInSystem(name) })
		if len(files) > maxFlatFiles {
			t.Errorf("%s has %d files, more than %d", p.ImportPath, len(files), maxFlatFiles)
		}
	}
	for name := range allowed {
		t.Errorf("layout has %s, which does not exist", name)
	}
}

// isInSystem reports whether the name of a file of diff is one of a system: the rules of
// the catalogue, the rungs of the ladder, the parts of the alignment.
func isInSystem(name string) bool {
	return slices.ContainsFunc([]string{"rules_", "ladder_", "align_"}, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

func TestRestrictedImports(t *testing.T) {
	for _, p := range packages(t) {
		for _, path := range p.Imports {
			for _, r := range restricted {
				found := path == r.pattern || strings.HasSuffix(r.pattern, "/") && strings.HasPrefix(path, r.pattern)
				if found && !matchesAny(r.only, p.name()) {
					t.Errorf("%s imports %s: %s", p.ImportPath, path, r.reason)
				}
			}
		}
		for _, path := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			if better, bad := replaced[path]; bad {
				t.Errorf("%s imports %s: use %s", p.ImportPath, path, better)
			}
		}
	}
}

func TestTopLevel(t *testing.T) {
	raw, err := os.ReadFile(".gitignore")
	if err != nil {
		t.Fatal(err)
	}
	ignored := strings.Fields(string(raw))
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		name := entry.Name()
		switch {
		case strings.HasPrefix(name, "."), slices.Contains(atTop, name):
		case slices.Contains(ignored, "/"+name), slices.Contains(ignored, "/"+name+"/"):
		default:
			t.Errorf("%s is at the top; allowed are %v", name, atTop)
		}
	}
}

// TestDepguard: the rules of the linter for imports match the tables.
func TestDepguard(t *testing.T) {
	const path, begin, end = ".golangci.yml", "      rules: # written from the tables of ui/e2e/architecture_test.go by go test ./ui/e2e -run TestDepguard -update\n", "    # end of depguard\n"
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(raw), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no place for the rules of depguard", path)
	}
	uitest.GoldenFile(t, path, []byte(before+begin+depguardRules()+end+after))
}

// depguardRules returns layout, restricted and replaced as rules of depguard.
func depguardRules() string {
	var b strings.Builder
	rule := func(name string, files []string, deny map[string]string, allow []string) {
		fmt.Fprintf(&b, "        %s:\n          list-mode: lax\n          files: %s\n", name, quotedList(files))
		if len(allow) > 0 {
			fmt.Fprintf(&b, "          allow: %s\n", quotedList(allow))
		}
		b.WriteString("          deny:\n")
		for _, path := range slices.Sorted(maps.Keys(deny)) {
			fmt.Fprintf(&b, "            - {pkg: %q, desc: %q}\n", path, deny[path])
		}
	}
	for _, l := range layout {
		name, files := strings.ReplaceAll(l.name, "/", "-"), "**/"+l.name+"/*.go"
		exclude := []string{}
		if l.name == "" {
			name, files = "main", "**/main.go"
			exclude = []string{"!**/ui/**/main.go"}
		}
		var allow []string
		for _, pattern := range l.imports {
			folder, below := strings.CutSuffix(pattern, "/...")
			allow = append(allow, module+"/"+folder+"$")
			if below {
				allow = append(allow, module+"/"+folder+"/")
			}
		}
		rule(name, append([]string{files, "!$test"}, exclude...), map[string]string{module: "not an import that layout allows"}, allow)
	}
	for _, r := range restricted {
		files := []string{"$all", "!$test"}
		for _, only := range r.only {
			folder, below := strings.CutSuffix(only, "/...")
			if folder == "" {
				files = append(files, "!**/main.go")
				continue
			}
			files = append(files, "!**/"+folder+"/*.go")
			if below {
				files = append(files, "!**/"+folder+"/**/*.go")
			}
		}
		pattern := r.pattern
		if !strings.HasSuffix(pattern, "/") {
			pattern += "$"
		}
		rule("only-"+r.name, files, map[string]string{pattern: r.reason}, nil)
	}
	deny := map[string]string{}
	for path, better := range replaced {
		deny[path+"$"] = "use " + better
	}
	rule("replaced", []string{"$all"}, deny, nil)
	return b.String()
}

func quotedList(items []string) string {
	quoted := make([]string, len(items))
	for i, item := range items {
		quoted[i] = strconv.Quote(item)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// TestReleaseSetsVersion: the variables that the release sets exist. The linker ignores
// unknown variables without an error, and the release would have no version.
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

// mainVariables returns the package variables of main.
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

// TestGoroutinesCatchPanics: each goroutine defers panics.Catch, as panics.Go does. Without
// it, a panic cannot restore the terminal.
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
			if work, starts := goroutineWork(n); starts && !catches(work) {
				t.Errorf("%s: start the goroutine with defer panics.Catch()", files.Position(n.Pos()))
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// goroutineWork returns what a goroutine runs: go work, or group.Go(work), but not
// panics.Go(work).
func goroutineWork(n ast.Node) (work ast.Expr, starts bool) {
	switch n := n.(type) {
	case *ast.GoStmt:
		return n.Call.Fun, true
	case *ast.CallExpr:
		if method, ok := n.Fun.(*ast.SelectorExpr); ok && method.Sel.Name == "Go" && len(n.Args) == 1 {
			receiver, isName := method.X.(*ast.Ident)
			return n.Args[0], !isName || receiver.Name != "panics"
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
	switch name := first.Call.Fun.(type) {
	case *ast.SelectorExpr:
		return name.Sel.Name == "Catch"
	case *ast.Ident: // in package panics
		return name.Name == "Catch"
	}
	return false
}
