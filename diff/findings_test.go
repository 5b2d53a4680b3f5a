package diff

import (
	"fmt"
	"testing"

	"github.com/tagdiff/tagdiff/model/safe"
)

func TestOtherPlatforms(t *testing.T) {
	f := func(id string, severity int, text string) Finding {
		return Finding{ID: id, Severity: severity, Text: safe.Clean(text)}
	}
	stop, repacked, ids := f("C3", 3, "label"), f("A3", 2, "packed again"), f("B2", 2, "ids")
	for name, tt := range map[string]struct {
		here, there, third, whole []Finding
		want                      string
	}{
		"a stop elsewhere":       {there: []Finding{stop}, want: "C3[] on [1]; "},
		"on several platforms":   {there: []Finding{stop}, third: []Finding{stop}, want: "C3[] on [1 2]; "},
		"here, too":              {here: []Finding{stop}, there: []Finding{stop}},
		"other digest and size":  {here: []Finding{f("G1", 2, "was 0123456789ab (3 MB)")}, there: []Finding{f("G1", 2, "was ba9876543210 (4 MB)")}},
		"another value":          {here: []Finding{f("E3", 2, "A 1 → 2")}, there: []Finding{f("E3", 2, "A 1 → 3")}, want: "E3[] on [1]; "},
		"a note":                 {there: []Finding{f("D3", 1, "twice")}},
		"of the whole":           {whole: []Finding{stop}},
		"a consequence there":    {there: []Finding{repacked, ids}, want: "A3[B2] on [1]; "},
		"its consequence here":   {here: []Finding{ids}, there: []Finding{repacked, ids}, want: "A3[] on [1]; "},
		"a cause that is here":   {here: []Finding{repacked}, there: []Finding{repacked, ids}},
		"nothing":                {},
		"on the third, not here": {here: []Finding{repacked}, third: []Finding{stop}, want: "C3[] on [2]; "},
	} {
		c := Comparison{Findings: tt.whole, Pairs: []Pair{{Findings: tt.here}, {Findings: tt.there}, {Findings: tt.third}}}
		got := ""
		for _, g := range c.OtherPlatforms(0) {
			ids := ""
			for _, f := range g.Consequences {
				ids += f.ID
			}
			got += fmt.Sprintf("%s[%s] on %v; ", g.ID, ids, g.Pairs)
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
