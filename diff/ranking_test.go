package diff

import (
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/model/safe"
)

func TestRank(t *testing.T) {
	of := func(id string, severity int) Group { return Group{Finding: Finding{ID: id, Severity: severity}} }
	common, shared := of("E4", 3), of("D19", 2)
	common.Common, shared.Common = true, true
	grave := of("C6", 0)
	grave.Consequences = []Finding{{ID: "C7", Severity: 2}}
	for name, tt := range map[string]struct {
		groups             []Group
		differences, facts string
	}{
		"the most severe first":         {[]Group{of("D3", 1), of("C4", 3), of("A4", 0)}, "C4 D3 A4", ""},
		"sameness before notes":         {[]Group{of("D3", 1), of("E5", 1), of("A4", 0)}, "A4 D3 E5", ""},
		"calm facts last":               {[]Group{of("C6", 0), of("C2", 0), of("D3", 1)}, "D3", "C2 C6"},
		"what both share":               {[]Group{shared, of("D3", 1)}, "D3", "D19"},
		"a stop of both comes first":    {[]Group{of("A5", 0), of("E2", 2), common, of("C4", 3)}, "C4 E4 E2 A5", ""},
		"a severe consequence counts":   {[]Group{grave, of("C2", 0)}, "C6", "C2"},
		"a warning stays before a note": {[]Group{of("A3", 1), of("E2", 2)}, "E2 A3", ""},
		"nothing":                       {nil, "", ""},
	} {
		differences, facts := Rank(tt.groups)
		if got := ids(differences); got != tt.differences {
			t.Errorf("%s: differences %s, want %s", name, got, tt.differences)
		}
		if got := ids(facts); got != tt.facts {
			t.Errorf("%s: facts %s, want %s", name, got, tt.facts)
		}
	}
}

func ids(groups []Group) string {
	var out []string
	for _, g := range groups {
		out = append(out, g.ID)
	}
	return strings.Join(out, " ")
}

func TestInsecure(t *testing.T) {
	for in, want := range map[string]string{
		"crane tag a/b:c d":                            "crane --insecure tag a/b:c d",
		"diff <(crane manifest a) <(crane manifest b)": "diff <(crane --insecure manifest a) <(crane --insecure manifest b)",
		"crane blob a | gunzip; crane blob b":          "crane --insecure blob a | gunzip; crane --insecure blob b",
		"docker pull a/crane b":                        "docker pull a/crane b",
		"crane --insecure ls a":                        "crane --insecure ls a",
		"tagdiff a@b :c":                               "tagdiff --plain-http a@b :c",
		"tagdiff --plain-http a@b :c":                  "tagdiff --plain-http a@b :c",
		"":                                             "",
	} {
		if got := Insecure(safe.Clean(in)).String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
