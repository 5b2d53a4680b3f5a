package e2e

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDependenciesDoc: docs/dependencies.md lists exactly the direct dependencies, and only
// tests import those that it lists for tests.
func TestDependenciesDoc(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("docs", "dependencies.md"))
	if err != nil {
		t.Fatal(err)
	}
	program, tests, _ := strings.Cut(string(raw), "| module | in tests for |")
	row := regexp.MustCompile(`(?m)^\| ([a-z0-9.-]+/[a-z0-9./-]+) \| .+ \|$`)
	var forProgram, forTests []string
	for _, m := range row.FindAllStringSubmatch(program, -1) {
		forProgram = append(forProgram, m[1])
	}
	for _, m := range row.FindAllStringSubmatch(tests, -1) {
		forTests = append(forTests, m[1])
	}
	required := directModules(t)
	documented := slices.Sorted(slices.Values(slices.Concat(forProgram, forTests)))
	if !slices.Equal(documented, required) {
		t.Errorf("docs/dependencies.md has\n%q, go.mod requires\n%q", documented, required)
	}
	for _, p := range packages(t) {
		if matches("ui/uitest/...", p.name()) {
			continue
		}
		for _, path := range p.Imports {
			for _, m := range forTests {
				// A library may import it, but not this module.
				if path == m || strings.HasPrefix(path, m+"/") {
					t.Errorf("%s imports %s, which docs/dependencies.md lists for tests", p.ImportPath, path)
				}
			}
		}
	}
}

func directModules(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("go", "mod", "edit", "-json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	var direct []string
	for _, r := range mod.Require {
		if !r.Indirect {
			direct = append(direct, r.Path)
		}
	}
	slices.Sort(direct)
	return direct
}

// TestSecurityDoc: the tests that SECURITY.md names exist.
func TestSecurityDoc(t *testing.T) {
	raw, err := os.ReadFile("SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`\b(Test|Fuzz)[A-Z]\w+`).FindAllString(string(raw), -1)
	if len(named) < 10 {
		t.Fatalf("it names %d tests", len(named))
	}
	have := testNames(t)
	for _, name := range named {
		if !slices.Contains(have, name) {
			t.Errorf("there is no %s", name)
		}
	}
}

// TestDocsLinks checks that every relative link of a page leads to a file, and that
// docs/README.md has a line for each page of docs.
func TestDocsLinks(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join("docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(`\]\(([^):#]+)\)`)
	indexed := []string{filepath.Join("docs", "README.md")}
	for _, page := range slices.Concat(pages, []string{"README.md", "SECURITY.md"}) {
		raw, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(raw), -1) {
			target := filepath.Join(filepath.Dir(page), m[1])
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s, which does not exist", page, target)
			}
			if page == indexed[0] {
				indexed = append(indexed, target)
			}
		}
	}
	for _, page := range pages {
		if !slices.Contains(indexed, page) {
			t.Errorf("docs/README.md has no line for %s", page)
		}
	}
}

// testNames returns the functions of all test files.
func testNames(t *testing.T) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != "." {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
				names = append(names, f.Name.Name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
