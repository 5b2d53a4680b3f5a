package report

import (
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model/safe"
)

// platformFinding is a finding of a report.
type platformFinding struct {
	diff.Finding
	where        safe.Text // its platforms; empty for the whole image and for those of its cause
	consequences []platformFinding
}

// mergeFindings returns all findings of a comparison in the order of the screens. A finding
// that several platforms share appears once.
func mergeFindings(c diff.Comparison) (main, other []platformFinding) {
	t := findingMerger{whole: c.Findings, pairs: len(c.Pairs), where: map[findingPlace][]string{}}
	if len(c.Pairs) == 0 {
		t.add(diff.GroupByCause(c.Findings), "")
	}
	for _, p := range c.Pairs {
		t.add(diff.GroupByCause(slices.Concat(p.Findings, c.Findings)), p.Platform)
	}
	first, last := diff.Rank(t.groups)
	return t.merged(first), t.merged(last)
}

// findingMerger merges the findings of several platforms.
type findingMerger struct {
	whole  []diff.Finding
	pairs  int
	groups []diff.Group
	where  map[findingPlace][]string
}

// findingPlace identifies a finding and the cause that it appears under, if any.
type findingPlace struct {
	cause string
	id    string
	text  safe.Text
}

func (t *findingMerger) add(groups []diff.Group, platform string) {
	for _, g := range groups {
		i := slices.IndexFunc(t.groups, func(o diff.Group) bool { return sameFinding(o.Finding, g.Finding) })
		if i < 0 {
			i = len(t.groups)
			t.groups = append(t.groups, diff.Group{Finding: g.Finding})
		}
		t.addPlatform("", g.Finding, platform)
		for _, f := range g.Consequences {
			if !contains(t.groups[i].Consequences, f) {
				t.groups[i].Consequences = append(t.groups[i].Consequences, f)
			}
			t.addPlatform(g.ID, f, platform)
		}
	}
}

// addPlatform records the platform of a finding.
func (t *findingMerger) addPlatform(cause string, f diff.Finding, platform string) {
	at := findingPlace{cause, f.ID, f.Text}
	if !contains(t.whole, f) && !slices.Contains(t.where[at], platform) {
		t.where[at] = append(t.where[at], platform)
	}
}

func sameFinding(a, b diff.Finding) bool { return a.ID == b.ID && a.Text == b.Text }

func contains(all []diff.Finding, f diff.Finding) bool {
	return slices.ContainsFunc(all, func(o diff.Finding) bool { return sameFinding(o, f) })
}

func (t *findingMerger) merged(groups []diff.Group) []platformFinding {
	var out []platformFinding
	for _, g := range groups {
		if contains(t.whole, g.Finding) && t.isConsequence(g.Finding) {
			continue // it appears under its cause on one of the platforms
		}
		platforms := t.where[findingPlace{"", g.ID, g.Text}]
		one := platformFinding{Finding: g.Finding, where: t.platformsText(platforms)}
		for _, f := range g.Consequences {
			x := platformFinding{Finding: f}
			if on := t.where[findingPlace{g.ID, f.ID, f.Text}]; !slices.Equal(on, platforms) {
				x.where = t.platformsText(on)
			}
			one.consequences = append(one.consequences, x)
		}
		out = append(out, one)
	}
	return out
}

// platformsText names platforms. It is empty if the comparison has only one.
func (t *findingMerger) platformsText(platforms []string) safe.Text {
	switch {
	case len(platforms) == 0 || t.pairs < 2:
		return safe.Text{}
	case len(platforms) == t.pairs && t.pairs == 2:
		return safe.Const("both platforms")
	case len(platforms) == t.pairs:
		return safe.Const("all platforms")
	}
	return safe.Clean(strings.Join(platforms, ", "))
}

// isConsequence reports whether a finding appears under a cause.
func (t *findingMerger) isConsequence(f diff.Finding) bool {
	return slices.ContainsFunc(t.groups, func(g diff.Group) bool { return contains(g.Consequences, f) })
}
