package diff

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
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

// TestTrust_unreadFiles checks that no verdict on two equal configs is proved where layers
// with different digests were not read, and that it is where the layers are the same blobs.
func TestTrust_unreadFiles(t *testing.T) {
	plain := app(does("COPY app /app", files("app")))
	packed := app(does("COPY app /app", files("app").packed("zstd")))
	byDocker := plain
	byDocker.more = map[string]any{"docker_version": "24.0.5", "container": "abc"}
	spaced := func(b build) model.Image {
		manifest, config := b.raw(t)
		printed := append([]byte(" "), config...)
		other := strings.ReplaceAll(string(manifest), digest.FromBytes(config).String(), digest.FromBytes(printed).String())
		return parseImage(t, []byte(other), printed)
	}
	const claim = "That the files are the same is the claim of the configs"
	for name, tt := range map[string]struct {
		a, b  model.Image
		head  string
		trust Trust
		why   string
	}{
		"converted and packed again":      {byDocker.image(t), packed.image(t), "config converted", Inferred, claim},
		"converted":                       {byDocker.image(t), plain.image(t), "config converted", Proved, "OCI does not have"},
		"formatted and packed again":      {plain.image(t), spaced(packed), "config formatted differently", Inferred, claim},
		"formatted":                       {plain.image(t), spaced(plain), "config formatted differently", Proved, "rewrote the JSON"},
		"in schema1 and with other blobs": {schema1Of(t, plain), packed.image(t), "packed differently, one side in the schema1 format", Inferred, "not proved"},
		"in schema1":                      {schema1Of(t, plain), plain.image(t), "one side in the schema1 format of 2015", Proved, "hash of the config"},
	} {
		v := Compare(single("a", tt.a), single("b", tt.b)).Verdict
		if !strings.Contains(v.Headline.String(), tt.head) || v.Trust != tt.trust || !strings.Contains(v.Because.String(), tt.why) {
			t.Errorf("%s: %s (%s) because %s", name, v.Headline, v.Trust, v.Because)
		}
		if tt.trust == Proved && strings.Contains(v.Because.String(), "the claim of") {
			t.Errorf("%s: claimed: %s", name, v.Because)
		}
	}
}

// schema1Of is an image as a registry translates it to schema1.
func schema1Of(t *testing.T, b build) model.Image {
	t.Helper()
	view, err := model.ComputeSchema1(b.image(t))
	if err != nil {
		t.Fatal(err)
	}
	var layers, entries []map[string]any
	for _, row := range view.Rows {
		layers = append(layers, map[string]any{"blobSum": row.BlobSum})
		entry := map[string]any{"id": row.ID, "parent": row.Parent, "throwaway": row.Throwaway, "container_config": map[string]any{"Cmd": []string{row.Command}}}
		entries = append(entries, map[string]any{"v1Compatibility": string(mustJSON(t, entry))})
	}
	raw := mustJSON(t, map[string]any{"schemaVersion": 1, "name": "app", "tag": "a", "architecture": "amd64", "fsLayers": layers, "history": entries})
	return parseImage(t, raw, nil)
}

// TestTrust_emptyClaims has layers that the configs claim to be empty: a claim proves nothing, and a
// layer that is too large for an archive without files does not count as one.
func TestTrust_emptyClaims(t *testing.T) {
	withLayers := func(tag string, user string, sizes ...int64) model.Artifact {
		b := build{config: map[string]any{"User": user}, steps: []step{does("COPY a /", files("a"))}}
		var layers []v1.Descriptor
		for i, size := range append([]int64{1000}, sizes...) {
			if i > 0 {
				b.steps = append(b.steps, does("WORKDIR /", nothing))
			}
			layers = append(layers, v1.Descriptor{MediaType: v1.MediaTypeImageLayerGzip, Size: size, Digest: digest.FromString(fmt.Sprint(tag, i, size, i > 0))})
			if i == 0 {
				layers[0] = files("a").descriptor()
			}
		}
		b.extra = map[string]any{"layers": layers}
		return single(tag, b.image(t))
	}
	for name, tt := range map[string]struct {
		c     Comparison
		code  Code
		trust Trust
		empty bool // D2 is found
	}{
		"an empty layer, unread":  {Compare(withLayers("a", "", 200), withLayers("b", "x")), OtherRecord, Inferred, true},
		"one that is too large":   {Compare(withLayers("a", "", 100_000), withLayers("b", "x")), SameBase, Inferred, false},
		"too large on one side":   {Compare(withLayers("a", "", 100_000), withLayers("b", "", 200)), Repacked, Inferred, true},
		"too large on both sides": {Compare(withLayers("a", "", 100_000), withLayers("b", "", 100_000)), Repacked, Inferred, false},
	} {
		if v := tt.c.Verdict; v.Code != tt.code || v.Trust != tt.trust || (found(tt.c, "D2") != nil) != tt.empty {
			t.Errorf("%s: %s, %s %q because %q", name, v.Code, v.Trust, v.Headline, v.Because)
		}
		if f := found(tt.c, "D2"); f != nil && f.Trust == Proved {
			t.Errorf("%s: a claim is called proved: %s", name, f.Text)
		}
	}
	claimed := func(content string, d layer) model.Artifact { // a config with files and the blob of an empty layer
		b := build{steps: []step{does("COPY x /", files(content))}}
		b.extra = map[string]any{"layers": []v1.Descriptor{d.descriptor()}}
		return single("b", b.image(t))
	}
	c := Compare(single("a", build{steps: []step{does("COPY x /", files("x"))}}.image(t)), claimed("x", nothing))
	if v := c.Verdict; v.Trust == Proved {
		t.Errorf("a known empty blob that is claimed to have files: %s %q", v.Trust, v.Headline)
	}
	none := build{steps: []step{does("WORKDIR /", nothing)}}
	none.extra = map[string]any{"layers": []v1.Descriptor{{MediaType: v1.MediaTypeImageLayerGzip, Digest: digest.FromString("x"), Size: 300}}}
	if v := Compare(single("a", none.image(t)), single("b", configured(none, map[string]any{"User": "x"}).image(t))).Verdict; v.Code != NotComparable || v.Trust != Inferred {
		t.Errorf("no files, as both configs claim: %s %s %q", v.Code, v.Trust, v.Headline)
	}
}
