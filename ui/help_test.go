package ui

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/uitest"
)

// TestMarksDoc checks the legend in docs/terminals.md.
func TestMarksDoc(t *testing.T) {
	const path = "../docs/terminals.md"
	const begin, end = "<!-- begin of the table that go test ./ui -run TestMarksDoc -update writes -->\n", "<!-- end of the table -->\n"
	doc, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(doc), begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has no place for the table", path)
	}
	table := "| mark | ASCII | meaning |\n|---|---|---|\n"
	plain := marks(look.ASCII())
	for i, m := range marks(look.Unicode()) {
		table += fmt.Sprintf("| `%s` | `%s` | %s |\n", m.mark, plain[i].mark, m.means)
	}
	uitest.GoldenFile(t, path, []byte(before+begin+"\n"+table+"\n"+end+after))
}

// TestMarks_apart checks that two marks are never written alike, and that no two that stand side by side read as
// another sign.
func TestMarks_apart(t *testing.T) {
	for _, g := range []look.Glyphs{look.Unicode(), look.ASCII()} {
		seen := map[string]string{}
		for _, m := range marks(g) {
			mark := m.mark.String()
			if other, ok := seen[mark]; ok && !strings.HasPrefix(m.means.String(), "before") && !strings.HasPrefix(m.means.String(), "next") {
				t.Errorf("%s: %s, and %s", mark, other, m.means)
			}
			seen[mark] = m.means.String()
			for _, cursor := range []string{g.Cursor.String(), g.Evidence.String(), g.EvidenceHere.String()} {
				for _, operator := range []string{">=", "<=", "!=", "==", ":=", "->", "=>", "<-", "=~", "!~", "~=", "&="} {
					if strings.HasPrefix(cursor+mark, operator) {
						t.Errorf("the cursor before a row reads as %s", operator)
					}
				}
			}
		}
	}
}
