package diff

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// brokenEnglish finds what a sentence that is put together from parts can get wrong, and
// words that readers stumble over.
var brokenEnglish = regexp.MustCompile(strings.Join([]string{
	`then no instruction`, `such platform`, `\b1 (?:layer|step|platform|instruction|tag|image|file|value|label|package|blob|variable|release|change|attestation)s\b`,
	`(?i)\b(?:all|both) [012]\b`, `compressed again`, `no date says`, `  `, ` [,;](?: |$)`, `\.\.`, `,,`, `\(\)`, `%!`, `<nil>`,
	`(?i)\bwho\b`, `(?i)\bnobody\b`, `(?i)\bis no\b`, `(?i)\bis told\b`, `(?i)\banew\b`, `(?i)\bat hand\b`, `(?i)\bof its own\b`,
	`\bown 1\b`, `\bof the 1\b`, `\ba an?\b`, `\bthe the\b`,
}, "|"))

// hexDigits are digests: the golden file does not need them.
var hexDigits = regexp.MustCompile(`\b[0-9a-f]{12,64}\b`)

// sentenceCases are comparisons that put the sentences of verdicts together from 0, 1, 2
// and many parts.
func sentenceCases(t *testing.T) map[string]Comparison {
	t.Helper()
	stack := func(prefix string, same, differ int) build {
		var b build
		for i := range same {
			b.steps = append(b.steps, does(fmt.Sprintf("RUN same %d", i), files(fmt.Sprint("same ", i))))
		}
		for i := range differ {
			b.steps = append(b.steps, does(fmt.Sprintf("RUN step %d", i), files(fmt.Sprint(prefix, i))))
		}
		return b
	}
	cases := map[string]Comparison{}
	for _, n := range []int{0, 1, 2, 7} {
		for _, k := range []int{0, 1, 2, 7} {
			for _, more := range []int{0, 1, 3} {
				b := stack("b", n, k)
				for i := range more {
					b.steps = append(b.steps, does(fmt.Sprintf("RUN more %d", i), files(fmt.Sprint("more ", i))))
				}
				cases[fmt.Sprintf("%d layers the same, %d others, %d more", n, k, more)] = pairOf(t, stack("a", n, k), b)
			}
		}
		set := stack("a", n, 0)
		for i := range n {
			set.steps = append(set.steps, sets(fmt.Sprintf("ENV A%d=1", i)))
		}
		cases[fmt.Sprintf("%d settings more", n)] = pairOf(t, stack("a", max(n, 1), 0), set)
		again := stack("a", n, 0)
		for i := range again.steps {
			packed := again.steps[i].layer.packed("again")
			again.steps[i].layer = &packed
		}
		cases[fmt.Sprintf("%d layers packed again", n)] = pairOf(t, stack("a", n, 0), again)
		cases[fmt.Sprintf("%d layers, other settings", n)] = pairOf(t, stack("a", n, 0), configured(stack("a", n, 0), map[string]any{"User": "app", "WorkingDir": "/app", "Env": manyOf("A", n)}))
		cases[fmt.Sprintf("%d packages of Nix", n)] = pairOf(t, nixImage(manyOf("a-1.", n)...), nixImage(manyOf("a-2.", n)...))
		if n > 0 {
			cases[fmt.Sprintf("%d platforms", n)] = Compare(indexOfArchs(t, "a", n, ""), indexOfArchs(t, "b", n, "other"))
			cases[fmt.Sprintf("%d platforms, one differs", n)] = Compare(indexOfArchs(t, "a", n, ""), indexOfArchs(t, "b", n, "other s390x"))
			cases[fmt.Sprintf("%d platforms, one missing", n)] = Compare(indexOfArchs(t, "a", n, ""), indexOfArchs(t, "b", n-1, ""))
			cases[fmt.Sprintf("%d images without a platform, one missing", n)] = Compare(unlabelled(t, "a", n), unlabelled(t, "b", n-1))
			cases[fmt.Sprintf("%d platforms and an image", n)] = Compare(indexOfArchs(t, "a", n, ""), single("b", forArch(archs[0]).image(t)))
		}
	}
	twice := pairOf(t, stack("a", 1, 1), stack("b", 1, 1))
	b := *twice.B
	b.Ref.Tag = twice.A.Ref.Tag
	for name, ref := range map[string]model.Ref{
		"one tag, two hosts":        {Registry: "two.example", Repository: b.Ref.Repository, Tag: b.Ref.Tag},
		"one tag, two repositories": {Registry: b.Ref.Registry, Repository: "team/other", Tag: b.Ref.Tag},
		"by digest":                 {Registry: b.Ref.Registry, Repository: b.Ref.Repository, Digest: b.Top.Digest},
	} {
		b.Ref = ref
		cases[name] = Compare(*twice.A, b)
	}
	return cases
}

var archs = []string{"amd64", "arm64", "s390x", "ppc64le", "riscv64", "386", "loong64"}

// indexOfArchs is an index of the first n architectures. other makes the content of those that
// it names differ, or of all.
func indexOfArchs(t *testing.T, tag string, n int, other string) model.Artifact {
	t.Helper()
	var entries []model.Entry
	for _, arch := range archs[:n] {
		content := arch
		if other == "other" || strings.Contains(other, arch) {
			content += other
		}
		entries = append(entries, entry(forArch(arch, does("RUN make", files(content))).image(t)))
	}
	return index(t, tag, entries...)
}

// unlabelled is an index of n images without a platform, which the registry does not have.
func unlabelled(t *testing.T, tag string, n int) model.Artifact {
	t.Helper()
	a := indexOfArchs(t, tag, n, "")
	return index(t, tag, mappedTo(a.Entries, func(e model.Entry) model.Entry { return nameless(gone(e, true)) })...)
}

func manyOf(prefix string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprint(prefix, i)
	}
	return all
}

func configured(b build, config map[string]any) build { b.config = config; return b }

// TestSentences keeps every sentence of the verdicts and findings in a file that is read as
// a whole, and looks for broken English.
func TestSentences(t *testing.T) {
	seen := map[string]bool{}
	note := func(where, kind string, text safe.Text) {
		if text.IsEmpty() {
			return
		}
		line := kind + "  " + hexDigits.ReplaceAllString(text.String(), "HEX")
		if found := brokenEnglish.FindString(text.String()); found != "" && !seen[line] {
			t.Errorf("%s: %q in: %s", where, found, line)
		}
		seen[line] = true
	}
	noteAll := func(where string, c Comparison) {
		verdicts, findings := []Verdict{c.Verdict}, c.Findings
		for _, p := range c.Pairs {
			verdicts, findings = append(verdicts, p.Verdict), append(findings, p.Findings...)
		}
		for _, v := range verdicts {
			note(where, "verdict", v.Headline)
			note(where, "because", v.Because)
		}
		for _, f := range findings {
			note(where, f.ID, f.Text)
			note(where, f.ID+" lead", f.Lead)
			note(where, f.ID+" next", f.Next)
		}
	}
	for _, tt := range allRuleCases(t) {
		noteAll(tt.id+" "+tt.name, tt.c)
	}
	for name, c := range sentenceCases(t) {
		noteAll(name, c)
	}
	lines := make([]string, 0, len(seen))
	for line := range seen {
		lines = append(lines, line)
	}
	slices.Sort(lines)
	got := strings.Join(lines, "\n") + "\n"
	path := filepath.Join("..", "testdata", "sentences.golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("testdata/sentences.golden is outdated; read it whole after go test ./diff -run TestSentences -update\n%s", d)
	}
}
