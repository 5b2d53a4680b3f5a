package compare

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dustin/go-humanize"

	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/ui/uitest"
)

// TestLimits_doc checks the limits of the screen in docs/limits.md. The table before them is that of a test of
// package registry, the one behind them that of a test of package report.
func TestLimits_doc(t *testing.T) {
	const heading, reports = "\n## On the screen\n", "\n## In a report\n"
	var b strings.Builder
	b.WriteString("\n| what | limit | beyond the limit |\n|---|---|---|\n")
	for _, row := range []struct{ of, is, beyond string }{
		{"the layers of one pair that are read without asking", fmt.Sprintf("%d MiB", unasked>>20), "they are read on a key, and the cost is said before"},
		{"a text that is shown", fmt.Sprintf("%d MiB, %s lines", maxTextBytes>>20, humanize.Comma(maxTextLines)),
			"its lines are not shown, only what is known of the file"},
		{"a file whose content is read to say what it is", fmt.Sprintf("%d MiB", inside.MaxProgram>>20), "its content is not shown"},
	} {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", row.of, row.is, row.beyond)
	}
	path := filepath.Join("..", "..", "docs", "limits.md")
	doc, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(doc), heading)
	_, behind, _ := strings.Cut(rest, reports)
	uitest.GoldenFile(t, path, []byte(before+heading+b.String()+reports+behind))
}
