package diff

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

func TestTrustOf(t *testing.T) {
	for _, tt := range []struct {
		rests []Ground
		want  Trust
	}{
		{nil, Suggested},
		{on(Hashed), Proved},
		{on(Hashed, Claimed), Inferred},
		{on(Structure, Hashed), Inferred},
		{on(Claimed, Heuristic), Suggested},
	} {
		if got := trustOf(tt.rests); got != tt.want {
			t.Errorf("%v gives %s, want %s", tt.rests, got, tt.want)
		}
	}
}

// TestTrust_computed walks the source: no rule and no rung states its trust, so that
// nothing is proved but by evidence that is.
func TestTrust_computed(t *testing.T) {
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") || path == "trust.go" {
			continue
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			literal, ok := n.(*ast.CompositeLit)
			name, isName := ast.Expr(nil), false
			if ok {
				name, isName = literal.Type, true
			}
			if id, _ := name.(*ast.Ident); isName && id != nil && (id.Name == "Verdict" || id.Name == "Finding") {
				for _, e := range literal.Elts {
					if kv, ok := e.(*ast.KeyValueExpr); ok && kv.Key.(*ast.Ident).Name == "Trust" {
						t.Errorf("%s: state what it rests on, not the trust", files.Position(kv.Pos()))
					}
				}
			}
			return true
		})
	}
}

// TestTrust_provedFindings checks, over all cases of the rules, that a finding is proved
// only if it points at bytes: a digest, or a proof with one.
func TestTrust_provedFindings(t *testing.T) {
	for _, tt := range allRuleCases(t) {
		all := tt.c.Findings
		for _, p := range tt.c.Pairs {
			all = append(all, p.Findings...)
		}
		for _, f := range all {
			if f.Trust != trustOf(f.Rests) {
				t.Errorf("%s: %s has trust %q, its evidence gives %q", tt.name, f.ID, f.Trust, trustOf(f.Rests))
			}
			digest := false
			for _, e := range f.Evidence {
				digest = digest || e.Digest != ""
			}
			if f.Trust == Proved && !digest && len(f.Proof) == 0 {
				t.Errorf("%s: %s is proved by nothing", tt.name, f.ID)
			}
		}
	}
}

// TestFilesGrounds checks when equal files are proved: one blob, or two that were read.
func TestFilesGrounds(t *testing.T) {
	img, again := app().image(t), packedAgainAt(app(), 2).image(t)
	same := func() Comparison { return Compare(single("a", img), single("b", again)) }
	if got := same().Verdict.Trust; got != Inferred {
		t.Errorf("two blobs that were not read: %s", got)
	}
	img.Steps[2].Checked, again.Steps[2].Checked = true, true
	if got := same().Verdict.Trust; got != Proved {
		t.Errorf("two blobs that were read: %s", got)
	}
}
