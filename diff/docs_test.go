package diff

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/findings.md")

var groupNames = map[byte]string{
	'A': "Are these the same thing?", 'B': "The schema1 view", 'C': "Platforms", 'D': "Layers and history",
	'E': "Settings", 'F': "Tags and time", 'G': "Base, origin, trust",
}

// TestFindingsDoc checks that docs/findings.md is what the table of rules generates.
func TestFindingsDoc(t *testing.T) {
	path := filepath.Join("..", "docs", "findings.md")
	doc := findingsDoc()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(doc), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(have), doc); d != "" {
		t.Errorf("docs/findings.md is outdated; go test ./diff -run TestFindingsDoc -update writes it\n%s", d)
	}
}

func findingsDoc() string {
	var b strings.Builder
	all := Catalogue()
	names := map[string]string{}
	for _, r := range all {
		names[r.ID] = r.Name
	}
	fmt.Fprintf(&b, "# Findings\n\ntagdiff knows %d findings. Each has an id and a name, which do not change, its meaning, and its condition as a formula.\n"+
		"A and B are the two sides. layer is the digest of a blob, diff_id the hash of its unpacked content.\n"+
		"This file is generated from the table of rules.\n", len(all))
	group := byte(0)
	for _, r := range all {
		if r.ID[0] != group {
			group = r.ID[0]
			fmt.Fprintf(&b, "\n## %c. %s\n", group, groupNames[group])
		}
		fmt.Fprintf(&b, "\n**%s %s.** %s\n\n    %s\n", r.ID, r.Name, r.Means, r.Proof)
		var causes []string
		for _, id := range r.Causes {
			if names[id] != "" { // a cause may be a rule that does not exist yet
				causes = append(causes, id+" "+names[id])
			}
		}
		if len(causes) > 0 {
			fmt.Fprintf(&b, "\nIf one of these applies too, this finding is shown below it: %s.\n", strings.Join(causes, ", "))
		}
	}
	return b.String()
}
