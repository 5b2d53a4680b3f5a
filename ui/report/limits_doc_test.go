package report

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagdiff/tagdiff/diff/programs"
)

// TestLimits_doc checks that docs/limits.md ends with the limits of reports. The tables before them are those of
// tests of the packages registry and compare.
func TestLimits_doc(t *testing.T) {
	const heading = "\n## In a report\n"
	var b strings.Builder
	b.WriteString("\n| what | limit | beyond the limit |\n|---|---|---|\n")
	for _, row := range []struct{ of, is, beyond string }{
		{"the small layers that are read where a finding doubts the platform of an image", fmt.Sprintf("%d MiB", suspectRead>>20),
			"they are not read whole, and the programs in them are not known"},
		{"rounds of reading for the programs of an image, each of which decides where to look next", fmt.Sprint(mostProgramRounds),
			"what was read by then counts"},
		{"interpreters of a script that are scripts, as on Linux", fmt.Sprint(programs.MaxInterpreters), "`--expect` does not decide"},
		{"programs that `env` and loaders start, one after the other", fmt.Sprint(programs.MaxStarts), "`--expect` does not decide"},
		{"rounds of reading for the package databases that one side lacks", fmt.Sprint(packageRounds),
			"the packages are not known, and that is said"},
	} {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", row.of, row.is, row.beyond)
	}
	path := filepath.Join("..", "..", "docs", "limits.md")
	doc, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := strings.Cut(string(doc), heading)
	want := before + heading + b.String()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(string(doc), want); d != "" {
		t.Errorf("%s does not match the program; go test ./ui/report -run TestLimits_doc -update writes it\n%s", path, d)
	}
}
