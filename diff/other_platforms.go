package diff

import (
	"regexp"
	"slices"

	"github.com/tagdiff/tagdiff/model/safe"
)

// PlatformGroup is a group of findings of several platforms. Its values are those of the
// first.
type PlatformGroup struct {
	Group
	Pairs []int // indexes in Comparison.Pairs
}

// platformValues matches what differs between platforms though the finding is the same:
// digests and sizes.
var platformValues = regexp.MustCompile(`\b[0-9a-f]{12,64}\b|\b\d+(?:\.\d+)? (?:B|kB|MB|GB)\b`)

// Essence is the text of a finding without the values that differ between platforms though
// the finding is the same.
func (f Finding) Essence() string { return platformValues.ReplaceAllString(f.Text.String(), "") }

// OtherPlatforms returns the warnings and stops of the pairs beside one that are not
// findings of this one, too. Consequences count as findings of their pair.
func (c Comparison) OtherPlatforms(pair int) []PlatformGroup {
	type key struct{ id, essence string }
	keyOf := func(f Finding) key { return key{f.ID, f.Essence()} }
	known := map[key]bool{}
	for _, f := range slices.Concat(c.Findings, c.Pairs[pair].Findings) {
		known[keyOf(f)] = true
	}
	at := map[key]int{}
	var out []PlatformGroup
	for i, p := range c.Pairs {
		for _, g := range GroupByCause(slices.Concat(p.Findings, c.Findings)) {
			k := keyOf(g.Finding)
			if i == pair || known[k] || g.Severity < 2 {
				continue
			}
			if n, seen := at[k]; seen {
				out[n].Pairs = append(out[n].Pairs, i)
				continue
			}
			g.Consequences = slices.DeleteFunc(g.Consequences, func(f Finding) bool { return known[keyOf(f)] })
			at[k] = len(out)
			out = append(out, PlatformGroup{g, []int{i}})
		}
	}
	return out
}

// OtherLabel returns the platform that B states for an image that is the same on both
// sides and stands under another label in A.
func (p Pair) OtherLabel() (label safe.Text, ok bool) {
	if len(Comparison{Pairs: []Pair{p}}.relabelled()) == 0 {
		return safe.Text{}, false
	}
	return safe.Clean(nameOf(*p.B)), true
}
